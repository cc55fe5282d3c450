/* The one core, for all who steer it: gdb, a probe on the debug port, commands. */
#include "sim/host/session.h"

void run_debug(struct session *s, enum debugger who, bool on)
{
  s->debugging[who] = on;
  bool any = false;
  for (unsigned i = 0; i < DEBUGGERS; i++)
    any = any || s->debugging[i];
  cpu_set_debug(soc_cpu(s->soc), any);
}

/* Several may want to stop at the same address; the core is told once. */
bool run_break(struct session *s, enum debugger who, uint32_t addr, bool set)
{
  uint8_t owner = (uint8_t)(1u << who);
  unsigned i = 0;
  while (i < s->break_count && s->breaks[i].addr != addr)
    i++;
  struct run_break *b = &s->breaks[i];
  if (set) {
    if (i == RUN_BREAKS || (i == s->break_count && !cpu_breakpoint(soc_cpu(s->soc), addr, true)))
      return false;
    if (i == s->break_count)
      s->breaks[s->break_count++] = (struct run_break){.addr = addr};
    b->owners |= owner;
    return true;
  }
  if (i == s->break_count || !(b->owners & owner))
    return false;
  b->owners &= (uint8_t)~owner;
  if (b->owners == 0) {
    cpu_breakpoint(soc_cpu(s->soc), addr, false);
    *b = s->breaks[--s->break_count];
  }
  return true;
}

bool run_watch(struct session *s, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set)
{
  return cpu_watchpoint(soc_cpu(s->soc), addr, size, on_read, on_write, set);
}

bool run_halt(struct session *s)
{
  if (s->machine != MACHINE_RUNNING && s->machine != MACHINE_ASLEEP)
    return false;
  session_set_machine(s, MACHINE_STOPPED);
  return true;
}

void run_resume(struct session *s, bool step, bool mask_interrupts)
{
  session_set_machine(s, MACHINE_RUNNING);
  s->step = step;
  cpu_mask_interrupts(soc_cpu(s->soc), mask_interrupts);
}

bool run_is_held(const struct session *s)
{
  return gdb_link_holds(s);
}

void run_stopped(struct session *s, unsigned signal, bool debug)
{
  cpu_mask_interrupts(soc_cpu(s->soc), false);
  jtag_link_stopped(s, debug);
  gdb_link_stopped(s, signal, debug);
}

void run_after_reset(struct session *s, bool power_on)
{
  if (power_on)
    cpu_mask_interrupts(soc_cpu(s->soc), false);
  switch (jtag_link_reset(s, power_on)) {
  case RUN_WISH_HALT:
    session_set_machine(s, MACHINE_STOPPED);
    soc_stop(s->soc);
    gdb_link_stopped(s, GDB_SIGNAL_TRAP, false);
    break;
  case RUN_WISH_RUN:
    if (s->machine == MACHINE_STOPPED && !run_is_held(s))
      session_set_machine(s, MACHINE_RUNNING);
    break;
  case RUN_WISH_NONE:
    action_after_reset(s); /* by a watchdog, or by what a probe wrote */
    break;
  }
}

void run_after_fault(struct session *s, unsigned exception)
{
  if (!jtag_link_fault(s, exception))
    return;
  session_set_machine(s, MACHINE_STOPPED);
  soc_stop(s->soc);
  gdb_link_stopped(s, GDB_SIGNAL_FAULT, false);
}
