/* What a debugger and a fault campaign do from outside: registers, breakpoints, watchpoints, skipping. */
#include "sim/cpu/internal.h"

uint32_t cpu_get(const struct cpu *c, unsigned reg)
{
  const struct state *s = &c->s;
  if (reg < CPU_PC) {
    return s->r[reg];
  }
  if (reg >= CPU_S0 && reg < CPU_S0 + 32) {
    return s->s[reg - CPU_S0];
  }
  switch (reg) {
  case CPU_PC:
    return s->pc;
  case CPU_XPSR:
    return core_xpsr(c);
  case CPU_MSP:
    return using_psp(c) ? s->sp_other : s->r[13];
  case CPU_PSP:
    return using_psp(c) ? s->r[13] : s->sp_other;
  case CPU_PRIMASK:
    return s->primask;
  case CPU_BASEPRI:
    return s->basepri;
  case CPU_FAULTMASK:
    return s->faultmask;
  case CPU_CONTROL:
    return s->control;
  case CPU_FPSCR:
    return s->fpscr;
  default:
    return 0;
  }
}

void cpu_set(struct cpu *c, unsigned reg, uint32_t value)
{
  struct state *s = &c->s;
  if (reg < CPU_PC) {
    s->r[reg] = reg == CPU_SP ? value & ~3u : value;
    return;
  }
  if (reg >= CPU_S0 && reg < CPU_S0 + 32) {
    s->s[reg - CPU_S0] = value;
    return;
  }
  switch (reg) {
  case CPU_PC:
    s->pc = value & ~1u;
    s->it = 0;
    s->thumb = true;
    s->sleeping = AWAKE;
    break;
  case CPU_XPSR: /* the exception number is not a debugger's to change */
    core_set_flags(c, value);
    s->thumb = value >> 24 & 1u;
    if (!is_v6m(c)) {
      s->ge = value >> 16 & 15u;
      s->it = (value >> 10 & 0x3fu) << 2 | (value >> 25 & 3u);
    }
    break;
  case CPU_MSP:
    *(using_psp(c) ? &s->sp_other : &s->r[13]) = value & ~3u;
    break;
  case CPU_PSP:
    *(using_psp(c) ? &s->r[13] : &s->sp_other) = value & ~3u;
    break;
  case CPU_PRIMASK:
    s->primask = value & 1u;
    break;
  case CPU_BASEPRI:
    s->basepri = is_v6m(c) ? 0 : value & c->priority_mask;
    break;
  case CPU_FAULTMASK:
    s->faultmask = is_v6m(c) ? 0 : value & 1u;
    core_regime(c);
    break;
  case CPU_CONTROL:
    core_set_control(c, value);
    break;
  case CPU_FPSCR:
    s->fpscr = value;
    break;
  default:
    break;
  }
  core_kick(c);
}

void cpu_set_debug(struct cpu *c, bool enabled)
{
  c->debug = enabled;
}

void cpu_mask_interrupts(struct cpu *c, bool masked)
{
  c->masked = masked;
  core_kick(c);
}

void cpu_rearm(struct cpu *c)
{
  c->pass_pc = 1; /* no instruction is at an odd address */
}

/* ---- breakpoints: part of the decoded entry, so they cost nothing elsewhere ---- */
bool core_has_breakpoint(const struct cpu *c, uint32_t pc)
{
  for (unsigned i = 0; i < c->breakpoints; i++) {
    if (c->breakpoint[i] == pc) {
      return true;
    }
  }
  return false;
}

bool cpu_breakpoint(struct cpu *c, uint32_t addr, bool set)
{
  addr &= ~1u;
  core_code_forget(c, addr);
  if (set) {
    if (core_has_breakpoint(c, addr)) {
      return true;
    }
    if (c->breakpoints == MAX_BREAKPOINTS) {
      return false;
    }
    c->breakpoint[c->breakpoints++] = addr;
    return true;
  }
  for (unsigned i = 0; i < c->breakpoints; i++) {
    if (c->breakpoint[i] == addr) {
      c->breakpoint[i] = c->breakpoint[--c->breakpoints];
      return true;
    }
  }
  return false;
}

/* ---- watchpoints: watched granules stay out of the TLB ---- */
static bool overlaps(const struct watchpoint *w, uint32_t addr, uint32_t size)
{
  return addr - w->addr < w->size || w->addr - addr < size;
}

bool core_watched(const struct cpu *c, uint32_t granule)
{
  for (unsigned i = 0; i < c->watchpoints; i++) {
    if (overlaps(&c->watchpoint[i], granule, CPU_GRANULE)) {
      return true;
    }
  }
  return false;
}

void core_watch(struct cpu *c, uint32_t addr, unsigned size, bool write)
{
  for (unsigned i = 0; i < c->watchpoints; i++) {
    const struct watchpoint *w = &c->watchpoint[i];
    if ((write ? w->on_write : w->on_read) && overlaps(w, addr, size) && !c->watch_hit) {
      c->watch_hit = true;
      c->watch_addr = addr;
      core_kick(c);
    }
  }
}

bool cpu_watchpoint(struct cpu *c, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set)
{
  struct watchpoint w = {addr, size, on_read, on_write};
  cpu_flush(c);
  if (set) {
    if (c->watchpoints == MAX_WATCHPOINTS || size == 0) {
      return false;
    }
    c->watchpoint[c->watchpoints++] = w;
    return true;
  }
  for (unsigned i = 0; i < c->watchpoints; i++) {
    const struct watchpoint *o = &c->watchpoint[i];
    if (o->addr == addr && o->size == size && o->on_read == on_read && o->on_write == on_write) {
      c->watchpoint[i] = c->watchpoint[--c->watchpoints];
      return true;
    }
  }
  return false;
}

bool cpu_watch_hit(const struct cpu *c, uint32_t *addr)
{
  if (c->watch_hit && addr) {
    *addr = c->watch_addr;
  }
  return c->watch_hit;
}

/* The skipped instruction counts and takes one cycle: a glitched core still spent the time. If it cannot be fetched,
 * two bytes are skipped. */
void cpu_skip(struct cpu *c)
{
  uint16_t h = 0;
  uint32_t granule = c->s.pc & GRANULE_MASK;
  const uint8_t *host = c->bus.direct(c->bus.ctx, granule, CPU_FETCH);
  if (host) {
    h = (uint16_t)(host[c->s.pc - granule] | host[c->s.pc - granule + 1] << 8);
  } else if (!c->bus.fetch(c->bus.ctx, c->s.pc, privileged(c), &h)) {
    h = 0;
  }
  c->s.pc += is_32bit(h) ? 4 : 2;
  c->s.it = advance_it(c->s.it);
  c->s.sleeping = AWAKE;
  c->s.t -= COST(1);
}
