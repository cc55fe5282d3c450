/* Accesses that the soft TLB does not answer: alignment, the fixed system map, MPU, bit-band, bus; and the TLB itself.
 */
#include "sim/cpu/internal.h"
#include <string.h>

#define CCR_BFHFNMIGN    0x100u
#define CCR_UNALIGN_TRP  0x8u
#define CCR_USERSETMPEND 0x2u

void core_tlb_flush(struct cpu *c)
{
  memset(c->read_tlb, 0xff, sizeof c->read_tlb);
  memset(c->write_tlb, 0xff, sizeof c->write_tlb);
  for (unsigned i = 0; i < TLB_SIZE; i++) {
    c->code_tlb[i].tag = TLB_NONE;
  }
  core_kick(c); /* the running page was entered under the old rules */
}

/* What the TLBs hold depends on the MPU, and with the MPU on also on privilege and on running at a negative priority.
 */
void core_regime(struct cpu *c)
{
  unsigned regime = core_mpu_regime(c);
  if (regime != c->regime) {
    c->regime = regime;
    core_tlb_flush(c);
  }
}

static enum fault refuse(struct cpu *c, enum fault f, uint32_t addr, enum cpu_access access)
{
  c->fault_addr = addr;
  c->fault_access = access;
  return f;
}

/* A data access ended in a bus error. With CCR.BFHFNMIGN, code at the priority of HardFault or NMI goes on: so it can
 * probe memory. */
static enum fault bus_error(struct cpu *c, uint32_t addr, enum cpu_access access)
{
  if ((c->s.ccr & CCR_BFHFNMIGN) && core_current_priority(c, false) < 0) {
    c->s.cfsr |= 0x8200u; /* PRECISERR, BFARVALID */
    c->s.bfar = addr;
    return FAULT_NONE;
  }
  return refuse(c, FAULT_BUS_DATA, addr, access);
}

/* Private Peripheral Bus: no MPU, privileged only. Core registers here, the rest (DBGMCU, ETM) on the bus. */
static bool on_ppb(uint32_t addr)
{
  return addr >> 20 == 0xe00u;
}
static bool is_scs(uint32_t addr)
{
  return addr >> 12 == 0xe000eu;
}
static bool is_dwt(const struct cpu *c, uint32_t addr)
{
  return addr >> 12 == 0xe0001u && !is_v6m(c);
}

/* Bit-band alias of the Cortex-M4: every bit of the first MiB of SRAM and of the peripherals as a word. */
static bool bit_band(const struct cpu *c, uint32_t addr, uint32_t *byte, unsigned *bit)
{
  if ((addr >> 25 != 0x22000000u >> 25 && addr >> 25 != 0x42000000u >> 25) || is_v6m(c)) {
    return false;
  }
  *byte = (addr & 0xf0000000u) | (addr & 0x01ffffffu) >> 5;
  *bit = addr >> 2 & 7u;
  return true;
}

/* Past all checks: plain memory or the bus. */
static bool physical_read(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t *value)
{
  const uint8_t *host = c->bus.direct(c->bus.ctx, addr & GRANULE_MASK, CPU_READ);
  if (!host) {
    return c->bus.read(c->bus.ctx, addr, size, priv, value);
  }
  *value = 0;
  memcpy(value, host + (addr & (CPU_GRANULE - 1)), size);
  return true;
}

bool core_read_physical(struct cpu *c, uint32_t addr, uint32_t *word)
{
  return physical_read(c, addr, 4, true, word);
}

static bool physical_write(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t value)
{
  uint8_t *host = c->bus.direct(c->bus.ctx, addr & GRANULE_MASK, CPU_WRITE);
  if (!host) {
    return c->bus.write(c->bus.ctx, addr, size, priv, value);
  }
  memcpy(host + (addr & (CPU_GRANULE - 1)), &value, size);
  if (core_code_known(c, host)) {
    core_code_written(c, host, addr & (CPU_GRANULE - 1), size);
  }
  return true;
}

static enum fault read_aligned(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t *value)
{
  uint32_t granule = addr & GRANULE_MASK;
  *value = 0;
  if (on_ppb(addr)) {
    if (!priv) {
      return bus_error(c, addr, CPU_READ);
    }
    if (is_scs(addr)) {
      *value = core_scs_read(c, addr, size, false);
      return FAULT_NONE;
    }
    if (is_dwt(c, addr)) {
      *value = core_dwt_read(c, addr) >> (addr & 3u) * 8;
      return FAULT_NONE;
    }
  } else if (!core_mpu_allows(c, addr, CPU_READ, priv)) {
    return refuse(c, FAULT_MPU_DATA, addr, CPU_READ);
  }
  if (c->watchpoints) {
    core_watch(c, addr, size, false);
  }
  uint32_t byte, word = 0;
  unsigned bit;
  if (bit_band(c, addr, &byte, &bit)) {
    if (!physical_read(c, byte, 1, priv, &word)) {
      return bus_error(c, addr, CPU_READ);
    }
    *value = word >> bit & 1u;
    return FAULT_NONE;
  }
  uint8_t *host = c->bus.direct(c->bus.ctx, granule, CPU_READ);
  if (host) {
    memcpy(&word, host + (addr - granule), size);
    *value = word;
    if (priv == privileged(c) && core_mpu_uniform(c, granule, CPU_READ, priv) && !core_watched(c, granule)) {
      struct tlb *e = &c->read_tlb[addr / CPU_GRANULE % TLB_SIZE];
      e->tag = granule;
      e->host = (uintptr_t)host - granule;
    }
    return FAULT_NONE;
  }
  if (!c->bus.read(c->bus.ctx, addr, size, priv, &word)) {
    return bus_error(c, addr, CPU_READ);
  }
  *value = size == 4 ? word : word & ((1u << size * 8) - 1);
  return FAULT_NONE;
}

