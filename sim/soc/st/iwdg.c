/* Independent watchdog: see iwdg.h. */
#include "sim/soc/st/iwdg.h"

enum { KR = 0, PR = 4, RLR = 8, SR = 0xC, WINR = 0x10 };
enum { SR_PVU = 1, SR_RVU = 2, SR_WVU = 4 };
#define WINR_OFF 0xFFFu

static const struct soc_reg regs[] = {
    {KR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0}, {PR, SOC_REG_WRITE, 0, 7},
    {RLR, SOC_REG_WRITE, 0xFFF, 0xFFF},        {SR, SOC_REG_READ, 0, 0},
    {WINR, SOC_REG_WRITE, WINR_OFF, 0xFFF},
};

/* Prescaler 4 ... 256. */
static uint64_t tick_ps(const struct st_iwdg *w)
{
  unsigned pr = w->block.v[PR / 4];
  return ((uint64_t)4 << (pr > 6 ? 6 : pr)) * SOC_PS_PER_S / w->hz;
}

static uint32_t counter_now(const struct st_iwdg *w)
{
  uint64_t ticks = (soc_now(w->block.soc) - w->since) / tick_ps(w);
  return ticks > w->counter ? 0 : w->counter - (uint32_t)ticks;
}

static void count_from(struct st_iwdg *w, uint32_t counter)
{
  w->counter = counter;
  w->since = soc_now(w->block.soc);
  if (w->running)
    soc_at(w->block.soc, &w->bite, w->since + (counter + 1) * tick_ps(w));
}

static void bite(void *ctx)
{
  struct st_iwdg *w = ctx;
  soc_request_reset(w->block.soc, SOC_CAUSE_IWDG);
}

static void updated(void *ctx)
{
  struct st_iwdg *w = ctx;
  w->block.v[SR / 4] = 0;
}

/* A new value crosses into the oscillator's domain: five of its cycles, and it must run. */
static void update(struct st_iwdg *w, uint32_t flag)
{
  w->block.v[SR / 4] |= flag;
  if (w->running || w->oscillator_on(w))
    soc_after(w->block.soc, &w->updated, 5 * SOC_PS_PER_S / w->hz);
}

void st_iwdg_start(struct st_iwdg *w)
{
  if (w->running)
    return;
  w->running = true;
  count_from(w, w->block.v[RLR / 4]);
  if (w->block.v[SR / 4])
    update(w, 0);
}

void st_iwdg_freeze(struct st_iwdg *w, bool frozen)
{
  if (!w->running)
    return;
  if (frozen) {
    w->counter = counter_now(w);
    soc_cancel(w->block.soc, &w->bite);
  } else {
    count_from(w, w->counter);
  }
}

static void write_key(struct st_iwdg *w, uint32_t key)
{
  w->unlocked = key == 0x5555;
  if (key == 0xCCCC)
    st_iwdg_start(w);
  if (key == 0xAAAA) {
    uint32_t window = w->block.v[WINR / 4];
    if (w->running && window != WINR_OFF && counter_now(w) > window)
      bite(w); /* refreshed too early */
    else
      count_from(w, w->block.v[RLR / 4]);
  }
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_iwdg *w = (struct st_iwdg *)b;
  uint32_t flag = offset == PR ? SR_PVU : offset == RLR ? SR_RVU : SR_WVU;
  (void)size;
  if (offset == KR) {
    write_key(w, value & 0xFFFF);
    return true;
  }
  if (!w->unlocked || b->v[SR / 4] & flag)
    return true;
  if (offset == PR) {
    uint32_t left = counter_now(w);
    b->v[PR / 4] = value & 7;
    count_from(w, left);
  } else {
    b->v[offset / 4] = value & 0xFFF;
    if (offset == WINR && w->running)
      count_from(w, b->v[RLR / 4]); /* writing the window reloads the counter */
  }
  update(w, flag);
  return true;
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  if (offset == SR && b->v[SR / 4] && !peek)
    soc_poll(b);
  return b->v[offset / 4];
}

static void reset(struct soc_block *b)
{
  struct st_iwdg *w = (struct st_iwdg *)b;
  w->running = w->unlocked = false;
  soc_cancel(b->soc, &w->bite);
  soc_cancel(b->soc, &w->updated);
}

void st_iwdg_init(struct st_iwdg *w, uint32_t base, uint32_t hz, void *chip)
{
  w->hz = hz;
  w->bite = (struct soc_event){.fire = bite, .ctx = w};
  w->updated = (struct soc_event){.fire = updated, .ctx = w};
  w->block = (struct soc_block){
      .name = "IWDG",
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
