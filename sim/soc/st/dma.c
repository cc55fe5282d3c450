/* DMA controller: see dma.h. A channel that is switched on moves its items in bursts, each at a cost of a read and a
 * write on the bus; between bursts the core runs. A request of a peripheral moves one item at once. */
#include "sim/soc/st/dma.h"

#include "sim/soc/hash.h"

#include <string.h>

enum { ISR = 0, IFCR = 4, CCR1 = 8, CNDTR1 = 0xC, CPAR1 = 0x10, CMAR1 = 0x14, STRIDE = 0x14, CSELR = 0xA8 };
enum { GIF = 1, TCIF = 2, HTIF = 4, TEIF = 8, FLAGS = 15 };
enum {
  CCR_EN = 1,
  CCR_DIR = 1 << 4, /* from memory to peripheral */
  CCR_CIRC = 1 << 5,
  CCR_PINC = 1 << 6,
  CCR_MINC = 1 << 7,
  CCR_MEM2MEM = 1 << 14,
};
#define CCR_BITS 0x7FFFu
#define BURST    16u /* items */
#define CYCLES   5u  /* for each: two accesses and the arbiter (RM0351 section 11.4.2) */

/* The four registers of channel n, from 0. */
#define CHANNEL(n)                                                                                                     \
  {CCR1 + STRIDE * (n), SOC_REG_WRITE, 0, CCR_BITS}, {CNDTR1 + STRIDE * (n), SOC_REG_READ | SOC_REG_WRITE, 0, 0xFFFF}, \
      {CPAR1 + STRIDE * (n), SOC_REG_WRITE, 0, ~0u},                                                                   \
  {                                                                                                                    \
    CMAR1 + STRIDE *(n), SOC_REG_WRITE, 0, ~0u                                                                         \
  }
static const struct soc_reg regs[] = {
    {ISR, SOC_REG_WRITE, 0, 0},
    {IFCR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    CHANNEL(0),
    CHANNEL(1),
    CHANNEL(2),
    CHANNEL(3),
    CHANNEL(4),
    CHANNEL(5),
    CHANNEL(6),
    {CSELR, 0, 0, 0x0FFFFFFF},
};

static uint32_t *reg(struct st_dma_channel *c, unsigned first)
{
  return &c->dma->block.v[(first + STRIDE * c->number) / 4];
}

static void update_irq(struct st_dma *d)
{
  for (unsigned i = 0; i < ST_DMA_CHANNELS; i++) {
    struct st_dma_channel *c = &d->channel[i];
    uint32_t flags = d->block.v[ISR / 4] >> (4 * i) & FLAGS;
    cpu_irq_level(d->block.soc->cpu, c->irq, flags & *reg(c, CCR1) & (TCIF | HTIF | TEIF));
  }
}

static void raise_flags(struct st_dma_channel *c, uint32_t flags)
{
  c->dma->block.v[ISR / 4] |= (flags | GIF) << (4 * c->number);
  update_irq(c->dma);
}

static void begin(struct st_dma_channel *c)
{
  bool out = *reg(c, CCR1) & CCR_DIR;
  c->from = *reg(c, out ? CMAR1 : CPAR1);
  c->to = *reg(c, out ? CPAR1 : CMAR1);
  *reg(c, CNDTR1) = c->count;
}

/* Nothing above that belongs to the core can be reached. A wider source is cut, a narrower one filled with zeros. */
static bool move_item(struct st_dma_channel *c, unsigned from_size, unsigned to_size)
{
  struct soc *soc = c->dma->block.soc;
  const struct soc_access read = {SOC_BY_DMA, CPU_READ, from_size, true};
  const struct soc_access write = {SOC_BY_DMA, CPU_WRITE, to_size, true};
  uint32_t from = c->from & ~(from_size - 1), to = c->to & ~(to_size - 1), value;
  if (from >= 0xE0000000u || to >= 0xE0000000u || !soc_bus_read(soc, from, &read, &value))
    return false;
  if (soc->dead)
    return true;
  if (to_size < 4)
    value &= (1u << (8 * to_size)) - 1;
  return soc_bus_write(soc, to, &write, value);
}

/* The next item; flags, and in circular mode the beginning again. False: the channel is off now. */
static bool step(struct st_dma_channel *c)
{
  struct soc *soc = c->dma->block.soc;
  uint32_t *control = reg(c, CCR1), *left = reg(c, CNDTR1), ccr = *control;
  unsigned peripheral = 1u << (ccr >> 8 & 3u), memory = 1u << (ccr >> 10 & 3u);
  bool out = ccr & CCR_DIR;
  unsigned from_size = out ? memory : peripheral, to_size = out ? peripheral : memory;
  unsigned from_step = ccr & (out ? CCR_MINC : CCR_PINC) ? from_size : 0;
  unsigned to_step = ccr & (out ? CCR_PINC : CCR_MINC) ? to_size : 0;
  if (!move_item(c, from_size, to_size)) {
    *control &= ~(uint32_t)CCR_EN;
    raise_flags(c, TEIF);
    return false;
  }
  if (soc->dead)
    return false;
  c->from += from_step;
  c->to += to_step;
  if (--*left == c->count / 2)
    raise_flags(c, HTIF);
  if (*left == 0) {
    raise_flags(c, TCIF);
    if (ccr & CCR_CIRC)
      begin(c);
  }
  return true;
}

static void burst(void *ctx)
{
  struct st_dma_channel *c = ctx;
  struct soc *soc = c->dma->block.soc;
  for (unsigned i = 0; i<BURST && * reg(c, CNDTR1)> 0; i++)
    if (!step(c))
      return;
  if (*reg(c, CNDTR1) > 0)
    soc_after(soc, &c->next, (uint64_t)BURST * CYCLES * SOC_PS_PER_S / soc->hz);
}

bool st_dma_request(struct st_dma *d, unsigned channel, unsigned selection)
{
  struct st_dma_channel *c = &d->channel[channel - 1];
  uint32_t ccr = *reg(c, CCR1);
  if (!(ccr & CCR_EN) || ccr & CCR_MEM2MEM || *reg(c, CNDTR1) == 0 ||
      (d->block.v[CSELR / 4] >> (4 * c->number) & 15u) != selection)
    return false;
  (void)step(c);
  return true;
}

static void switch_on(struct st_dma_channel *c)
{
  struct soc *soc = c->dma->block.soc;
  uint32_t ccr = *reg(c, CCR1);
  if (ccr & CCR_MEM2MEM && ccr & CCR_CIRC) {
    soc_log_once(soc, regs, "%s: circular mode is not for memory to memory; it moves nothing", c->dma->block.name);
    return;
  }
  c->count = *reg(c, CNDTR1);
  begin(c);
  if (ccr & CCR_MEM2MEM && c->count > 0)
    soc_after(soc, &c->next, (uint64_t)CYCLES * SOC_PS_PER_S / soc->hz);
  else if (c->dma->listen)
    c->dma->listen(c->dma);
}

/* A program that waits for the next item reads how many are left. An interrupt handler that looks does not wait. */
static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_dma *d = (struct st_dma *)b;
  struct st_dma_channel *c = &d->channel[(offset - CNDTR1) / STRIDE];
  uint32_t left = b->v[offset / 4];
  bool same = left == c->polled;
  if (peek)
    return left;
  c->polled = left;
  if (same && *reg(c, CCR1) & CCR_EN && (cpu_get(b->soc->cpu, CPU_XPSR) & 0x1FF) == 0)
    (void)soc_poll(b);
  return left;
}

