/* The decoder for 16-bit instructions, and what both lengths share. Fills in everything of an entry but fn.
 *
 * What the architecture calls UNPREDICTABLE is decoded as undefined where it is easy to tell, so that a program that
 * relies on it is found out.
 */
#include "sim/cpu/ops.h"

/* A branch whose operation exists in a near and a far form. */
void core_decode_branch(struct insn *d, uint32_t pc, uint32_t target, uint32_t near_base, unsigned near_op,
                        unsigned far_op)
{
  if ((target & GRANULE_MASK) == near_base) {
    d->op = (uint16_t)near_op;
    d->imm = (uint32_t)(((int32_t)(target - pc) / 2) * (int32_t)sizeof(struct insn));
  } else {
    d->op = (uint16_t)far_op;
    d->imm = target;
  }
}

/* Data-processing operations: form (order of ops.h), whether the flags are set, halfwords. */
static unsigned dp(unsigned first, unsigned form, bool flags, unsigned halfwords)
{
  return first + form * 4 + flags * 2u + halfwords - 1;
}
enum { FORM_I, FORM_R, FORM_L, FORM_S, FORM_A, FORM_O, FORM_X };

struct in16 {
  uint32_t pc;
  uint16_t h;
  bool flags; /* 16-bit data processing sets the flags outside IT blocks only */
  uint32_t near_base;
};

static void shift_add_move(struct insn *d, const struct in16 *in)
{
  unsigned h = in->h, imm5 = h >> 6 & 31u, r8 = h >> 8 & 7u;
  d->rd = h & 7u;
  d->rn = d->rm = h >> 3 & 7u;
  switch (h >> 11) {
  case 0:
  case 1:
  case 2:
    if (h >> 11 == 0 && imm5 == 0) {
      d->op = (uint16_t)dp(OP_MOV_I0_1, FORM_R, in->flags, 1);
      return;
    }
    d->x = (uint8_t)(imm5 ? imm5 : 32);
    d->op = (uint16_t)dp(OP_MOV_I0_1, FORM_L + (h >> 11), in->flags, 1);
    return;
  case 3:
    d->rm = h >> 6 & 7u;
    d->imm = h >> 6 & 7u;
    d->x = CARRY_KEEP;
    d->op = (uint16_t)dp(h >> 9 & 1u ? OP_SUB_I0_1 : OP_ADD_I0_1, h >> 10 & 1u ? FORM_I : FORM_R, in->flags, 1);
    return;
  default:
    break;
  }
  d->rd = d->rn = (uint8_t)r8;
  d->imm = h & 0xffu;
  d->x = CARRY_KEEP;
  switch (h >> 11 & 3u) {
  case 0:
    d->op = (uint16_t)dp(OP_MOV_I0_1, FORM_I, in->flags, 1);
    return;
  case 1:
    d->op = OP_CMP_I_1;
    return;
  case 2:
    d->op = (uint16_t)dp(OP_ADD_I0_1, FORM_I, in->flags, 1);
    return;
  default:
    d->op = (uint16_t)dp(OP_SUB_I0_1, FORM_I, in->flags, 1);
    return;
  }
}

static void data_register(struct insn *d, const struct in16 *in)
{
  static const uint16_t first[16] = {OP_AND_I0_1, OP_EOR_I0_1, OP_LSLV0_1,  OP_LSRV0_1,  OP_ASRV0_1, OP_ADC_I0_1,
                                     OP_SBC_I0_1, OP_RORV0_1,  OP_TST_R_1,  OP_RSB_I0_1, OP_CMP_R_1, OP_CMN_R_1,
                                     OP_ORR_I0_1, OP_MUL_1,    OP_BIC_I0_1, OP_MVN_I0_1};
  unsigned kind = in->h >> 6 & 15u;
  d->rd = d->rn = in->h & 7u;
  d->rm = in->h >> 3 & 7u;
  switch (kind) {
  case 2:
  case 3:
  case 4:
  case 7:
    d->op = (uint16_t)(first[kind] + in->flags * 2u);
    return;
  case 8:
  case 10:
  case 11:
    d->op = first[kind];
    return;
  case 9: /* RSB rd, rm, #0 */
    d->rn = d->rm;
    d->imm = 0;
    d->op = (uint16_t)dp(first[kind], FORM_I, in->flags, 1);
    return;
  case 13:
    d->op = in->flags ? OP_MULS_1 : OP_MUL_1;
    return;
  default:
    d->op = (uint16_t)dp(first[kind], FORM_R, in->flags, 1);
    return;
  }
}

