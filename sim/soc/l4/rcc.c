/* Reset and clock control of the STM32L4: oscillators with their start-up times, the clock tree, enables and resets of
 * the peripherals, reset flags, the backup domain's register. */
#include "sim/soc/l4/l4.h"

enum { CR = 0, ICSCR = 4, CFGR = 8, PLLCFGR = 0xC, PLLSAI1CFGR = 0x10, PLLSAI2CFGR = 0x14, CIER = 0x18, CIFR = 0x1C };
#define APB2ENR_FWEN (1u << 7) /* can only be set */
enum { CICR = 0x20, AHB1RSTR = 0x28, RSTR_LAST = 0x40, AHB1SMENR = 0x68, BDCR = RCC_BDCR, CSR = RCC_CSR };
enum { CR_MSION = 1, CR_MSIRDY = 2, CR_MSIRGSEL = 8, CR_HSION = 1 << 8, CR_HSEON = 1 << 16, CR_PLLON = 1 << 24 };
enum { CR_HSIRDY = 1 << 10, CR_HSERDY = 1 << 17, CR_PLLRDY = 1 << 25, CR_SAI1RDY = 1 << 27 };
enum { BDCR_LSEON = 1, BDCR_LSERDY = 2, BDCR_BDRST = 1 << 16, CSR_LSION = 1, CSR_LSIRDY = 2, CSR_RMVF = 1 << 23 };
enum { SW_MSI, SW_HSI, SW_HSE, SW_PLL };

#define HSI_HZ 16000000u
#define HSE_HZ 8000000u /* NUCLEO-L476RG: from the debugger's MCO */
#define LSI_HZ 32000u
#define LSE_HZ 32768u

/* What can be switched on: register, on bit (ready is the given bit), flag in CIFR, start-up time (typical). */
enum { OSC_LSI, OSC_LSE, OSC_MSI, OSC_HSI, OSC_HSE, OSC_PLL, OSC_SAI1, OSC_SAI2, OSCS };
static const struct {
  uint8_t reg, on, ready, flag;
  uint64_t start;
} oscs[OSCS] = {
    [OSC_LSI] = {CSR, 0, 1, 0, 80 * SOC_PS_PER_US},   [OSC_LSE] = {BDCR, 0, 1, 1, 1000ull * SOC_PS_PER_MS},
    [OSC_MSI] = {CR, 0, 1, 2, 10 * SOC_PS_PER_US},    [OSC_HSI] = {CR, 8, 10, 3, 4 * SOC_PS_PER_US},
    [OSC_HSE] = {CR, 16, 17, 4, 2 * SOC_PS_PER_MS},   [OSC_PLL] = {CR, 24, 25, 5, 15 * SOC_PS_PER_US},
    [OSC_SAI1] = {CR, 26, 27, 6, 15 * SOC_PS_PER_US}, [OSC_SAI2] = {CR, 28, 29, 7, 15 * SOC_PS_PER_US},
};
#define CR_WRITABLE 0x150F0BFDu

#define PLAIN(offset, reset)                                                                                           \
  {                                                                                                                    \
    offset, 0, reset, ~0u                                                                                              \
  }