static void write_channel(struct st_dma_channel *c, unsigned first, uint32_t value)
{
  uint32_t *r = reg(c, first), before = *r;
  if (first == CCR1) {
    /* while it is on, only the interrupts and EN can change */
    uint32_t mask = before & CCR_EN ? CCR_EN | TCIF | HTIF | TEIF : CCR_BITS;
    *r = (before & ~mask) | (value & mask);
    if (*r & CCR_EN && !(before & CCR_EN))
      switch_on(c);
    if (!(*r & CCR_EN))
      soc_cancel(c->dma->block.soc, &c->next);
    update_irq(c->dma);
  } else if (!(*reg(c, CCR1) & CCR_EN)) {
    *r = first == CNDTR1 ? value & 0xFFFF : value;
  }
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_dma *d = (struct st_dma *)b;
  (void)size;
  if (offset == IFCR) {
    for (unsigned i = 0; i < ST_DMA_CHANNELS; i++) {
      uint32_t flags = value >> (4 * i) & FLAGS;
      b->v[ISR / 4] &= ~((flags & GIF ? FLAGS : flags) << (4 * i));
    }
    update_irq(d);
  } else if (offset >= CCR1) {
    write_channel(&d->channel[(offset - CCR1) / STRIDE], CCR1 + (offset - CCR1) % STRIDE, value);
  }
  return true;
}

uint64_t st_dma_hash(const struct st_dma *d, uint64_t seed)
{
  for (unsigned i = 0; i < ST_DMA_CHANNELS; i++) {
    const uint32_t place[] = {i, d->channel[i].from, d->channel[i].to, d->channel[i].count};
    if (d->block.v[(CCR1 + STRIDE * i) / 4] & CCR_EN)
      seed = soc_hash_bytes(seed, place, sizeof place);
  }
  return seed;
}

static void reset(struct soc_block *b)
{
  struct st_dma *d = (struct st_dma *)b;
  for (unsigned i = 0; i < ST_DMA_CHANNELS; i++)
    soc_cancel(b->soc, &d->channel[i].next);
  update_irq(d);
}

void st_dma_init(struct st_dma *d, const char *name, uint32_t base, const uint8_t *irqs, void *chip)
{
  for (unsigned i = 0; i < ST_DMA_CHANNELS; i++) {
    struct st_dma_channel *c = &d->channel[i];
    *c = (struct st_dma_channel){.dma = d, .number = i, .irq = irqs[i]};
    c->next = (struct soc_event){.fire = burst, .ctx = c};
  }
  d->block = (struct soc_block){
      .name = name,
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
