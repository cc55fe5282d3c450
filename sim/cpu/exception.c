/* Exceptions: stacking, entry, faults and their escalation, lockup, return (ARMv7-M ARM B1.5, ARMv6-M ARM B1.5). */
#include "sim/cpu/internal.h"
#include <string.h>

/* CFSR */
#define MM_IACCVIOL     0x1u
#define MM_DACCVIOL     0x2u
#define MM_UNSTKERR     0x8u
#define MM_STKERR       0x10u
#define MM_LSPERR       0x20u
#define MM_ARVALID      0x80u
#define BF_IBUSERR      0x100u
#define BF_PRECISERR    0x200u
#define BF_UNSTKERR     0x800u
#define BF_STKERR       0x1000u
#define BF_LSPERR       0x2000u
#define BF_ARVALID      0x8000u
#define UF_UNDEFINSTR   0x10000u
#define UF_INVSTATE     0x20000u
#define UF_INVPC        0x40000u
#define UF_NOCP         0x80000u
#define UF_UNALIGNED    0x1000000u
#define UF_DIVBYZERO    0x2000000u
#define HF_VECTTBL      0x2u
#define HF_FORCED       0x40000000u
#define HF_DEBUGEVT     0x80000000u
#define DF_BKPT         0x2u
#define CCR_NONBASE     0x1u
#define CCR_STKALIGN    0x200u
#define SCR_SLEEPONEXIT 0x2u
#define DEMCR_MON_EN    0x10000u

#define XPSR_ALIGN         0x200u
#define EXC_RETURN_HANDLER 0xfffffff1u
#define EXC_RETURN_MSP     0xfffffff9u
#define EXC_RETURN_PSP     0xfffffffdu
#define EXC_RETURN_NO_FP   0x10u

static void report(struct cpu *c, unsigned n, uint32_t pc, bool lockup)
{
  struct cpu_fault *f = &c->s.fault;
  f->exception = n;
  f->pc = pc;
  f->has_addr = (c->cause & (MM_ARVALID | BF_ARVALID)) != 0;
  f->addr = f->has_addr ? c->fault_addr : 0;
  f->access = c->fault_access;
  f->cfsr = c->s.cfsr;
  f->cause = c->cause;
  f->hfsr = c->s.hfsr;
  f->lockup = lockup;
  if (c->bus.on_fault) {
    c->bus.on_fault(c->bus.ctx);
  }
}

static void set_cause(struct cpu *c, uint32_t bits)
{
  if (is_v6m(c)) { /* no status registers: what is kept is for reports only */
    c->s.cfsr = c->s.hfsr = 0;
  }
  c->cause = bits;
  c->s.cfsr |= bits;
}

static void lock_up(struct cpu *c, unsigned n, uint32_t pc)
{
  c->s.lockup = true;
  core_kick(c);
  report(c, n, pc, true);
}

/* The exception that a fault of kind n (4-6, 11) becomes now: itself, HardFault, or 0: lockup. */
static unsigned escalate(struct cpu *c, unsigned n)
{
  int current = core_current_priority(c, false);
  if (!is_v6m(c) || n == EXC_SVC) {
    if (bit_get(c->s.enabled, n) && core_group_priority(c, core_priority_of(c, n)) < current) {
      return n;
    }
  }
  if (current <= -1) {
    return 0;
  }
  c->s.hfsr |= HF_FORCED;
  return EXC_HARD;
}

