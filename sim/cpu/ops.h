/* The list of operations: one enumerator and one function each. The decoder computes members of the regular families
 * from their first one, so the order inside a family matters and is said here. */
#ifndef SIM_CPU_OPS_H
#define SIM_CPU_OPS_H

#include "sim/cpu/internal.h"

/* A data-processing operation: second operand I immediate, R register, L/S/A/O register shifted left, right, right
 * arithmetic, rotated by an immediate, X rotated through carry; 0 leaves the flags, 1 sets them; length in halfwords.
 * Index from the first: form * 4 + flags * 2 + halfwords - 1. */
#define OPS_DP_FORM(X, n) X(n##0_1) X(n##0_2) X(n##1_1) X(n##1_2)
#define OPS_DP_ONE(X, n)                                                                                               \
  OPS_DP_FORM(X, n##_I)                                                                                                \
  OPS_DP_FORM(X, n##_R)                                                                                                \
  OPS_DP_FORM(X, n##_L) OPS_DP_FORM(X, n##_S) OPS_DP_FORM(X, n##_A) OPS_DP_FORM(X, n##_O) OPS_DP_FORM(X, n##_X)
#define OPS_DP(X)                                                                                                      \
  OPS_DP_ONE(X, AND)                                                                                                   \
  OPS_DP_ONE(X, BIC)                                                                                                   \
  OPS_DP_ONE(X, ORR)                                                                                                   \
  OPS_DP_ONE(X, ORN)                                                                                                   \
  OPS_DP_ONE(X, EOR)                                                                                                   \
  OPS_DP_ONE(X, MOV)                                                                                                   \
  OPS_DP_ONE(X, MVN)                                                                                                   \
  OPS_DP_ONE(X, ADD) OPS_DP_ONE(X, ADC) OPS_DP_ONE(X, SBC) OPS_DP_ONE(X, SUB) OPS_DP_ONE(X, RSB)

/* Comparisons: index form * 2 + halfwords - 1. */
#define OPS_CMP_FORM(X, n) X(n##_1) X(n##_2)
#define OPS_CMP_ONE(X, n)                                                                                              \
  OPS_CMP_FORM(X, n##_I)                                                                                               \
  OPS_CMP_FORM(X, n##_R)                                                                                               \
  OPS_CMP_FORM(X, n##_L)                                                                                               \
  OPS_CMP_FORM(X, n##_S) OPS_CMP_FORM(X, n##_A) OPS_CMP_FORM(X, n##_O) OPS_CMP_FORM(X, n##_X)
#define OPS_CMP(X) OPS_CMP_ONE(X, TST) OPS_CMP_ONE(X, TEQ) OPS_CMP_ONE(X, CMP) OPS_CMP_ONE(X, CMN)

/* Shifts by a register: index flags * 2 + halfwords - 1. */
#define OPS_SHIFT(X)                                                                                                   \
  OPS_DP_FORM(X, LSLV)                                                                                                 \
  OPS_DP_FORM(X, LSRV)                                                                                                 \
  OPS_DP_FORM(X, ASRV)                                                                                                 \
  OPS_DP_FORM(X, RORV)

/* Index by halfwords - 1. */
#define OPS_BOTH(X, n) X(n##_1) X(n##_2)
#define OPS_ALU(X)                                                                                                     \
  OPS_BOTH(X, SXTB)                                                                                                    \
  OPS_BOTH(X, SXTH)                                                                                                    \
  OPS_BOTH(X, UXTB)                                                                                                    \
  OPS_BOTH(X, UXTH)                                                                                                    \
  OPS_BOTH(X, REV)                                                                                                     \
  OPS_BOTH(X, REV16)                                                                                                   \
  OPS_BOTH(X, REVSH)                                                                                                   \
  OPS_BOTH(X, NOP)                                                                                                     \
  X(SXTAB)                                                                                                             \
  X(SXTAH)                                                                                                             \
  X(UXTAB)                                                                                                             \
  X(UXTAH)                                                                                                             \
  X(RBIT)                                                                                                              \
  X(CLZ)                                                                                                               \
  X(MOVT)                                                                                                              \
  X(UBFX)                                                                                                              \
  X(SBFX)                                                                                                              \
  X(BFI)                                                                                                               \
  X(BFC)                                                                                                               \
  X(ADD_SP)                                                                                                            \
  X(MOV_SP)                                                                                                            \
  X(SP_DP) X(MUL_1) X(MULS_1) X(MUL_2) X(MLA) X(MLS) X(UMULL) X(SMULL) X(UMLAL) X(SMLAL) X(UMAAL) X(UDIV) X(SDIV) X(DSP)

/* Loads: I_1 I_2 immediate offset, R_1 R_2 register offset, PRE and POST indexed, LIT_1 LIT_2 from the PC. Stores: the
 * same without LIT. Every one has a slow form. */
#define OPS_TWO(X, n) X(n) X(n##_slow)
#define OPS_STORE_ONE(X, n)                                                                                            \
  OPS_TWO(X, n##_I_1)                                                                                                  \
  OPS_TWO(X, n##_I_2)                                                                                                  \
  OPS_TWO(X, n##_R_1) OPS_TWO(X, n##_R_2) OPS_TWO(X, n##_PRE) OPS_TWO(X, n##_POST)
#define OPS_LOAD_ONE(X, n) OPS_STORE_ONE(X, n) OPS_TWO(X, n##_LIT_1) OPS_TWO(X, n##_LIT_2)
#define OPS_MEM(X)                                                                                                     \
  OPS_LOAD_ONE(X, LDR)                                                                                                 \
  OPS_LOAD_ONE(X, LDRH)                                                                                                \
  OPS_LOAD_ONE(X, LDRB)                                                                                                \
  OPS_LOAD_ONE(X, LDRSH)                                                                                               \
  OPS_LOAD_ONE(X, LDRSB)                                                                                               \
  OPS_STORE_ONE(X, STR)                                                                                                \
  OPS_STORE_ONE(X, STRH)                                                                                               \
  OPS_STORE_ONE(X, STRB)                                                                                               \
  X(LDR_SPECIAL) X(UNPRIV) OPS_TWO(X, LDRD) OPS_TWO(X, STRD) OPS_TWO(X, LDM) OPS_TWO(X, STM) X(EXCLUSIVE) X(TABLE)

/* Conditional branches: condition (0-13, 14 always) * 4 + far * 2 + halfwords - 1. Near: inside the granule. */
#define OPS_B_ONE(X, n) X(B_##n##_N1) X(B_##n##_N2) X(B_##n##_F1) X(B_##n##_F2)
#define OPS_BRANCH(X)                                                                                                  \
  OPS_B_ONE(X, EQ)                                                                                                     \
  OPS_B_ONE(X, NE)                                                                                                     \
  OPS_B_ONE(X, CS)                                                                                                     \
  OPS_B_ONE(X, CC)                                                                                                     \
  OPS_B_ONE(X, MI)                                                                                                     \
  OPS_B_ONE(X, PL)                                                                                                     \
  OPS_B_ONE(X, VS)                                                                                                     \
  OPS_B_ONE(X, VC)                                                                                                     \
  OPS_B_ONE(X, HI)                                                                                                     \
  OPS_B_ONE(X, LS)                                                                                                     \
  OPS_B_ONE(X, GE)                                                                                                     \
  OPS_B_ONE(X, LT)                                                                                                     \
  OPS_B_ONE(X, GT)                                                                                                     \
  OPS_B_ONE(X, LE)                                                                                                     \
  OPS_B_ONE(X, AL)                                                                                                     \
  X(CBZ_N) X(CBZ_F) X(CBNZ_N) X(CBNZ_F) X(BL_N) X(BL_F) X(BX) X(BLX) X(MOV_PC)

#define OPS_SYSTEM(X) X(UNDEFINED) X(SYSTEM) X(SVC) X(BKPT) X(IT) X(SLEEP) X(FPU) X(NOCP)

/* Not instructions: parts of the engine that stand in for one. */
#define OPS_ENGINE(X) X(DECODE) X(COND) X(SPAN) X(BREAK) X(PAGE_END) X(GO) X(GO_X) X(BOUNDARY) X(FAULT)

#define OPS_ALL(X) OPS_DP(X) OPS_CMP(X) OPS_SHIFT(X) OPS_ALU(X) OPS_MEM(X) OPS_BRANCH(X) OPS_SYSTEM(X) OPS_ENGINE(X)

#define OPS_ENUM(name) OP_##name,
enum op { OPS_ALL(OPS_ENUM) OP_COUNT };
#undef OPS_ENUM

#define OPS_DECLARE(name) op_fn op_##name;
OPS_ALL(OPS_DECLARE)
#undef OPS_DECLARE

#endif
