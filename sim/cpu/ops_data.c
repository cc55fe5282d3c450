/* Data processing: logic, arithmetic, comparison, shifts by a register. See engine.h for the rules of an operation.
 *
 * Every operation exists for each form of its second operand (ops.h), generated from one expression.
 */
#include "sim/cpu/engine.h"

/* The second operand `b` and, where the form has one, the carry out of the shifter. n is 1 to 32 as the decoder made
 * it; 64-bit shifts make 32 an ordinary case. */
#define B_I uint32_t b = d->imm
#define B_R uint32_t b = R(rm)
#define B_L uint32_t b = (uint32_t)((uint64_t)R(rm) << d->x)
#define B_S uint32_t b = (uint32_t)((uint64_t)R(rm) >> d->x)
#define B_A uint32_t b = (uint32_t)((int64_t)(int32_t)R(rm) >> d->x)
#define B_O uint32_t b = ror32(R(rm), d->x)
#define B_X uint32_t b = R(rm) >> 1 | cf << 31

/* An immediate brings its carry in x: 0, 1, or CARRY_KEEP. */
#define C_I cf = d->x == CARRY_KEEP ? cf : d->x
#define C_R (void)0
#define C_L cf = (uint32_t)(((uint64_t)R(rm) << d->x) >> 32) & 1u
#define C_S cf = (uint32_t)((uint64_t)R(rm) >> (d->x - 1u)) & 1u
#define C_A cf = (uint32_t)((int64_t)(int32_t)R(rm) >> (d->x - 1u)) & 1u
#define C_O cf = b >> 31
#define C_X cf = R(rm) & 1u

