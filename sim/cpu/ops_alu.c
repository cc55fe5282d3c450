/* Single-register operations, bit fields, extension, multiplication, division, and what writes the stack pointer. */
#include "sim/cpu/engine.h"

#define UNARY(name, LENGTH, E)                                                                                         \
  OP(name)                                                                                                             \
  {                                                                                                                    \
    uint32_t m = R(rm);                                                                                                \
    R(rd) = (E);                                                                                                       \
    NEXT(LENGTH, 1);                                                                                                   \
  }
#define UNARY_BOTH(name, E) UNARY(name##_1, 1, E) UNARY(name##_2, 2, E)

/* x: rotation before the extension */
#define ROTATED ror32(m, d->x)
UNARY_BOTH(SXTB, sign8(ROTATED))
UNARY_BOTH(SXTH, sign16(ROTATED))
UNARY_BOTH(UXTB, ROTATED & 0xffu)
UNARY_BOTH(UXTH, ROTATED & 0xffffu)
UNARY(SXTAB, 2, R(rn) + sign8(ROTATED))
UNARY(SXTAH, 2, R(rn) + sign16(ROTATED))
UNARY(UXTAB, 2, R(rn) + (ROTATED & 0xffu))
UNARY(UXTAH, 2, R(rn) + (ROTATED & 0xffffu))

