/* Time: the counter of internal.h, and what happens at the boundary between two instructions when something is due. */
#include "sim/cpu/internal.h"

void core_round(struct cpu *c, uint64_t now, uint64_t due)
{
  c->s.count = core_count(c);
  if (due > now && due - now > ROUND_MAX) {
    due = now + ROUND_MAX;
  }
  c->s.due = due;
  c->s.t = CYCLES((int64_t)(due - 1 - now));
}

void core_kick(struct cpu *c)
{
  uint64_t now = core_now(c);
  if (c->s.t >= 0) {
    core_round(c, now, now);
  }
}

/* The next cycle at which anything happens on its own. */
static uint64_t next_event(const struct cpu *c)
{
  uint64_t systick = core_systick_due(c);
  return c->s.deadline < systick ? c->s.deadline : systick;
}

static bool end(struct cpu *c, enum cpu_stop why)
{
  c->stop = why;
  return false;
}

bool cpu_asleep(const struct cpu *c)
{
  return c->s.sleeping != AWAKE;
}

/* Asleep: wake up, or let time jump to the next event. */
static bool sleep_on(struct cpu *c)
{
  if (c->s.sleeping == SLEEP_WFE ? c->s.event || core_to_take(c) : core_wakes(c)) {
    if (c->s.sleeping == SLEEP_WFE) {
      c->s.event = false;
    }
    c->s.sleeping = AWAKE;
    return true;
  }
  if (c->stop_request) {
    c->stop_request = false;
    return end(c, CPU_STOP_REQUEST);
  }
  uint64_t next = next_event(c), now = core_now(c);
  if (next == NEVER) {
    return end(c, CPU_STOP_IDLE);
  }
  core_round(c, next > now ? next : now + 1, next > now ? next : now + 1);
  return true;
}

bool core_boundary(struct cpu *c)
{
  bool ticked = false;
  for (;;) {
    uint64_t now = core_now(c);
    if (c->s.lockup) {
      return end(c, CPU_STOP_LOCKUP);
    }
    if (c->s.reset_request) {
      return end(c, CPU_STOP_RESET);
    }
    if (now >= c->s.deadline && !ticked) {
      c->s.deadline = NEVER;
      ticked = true; /* a deadline that is set in the past again waits for the next boundary */
      if (c->bus.tick) {
        c->bus.tick(c->bus.ctx);
      }
      continue;
    }
    if (now >= core_systick_due(c)) {
      core_systick_update(c);
    }
    if (c->s.sleeping) {
      if (!sleep_on(c)) {
        return false;
      }
      ticked = false;
      continue;
    }
    unsigned exception = core_to_take(c);
    if (exception) {
      core_take(c, exception);
      continue;
    }
    if (c->watch_hit) {
      return end(c, CPU_STOP_WATCHPOINT);
    }
    if (c->stop_request) {
      c->stop_request = false;
      return end(c, CPU_STOP_REQUEST);
    }
    uint64_t count = core_count(c);
    if (count >= c->limit) {
      return end(c, CPU_STOP_LIMIT);
    }
    uint64_t due = next_event(c);
    now = core_now(c);
    if (due <= now) {
      if (!ticked || core_systick_due(c) <= now) {
        continue;
      }
      due = now + 1;
    }
    if (c->limit - count < due - now) {
      due = now + (c->limit - count); /* every instruction costs at least a cycle */
    }
    core_round(c, now, due);
    return true;
  }
}

/* ---- contract ---- */
uint64_t cpu_instructions(const struct cpu *c)
{
  return core_count(c);
}

uint64_t cpu_cycles(const struct cpu *c)
{
  return core_now(c);
}

void cpu_stall(struct cpu *c, uint64_t cycles)
{
  uint64_t now = core_now(c) + cycles, due = c->s.due;
  core_round(c, now, due > now ? due : now);
}

void cpu_set_deadline(struct cpu *c, uint64_t cycle)
{
  c->s.deadline = cycle;
  if (cycle < c->s.due) {
    uint64_t now = core_now(c);
    core_round(c, now, cycle > now ? cycle : now);
  }
}

void cpu_stop(struct cpu *c)
{
  c->stop_request = true;
  core_kick(c);
}

void cpu_event(struct cpu *c)
{
  c->s.event = true;
  core_kick(c);
}
