/* The tamper interrupt, for the boot loader and every application of a board that has it: reset at once. The flag stays
 * set over the reset; the boot loader reports it (protect.c). */
#include "port/port.h"
#include "port/stm32l4/regs.h"

static void tampered(void)
{
  __asm volatile("dsb" ::: "memory");
  SCB_AIRCR = 0x05FA0004u;
  for (;;) {
  }
}

/* Interrupts 0 to 2; the linker script puts them behind the 16 vectors of start.c. */
typedef void (*vector)(void);
__attribute__((section(".vectors.irq"), used)) static const vector irqs[IRQ_TAMPER + 1] = {tampered, tampered,
                                                                                           tampered};
