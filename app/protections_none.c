/* A board without protections to test. */
#include "app/console.h"
#include "app/protections.h"

void protections_menu(void)
{
  console_line("  Protection tests: not in this build.\r\n");
}
