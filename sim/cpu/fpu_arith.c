/* See fpu_arith.h. */
#include "sim/cpu/fpu_arith.h"

#define DEFAULT_NAN 0x7fc00000u
#define QUIET       0x00400000u
#define INFINITY_   0x7f800000u

enum kind { ZERO, FINITE, INF, QNAN, SNAN };

/* A finite number is (-1)^sign * mantissa / 2^62 * 2^exponent with bit 62 of the mantissa set. The lowest bit of a
 * mantissa also stands for everything below it ("sticky"), which is all that rounding needs to know. */
struct fp {
  enum kind kind;
  bool sign;
  int exponent;
  uint64_t mantissa;
  uint32_t bits; /* as it came, for NaNs */
};
#define TOP 62

static uint64_t shift_right_sticky(uint64_t v, unsigned n)
{
  if (n == 0) {
    return v;
  }
  if (n > 63) {
    return v != 0;
  }
  return v >> n | ((v & (((uint64_t)1 << n) - 1)) != 0);
}

static void normalize(struct fp *f)
{
  int shift = __builtin_clzll(f->mantissa) - (63 - TOP);
  if (shift >= 0) {
    f->mantissa <<= shift;
  } else {
    f->mantissa = shift_right_sticky(f->mantissa, (unsigned)-shift);
  }
  f->exponent -= shift;
}

static struct fp unpack(uint32_t *fpscr, uint32_t bits)
{
  struct fp f = {.kind = FINITE, .sign = bits >> 31, .bits = bits};
  uint32_t e = bits >> 23 & 0xffu, m = bits & 0x7fffffu;
  if (e == 0xff) {
    f.kind = m == 0 ? INF : m & QUIET ? QNAN : SNAN;
  } else if (e == 0 && m == 0) {
    f.kind = ZERO;
  } else if (e == 0) {
    if (*fpscr & FPSCR_FZ) {
      *fpscr |= FPSCR_IDC;
      f.kind = ZERO;
    } else {
      f.exponent = -126;
      f.mantissa = (uint64_t)m << (TOP - 23);
      normalize(&f);
    }
  } else {
    f.exponent = (int)e - 127;
    f.mantissa = (uint64_t)(m | 0x800000u) << (TOP - 23);
  }
  return f;
}

static bool is_nan(const struct fp *f)
{
  return f->kind >= QNAN;
}

static uint32_t invalid(uint32_t *fpscr)
{
  *fpscr |= FPSCR_IOC;
  return DEFAULT_NAN;
}

static uint32_t process_nan(uint32_t *fpscr, const struct fp *f)
{
  if (f->kind == SNAN) {
    *fpscr |= FPSCR_IOC;
  }
  return *fpscr & FPSCR_DN ? DEFAULT_NAN : f->bits | QUIET;
}

/* The NaN that counts: signalling ones first, in the order of the operands. */
static bool any_nan(uint32_t *fpscr, const struct fp *const *operand, unsigned count, uint32_t *result)
{
  for (enum kind wanted = SNAN; wanted >= QNAN; wanted--) {
    for (unsigned i = 0; i < count; i++) {
      if (operand[i]->kind == wanted) {
        *result = process_nan(fpscr, operand[i]);
        return true;
      }
    }
  }
  return false;
}

static bool round_up(unsigned mode, bool sign, bool odd, uint64_t rest, uint64_t half)
{
  switch (mode) {
  case 0:
    return rest > half || (rest == half && odd);
  case 1:
    return rest != 0 && !sign;
  case 2:
    return rest != 0 && sign;
  default:
    return false;
  }
}

static unsigned mode_of(uint32_t fpscr)
{
  return (fpscr & FPSCR_RM) >> 22;
}

static bool overflows_to_infinity(unsigned mode, bool sign)
{
  return mode == 0 || (mode == 1 && !sign) || (mode == 2 && sign);
}

/* Round to a format of `fraction` bits of mantissa and exponents from `min` (biased 1). Returns biased exponent and
 * fraction together; the caller adds the sign and looks after what overflowed. */
