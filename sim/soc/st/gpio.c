/* General-purpose I/O port: see gpio.h. */
#include "sim/soc/st/gpio.h"

enum { MODER = 0, OTYPER = 4, OSPEEDR = 8, PUPDR = 0xC, IDR = 0x10, ODR = 0x14, BSRR = 0x18, LCKR = 0x1C };
enum { AFRL = 0x20, AFRH = 0x24, BRR = 0x28, ASCR = 0x2C };
enum { MODE_INPUT, MODE_OUTPUT, MODE_FUNCTION, MODE_ANALOG };
#define LCKK 0x10000u

#define REGS(moder, ospeedr, pupdr)                                                                                    \
  {                                                                                                                    \
    {MODER, SOC_REG_WRITE, moder, ~0u}, {OTYPER, SOC_REG_WRITE, 0, 0xFFFF}, {OSPEEDR, 0, ospeedr, ~0u},                \
        {PUPDR, SOC_REG_WRITE, pupdr, ~0u}, {IDR, SOC_REG_READ, 0, 0}, {ODR, SOC_REG_WRITE, 0, 0xFFFF},                \
        {BSRR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0}, {LCKR, SOC_REG_WRITE, 0, 0x1FFFF}, {AFRL, SOC_REG_WRITE, 0, ~0u}, \
        {AFRH, SOC_REG_WRITE, 0, ~0u}, {BRR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0}, {ASCR, 0, 0, 0xFFFF},               \
  }
/* Reset values by measurement and manual; the vendor's register file has others (pins 13-15 and 3, 4 are JTAG). */
const struct soc_reg st_gpio_regs_a[ST_GPIO_REGS] = REGS(0xABFFFFFF, 0x0C000000, 0x64000000);
const struct soc_reg st_gpio_regs_b[ST_GPIO_REGS] = REGS(0xFFFFFEBF, 0, 0x00000100);
const struct soc_reg st_gpio_regs[ST_GPIO_REGS] = REGS(0xFFFFFFFF, 0, 0);

static uint32_t *reg(const struct st_gpio *g, unsigned offset)
{
  return (uint32_t *)&g->block.v[offset / 4];
}

static unsigned field2(const struct st_gpio *g, unsigned offset, unsigned pin)
{
  return *reg(g, offset) >> (2 * pin) & 3u;
}

bool st_gpio_pad(const struct st_gpio *g, unsigned pin, bool floating)
{
  if (g->driven >> pin & 1u)
    return g->level >> pin & 1u;
  unsigned pull = field2(g, PUPDR, pin);
  return pull == 1 || (pull != 2 && floating);
}

static bool pin_level(const struct st_gpio *g, unsigned pin)
{
  unsigned mode = field2(g, MODER, pin);
  if (mode == MODE_ANALOG)
    return false;
  bool high = *reg(g, ODR) >> pin & 1u, open_drain = *reg(g, OTYPER) >> pin & 1u;
  if (mode == MODE_OUTPUT && !(open_drain && high))
    return high;
  return st_gpio_pad(g, pin, false);
}

static void update(struct st_gpio *g)
{
  uint16_t before = g->input;
  g->input = 0;
  for (unsigned pin = 0; pin < 16; pin++)
    if (pin_level(g, pin))
      g->input |= (uint16_t)(1u << pin);
  for (unsigned pin = 0; pin < 16; pin++)
    if ((before ^ g->input) >> pin & 1u && g->changed)
      g->changed(g, pin, g->input >> pin & 1u);
}

int st_gpio_function(const struct st_gpio *g, unsigned pin)
{
  if (field2(g, MODER, pin) != MODE_FUNCTION)
    return -1;
  return (int)(*reg(g, pin < 8 ? AFRL : AFRH) >> (4 * (pin & 7u)) & 15u);
}

void st_gpio_drive(struct st_gpio *g, unsigned pin, bool high)
{
  uint16_t m = (uint16_t)(1u << pin);
  g->driven |= m;
  g->level = high ? g->level | m : g->level & (uint16_t)~m;
  update(g);
}

void st_gpio_release(struct st_gpio *g, unsigned pin)
{
  g->driven &= (uint16_t) ~(1u << pin);
  update(g);
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  (void)offset, (void)peek;
  return ((struct st_gpio *)b)->input;
}

/* Locked pins keep their configuration until reset. The key: LCKK with the pins, without, with, then a read. */
static void write_lock(struct st_gpio *g, uint32_t value)
{
  uint32_t *lckr = reg(g, LCKR), pins = value & 0xFFFF;
  if (*lckr & LCKK)
    return;
  bool on = value & LCKK;
  if (g->lock_step > 0 && (pins != *lckr || on != (g->lock_step == 2)))
    g->lock_step = 0;
  if (g->lock_step == 0 && !on) {
    *lckr = pins;
    return;
  }
  *lckr = pins;
  if (++g->lock_step == 3)
    *lckr |= LCKK;
}

static uint32_t keep_locked(const struct st_gpio *g, unsigned offset, uint32_t old, uint32_t value)
{
  uint32_t lock = *reg(g, LCKR);
  if (!(lock & LCKK))
    return value;
  uint32_t fixed = 0;
  for (unsigned pin = 0; pin < 16; pin++) {
    if (!(lock >> pin & 1u))
      continue;
    if (offset == OTYPER)
      fixed |= 1u << pin;
    else if (offset == AFRL || offset == AFRH)
      fixed |= (pin / 8 == (offset == AFRH)) ? 15u << (4 * (pin & 7u)) : 0;
    else
      fixed |= 3u << (2 * pin);
  }
  return (old & fixed) | (value & ~fixed);
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_gpio *g = (struct st_gpio *)b;
  uint32_t *odr = reg(g, ODR);
  (void)size;
  switch (offset) {
  case BSRR:
    *odr = (*odr & ~(value >> 16)) | (value & 0xFFFF);
    break;
  case BRR:
    *odr &= ~(value & 0xFFFF);
    break;
  case ODR:
    *odr = value & 0xFFFF;
    break;
  case LCKR:
    write_lock(g, value);
    return true;
  case OTYPER:
    value &= 0xFFFF; /* fall through */
  default:
    *reg(g, offset) = keep_locked(g, offset, *reg(g, offset), value);
    break;
  }
  update(g);
  if (g->rerouted && (offset == MODER || offset == AFRL || offset == AFRH))
    g->rerouted(g);
  return true;
}

static void reset(struct soc_block *b)
{
  struct st_gpio *g = (struct st_gpio *)b;
  g->lock_step = 0;
  update(g);
}

void st_gpio_init(struct st_gpio *g, const char *name, uint32_t base, void *chip)
{
  g->port = name[4];
  g->block = (struct soc_block){
      .name = name,
      .base = base,
      .size = 0x400,
      .regs = g->port == 'A'   ? st_gpio_regs_a
              : g->port == 'B' ? st_gpio_regs_b
                               : st_gpio_regs,
      .reg_count = ST_GPIO_REGS,
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
      .chip = chip,
  };
}
