/* The engine: the table of operations, and the operations that stand between instructions: decoding on first use,
 * conditions of IT blocks, breakpoints, the way on after anything unusual.
 */
#include "sim/cpu/engine.h"

#define OPS_ENTRY(name) op_##name,
op_fn *const core_ops[] = {OPS_ALL(OPS_ENTRY)};

/* The operation itself, past breakpoint and span checks. */
#define DISPATCH_OP(d_)                                                                                                \
  do {                                                                                                                 \
    if ((d_)->it) {                                                                                                    \
      CALL(op_COND, d_);                                                                                               \
    }                                                                                                                  \
    CALL(core_ops[(d_)->op], d_);                                                                                      \
  } while (0)

/* An entry knows the ITSTATE under which it was decoded. The next one in line is decoded again if it differs. */
static inline void expect_it(struct insn *next, uint32_t it)
{
  if (next->it != it && next->fn != op_PAGE_END) {
    next->fn = op_DECODE;
  }
}

/* Nothing decoded here yet. */
OP(DECODE)
{
  SAVE();
  if (!c->page->valid || c->page->generation != c->generation) {
    CALL(op_GO, d);
  }
  enum fault f = FAULT_NONE;
  struct insn *run = core_code_decode(c, d, &f);
  LOAD_REGS();
  if (f != FAULT_NONE) {
    SAVE_REGS();
    core_fault(c, f, c->s.it);
    LOAD_REGS();
    CALL(op_GO, d);
  }
  DISPATCH(run);
}

/* An instruction inside an IT block. */
OP(COND)
{
  uint32_t it = d->it;
  if (UNLIKELY(c->s.it != it)) {
    d->fn = op_DECODE;
    CALL(op_DECODE, d);
  }
  c->s.it = advance_it(it);
  if (c->s.it) {
    expect_it(d + LEN(d), c->s.it);
  }
  if (condition(it >> 4, nz, cf, vf) || d->op == OP_BKPT) {
    CALL(core_ops[d->op], d);
  }
  NEXT(LEN(d), 1);
}

OP(IT)
{
  c->s.it = d->imm;
  expect_it(d + 1, d->imm);
  NEXT(1, 1);
}

/* An instruction whose second half lies in the next granule: kept only as long as that one is known to be executable
 * and unchanged. */
OP(SPAN)
{
  uint32_t next = c->page->base + CPU_GRANULE;
  if (LIKELY(c->code_tlb[next / CPU_GRANULE % TLB_SIZE].tag == next)) {
    DISPATCH_OP(d);
  }
  d->fn = op_DECODE;
  CALL(op_DECODE, d);
}

OP(BREAK)
{
  SAVE();
  if (c->pass_pc == c->s.pc && c->pass_count == core_count(c)) {
    if (d->len & LEN_SPAN) {
      CALL(op_SPAN, d);
    }
    DISPATCH_OP(d);
  }
  c->pass_pc = c->s.pc;
  c->pass_count = core_count(c);
  c->stop = CPU_STOP_BREAKPOINT;
  LEAVE();
}

/* Execution ran off the end of the decoded page. */
OP(PAGE_END)
{
  c->s.pc = core_pc_of(c, d);
  CALL(op_GO, d);
}

/* Something may be due before the instruction d. */
OP(BOUNDARY)
{
  c->s.pc = core_pc_of(c, d);
  CALL(op_GO, d);
}

/* Go on at s.pc, whatever it takes. d means nothing here. */
OP(GO)
{
  SAVE_REGS();
  for (;;) {
    if (c->s.t < 0 && !core_boundary(c)) {
      LEAVE();
    }
    enum fault f = FAULT_NONE;
    struct insn *run = NULL;
    if (c->s.thumb) {
      run = core_code_find(c, c->s.pc, &f);
    } else {
      f = FAULT_STATE;
    }
    if (f == FAULT_NONE) {
      d = run;
      break;
    }
    core_fault(c, f, c->s.it);
  }
  if (UNLIKELY(c->s.it)) {
    expect_it(d, c->s.it);
  }
  LOAD_REGS();
  DISPATCH(d);
}

/* The same after a write of s.pc with interworking, or with an exception return. */
OP(GO_X)
{
  SAVE_REGS();
  if (c->s.pc >= 0xf0000000u && c->s.ipsr != 0) {
    core_exception_return(c, c->s.pc);
  } else {
    c->s.thumb = c->s.pc & 1u;
    c->s.pc &= ~1u;
  }
  LOAD_REGS();
  CALL(op_GO, d);
}

OP(FAULT)
{
  SAVE();
  core_fault(c, c->raised, d->it);
  LOAD_REGS();
  CALL(op_GO, d);
}

enum cpu_stop cpu_run(struct cpu *c, uint64_t instructions)
{
  uint64_t count = core_count(c);
  c->limit = instructions == 0 || instructions > UINT64_MAX - count ? UINT64_MAX : count + instructions;
  c->stop = CPU_STOP_NONE;
  c->watch_hit = false;
  c->running = true;
  c->page = &c->scratch;
  core_kick(c);
#if CPU_TAIL_CALLS
  op_GO(c, c->scratch.insns, c->s.t, c->s.nz, c->s.cf, c->s.vf);
#else
  struct insn *d = op_GO(c, c->scratch.insns, c->s.t, c->s.nz, c->s.cf, c->s.vf);
  while (d) {
    d = d->fn(c, d, c->s.t, c->s.nz, c->s.cf, c->s.vf);
  }
#endif
  c->running = false;
  return c->stop;
}
