/* A boot loader with a device key: nothing reads, writes or starts anything. */
#include "map.h"
#include "port/stm32l4/regs.h"
#include "sfi/device/internal.h"
#include "sfi/l462/loader.h"
#include "sfi/l462/program.h"

bool memory_knows(uint8_t code)
{
  (void)code;
  return false;
}

bool memory_begin(struct sfi_command *c)
{
  (void)c;
  return false;
}

/* MPU, ARMv7-M B3.5. Flash cannot be executed but for the boot loader (0x08075800 and on: 2 KiB subregions of the
 * second region, the third is whole); SRAM1 and the alias of SRAM2 cannot be touched at all. */
#define MPU_CTRL     REG(0xE000ED94)
#define MPU_RNR      REG(0xE000ED98)
#define MPU_RBAR     REG(0xE000ED9C)
#define MPU_RASR     REG(0xE000EDA0)
#define NO_EXECUTION (1u << 28)
#define FULL_ACCESS  (3u << 24)
#define CACHED       (1u << 17)
#define WITHOUT(n)   (((1u << (n)) - 1u) << 8) /* the first n subregions */
#define BYTES(log2)  (((log2)-1u) << 1 | 1u)

void loader_close(void)
{
  static const uint32_t regions[][2] = {
      {MAP_FLASH_BASE, NO_EXECUTION | FULL_ACCESS | CACHED | BYTES(19)},
      {0x08074000, FULL_ACCESS | CACHED | WITHOUT(3) | BYTES(14)},
      {0x08078000, FULL_ACCESS | CACHED | BYTES(15)},
      {MAP_SRAM1_BASE, NO_EXECUTION | BYTES(18)},
  };
  _Static_assert(MAP_LOADER_BASE == 0x08074000 + 3 * 2048, "regions and map");
  for (uint32_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
    MPU_RNR = i;
    MPU_RBAR = regions[i][0];
    MPU_RASR = regions[i][1];
  }
  MPU_CTRL = 5; /* on; the rest as the default map has it */
  __asm volatile("dsb\n isb" ::: "memory");
}

_Noreturn void loader_leave(void)
{
  program_reset();
}
