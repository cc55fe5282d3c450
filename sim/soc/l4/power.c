/* PWR and SYSCFG of the STM32L4, and SRAM2 with what SYSCFG does to it (erase, write protection). */
#include "sim/soc/l4/l4.h"

#include <string.h>

/* ---- PWR ---- */
enum { PWR_CR1 = 0, PWR_CR2 = 4, PWR_CR3 = 8, PWR_CR4 = 0xC, PWR_SR1 = 0x10, PWR_SR2 = 0x14, PWR_SCR = 0x18 };
enum { CR1_LPMS = 7, CR1_DBP = 1 << 8, CR1_LPR = 1 << 14, SR2_REGLPF = 1 << 9, SR2_VOSF = 1 << 10 };
#define VOS_PS (20 * SOC_PS_PER_US)

#define PULL(offset)                                                                                                   \
  {                                                                                                                    \
    offset, 0, 0, 0xFFFF                                                                                               \
  }
static const struct soc_reg pwr_regs[] = {
    {PWR_CR1, SOC_REG_WRITE, 0x200, 0x4707},
    {PWR_CR2, 0, 0, 0x6FF},
    {PWR_CR3, 0, 0x8000, 0x851F},
    {PWR_CR4, 0, 0, 0x31F},
    {PWR_SR1, 0, 0, 0},
    {PWR_SR2, SOC_REG_READ, 0, 0},
    {PWR_SCR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    PULL(0x20),
    PULL(0x24),
    PULL(0x28),
    PULL(0x2C),
    PULL(0x30),
    PULL(0x34),
    PULL(0x38),
    PULL(0x3C),
    PULL(0x40),
    PULL(0x44),
    PULL(0x48),
    PULL(0x4C),
    PULL(0x50),
    PULL(0x54),
    PULL(0x58),
    PULL(0x5C),
};

bool l4_backup_writable(const struct l4 *l4)
{
  return l4->pwr.v[PWR_CR1 / 4] & CR1_DBP;
}

unsigned l4_voltage_range(const struct l4 *l4)
{
  return (l4->pwr.v[PWR_CR1 / 4] >> 9 & 3u) == 2 ? 2 : 1;
}

static void vos_ready(void *ctx)
{
  ((struct l4 *)ctx)->pwr.v[PWR_SR2 / 4] &= ~(uint32_t)SR2_VOSF;
}

static uint32_t pwr_read(struct soc_block *b, unsigned offset, bool peek)
{
  if (!peek && b->v[offset / 4] & SR2_VOSF)
    soc_poll(b);
  return b->v[offset / 4];
}

static bool pwr_write(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  (void)size;
  if (offset == PWR_SCR) {
    b->v[PWR_SR1 / 4] &= ~(value & 0x11F);
    return true;
  }
  unsigned before = l4_voltage_range(l4);
  b->v[PWR_CR1 / 4] = value & 0x4707;
  b->v[PWR_SR2 / 4] = (b->v[PWR_SR2 / 4] & ~(uint32_t)SR2_REGLPF) | (value & CR1_LPR ? SR2_REGLPF : 0);
  if (value & CR1_LPMS)
    soc_log_once(b->soc, pwr_regs, "not modelled: PWR.CR1.LPMS: deep sleep is plain sleep");
  if (l4_voltage_range(l4) == 1 && before == 2) {
    b->v[PWR_SR2 / 4] |= SR2_VOSF;
    soc_after(b->soc, &l4->vos_ready, VOS_PS);
  }
  l4_rcc_update(l4);
  return true;
}

static void pwr_reset(struct soc_block *b)
{
  soc_cancel(b->soc, &l4_of(b)->vos_ready);
}

/* ---- SYSCFG ---- */
enum { MEMRMP = 0, CFGR1 = 4, EXTICR1 = 8, EXTICR4 = 0x14, SCSR = 0x18, CFGR2 = 0x1C, SWPR = 0x20, SKR = 0x24 };
enum { SCSR_ERASE = 1, SCSR_BUSY = 2, CFGR1_FWDIS = 1, CFGR2_SPF = 1 << 8 };

static const struct soc_reg syscfg_regs[] = {
    {MEMRMP, SOC_REG_WRITE, 0, 0x10F},
    {CFGR1, SOC_REG_WRITE, 0x7C000001, 0xFC7F0100},
    {EXTICR1, 0, 0, 0x7777},
    {0xC, 0, 0, 0x7777},
    {0x10, 0, 0, 0x7777},
    {EXTICR4, 0, 0, 0x7777},
    {SCSR, SOC_REG_READ | SOC_REG_WRITE, 0, 0},
    {CFGR2, SOC_REG_WRITE, 0, 0},
    {SWPR, SOC_REG_WRITE, 0, 0},
    {SKR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
};

bool l4_banks_swapped(const struct l4 *l4)
{
  return l4->part->flash_size > L4_BANK_SIZE && l4->syscfg.v[MEMRMP / 4] & 0x100;
}

unsigned l4_boot_memory(const struct l4 *l4)
{
  return l4->syscfg.v[MEMRMP / 4] & 7u;
}

unsigned l4_exti_port(const struct l4 *l4, unsigned line)
{
  return l4->syscfg.v[EXTICR1 / 4 + line / 4] >> (4 * (line & 3u)) & 7u;
}

static void sram2_cleared(void *ctx)
{
  ((struct l4 *)ctx)->syscfg.v[SCSR / 4] = 0;
}

/* Keys 0xCA, 0x53 allow one erase of SRAM2. */
static void write_sram2_control(struct l4 *l4, uint32_t value)
{
  if (!(value & SCSR_ERASE) || l4->sram2_key_step != 2)
    return;
  l4->sram2_key_step = 0;
  memset(l4->sram2, 0, sizeof l4->sram2);
  cpu_invalidate(l4->soc->cpu, L4_SRAM2_BASE, L4_SRAM2_MAX);
  l4->syscfg.v[SCSR / 4] = SCSR_BUSY;
  soc_after(l4->soc, &l4->sram2_cleared, l4->part->sram2_size / 4 * (SOC_PS_PER_S / l4->soc->hz));
}

static uint32_t syscfg_read(struct soc_block *b, unsigned offset, bool peek)
{
  if (!peek && b->v[SCSR / 4])
    soc_poll(b);
  return b->v[offset / 4];
}

static bool syscfg_write(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  uint32_t *v = &b->v[offset / 4];
  (void)size;
  switch (offset) {
  case MEMRMP:
    if ((value & 7u) != 0 && (value & 7u) != 3)
      soc_log_once(b->soc, v, "not modelled: SYSCFG.MEMRMP.MEM_MODE %u", (unsigned)(value & 7u));
    *v = value & 0x10F;
    l4_memory_remapped(l4);
    break;
  case CFGR1:
    if (*v & CFGR1_FWDIS && !(value & CFGR1_FWDIS))
      l4_firewall_enable(l4);
    *v = (value & 0xFC7F0100) | (*v & value & CFGR1_FWDIS);
    break;
  case SCSR:
    write_sram2_control(l4, value);
    break;
  case CFGR2: /* locks can only be set; the parity flag is cleared by a one */
    *v = (*v & ~(value & CFGR2_SPF)) | (value & 0xF);
    break;
  case SWPR:
    *v |= value;
    cpu_invalidate(b->soc->cpu, L4_SRAM2_BASE, L4_SRAM2_MAX);
    break;
  default: {
    static const uint8_t keys[] = {0xCA, 0x53};
    unsigned step = l4->sram2_key_step < 2 ? l4->sram2_key_step : 0;
    l4->sram2_key_step = (value & 0xFF) == keys[step] ? step + 1 : 0;
    break;
  }
  }
  return true;
}

static void syscfg_reset(struct soc_block *b)
{
  struct l4 *l4 = l4_of(b);
  l4->sram2_key_step = 0;
  soc_cancel(b->soc, &l4->sram2_cleared);
  if (l4_firewall_on(l4)) /* reset by RCC.APB2RSTR: the firewall stays on */
    b->v[CFGR1 / 4] &= ~(uint32_t)CFGR1_FWDIS;
  l4_memory_remapped(l4);
}

/* ---- SRAM2: pages of 1 KiB can be closed to writes until the next reset ---- */
static bool closed(const struct soc_mem *mem, uint32_t offset)
{
  const struct l4 *l4 = mem->chip;
  return offset < 0x8000 && l4->syscfg.v[SWPR / 4] >> (offset / 1024) & 1u; /* SWPR2 of the STM32L496: not modelled */
}

static uint8_t *sram2_direct(struct soc_mem *mem, uint32_t offset, enum cpu_access kind)
{
  return l4_closed(mem->chip) || (kind == CPU_WRITE && closed(mem, offset)) ? NULL : mem->bytes + offset;
}

static bool sram2_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  if (l4_closed_to(mem->chip, how->master))
    return false;
  memcpy(value, mem->bytes + offset, how->size);
  return true;
}

static bool sram2_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  struct l4 *l4 = mem->chip;
  if (closed(mem, offset) || l4_closed_to(l4, how->master))
    return false;
  memcpy(mem->bytes + offset, &value, how->size);
  if (how->master != SOC_BY_CPU)
    cpu_invalidate(l4->soc->cpu, mem->base + offset, how->size);
  return true;
}

