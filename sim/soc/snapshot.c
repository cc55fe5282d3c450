/* Going back and forth in one process: snapshots of the whole chip, a hash of its state, steps for fault campaigns.
 *
 * The chip is a tree of structures without pointers that change, except for the non-volatile arrays, which keep their
 * own snapshots. What belongs to the host (callbacks, reports, state folder) stays as it is.
 */
#include "sim/soc/hash.h"
#include "sim/soc/internal.h"
#include "sim/soc/nvm.h"

#include <stdlib.h>
#include <string.h>

#define ARRAYS 4u

struct soc_snapshot {
  struct soc soc;
  void *cpu, *chip;
  struct nvm_snapshot *arrays[ARRAYS];
};

static void *copy_of(const void *from, size_t size)
{
  void *p = malloc(size);
  if (!p)
    abort();
  if (from)
    memcpy(p, from, size);
  return p;
}

struct soc_snapshot *soc_save_snapshot(struct soc *soc)
{
  struct soc_snapshot *s = copy_of(NULL, sizeof *s);
  s->soc = *soc;
  s->cpu = copy_of(NULL, cpu_snapshot_size(soc->cpu));
  cpu_snapshot_save(soc->cpu, s->cpu);
  s->chip = copy_of(soc->chip, soc->model->chip_size);
  for (unsigned i = 0; i < ARRAYS; i++) {
    struct nvm *nvm = soc->model->array(soc, i);
    s->arrays[i] = nvm ? nvm_save(nvm) : NULL;
  }
  return s;
}

void soc_load_snapshot(struct soc *soc, const struct soc_snapshot *s)
{
  struct nvm arrays[ARRAYS];
  for (unsigned i = 0; i < ARRAYS; i++)
    if (s->arrays[i])
      arrays[i] = *soc->model->array(soc, i);
  memcpy(soc->chip, s->chip, soc->model->chip_size);
  for (unsigned i = 0; i < ARRAYS; i++)
    if (s->arrays[i]) {
      struct nvm *nvm = soc->model->array(soc, i);
      *nvm = arrays[i];
      nvm_restore(nvm, s->arrays[i]);
    }

  struct soc now = *soc;
  *soc = s->soc;
  soc->host = now.host;
  soc->running = now.running;
  memcpy(soc->once, now.once, sizeof soc->once);
  soc->once_count = now.once_count;
  soc->unmapped = now.unmapped;
  soc->unmapped_count = now.unmapped_count;
  soc->state_dir = now.state_dir;
  soc->state_lock = now.state_lock;
  memcpy(soc->staged, now.staged, sizeof soc->staged);
  soc->staged_count = now.staged_count;
  cpu_snapshot_load(soc->cpu, s->cpu);
}

void soc_free_snapshot(struct soc *soc, struct soc_snapshot *s)
{
  if (!s)
    return;
  for (unsigned i = 0; i < ARRAYS; i++)
    if (s->arrays[i])
      nvm_forget(soc->model->array(soc, i), s->arrays[i]);
  free(s->cpu);
  free(s->chip);
  free(s);
}

/* ---- hash ---- */
/* The part of [at, end) before the first range to be left out; *next: where to go on. */
static uint32_t up_to(uint32_t at, uint32_t end, const struct soc_range *ignored, size_t count, uint32_t *next)
{
  uint32_t stop = end;
  *next = end;
  for (size_t i = 0; i < count; i++) {
    uint32_t from = ignored[i].addr, to = from + ignored[i].size;
    if (to > at && from < stop && from < end) {
      stop = from > at ? from : at;
      *next = to < end ? to : end;
    }
  }
  return stop;
}

uint64_t soc_hash(struct soc *soc, const struct soc_range *ignored, size_t count)
{
  uint64_t h = cpu_hash(soc->cpu);
  const bool life[] = {soc->powered, soc->dead, soc->locked_up, soc->reset_requested, soc->lost_power};
  h = soc_hash_bytes(h, life, sizeof life);
  for (unsigned i = 0; i < soc->mem_count; i++) {
    const struct soc_mem *m = &soc->mems[i];
    uint32_t end = m->base + m->size, next;
    for (uint32_t at = m->base; m->bytes && at < end; at = next) {
      uint32_t stop = up_to(at, end, ignored, count, &next);
      h = soc_hash_bytes(h, m->bytes + (at - m->base), stop - at);
    }
  }
  for (unsigned i = 0; i < soc->block_count; i++)
    h = soc_hash_bytes(h, soc->blocks[i]->v, sizeof soc->blocks[i]->v);
  for (unsigned i = 0; i < ARRAYS; i++) {
    struct nvm *nvm = soc->model->array(soc, i);
    if (nvm)
      h = soc_hash_mix(h, nvm_hash(nvm));
  }
  return soc_hash_mix(h, soc->model->hidden_hash(soc));
}

/* ---- steps ---- */
void soc_skip(struct soc *soc)
{
  cpu_skip(soc->cpu);
}

size_t soc_trace(struct soc *soc, uint32_t *pcs, size_t max, enum soc_stop *stop)
{
  size_t n = 0;
  *stop = SOC_STOP_LIMIT;
  while (n < max && *stop == SOC_STOP_LIMIT) {
    uint64_t before = cpu_instructions(soc->cpu);
    pcs[n] = cpu_get(soc->cpu, CPU_PC);
    *stop = soc_run(soc, 1);
    n += cpu_instructions(soc->cpu) != before;
  }
  return n;
}