/* ---- entry ---- */
static enum fault push_frame(struct cpu *c, uint32_t *exc_return)
{
  struct state *s = &c->s;
  bool psp = using_psp(c), priv = privileged(c), fp = c->fpu && (s->control & 4u);
  bool align8 = fp || is_v6m(c) || (s->ccr & CCR_STKALIGN);
  uint32_t sp = s->r[13], size = fp ? 0x68 : 0x20;
  uint32_t frame = (sp - size) & (align8 ? ~7u : ~3u);
  bool padded = align8 && (sp & 4u);
  const uint32_t word[8] = {s->r[0],  s->r[1],  s->r[2], s->r[3],
                            s->r[12], s->r[14], s->pc,   (core_xpsr(c) & ~XPSR_ALIGN) | (padded ? XPSR_ALIGN : 0)};
  enum fault f = FAULT_NONE;
  s->r[13] = frame;
  for (unsigned i = 0; i < 8 && f == FAULT_NONE; i++) {
    f = core_write(c, frame + i * 4, 4, priv, word[i]);
  }
  if (fp && f == FAULT_NONE) {
    f = core_fpu_stack(c, frame + 0x20, priv);
  }
  *exc_return = s->ipsr ? EXC_RETURN_HANDLER : psp ? EXC_RETURN_PSP : EXC_RETURN_MSP;
  if (fp) {
    *exc_return &= ~EXC_RETURN_NO_FP;
  }
  return f;
}

/* Vectors are read with the default memory map, whatever the MPU says. */
static bool read_vector(struct cpu *c, unsigned n, uint32_t *vector)
{
  return core_read_physical(c, c->s.vtor + n * 4, vector);
}

static void enter(struct cpu *c, unsigned n, uint32_t exc_return, uint32_t fault_pc)
{
  struct state *s = &c->s;
  uint32_t vector = 0;
  if (!read_vector(c, n, &vector)) {
    s->hfsr |= HF_VECTTBL;
    if (n == EXC_HARD || n == EXC_NMI || core_current_priority(c, false) <= -1) {
      lock_up(c, n, fault_pc);
      return;
    }
    if (n >= EXC_SVC) {
      bit_put(s->pending, n, true);
    }
    n = EXC_HARD;
    if (!read_vector(c, n, &vector)) {
      lock_up(c, n, fault_pc);
      return;
    }
  }
  if (using_psp(c)) {
    core_swap_sp(c);
  }
  bit_put(s->pending, n, false);
  bit_put(s->active, n, true);
  s->ipsr = n;
  s->control &= ~6u;
  s->r[14] = exc_return;
  s->it = 0;
  s->exclusive = false;
  s->event = true;
  s->sleeping = AWAKE;
  s->thumb = vector & 1u;
  s->pc = vector & ~1u;
  core_regime(c);
  if ((n >= EXC_NMI && n <= EXC_USAGE) || n == EXC_DEBUG) {
    report(c, n, fault_pc, false);
  }
}

/* Something went wrong while exception n was being taken: it, or the derived fault, whichever comes first. */
static unsigned derive(struct cpu *c, unsigned n, enum fault f)
{
  unsigned kind = f == FAULT_MPU_DATA ? EXC_MEM : f == FAULT_NOCP ? EXC_USAGE : EXC_BUS;
  set_cause(c, kind == EXC_MEM ? MM_STKERR : kind == EXC_USAGE ? UF_NOCP : BF_STKERR);
  unsigned derived = n == EXC_HARD || n == EXC_NMI ? 0 : escalate(c, kind);
  if (derived == 0) {
    return 0;
  }
  int first = core_priority_of(c, derived), second = core_priority_of(c, n);
  if (first < second || (first == second && derived < n)) {
    bit_put(c->s.pending, n, true);
    return derived;
  }
  bit_put(c->s.pending, derived, true);
  return n;
}

/* Exception n is taken; s.pc is where to return to. */
static void take(struct cpu *c, unsigned n, uint32_t fault_pc)
{
  uint32_t exc_return;
  enum fault f = push_frame(c, &exc_return);
  c->s.t -= CYCLES(CYCLES_ENTRY);
  if (f != FAULT_NONE) {
    n = derive(c, n, f);
    if (n == 0) {
      lock_up(c, EXC_HARD, fault_pc);
      return;
    }
  }
  enter(c, n, exc_return, fault_pc);
}

