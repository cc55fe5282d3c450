/* Figures: what was executed, what was idle, what the flash went through; and the plan of a power cut, which counts the
 * same operations. */
#include "sim/soc/internal.h"

#include <inttypes.h>
#include <string.h>

/* SysTick with its interrupt on: picoseconds until it fires. */
static uint64_t systick_ps(struct soc *soc)
{
  uint32_t control = cpu_scs_read(soc->cpu, 0xE000E010);
  uint64_t value = cpu_scs_read(soc->cpu, 0xE000E018);
  if ((control & 3u) != 3u)
    return UINT64_MAX;
  return (control & 4u ? value : 8 * value) * (SOC_PS_PER_S / soc->hz);
}

/* A loop that waits: let time jump to what happens next, a millisecond at most. */
static void skip(struct soc *soc)
{
  uint64_t jump = systick_ps(soc), until = soc_now(soc) + (jump < SOC_PS_PER_MS ? jump : SOC_PS_PER_MS);
  if (soc->events && soc->events->at < until)
    until = soc->events->at;
  soc_wait(soc, until);
}

void soc_skip_idle(struct soc *soc, bool on)
{
  soc->skip_idle = on;
}

bool soc_poll(struct soc_block *block)
{
  struct soc *soc = block->soc;
  uint64_t now = cpu_instructions(soc->cpu), last = block->polled;
  block->polled = now;
  if (last == 0 || now - last > SOC_POLL_WINDOW)
    return false;
  /* two blocks polled in one loop: count each instruction once */
  uint64_t from = last > soc->idle_mark ? last : soc->idle_mark;
  soc->idle += now - from;
  soc->idle_mark = now;
  if (soc->skip_idle)
    skip(soc);
  return true;
}

/* ---- power cuts ---- */
void soc_cut(struct soc *soc, uint64_t n, enum soc_cut_mode mode, uint32_t seed)
{
  soc->cut_at = n ? soc->flash_ops + n : 0;
  soc->cut_mode = mode;
  soc->cut_seed = seed;
}

uint64_t soc_flash_ops(const struct soc *soc)
{
  return soc->flash_ops;
}

enum soc_fate soc_flash_op(struct soc *soc, uint32_t *seed)
{
  *seed = 0;
  if (soc->cut_at == 0 || soc->flash_ops + 1 != soc->cut_at) {
    soc->flash_ops++;
    return SOC_FATE_NORMAL;
  }
  soc->cut_at = 0;
  *seed = soc->cut_seed;
  if (soc->cut_mode == SOC_CUT_BEFORE)
    return SOC_FATE_BEFORE;
  soc->flash_ops++;
  switch (soc->cut_mode) {
  case SOC_CUT_TORN:
    return SOC_FATE_TORN;
  case SOC_CUT_WEAK:
    return SOC_FATE_WEAK;
  default:
    return SOC_FATE_CLEAN;
  }
}

/* ---- figures ---- */
void soc_get_stats(const struct soc *soc, struct soc_stats *stats)
{
  uint32_t base, page;
  size_t pages;
  const uint32_t *wear = soc->model->wear(soc, &base, &page, &pages);
  *stats = (struct soc_stats){
      .instructions = cpu_instructions(soc->cpu) - soc->instruction_base,
      .idle = soc->idle,
      .cycles = cpu_cycles(soc->cpu) - soc->cycle_base,
      .programs = soc->programs,
      .erases = soc->erases,
  };
  for (size_t i = 0; i < SOC_CAUSES; i++)
    stats->resets += soc->resets[i];
  for (size_t i = 0; i < pages; i++)
    if (wear[i] > stats->max_page_erases)
      stats->max_page_erases = wear[i];
}

void soc_clear_stats(struct soc *soc)
{
  soc->instruction_base = cpu_instructions(soc->cpu);
  soc->cycle_base = cpu_cycles(soc->cpu);
  soc->idle = 0;
  soc->idle_mark = soc->instruction_base;
  soc->programs = 0;
  soc->erases = 0;
  memset(soc->resets, 0, sizeof soc->resets);
  soc->model->clear_wear(soc);
}

static void print_wear(const uint32_t *wear, uint32_t base, uint32_t page, size_t pages, FILE *to)
{
  const char *comma = "";
  for (size_t i = 0; i < pages; i++) {
    if (!wear[i])
      continue;
    fprintf(to, "%s\"0x%08" PRIx32 "\":%" PRIu32, comma, base + (uint32_t)i * page, wear[i]);
    comma = ",";
  }
}

void soc_print_stats(const struct soc *soc, FILE *to)
{
  struct soc_stats s;
  soc_get_stats(soc, &s);
  fprintf(to,
          "{\"model\":\"%s\",\"seconds\":%.9f,\"instructions\":%" PRIu64 ",\"idle\":%" PRIu64 ",\"cycles\":%" PRIu64
          ",\"flash_ops\":%" PRIu64 ",\"programs\":%" PRIu64 ",\"erases\":%" PRIu64 ",\"max_page_erases\":%" PRIu32
          ",\"page_erases\":{",
          soc->model->name, soc_seconds(soc), s.instructions, s.idle, s.cycles, soc->flash_ops, s.programs, s.erases,
          s.max_page_erases);
  uint32_t base, page;
  size_t pages;
  const uint32_t *wear = soc->model->wear(soc, &base, &page, &pages);
  print_wear(wear, base, page, pages, to);
  if (soc->model->wear_outside && (wear = soc->model->wear_outside(soc, &base, &page, &pages)) != NULL) {
    fprintf(to, "},\"outside_erases\":{");
    print_wear(wear, base, page, pages, to);
  }
  fprintf(to, "},\"resets\":%" PRIu64 ",\"resets_by_cause\":{", s.resets);
  for (unsigned i = 0; i < SOC_CAUSES; i++)
    fprintf(to, "%s\"%s\":%" PRIu64, i ? "," : "", soc_cause_name((enum soc_cause)i), soc->resets[i]);
  fprintf(to, "}}\n");
}

uint64_t soc_random(uint64_t *state)
{
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
