/* Option bytes of the STM32L4: nine words, each stored with its complement; loaded at power-on and by OBL_LAUNCH. */
#include "sim/soc/l4/l4.h"

#include <string.h>

/* Address, register offset, bits that can be written, bits that read 1, value as the chip leaves the factory. */
static const struct {
  uint32_t addr;
  uint16_t reg;
  uint32_t mask, ones, factory;
} words[L4_OPTIONS] = {
    [L4_OPTR] = {0x1FFF7800, 0x20, 0, 0, 0}, /* differs: struct l4_part */
    [L4_PCROP1SR] = {0x1FFF7808, 0x24, 0x0000FFFF, 0xFFFF0000, 0xFFFFFFFF},
    [L4_PCROP1ER] = {0x1FFF7810, 0x28, 0x8000FFFF, 0x0FFF0000, 0x0FFF0000},
    [L4_WRP1AR] = {0x1FFF7818, 0x2C, 0x00FF00FF, 0xFF00FF00, 0xFF00FFFF},
    [L4_WRP1BR] = {0x1FFF7820, 0x30, 0x00FF00FF, 0xFF00FF00, 0xFF00FFFF},
    [L4_PCROP2SR] = {0x1FFFF808, 0x44, 0x0000FFFF, 0xFFFF0000, 0xFFFFFFFF},
    [L4_PCROP2ER] = {0x1FFFF810, 0x48, 0x0000FFFF, 0x0FFF0000, 0x0FFF0000},
    [L4_WRP2AR] = {0x1FFFF818, 0x4C, 0x00FF00FF, 0xFF00FF00, 0xFF00FFFF},
    [L4_WRP2BR] = {0x1FFFF820, 0x50, 0x00FF00FF, 0xFF00FF00, 0xFF00FFFF},
};
#define SR_OPTVERR    (1u << 15)
#define OPTR_NOT_USER 0x7FFu /* RDP and BOR_LEV */

uint32_t l4_option_mask(const struct l4 *l4, enum l4_option option)
{
  return option == L4_OPTR ? l4->part->optr_mask : words[option].mask;
}

static uint32_t ones(const struct l4 *l4, unsigned option)
{
  return option == L4_OPTR ? l4->part->optr_ones : words[option].ones;
}

static uint32_t factory(const struct l4 *l4, unsigned option)
{
  return option == L4_OPTR ? l4->part->optr_factory : words[option].factory;
}

unsigned l4_option_offset(enum l4_option option)
{
  return words[option].reg;
}

void l4_options_factory(struct l4 *l4)
{
  for (unsigned i = 0; i < L4_OPTIONS; i++) {
    l4->options.stored[i][0] = factory(l4, i);
    l4->options.stored[i][1] = ~factory(l4, i);
  }
}

bool l4_options_set(struct l4 *l4, uint32_t addr, const uint8_t *byte)
{
  for (unsigned i = 0; i < l4->part->options; i++)
    if ((addr & ~7u) == words[i].addr) {
      if (byte)
        ((uint8_t *)l4->options.stored[i])[addr & 7u] = *byte;
      return true;
    }
  return false;
}

/* Words that do not match their complement: read protection level 1, user options all ones (BFB2 among them) with the
 * lowest BOR level, PCROP over the whole bank (one bad word spoils both), no write protection. */
static void use_safe_values(struct l4 *l4, unsigned i)
{
  uint32_t *loaded = l4->options.loaded;
  switch (i) {
  case L4_OPTR:
    loaded[i] = ones(l4, i) | (l4_option_mask(l4, L4_OPTR) & ~OPTR_NOT_USER);
    break;
  case L4_PCROP1SR:
  case L4_PCROP1ER:
    loaded[L4_PCROP1SR] = words[L4_PCROP1SR].ones;
    loaded[L4_PCROP1ER] = words[L4_PCROP1ER].ones | 0x8000FFFF;
    break;
  case L4_PCROP2SR:
  case L4_PCROP2ER:
    loaded[L4_PCROP2SR] = words[L4_PCROP2SR].ones;
    loaded[L4_PCROP2ER] = words[L4_PCROP2ER].ones | 0xFFFF;
    break;
  default:
    loaded[i] = factory(l4, i);
    break;
  }
}