void core_take(struct cpu *c, unsigned n)
{
  c->cause = 0;
  take(c, n, c->s.pc);
}

/* ---- faults of instructions ---- */
void core_fault(struct cpu *c, enum fault f, uint32_t it)
{
  struct state *s = &c->s;
  unsigned n = EXC_USAGE;
  s->it = it;
  s->t -= COST(1); /* it was tried: it counts */
  switch (f) {
  case FAULT_MPU_DATA:
    n = EXC_MEM;
    set_cause(c, MM_DACCVIOL | MM_ARVALID);
    s->mmfar = c->fault_addr;
    break;
  case FAULT_MPU_FETCH:
    n = EXC_MEM;
    set_cause(c, MM_IACCVIOL);
    break;
  case FAULT_BUS_DATA:
    n = EXC_BUS;
    set_cause(c, BF_PRECISERR | BF_ARVALID);
    s->bfar = c->fault_addr;
    break;
  case FAULT_BUS_FETCH:
    n = EXC_BUS;
    set_cause(c, BF_IBUSERR);
    break;
  case FAULT_LAZY_MPU:
    n = EXC_MEM;
    set_cause(c, MM_LSPERR);
    break;
  case FAULT_LAZY_BUS:
    n = EXC_BUS;
    set_cause(c, BF_LSPERR);
    break;
  case FAULT_STATE:
    set_cause(c, UF_INVSTATE);
    break;
  case FAULT_NOCP:
    set_cause(c, UF_NOCP);
    break;
  case FAULT_UNALIGNED:
    set_cause(c, UF_UNALIGNED);
    break;
  case FAULT_DIVIDE:
    set_cause(c, UF_DIVBYZERO);
    break;
  case FAULT_BREAKPOINT:
    n = EXC_DEBUG;
    set_cause(c, 0);
    s->dfsr |= DF_BKPT;
    break;
  default:
    set_cause(c, UF_UNDEFINSTR);
    break;
  }
  uint32_t pc = s->pc;
  if (n == EXC_DEBUG) {
    if (!(s->demcr & DEMCR_MON_EN) ||
        core_group_priority(c, core_priority_of(c, n)) >= core_current_priority(c, false)) {
      s->hfsr |= HF_DEBUGEVT;
      n = core_current_priority(c, false) <= -1 ? 0 : EXC_HARD;
    }
  } else {
    n = escalate(c, n);
  }
  if (n == 0) {
    lock_up(c, EXC_HARD, pc);
    return;
  }
  take(c, n, pc);
}

void core_svc(struct cpu *c, uint32_t return_pc)
{
  uint32_t pc = c->s.pc;
  c->cause = 0;
  unsigned n = escalate(c, EXC_SVC);
  if (n == 0) {
    lock_up(c, EXC_HARD, pc);
    return;
  }
  c->s.pc = return_pc;
  take(c, n, pc);
}

/* ---- return ---- */

/* A fault in the return itself: the frame stays where it is, the fault handler runs in place of the popped code. */
static void chain(struct cpu *c, unsigned n, uint32_t exc_return)
{
  c->s.t -= CYCLES(CYCLES_TAIL_CHAIN);
  if (n == 0) {
    lock_up(c, EXC_HARD, c->s.pc);
    return;
  }
  enter(c, n, exc_return, c->s.pc);
}

static void deactivate(struct cpu *c, unsigned n)
{
  bit_put(c->s.active, n, false);
  if (bit_get(c->s.level, n)) {
    bit_put(c->s.pending, n, true);
  }
  if (n != EXC_NMI) {
    c->s.faultmask = 0;
  }
}

