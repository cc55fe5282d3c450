/* Over to an application: see port/jump.h. */
#include "port/jump.h"

#include "map.h"

_Noreturn void port_jump(uint32_t vectors)
{
  /* From here on no RAM: the boot loader's is cleared, stack included. */
  register uint32_t at __asm("r0") = vectors;
  register uint32_t from __asm("r1") = MAP_BOOT_RAM_BASE;
  register uint32_t to __asm("r2") = MAP_BOOT_RAM_BASE + MAP_BOOT_RAM_SIZE;
  __asm volatile("dsb\n"
                 "isb\n"
                 "movs r3, #0\n"
                 "1: str r3, [r1]\n"
                 "adds r1, #4\n"
                 "cmp r1, r2\n"
                 "bne 1b\n"
                 "ldr r1, [r0]\n"
                 "msr msp, r1\n"
                 "ldr r0, [r0, #4]\n"
                 "bx r0\n" ::"r"(at),
                 "r"(from), "r"(to)
                 : "r3", "memory");
  __builtin_unreachable();
}
