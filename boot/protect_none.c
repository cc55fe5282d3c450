/* A board that asks for no protections. */
#include "boot/protect.h"

void protect_begin(void) {}

pc_status protect_static(void)
{
  return PC_OK;
}

pc_status protect_check(void)
{
  return PC_OK;
}
