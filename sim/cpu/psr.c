/* Program status registers, CONTROL, and which stack pointer is r13. */
#include "sim/cpu/internal.h"

uint32_t core_apsr(const struct cpu *c)
{
  return (c->s.nz < 0 ? 1u << 31 : 0) | ((uint32_t)c->s.nz == 0 ? 1u << 30 : 0) | c->s.cf << 29 |
         (c->s.vf >> 31) << 28 | c->s.q << 27 | c->s.ge << 16;
}

uint32_t core_xpsr(const struct cpu *c)
{
  return core_apsr(c) | c->s.ipsr | (c->s.thumb ? 1u << 24 : 0) | (c->s.it & 3u) << 25 | (c->s.it >> 2) << 10;
}

void core_set_flags(struct cpu *c, uint32_t psr)
{
  c->s.nz = (psr >> 31 ? INT64_MIN : 0) | (psr >> 30 & 1u ? 0 : 1);
  c->s.cf = psr >> 29 & 1u;
  c->s.vf = (psr >> 28 & 1u) << 31;
  c->s.q = is_v6m(c) ? 0 : psr >> 27 & 1u;
}

void core_swap_sp(struct cpu *c)
{
  uint32_t sp = c->s.r[13];
  c->s.r[13] = c->s.sp_other;
  c->s.sp_other = sp;
}

/* As MSR does it from privileged code: SPSEL only in Thread mode. */
void core_set_control(struct cpu *c, uint32_t value)
{
  bool was_psp = using_psp(c);
  uint32_t mask = 1u | (c->s.ipsr ? 0 : 2u) | (c->fpu ? 4u : 0);
  c->s.control = (c->s.control & ~mask) | (value & mask);
  if (using_psp(c) != was_psp) {
    core_swap_sp(c);
  }
  core_regime(c);
}
