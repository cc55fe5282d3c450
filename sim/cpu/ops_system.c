/* Instructions that end in C functions of the core: system registers, supervisor calls, sleep, coprocessors. */
#include "sim/cpu/engine.h"

OP(UNDEFINED)
{
  FAULT(FAULT_UNDEFINED);
}

/* No coprocessor answers: there is none with this number, or CPACR does not let it. */
OP(NOCP)
{
  FAULT(FAULT_NOCP);
}

OP(SVC)
{
  SAVE();
  c->s.t -= COST(1);
  core_svc(c, c->s.pc + 2);
  LOAD_REGS();
  CALL(op_GO, d);
}

OP(BKPT)
{
  SAVE();
  if (c->debug) {
    c->s.it = d->it; /* back to before the instruction */
    c->stop = CPU_STOP_BKPT;
    LEAVE();
  }
  FAULT(FAULT_BREAKPOINT);
}

/* WFI, and with x = 1 WFE */
OP(SLEEP)
{
  SAVE();
  if (d->x && c->s.event) {
    c->s.event = false;
  } else {
    c->s.sleeping = d->x ? SLEEP_WFE : SLEEP_WFI;
    core_kick(c);
  }
  LOAD_REGS();
  NEXT(LEN(d), 1);
}

OP(SYSTEM)
{
  SAVE();
  enum fault f = core_system(c, d->aux);
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  NEXT(LEN(d), 1);
}

OP(FPU)
{
  SAVE();
  enum fault f = core_fpu(c, d->aux);
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  NEXT(2, 1);
}
