/* The decoder for 32-bit instructions (ARMv7-M ARM A5.3). See decode.c. */
#include "sim/cpu/ops.h"

struct in32 {
  const struct cpu *c;
  uint32_t pc;
  uint32_t h, l; /* first and second halfword */
  uint32_t near_base;
};

/* ThumbExpandImm with its carry (CARRY_KEEP: unchanged). */
static uint32_t expand_imm(uint32_t imm12, uint8_t *carry)
{
  uint32_t b = imm12 & 0xffu;
  *carry = CARRY_KEEP;
  if (imm12 >> 10 == 0) {
    switch (imm12 >> 8 & 3u) {
    case 0:
      return b;
    case 1:
      return b << 16 | b;
    case 2:
      return b << 24 | b << 8;
    default:
      return b * 0x01010101u;
    }
  }
  uint32_t v = ror32(b | 0x80u, imm12 >> 7);
  *carry = (uint8_t)(v >> 31);
  return v;
}

static uint32_t imm12_of(const struct in32 *in)
{
  return (in->h >> 10 & 1u) << 11 | (in->l >> 12 & 7u) << 8 | (in->l & 0xffu);
}

/* Data processing: opcode is bits 24:21; form as in ops.h. Registers and operand are filled in. */
static void data_processing(struct insn *d, uint32_t opcode, bool flags, unsigned form)
{
  static const struct {
    uint16_t op;      /* first of the family, or 0 */
    uint16_t compare; /* with rd = 15 and flags */
    uint16_t move;    /* with rn = 15 */
    uint8_t sp_op, sp_move;
  } family[16] = {
      [0] = {OP_AND_I0_1, OP_TST_I_1, 0, 0, 0},   [1] = {OP_BIC_I0_1, 0, 0, 1, 0},
      [2] = {OP_ORR_I0_1, 0, OP_MOV_I0_1, 2, 5},  [3] = {OP_ORN_I0_1, 0, OP_MVN_I0_1, 3, 6},
      [4] = {OP_EOR_I0_1, OP_TEQ_I_1, 0, 4, 0},   [8] = {OP_ADD_I0_1, OP_CMN_I_1, 0, 7, 0},
      [10] = {OP_ADC_I0_1, 0, 0, 8, 0},           [11] = {OP_SBC_I0_1, 0, 0, 9, 0},
      [13] = {OP_SUB_I0_1, OP_CMP_I_1, 0, 10, 0}, [14] = {OP_RSB_I0_1, 0, 0, 11, 0},
  };
  bool defined = opcode <= 4 || opcode == 8 || opcode == 10 || opcode == 11 || opcode == 13 || opcode == 14;
  if (!defined || (form != 0 && d->rm == 15)) {
    return;
  }
  if (d->rd == 15) {
    if (flags && family[opcode].compare && d->rn != 15) {
      d->op = (uint16_t)(family[opcode].compare + form * 2 + 1);
    }
    return;
  }
  bool move = d->rn == 15;
  if (move && !family[opcode].move) {
    return;
  }
  if (d->rd == 13) {
    unsigned sp_op = move ? family[opcode].sp_move : family[opcode].sp_op;
    d->aux = sp_op << 8 | (form == 0 ? 0 : SP_DP_REGISTER | (form - 1));
    d->op = OP_SP_DP;
    return;
  }
  d->op = (uint16_t)((move ? family[opcode].move : family[opcode].op) + form * 4 + flags * 2u + 1);
}

static void data_register(struct insn *d, const struct in32 *in)
{
  uint32_t opcode = in->h >> 5 & 15u, imm5 = (in->l >> 12 & 7u) << 2 | (in->l >> 6 & 3u), type = in->l >> 4 & 3u;
  if (opcode == 6) {
    core_decode_dsp(d, (uint16_t)in->h, (uint16_t)in->l);
    return;
  }
  if (in->l & 0x8000u) {
    return;
  }
  unsigned form = 2 + type;
  if (imm5 == 0) {
    form = type == 0 ? 1 : type == 3 ? 6 : form;
  }
  d->x = (uint8_t)(imm5 ? imm5 : 32);
  data_processing(d, opcode, in->h >> 4 & 1u, form);
}

static void data_immediate(struct insn *d, const struct in32 *in)
{
  d->imm = expand_imm(imm12_of(in), &d->x);
  data_processing(d, in->h >> 5 & 15u, in->h >> 4 & 1u, 0);
}

