/* Simulated time: picoseconds against the core's cycles, and the queue of events on the core's one deadline. */
#include "sim/soc/model.h"

typedef unsigned __int128 wide;

uint64_t soc_now(const struct soc *soc)
{
  uint64_t cycles = cpu_cycles(soc->cpu) - soc->base_cycle;
  if (cycles <= UINT64_MAX / SOC_PS_PER_S)
    return soc->base_ps + cycles * SOC_PS_PER_S / soc->hz;
  return soc->base_ps + (uint64_t)((wide)cycles * SOC_PS_PER_S / soc->hz);
}

/* The first cycle that is not before `at`. */
static uint64_t cycle_of(const struct soc *soc, uint64_t at)
{
  if (at <= soc->base_ps)
    return soc->base_cycle;
  wide product = (wide)(at - soc->base_ps) * soc->hz;
  return soc->base_cycle + (uint64_t)((product + SOC_PS_PER_S - 1) / SOC_PS_PER_S);
}

static void set_deadline(struct soc *soc)
{
  cpu_set_deadline(soc->cpu, soc->events ? cycle_of(soc, soc->events->at) : UINT64_MAX);
}

void soc_set_clock(struct soc *soc, uint32_t hz)
{
  uint64_t now = soc->hz ? soc_now(soc) : 0;
  soc->base_cycle = cpu_cycles(soc->cpu);
  soc->base_ps = now;
  soc->hz = hz;
  set_deadline(soc);
}

void soc_cancel(struct soc *soc, struct soc_event *event)
{
  if (!event->armed)
    return;
  struct soc_event **link = &soc->events;
  while (*link != event)
    link = &(*link)->next;
  *link = event->next;
  event->armed = false;
}

void soc_at(struct soc *soc, struct soc_event *event, uint64_t at)
{
  soc_cancel(soc, event);
  struct soc_event **link = &soc->events;
  while (*link && (*link)->at <= at)
    link = &(*link)->next;
  event->at = at;
  event->next = *link;
  event->armed = true;
  *link = event;
  if (soc->events == event)
    set_deadline(soc);
}

void soc_after(struct soc *soc, struct soc_event *event, uint64_t ps)
{
  soc_at(soc, event, soc_now(soc) + ps);
}

void soc_run_events(struct soc *soc)
{
  while (soc->events && !soc->dead && soc->events->at <= soc_now(soc)) {
    struct soc_event *e = soc->events;
    soc->events = e->next;
    e->armed = false;
    e->fire(e->ctx);
  }
  set_deadline(soc);
}

void soc_wait(struct soc *soc, uint64_t until)
{
  while (!soc->dead) {
    uint64_t target = soc->events && soc->events->at < until ? soc->events->at : until;
    uint64_t cycle = cycle_of(soc, target), now = cpu_cycles(soc->cpu);
    if (cycle > now)
      cpu_stall(soc->cpu, cycle - now);
    soc_run_events(soc);
    if (soc_now(soc) >= until)
      break;
  }
}
