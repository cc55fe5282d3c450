/* The fixed system map and the PMSAv7 Memory Protection Unit (ARMv7-M ARM B3.5; ARMv6-M has the same programmers'
 * model with regions of 256 bytes and more). Access is decided for single addresses: regions and subregions are
 * multiples of 32 bytes, and no aligned access crosses such a border.
 */
#include "sim/cpu/internal.h"

#define MPU_ENABLE     1u
#define MPU_HFNMIENA   2u
#define MPU_PRIVDEFENA 4u

#define BLOCK 32u /* the smallest region */

/* Peripherals, external devices and everything from 0xA0000000 are execute-never. */
static bool default_allows(uint32_t addr, enum cpu_access access)
{
  return access != CPU_FETCH || addr < 0x40000000u || (addr >= 0x60000000u && addr < 0xa0000000u);
}

static bool permission(uint32_t ap, enum cpu_access access, bool priv)
{
  bool write = access == CPU_WRITE;
  switch (ap) {
  case 1:
    return priv;
  case 2:
    return priv || !write;
  case 3:
    return true;
  case 5:
    return priv && !write;
  case 6:
  case 7:
    return !write;
  default:
    return false;
  }
}

/* With HFNMIENA clear the MPU is off at the priorities of HardFault and NMI (FAULTMASK raises to that). */
static bool mpu_is_on(const struct cpu *c)
{
  if (!(c->s.mpu_ctrl & MPU_ENABLE)) {
    return false;
  }
  bool negative = c->s.faultmask || bit_get(c->s.active, EXC_NMI) || bit_get(c->s.active, EXC_HARD);
  return !negative || (c->s.mpu_ctrl & MPU_HFNMIENA);
}

unsigned core_mpu_regime(const struct cpu *c)
{
  return mpu_is_on(c) ? 2u | privileged(c) : 0;
}

static bool region_covers(const struct mpu_region *r, uint32_t addr)
{
  if (!(r->rasr & 1u)) {
    return false;
  }
  unsigned log2_size = (r->rasr >> 1 & 31u) + 1;
  uint32_t mask = log2_size >= 32 ? 0 : ~(uint32_t)0 << log2_size;
  if ((addr & mask) != (r->rbar & mask)) {
    return false;
  }
  unsigned disabled = r->rasr >> 8 & 0xffu;
  if (disabled && log2_size >= 8) {
    unsigned sub = (addr & ~mask) >> (log2_size - 3);
    return !(disabled >> sub & 1u);
  }
  return true;
}

static bool mpu_allows(const struct cpu *c, uint32_t addr, enum cpu_access access, bool priv)
{
  for (int i = 7; i >= 0; i--) {
    const struct mpu_region *r = &c->s.mpu[i];
    if (!region_covers(r, addr)) {
      continue;
    }
    if (access == CPU_FETCH && ((r->rasr >> 28 & 1u) || addr >= 0xe0000000u)) {
      return false;
    }
    return permission(r->rasr >> 24 & 7u, access == CPU_FETCH ? CPU_READ : access, priv);
  }
  return priv && (c->s.mpu_ctrl & MPU_PRIVDEFENA) && default_allows(addr, access);
}

bool core_mpu_allows(const struct cpu *c, uint32_t addr, enum cpu_access access, bool priv)
{
  return mpu_is_on(c) ? mpu_allows(c, addr, access, priv) : default_allows(addr, access);
}

/* Is the answer the same for every byte of the granule? */
bool core_mpu_uniform(const struct cpu *c, uint32_t granule, enum cpu_access access, bool priv)
{
  if (!mpu_is_on(c)) {
    return true;
  }
  bool first = mpu_allows(c, granule, access, priv);
  for (uint32_t at = BLOCK; at < CPU_GRANULE; at += BLOCK) {
    if (mpu_allows(c, granule + at, access, priv) != first) {
      return false;
    }
  }
  return true;
}