static uint32_t round_to(uint32_t *fpscr, const struct fp *f, unsigned mode, unsigned fraction, int min, bool *inexact)
{
  int biased = f->exponent - min + 1;
  uint64_t m = f->mantissa;
  if (biased <= 0) {
    m = shift_right_sticky(m, (unsigned)(1 - biased));
    biased = 0;
  }
  unsigned drop = TOP - fraction;
  uint64_t rest = m & (((uint64_t)1 << drop) - 1), kept = m >> drop;
  *inexact = rest != 0;
  if (biased == 0 && *inexact) {
    *fpscr |= FPSCR_UFC; /* tiny before rounding */
  }
  kept += round_up(mode, f->sign, kept & 1u, rest, (uint64_t)1 << (drop - 1));
  /* the hidden bit adds one to the exponent, and so does a carry out of the fraction */
  return (uint32_t)(((uint64_t)(biased > 0 ? biased - 1 : 0) << fraction) + kept);
}

static uint32_t pack_mode(uint32_t *fpscr, const struct fp *f, unsigned mode)
{
  uint32_t sign = (uint32_t)f->sign << 31;
  if (f->exponent < -126 && (*fpscr & FPSCR_FZ)) {
    *fpscr |= FPSCR_UFC;
    return sign;
  }
  bool inexact;
  uint32_t v = f->exponent > 200 ? INFINITY_ : round_to(fpscr, f, mode, 23, -126, &inexact);
  if (v >= INFINITY_) {
    *fpscr |= FPSCR_OFC | FPSCR_IXC;
    return sign | (overflows_to_infinity(mode, f->sign) ? INFINITY_ : INFINITY_ - 1);
  }
  if (inexact) {
    *fpscr |= FPSCR_IXC;
  }
  return sign | v;
}

static uint32_t pack(uint32_t *fpscr, const struct fp *f)
{
  return pack_mode(fpscr, f, mode_of(*fpscr));
}

/* Zero as the sum of opposite values is positive, except when rounding down. */
static uint32_t cancelled(uint32_t fpscr)
{
  return mode_of(fpscr) == 2 ? 0x80000000u : 0;
}

uint32_t fp_add(uint32_t *fpscr, uint32_t a_bits, uint32_t b_bits)
{
  struct fp a = unpack(fpscr, a_bits), b = unpack(fpscr, b_bits);
  const struct fp *const both[] = {&a, &b};
  uint32_t nan;
  if (any_nan(fpscr, both, 2, &nan)) {
    return nan;
  }
  if (a.kind == INF || b.kind == INF) {
    if (a.kind == b.kind && a.sign != b.sign) {
      return invalid(fpscr);
    }
    return a.kind == INF ? a_bits : b_bits;
  }
  if (a.kind == ZERO && b.kind == ZERO) {
    return a.sign == b.sign ? (uint32_t)a.sign << 31 : cancelled(*fpscr);
  }
  if (a.kind == ZERO || b.kind == ZERO) {
    return pack(fpscr, a.kind == ZERO ? &b : &a);
  }
  if (a.exponent < b.exponent) {
    struct fp t = a;
    a = b;
    b = t;
  }
  uint64_t other = shift_right_sticky(b.mantissa, (unsigned)(a.exponent - b.exponent));
  if (a.sign == b.sign) {
    a.mantissa += other;
  } else if (a.mantissa > other) {
    a.mantissa -= other;
  } else if (a.mantissa < other) {
    a.mantissa = other - a.mantissa;
    a.sign = b.sign;
  } else {
    return cancelled(*fpscr);
  }
  normalize(&a);
  return pack(fpscr, &a);
}

uint32_t fp_sub(uint32_t *fpscr, uint32_t a, uint32_t b)
{
  bool nan = (b & 0x7fffffffu) > INFINITY_; /* keeps its sign */
  return fp_add(fpscr, a, nan ? b : fp_neg(b));
}

