/* The DSP extension and saturation: decoding (which encodings exist) and execution.
 *
 * These run through one operation, OP(DSP), that takes the instruction apart when it executes: the firmware's
 * cryptography does not use them in its inner loops (UMAAL, which it does use, has an operation of its own).
 */
#include "sim/cpu/ops.h"

/* ---- which encodings exist; registers 13 and 15 have been sorted out where they are never allowed ---- */

static bool bad(unsigned r)
{
  return r == 13 || r == 15;
}

static bool multiply_exists(uint32_t h, uint32_t l)
{
  uint32_t kind = h >> 4 & 7u, low = l >> 4 & 15u, ra = l >> 12;
  switch (kind) {
  case 1: /* SMLAxy, SMULxy */
    return low < 4;
  case 2: /* SMLAD, SMUAD */
  case 3: /* SMLAWy, SMULWy */
  case 4: /* SMLSD, SMUSD */
  case 5: /* SMMLA, SMMUL */
    return low < 2;
  case 6: /* SMMLS */
    return low < 2 && ra != 15;
  case 7: /* USADA8, USAD8 */
    return low == 0;
  default:
    return false;
  }
}

static bool parallel_exists(uint32_t h, uint32_t l)
{
  uint32_t op = h >> 4 & 7u, kind = l >> 4 & 15u;
  if (kind < 8) { /* prefix S Q SH . U UQ UH . ; operation ADD8 ADD16 ASX . SUB8 SUB16 SAX . */
    return kind != 3 && kind != 7 && op != 3 && op != 7;
  }
  if (op == 0) {
    return kind < 12; /* QADD, QDADD, QSUB, QDSUB */
  }
  return op == 2 && kind == 8; /* SEL */
}

bool core_decode_dsp(struct insn *d, uint16_t h1, uint16_t h2)
{
  uint32_t h = h1, l = h2, rn = h & 15u, rd = l >> 8 & 15u, rm = l & 15u;
  bool ok = false;
  if ((h & 0xfff0u) == 0xeac0u) { /* PKHBT, PKHTB */
    ok = !(l & 0x8010u) && !bad(rn) && !bad(rd) && !bad(rm);
  } else if ((h & 0xff50u) == 0xf300u) { /* SSAT, SSAT16, USAT, USAT16 */
    bool sixteen = (h & 0x20u) && (l & 0x70c0u) == 0;
    ok = !(l & 0x8020u) && !bad(rn) && !bad(rd) && (!sixteen || !(l & 0x10u));
  } else if ((h & 0xff80u) == 0xfa00u) { /* SXTB16, SXTAB16 and unsigned */
    ok = (h >> 4 & 7u) == 2 || (h >> 4 & 7u) == 3;
  } else if ((h & 0xff80u) == 0xfa80u) {
    ok = parallel_exists(h, l);
  } else if ((h & 0xff80u) == 0xfb00u) {
    ok = multiply_exists(h, l);
  } else if ((h & 0xff80u) == 0xfb80u) { /* SMLALxy, SMLALD, SMLSLD */
    uint32_t kind = h >> 4 & 7u, low = l >> 4 & 15u;
    ok = (kind == 4 && (low >> 2 == 2 || low >> 1 == 6)) || (kind == 5 && low >> 1 == 6);
  }
  d->aux = (uint32_t)h1 << 16 | h2;
  d->op = ok ? OP_DSP : OP_UNDEFINED;
  return ok;
}

/* ---- execution ---- */

static int64_t clamp(int64_t v, int64_t low, int64_t high, bool *saturated)
{
  *saturated |= v < low || v > high;
  return v < low ? low : v > high ? high : v;
}
static int64_t signed_max(unsigned bits)
{
  return ((int64_t)1 << (bits - 1)) - 1;
}
static int64_t saturate_signed(int64_t v, unsigned bits, bool *saturated)
{
  return clamp(v, -signed_max(bits) - 1, signed_max(bits), saturated);
}
static int64_t saturate_unsigned(int64_t v, unsigned bits, bool *saturated)
{
  return clamp(v, 0, ((int64_t)1 << bits) - 1, saturated);
}

static int32_t half(uint32_t v, bool top)
{
  return (int16_t)(top ? v >> 16 : v);
}

