/* The application's main menu (X-CUBE-SBSFU, UM2262, section 8.5). */
#ifndef APP_MENU_H
#define APP_MENU_H

/* Who is running, and which version the engine says it is. */
void menu_banner(void);
/* Print the menu, wait for one selection and carry it out. Does not return after a successful download (1), nor when
 * the installation is triggered (4): the board is reset. */
void menu_step(void);

#endif
