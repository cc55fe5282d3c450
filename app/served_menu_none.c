/* A board whose boot loader serves no updates: see served_menu.h. */
#include "app/served_menu.h"

#include <stddef.h>

const char *const served_menu_line = NULL;

void served_menu(void) {}
