/* The interrupt controller's decisions: priorities, what is pending, what may preempt (ARMv7-M ARM B1.5.4). */
#include "sim/cpu/internal.h"

#define NO_PRIORITY 256 /* lower than every real one */

int core_priority_of(const struct cpu *c, unsigned n)
{
  if (n <= EXC_HARD) {
    return (int)n - 4; /* reset -3, NMI -2, HardFault -1 */
  }
  return c->s.priority[n % EXC_COUNT];
}

/* The part of a priority that decides about preemption: AIRCR.PRIGROUP cuts off the subpriority. */
int core_group_priority(const struct cpu *c, int priority)
{
  if (priority < 0 || priority == NO_PRIORITY) {
    return priority;
  }
  unsigned group = c->s.aircr >> 8 & 7u;
  return priority & (int)(0xffu << (group + 1) & 0xffu);
}

static unsigned words(const struct cpu *c)
{
  return (c->exceptions + 63) / 64;
}

/* The priority at which the core runs: the highest of the active exceptions, raised by the mask registers. */
int core_current_priority(const struct cpu *c, bool ignore_primask)
{
  int best = NO_PRIORITY;
  for (unsigned w = 0; w < words(c); w++) {
    for (uint64_t set = c->s.active[w]; set; set &= set - 1) {
      int p = core_group_priority(c, core_priority_of(c, w * 64 + (unsigned)__builtin_ctzll(set)));
      best = p < best ? p : best;
    }
  }
  if (c->s.basepri) {
    int p = core_group_priority(c, (int)c->s.basepri);
    best = p < best ? p : best;
  }
  if (c->s.primask && !ignore_primask && best > 0) {
    best = 0;
  }
  if (c->s.faultmask && best > -1) {
    best = -1;
  }
  return best;
}

/* The pending and enabled exception of the highest priority (then lowest number), or 0; of those below number `end`. */
static unsigned highest_pending(const struct cpu *c, unsigned end)
{
  unsigned best = 0;
  int best_priority = NO_PRIORITY;
  for (unsigned w = 0; w < words(c); w++) {
    for (uint64_t set = c->s.pending[w] & c->s.enabled[w]; set; set &= set - 1) {
      unsigned n = w * 64 + (unsigned)__builtin_ctzll(set);
      int p = core_priority_of(c, n);
      if (p < best_priority && n < end) {
        best = n;
        best_priority = p;
      }
    }
  }
  return best;
}

unsigned core_highest_pending(const struct cpu *c)
{
  return highest_pending(c, EXC_COUNT);
}

static unsigned preempting(const struct cpu *c, bool ignore_primask)
{
  unsigned n = highest_pending(c, c->masked ? EXC_PENDSV : EXC_COUNT);
  if (n && core_group_priority(c, core_priority_of(c, n)) < core_current_priority(c, ignore_primask)) {
    return n;
  }
  return 0;
}

unsigned core_to_take(const struct cpu *c)
{
  return preempting(c, false);
}

/* WFI ends for what would preempt if PRIMASK were clear. */
bool core_wakes(const struct cpu *c)
{
  return preempting(c, true) != 0;
}

unsigned core_active_count(const struct cpu *c)
{
  int count = 0;
  for (unsigned w = 0; w < words(c); w++) {
    count += __builtin_popcountll(c->s.active[w]);
  }
  return (unsigned)count;
}

#define SCR_SEVONPEND 0x10u

void core_pend(struct cpu *c, unsigned n, bool on)
{
  if (n >= c->exceptions) {
    return;
  }
  if (on && !bit_get(c->s.pending, n) && (c->s.scr & SCR_SEVONPEND)) {
    c->s.event = true;
  }
  if (!on && bit_get(c->s.level, n) && !bit_get(c->s.active, n)) {
    return; /* the line still asks */
  }
  bit_put(c->s.pending, n, on);
  if (on) {
    core_kick(c);
  }
}

/* ---- contract ---- */
void cpu_irq_pend(struct cpu *c, unsigned irq)
{
  core_pend(c, EXC_IRQ0 + irq, true);
}

void cpu_irq_level(struct cpu *c, unsigned irq, bool high)
{
  unsigned n = EXC_IRQ0 + irq;
  if (n >= c->exceptions) {
    return;
  }
  bool was = bit_get(c->s.level, n);
  bit_put(c->s.level, n, high);
  if (high && !was) {
    core_pend(c, n, true);
  }
}

void cpu_nmi(struct cpu *c)
{
  core_pend(c, EXC_NMI, true);
}
