/* Development: static protections that are missing are programmed, once, and the chip starts again with them. */
#include "boot/console.h"
#include "boot/protect.h"
#include "port/stm32l4/protections.h"
#include "port/stm32l4/regs.h"

pc_status protect_static(void)
{
  struct protect_option option[PROTECT_OPTIONS];
  if (protect_options_check() == PC_OK)
    return PC_OK;
  if ((RCC_CSR & RCC_CSR_OBLRSTF) != 0)
    return PC_ERR_STATE; /* tried already: they do not stick */
  console_line("Static protections are applied; the board restarts with them.");
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_KEYR = 0x45670123u;
  FLASH_KEYR = 0xCDEF89ABu;
  FLASH_OPTKEYR = 0x08192A3Bu; /* RM0351 section 3.4.2 */
  FLASH_OPTKEYR = 0x4C5D6E7Fu;
  FLASH_SR = FLASH_SR_ERRORS;
  const uint32_t count = protect_options(option);
  for (uint32_t i = 0; i < count; i++)
    FLASH_OPTION(option[i].at) = (FLASH_OPTION(option[i].at) & ~option[i].mask) | option[i].value;
  FLASH_CR = FLASH_CR_OPTSTRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_CR = FLASH_CR_LAUNCH; /* resets */
  return PC_ERR_STATE;
}