uint32_t fp_mul(uint32_t *fpscr, uint32_t a_bits, uint32_t b_bits)
{
  struct fp a = unpack(fpscr, a_bits), b = unpack(fpscr, b_bits);
  const struct fp *const both[] = {&a, &b};
  uint32_t nan, sign = (uint32_t)(a.sign != b.sign) << 31;
  if (any_nan(fpscr, both, 2, &nan)) {
    return nan;
  }
  if ((a.kind == INF && b.kind == ZERO) || (a.kind == ZERO && b.kind == INF)) {
    return invalid(fpscr);
  }
  if (a.kind == INF || b.kind == INF) {
    return sign | INFINITY_;
  }
  if (a.kind == ZERO || b.kind == ZERO) {
    return sign;
  }
  a.sign = sign != 0;
  a.exponent += b.exponent;
  a.mantissa = (a.mantissa >> (TOP - 31)) * (b.mantissa >> (TOP - 31)); /* 24 significant bits each: exact */
  normalize(&a);
  return pack(fpscr, &a);
}

uint32_t fp_div(uint32_t *fpscr, uint32_t a_bits, uint32_t b_bits)
{
  struct fp a = unpack(fpscr, a_bits), b = unpack(fpscr, b_bits);
  const struct fp *const both[] = {&a, &b};
  uint32_t nan, sign = (uint32_t)(a.sign != b.sign) << 31;
  if (any_nan(fpscr, both, 2, &nan)) {
    return nan;
  }
  if (a.kind == b.kind && (a.kind == INF || a.kind == ZERO)) {
    return invalid(fpscr);
  }
  if (a.kind == INF || b.kind == ZERO) {
    if (a.kind != INF) {
      *fpscr |= FPSCR_DZC;
    }
    return sign | INFINITY_;
  }
  if (a.kind == ZERO || b.kind == INF) {
    return sign;
  }
  uint64_t divisor = b.mantissa >> (TOP - 23), quotient = a.mantissa / divisor;
  a.sign = sign != 0;
  a.exponent -= b.exponent;
  a.mantissa = (quotient | (a.mantissa % divisor != 0)) << 23;
  normalize(&a);
  return pack(fpscr, &a);
}

uint32_t fp_sqrt(uint32_t *fpscr, uint32_t bits)
{
  struct fp a = unpack(fpscr, bits);
  if (is_nan(&a)) {
    return process_nan(fpscr, &a);
  }
  if (a.kind == ZERO) {
    return (uint32_t)a.sign << 31;
  }
  if (a.sign) {
    return invalid(fpscr);
  }
  if (a.kind == INF) {
    return bits;
  }
  /* mantissa * 2^exponent with an even exponent; the root of 62 + 0 or 1 bits has 31 or 32, more than enough */
  uint64_t v = a.exponent & 1 ? a.mantissa << 1 : a.mantissa;
  int exponent = (a.exponent - (a.exponent & 1)) / 2;
  uint64_t root = 0, rest = 0;
  for (int i = 31; i >= 0; i--) {
    rest = rest << 2 | (v >> 2 * i & 3u);
    uint64_t trial = root << 2 | 1u;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1u;
    }
  }
  a.exponent = exponent;
  a.mantissa = (root << 31) | (rest != 0);
  normalize(&a);
  return pack(fpscr, &a);
}

typedef unsigned __int128 uint128;

static uint128 shift_right_sticky128(uint128 v, unsigned n)
{
  if (n > 127) {
    return v != 0;
  }
  return n == 0 ? v : v >> n | ((v & (((uint128)1 << n) - 1)) != 0);
}

/* Sum of a finite product (mantissa of 128 bits, top bit 2 * TOP or one more) and a finite addend. */
static uint32_t fused_sum(uint32_t *fpscr, bool sign, int exponent, uint128 product, const struct fp *addend)
{
  uint128 other = (uint128)addend->mantissa << TOP;
  int top = exponent;
  if (exponent >= addend->exponent) {
    other = shift_right_sticky128(other, (unsigned)(exponent - addend->exponent));
  } else {
    product = shift_right_sticky128(product, (unsigned)(addend->exponent - exponent));
    top = addend->exponent;
  }
  uint128 sum;
  if (sign == addend->sign) {
    sum = product + other;
  } else if (product > other) {
    sum = product - other;
  } else if (product < other) {
    sum = other - product;
    sign = addend->sign;
  } else {
    return cancelled(*fpscr);
  }
  uint64_t high = (uint64_t)(sum >> 64);
  unsigned leading = high ? (unsigned)__builtin_clzll(high) : 64 + (unsigned)__builtin_clzll((uint64_t)sum);
  sum <<= leading; /* top bit is now 127 */
  struct fp r = {.kind = FINITE, .sign = sign, .exponent = top + (127 - 2 * TOP) - (int)leading};
  r.mantissa = (uint64_t)shift_right_sticky128(sum, 127 - TOP);
  return pack(fpscr, &r);
}