/* ADD, CMP, MOV on all registers, BX, BLX */
static void high_registers(struct insn *d, const struct in16 *in)
{
  unsigned h = in->h, rd = (h & 7u) | (h >> 4 & 8u), rm = h >> 3 & 15u, pc4 = in->pc + 4;
  unsigned kind = h >> 8 & 3u;
  d->rd = d->rn = (uint8_t)rd;
  d->rm = (uint8_t)rm;
  d->x = CARRY_KEEP;
  if (kind == 3) { /* BX, BLX */
    d->aux = (in->pc + 2) | 1u;
    d->op = rm == 15 && (h & 0x80u) ? OP_UNDEFINED : h & 0x80u ? OP_BLX : OP_BX;
    if (rm == 15) { /* BX PC: to an address with bit 0 clear */
      d->op = OP_UNDEFINED;
    }
    return;
  }
  if (kind == 1) {
    d->imm = pc4;
    d->op = rm == 15 ? OP_CMP_I_1 : OP_CMP_R_1;
    if (rd == 15) {
      d->op = OP_UNDEFINED;
    }
    return;
  }
  if (rd == 15) {
    d->imm = kind == 0 ? pc4 : 0;
    d->op = rm == 15 ? OP_UNDEFINED : OP_MOV_PC;
    return;
  }
  if (rm == 15) { /* the PC as an operand is a constant */
    d->imm = pc4;
    d->op = kind == 0 ? OP_ADD_I0_1 : OP_MOV_I0_1;
    if (rd == 13) {
      d->aux = (kind == 0 ? 7u : 5u) << 8;
      d->op = OP_SP_DP;
    }
    return;
  }
  if (rd == 13) {
    d->aux = 7u << 8 | SP_DP_REGISTER;
    d->op = kind == 0 ? OP_SP_DP : OP_MOV_SP;
    return;
  }
  d->op = kind == 0 ? OP_ADD_R0_1 : OP_MOV_R0_1;
}

static void load_store(struct insn *d, const struct in16 *in)
{
  unsigned h = in->h, imm5 = h >> 6 & 31u;
  d->rd = h & 7u;
  d->rn = h >> 3 & 7u;
  d->rm = h >> 6 & 7u;
  static const uint16_t by_register[8] = {OP_STR_R_1, OP_STRH_R_1, OP_STRB_R_1, OP_LDRSB_R_1,
                                          OP_LDR_R_1, OP_LDRH_R_1, OP_LDRB_R_1, OP_LDRSH_R_1};
  switch (h >> 11) {
  case 9:
    d->rd = h >> 8 & 7u;
    d->imm = ((in->pc + 4) & ~3u) + (h & 0xffu) * 4;
    d->op = OP_LDR_LIT_1;
    return;
  case 10:
  case 11:
    d->op = by_register[h >> 9 & 7u];
    return;
  case 12:
  case 13:
    d->imm = imm5 * 4;
    d->op = h >> 11 & 1u ? OP_LDR_I_1 : OP_STR_I_1;
    return;
  case 14:
  case 15:
    d->imm = imm5;
    d->op = h >> 11 & 1u ? OP_LDRB_I_1 : OP_STRB_I_1;
    return;
  case 16:
  case 17:
    d->imm = imm5 * 2;
    d->op = h >> 11 & 1u ? OP_LDRH_I_1 : OP_STRH_I_1;
    return;
  default: /* SP-relative */
    d->rd = h >> 8 & 7u;
    d->rn = 13;
    d->imm = (h & 0xffu) * 4;
    d->op = h >> 11 & 1u ? OP_LDR_I_1 : OP_STR_I_1;
    return;
  }
}

static void multiple(struct insn *d, unsigned base, uint32_t list, bool load, unsigned x)
{
  d->rn = (uint8_t)base;
  d->imm = list;
  d->x = (uint8_t)x;
  d->op = list == 0 ? OP_UNDEFINED : load ? OP_LDM : OP_STM;
}

static void hints(const struct cpu *c, struct insn *d, const struct in16 *in)
{
  if (in->h & 15u) {
    d->imm = in->h & 0xffu;
    d->op = is_v6m(c) ? OP_UNDEFINED : OP_IT;
    if (d->imm >= 0xe0u && (d->imm >= 0xf0u || (in->h & (in->h - 1u) & 15u))) {
      d->op = OP_UNDEFINED; /* condition "never", or "always" with an else */
    }
    return;
  }
  switch (in->h >> 4 & 15u) {
  case 2:
  case 3:
    d->x = (in->h >> 4 & 15u) == 2;
    d->op = OP_SLEEP;
    return;
  case 4:
    d->aux = in->h;
    d->op = OP_SYSTEM;
    return;
  default:
    d->op = OP_NOP_1;
    return;
  }
}

