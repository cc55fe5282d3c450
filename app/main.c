/* User application A or B, as USERAPP_ID says: a banner, and the menu for ever. */
#include "app/menu.h"
#include "port/port.h"
#include "port/start.h"

/* The boot loader is told of faults by the reset alone: its note of the last error is its own. */
void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

int main(void)
{
  port_init();
  menu_banner();
  for (;;)
    menu_step();
}