uint32_t fp_fma(uint32_t *fpscr, uint32_t c_bits, uint32_t a_bits, uint32_t b_bits)
{
  struct fp c = unpack(fpscr, c_bits), a = unpack(fpscr, a_bits), b = unpack(fpscr, b_bits);
  const struct fp *const all[] = {&c, &a, &b};
  bool bad = (a.kind == INF && b.kind == ZERO) || (a.kind == ZERO && b.kind == INF), sign = a.sign != b.sign;
  uint32_t nan;
  if (c.kind == QNAN && bad) {
    return invalid(fpscr);
  }
  if (any_nan(fpscr, all, 3, &nan)) {
    return nan;
  }
  bool infinite = a.kind == INF || b.kind == INF, zero = a.kind == ZERO || b.kind == ZERO;
  if (bad || (infinite && c.kind == INF && c.sign != sign)) {
    return invalid(fpscr);
  }
  if (infinite || c.kind == INF) {
    return (uint32_t)(infinite ? sign : c.sign) << 31 | INFINITY_;
  }
  if (zero && c.kind == ZERO) {
    return c.sign == sign ? (uint32_t)sign << 31 : cancelled(*fpscr);
  }
  if (zero) {
    return pack(fpscr, &c);
  }
  uint128 product = (uint128)a.mantissa * b.mantissa;
  int exponent = a.exponent + b.exponent;
  if (c.kind == ZERO) {
    c.mantissa = 0;
    c.exponent = exponent;
    c.sign = sign;
  }
  return fused_sum(fpscr, sign, exponent, product, &c);
}

uint32_t fp_compare(uint32_t *fpscr, uint32_t a_bits, uint32_t b_bits, bool signal)
{
  struct fp a = unpack(fpscr, a_bits), b = unpack(fpscr, b_bits);
  if (is_nan(&a) || is_nan(&b)) {
    if (signal || a.kind == SNAN || b.kind == SNAN) {
      *fpscr |= FPSCR_IOC;
    }
    return 0x30000000u;
  }
  int64_t x = a.kind == ZERO ? 0 : (int64_t)(a_bits & 0x7fffffffu),
          y = b.kind == ZERO ? 0 : (int64_t)(b_bits & 0x7fffffffu);
  x = a.sign ? -x : x;
  y = b.sign ? -y : y;
  return x == y ? 0x60000000u : x < y ? 0x80000000u : 0x20000000u;
}

/* ---- integers ---- */
uint32_t fp_to_fixed(uint32_t *fpscr, uint32_t a_bits, unsigned width, unsigned fraction, bool is_unsigned,
                     bool to_zero)
{
  struct fp a = unpack(fpscr, a_bits);
  int64_t max = is_unsigned ? ((int64_t)1 << width) - 1 : ((int64_t)1 << (width - 1)) - 1;
  int64_t min = is_unsigned ? 0 : -max - 1, v = 0;
  bool inexact = false;
  if (is_nan(&a)) {
    *fpscr |= FPSCR_IOC;
    return 0;
  }
  if (a.kind == ZERO) {
    return 0;
  }
  int exponent = a.exponent + (int)fraction;
  if (a.kind == INF || exponent > 40) {
    v = a.sign ? INT64_MIN : INT64_MAX;
  } else {
    /* TOP - exponent bits are behind the point; keep one bit in front of the sticky one in any case */
    unsigned drop = (unsigned)(TOP - exponent);
    uint64_t m = a.mantissa;
    if (drop > TOP) {
      m = shift_right_sticky(m, drop - TOP);
      drop = TOP;
    }
    uint64_t rest = m & (((uint64_t)1 << drop) - 1), kept = m >> drop;
    inexact = rest != 0;
    kept += round_up(to_zero ? 3 : mode_of(*fpscr), a.sign, kept & 1u, rest, (uint64_t)1 << (drop - 1));
    v = a.sign ? -(int64_t)kept : (int64_t)kept;
  }
  if (v > max || v < min) {
    *fpscr |= FPSCR_IOC;
    v = v > max ? max : min;
  } else if (inexact) {
    *fpscr |= FPSCR_IXC;
  }
  return (uint32_t)v;
}