static void miscellaneous(const struct cpu *c, struct insn *d, const struct in16 *in)
{
  unsigned h = in->h;
  d->rd = h & 7u;
  d->rm = h >> 3 & 7u;
  if ((h & 0xf500u) == 0xb100u) { /* CBZ, CBNZ */
    d->rn = h & 7u;
    if (!is_v6m(c)) {
      bool nonzero = h & 0x800u;
      core_decode_branch(d, in->pc, in->pc + 4 + (h >> 3 & 31u) * 2 + (h >> 9 & 1u) * 64, in->near_base,
                         nonzero ? OP_CBNZ_N : OP_CBZ_N, nonzero ? OP_CBNZ_F : OP_CBZ_F);
    }
    return;
  }
  switch (h >> 8 & 15u) {
  case 0:
    d->imm = (h & 0x7fu) * 4;
    if (h & 0x80u) {
      d->imm = 0u - d->imm;
    }
    d->op = OP_ADD_SP;
    return;
  case 2: {
    static const uint16_t extend[4] = {OP_SXTH_1, OP_SXTB_1, OP_UXTH_1, OP_UXTB_1};
    d->op = extend[h >> 6 & 3u];
    return;
  }
  case 4:
  case 5:
    multiple(d, 13, (h & 0xffu) | (h >> 8 & 1u) << 14, false, MULTI_WRITEBACK | MULTI_BEFORE);
    return;
  case 6:
    if ((h & 0xffe0u) == 0xb660u && (h & 7u) && !(is_v6m(c) && (h & 5u))) {
      d->aux = h;
      d->op = OP_SYSTEM;
    }
    return;
  case 10: {
    static const uint16_t reverse[4] = {OP_REV_1, OP_REV16_1, OP_UNDEFINED, OP_REVSH_1};
    d->op = reverse[h >> 6 & 3u];
    return;
  }
  case 12:
  case 13:
    multiple(d, 13, (h & 0xffu) | (h >> 8 & 1u) << 15, true, MULTI_WRITEBACK);
    return;
  case 14:
    d->imm = h & 0xffu;
    d->op = OP_BKPT;
    return;
  case 15:
    hints(c, d, in);
    return;
  default:
    return;
  }
}

static void branch_svc(struct insn *d, const struct in16 *in)
{
  unsigned cond = in->h >> 8 & 15u;
  if (cond == 15) {
    d->imm = in->h & 0xffu;
    d->op = OP_SVC;
  } else if (cond != 14) {
    uint32_t target = in->pc + 4 + (uint32_t)((int32_t)(int8_t)in->h * 2);
    core_decode_branch(d, in->pc, target, in->near_base, OP_B_EQ_N1 + cond * 4, OP_B_EQ_F1 + cond * 4);
  }
}

static void decode16(const struct cpu *c, struct insn *d, const struct in16 *in)
{
  unsigned h = in->h, top = h >> 11;
  if (top < 8) {
    shift_add_move(d, in);
  } else if (h >> 10 == 16) {
    data_register(d, in);
  } else if (h >> 10 == 17) {
    high_registers(d, in);
  } else if (top < 20) {
    load_store(d, in);
  } else if (top < 22) { /* ADR; ADD rd, SP, #imm */
    d->rd = h >> 8 & 7u;
    d->rn = 13;
    d->imm = (h & 0xffu) * 4;
    d->op = OP_ADD_I0_1;
    if (top == 20) {
      d->imm += (in->pc + 4) & ~3u;
      d->op = OP_MOV_I0_1;
    }
  } else if (top < 24) {
    miscellaneous(c, d, in);
  } else if (top < 26) {
    unsigned rn = h >> 8 & 7u, list = h & 0xffu;
    bool load = top == 25;
    multiple(d, rn, list, load, load && (list >> rn & 1u) ? 0 : MULTI_WRITEBACK);
  } else if (top < 28) {
    branch_svc(d, in);
  } else {
    uint32_t target = in->pc + 4 + (uint32_t)((int32_t)((uint32_t)h << 21) >> 20);
    core_decode_branch(d, in->pc, target, in->near_base, OP_B_AL_N1, OP_B_AL_F1);
  }
}

/* What may only be the last of an IT block, or not be in one at all. */
static bool is_branch(const struct insn *d)
{
  return (d->op >= OP_B_EQ_N1 && d->op <= OP_MOV_PC) || d->op == OP_TABLE || (d->op == OP_LDM && (d->imm & 0x8000u)) ||
         (d->op == OP_LDR_SPECIAL && d->rd == 15);
}
static bool never_in_it(const struct insn *d)
{
  return (d->op >= OP_B_EQ_N1 && d->op < OP_B_AL_N1) || (d->op >= OP_CBZ_N && d->op <= OP_CBNZ_F) || d->op == OP_IT;
}

void core_decode(const struct cpu *c, struct insn *d, uint32_t pc, uint16_t h1, uint16_t h2, uint32_t it,
                 uint32_t near_base)
{
  d->imm = d->aux = 0;
  d->rd = d->rn = d->rm = d->x = 0;
  d->op = OP_UNDEFINED;
  d->it = (uint8_t)it;
  if (is_32bit(h1)) {
    d->len = 2;
    core_decode32(c, d, pc, h1, h2, near_base);
  } else {
    struct in16 in = {pc, h1, it == 0, near_base};
    d->len = 1;
    decode16(c, d, &in);
  }
  if (it && (never_in_it(d) || (is_branch(d) && (it & 7u)))) {
    d->op = OP_UNDEFINED;
  }
}