static const struct soc_reg regs[] = {
    {CR, SOC_REG_READ | SOC_REG_WRITE, 0x63, 0},
    {ICSCR, 0, 0x10000000, 0x7F00FF00},
    {CFGR, SOC_REG_WRITE, 0, 0},
    {PLLCFGR, SOC_REG_WRITE, 0x1000, 0x07737F73},
    {PLLSAI1CFGR, SOC_REG_WRITE, 0x1000, 0x07737F00},
    {PLLSAI2CFGR, SOC_REG_WRITE, 0x1000, 0x07037F00},
    {CIER, 0, 0, 0x2FF},
    {CIFR, 0, 0, 0},
    {CICR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {AHB1RSTR, SOC_REG_WRITE, 0, 0x00031103},
    {0x2C, SOC_REG_WRITE, 0, 0x000530FF},
    {0x30, SOC_REG_WRITE, 0, 0x101},
    {0x38, SOC_REG_WRITE, 0, 0xF2FEC23F},
    {0x3C, SOC_REG_WRITE, 0, 0x25},
    {RSTR_LAST, SOC_REG_WRITE, 0, 0x01677C01},
    {RCC_AHB1ENR, 0, 0x100, 0x00011103},
    {RCC_AHB2ENR, 0, 0, 0x000530FF},
    {0x50, 0, 0, 0x101},
    {RCC_APB1ENR1, 0, 0, 0xF2FECE3F},
    {RCC_APB1ENR2, 0, 0, 0x25},
    {RCC_APB2ENR, SOC_REG_WRITE, 0, 0x01677C81},
    PLAIN(AHB1SMENR, 0x00011303),
    PLAIN(0x6C, 0x000532FF),
    PLAIN(0x70, 0x101),
    PLAIN(0x78, 0xF2FECA3F),
    PLAIN(0x7C, 0x25),
    PLAIN(0x80, 0x01677C01),
    PLAIN(RCC_CCIPR, 0),
    {BDCR, SOC_REG_READ | SOC_REG_WRITE, 0, 0},
    {CSR, SOC_REG_READ | SOC_REG_WRITE, 0x600, 0},
};

static uint32_t get(const struct l4 *l4, unsigned offset)
{
  return l4->rcc.block.v[offset / 4];
}

/* ---- frequencies ---- */
static uint32_t msi(const struct l4 *l4)
{
  static const uint32_t hz[] = {100000,  200000,  400000,   800000,   1000000,  2000000,
                                4000000, 8000000, 16000000, 24000000, 32000000, 48000000};
  uint32_t cr = get(l4, CR);
  unsigned range = cr & CR_MSIRGSEL ? cr >> 4 & 15u : get(l4, CSR) >> 8 & 15u;
  return cr & CR_MSIRDY ? hz[range < 12 ? range : 11] : 0;
}

static uint32_t pll_input(const struct l4 *l4)
{
  uint32_t cr = get(l4, CR);
  switch (get(l4, PLLCFGR) & 3u) {
  case 1:
    return msi(l4);
  case 2:
    return cr & CR_HSIRDY ? HSI_HZ : 0;
  case 3:
    return cr & CR_HSERDY ? HSE_HZ : 0;
  default:
    return 0;
  }
}

/* VCO of one of the three PLLs, which share source and input divider. */
static uint32_t vco(const struct l4 *l4, unsigned config)
{
  uint32_t m = (get(l4, PLLCFGR) >> 4 & 7u) + 1, n = get(l4, config) >> 8 & 0x7Fu;
  return (uint32_t)((uint64_t)pll_input(l4) * n / m);
}

/* Output R at bit 24, Q at bit 20: enable, then the divider 2, 4, 6, 8. */
static uint32_t pll_output(const struct l4 *l4, unsigned config, unsigned enable)
{
  uint32_t c = get(l4, config);
  return c >> enable & 1u ? vco(l4, config) / (2 * ((c >> (enable + 1) & 3u) + 1)) : 0;
}

static uint32_t source_hz(const struct l4 *l4, unsigned source)
{
  uint32_t cr = get(l4, CR);
  switch (source) {
  case SW_MSI:
    return msi(l4);
  case SW_HSI:
    return cr & CR_HSIRDY ? HSI_HZ : 0;
  case SW_HSE:
    return cr & CR_HSERDY ? HSE_HZ : 0;
  default:
    return cr & CR_PLLRDY ? pll_output(l4, PLLCFGR, 24) : 0;
  }
}

uint32_t l4_sysclk(const struct l4 *l4)
{
  return source_hz(l4, get(l4, CFGR) >> 2 & 3u);
}

static uint32_t hclk(const struct l4 *l4)
{
  static const uint8_t shifts[] = {1, 2, 3, 4, 6, 7, 8, 9};
  unsigned hpre = get(l4, CFGR) >> 4 & 15u;
  return l4_sysclk(l4) >> (hpre & 8u ? shifts[hpre & 7u] : 0);
}

uint32_t l4_pclk(const struct l4 *l4, unsigned apb)
{
  unsigned pre = get(l4, CFGR) >> (apb == 1 ? 8 : 11) & 7u;
  return hclk(l4) >> (pre & 4u ? (pre & 3u) + 1 : 0);
}

uint32_t l4_lse(const struct l4 *l4)
{
  return get(l4, BDCR) & BDCR_LSERDY ? LSE_HZ : 0;
}

bool l4_lsi_on(const struct l4 *l4)
{
  return get(l4, CSR) & CSR_LSION;
}

uint32_t l4_usart_hz(const struct l4 *l4, unsigned select, unsigned apb)
{
  switch (get(l4, RCC_CCIPR) >> select & 3u) {
  case 1:
    return l4_sysclk(l4);
  case 2:
    return source_hz(l4, SW_HSI);
  case 3:
    return l4_lse(l4);
  default:
    return l4_pclk(l4, apb);
  }
}

uint32_t l4_clk48(const struct l4 *l4)
{
  switch (get(l4, RCC_CCIPR) >> 26 & 3u) {
  case 1:
    return get(l4, CR) & CR_SAI1RDY ? pll_output(l4, PLLSAI1CFGR, 20) : 0;
  case 2:
    return get(l4, CR) & CR_PLLRDY ? pll_output(l4, PLLCFGR, 20) : 0;
  case 3:
    return msi(l4);
  default:
    return 0;
  }
}

/* Limits of the datasheet: what silicon would not survive or not do. */
static void check_limits(struct l4 *l4)
{
  uint32_t sysclk = l4_sysclk(l4), limit = l4_voltage_range(l4) == 1 ? 80000000 : 26000000;
  if (sysclk > limit)
    soc_log_once(l4->soc, &oscs[OSC_MSI], "clock: SYSCLK of %u Hz is above the limit of %u Hz in voltage range %u",
                 (unsigned)sysclk, (unsigned)limit, l4_voltage_range(l4));
  if (get(l4, CR) & CR_PLLRDY) {
    uint32_t in = pll_input(l4) / ((get(l4, PLLCFGR) >> 4 & 7u) + 1), out = vco(l4, PLLCFGR);
    if (in < 4000000 || in > 16000000 || out < 64000000 || out > 344000000)
      soc_log_once(l4->soc, &oscs[OSC_PLL], "clock: PLL input of %u Hz (4 to 16 MHz) or VCO of %u Hz (64 to 344 MHz)",
                   (unsigned)in, (unsigned)out);
  }
}

void l4_rcc_update(struct l4 *l4)
{
  uint32_t *cfgr = &l4->rcc.block.v[CFGR / 4];
  unsigned wanted = *cfgr & 3u;
  if (source_hz(l4, wanted)) /* the switch waits until its source is ready */
    *cfgr = (*cfgr & ~0xCu) | wanted << 2;
  uint32_t hz = hclk(l4);
  if (hz == 0)
    return;
  if (hz != l4->soc->hz)
    soc_set_clock(l4->soc, hz);
  check_limits(l4);
  l4_flash_latency(l4);
}

/* ---- oscillators ---- */
static void update_irq(struct l4 *l4)
{
  cpu_irq_level(l4->soc->cpu, L4_IRQ_RCC, get(l4, CIFR) & get(l4, CIER));
}

static void osc_ready(struct l4 *l4, unsigned i)
{
  if (i >= OSC_PLL && !pll_input(l4))
    return;
  l4->rcc.block.v[oscs[i].reg / 4] |= 1u << oscs[i].ready;
  l4->rcc.block.v[CIFR / 4] |= get(l4, CIER) & (1u << oscs[i].flag);
  update_irq(l4);
  l4_rcc_update(l4);
}

/* One function for each event, as an event carries one pointer. */
#define READY(name, i)                                                                                                 \
  static void name(void *ctx)                                                                                          \
  {                                                                                                                    \
    osc_ready(ctx, i);                                                                                                 \
  }
READY(lsi_ready, OSC_LSI)
READY(lse_ready, OSC_LSE)
READY(msi_ready, OSC_MSI)
READY(hsi_ready, OSC_HSI)
READY(hse_ready, OSC_HSE)
READY(pll_ready, OSC_PLL)
READY(sai1_ready, OSC_SAI1)
READY(sai2_ready, OSC_SAI2)
static void (*const ready_functions[OSCS])(void *) = {lsi_ready, lse_ready, msi_ready,  hsi_ready,
                                                      hse_ready, pll_ready, sai1_ready, sai2_ready};

/* After a write: start what has been switched on, stop what has been switched off. */
static void switch_oscillators(struct l4 *l4, unsigned offset)
{
  uint32_t *v = &l4->rcc.block.v[offset / 4];
  for (unsigned i = 0; i < OSCS; i++) {
    struct soc_event *e = &l4->rcc.ready[i];
    if (oscs[i].reg != offset)
      continue;
    bool on = *v >> oscs[i].on & 1u, ready = *v >> oscs[i].ready & 1u;
    if (on && !ready && !e->armed)
      soc_after(l4->soc, e, oscs[i].start);
    if (!on) {
      soc_cancel(l4->soc, e);
      *v &= ~(1u << oscs[i].ready);
    }
  }
}

/* The source of SYSCLK cannot be switched off, nor what feeds the PLL while that is the source. */
static uint32_t needed(const struct l4 *l4)
{
  static const uint32_t by_switch[] = {CR_MSION, CR_HSION, CR_HSEON, CR_PLLON};
  static const uint32_t by_pll[] = {0, CR_MSION, CR_HSION, CR_HSEON};
  unsigned used = get(l4, CFGR) >> 2 & 3u;
  return by_switch[used] | (used == SW_PLL ? by_pll[get(l4, PLLCFGR) & 3u] : 0);
}

static void write_cr(struct l4 *l4, uint32_t value)
{
  uint32_t *cr = &l4->rcc.block.v[CR / 4];
  uint32_t range = *cr & 0xF0;
  bool may_change_range = !(*cr & CR_MSION) || (*cr & CR_MSIRDY);
  value |= *cr & needed(l4);
  value |= *cr & CR_MSIRGSEL; /* only a reset selects the other range again */
  *cr = (*cr & ~CR_WRITABLE) | (value & CR_WRITABLE);
  if (!may_change_range)
    *cr = (*cr & ~0xF0u) | range;
  switch_oscillators(l4, CR);
  l4_rcc_update(l4);
}

static void write_pll(struct l4 *l4, unsigned offset, uint32_t value)
{
  static const uint32_t on[] = {CR_PLLON, 1 << 26, 1 << 28};
  struct soc_block *b = &l4->rcc.block;
  uint32_t mask = b->regs[b->known[offset / 4] - 1].mask;
  if (get(l4, CR) & on[(offset - PLLCFGR) / 4])
    mask &= 0x01110000; /* while it runs, only the outputs can be switched */
  b->v[offset / 4] = (b->v[offset / 4] & ~mask) | (value & mask);
  l4_rcc_update(l4);
}

/* ---- backup domain ---- */
static void write_bdcr(struct l4 *l4, uint32_t value)
{
  uint32_t *bdcr = &l4->rcc.block.v[BDCR / 4];
  if (!l4_backup_writable(l4)) {
    soc_log_once(l4->soc, &oscs[OSC_LSE], "RCC.BDCR is written while PWR.CR1.DBP is clear: ignored");
    return;
  }
  if (value & BDCR_BDRST) {
    l4_backup_reset(l4);
    *bdcr = BDCR_BDRST;
  } else {
    uint32_t select = *bdcr & 0x300 ? *bdcr & 0x300 : value & 0x300; /* once */
    *bdcr = (*bdcr & BDCR_LSERDY) | (value & 0x0300803D) | select;
  }
  switch_oscillators(l4, BDCR);
  l4_rtc_pins(l4);
}

/* ---- registers ---- */
static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct l4 *l4 = l4_of(b);
  for (unsigned i = 0; i < OSCS && !peek; i++)
    if (oscs[i].reg == offset && l4->rcc.ready[i].armed) {
      soc_poll(b);
      break;
    }
  if (offset == CSR && l4->iwdg.running)
    return b->v[CSR / 4] | CSR_LSIRDY; /* a running watchdog keeps the LSI on, whatever LSION says */
  return b->v[offset / 4];
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  (void)size;
  switch (offset) {
  case CR:
    write_cr(l4, value);
    return true;
  case CFGR:
    b->v[CFGR / 4] = (value & 0x7700BFF3) | (b->v[CFGR / 4] & 0xC);
    l4_rcc_update(l4);
    return true;
  case PLLCFGR:
  case PLLSAI1CFGR:
  case PLLSAI2CFGR:
    write_pll(l4, offset, value);
    return true;
  case CICR:
    b->v[CIFR / 4] &= ~value;
    update_irq(l4);
    return true;
  case BDCR:
    write_bdcr(l4, value);
    return true;
  case CSR:
    b->v[CSR / 4] = (b->v[CSR / 4] & ~0xF01u) | (value & 0xF01);
    if (value & CSR_RMVF)
      b->v[CSR / 4] &= 0x00FFFFFF;
    switch_oscillators(l4, CSR);
    l4_rcc_update(l4);
    return true;
  case RCC_APB2ENR:
    value |= b->v[offset / 4] & APB2ENR_FWEN;
    break;
  default: /* peripheral resets */
    break;
  }
  uint32_t rising = value & ~b->v[offset / 4];
  b->v[offset / 4] = value & b->regs[b->known[offset / 4] - 1].mask;
  for (unsigned i = 0; i < b->soc->block_count; i++) {
    struct soc_block *other = b->soc->blocks[i];
    if (other->hold == &b->v[offset / 4] && other->gate & rising)
      soc_block_reset(other);
  }
  return true;
}