/* ---- logic: result E of a and b; N and Z from it, C from the shifter ---- */
#define LOGIC_FORM(name, F, LENGTH, E)                                                                                 \
  OP(name##_##F##0_##LENGTH)                                                                                           \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    (void)a;                                                                                                           \
    R(rd) = (E);                                                                                                       \
    NEXT(LENGTH, 1);                                                                                                   \
  }                                                                                                                    \
  OP(name##_##F##1_##LENGTH)                                                                                           \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    (void)a;                                                                                                           \
    uint32_t v = (E);                                                                                                  \
    C_##F;                                                                                                             \
    SET_NZ(v);                                                                                                         \
    R(rd) = v;                                                                                                         \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define LOGIC_LENGTHS(name, F, E) LOGIC_FORM(name, F, 1, E) LOGIC_FORM(name, F, 2, E)
#define LOGIC(name, E)                                                                                                 \
  LOGIC_LENGTHS(name, I, E)                                                                                            \
  LOGIC_LENGTHS(name, R, E)                                                                                            \
  LOGIC_LENGTHS(name, L, E)                                                                                            \
  LOGIC_LENGTHS(name, S, E) LOGIC_LENGTHS(name, A, E) LOGIC_LENGTHS(name, O, E) LOGIC_LENGTHS(name, X, E)

LOGIC(AND, a &b)
LOGIC(BIC, a & ~b)
LOGIC(ORR, a | b)
LOGIC(ORN, a | ~b)
LOGIC(EOR, a ^ b)
LOGIC(MOV, b)
LOGIC(MVN, ~b)

#define TEST_FORM(name, F, LENGTH, E)                                                                                  \
  OP(name##_##F##_##LENGTH)                                                                                            \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    C_##F;                                                                                                             \
    SET_NZ(E);                                                                                                         \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define TEST_LENGTHS(name, F, E) TEST_FORM(name, F, 1, E) TEST_FORM(name, F, 2, E)
#define TEST(name, E)                                                                                                  \
  TEST_LENGTHS(name, I, E)                                                                                             \
  TEST_LENGTHS(name, R, E)                                                                                             \
  TEST_LENGTHS(name, L, E)                                                                                             \
  TEST_LENGTHS(name, S, E) TEST_LENGTHS(name, A, E) TEST_LENGTHS(name, O, E) TEST_LENGTHS(name, X, E)

TEST(TST, a &b)
TEST(TEQ, a ^ b)

/* ---- arithmetic: x + y + carry_in decides all flags; without flags the plain expression does ---- */
#define FLAGS_ADD(x, y)                                                                                                \
  uint32_t v = (x) + (y);                                                                                              \
  cf = v < (x);                                                                                                        \
  vf = (v ^ (x)) & (v ^ (y));                                                                                          \
  SET_NZ(v)
#define FLAGS_SUB(x, y)                                                                                                \
  uint32_t v = (x) - (y);                                                                                              \
  cf = (x) >= (y);                                                                                                     \
  vf = ((x) ^ (y)) & ((x) ^ v);                                                                                        \
  SET_NZ(v)
#define FLAGS_ADC(x, y)                                                                                                \
  uint64_t wide = (uint64_t)(x) + (y) + cf;                                                                            \
  uint32_t v = (uint32_t)wide;                                                                                         \
  cf = (uint32_t)(wide >> 32);                                                                                         \
  vf = (v ^ (x)) & (v ^ (y));                                                                                          \
  SET_NZ(v)

#define ARITH_FORM(name, F, LENGTH, PLAIN, FLAGS)                                                                      \
  OP(name##_##F##0_##LENGTH)                                                                                           \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    R(rd) = (PLAIN);                                                                                                   \
    NEXT(LENGTH, 1);                                                                                                   \
  }                                                                                                                    \
  OP(name##_##F##1_##LENGTH)                                                                                           \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    FLAGS;                                                                                                             \
    R(rd) = v;                                                                                                         \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define ARITH_LENGTHS(name, F, PLAIN, FLAGS) ARITH_FORM(name, F, 1, PLAIN, FLAGS) ARITH_FORM(name, F, 2, PLAIN, FLAGS)
#define ARITH(name, PLAIN, FLAGS)                                                                                      \
  ARITH_LENGTHS(name, I, PLAIN, FLAGS)                                                                                 \
  ARITH_LENGTHS(name, R, PLAIN, FLAGS)                                                                                 \
  ARITH_LENGTHS(name, L, PLAIN, FLAGS)                                                                                 \
  ARITH_LENGTHS(name, S, PLAIN, FLAGS)                                                                                 \
  ARITH_LENGTHS(name, A, PLAIN, FLAGS) ARITH_LENGTHS(name, O, PLAIN, FLAGS) ARITH_LENGTHS(name, X, PLAIN, FLAGS)

ARITH(ADD, a + b, FLAGS_ADD(a, b))
ARITH(ADC, a + b + cf, FLAGS_ADC(a, b))
ARITH(SUB, a - b, FLAGS_SUB(a, b))
ARITH(SBC, a - b - (1u - cf), FLAGS_ADC(a, ~b))
ARITH(RSB, b - a, FLAGS_SUB(b, a))

#define COMPARE_FORM(name, F, LENGTH, FLAGS)                                                                           \
  OP(name##_##F##_##LENGTH)                                                                                            \
  {                                                                                                                    \
    B_##F;                                                                                                             \
    uint32_t a = R(rn);                                                                                                \
    FLAGS;                                                                                                             \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define COMPARE_LENGTHS(name, F, FLAGS) COMPARE_FORM(name, F, 1, FLAGS) COMPARE_FORM(name, F, 2, FLAGS)
#define COMPARE(name, FLAGS)                                                                                           \
  COMPARE_LENGTHS(name, I, FLAGS)                                                                                      \
  COMPARE_LENGTHS(name, R, FLAGS)                                                                                      \
  COMPARE_LENGTHS(name, L, FLAGS)                                                                                      \
  COMPARE_LENGTHS(name, S, FLAGS)                                                                                      \
  COMPARE_LENGTHS(name, A, FLAGS) COMPARE_LENGTHS(name, O, FLAGS) COMPARE_LENGTHS(name, X, FLAGS)

COMPARE(CMP, FLAGS_SUB(a, b))
COMPARE(CMN, FLAGS_ADD(a, b))

/* ---- shifts by the low byte of a register; by zero nothing changes, carry included ---- */
static inline uint32_t shift_lsl(uint32_t v, uint32_t n, uint32_t *carry)
{
  uint64_t wide = n > 32 ? 0 : (uint64_t)v << n;
  if (n) {
    *carry = (uint32_t)(wide >> 32) & 1u;
  }
  return (uint32_t)wide;
}
static inline uint32_t shift_lsr(uint32_t v, uint32_t n, uint32_t *carry)
{
  if (n) {
    *carry = n > 32 ? 0 : (uint32_t)((uint64_t)v >> (n - 1)) & 1u;
  }
  return n > 31 ? 0 : v >> n;
}
static inline uint32_t shift_asr(uint32_t v, uint32_t n, uint32_t *carry)
{
  uint32_t m = n > 32 ? 32 : n;
  int64_t wide = (int32_t)v;
  if (n) {
    *carry = (uint32_t)(wide >> (m - 1)) & 1u;
  }
  return (uint32_t)(wide >> m);
}
static inline uint32_t shift_ror(uint32_t v, uint32_t n, uint32_t *carry)
{
  uint32_t r = ror32(v, n);
  if (n) {
    *carry = r >> 31;
  }
  return r;
}

#define SHIFT_LENGTH(name, LENGTH, FUNCTION)                                                                           \
  OP(name##0_##LENGTH)                                                                                                 \
  {                                                                                                                    \
    uint32_t carry = 0;                                                                                                \
    R(rd) = FUNCTION(R(rn), R(rm) & 0xffu, &carry);                                                                    \
    NEXT(LENGTH, 1);                                                                                                   \
  }                                                                                                                    \
  OP(name##1_##LENGTH)                                                                                                 \
  {                                                                                                                    \
    uint32_t carry = cf;                                                                                               \
    uint32_t v = FUNCTION(R(rn), R(rm) & 0xffu, &carry);                                                               \
    cf = carry;                                                                                                        \
    SET_NZ(v);                                                                                                         \
    R(rd) = v;                                                                                                         \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define SHIFT(name, FUNCTION) SHIFT_LENGTH(name, 1, FUNCTION) SHIFT_LENGTH(name, 2, FUNCTION)
SHIFT(LSLV, shift_lsl)
SHIFT(LSRV, shift_lsr)
SHIFT(ASRV, shift_asr)
SHIFT(RORV, shift_ror)
