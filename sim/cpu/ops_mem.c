/* Loads and stores of one register. See engine.h for the rules of an operation.
 *
 * The fast form asks the soft TLB; anything it does not know (first touch, peripherals, unaligned, refused) goes to the
 * slow form, which uses core_read and core_write.
 */
#include "sim/cpu/engine.h"
#include <string.h>

#define LOAD_CYCLES  2
#define STORE_CYCLES 1

/* ADDRESS is evaluated before anything changes, BACK after the access succeeded and before the register is written. */
#define LOAD(name, LENGTH, TYPE, SIGNED, ADDRESS, BACK)                                                                \
  OP(name##_slow)                                                                                                      \
  {                                                                                                                    \
    uint32_t addr = (ADDRESS), v = 0;                                                                                  \
    SAVE();                                                                                                            \
    enum fault f = core_read(c, addr, sizeof(TYPE), privileged(c), &v);                                                \
    LOAD_REGS();                                                                                                       \
    if (f != FAULT_NONE) {                                                                                             \
      FAULT(f);                                                                                                        \
    }                                                                                                                  \
    BACK;                                                                                                              \
    R(rd) = (uint32_t)(SIGNED)v;                                                                                       \
    NEXT(LENGTH, LOAD_CYCLES);                                                                                         \
  }                                                                                                                    \
  OP(name)                                                                                                             \
  {                                                                                                                    \
    uint32_t addr = (ADDRESS);                                                                                         \
    uint8_t *host;                                                                                                     \
    if (!TLB_HIT(read_tlb, addr, sizeof(TYPE), host)) {                                                                \
      CALL(op_##name##_slow, d);                                                                                       \
    }                                                                                                                  \
    TYPE v;                                                                                                            \
    memcpy(&v, host, sizeof v);                                                                                        \
    BACK;                                                                                                              \
    R(rd) = (uint32_t)(SIGNED)v;                                                                                       \
    NEXT(LENGTH, LOAD_CYCLES);                                                                                         \
  }

#define STORE(name, LENGTH, TYPE, ADDRESS, BACK)                                                                       \
  OP(name##_slow)                                                                                                      \
  {                                                                                                                    \
    uint32_t addr = (ADDRESS);                                                                                         \
    SAVE();                                                                                                            \
    enum fault f = core_write(c, addr, sizeof(TYPE), privileged(c), (TYPE)R(rd));                                      \
    LOAD_REGS();                                                                                                       \
    if (f != FAULT_NONE) {                                                                                             \
      FAULT(f);                                                                                                        \
    }                                                                                                                  \
    BACK;                                                                                                              \
    NEXT(LENGTH, STORE_CYCLES);                                                                                        \
  }                                                                                                                    \
  OP(name)                                                                                                             \
  {                                                                                                                    \
    uint32_t addr = (ADDRESS);                                                                                         \
    uint8_t *host;                                                                                                     \
    if (!TLB_HIT(write_tlb, addr, sizeof(TYPE), host)) {                                                               \
      CALL(op_##name##_slow, d);                                                                                       \
    }                                                                                                                  \
    TYPE v = (TYPE)R(rd);                                                                                              \
    memcpy(host, &v, sizeof v);                                                                                        \
    BACK;                                                                                                              \
    NEXT(LENGTH, STORE_CYCLES);                                                                                        \
  }

#define OFFSET       (R(rn) + d->imm)
#define REGISTER     (R(rn) + R(rm))
#define SHIFTED      (R(rn) + (R(rm) << d->x))
#define BASE         R(rn)
#define NO_BACK      (void)0
#define BACK_ADDRESS R(rn) = addr
#define BACK_OFFSET  R(rn) = addr + d->imm

#define LOADS(name, TYPE, SIGNED)                                                                                      \
  LOAD(name##_I_1, 1, TYPE, SIGNED, OFFSET, NO_BACK)                                                                   \
  LOAD(name##_I_2, 2, TYPE, SIGNED, OFFSET, NO_BACK)                                                                   \
  LOAD(name##_R_1, 1, TYPE, SIGNED, REGISTER, NO_BACK)                                                                 \
  LOAD(name##_R_2, 2, TYPE, SIGNED, SHIFTED, NO_BACK)                                                                  \
  LOAD(name##_PRE, 2, TYPE, SIGNED, OFFSET, BACK_ADDRESS)                                                              \
  LOAD(name##_POST, 2, TYPE, SIGNED, BASE, BACK_OFFSET)                                                                \
  LOAD(name##_LIT_1, 1, TYPE, SIGNED, d->imm, NO_BACK)                                                                 \
  LOAD(name##_LIT_2, 2, TYPE, SIGNED, d->imm, NO_BACK)
#define STORES(name, TYPE)                                                                                             \
  STORE(name##_I_1, 1, TYPE, OFFSET, NO_BACK)                                                                          \
  STORE(name##_I_2, 2, TYPE, OFFSET, NO_BACK)                                                                          \
  STORE(name##_R_1, 1, TYPE, REGISTER, NO_BACK)                                                                        \
  STORE(name##_R_2, 2, TYPE, SHIFTED, NO_BACK)                                                                         \
  STORE(name##_PRE, 2, TYPE, OFFSET, BACK_ADDRESS)                                                                     \
  STORE(name##_POST, 2, TYPE, BASE, BACK_OFFSET)

LOADS(LDR, uint32_t, uint32_t)
LOADS(LDRH, uint16_t, uint16_t)
LOADS(LDRB, uint8_t, uint8_t)
LOADS(LDRSH, uint16_t, int16_t)
LOADS(LDRSB, uint8_t, int8_t)
STORES(STR, uint32_t)
STORES(STRH, uint16_t)
STORES(STRB, uint8_t)

/* LDR whose destination is PC (a branch) or SP; aux is the addressing mode. */
OP(LDR_SPECIAL)
{
  uint32_t addr, back = 0, v = 0;
  switch (d->aux) {
  case SPECIAL_LITERAL:
    addr = d->imm;
    break;
  case SPECIAL_REGISTER:
    addr = SHIFTED;
    break;
  case SPECIAL_POST:
    addr = BASE;
    back = addr + d->imm;
    break;
  default:
    addr = OFFSET;
    back = addr;
    break;
  }
  SAVE();
  enum fault f = (addr & 3u) && d->rd == 15 ? FAULT_UNALIGNED : core_read(c, addr, 4, privileged(c), &v);
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->aux == SPECIAL_PRE || d->aux == SPECIAL_POST) {
    R(rn) = back;
  }
  if (d->rd == 13) {
    c->s.r[13] = v & ~3u;
    NEXT(2, LOAD_CYCLES);
  }
  JUMP_X(v, c->taken + CYCLES(1));
}

/* LDRT, STRT and their kin: the access is unprivileged whatever the mode. */
OP(UNPRIV)
{
  uint32_t addr = OFFSET, v = 0;
  unsigned size = d->x & 7u;
  enum fault f;
  SAVE();
  if (d->x & UNPRIV_LOAD) {
    f = core_read(c, addr, size, false, &v);
  } else {
    f = core_write(c, addr, size, false, R(rd));
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->x & UNPRIV_LOAD) {
    if (d->x & UNPRIV_SIGNED) {
      v = size == 1 ? sign8(v) : sign16(v);
    }
    R(rd) = v;
  }
  NEXT(2, LOAD_CYCLES);
}
