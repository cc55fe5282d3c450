/* Branches. See engine.h for the rules of an operation.
 *
 * Near: the target lies in the same granule and is reached by a displacement inside the decoded page (imm, in bytes of
 * struct insn). Far: imm is the address.
 */
#include "sim/cpu/engine.h"

#define NEAR_BRANCH()                                                                                                  \
  do {                                                                                                                 \
    struct insn *target_ = (struct insn *)((uint8_t *)d + (int32_t)d->imm);                                            \
    t -= c->taken;                                                                                                     \
    if (UNLIKELY(t < 0)) {                                                                                             \
      CALL(op_BOUNDARY, target_);                                                                                      \
    }                                                                                                                  \
    DISPATCH(target_);                                                                                                 \
  } while (0)

#define BRANCH_LENGTH(name, LENGTH, CONDITION)                                                                         \
  OP(B_##name##_N##LENGTH)                                                                                             \
  {                                                                                                                    \
    if (CONDITION) {                                                                                                   \
      NEAR_BRANCH();                                                                                                   \
    }                                                                                                                  \
    NEXT(LENGTH, 1);                                                                                                   \
  }                                                                                                                    \
  OP(B_##name##_F##LENGTH)                                                                                             \
  {                                                                                                                    \
    if (CONDITION) {                                                                                                   \
      JUMP(d->imm, c->taken);                                                                                          \
    }                                                                                                                  \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define BRANCH(name, CONDITION) BRANCH_LENGTH(name, 1, CONDITION) BRANCH_LENGTH(name, 2, CONDITION)

BRANCH(EQ, COND_EQ)
BRANCH(NE, !COND_EQ)
BRANCH(CS, COND_CS)
BRANCH(CC, !COND_CS)
BRANCH(MI, COND_MI)
BRANCH(PL, !COND_MI)
BRANCH(VS, COND_VS)
BRANCH(VC, !COND_VS)
BRANCH(HI, COND_HI)
BRANCH(LS, !(COND_HI))
BRANCH(GE, COND_GE)
BRANCH(LT, !COND_GE)
BRANCH(GT, COND_GT)
BRANCH(LE, !(COND_GT))
BRANCH(AL, true)

#define COMPARE_BRANCH(name, CONDITION)                                                                                \
  OP(name##_N)                                                                                                         \
  {                                                                                                                    \
    if (CONDITION) {                                                                                                   \
      NEAR_BRANCH();                                                                                                   \
    }                                                                                                                  \
    NEXT(1, 1);                                                                                                        \
  }                                                                                                                    \
  OP(name##_F)                                                                                                         \
  {                                                                                                                    \
    if (CONDITION) {                                                                                                   \
      JUMP(d->imm, c->taken);                                                                                          \
    }                                                                                                                  \
    NEXT(1, 1);                                                                                                        \
  }
COMPARE_BRANCH(CBZ, R(rn) == 0)
COMPARE_BRANCH(CBNZ, R(rn) != 0)

/* aux: the return address */
OP(BL_N)
{
  c->s.r[14] = d->aux;
  NEAR_BRANCH();
}
OP(BL_F)
{
  c->s.r[14] = d->aux;
  JUMP(d->imm, c->taken);
}
OP(BX)
{
  JUMP_X(R(rm), c->taken);
}
/* Only bit 0 of the register matters here: BLX is no exception return. */
OP(BLX)
{
  uint32_t target = R(rm);
  c->s.r[14] = d->aux;
  if (UNLIKELY(!(target & 1u))) {
    c->s.thumb = false;
    c->s.pc = target;
    t -= c->taken;
    CALL(op_GO, d);
  }
  JUMP(target & ~1u, c->taken);
}
/* MOV PC and ADD PC: rm plus imm (0, or the PC as operand); bit 0 is ignored */
OP(MOV_PC)
{
  JUMP((R(rm) + d->imm) & ~1u, c->taken);
}
