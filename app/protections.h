/* The menu "Test Protections" of the manual (X-CUBE-SBSFU, UM2262, section 8.5.2): a strategy, for boards whose
 * protections can be tried (protections_l4.c) and others (protections_none.c). */
#ifndef APP_PROTECTIONS_H
#define APP_PROTECTIONS_H

/* Until x is pressed. Most of what can be chosen ends in a reset. */
void protections_menu(void);

#endif
