/* The menu's side of the framed protocol: see app/wire.h. */
#ifndef APP_WIRE_MENU_H
#define APP_WIRE_MENU_H

/* Serve the second UART until an update has come, or x is typed on the console. Does not return after an update that
 * is to be installed now. */
void wire_menu(void);

#endif