static inline uint32_t reverse_bits(uint32_t v)
{
  v = (v >> 1 & 0x55555555u) | (v & 0x55555555u) << 1;
  v = (v >> 2 & 0x33333333u) | (v & 0x33333333u) << 2;
  v = (v >> 4 & 0x0f0f0f0fu) | (v & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(v);
}
UNARY_BOTH(REV, __builtin_bswap32(m))
UNARY_BOTH(REV16, (m >> 8 & 0x00ff00ffu) | (m & 0x00ff00ffu) << 8)
UNARY_BOTH(REVSH, sign16(__builtin_bswap16((uint16_t)m)))
UNARY(RBIT, 2, reverse_bits(m))
UNARY(CLZ, 2, m ? (uint32_t)__builtin_clz(m) : 32u)

OP(NOP_1)
{
  NEXT(1, 1);
}
OP(NOP_2)
{
  NEXT(2, 1);
}

OP(MOVT)
{
  R(rd) = (R(rd) & 0xffffu) | d->imm << 16;
  NEXT(2, 1);
}
/* imm: mask of the field's width; x: position */
OP(UBFX)
{
  R(rd) = R(rn) >> d->x & d->imm;
  NEXT(2, 1);
}
OP(SBFX)
{
  uint32_t top = d->imm ^ d->imm >> 1; /* sign bit of the field */
  uint32_t v = R(rn) >> d->x & d->imm;
  R(rd) = (v ^ top) - top;
  NEXT(2, 1);
}
OP(BFI)
{
  R(rd) = (R(rd) & ~(d->imm << d->x)) | (R(rn) & d->imm) << d->x;
  NEXT(2, 1);
}
OP(BFC)
{
  R(rd) &= ~(d->imm << d->x);
  NEXT(2, 1);
}

/* ---- the stack pointer is a multiple of four: writes drop two bits ---- */
OP(ADD_SP)
{
  c->s.r[13] = (c->s.r[13] + d->imm) & ~3u;
  NEXT(1, 1);
}
OP(MOV_SP)
{
  c->s.r[13] = R(rm) & ~3u;
  NEXT(1, 1);
}
/* Any other data-processing operation whose destination is SP: `aux` is the operation to do on rd = 13, run here with a
 * shadow register so that the two bits can be dropped. Only plain forms exist (the flags are not set). */
OP(SP_DP)
{
  uint32_t b = d->imm, a = R(rn);
  if (d->aux & SP_DP_REGISTER) {
    uint32_t m = R(rm);
    switch (d->aux & SP_DP_SHIFT) {
    case 0:
      b = m;
      break;
    case 1:
      b = (uint32_t)((uint64_t)m << d->x);
      break;
    case 2:
      b = (uint32_t)((uint64_t)m >> d->x);
      break;
    case 3:
      b = (uint32_t)((int64_t)(int32_t)m >> d->x);
      break;
    case 4:
      b = ror32(m, d->x);
      break;
    default:
      b = m >> 1 | cf << 31;
      break;
    }
  }
  uint32_t v;
  switch (d->aux >> 8) {
  case 0:
    v = a & b;
    break;
  case 1:
    v = a & ~b;
    break;
  case 2:
    v = a | b;
    break;
  case 3:
    v = a | ~b;
    break;
  case 4:
    v = a ^ b;
    break;
  case 5:
    v = b;
    break;
  case 6:
    v = ~b;
    break;
  case 7:
    v = a + b;
    break;
  case 8:
    v = a + b + cf;
    break;
  case 9:
    v = a - b - (1u - cf);
    break;
  case 10:
    v = a - b;
    break;
  default:
    v = b - a;
    break;
  }
  c->s.r[13] = v & ~3u;
  NEXT(LEN(d), 1);
}

/* ---- multiplication; x: accumulator or low half of the result ---- */
OP(MUL_1)
{
  R(rd) = R(rn) * R(rm);
  NEXT(1, 1);
}
OP(MULS_1)
{
  uint32_t v = R(rn) * R(rm);
  SET_NZ(v);
  R(rd) = v;
  NEXT(1, 1);
}
OP(MUL_2)
{
  R(rd) = R(rn) * R(rm);
  NEXT(2, 1);
}
OP(MLA)
{
  R(rd) = R(rn) * R(rm) + R(x);
  NEXT(2, 2);
}
OP(MLS)
{
  R(rd) = R(x) - R(rn) * R(rm);
  NEXT(2, 2);
}
#define LONG_RESULT(v)                                                                                                 \
  do {                                                                                                                 \
    R(x) = (uint32_t)(v);                                                                                              \
    R(rd) = (uint32_t)((v) >> 32);                                                                                     \
    NEXT(2, 1);                                                                                                        \
  } while (0)
#define LONG_ACC ((uint64_t)R(rd) << 32 | R(x))
OP(UMULL)
{
  uint64_t v = (uint64_t)R(rn) * R(rm);
  LONG_RESULT(v);
}
OP(SMULL)
{
  uint64_t v = (uint64_t)((int64_t)(int32_t)R(rn) * (int32_t)R(rm));
  LONG_RESULT(v);
}
OP(UMLAL)
{
  uint64_t v = (uint64_t)R(rn) * R(rm) + LONG_ACC;
  LONG_RESULT(v);
}
OP(SMLAL)
{
  uint64_t v = (uint64_t)((int64_t)(int32_t)R(rn) * (int32_t)R(rm)) + LONG_ACC;
  LONG_RESULT(v);
}
OP(UMAAL)
{
  uint64_t v = (uint64_t)R(rn) * R(rm) + R(rd) + R(x);
  LONG_RESULT(v);
}

/* ---- division: 2 to 12 cycles, by the difference in leading zeros ---- */
static inline int64_t divide_cost(uint32_t n, uint32_t m)
{
  int bits = (m ? __builtin_clz(m) : 32) - (n ? __builtin_clz(n) : 32);
  int64_t cycles = 2 + (bits > 0 ? bits / 3 : 0);
  return COST(cycles > 12 ? 12 : cycles);
}
#define DIVIDE_TRAP 0x10u /* CCR.DIV_0_TRP */
#define DIVIDE_NEXT(n, m)                                                                                              \
  do {                                                                                                                 \
    t -= divide_cost(n, m) - COST(1);                                                                                  \
    NEXT(2, 1);                                                                                                        \
  } while (0)
OP(UDIV)
{
  uint32_t n = R(rn), m = R(rm);
  if (UNLIKELY(m == 0 && (c->s.ccr & DIVIDE_TRAP))) {
    FAULT(FAULT_DIVIDE);
  }
  R(rd) = m ? n / m : 0;
  DIVIDE_NEXT(n, m);
}
OP(SDIV)
{
  uint32_t n = R(rn), m = R(rm);
  if (UNLIKELY(m == 0 && (c->s.ccr & DIVIDE_TRAP))) {
    FAULT(FAULT_DIVIDE);
  }
  if (m == 0) {
    R(rd) = 0;
  } else if (m == 0xffffffffu) {
    R(rd) = 0u - n; /* the one quotient that overflows stays as it is */
  } else {
    R(rd) = (uint32_t)((int32_t)n / (int32_t)m);
  }
  DIVIDE_NEXT((int32_t)n < 0 ? 0u - n : n, (int32_t)m < 0 ? 0u - m : m);
}

/* The rest of the DSP extension: one operation that takes the instruction apart. */
OP(DSP)
{
  core_dsp(c, d->aux);
  NEXT(2, 1);
}
