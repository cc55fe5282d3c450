/* SPI slave: see spi.h. Registers: RM0394 chapter 40. */
#include "sim/soc/st/spi.h"

#include <string.h>

enum { CR1 = 0, CR2 = 4, SR = 8, DR = 0xC };
enum { CR1_MSTR = 1 << 2, CR1_SPE = 1 << 6, CR1_LSBFIRST = 1 << 7, CR1_RXONLY = 1 << 10 };
enum { CR2_ERRIE = 1 << 5, CR2_RXNEIE = 1 << 6, CR2_TXEIE = 1 << 7, CR2_DS = 0xF00, CR2_FRXTH = 1 << 12 };
#define QUIET_MS 100u /* without an instruction: asleep for good */
enum { SR_RXNE = 1, SR_TXE = 2, SR_OVR = 1 << 6, SR_BSY = 1 << 7 };

static const struct soc_reg regs[] = {
    {CR1, SOC_REG_WRITE, 0, 0xFFFF},
    {CR2, SOC_REG_WRITE, 0x700, 0x7FFF},
    {SR, SOC_REG_READ, 0, 0},
    {DR, SOC_REG_READ | SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
};

static uint32_t status(const struct st_spi *s)
{
  unsigned threshold = s->block.v[CR2 / 4] & CR2_FRXTH ? 1 : 2;
  static const uint8_t levels[ST_SPI_FIFO + 1] = {0, 1, 2, 2, 3};
  return (s->block.v[SR / 4] & SR_OVR) | (s->rx_count >= threshold ? SR_RXNE : 0) |
         (s->tx_count <= ST_SPI_FIFO / 2 ? SR_TXE : 0) | (s->shifting ? SR_BSY : 0) |
         (uint32_t)levels[s->rx_count] << 9 | (uint32_t)levels[s->tx_count] << 11;
}

static void update_irq(struct st_spi *s)
{
  uint32_t cr2 = s->block.v[CR2 / 4], sr = status(s);
  cpu_irq_level(s->block.soc->cpu, s->irq,
                (cr2 & CR2_RXNEIE && sr & SR_RXNE) || (cr2 & CR2_TXEIE && sr & SR_TXE) ||
                    (cr2 & CR2_ERRIE && sr & SR_OVR));
}

static void start(struct st_spi *s)
{
  struct soc *soc = s->block.soc;
  uint32_t cr1 = s->block.v[CR1 / 4];
  if (s->shifting || s->line_count == 0 || !(cr1 & CR1_SPE))
    return;
  if (!s->routed(s)) {
    soc_log_once(soc, &s->unrouted, "%s is clocked, but its pins are not set to SCK, MISO and MOSI", s->block.name);
    return;
  }
  if (cr1 & (CR1_MSTR | CR1_RXONLY | CR1_LSBFIRST) || (s->block.v[CR2 / 4] & CR2_DS) != 0x700) {
    soc_log_once(soc, &s->master, "not modelled: %s as other than a slave with 8 bits, MSB first", s->block.name);
    return;
  }
  if (s->tx_count) {
    s->last = s->tx[0];
    memmove(s->tx, s->tx + 1, --s->tx_count);
  } else {
    soc_log_once(soc, &s->empty, "%s is clocked with nothing to send: the last byte goes out again", s->block.name);
  }
  s->out = s->last;
  s->shifting = true;
  soc_after(soc, &s->done, 8 * (SOC_PS_PER_S / s->hz));
}

static void done(void *ctx)
{
  struct st_spi *s = ctx;
  struct soc *soc = s->block.soc;
  uint8_t byte = s->line[s->line_head], out = s->out;
  s->line_head = (s->line_head + 1) % ST_SPI_LINE;
  s->line_count--;
  s->shifting = false;
  if (s->rx_count == ST_SPI_FIFO)
    s->block.v[SR / 4] |= SR_OVR; /* the new byte is lost */
  else
    s->rx[s->rx_count++] = byte;
  start(s);
  update_irq(s);
  if (soc->host.uart_tx)
    soc->host.uart_tx(soc->host.ctx, s->number, out);
}

size_t st_spi_rx(struct st_spi *s, const uint8_t *bytes, size_t count)
{
  size_t taken = 0;
  for (; taken < count && s->line_count < ST_SPI_LINE; taken++)
    s->line[(s->line_head + s->line_count++) % ST_SPI_LINE] = bytes[taken];
  start(s);
  update_irq(s);
  return taken;
}

void st_spi_kick(struct st_spi *s)
{
  if (s->line_count)
    start(s);
}

/* As for a USART: firmware that waits for the interrupt polls nothing, so the host is told once a millisecond. */
static bool waits(const struct st_spi *s)
{
  return s->block.v[CR1 / 4] & CR1_SPE && s->block.v[CR2 / 4] & CR2_RXNEIE;
}

static void pace(void *ctx)
{
  struct st_spi *s = ctx;
  struct soc *soc = s->block.soc;
  uint64_t now = cpu_instructions(soc->cpu);
  if (!waits(s) || !soc->host.uart_idle)
    return;
  s->quiet = now != s->paced ? 0 : s->quiet + 1;
  s->paced = now;
  if (s->line_count == 0 && soc_may_wait(soc))
    soc_uart_idle(soc, s->number);
  if (s->quiet < QUIET_MS || s->line_count)
    soc_after(soc, &s->pace, SOC_PS_PER_MS);
}

/* ---- registers ---- */
static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_spi *s = (struct st_spi *)b;
  if (offset == SR) {
    uint32_t sr = status(s);
    if (!peek && !(sr & SR_RXNE))
      soc_poll(b);
    return sr;
  }
  uint32_t byte = s->rx_count ? s->rx[0] : 0;
  if (!peek && s->rx_count) {
    memmove(s->rx, s->rx + 1, --s->rx_count);
    b->v[SR / 4] &= ~(uint32_t)SR_OVR; /* DR then SR clears it; the order is not watched */
    update_irq(s);
  }
  return byte;
}

static void switch_off(struct st_spi *s)
{
  soc_cancel(s->block.soc, &s->done);
  s->shifting = false;
  s->rx_count = s->tx_count = 0;
  s->block.v[SR / 4] = 0;
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_spi *s = (struct st_spi *)b;
  if (offset == DR) {
    /* A halfword puts two bytes into the FIFO. */
    for (unsigned i = 0; i < (size == 1 ? 1u : 2u) && s->tx_count < ST_SPI_FIFO; i++)
      s->tx[s->tx_count++] = (uint8_t)(value >> (8 * i));
  } else {
    b->v[offset / 4] = value & (offset == CR1 ? 0xFFFFu : 0x7FFFu);
    if (offset == CR1 && !(value & CR1_SPE))
      switch_off(s);
    start(s);
    if (waits(s) && !s->pace.armed) {
      s->paced = 0;
      soc_after(b->soc, &s->pace, SOC_PS_PER_MS);
    }
  }
  update_irq(s);
  return true;
}

static void reset(struct soc_block *b)
{
  struct st_spi *s = (struct st_spi *)b;
  switch_off(s);
  soc_cancel(b->soc, &s->pace);
  s->last = 0;
  update_irq(s);
}

void st_spi_init(struct st_spi *s, const char *name, uint32_t base, unsigned number, unsigned irq, void *chip)
{
  s->number = number;
  s->irq = irq;
  s->hz = 1000000;
  s->done = (struct soc_event){.fire = done, .ctx = s};
  s->pace = (struct soc_event){.fire = pace, .ctx = s};
  s->block = (struct soc_block){
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