static bool valid_return(const struct cpu *c, uint32_t value)
{
  bool to_thread = (value & 0xfu) != 1u;
  if ((value & 0x0fffffe0u) != 0x0fffffe0u || (!c->fpu && !(value & EXC_RETURN_NO_FP))) {
    return false;
  }
  switch (value & 0xfu) {
  case 0x1:
  case 0x9:
  case 0xd:
    break;
  default:
    return false;
  }
  return !to_thread || core_active_count(c) == 0 || (c->s.ccr & CCR_NONBASE);
}

void core_exception_return(struct cpu *c, uint32_t value)
{
  struct state *s = &c->s;
  bool active = bit_get(s->active, s->ipsr);
  c->s.pc = value;
  deactivate(c, s->ipsr);
  if (!active || !valid_return(c, value)) {
    set_cause(c, UF_INVPC);
    chain(c, escalate(c, EXC_USAGE), value);
    return;
  }
  unsigned next = core_to_take(c);
  if (next) {
    chain(c, next, value);
    return;
  }
  bool to_thread = (value & 0xfu) != 1u, psp = (value & 0xfu) == 0xdu, fp = !(value & EXC_RETURN_NO_FP);
  bool priv = !to_thread || !(s->control & 1u);
  uint32_t frame = psp ? s->sp_other : s->r[13];
  uint32_t word[8] = {0};
  enum fault f = FAULT_NONE;
  for (unsigned i = 0; i < 8 && f == FAULT_NONE; i++) {
    f = core_read(c, frame + i * 4, 4, priv, &word[i]);
  }
  if (f == FAULT_NONE && fp) {
    f = core_fpu_unstack(c, frame + 0x20, priv);
  }
  if (f != FAULT_NONE) {
    unsigned n = EXC_USAGE;
    if (f == FAULT_NOCP) {
      set_cause(c, UF_NOCP);
    } else {
      bool mpu = f == FAULT_MPU_DATA;
      n = mpu ? EXC_MEM : EXC_BUS;
      set_cause(c, mpu ? MM_UNSTKERR : BF_UNSTKERR);
    }
    chain(c, escalate(c, n), value);
    return;
  }
  uint32_t psr = word[7];
  bool align8 = is_v6m(c) || fp || (s->ccr & CCR_STKALIGN);
  uint32_t sp = frame + (fp ? 0x68 : 0x20) + (align8 && (psr & XPSR_ALIGN) ? 4 : 0);
  if (psp) {
    s->sp_other = sp & ~3u;
  } else {
    s->r[13] = sp & ~3u;
  }
  memcpy(s->r, word, 16);
  s->r[12] = word[4];
  s->r[14] = word[5];
  s->pc = word[6] & ~1u;
  core_set_flags(c, psr);
  s->ge = is_v6m(c) ? 0 : psr >> 16 & 15u;
  s->it = is_v6m(c) ? 0 : (psr >> 10 & 0x3fu) << 2 | (psr >> 25 & 3u);
  s->thumb = psr >> 24 & 1u;
  s->ipsr = psr & 0x1ffu;
  s->control = (s->control & ~6u) | (psp ? 2u : 0) | (fp ? 4u : 0);
  s->exclusive = false;
  s->event = true;
  s->t -= CYCLES(CYCLES_EXIT);
  bool in_thread = s->ipsr == 0;
  if (in_thread && psp) {
    core_swap_sp(c);
  }
  core_regime(c);
  if (in_thread != to_thread) {
    set_cause(c, UF_INVPC);
    unsigned n = escalate(c, EXC_USAGE);
    uint32_t unused, pc = s->pc;
    enum fault pushed = push_frame(c, &unused); /* undoes the pop; the handler sees the bad value in LR */
    if (n != 0 && pushed != FAULT_NONE) {
      n = derive(c, n, pushed);
    }
    if (n == 0) {
      lock_up(c, EXC_HARD, pc);
    } else {
      enter(c, n, value, pc);
    }
    return;
  }
  if (in_thread && (s->scr & SCR_SLEEPONEXIT)) {
    s->sleeping = SLEEP_WFI;
    core_kick(c);
  }
}
