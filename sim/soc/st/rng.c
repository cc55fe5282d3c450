/* Random number generator: see rng.h. */
#include "sim/soc/st/rng.h"

enum { CR = 0, SR = 4, DR = 8 };
enum { CR_RNGEN = 1 << 2, CR_IE = 1 << 3 };
enum { SR_DRDY = 1, SR_CECS = 1 << 1, SR_CEIS = 1 << 5, SR_SEIS = 1 << 6 };
#define PERIODS 40u /* of the RNG clock for a number */

static const struct soc_reg regs[] = {
    {CR, SOC_REG_WRITE, 0, CR_RNGEN | CR_IE},
    {SR, SOC_REG_READ | SOC_REG_WRITE, 0, 0},
    {DR, SOC_REG_READ, 0, 0},
};

static void update_irq(struct st_rng *r)
{
  uint32_t sr = r->block.v[SR / 4];
  cpu_irq_level(r->block.soc->cpu, r->irq, r->block.v[CR / 4] & CR_IE && sr & (SR_DRDY | SR_CEIS | SR_SEIS));
}

static void start(struct st_rng *r)
{
  uint32_t hz = r->kernel_hz(r);
  uint32_t *sr = &r->block.v[SR / 4];
  if (hz == 0 || hz < r->block.soc->hz / 32) {
    *sr |= SR_CECS | SR_CEIS;
    soc_log_once(r->block.soc, r, "RNG: no clock, or one slower than HCLK/32: no numbers come");
  } else {
    *sr &= ~(uint32_t)SR_CECS;
    soc_after(r->block.soc, &r->ready, PERIODS * (SOC_PS_PER_S / hz));
  }
  update_irq(r);
}

static void ready(void *ctx)
{
  struct st_rng *r = ctx;
  r->block.v[SR / 4] |= SR_DRDY;
  r->block.v[DR / 4] = (uint32_t)soc_random(&r->seed);
  update_irq(r);
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_rng *r = (struct st_rng *)b;
  uint32_t *sr = &b->v[SR / 4];
  if (offset == SR) {
    if (!peek && !(*sr & SR_DRDY))
      soc_poll(b);
    return *sr;
  }
  if (peek || !(*sr & SR_DRDY))
    return 0;
  *sr &= ~(uint32_t)SR_DRDY;
  start(r);
  return b->v[DR / 4];
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_rng *r = (struct st_rng *)b;
  (void)size;
  if (offset == SR) {
    b->v[SR / 4] &= value | ~(uint32_t)(SR_CEIS | SR_SEIS); /* cleared by zeros */
  } else {
    uint32_t on = value & ~b->v[CR / 4] & CR_RNGEN;
    b->v[CR / 4] = value & (CR_RNGEN | CR_IE);
    if (on)
      start(r);
    if (!(value & CR_RNGEN)) {
      soc_cancel(b->soc, &r->ready);
      b->v[SR / 4] &= ~(uint32_t)SR_DRDY;
    }
  }
  update_irq(r);
  return true;
}

static void reset(struct soc_block *b)
{
  struct st_rng *r = (struct st_rng *)b;
  soc_cancel(b->soc, &r->ready);
  update_irq(r);
}

void st_rng_init(struct st_rng *r, uint32_t base, unsigned irq, void *chip)
{
  r->irq = irq;
  r->seed = 0x706F7274;
  r->ready = (struct soc_event){.fire = ready, .ctx = r};
  r->block = (struct soc_block){
      .name = "RNG",
      .base = base,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
      .chip = chip,
  };
}
