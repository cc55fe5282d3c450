/* See program.h. */
#include "sfi/l462/program.h"

#include "map.h"
#include "port/port.h"
#include "port/stm32l4/regs.h"

struct port_shared port_shared; /* the flash driver counts ECC errors there */

static bool in(uint32_t address, uint32_t base, uint32_t size)
{
  return address - base < size;
}

bool program_is(uint32_t vectors)
{
  if ((vectors & 0x1FFu) != 0 || !in(vectors, MAP_FLASH_BASE, MAP_FLASH_SIZE))
    return false;
  uint32_t stack = REG(vectors), entry = REG(vectors + 4);
  return (stack & 3u) == 0 &&
         (in(stack - 4, MAP_SRAM1_BASE, MAP_SRAM1_SIZE + MAP_RAM_SIZE) || in(stack - 4, MAP_RAM_BASE, MAP_RAM_SIZE)) &&
         (entry & 1u) != 0 && in(entry - 1, MAP_FLASH_BASE, MAP_FLASH_SIZE);
}

_Noreturn void program_start(uint32_t vectors)
{
  FLASH_ACR &= ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN);
  FLASH_ACR |= FLASH_ACR_ICRST | FLASH_ACR_DCRST;
  FLASH_ACR &= ~(FLASH_ACR_ICRST | FLASH_ACR_DCRST);
  FLASH_ACR |= FLASH_ACR_ICEN | FLASH_ACR_DCEN;
  SCB_VTOR = vectors;
  __asm volatile("dsb\n"
                 "isb\n"
                 "ldr r1, [%0]\n"
                 "msr msp, r1\n"
                 "ldr r0, [%0, #4]\n"
                 "cpsie i\n"
                 "bx r0\n" ::"r"(vectors)
                 : "r0", "r1", "memory");
  __builtin_unreachable();
}

_Noreturn void program_reset(void)
{
  __asm volatile("dsb" ::: "memory");
  SCB_AIRCR = 0x05FA0004u;
  for (;;) {
  }
}

_Noreturn void program_stop(void)
{
  __asm volatile("cpsid i");
  for (;;)
    __asm volatile("wfi");
}

/* An uncorrectable ECC error: noted, so that the flash driver tells it. */
void program_nmi(void)
{
  uint32_t eccr = FLASH_ECCR;
  if ((eccr & FLASH_ECCR_ECCD) != 0) {
    port_shared.ecc++;
    FLASH_ECCR = eccr;
  }
}
