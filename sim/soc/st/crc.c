/* CRC unit: see crc.h. */
#include "sim/soc/st/crc.h"

enum { DR = 0, IDR = 4, CR = 8, INIT = 0x10, POL = 0x14 };
enum { CR_RESET = 1, CR_POLYSIZE = 3 << 3, CR_REV_IN = 3 << 5, CR_REV_OUT = 1 << 7 };

static const struct soc_reg regs[] = {
    {DR, SOC_REG_READ | SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {IDR, 0, 0, 0xFF},
    {CR, SOC_REG_WRITE, 0, 0xF8},
    {INIT, SOC_REG_WRITE, 0xFFFFFFFF, ~0u},
    {POL, 0, 0x04C11DB7, ~0u},
};

static uint32_t reverse(uint32_t v, unsigned bits)
{
  uint32_t r = 0;
  for (unsigned i = 0; i < bits; i++)
    r |= (v >> i & 1u) << (bits - 1 - i);
  return r;
}

static unsigned width(const struct soc_block *b)
{
  static const uint8_t widths[] = {32, 16, 8, 7};
  return widths[b->v[CR / 4] >> 3 & 3u];
}

static uint32_t mask(const struct soc_block *b)
{
  return 0xFFFFFFFFu >> (32 - width(b));
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_crc *c = (struct st_crc *)b;
  (void)offset, (void)peek;
  return b->v[CR / 4] & CR_REV_OUT ? reverse(c->sum, width(b)) : c->sum;
}

/* Bits are reversed within bytes, halfwords or the word, but never over more than was written. */
static uint32_t reverse_input(uint32_t v, unsigned bits, unsigned mode)
{
  static const uint8_t spans[] = {0, 8, 16, 32};
  unsigned span = spans[mode];
  if (span == 0)
    return v;
  if (span > bits)
    span = bits;
  uint32_t r = 0;
  for (unsigned at = 0; at < bits; at += span)
    r |= reverse(v >> at & (0xFFFFFFFFu >> (32 - span)), span) << at;
  return r;
}

static void feed(struct st_crc *c, uint32_t value, unsigned bits)
{
  struct soc_block *b = &c->block;
  value = reverse_input(value, bits, b->v[CR / 4] >> 5 & 3u);
  unsigned w = width(b);
  uint32_t poly = b->v[POL / 4] & mask(b);
  for (unsigned i = bits; i-- > 0;) {
    uint32_t out = (c->sum >> (w - 1) ^ value >> i) & 1u;
    c->sum = (c->sum << 1 & mask(b)) ^ (out ? poly : 0);
  }
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_crc *c = (struct st_crc *)b;
  if (offset == DR) {
    feed(c, value, 8 * size);
  } else if (offset == INIT) {
    b->v[INIT / 4] = value;
    c->sum = value & mask(b);
  } else {
    b->v[CR / 4] = value & (CR_POLYSIZE | CR_REV_IN | CR_REV_OUT);
    if (value & CR_RESET)
      c->sum = b->v[INIT / 4];
    c->sum &= mask(b);
  }
  return true;
}

static void reset(struct soc_block *b)
{
  ((struct st_crc *)b)->sum = b->v[INIT / 4];
}

void st_crc_init(struct st_crc *c, uint32_t base)
{
  c->block = (struct soc_block){
      .name = "CRC",
      .base = base,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
  };
}
