/* Loads and stores of several registers, exclusive accesses, table branches. See engine.h for the rules.
 *
 * A block that lies inside one granule known to the TLB is moved directly; else word by word. A load that faults half
 * way has changed no register; a store that faults half way has written the words before the fault, as the hardware
 * may (both restart from the beginning).
 */
#include "sim/cpu/engine.h"
#include <string.h>

#define BLOCK_IN_GRANULE(addr, bytes) (((addr) & (CPU_GRANULE - 1)) + (bytes) <= CPU_GRANULE)

static inline uint32_t multi_start(const struct insn *d, uint32_t base, uint32_t bytes)
{
  return d->x & MULTI_BEFORE ? base - bytes : base;
}
static inline uint32_t multi_end(const struct insn *d, uint32_t base, uint32_t bytes)
{
  return d->x & MULTI_BEFORE ? base - bytes : base + bytes;
}

/* rn: base; imm: register list; x: MULTI_* */
OP(LDM_slow)
{
  uint32_t list = d->imm, n = (uint32_t)__builtin_popcount(list);
  uint32_t base = R(rn), addr = multi_start(d, base, n * 4);
  uint32_t value[16] = {0};
  SAVE();
  enum fault f = addr & 3u ? FAULT_UNALIGNED : FAULT_NONE;
  for (unsigned i = 0; i < n && f == FAULT_NONE; i++) {
    f = core_read(c, addr + i * 4, 4, privileged(c), &value[i]);
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->x & MULTI_WRITEBACK) {
    R(rn) = multi_end(d, base, n * 4);
  }
  unsigned i = 0;
  for (uint32_t left = list & 0x7fffu; left; left &= left - 1) {
    c->s.r[__builtin_ctz(left)] = value[i++];
  }
  if (list & 0x8000u) {
    t -= CYCLES(n);
    JUMP_X(value[i], c->taken);
  }
  t -= CYCLES(n);
  NEXT(LEN(d), 1);
}
OP(LDM)
{
  uint32_t list = d->imm, n = (uint32_t)__builtin_popcount(list);
  uint32_t base = R(rn), addr = multi_start(d, base, n * 4);
  uint8_t *host;
  if (!(TLB_HIT(read_tlb, addr, 4u, host) && BLOCK_IN_GRANULE(addr, n * 4))) {
    CALL(op_LDM_slow, d);
  }
  if (d->x & MULTI_WRITEBACK) {
    R(rn) = multi_end(d, base, n * 4);
  }
  for (uint32_t left = list & 0x7fffu; left; left &= left - 1) {
    memcpy(&c->s.r[__builtin_ctz(left)], host, 4);
    host += 4;
  }
  t -= CYCLES(n);
  if (list & 0x8000u) {
    uint32_t target;
    memcpy(&target, host, 4);
    JUMP_X(target, c->taken);
  }
  NEXT(LEN(d), 1);
}

OP(STM_slow)
{
  uint32_t list = d->imm, n = (uint32_t)__builtin_popcount(list);
  uint32_t base = R(rn), addr = multi_start(d, base, n * 4);
  SAVE();
  enum fault f = addr & 3u ? FAULT_UNALIGNED : FAULT_NONE;
  for (uint32_t left = list; left && f == FAULT_NONE; left &= left - 1, addr += 4) {
    f = core_write(c, addr, 4, privileged(c), c->s.r[__builtin_ctz(left)]);
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->x & MULTI_WRITEBACK) {
    R(rn) = multi_end(d, base, n * 4);
  }
  t -= CYCLES(n);
  NEXT(LEN(d), 1);
}
OP(STM)
{
  uint32_t list = d->imm, n = (uint32_t)__builtin_popcount(list);
  uint32_t base = R(rn), addr = multi_start(d, base, n * 4);
  uint8_t *host;
  if (!(TLB_HIT(write_tlb, addr, 4u, host) && BLOCK_IN_GRANULE(addr, n * 4))) {
    CALL(op_STM_slow, d);
  }
  for (uint32_t left = list; left; left &= left - 1) {
    memcpy(host, &c->s.r[__builtin_ctz(left)], 4);
    host += 4;
  }
  if (d->x & MULTI_WRITEBACK) {
    R(rn) = multi_end(d, base, n * 4);
  }
  t -= CYCLES(n);
  NEXT(LEN(d), 1);
}