uint32_t fp_from_fixed(uint32_t *fpscr, uint32_t v, unsigned width, unsigned fraction, bool is_unsigned, bool nearest)
{
  int64_t value = width == 16   ? (is_unsigned ? (int64_t)(uint16_t)v : (int16_t)v)
                  : is_unsigned ? (int64_t)v
                                : (int32_t)v;
  if (value == 0) {
    return 0;
  }
  struct fp f = {.kind = FINITE, .sign = value < 0, .exponent = TOP - (int)fraction};
  f.mantissa = (uint64_t)(value < 0 ? -value : value);
  normalize(&f);
  return pack_mode(fpscr, &f, nearest ? 0 : mode_of(*fpscr));
}

/* ---- half precision ---- */
uint32_t fp_from_half(uint32_t *fpscr, uint16_t h)
{
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, e = h >> 10 & 31u, m = h & 0x3ffu;
  if (e == 31 && !(*fpscr & FPSCR_AHP)) {
    if (m == 0) {
      return sign | INFINITY_;
    }
    if (!(m & 0x200u)) {
      *fpscr |= FPSCR_IOC;
    }
    return *fpscr & FPSCR_DN ? DEFAULT_NAN : sign | INFINITY_ | QUIET | m << 13;
  }
  if (e == 0 && m == 0) {
    return sign;
  }
  struct fp f = {.kind = FINITE, .sign = sign != 0, .exponent = e ? (int)e - 15 : -14};
  f.mantissa = (uint64_t)(e ? m | 0x400u : m) << (TOP - 10);
  normalize(&f);
  return pack(fpscr, &f);
}

uint16_t fp_to_half(uint32_t *fpscr, uint32_t bits)
{
  struct fp a = unpack(fpscr, bits);
  bool alternative = *fpscr & FPSCR_AHP;
  uint32_t sign = (uint32_t)a.sign << 15;
  if (is_nan(&a)) {
    if (a.kind == SNAN || alternative) {
      *fpscr |= FPSCR_IOC;
    }
    if (alternative) {
      return (uint16_t)sign;
    }
    return (uint16_t)(*fpscr & FPSCR_DN ? 0x7e00u : sign | 0x7e00u | (bits >> 13 & 0x1ffu));
  }
  if (a.kind == ZERO) {
    return (uint16_t)sign;
  }
  bool inexact = false;
  uint32_t v = 0x10000u, limit = alternative ? 0x8000u : 0x7c00u;
  if (a.kind == INF) {
    if (!alternative) {
      return (uint16_t)(sign | 0x7c00u);
    }
    *fpscr |= FPSCR_IOC;
    return (uint16_t)(sign | 0x7fffu);
  }
  if (a.exponent < 100) {
    v = round_to(fpscr, &a, mode_of(*fpscr), 10, -14, &inexact);
  }
  if (v >= limit) {
    if (alternative) {
      *fpscr |= FPSCR_IOC;
      return (uint16_t)(sign | 0x7fffu);
    }
    *fpscr |= FPSCR_OFC | FPSCR_IXC;
    return (uint16_t)(sign | (overflows_to_infinity(mode_of(*fpscr), a.sign) ? 0x7c00u : 0x7bffu));
  }
  if (inexact) {
    *fpscr |= FPSCR_IXC;
  }
  return (uint16_t)(sign | v);
}
