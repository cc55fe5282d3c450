/* The floating-point instructions of FPv4-SP: loads and stores, moves, arithmetic. They run through one operation,
 * OP(FPU), that takes the instruction apart when it executes. Arithmetic proper is in fpu_arith.c, what exceptions do
 * with the registers in fpu_context.c.
 */
#include "sim/cpu/fpu_arith.h"
#include "sim/cpu/ops.h"

#define FPSCR_MASK  0xf7c0009fu
#define FPSCR_FLAGS 0xf0000000u

void core_decode_fpu(const struct cpu *c, struct insn *d, uint16_t h1, uint16_t h2)
{
  unsigned coprocessor = h2 >> 8 & 15u;
  d->aux = (uint32_t)h1 << 16 | h2;
  d->op = c->fpu && (coprocessor == 10 || coprocessor == 11) ? OP_FPU : OP_NOCP;
}

/* The number of a single-precision register: four bits in one place and one in another. */
static unsigned reg_d(uint32_t op)
{
  return (op >> 11 & 0x1eu) | (op >> 22 & 1u);
}
static unsigned reg_n(uint32_t op)
{
  return (op >> 15 & 0x1eu) | (op >> 7 & 1u);
}
static unsigned reg_m(uint32_t op)
{
  return (op << 1 & 0x1eu) | (op >> 5 & 1u);
}

/* ---- loads and stores ---- */

/* VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP */
static enum fault load_store(struct cpu *c, uint32_t op)
{
  bool pre = op >> 24 & 1u, up = op >> 23 & 1u, back = op >> 21 & 1u, load = op >> 20 & 1u, wide = op >> 8 & 1u;
  unsigned n = op >> 16 & 15u, count = op & 0xffu, offset = count * 4;
  unsigned first = wide ? (op >> 11 & 0x1eu) : reg_d(op);
  bool single = pre && !back;
  if ((wide && (op >> 22 & 1u)) || (!single && (pre == up || (n == 15 && back)))) {
    return FAULT_UNDEFINED;
  }
  uint32_t base = n == 15 ? (c->s.pc + 4) & ~3u : c->s.r[n];
  uint32_t addr = single ? (up ? base + offset : base - offset) : up ? base : base - offset;
  if (single) {
    count = wide ? 2 : 1;
  } else if (wide) {
    count &= ~1u; /* the odd count is FLDMX: one word more, which is not moved */
  }
  if (count == 0 || first + count > 32) {
    return FAULT_UNDEFINED;
  }
  if (addr & 3u) {
    return FAULT_UNALIGNED;
  }
  uint32_t word[32] = {0};
  for (unsigned i = 0; i < count; i++) {
    enum fault f = load ? core_read(c, addr + i * 4, 4, privileged(c), &word[i])
                        : core_write(c, addr + i * 4, 4, privileged(c), c->s.s[first + i]);
    if (f != FAULT_NONE) {
      return f;
    }
  }
  for (unsigned i = 0; load && i < count; i++) {
    c->s.s[first + i] = word[i];
  }
  if (back) {
    c->s.r[n] = up ? base + offset : base - offset;
  }
  c->s.t -= CYCLES(count);
  return FAULT_NONE;
}

/* VMOV between two core registers and two singles or a double */
static enum fault move_pair(struct cpu *c, uint32_t op)
{
  bool to_core = op >> 20 & 1u, wide = op >> 8 & 1u;
  unsigned m = wide ? (op << 1 & 0x1eu) : reg_m(op), t = op >> 12 & 15u, t2 = op >> 16 & 15u;
  if ((op & 0xd0u) != 0x10u || (wide && (op >> 5 & 1u)) || m > 30 || t == 15 || t2 == 15 || t == 13 || t2 == 13 ||
      (to_core && t == t2)) {
    return FAULT_UNDEFINED;
  }
  if (to_core) {
    c->s.r[t] = c->s.s[m];
    c->s.r[t2] = c->s.s[m + 1];
  } else {
    c->s.s[m] = c->s.r[t];
    c->s.s[m + 1] = c->s.r[t2];
  }
  c->s.t -= CYCLES(1);
  return FAULT_NONE;
}

