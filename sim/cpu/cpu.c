/* Life of a core: making, resetting, freeing, snapshots. How it works: README.md. */
#include "sim/cpu/internal.h"
#include <stdlib.h>
#include <string.h>

/* Cycles of a taken branch: one, and the refill of the pipeline (1 to 3 on Cortex-M4, TRM 3.3.1; 1 on Cortex-M0+). */
#define TAKEN_V7EM 3
#define TAKEN_V6M  2

struct cpu *cpu_new(enum cpu_arch arch, unsigned irqs, unsigned priority_bits, bool fpu, const struct cpu_bus *bus)
{
  if (irqs > EXC_COUNT - EXC_IRQ0 || priority_bits < 1 || priority_bits > 8) {
    return NULL;
  }
  struct cpu *c = calloc(1, sizeof *c);
  if (!c) {
    return NULL;
  }
  c->arch = arch;
  c->exceptions = EXC_IRQ0 + irqs;
  c->priority_mask = (uint8_t)(0xffu << (8 - priority_bits));
  c->fpu = fpu && arch == CPU_ARCH_V7EM;
  c->bus = *bus;
  c->taken = COST(arch == CPU_ARCH_V6M ? TAKEN_V6M : TAKEN_V7EM);
  c->page = &c->scratch;
  c->generation = 1;
  c->pass_pc = 1; /* no instruction is at an odd address */
  c->s.deadline = NEVER;
  c->s.due = 1;       /* cycle 0, with t = 0 */
  c->s.lockup = true; /* until the first reset */
  core_tlb_flush(c);
  return c;
}

void cpu_free(struct cpu *c)
{
  if (c) {
    core_code_free(c);
    free(c);
  }
}

void cpu_reset(struct cpu *c, uint32_t vector_table)
{
  uint64_t now = core_now(c), count = core_count(c), deadline = c->s.deadline;
  memset(&c->s, 0, sizeof c->s);
  c->s.count = count;
  c->s.deadline = deadline;
  c->s.due = now + 1;
  c->s.nz = 1;
  c->s.vtor = vector_table;
  c->stop_request = false;
  core_scs_reset(c);
  c->regime = core_mpu_regime(c);
  cpu_flush(c);
  uint32_t sp = 0, pc = 0;
  if (core_read_physical(c, vector_table, &sp) && core_read_physical(c, vector_table + 4, &pc)) {
    c->s.r[13] = sp & ~3u;
    c->s.r[14] = 0xffffffffu;
    c->s.pc = pc & ~1u;
    c->s.thumb = pc & 1u;
  } else {
    c->s.lockup = true;
    c->s.fault.exception = EXC_HARD;
    c->s.fault.lockup = true;
    c->s.fault.pc = vector_table;
  }
}

const struct cpu_fault *cpu_last_fault(const struct cpu *c)
{
  return &c->s.fault;
}

size_t cpu_snapshot_size(const struct cpu *c)
{
  return sizeof c->s;
}

void cpu_snapshot_save(const struct cpu *c, void *to)
{
  memcpy(to, &c->s, sizeof c->s);
}

void cpu_snapshot_load(struct cpu *c, const void *from)
{
  memcpy(&c->s, from, sizeof c->s);
  c->regime = core_mpu_regime(c);
  c->pass_pc = 1;
  c->stop_request = false;
  cpu_flush(c);
}

/* ---- hash ---- */
static uint64_t mix(uint64_t h, uint64_t v)
{
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

static uint64_t mix_words(uint64_t h, const uint32_t *words, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    h = mix(h, words[i]);
  }
  return h;
}

uint64_t cpu_hash(const struct cpu *c)
{
  const struct state *s = &c->s;
  const uint32_t words[] = {core_xpsr(c), s->it,      s->pc,       s->thumb,    s->sp_other, s->ipsr,      s->control,
                            s->primask,   s->basepri, s->vtor,     s->aircr,    s->scr,      s->ccr,       s->cfsr,
                            s->hfsr,      s->mmfar,   s->bfar,     s->cpacr,    s->demcr,    s->faultmask, s->sleeping,
                            s->lockup,    s->st_csr,  s->st_rvr,   s->mpu_ctrl, s->fpscr,    s->mpu_rnr,   s->fpccr,
                            s->fpcar,     s->event,   s->exclusive};
  uint64_t h = mix_words(0, words, sizeof words / sizeof words[0]);
  h = mix_words(h, s->r, 15);
  h = mix_words(h, s->s, 32);
  for (unsigned i = 0; i < EXC_COUNT / 64; i++) {
    h = mix(mix(mix(h, s->pending[i]), s->enabled[i]), s->active[i]);
  }
  for (unsigned i = 0; i < c->exceptions; i++) {
    h = mix(h, s->priority[i]);
  }
  for (unsigned i = 0; i < 8; i++) {
    h = mix(mix(h, s->mpu[i].rbar), s->mpu[i].rasr);
  }
  return h;
}
