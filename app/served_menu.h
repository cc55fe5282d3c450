/* Updates through the functions that the boot loader serves (portcullis/se_patch.h): served_menu.c on boards with
 * PATCH, served_menu_none.c on others. */
#ifndef APP_SERVED_MENU_H
#define APP_SERVED_MENU_H

/* The line in the main menu, NULL: this board's boot loader serves nothing. */
extern const char *const served_menu_line;
/* Print the menu and carry out what is selected, until it is left. Does not return when a restart was asked for. */
void served_menu(void);

#endif