static uint32_t saturate(struct cpu *c, uint32_t h, uint32_t l)
{
  uint32_t v = c->s.r[h & 15u];
  bool is_unsigned = h & 0x80u, q = false;
  unsigned shift = (l >> 12 & 7u) << 2 | (l >> 6 & 3u);
  unsigned bits = (l & 31u) + (is_unsigned ? 0 : 1);
  int64_t (*f)(int64_t, unsigned, bool *) = is_unsigned ? saturate_unsigned : saturate_signed;
  uint32_t result;
  if ((h & 0x20u) && shift == 0) { /* two halves */
    result = (uint32_t)f(half(v, false), bits, &q) & 0xffffu;
    result |= (uint32_t)f(half(v, true), bits, &q) << 16;
  } else {
    int32_t shifted = h & 0x20u ? (int32_t)v >> shift : (int32_t)(v << shift);
    result = (uint32_t)f(shifted, bits, &q);
  }
  c->s.q |= q;
  return result;
}

/* Parallel addition and subtraction of 4 bytes or 2 halfwords. */
static uint32_t parallel(struct cpu *c, uint32_t op, uint32_t kind, uint32_t n, uint32_t m)
{
  bool bytes = (op & 3u) == 0, is_unsigned = kind & 4u, exchange = (op & 3u) == 2, unused = false;
  unsigned lanes = bytes ? 4 : 2, width = bytes ? 8 : 16;
  uint32_t mask = (1u << width) - 1, result = 0, ge = 0;
  for (unsigned i = 0; i < lanes; i++) {
    unsigned j = exchange ? 1 - i : i;
    bool subtract = exchange ? (op == 2) == (i == 0) : op >= 4;
    uint32_t a = n >> i * width & mask, b = m >> j * width & mask;
    int32_t x = (int32_t)a, y = (int32_t)b;
    if (!is_unsigned) {
      x = bytes ? (int8_t)a : (int16_t)a;
      y = bytes ? (int8_t)b : (int16_t)b;
    }
    int64_t v = subtract ? x - y : x + y;
    bool flag = is_unsigned && !subtract ? v > (int64_t)mask : v >= 0;
    if (flag) {
      ge |= bytes ? 1u << i : 3u << 2 * i;
    }
    switch (kind & 3u) {
    case 1:
      v = is_unsigned ? saturate_unsigned(v, width, &unused) : saturate_signed(v, width, &unused);
      break;
    case 2:
      v >>= 1;
      break;
    default:
      break;
    }
    result |= ((uint32_t)v & mask) << i * width;
  }
  if ((kind & 3u) == 0) {
    c->s.ge = ge;
  }
  return result;
}

static uint32_t saturating_add(struct cpu *c, uint32_t kind, uint32_t n, uint32_t m)
{
  bool q = false;
  int64_t b = (int32_t)n;
  if (kind & 1u) {
    b = saturate_signed(b * 2, 32, &q);
  }
  int64_t v = saturate_signed(kind & 2u ? (int32_t)m - b : (int32_t)m + b, 32, &q);
  c->s.q |= q;
  return (uint32_t)v;
}

static uint32_t select_bytes(const struct cpu *c, uint32_t n, uint32_t m)
{
  uint32_t v = 0;
  for (unsigned i = 0; i < 4; i++) {
    v |= (c->s.ge >> i & 1u ? n : m) & 0xffu << 8 * i;
  }
  return v;
}

static uint32_t absolute_differences(uint32_t n, uint32_t m)
{
  uint32_t sum = 0;
  for (unsigned i = 0; i < 4; i++) {
    int x = (int)(n >> 8 * i & 0xffu), y = (int)(m >> 8 * i & 0xffu);
    sum += (uint32_t)(x > y ? x - y : y - x);
  }
  return sum;
}

/* Sum or difference of the two products of halfwords; swap: the halves of m change places. */
static int64_t dual_product(uint32_t n, uint32_t m, bool swap, bool subtract)
{
  uint32_t b = swap ? ror32(m, 16) : m;
  int64_t low = (int64_t)half(n, false) * half(b, false), high = (int64_t)half(n, true) * half(b, true);
  return subtract ? low - high : low + high;
}