static enum fault write_aligned(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t value)
{
  uint32_t granule = addr & GRANULE_MASK;
  if (on_ppb(addr)) {
    bool stir = addr == 0xe000ef00u && (c->s.ccr & CCR_USERSETMPEND);
    if (!priv && !stir) {
      return bus_error(c, addr, CPU_WRITE);
    }
    if (is_scs(addr)) {
      core_scs_write(c, addr, size, value);
      return FAULT_NONE;
    }
    if (is_dwt(c, addr)) {
      core_dwt_write(c, addr, value);
      return FAULT_NONE;
    }
  } else if (!core_mpu_allows(c, addr, CPU_WRITE, priv)) {
    return refuse(c, FAULT_MPU_DATA, addr, CPU_WRITE);
  }
  if (c->watchpoints) {
    core_watch(c, addr, size, true);
  }
  uint32_t byte, word = 0;
  unsigned bit;
  if (bit_band(c, addr, &byte, &bit)) {
    if (!physical_read(c, byte, 1, priv, &word) ||
        !physical_write(c, byte, 1, priv, (word & ~(1u << bit) & 0xffu) | (value & 1u) << bit)) {
      return bus_error(c, addr, CPU_WRITE);
    }
    return FAULT_NONE;
  }
  uint8_t *host = c->bus.direct(c->bus.ctx, granule, CPU_WRITE);
  if (host) {
    memcpy(host + (addr - granule), &value, size);
    if (core_code_known(c, host)) {
      core_code_written(c, host, addr - granule, size);
    } else if (priv == privileged(c) && core_mpu_uniform(c, granule, CPU_WRITE, priv) && !core_watched(c, granule)) {
      struct tlb *e = &c->write_tlb[addr / CPU_GRANULE % TLB_SIZE];
      e->tag = granule;
      e->host = (uintptr_t)host - granule;
    }
    return FAULT_NONE;
  }
  if (!c->bus.write(c->bus.ctx, addr, size, priv, value)) {
    return bus_error(c, addr, CPU_WRITE);
  }
  return FAULT_NONE;
}

static bool traps_unaligned(const struct cpu *c)
{
  return is_v6m(c) || (c->s.ccr & CCR_UNALIGN_TRP);
}

/* The size of the next piece of an unaligned access: halfword if it can be, else byte (the hardware does the same). */
static unsigned piece(uint32_t addr, unsigned left)
{
  return (addr & 1u) || left < 2 ? 1 : 2;
}

enum fault core_read(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t *value)
{
  if (LIKELY((addr & (size - 1)) == 0)) {
    return read_aligned(c, addr, size, priv, value);
  }
  if (traps_unaligned(c)) {
    return refuse(c, FAULT_UNALIGNED, addr, CPU_READ);
  }
  uint32_t all = 0;
  for (unsigned done = 0; done < size;) {
    uint32_t part = 0;
    unsigned n = piece(addr + done, size - done);
    enum fault f = read_aligned(c, addr + done, n, priv, &part);
    if (f != FAULT_NONE) {
      return f;
    }
    all |= part << (done * 8 & 31u);
    done += n;
  }
  *value = all;
  return FAULT_NONE;
}

enum fault core_write(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t value)
{
  if (LIKELY((addr & (size - 1)) == 0)) {
    return write_aligned(c, addr, size, priv, value);
  }
  if (traps_unaligned(c)) {
    return refuse(c, FAULT_UNALIGNED, addr, CPU_WRITE);
  }
  for (unsigned done = 0; done < size;) {
    unsigned n = piece(addr + done, size - done);
    enum fault f =
        write_aligned(c, addr + done, n, priv, n == 1 ? value >> done * 8 & 0xffu : value >> done * 8 & 0xffffu);
    if (f != FAULT_NONE) {
      return f;
    }
    done += n;
  }
  return FAULT_NONE;
}

/* One halfword of an instruction, checked and fetched as if nothing were remembered. */
enum fault core_fetch(struct cpu *c, uint32_t addr, uint16_t *halfword)
{
  bool priv = privileged(c);
  if (!core_mpu_allows(c, addr, CPU_FETCH, priv)) {
    return refuse(c, FAULT_MPU_FETCH, addr, CPU_FETCH);
  }
  uint32_t granule = addr & GRANULE_MASK;
  const uint8_t *host = c->bus.direct(c->bus.ctx, granule, CPU_FETCH);
  if (host) {
    memcpy(halfword, host + (addr - granule), 2);
    return FAULT_NONE;
  }
  if (!c->bus.fetch(c->bus.ctx, addr, priv, halfword)) {
    return refuse(c, FAULT_BUS_FETCH, addr, CPU_FETCH);
  }
  return FAULT_NONE;
}

/* ---- contract ---- */
void cpu_invalidate(struct cpu *c, uint32_t addr, uint32_t size)
{
  if (size == 0) {
    return;
  }
  uint32_t granule = addr & GRANULE_MASK;
  uint64_t end = (uint64_t)addr + size;
  if (size / CPU_GRANULE > 1024) {
    cpu_flush(c);
    return;
  }
  for (uint64_t g = granule; g < end; g += CPU_GRANULE) {
    uint32_t a = (uint32_t)g;
    unsigned i = a / CPU_GRANULE % TLB_SIZE;
    if (c->read_tlb[i].tag == a) {
      c->read_tlb[i].tag = TLB_NONE;
    }
    if (c->write_tlb[i].tag == a) {
      c->write_tlb[i].tag = TLB_NONE;
    }
    core_code_drop(c, a);
  }
}

void cpu_flush(struct cpu *c)
{
  c->generation++;
  core_tlb_flush(c);
}