/* rd, rm: the registers; imm: offset (rn == 15: the address); x: DUAL_* */
static inline uint32_t dual_address(const struct cpu *c, const struct insn *d)
{
  uint32_t base = d->rn == 15 ? 0 : c->s.r[d->rn];
  return d->x & DUAL_PRE ? base + d->imm : base;
}
OP(LDRD_slow)
{
  uint32_t addr = dual_address(c, d), v[2] = {0, 0};
  SAVE();
  enum fault f = addr & 3u ? FAULT_UNALIGNED : core_read(c, addr, 4, privileged(c), &v[0]);
  if (f == FAULT_NONE) {
    f = core_read(c, addr + 4, 4, privileged(c), &v[1]);
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->x & DUAL_WRITEBACK) {
    R(rn) += d->imm;
  }
  R(rd) = v[0];
  R(rm) = v[1];
  NEXT(2, 3);
}
OP(LDRD)
{
  uint32_t addr = dual_address(c, d), v[2];
  uint8_t *host;
  if (!(TLB_HIT(read_tlb, addr, 4u, host) && BLOCK_IN_GRANULE(addr, 8))) {
    CALL(op_LDRD_slow, d);
  }
  memcpy(v, host, 8);
  if (d->x & DUAL_WRITEBACK) {
    R(rn) += d->imm;
  }
  R(rd) = v[0];
  R(rm) = v[1];
  NEXT(2, 3);
}
OP(STRD_slow)
{
  uint32_t addr = dual_address(c, d);
  SAVE();
  enum fault f = addr & 3u ? FAULT_UNALIGNED : core_write(c, addr, 4, privileged(c), R(rd));
  if (f == FAULT_NONE) {
    f = core_write(c, addr + 4, 4, privileged(c), R(rm));
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  if (d->x & DUAL_WRITEBACK) {
    R(rn) += d->imm;
  }
  NEXT(2, 3);
}
OP(STRD)
{
  uint32_t addr = dual_address(c, d);
  uint8_t *host;
  if (!(TLB_HIT(write_tlb, addr, 4u, host) && BLOCK_IN_GRANULE(addr, 8))) {
    CALL(op_STRD_slow, d);
  }
  memcpy(host, &R(rd), 4);
  memcpy(host + 4, &R(rm), 4);
  if (d->x & DUAL_WRITEBACK) {
    R(rn) += d->imm;
  }
  NEXT(2, 3);
}

/* LDREX and STREX of 1, 2 or 4 bytes: x is the size, rm the status register (0xff: a load), imm the offset. The local
 * monitor of these cores has one state for all addresses (Cortex-M4 TRM 3.4.4: the reservation granule is the whole
 * memory). */
OP(EXCLUSIVE)
{
  uint32_t addr = R(rn) + d->imm, v = 0;
  unsigned size = d->x;
  bool load = d->rm == 0xff;
  bool store = !load && c->s.exclusive;
  enum fault f = FAULT_NONE;
  SAVE();
  if (addr & (size - 1)) {
    f = FAULT_UNALIGNED;
  } else if (load) {
    f = core_read(c, addr, size, privileged(c), &v);
  } else if (store) {
    f = core_write(c, addr, size, privileged(c), R(rd));
  }
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  c->s.exclusive = load;
  if (load) {
    R(rd) = v;
  } else {
    R(rm) = store ? 0 : 1;
  }
  NEXT(2, 2);
}

/* TBB, TBH: x is the shift of the index; imm: PC + 4 of the instruction */
OP(TABLE)
{
  uint32_t base = d->rn == 15 ? d->imm : R(rn);
  uint32_t addr = base + (R(rm) << d->x), v = 0;
  SAVE();
  enum fault f = core_read(c, addr, 1u << d->x, privileged(c), &v);
  LOAD_REGS();
  if (f != FAULT_NONE) {
    FAULT(f);
  }
  JUMP(d->imm + v * 2, c->taken + CYCLES(1));
}
