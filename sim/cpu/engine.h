/* How an operation is written. Included by the ops_*.c files and engine.c only.
 *
 * An operation is a function that does one instruction and then continues with the next one. With clang it does so by a
 * guaranteed tail call, so the six arguments live in registers from one instruction to the next:
 *   c   the core
 *   d   the decoded instruction
 *   t   the time counter (internal.h)
 *   nz  N is bit 63, Z is "low 32 bits are zero" (results are stored sign-extended)
 *   cf  carry, 0 or 1
 *   vf  overflow, bit 31
 * With other compilers an operation stores them, returns the next instruction, and a loop calls it.
 *
 * An operation that may have to leave the fast path (memory that the TLB does not know, faults) has a second form,
 * NAME_slow, which it tail-calls: so the fast form needs no stack frame.
 */
#ifndef SIM_CPU_ENGINE_H
#define SIM_CPU_ENGINE_H

#include "sim/cpu/internal.h"
#include "sim/cpu/ops.h"

#define OP(name) op_result op_##name(OP_ARGS)

/* Hand the registers to the C functions of the core, and take them back. SAVE makes the PC exact as well. */
#define SAVE_REGS()                                                                                                    \
  do {                                                                                                                 \
    c->s.t = t;                                                                                                        \
    c->s.nz = nz;                                                                                                      \
    c->s.cf = cf;                                                                                                      \
    c->s.vf = vf;                                                                                                      \
  } while (0)
#define SAVE()                                                                                                         \
  do {                                                                                                                 \
    SAVE_REGS();                                                                                                       \
    c->s.pc = core_pc_of(c, d);                                                                                        \
  } while (0)
#define LOAD_REGS()                                                                                                    \
  do {                                                                                                                 \
    t = c->s.t;                                                                                                        \
    nz = c->s.nz;                                                                                                      \
    cf = c->s.cf;                                                                                                      \
    vf = c->s.vf;                                                                                                      \
  } while (0)

#if CPU_TAIL_CALLS
#define CALL(fn_, d_)                                                                                                  \
  do {                                                                                                                 \
    struct insn *next_ = (d_);                                                                                         \
    __attribute__((musttail)) return (fn_)(c, next_, t, nz, cf, vf);                                                   \
  } while (0)
#define DISPATCH(d_)                                                                                                   \
  do {                                                                                                                 \
    struct insn *next_ = (d_);                                                                                         \
    __attribute__((musttail)) return next_->fn(c, next_, t, nz, cf, vf);                                               \
  } while (0)
#define LEAVE() return
#else
#define CALL(fn_, d_) return (fn_)(c, (d_), t, nz, cf, vf)
#define DISPATCH(d_)                                                                                                   \
  do {                                                                                                                 \
    SAVE_REGS();                                                                                                       \
    return (d_);                                                                                                       \
  } while (0)
#define LEAVE() return NULL
#endif

/* The end of an instruction of so many halfwords that took so many cycles. */
#define NEXT(halfwords, cycles)                                                                                        \
  do {                                                                                                                 \
    t -= COST(cycles);                                                                                                 \
    if (UNLIKELY(t < 0)) {                                                                                             \
      CALL(op_BOUNDARY, d + (halfwords));                                                                              \
    }                                                                                                                  \
    DISPATCH(d + (halfwords));                                                                                         \
  } while (0)
#define LEN(d_) ((d_)->len & LEN_MASK)

/* The end of a branch to an address (bit 0 clear). cost: COST() or c->taken. */
#define CODE_ENTRY(addr)                                                                                               \
  ((const struct code_tlb *)((const uint8_t *)c->code_tlb + ((addr) / CODE_STRIDE & CODE_OFFSETS)))
#define CODE_STRIDE  (CPU_GRANULE / (uint32_t)sizeof(struct code_tlb))
#define CODE_OFFSETS ((TLB_SIZE - 1) * (uint32_t)sizeof(struct code_tlb))
#define JUMP(target, cost)                                                                                             \
  do {                                                                                                                 \
    uint32_t to_ = (target);                                                                                           \
    t -= (cost);                                                                                                       \
    if (LIKELY(CODE_ENTRY(to_)->tag == (to_ & GRANULE_MASK)) && LIKELY(t >= 0)) {                                      \
      struct page *page_ = CODE_ENTRY(to_)->page;                                                                      \
      c->page = page_;                                                                                                 \
      DISPATCH((struct insn *)((uint8_t *)page_->insns + (to_ & (CPU_GRANULE - 2)) * (sizeof(struct insn) / 2)));      \
    }                                                                                                                  \
    c->s.pc = to_;                                                                                                     \
    CALL(op_GO, d);                                                                                                    \
  } while (0)

/* A write to the PC with interworking: BX, BLX, POP, LDM, LDR. */
#define JUMP_X(target, cost)                                                                                           \
  do {                                                                                                                 \
    uint32_t value_ = (target);                                                                                        \
    if (UNLIKELY(!(value_ & 1u) || value_ >= 0xf0000000u)) {                                                           \
      t -= (cost);                                                                                                     \
      c->s.pc = value_;                                                                                                \
      CALL(op_GO_X, d);                                                                                                \
    }                                                                                                                  \
    JUMP(value_ & ~1u, cost);                                                                                          \
  } while (0)

/* The instruction faults: the kind, after SAVE() and LOAD_REGS(). */
#define FAULT(kind)                                                                                                    \
  do {                                                                                                                 \
    c->raised = (kind);                                                                                                \
    CALL(op_FAULT, d);                                                                                                 \
  } while (0)

#define R(field) (c->s.r[d->field])

#define SET_NZ(v) (nz = (int64_t)(int32_t)(v))

/* TLB look-up; true: HOST is the host address. Unaligned addresses never match. (Written to need few registers: three
 * are free in an operation.) */
#define TLB_ENTRY(which, addr) ((const struct tlb *)((const uint8_t *)c->which + ((addr) / TLB_STRIDE & TLB_OFFSETS)))
#define TLB_STRIDE             (CPU_GRANULE / (uint32_t)sizeof(struct tlb))
#define TLB_OFFSETS            ((TLB_SIZE - 1) * (uint32_t)sizeof(struct tlb))
#define TLB_HIT(which, addr, size, host_)                                                                              \
  (LIKELY(TLB_ENTRY(which, addr)->tag == ((addr) & (GRANULE_MASK | ((uint32_t)(size)-1u)))) &&                         \
   ((host_) = (uint8_t *)(TLB_ENTRY(which, addr)->host + (addr)), true))

/* Conditions on the registers, by number. */
#define COND_EQ ((uint32_t)nz == 0)
#define COND_CS (cf != 0)
#define COND_MI (nz < 0)
#define COND_VS ((int32_t)vf < 0)
#define COND_HI (cf != 0 && (uint32_t)nz != 0)
#define COND_GE (((int32_t)((uint64_t)nz >> 32) ^ (int32_t)vf) >= 0)
#define COND_GT (COND_GE && (uint32_t)nz != 0)

static inline bool condition(unsigned cond, int64_t nz, uint32_t cf, uint32_t vf)
{
  bool r;
  switch (cond >> 1) {
  case 0:
    r = COND_EQ;
    break;
  case 1:
    r = COND_CS;
    break;
  case 2:
    r = COND_MI;
    break;
  case 3:
    r = COND_VS;
    break;
  case 4:
    r = COND_HI;
    break;
  case 5:
    r = COND_GE;
    break;
  case 6:
    r = COND_GT;
    break;
  default:
    return true;
  }
  return r != (bool)(cond & 1u);
}

#endif
