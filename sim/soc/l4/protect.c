/* Who may see flash, SRAM2 and the backup registers of the STM32L4: read protection level, PCROP, the debug port.
 *
 * Level 1 (RM0351 section 3.5.1): as soon as a debugger has woken the debug port, and until the next power-on, or when
 * the chip started from RAM or system memory, the three are closed to everybody, the core's own fetches included. A
 * debugger is refused even before that is noted. Level 2: the debug port is dead, and the chip starts from flash only.
 *
 * PCROP (section 3.5.3): double words of a bank that can be fetched and nothing else. The area follows its bank when
 * the banks are swapped.
 */
#include "sim/soc/l4/l4.h"

#include <string.h>

unsigned l4_rdp_of(uint32_t optr)
{
  switch (optr & 0xFF) {
  case 0xAA:
    return 0;
  case 0xCC:
    return 2;
  default:
    return 1;
  }
}

unsigned l4_rdp(const struct l4 *l4)
{
  if (l4->soc->powered)
    return l4_rdp_of(l4->options.loaded[L4_OPTR]);
  const uint32_t *stored = l4->options.stored[L4_OPTR]; /* what power-on will find */
  return stored[0] == ~stored[1] ? l4_rdp_of(stored[0]) : 1;
}

bool l4_closed(const struct l4 *l4)
{
  return (l4->debugger || l4->booted_elsewhere) && l4_rdp(l4) == 1;
}

bool l4_closed_to(const struct l4 *l4, enum soc_master master)
{
  return master != SOC_BY_DEBUG && (l4_closed(l4) || (master == SOC_BY_DAP && l4_rdp(l4) != 0));
}

void l4_debug_attach(struct l4 *l4)
{
  if (l4->debugger)
    return;
  l4->debugger = true;
  if (l4_closed(l4)) {
    soc_log(l4->soc, "read protection level 1: a debugger is attached, flash, SRAM2 and backup registers are closed "
                     "until power-on");
    l4_memory_remapped(l4);
  }
}

/* JTAG needs JTMS, JTCK, JTDI (PA13-PA15) and JTDO (PB3); not NJTRST. */
bool l4_debug_open(const struct l4 *l4)
{
  const struct st_gpio *a = &l4->gpio[0], *b = &l4->gpio[1];
  return l4_rdp(l4) != 2 && st_gpio_function(a, 13) == 0 && st_gpio_function(a, 14) == 0 &&
         st_gpio_function(a, 15) == 0 && st_gpio_function(b, 3) == 0;
}

/* ---- PCROP ---- */
/* The area as a start and a size inside its bank; false: none. */
static bool pcrop_area(uint32_t start, uint32_t end, uint32_t *at, uint32_t *size)
{
  start &= 0xFFFF;
  end &= 0xFFFF;
  *at = 8 * start;
  *size = start > end ? 0 : 8 * (end - start + 1);
  return *size > 0;
}

bool l4_pcrop_overlaps(const struct l4 *l4, uint32_t at, uint32_t size)
{
  for (unsigned bank = 0; bank < 2; bank++) {
    const uint32_t *words = &l4->options.loaded[bank ? L4_PCROP2SR : L4_PCROP1SR];
    uint32_t first, length;
    if (!pcrop_area(words[0], words[1], &first, &length))
      continue;
    first += bank * L4_BANK_SIZE;
    if (at - first < length || first - at < size)
      return true;
  }
  return false;
}

/* An area that exists can grow; only going back to level 0 takes it away. The same for PCROP_RDP. */
bool l4_pcrop_shrinks(const uint32_t *from, const uint32_t *to, unsigned words)
{
  const enum l4_option pairs[] = {L4_PCROP1SR, L4_PCROP2SR};
  for (unsigned i = 0; i < 2; i++) {
    uint32_t at, size, new_at, new_size;
    if (pairs[i] >= words || !pcrop_area(from[pairs[i]], from[pairs[i] + 1], &at, &size))
      continue;
    pcrop_area(to[pairs[i]], to[pairs[i] + 1], &new_at, &new_size);
    if (new_at > at || new_at + new_size < at + size)
      return true;
  }
  return from[L4_PCROP1ER] & ~to[L4_PCROP1ER] & L4_PCROP_RDP;
}

/* ---- going back from level 1 to level 0 ---- */
/* Everything is erased, but for pages with a PCROP area when PCROP_RDP does not say so. Each page has its own fate when
 * the operation is cut. */
void l4_regression_erase(struct l4 *l4, enum soc_fate fate, uint32_t seed)
{
  bool all = l4->options.loaded[L4_PCROP1ER] & L4_PCROP_RDP;
  for (uint32_t at = 0; at < l4->part->flash_size; at += L4_PAGE)
    if (all || !l4_pcrop_overlaps(l4, at, L4_PAGE))
      nvm_erase(&l4->flash.main, at, L4_PAGE, fate, seed ^ at);
  l4->soc->erases += l4->part->flash_size / L4_PAGE;
  memset(l4->sram2, 0, sizeof l4->sram2);
  l4_backup_erase(l4);
  l4_memory_remapped(l4);
}