static uint32_t field_mask(unsigned width)
{
  return width >= 32 ? ~0u : (1u << width) - 1;
}

static void plain_immediate(struct insn *d, const struct in32 *in)
{
  uint32_t imm12 = imm12_of(in), imm16 = (in->h & 15u) << 12 | imm12;
  unsigned lsb = (in->l >> 12 & 7u) << 2 | (in->l >> 6 & 3u), low = in->l & 31u, kind = in->h >> 4 & 31u;
  uint32_t pc = (in->pc + 4) & ~3u;
  if (d->rd == 15 || (kind >= 0x10 && (in->h & 0x400u)) || (kind >= 0x10 && (in->l & 0x20u))) {
    return;
  }
  d->x = CARRY_KEEP;
  switch (kind) {
  case 0:
  case 10:
    d->imm = imm12;
    if (d->rn == 15) { /* ADR */
      d->imm = kind == 0 ? pc + imm12 : pc - imm12;
      d->op = OP_MOV_I0_2;
      d->aux = 5u << 8;
    } else {
      d->op = kind == 0 ? OP_ADD_I0_2 : OP_SUB_I0_2;
      d->aux = (kind == 0 ? 7u : 10u) << 8;
    }
    if (d->rd == 13) {
      d->op = OP_SP_DP;
    }
    return;
  case 4:
    d->imm = imm16;
    d->op = OP_MOV_I0_2;
    return;
  case 12:
    d->imm = imm16;
    d->op = OP_MOVT;
    return;
  case 0x10:
  case 0x12:
  case 0x18:
  case 0x1a:
    core_decode_dsp(d, (uint16_t)in->h, (uint16_t)in->l);
    return;
  case 0x14:
  case 0x1c:
    if (lsb + low < 32 && d->rn != 15) {
      d->x = (uint8_t)lsb;
      d->imm = field_mask(low + 1);
      d->op = kind == 0x14 ? OP_SBFX : OP_UBFX;
    }
    return;
  case 0x16:
    if (low >= lsb) {
      d->x = (uint8_t)lsb;
      d->imm = field_mask(low - lsb + 1);
      d->op = d->rn == 15 ? OP_BFC : OP_BFI;
    }
    return;
  default:
    return;
  }
}

/* MSR, MRS, hints, barriers: the only 32-bit instructions of ARMv6-M besides BL. */
static void control(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, l = in->l;
  bool v6m = is_v6m(in->c);
  d->aux = h << 16 | l;
  if ((h & 0xfff0u) == 0xf380u && (l & 0xf300u) == 0x8000u && (h & 15u) != 15 && (h & 15u) != 13) {
    d->op = OP_SYSTEM;
  } else if (h == 0xf3efu && (l & 0xf000u) == 0x8000u && d->rd != 15 && d->rd != 13) {
    d->op = OP_SYSTEM;
  } else if (h == 0xf3bfu && (l & 0xff00u) == 0x8f00u) {
    unsigned kind = l >> 4 & 15u;
    if (kind >= 4 && kind <= 6) {
      d->op = OP_NOP_2;
    } else if (kind == 2 && !v6m) {
      d->op = OP_SYSTEM;
    }
  } else if (h == 0xf3afu && (l & 0xff00u) == 0x8000u && !v6m) {
    unsigned hint = l & 0xffu;
    d->x = hint == 2;
    d->op = hint == 2 || hint == 3 ? OP_SLEEP : hint == 4 ? OP_SYSTEM : OP_NOP_2;
  }
}