void l4_rcc_flag_reset(struct l4 *l4, enum soc_cause cause)
{
  static const uint32_t flags[SOC_CAUSES] = {
      [SOC_CAUSE_POWER] = 1u << 27,     [SOC_CAUSE_SOFTWARE] = 1u << 28, [SOC_CAUSE_IWDG] = 1u << 29,
      [SOC_CAUSE_WWDG] = 1u << 30,      [SOC_CAUSE_OPTION] = 1u << 25,   [SOC_CAUSE_FIREWALL] = 1u << 24,
      [SOC_CAUSE_LOW_POWER] = 1u << 31, [SOC_CAUSE_BOR] = 1u << 27,
  };
  /* Every reset inside drives the pin as well. */
  l4->rcc.block.v[CSR / 4] |= flags[cause] | 1u << 26;
}

static void reset(struct soc_block *b)
{
  struct l4 *l4 = l4_of(b);
  for (unsigned i = 0; i < OSCS; i++)
    if (i != OSC_LSE)
      soc_cancel(b->soc, &l4->rcc.ready[i]);
  update_irq(l4);
}

void l4_rcc_init(struct l4 *l4)
{
  for (unsigned i = 0; i < OSCS; i++)
    l4->rcc.ready[i] = (struct soc_event){.fire = ready_functions[i], .ctx = l4};
  l4->rcc.block = (struct soc_block){
      .name = "RCC",
      .base = 0x40021000,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
      .chip = l4,
  };
  soc_add_block(l4->soc, &l4->rcc.block);
}
