/* Option bytes of an STM32L4: see l4.h. */
#include "tool/probe/l4.h"

#include <stddef.h>
#include <string.h>

#define DBGMCU_IDCODE 0xE0042000u
#define FLASH         0x40022000u
#define FLASH_KEYR    (FLASH + 0x08u)
#define FLASH_OPTKEYR (FLASH + 0x0Cu)
#define FLASH_SR      (FLASH + 0x10u)
#define FLASH_CR      (FLASH + 0x14u)
#define KEY1          0x45670123u
#define KEY2          0xCDEF89ABu
#define OPTKEY1       0x08192A3Bu
#define OPTKEY2       0x4C5D6E7Fu
#define SR_ERRORS     0xC3FAu
#define SR_WRPERR     (1u << 4)
#define SR_BSY        (1u << 16)
#define CR_OPTSTRT    (1u << 17)
#define CR_OBL_LAUNCH (1u << 27)
#define CR_OPTLOCK    (1u << 30)
#define CR_LOCK       (1u << 31)
#define POLLS         20000u /* a mass erase takes some hundred */

static const struct {
  uint16_t offset;
  uint32_t mask; /* bits with a meaning */
} options[L4_OPTIONS] = {
    [L4_OPTR] = {0x20, 0x0FBF77FF},     [L4_PCROP1SR] = {0x24, 0xFFFF},   [L4_PCROP1ER] = {0x28, 0x8000FFFF},
    [L4_WRP1AR] = {0x2C, 0x00FF00FF},   [L4_WRP1BR] = {0x30, 0x00FF00FF}, [L4_PCROP2SR] = {0x44, 0xFFFF},
    [L4_PCROP2ER] = {0x48, 0x0000FFFF}, [L4_WRP2AR] = {0x4C, 0x00FF00FF}, [L4_WRP2BR] = {0x50, 0x00FF00FF},
};

bool l4_read(struct jtag *jtag, struct l4_chip *chip, struct problem *problem)
{
  static const struct {
    uint16_t device;
    const char *name, *other;
    unsigned options;
  } chips[] = {{0x415, "stm32l476", "stm32l475", L4_OPTIONS},
               {0x461, "stm32l496", NULL, L4_OPTIONS},
               {0x462, "stm32l462", NULL, L4_WRP1BR + 1}};
  uint32_t id;
  *chip = (struct l4_chip){0};
  if (!adi_read(jtag, DBGMCU_IDCODE, &id, NULL, problem))
    return false;
  chip->device = id & 0xFFFu;
  chip->revision = id >> 16;
  for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
    if (chips[i].device == chip->device) {
      chip->name = chips[i].name;
      chip->other = chips[i].other;
      chip->options = chips[i].options;
    }
  }
  if (chip->name == NULL)
    return problem_set(problem, CLI_REFUSED, "device 0x%03X is not known here", chip->device);
  for (unsigned i = 0; i < chip->options; i++)
    if (!adi_read(jtag, FLASH + options[i].offset, &chip->value[i], NULL, problem))
      return false;
  return true;
}

bool l4_is(const struct l4_chip *chip, const char *device)
{
  return strcmp(device, chip->name) == 0 || (chip->other != NULL && strcmp(device, chip->other) == 0);
}

/* ---- programming ---- */
static bool wait_ready(struct jtag *jtag, uint32_t *sr, struct problem *problem)
{
  for (unsigned i = 0; i < POLLS; i++) {
    if (!adi_read(jtag, FLASH_SR, sr, NULL, problem))
      return false;
    if (!(*sr & SR_BSY))
      return true;
  }
  return problem_set(problem, CLI_INPUT, "the flash stays busy");
}

static bool unlock(struct jtag *jtag, struct problem *problem)
{
  uint32_t cr;
  if (!adi_read(jtag, FLASH_CR, &cr, NULL, problem))
    return false;
  if ((cr & CR_LOCK) &&
      (!adi_write(jtag, FLASH_KEYR, KEY1, NULL, problem) || !adi_write(jtag, FLASH_KEYR, KEY2, NULL, problem)))
    return false;
  if ((cr & CR_OPTLOCK) && (!adi_write(jtag, FLASH_OPTKEYR, OPTKEY1, NULL, problem) ||
                            !adi_write(jtag, FLASH_OPTKEYR, OPTKEY2, NULL, problem)))
    return false;
  if (!adi_read(jtag, FLASH_CR, &cr, NULL, problem))
    return false;
  return !(cr & (CR_LOCK | CR_OPTLOCK)) || problem_set(problem, CLI_REFUSED, "the option bytes cannot be unlocked");
}

bool l4_write(struct jtag *jtag, const struct l4_chip *chip, struct problem *problem)
{
  uint32_t sr, cr, now;
  if (!wait_ready(jtag, &sr, problem) || !unlock(jtag, problem) || !adi_write(jtag, FLASH_SR, SR_ERRORS, NULL, problem))
    return false;
  for (unsigned i = 0; i < chip->options; i++) {
    uint32_t addr = FLASH + options[i].offset;
    if (!adi_write(jtag, addr, chip->value[i], NULL, problem) || !adi_read(jtag, addr, &now, NULL, problem))
      return false;
    if ((now ^ chip->value[i]) & options[i].mask & (i == L4_OPTR ? L4_OPTR_RDP : UINT32_MAX))
      return problem_set(problem, CLI_REFUSED, "option register 0x%08X cannot be written", addr);
  }
  if (!adi_write(jtag, FLASH_CR, CR_OPTSTRT, NULL, problem) || !wait_ready(jtag, &sr, problem))
    return false;
  if (sr & SR_ERRORS)
    return problem_set(problem, CLI_REFUSED, "the chip refuses these option bytes (FLASH_SR 0x%08X)", sr);
  if (!adi_read(jtag, FLASH_CR, &cr, NULL, problem))
    return false;
  /* The reset comes with this write; at level 2 nobody answers afterwards. */
  bool refused;
  struct problem last;
  return adi_write(jtag, FLASH_CR, cr | CR_OBL_LAUNCH, &refused, &last) || l4_level(chip) == 2 ||
         problem_set(problem, last.code, "%s", last.text);
}

/* ---- meaning ---- */
unsigned l4_level(const struct l4_chip *chip)
{
  uint32_t byte = chip->value[L4_OPTR] & L4_OPTR_RDP;
  return byte == 0xAA ? 0 : byte == 0xCC ? 2 : 1;
}

bool l4_wrp(uint32_t reg, uint32_t *first, uint32_t *last)
{
  *first = reg & 0xFFu;
  *last = reg >> 16 & 0xFFu;
  return *first <= *last;
}

bool l4_pcrop(uint32_t start, uint32_t end, uint32_t *first, uint32_t *last)
{
  *first = 8 * (start & 0xFFFFu);
  *last = 8 * (end & 0xFFFFu) + 7;
  return (start & 0xFFFFu) <= (end & 0xFFFFu);
}