static void branch_control(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, l = in->l, s = h >> 10 & 1u, j1 = l >> 13 & 1u, j2 = l >> 11 & 1u;
  if (l & 0x1000u) { /* B.W (T4), BL */
    uint32_t i1 = (j1 ^ s) ^ 1u, i2 = (j2 ^ s) ^ 1u;
    uint32_t bits = s << 24 | i1 << 23 | i2 << 22 | (h & 0x3ffu) << 12 | (l & 0x7ffu) << 1;
    uint32_t target = in->pc + 4 + (uint32_t)((int32_t)(bits << 7) >> 7);
    if (l & 0x4000u) {
      d->aux = (in->pc + 4) | 1u;
      core_decode_branch(d, in->pc, target, in->near_base, OP_BL_N, OP_BL_F);
    } else if (!is_v6m(in->c)) {
      core_decode_branch(d, in->pc, target, in->near_base, OP_B_AL_N2, OP_B_AL_F2);
    }
    return;
  }
  if (l & 0x4000u) {
    return; /* BLX to Arm state does not exist here; UDF.W */
  }
  if ((h >> 7 & 7u) != 7) {
    uint32_t bits = s << 20 | j2 << 19 | j1 << 18 | (h & 0x3fu) << 12 | (l & 0x7ffu) << 1;
    uint32_t target = in->pc + 4 + (uint32_t)((int32_t)(bits << 11) >> 11), cond = h >> 6 & 15u;
    if (!is_v6m(in->c)) {
      core_decode_branch(d, in->pc, target, in->near_base, OP_B_EQ_N2 + cond * 4, OP_B_EQ_F2 + cond * 4);
    }
    return;
  }
  control(d, in);
}

static void load_store_multiple(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, kind = h >> 7 & 3u, list = in->l;
  bool load = h & 0x10u, back = h & 0x20u;
  unsigned count = (unsigned)__builtin_popcount(list);
  if ((kind != 1 && kind != 2) || d->rn == 15 || count < 2 || (list & 0x2000u) || (load && (list >> 14) == 3) ||
      (!load && (list & 0x8000u)) || (back && (list >> d->rn & 1u))) {
    return;
  }
  d->imm = list;
  d->x = (uint8_t)((back ? MULTI_WRITEBACK : 0) | (kind == 2 ? MULTI_BEFORE : 0));
  d->op = load ? OP_LDM : OP_STM;
}

static void exclusive(struct insn *d, unsigned size, uint32_t imm, unsigned rt, unsigned status, bool load)
{
  d->rd = (uint8_t)rt;
  d->rm = (uint8_t)(load ? 0xffu : status);
  d->x = (uint8_t)size;
  d->imm = imm;
  bool bad = d->rn == 15 || rt == 13 || rt == 15 || (!load && (status == 13 || status == 15));
  d->op = bad ? OP_UNDEFINED : OP_EXCLUSIVE;
}

static void dual_exclusive_table(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, l = in->l, rt = l >> 12, rt2 = l >> 8 & 15u, offset = (l & 0xffu) * 4;
  bool pre = h & 0x100u, up = h & 0x80u, back = h & 0x20u, load = h & 0x10u;
  if (pre || back) { /* LDRD, STRD */
    if (rt == 13 || rt == 15 || rt2 == 13 || rt2 == 15 || (back && (d->rn == 15 || d->rn == rt || d->rn == rt2)) ||
        (d->rn == 15 && !load) || (load && rt == rt2)) {
      return;
    }
    d->rd = (uint8_t)rt;
    d->rm = (uint8_t)rt2;
    d->imm = up ? offset : 0u - offset;
    d->x = (uint8_t)((pre ? DUAL_PRE : 0) | (back ? DUAL_WRITEBACK : 0));
    if (d->rn == 15) {
      d->imm += (in->pc + 4) & ~3u;
    }
    d->op = load ? OP_LDRD : OP_STRD;
    return;
  }
  if (!up) { /* LDREX, STREX */
    exclusive(d, 4, offset, rt, rt2, load);
    return;
  }
  unsigned kind = l >> 4 & 15u;
  if (load && kind < 2) { /* TBB, TBH */
    d->imm = in->pc + 4;
    d->x = (uint8_t)kind;
    d->op = d->rm == 15 || d->rm == 13 || d->rn == 13 ? OP_UNDEFINED : OP_TABLE;
  } else if (kind == 4 || kind == 5) {
    exclusive(d, 1u << (kind - 4), 0, rt, l & 15u, load);
  }
}

/* Loads of 1, 2 and 4 bytes. `first` is OP_LDR_I_1 or another first of its family; two enumerators each (fast, slow).
 */
enum { MODE_I_1, MODE_I_2, MODE_R_1, MODE_R_2, MODE_PRE, MODE_POST, MODE_LIT_1, MODE_LIT_2 };

