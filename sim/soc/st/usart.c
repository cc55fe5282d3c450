/* USART and LPUART: see usart.h. */
#include "sim/soc/st/usart.h"

enum { CR1 = 0, CR2 = 4, CR3 = 8, BRR = 0xC, GTPR = 0x10, RTOR = 0x14, RQR = 0x18, ISR = 0x1C, ICR = 0x20 };
enum { RDR = 0x24, TDR = 0x28 };
enum { CR1_UE = 1, CR1_RE = 1 << 2, CR1_TE = 1 << 3, CR1_IDLEIE = 1 << 4, CR1_RXNEIE = 1 << 5, CR1_TCIE = 1 << 6 };
enum {
  CR1_TXEIE = 1 << 7,
  CR1_PEIE = 1 << 8,
  CR1_PS = 1 << 9,
  CR1_PCE = 1 << 10,
  CR1_M0 = 1 << 12,
  CR1_CMIE = 1 << 14
};
enum { CR1_OVER8 = 1 << 15, CR1_M1 = 1 << 28 };
enum { CR3_EIE = 1, CR3_DMAR = 1 << 6, CR3_DMAT = 1 << 7, CR3_OVRDIS = 1 << 12 };
enum { PE = 1, ORE = 1 << 3, IDLE = 1 << 4, RXNE = 1 << 5, TC = 1 << 6, TXE = 1 << 7, BUSY = 1 << 16, CMF = 1 << 17 };
enum { TEACK = 1 << 21, REACK = 1 << 22 };
enum { RQR_RXFRQ = 1 << 3, RQR_TXFRQ = 1 << 4 };
#define QUIET_MS  100u        /* without an instruction: asleep for good */
#define CLEARABLE 0x00121B5Fu /* ICR has its bits where ISR has the flags */

