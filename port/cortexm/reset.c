/* A reset asked for by software (ARMv7-M and ARMv6-M: AIRCR.SYSRESETREQ), for programs that bring no port of their own:
 * a member of the application library that is taken only if nothing else defines port_reset(). */
#include "port/port.h"

_Noreturn void port_reset(void)
{
  __asm volatile("dsb" ::: "memory");
  *(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u;
  for (;;) {
  }
}