static void set_access(struct insn *d, unsigned first, unsigned mode, bool load)
{
  static const uint8_t special[] = {[MODE_I_2] = SPECIAL_OFFSET,
                                    [MODE_R_2] = SPECIAL_REGISTER,
                                    [MODE_PRE] = SPECIAL_PRE,
                                    [MODE_POST] = SPECIAL_POST,
                                    [MODE_LIT_2] = SPECIAL_LITERAL};
  if (load && (d->rd == 13 || d->rd == 15)) { /* words only: the caller has sorted out the rest */
    d->aux = special[mode];
    d->op = first == OP_LDR_I_1 ? OP_LDR_SPECIAL : OP_UNDEFINED;
    return;
  }
  d->op = (uint16_t)(first + mode * 2);
}

static void load_store_single(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, l = in->l, size = h >> 5 & 3u;
  bool load = h & 0x10u, is_signed = h & 0x100u;
  static const uint16_t loads[2][3] = {{OP_LDRB_I_1, OP_LDRH_I_1, OP_LDR_I_1}, {OP_LDRSB_I_1, OP_LDRSH_I_1, 0}};
  static const uint16_t stores[3] = {OP_STRB_I_1, OP_STRH_I_1, OP_STR_I_1};
  d->rd = (uint8_t)(l >> 12);
  d->rm = l & 15u;
  if (size == 3 || (is_signed && (size == 2 || !load)) || (!load && (d->rn == 15 || d->rd == 15))) {
    return;
  }
  unsigned first = load ? loads[is_signed][size] : stores[size];
  bool hint = load && d->rd == 15 && size < 2; /* PLD, PLI: nothing to do */
  if (load && d->rn == 15) {
    uint32_t base = (in->pc + 4) & ~3u;
    d->imm = h & 0x80u ? base + (l & 0xfffu) : base - (l & 0xfffu);
    set_access(d, first, MODE_LIT_2, true);
  } else if (h & 0x80u) {
    d->imm = l & 0xfffu;
    set_access(d, first, MODE_I_2, load);
  } else if (l & 0x800u) {
    bool pre = l & 0x400u, up = l & 0x200u, back = l & 0x100u;
    d->imm = up ? l & 0xffu : 0u - (l & 0xffu);
    if (!pre && !back) {
      return;
    }
    if (pre && up && !back) { /* LDRT and kin */
      d->x = (uint8_t)(1u << size | (is_signed ? UNPRIV_SIGNED : 0) | (load ? UNPRIV_LOAD : 0));
      d->op = d->rd == 15 || d->rd == 13 ? OP_UNDEFINED : OP_UNPRIV;
      return;
    }
    if (back && (d->rn == d->rd || hint)) {
      return;
    }
    set_access(d, first, pre ? (back ? MODE_PRE : MODE_I_2) : MODE_POST, load);
  } else if ((l >> 6 & 31u) == 0) {
    d->x = l >> 4 & 3u;
    if (d->rm == 13 || d->rm == 15) {
      return;
    }
    set_access(d, first, MODE_R_2, load);
  } else {
    return;
  }
  if (hint) {
    d->op = OP_NOP_2;
  }
}

static bool bad(unsigned r)
{
  return r == 13 || r == 15;
}

/* Shifts by a register, extensions, and the parallel arithmetic of the DSP extension */
static void data_register_other(struct insn *d, const struct in32 *in)
{
  uint32_t h = in->h, l = in->l;
  static const uint16_t shift[4] = {OP_LSLV0_1, OP_LSRV0_1, OP_ASRV0_1, OP_RORV0_1};
  static const uint16_t extend[8] = {OP_SXTH_2, OP_UXTH_2, 0, 0, OP_SXTB_2, OP_UXTB_2, 0, 0};
  static const uint16_t extend_add[8] = {OP_SXTAH, OP_UXTAH, 0, 0, OP_SXTAB, OP_UXTAB, 0, 0};
  static const uint16_t reverse[4] = {OP_REV_2, OP_REV16_2, OP_RBIT, OP_REVSH_2};
  if ((l & 0xf000u) != 0xf000u || bad(d->rd) || bad(d->rm)) {
    return;
  }
  if (!(h & 0x80u)) {
    if ((l & 0xf0u) == 0) {
      if (!bad(d->rn)) {
        d->op = (uint16_t)(shift[h >> 5 & 3u] + (h >> 4 & 1u) * 2 + 1);
      }
    } else if ((l & 0xc0u) == 0x80u) {
      unsigned kind = h >> 4 & 7u;
      d->x = (uint8_t)((l >> 4 & 3u) * 8);
      if (d->rn == 13) {
        return;
      }
      if (extend[kind]) {
        d->op = d->rn == 15 ? extend[kind] : extend_add[kind];
      } else {
        core_decode_dsp(d, (uint16_t)h, (uint16_t)l);
      }
    }
    return;
  }
  if (bad(d->rn)) {
    return;
  }
  if ((h & 0xfff0u) == 0xfa90u && (l & 0xc0u) == 0x80u) {
    d->op = d->rn == d->rm ? reverse[l >> 4 & 3u] : OP_UNDEFINED;
  } else if ((h & 0xfff0u) == 0xfab0u && (l & 0xf0u) == 0x80u) {
    d->op = d->rn == d->rm ? OP_CLZ : OP_UNDEFINED;
  } else {
    core_decode_dsp(d, (uint16_t)h, (uint16_t)l);
  }
}