static const struct soc_reg regs[] = {
    {CR1, SOC_REG_WRITE, 0, 0x1FFFFFFF},
    {CR2, 0, 0, 0xFFFFFFF0},
    {CR3, SOC_REG_WRITE, 0, 0x007FFFFF},
    {BRR, SOC_REG_WRITE, 0, 0xFFFFF},
    {RQR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {ISR, SOC_REG_READ, TXE | TC, 0},
    {ICR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {RDR, SOC_REG_READ, 0, 0},
    {TDR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0x1FF},
};

static bool is_on(const struct st_usart *u, uint32_t what)
{
  return (u->block.v[CR1 / 4] & (CR1_UE | what)) == (CR1_UE | what);
}

static void update_irq(struct st_usart *u)
{
  uint32_t cr1 = u->block.v[CR1 / 4], isr = u->block.v[ISR / 4];
  bool on = (cr1 & CR1_TXEIE && isr & TXE) || (cr1 & CR1_TCIE && isr & TC) ||
            (cr1 & CR1_RXNEIE && isr & (RXNE | ORE)) || (cr1 & CR1_IDLEIE && isr & IDLE) ||
            (cr1 & CR1_PEIE && isr & PE) || (cr1 & CR1_CMIE && isr & CMF) ||
            (u->block.v[CR3 / 4] & CR3_EIE && isr & ORE);
  cpu_irq_level(u->block.soc->cpu, u->irq, on);
}

/* Data bits including parity: M1 M0 = 00: 8, 01: 9, 10: 7. */
static unsigned word_bits(const struct st_usart *u)
{
  uint32_t cr1 = u->block.v[CR1 / 4];
  return cr1 & CR1_M1 ? 7 : cr1 & CR1_M0 ? 9 : 8;
}

/* Time of one frame; 0: no clock or no rate. */
static uint64_t frame_ps(struct st_usart *u)
{
  static const uint8_t half_stops[] = {2, 1, 4, 3};
  uint64_t hz = u->kernel_hz(u);
  uint64_t divider = u->block.v[BRR / 4];
  if (u->low_power) {
    hz *= 256;
    divider = divider < 0x300 ? 0 : divider;
  } else {
    divider &= 0xFFFF;
    if (u->block.v[CR1 / 4] & CR1_OVER8) {
      divider = (divider & 0xFFF0) | (divider & 7) << 1;
      hz *= 2;
    }
    divider = divider < 16 ? 0 : divider;
  }
  if (hz == 0 || divider == 0)
    return 0;
  uint64_t half_bits = 2 + 2 * word_bits(u) + half_stops[u->block.v[CR2 / 4] >> 12 & 3u];
  return half_bits * divider * (SOC_PS_PER_S / 2) / hz;
}

/* ---- parity: the top bit of the word is replaced by it ---- */
static uint16_t with_parity(const struct st_usart *u, uint16_t word)
{
  uint32_t cr1 = u->block.v[CR1 / 4];
  unsigned bits = word_bits(u);
  word &= (uint16_t)((1u << bits) - 1);
  if (!(cr1 & CR1_PCE))
    return word;
  word &= (uint16_t)((1u << (bits - 1)) - 1);
  bool odd = __builtin_parity(word) ^ !!(cr1 & CR1_PS);
  return (uint16_t)(word | odd << (bits - 1));
}

/* ---- transmitter ---- */
static void transmit(struct st_usart *u, uint16_t word)
{
  uint64_t ps = frame_ps(u);
  u->shift = with_parity(u, word);
  u->shifting = true;
  u->block.v[ISR / 4] &= ~(uint32_t)TC;
  if (ps)
    soc_after(u->block.soc, &u->tx_done, ps);
  else
    soc_log_once(u->block.soc, &u->number, "%s: sends without a clock or baud rate (BRR 0x%x): nothing will leave",
                 u->block.name, (unsigned)u->block.v[BRR / 4]);
}

static void tx_done(void *ctx)
{
  struct st_usart *u = ctx;
  struct soc *soc = u->block.soc;
  uint32_t *isr = &u->block.v[ISR / 4];
  uint8_t byte = (uint8_t)u->shift;
  u->shifting = false;
  if (*isr & TXE) {
    *isr |= TC;
  } else {
    *isr |= TXE;
    transmit(u, (uint16_t)u->block.v[TDR / 4]);
  }
  update_irq(u);
  if (!u->routed(u, true))
    soc_log_once(soc, &u->unrouted_tx, "%s sends, but no pin is set to its TX function", u->block.name);
  else if (soc->host.uart_tx)
    soc->host.uart_tx(soc->host.ctx, u->number, byte);
}

static void write_data(struct st_usart *u, uint32_t value)
{
  if (!is_on(u, CR1_TE))
    return;
  if (u->shifting) {
    u->block.v[TDR / 4] = value & 0x1FF;
    u->block.v[ISR / 4] &= ~(uint32_t)TXE;
  } else {
    transmit(u, (uint16_t)value);
  }
}

/* ---- receiver ---- */
static void receive(struct st_usart *u)
{
  if (u->receiving || u->line_count == 0 || !is_on(u, CR1_RE))
    return;
  if (!u->routed(u, false)) {
    soc_log_once(u->block.soc, &u->unrouted_rx, "%s receives, but no pin is set to its RX function", u->block.name);
    return;
  }
  uint64_t ps = frame_ps(u);
  if (ps == 0)
    return;
  soc_cancel(u->block.soc, &u->rx_idle);
  u->receiving = true;
  soc_after(u->block.soc, &u->rx_done, ps);
}

void st_usart_listen(struct st_usart *u)
{
  if (u->block.v[CR3 / 4] & CR3_DMAR && u->block.v[ISR / 4] & RXNE && u->dma)
    (void)u->dma(u); /* reads RDR */
}

static void rx_done(void *ctx)
{
  struct st_usart *u = ctx;
  uint32_t *isr = &u->block.v[ISR / 4], cr1 = u->block.v[CR1 / 4];
  uint8_t byte = u->line[u->line_head];
  u->line_head = (u->line_head + 1) % ST_USART_LINE;
  u->line_count--;
  u->receiving = false;
  if (*isr & RXNE && !(u->block.v[CR3 / 4] & CR3_OVRDIS)) {
    *isr |= ORE; /* the old byte stays, the new one is lost */
  } else {
    uint16_t word = byte;
    if (cr1 & CR1_PCE) {
      if (word_bits(u) == 9)
        word = with_parity(u, word);
      else if (with_parity(u, word) != word)
        *isr |= PE;
    }
    u->block.v[RDR / 4] = word;
    *isr |= RXNE;
    if (byte == u->block.v[CR2 / 4] >> 24)
      *isr |= CMF;
  }
  receive(u);
  if (!u->receiving)
    soc_after(u->block.soc, &u->rx_idle, frame_ps(u));
  st_usart_listen(u);
  update_irq(u);
}

static void rx_idle(void *ctx)
{
  struct st_usart *u = ctx;
  u->block.v[ISR / 4] |= IDLE;
  update_irq(u);
}

size_t st_usart_rx(struct st_usart *u, const uint8_t *bytes, size_t count)
{
  size_t taken = 0;
  for (; taken < count && u->line_count < ST_USART_LINE; taken++)
    u->line[(u->line_head + u->line_count++) % ST_USART_LINE] = bytes[taken];
  receive(u);
  return taken;
}

void st_usart_kick(struct st_usart *u)
{
  if (u->line_count)
    receive(u);
}

/* Somebody else than a polling program takes what comes. */
static bool attended(const struct st_usart *u)
{
  return is_on(u, CR1_RE | CR1_RXNEIE) || (is_on(u, CR1_RE) && u->block.v[CR3 / 4] & CR3_DMAR);
}

/* Firmware that waits for the receiver's interrupt or for DMA polls nothing here: tell the host once a millisecond, as
 * long as something is executed now and then: a program may sleep from one tick of its timer to the next. */
static void pace(void *ctx)
{
  struct st_usart *u = ctx;
  struct soc *soc = u->block.soc;
  uint64_t now = cpu_instructions(soc->cpu);
  if (!attended(u) || !soc->host.uart_idle)
    return;
  u->quiet = now != u->paced ? 0 : u->quiet + 1;
  u->paced = now;
  if (u->line_count == 0 && soc_may_wait(soc))
    soc_uart_idle(soc, u->number);
  if (u->quiet < QUIET_MS || u->line_count)
    soc_after(soc, &u->pace, SOC_PS_PER_MS);
}

static void start_pace(struct st_usart *u)
{
  if (!attended(u) || u->pace.armed)
    return;
  u->paced = 0;
  soc_after(u->block.soc, &u->pace, SOC_PS_PER_MS);
}

/* ---- registers ---- */
static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_usart *u = (struct st_usart *)b;
  if (offset == RDR) {
    if (!peek) {
      b->v[ISR / 4] &= ~(uint32_t)RXNE;
      update_irq(u);
    }
    return b->v[RDR / 4];
  }
  if (!peek && !(b->v[ISR / 4] & RXNE)) {
    bool again = soc_poll(b);
    if (again && is_on(u, CR1_RE) && u->line_count == 0)
      soc_uart_idle(b->soc, u->number);
  }
  return b->v[ISR / 4] | (is_on(u, CR1_TE) ? TEACK : 0) | (is_on(u, CR1_RE) ? REACK : 0) | (u->receiving ? BUSY : 0);
}

static void switch_off(struct st_usart *u)
{
  struct soc *soc = u->block.soc;
  soc_cancel(soc, &u->tx_done);
  soc_cancel(soc, &u->rx_done);
  soc_cancel(soc, &u->rx_idle);
  u->shifting = u->receiving = false;
  u->block.v[ISR / 4] = TXE | TC;
}

static void write_control(struct st_usart *u, uint32_t value)
{
  u->block.v[CR1 / 4] = value & 0x1FFFFFFF;
  if (!(value & CR1_UE))
    switch_off(u);
  if (u->receiving && !is_on(u, CR1_RE)) {
    soc_cancel(u->block.soc, &u->rx_done);
    u->receiving = false;
  }
  start_pace(u);
  receive(u);
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_usart *u = (struct st_usart *)b;
  (void)size;
  switch (offset) {
  case CR1:
    write_control(u, value);
    break;
  case CR3:
    b->v[CR3 / 4] = value & 0x007FFFFF;
    if (value & CR3_DMAT)
      soc_log_once(b->soc, &b->v[CR3 / 4], "not modelled: %s's transmitter asks for DMA", b->name);
    st_usart_listen(u);
    start_pace(u);
    break;
  case BRR:
    if (is_on(u, 0))
      soc_log_once(b->soc, &u->baud_locked, "%s: BRR is written while UE is set: ignored", b->name);
    else
      b->v[BRR / 4] = value & 0xFFFFF;
    break;
  case RQR:
    if (value & RQR_RXFRQ)
      b->v[ISR / 4] &= ~(uint32_t)RXNE;
    if (value & RQR_TXFRQ)
      b->v[ISR / 4] |= TXE;
    if (value & ~(uint32_t)(RQR_RXFRQ | RQR_TXFRQ))
      soc_log_once(b->soc, &b->v[RQR / 4], "not modelled: %s.RQR requests 0x%x", b->name, (unsigned)value);
    break;
  case ICR:
    b->v[ISR / 4] &= ~(value & CLEARABLE);
    break;
  default:
    write_data(u, value);
    break;
  }
  update_irq(u);
  return true;
}

static void reset(struct soc_block *b)
{
  struct st_usart *u = (struct st_usart *)b;
  switch_off(u);
  soc_cancel(b->soc, &u->pace);
  update_irq(u);
}

void st_usart_init(struct st_usart *u, const char *name, uint32_t base, unsigned number, unsigned irq, void *chip)
{
  u->number = number;
  u->irq = irq;
  u->tx_done = (struct soc_event){.fire = tx_done, .ctx = u};
  u->rx_done = (struct soc_event){.fire = rx_done, .ctx = u};
  u->rx_idle = (struct soc_event){.fire = rx_idle, .ctx = u};
  u->pace = (struct soc_event){.fire = pace, .ctx = u};
  u->block = (struct soc_block){
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