void l4_options_load(struct l4 *l4)
{
  for (unsigned i = 0; i < L4_OPTIONS; i++)
    l4->options.loaded[i] = (l4->options.stored[i][0] & l4_option_mask(l4, (enum l4_option)i)) | ones(l4, i);
  for (unsigned i = 0; i < L4_OPTIONS; i++) {
    if (l4->options.stored[i][0] == ~l4->options.stored[i][1])
      continue;
    use_safe_values(l4, i);
    l4->flash.block.v[0x10 / 4] |= SR_OPTVERR;
    soc_log(l4->soc, "option bytes at 0x%08x do not match their complement: safe values are used",
            (unsigned)words[i].addr);
  }
}

void l4_options_registers(struct l4 *l4)
{
  for (unsigned i = 0; i < l4->part->options; i++)
    l4->flash.block.v[words[i].reg / 4] = l4->options.loaded[i];
}

static void registers(const struct l4 *l4, uint32_t *value)
{
  for (unsigned i = 0; i < L4_OPTIONS; i++)
    value[i] = l4->flash.block.v[words[i].reg / 4];
}

bool l4_options_regress(const struct l4 *l4)
{
  return l4_rdp(l4) == 1 && l4_rdp_of(l4->flash.block.v[words[L4_OPTR].reg / 4]) == 0;
}

bool l4_options_allowed(const struct l4 *l4)
{
  uint32_t value[L4_OPTIONS], stored[L4_OPTIONS];
  if (l4_rdp(l4) == 2)
    return false;
  registers(l4, value);
  for (unsigned i = 0; i < L4_OPTIONS; i++)
    stored[i] = l4->options.stored[i][0];
  return l4_options_regress(l4) || (!l4_pcrop_shrinks(l4->options.loaded, value, l4->part->options) &&
                                    !l4_pcrop_shrinks(stored, value, l4->part->options));
}

/* The option page is erased and written anew from the registers. A cut in between leaves words of any kind. */
void l4_options_program(struct l4 *l4, enum soc_fate fate, uint32_t seed)
{
  uint64_t random = ((uint64_t)seed << 32) | 1;
  if (l4_options_regress(l4) && l4->options.loaded[L4_PCROP1ER] & L4_PCROP_RDP)
    for (enum l4_option i = L4_PCROP1SR; i <= L4_PCROP2ER; i++)
      if (i != L4_WRP1AR && i != L4_WRP1BR) /* the areas went with what they held */
        l4->flash.block.v[words[i].reg / 4] = words[i].factory;
  for (unsigned i = 0; i < l4->part->options; i++) {
    uint32_t *w = l4->options.stored[i], value = l4->flash.block.v[words[i].reg / 4];
    unsigned luck = (unsigned)soc_random(&random) & 7;
    if (fate == SOC_FATE_TORN && luck < 2)
      continue;
    w[0] = value;
    w[1] = ~value;
    if (fate == SOC_FATE_TORN && luck < 5)
      w[0] = w[1] = 0xFFFFFFFF;
    else if (fate == SOC_FATE_TORN && luck < 7)
      w[luck & 1] |= (uint32_t)soc_random(&random);
  }
}

bool l4_options_read(const struct l4 *l4, uint32_t addr, uint32_t *word)
{
  for (unsigned i = 0; i < l4->part->options; i++)
    if ((addr & ~7u) == words[i].addr) {
      *word = l4->options.stored[i][addr >> 2 & 1u];
      return true;
    }
  return false;
}

/* ---- write protection ---- */
/* WRPERR is also what comes of writing to PCROP areas, and to flash that read protection has closed. */
static bool in_area(uint32_t area, uint32_t page)
{
  return page >= (area & 0xFF) && page <= (area >> 16 & 0xFF);
}

static bool in_wrp(const struct l4 *l4, uint32_t at)
{
  const uint32_t *area = &l4->options.loaded[at < L4_BANK_SIZE ? L4_WRP1AR : L4_WRP2AR];
  uint32_t page = at % L4_BANK_SIZE / L4_PAGE;
  return in_area(area[0], page) || in_area(area[1], page);
}

bool l4_page_protected(const struct l4 *l4, uint32_t at)
{
  return in_wrp(l4, at) || l4_pcrop_overlaps(l4, at - at % L4_PAGE, L4_PAGE) || l4_closed(l4);
}

bool l4_write_protected(const struct l4 *l4, uint32_t at)
{
  return in_wrp(l4, at) || l4_pcrop_overlaps(l4, at - at % 8, 8) || l4_closed(l4);
}

bool l4_bank_protected(const struct l4 *l4, unsigned bank)
{
  for (uint32_t page = 0; page < L4_BANK_PAGES; page++)
    if (l4_page_protected(l4, bank * L4_BANK_SIZE + page * L4_PAGE))
      return true;
  return false;
}