static uint32_t multiply(struct cpu *c, uint32_t h, uint32_t l)
{
  uint32_t n = c->s.r[h & 15u], m = c->s.r[l & 15u], ra = l >> 12, kind = h >> 4 & 7u, low = l >> 4 & 15u;
  uint32_t acc = ra == 15 ? 0 : c->s.r[ra];
  int64_t v;
  switch (kind) {
  case 1:
    v = (int64_t)half(n, low & 2u) * half(m, low & 1u) + (int32_t)acc;
    break;
  case 2:
  case 4:
    v = dual_product(n, m, low & 1u, kind == 4) + (int32_t)acc;
    break;
  case 3:
    v = (((int64_t)(int32_t)n * half(m, low & 1u)) >> 16) + (int32_t)acc;
    break;
  case 5:
  case 6: {
    uint64_t product = (uint64_t)((int64_t)(int32_t)n * (int32_t)m), wide = (uint64_t)acc << 32;
    wide = kind == 5 ? wide + product : wide - product;
    return (uint32_t)((wide + (low & 1u ? 0x80000000u : 0)) >> 32);
  }
  default:
    return acc + absolute_differences(n, m);
  }
  if (v != (int32_t)v) {
    c->s.q = 1;
  }
  return (uint32_t)v;
}

static void multiply_long(struct cpu *c, uint32_t h, uint32_t l)
{
  uint32_t n = c->s.r[h & 15u], m = c->s.r[l & 15u], low = l >> 4 & 15u;
  uint32_t *lo = &c->s.r[l >> 12], *hi = &c->s.r[l >> 8 & 15u];
  uint64_t acc = (uint64_t)*hi << 32 | *lo;
  if (low >> 2 == 2) {
    acc += (uint64_t)((int64_t)half(n, low & 2u) * half(m, low & 1u));
  } else {
    acc += (uint64_t)dual_product(n, m, low & 1u, (h >> 4 & 7u) == 5);
  }
  *lo = (uint32_t)acc;
  *hi = (uint32_t)(acc >> 32);
}

static uint32_t extend_halves(const struct cpu *c, uint32_t h, uint32_t l)
{
  uint32_t m = ror32(c->s.r[l & 15u], (l >> 4 & 3u) * 8), a = (h & 15u) == 15 ? 0 : c->s.r[h & 15u];
  uint32_t low = m & 0xffu, high = m >> 16 & 0xffu;
  if ((h >> 4 & 7u) == 2) {
    low = sign8(low);
    high = sign8(high);
  }
  return ((a + low) & 0xffffu) | ((a >> 16) + high) << 16;
}

static uint32_t pack_halves(const struct cpu *c, uint32_t h, uint32_t l)
{
  uint32_t n = c->s.r[h & 15u], m = c->s.r[l & 15u], imm5 = (l >> 12 & 7u) << 2 | (l >> 6 & 3u);
  if (l & 0x20u) { /* TB: arithmetic right shift, 0 means 32 */
    uint32_t shifted = (uint32_t)((int64_t)(int32_t)m >> (imm5 ? imm5 : 32));
    return (n & 0xffff0000u) | (shifted & 0xffffu);
  }
  return ((m << imm5) & 0xffff0000u) | (n & 0xffffu);
}

void core_dsp(struct cpu *c, uint32_t op)
{
  uint32_t h = op >> 16, l = op & 0xffffu, kind = l >> 4 & 15u, v;
  uint32_t n = c->s.r[h & 15u], m = c->s.r[l & 15u];
  if ((h & 0xff80u) == 0xfb80u) {
    multiply_long(c, h, l);
    return;
  }
  if ((h & 0xff80u) == 0xfb00u) {
    v = multiply(c, h, l);
  } else if ((h & 0xff80u) == 0xfa00u) {
    v = extend_halves(c, h, l);
  } else if ((h & 0xfff0u) == 0xeac0u) {
    v = pack_halves(c, h, l);
  } else if ((h & 0xff00u) == 0xf300u) {
    v = saturate(c, h, l);
  } else if (kind < 8) {
    v = parallel(c, h >> 4 & 7u, kind, n, m);
  } else if ((h >> 4 & 7u) == 0) {
    v = saturating_add(c, kind, n, m);
  } else {
    v = select_bytes(c, n, m);
  }
  c->s.r[l >> 8 & 15u] = v;
}
