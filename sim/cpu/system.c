/* MSR, MRS, CPS, barriers, hints. Runs with the registers saved; `op` is the instruction, 16-bit ones in the low half.
 */
#include "sim/cpu/internal.h"

enum { SYS_MSP = 8, SYS_PSP = 9, SYS_PRIMASK = 16, SYS_BASEPRI, SYS_BASEPRI_MAX, SYS_FAULTMASK, SYS_CONTROL };

static uint32_t *stack_pointer(struct cpu *c, bool psp)
{
  return psp == using_psp(c) ? &c->s.r[13] : &c->s.sp_other;
}

static uint32_t mrs(struct cpu *c, unsigned sys)
{
  if (sys < 8) {
    uint32_t v = sys & 1u ? c->s.ipsr : 0;
    return sys & 4u ? v : v | core_apsr(c);
  }
  if (sys == SYS_CONTROL) {
    return c->s.control;
  }
  if (!privileged(c)) {
    return 0;
  }
  switch (sys) {
  case SYS_MSP:
  case SYS_PSP:
    return *stack_pointer(c, sys == SYS_PSP);
  case SYS_PRIMASK:
    return c->s.primask;
  case SYS_BASEPRI:
  case SYS_BASEPRI_MAX:
    return c->s.basepri;
  case SYS_FAULTMASK:
    return c->s.faultmask;
  default:
    return 0;
  }
}

/* A mask was lowered or raised: something pending may now preempt. */
static void masks_changed(struct cpu *c)
{
  if (core_highest_pending(c)) {
    core_kick(c);
  }
}

static void set_faultmask(struct cpu *c, bool on)
{
  if (!on || core_current_priority(c, false) > -1) {
    c->s.faultmask = on;
    core_regime(c);
  }
}

static void msr(struct cpu *c, unsigned sys, unsigned mask, uint32_t v)
{
  if (sys < 4) {
    if (mask & 2u) {
      core_set_flags(c, v);
    }
    if ((mask & 1u) && !is_v6m(c)) {
      c->s.ge = v >> 16 & 15u;
    }
    return;
  }
  if (!privileged(c)) {
    return;
  }
  uint32_t priority = v & c->priority_mask;
  switch (sys) {
  case SYS_MSP:
  case SYS_PSP:
    *stack_pointer(c, sys == SYS_PSP) = v & ~3u;
    break;
  case SYS_PRIMASK:
    c->s.primask = v & 1u;
    break;
  case SYS_BASEPRI:
    c->s.basepri = priority;
    break;
  case SYS_BASEPRI_MAX:
    if (priority && (priority < c->s.basepri || !c->s.basepri)) {
      c->s.basepri = priority;
    }
    break;
  case SYS_FAULTMASK:
    set_faultmask(c, v & 1u);
    break;
  case SYS_CONTROL:
    core_set_control(c, v);
    break;
  default:
    break;
  }
  masks_changed(c);
}

static bool known(const struct cpu *c, unsigned sys)
{
  return sys < 8 || sys == SYS_MSP || sys == SYS_PSP || sys == SYS_PRIMASK || sys == SYS_CONTROL ||
         (!is_v6m(c) && sys >= SYS_BASEPRI && sys <= SYS_FAULTMASK);
}

static void cps(struct cpu *c, uint32_t op)
{
  bool disable = op & 0x10u;
  if (!privileged(c)) {
    return;
  }
  if (op & 2u) {
    c->s.primask = disable;
  }
  if (op & 1u) {
    set_faultmask(c, disable);
  }
  masks_changed(c);
}

enum fault core_system(struct cpu *c, uint32_t op)
{
  if (op < 0x10000u) {
    if ((op & 0xffe0u) == 0xb660u) {
      cps(c, op);
    } else { /* SEV */
      c->s.event = true;
    }
    return FAULT_NONE;
  }
  uint32_t h1 = op >> 16;
  if ((h1 & 0xfff0u) == 0xf380u) {
    if (known(c, op & 0xffu)) {
      msr(c, op & 0xffu, op >> 10 & 3u, c->s.r[h1 & 15u]);
    }
  } else if (h1 == 0xf3efu) {
    c->s.r[op >> 8 & 15u] = mrs(c, op & 0xffu);
  } else if (h1 == 0xf3bfu) { /* CLREX; the barriers have nothing to wait for */
    if ((op & 0xf0u) == 0x20u) {
      c->s.exclusive = false;
    }
  } else { /* SEV.W */
    c->s.event = true;
  }
  return FAULT_NONE;
}
