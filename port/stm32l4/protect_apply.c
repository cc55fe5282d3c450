/* Development: static protections that are missing are programmed, and the chip starts again with them. The final lock
 * (read protection level 2) comes last, when all the others are there: after it nothing can be put right any more, and
 * power may go while option bytes are written. */
#include "boot/console.h"
#include "boot/errors.h"
#include "boot/protect.h"
#include "port/stm32l4/protections.h"
#include "port/stm32l4/regs.h"

#include <stdbool.h>

#define LEVEL_FIRST (PROTECT_RDP == 2 ? 1u : (uint32_t)PROTECT_RDP)

static void program(uint32_t level)
{
  struct protect_option option[PROTECT_OPTIONS];
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_KEYR = 0x45670123u;
  FLASH_KEYR = 0xCDEF89ABu;
  FLASH_OPTKEYR = 0x08192A3Bu; /* RM0351 section 3.4.2 */
  FLASH_OPTKEYR = 0x4C5D6E7Fu;
  FLASH_SR = FLASH_SR_ERRORS;
  const uint32_t count = protect_options(level, option);
  for (uint32_t i = 0; i < count; i++)
    FLASH_OPTION(option[i].at) = (FLASH_OPTION(option[i].at) & ~option[i].mask) | option[i].value;
  FLASH_CR = FLASH_CR_OPTSTRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_CR = FLASH_CR_LAUNCH; /* resets */
}

pc_status protect_static(void)
{
  const bool applied =
      (RCC_CSR & RCC_CSR_OBLRSTF) != 0; /* at the last reset: if something differs, it does not stick */
  /* Left for ourselves before the final lock. Taken before anything is said of an error. */
  const bool locked = PROTECT_RDP == 2 && applied && boot_error_take() == BOOT_ERROR_LOCK;
  if (protect_options_check(PROTECT_RDP) == PC_OK)
    return PC_OK;
  const bool others = protect_options_check(LEVEL_FIRST) == PC_OK;
  if (applied && (locked || !others))
    return PC_ERR_STATE;
  if (PROTECT_RDP == 2 && others) {
    console_line("The final lock is set; the board restarts with it.");
    boot_error_store(BOOT_ERROR_LOCK);
    program(2);
  } else {
    console_line("Static protections are applied; the board restarts with them.");
    program(LEVEL_FIRST);
  }
  return PC_ERR_STATE;
}