static void multiply(struct insn *d, const struct in32 *in)
{
  uint32_t ra = in->l >> 12, kind = in->h >> 4 & 7u, low = in->l >> 4 & 15u;
  if (bad(d->rd) || bad(d->rn) || bad(d->rm) || ra == 13) {
    return;
  }
  if (kind == 0 && low < 2) {
    d->x = (uint8_t)ra;
    if (low == 1) {
      d->op = ra == 15 ? OP_UNDEFINED : OP_MLS;
    } else {
      d->op = ra == 15 ? OP_MUL_2 : OP_MLA;
    }
    return;
  }
  core_decode_dsp(d, (uint16_t)in->h, (uint16_t)in->l);
}

static void long_multiply_divide(struct insn *d, const struct in32 *in)
{
  uint32_t low_register = in->l >> 12, kind = in->h >> 4 & 7u, low = in->l >> 4 & 15u;
  if (bad(d->rd) || bad(d->rn) || bad(d->rm)) {
    return;
  }
  if ((kind == 1 || kind == 3) && low == 15 && low_register == 15) {
    d->op = kind == 1 ? OP_SDIV : OP_UDIV;
    return;
  }
  if (bad(low_register) || low_register == d->rd) {
    return;
  }
  d->x = (uint8_t)low_register;
  if (low == 0) {
    static const uint16_t ops[8] = {OP_SMULL, 0, OP_UMULL, 0, OP_SMLAL, 0, OP_UMLAL, 0};
    d->op = ops[kind] ? ops[kind] : OP_UNDEFINED;
  } else if (kind == 6 && low == 6) {
    d->op = OP_UMAAL;
  } else {
    core_decode_dsp(d, (uint16_t)in->h, (uint16_t)in->l);
  }
}

void core_decode32(const struct cpu *c, struct insn *d, uint32_t pc, uint16_t h1, uint16_t h2, uint32_t near_base)
{
  struct in32 in = {c, pc, h1, h2, near_base};
  uint32_t h = h1, l = h2;
  d->rn = h & 15u;
  d->rd = l >> 8 & 15u;
  d->rm = l & 15u;
  if (is_v6m(c)) {
    if ((h & 0xf800u) == 0xf000u && (l & 0x8000u)) {
      branch_control(d, &in);
    }
    return;
  }
  if ((h & 0xec00u) == 0xec00u) { /* coprocessor */
    core_decode_fpu(c, d, h1, h2);
    return;
  }
  switch (h >> 9 & 0x3fu) { /* bits 14:9; bit 15 is set */
  case 0x34:                /* 1110 100 */
    if (h & 0x40u) {
      dual_exclusive_table(d, &in);
    } else {
      load_store_multiple(d, &in);
    }
    return;
  case 0x35: /* 1110 101 */
    data_register(d, &in);
    return;
  case 0x38: /* 1111 0x: immediates and branches */
  case 0x39:
  case 0x3a:
  case 0x3b:
    if (l & 0x8000u) {
      branch_control(d, &in);
    } else if (h & 0x200u) {
      plain_immediate(d, &in);
    } else {
      data_immediate(d, &in);
    }
    return;
  case 0x3c: /* 1111 100 */
    load_store_single(d, &in);
    return;
  case 0x3d: /* 1111 101 */
    if (!(h & 0x100u)) {
      data_register_other(d, &in);
    } else if (!(h & 0x80u)) {
      multiply(d, &in);
    } else {
      long_multiply_divide(d, &in);
    }
    return;
  default:
    return;
  }
}
