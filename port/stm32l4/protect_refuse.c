/* Production: static protections are set in the factory, and only checked here. */
#include "boot/protect.h"
#include "port/stm32l4/protections.h"

pc_status protect_static(void)
{
  volatile pc_status status = PC_ERR_STATE;
  status = protect_options_check(PROTECT_RDP);
  if (status != PC_OK)
    return PC_ERR_STATE;
  return protect_options_check(PROTECT_RDP);
}
