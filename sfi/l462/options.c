/* Option bytes of the STM32L462: see options.h. */
#include "sfi/l462/options.h"

#include "port/stm32l4/regs.h"

static const uint32_t masks[L462_OPTIONS] = {0x0F8F77FFu, 0x0000FFFFu, 0x8000FFFFu, 0x00FF00FFu, 0x00FF00FFu};
#define REGISTER(i) FLASH_OPTION(0x20u + 4u * (i))

static bool covers_secure_boot(uint32_t wrp)
{
  return (wrp & 0xFFu) == 0 && (wrp >> 16 & 0xFFu) >= 1;
}

bool options_good(const uint32_t *words)
{
  return (words[L462_OPTR] & L462_RDP) != L462_RDP_0 &&
         (covers_secure_boot(words[L462_WRP1AR]) || covers_secure_boot(words[L462_WRP1BR]));
}

bool options_keep_key(const uint32_t *words)
{
  return options_good(words) && (words[L462_OPTR] & (L462_SRAM2_RST | L462_NSWBOOT0 | L462_NBOOT0)) == L462_NBOOT0;
}

void options_read(uint32_t words[L462_OPTIONS])
{
  for (uint32_t i = 0; i < L462_OPTIONS; i++)
    words[i] = REGISTER(i);
}

bool options_equal(const uint32_t *words, uint32_t count)
{
  bool equal = true;
  for (uint32_t i = 0; i < count; i++)
    equal = equal && ((REGISTER(i) ^ words[i]) & masks[i]) == 0;
  return equal;
}

static void unlock(void)
{
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  if ((FLASH_CR & FLASH_CR_LOCK) != 0) {
    FLASH_KEYR = 0x45670123u;
    FLASH_KEYR = 0xCDEF89ABu;
  }
  if ((FLASH_CR & FLASH_CR_OPTLOCK) != 0) {
    FLASH_OPTKEYR = 0x08192A3Bu;
    FLASH_OPTKEYR = 0x4C5D6E7Fu;
  }
  FLASH_SR = FLASH_SR_ERRORS;
}

bool options_program(const uint32_t *words, uint32_t count)
{
  unlock();
  for (uint32_t i = 0; i < count; i++)
    REGISTER(i) = words[i];
  FLASH_CR = FLASH_CR_OPTSTRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  return (FLASH_SR & FLASH_SR_ERRORS) == 0;
}

_Noreturn void options_launch(void)
{
  unlock();
  FLASH_CR = FLASH_CR_LAUNCH;
  for (;;) {
  }
}