/* VMOV of one register, VMRS, VMSR */
static enum fault move_one(struct cpu *c, uint32_t op)
{
  unsigned kind = op >> 21 & 7u, t = op >> 12 & 15u, n = reg_n(op);
  bool to_core = op >> 20 & 1u, wide = op >> 8 & 1u;
  if (op & 0x6fu) {
    return FAULT_UNDEFINED;
  }
  if (!wide && kind == 7 && (op >> 16 & 15u) == 1 && !(op & 0x80u)) { /* FPSCR */
    if (!to_core && t != 15 && t != 13) {
      c->s.fpscr = c->s.r[t] & FPSCR_MASK;
    } else if (to_core && t == 15) {
      core_set_flags(c, (c->s.fpscr & FPSCR_FLAGS) | (core_apsr(c) & ~FPSCR_FLAGS));
    } else if (to_core && t != 13) {
      c->s.r[t] = c->s.fpscr;
    } else {
      return FAULT_UNDEFINED;
    }
    return FAULT_NONE;
  }
  if (t == 15 || t == 13 || kind > 1 || (!wide && kind == 1)) {
    return FAULT_UNDEFINED;
  }
  if (wide) { /* one half of a double */
    if (op >> 7 & 1u) {
      return FAULT_UNDEFINED;
    }
    n = (op >> 15 & 0x1eu) | (kind & 1u);
  }
  if (to_core) {
    c->s.r[t] = c->s.s[n];
  } else {
    c->s.s[n] = c->s.r[t];
  }
  return FAULT_NONE;
}

/* ---- data processing ---- */
static uint32_t expand_imm(uint32_t op)
{
  uint32_t imm8 = (op >> 12 & 0xf0u) | (op & 15u), b = imm8 >> 6 & 1u;
  return (imm8 & 0x80u) << 24 | (b ? 0x1fu : 0x20u) << 25 | (imm8 & 0x3fu) << 19;
}

static enum fault convert_half(struct cpu *c, uint32_t op, bool to_half)
{
  uint32_t *d = &c->s.s[reg_d(op)], m = c->s.s[reg_m(op)];
  unsigned shift = op >> 7 & 1u ? 16 : 0;
  if (to_half) {
    uint32_t h = fp_to_half(&c->s.fpscr, m);
    *d = (*d & ~(0xffffu << shift)) | h << shift;
  } else {
    *d = fp_from_half(&c->s.fpscr, (uint16_t)(m >> shift));
  }
  return FAULT_NONE;
}

/* VCVT between floating point and fixed point, in place */
static enum fault convert_fixed(struct cpu *c, uint32_t op)
{
  uint32_t *d = &c->s.s[reg_d(op)];
  unsigned width = op >> 7 & 1u ? 32 : 16, imm = (op & 15u) << 1 | (op >> 5 & 1u);
  bool to_fixed = op >> 18 & 1u, is_unsigned = op >> 16 & 1u;
  if (imm > width) {
    return FAULT_UNDEFINED;
  }
  if (to_fixed) {
    *d = fp_to_fixed(&c->s.fpscr, *d, width, width - imm, is_unsigned, true);
  } else {
    *d = fp_from_fixed(&c->s.fpscr, *d, width, width - imm, is_unsigned, true);
  }
  return FAULT_NONE;
}