const struct soc_mem_ops l4_sram2_ops = {sram2_direct, sram2_read, sram2_write};

void l4_power_init(struct l4 *l4)
{
  const uint32_t *rcc = l4->rcc.block.v;
  l4->vos_ready = (struct soc_event){.fire = vos_ready, .ctx = l4};
  l4->sram2_cleared = (struct soc_event){.fire = sram2_cleared, .ctx = l4};
  l4->pwr = (struct soc_block){
      .name = "PWR",
      .base = 0x40007000,
      .size = 0x400,
      .regs = pwr_regs,
      .reg_count = sizeof pwr_regs / sizeof pwr_regs[0],
      .read = pwr_read,
      .write = pwr_write,
      .reset = pwr_reset,
      .enable = &rcc[RCC_APB1ENR1 / 4],
      .hold = &rcc[0x38 / 4],
      .gate = 1u << 28,
      .chip = l4,
  };
  l4->syscfg = (struct soc_block){
      .name = "SYSCFG",
      .base = 0x40010000,
      .size = 0x30,
      .regs = syscfg_regs,
      .reg_count = sizeof syscfg_regs / sizeof syscfg_regs[0],
      .read = syscfg_read,
      .write = syscfg_write,
      .reset = syscfg_reset,
      .enable = &rcc[RCC_APB2ENR / 4],
      .hold = &rcc[0x40 / 4],
      .gate = 1,
      .chip = l4,
  };
  soc_add_block(l4->soc, &l4->pwr);
  soc_add_block(l4->soc, &l4->syscfg);
}