/* One operand: opcode in bits 19:16 and bit 7 */
static enum fault unary(struct cpu *c, uint32_t op)
{
  uint32_t *fpscr = &c->s.fpscr, *d = &c->s.s[reg_d(op)], m = c->s.s[reg_m(op)];
  bool second = op >> 7 & 1u;
  switch (op >> 16 & 15u) {
  case 0:
    *d = second ? m & 0x7fffffffu : m;
    break;
  case 1:
    *d = second ? fp_sqrt(fpscr, m) : fp_neg(m);
    c->s.t -= second ? CYCLES(13) : 0;
    break;
  case 2:
    return convert_half(c, op, false);
  case 3:
    return convert_half(c, op, true);
  case 4:
  case 5: {
    bool with_zero = op >> 16 & 1u;
    if (with_zero && (op & 0x2fu)) {
      return FAULT_UNDEFINED;
    }
    uint32_t flags = fp_compare(fpscr, *d, with_zero ? 0 : m, second);
    *fpscr = (*fpscr & ~FPSCR_FLAGS) | flags;
    break;
  }
  case 8:
    *d = fp_from_fixed(fpscr, m, 32, 0, !second, false);
    break;
  case 12:
  case 13:
    *d = fp_to_fixed(fpscr, m, 32, 0, !(op >> 16 & 1u), second);
    break;
  case 10:
  case 11:
  case 14:
  case 15:
    return convert_fixed(c, op);
  default:
    return FAULT_UNDEFINED;
  }
  return FAULT_NONE;
}

static enum fault data_processing(struct cpu *c, uint32_t op)
{
  uint32_t *fpscr = &c->s.fpscr, *d = &c->s.s[reg_d(op)], n = c->s.s[reg_n(op)], m = c->s.s[reg_m(op)];
  bool second = op >> 6 & 1u;
  if (op >> 8 & 1u) {
    return FAULT_UNDEFINED; /* double precision */
  }
  switch ((op >> 21 & 4u) | (op >> 20 & 3u)) { /* bits 23, 21, 20 */
  case 0: {                                    /* VMLA, VMLS */
    uint32_t product = fp_mul(fpscr, n, m);
    *d = fp_add(fpscr, *d, second ? fp_neg(product) : product);
    c->s.t -= CYCLES(2);
    break;
  }
  case 1: { /* VNMLS, VNMLA */
    uint32_t product = fp_mul(fpscr, n, m);
    *d = fp_add(fpscr, fp_neg(*d), second ? fp_neg(product) : product);
    c->s.t -= CYCLES(2);
    break;
  }
  case 2: /* VMUL, VNMUL */
    *d = fp_mul(fpscr, n, m);
    *d = second ? fp_neg(*d) : *d;
    break;
  case 3: /* VADD, VSUB */
    *d = second ? fp_sub(fpscr, n, m) : fp_add(fpscr, n, m);
    break;
  case 4: /* VDIV */
    if (second) {
      return FAULT_UNDEFINED;
    }
    *d = fp_div(fpscr, n, m);
    c->s.t -= CYCLES(13);
    break;
  case 5: /* VFNMS, VFNMA */
    *d = fp_fma(fpscr, fp_neg(*d), second ? fp_neg(n) : n, m);
    c->s.t -= CYCLES(2);
    break;
  case 6: /* VFMA, VFMS */
    *d = fp_fma(fpscr, *d, second ? fp_neg(n) : n, m);
    c->s.t -= CYCLES(2);
    break;
  default:
    if (second) {
      return unary(c, op);
    }
    if (op & 0xa0u) {
      return FAULT_UNDEFINED;
    }
    *d = expand_imm(op);
    break;
  }
  return FAULT_NONE;
}

enum fault core_fpu(struct cpu *c, uint32_t op)
{
  enum fault f = core_fpu_prepare(c);
  if (f != FAULT_NONE) {
    return f;
  }
  uint32_t h = op >> 16;
  if ((h & 0xfe00u) == 0xec00u) {
    if ((h & 0xffe0u) == 0xec40u) {
      return move_pair(c, op);
    }
    return (h & 0xffa0u) == 0xec00u ? FAULT_UNDEFINED : load_store(c, op);
  }
  if ((h & 0xff00u) == 0xee00u) {
    return op & 0x10u ? move_one(c, op) : data_processing(c, op);
  }
  return FAULT_UNDEFINED;
}
