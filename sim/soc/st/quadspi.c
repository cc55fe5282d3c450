/* QUADSPI controller: see quadspi.h. */
#include "sim/soc/st/quadspi.h"

#include <string.h>

enum { CR = 0, DCR = 4, SR = 8, FCR = 0xC, DLR = 0x10, CCR = 0x14, AR = 0x18, ABR = 0x1C, DR = 0x20 };
enum { PSMKR = 0x24, PSMAR = 0x28, PIR = 0x2C, LPTR = 0x30 };
enum {
  CR_EN = 1,
  CR_ABORT = 2,
  CR_DMAEN = 4,
  CR_DFM = 1 << 6,
  CR_IRQS = 0x1F << 16,
  CR_APMS = 1 << 22,
  CR_PMM = 1 << 23
};
enum { TEF = 1, TCF = 2, FTF = 4, SMF = 8, TOF = 16, BUSY = 32 };
enum { INDIRECT_WRITE, INDIRECT_READ, POLLING, MAPPED };
#define CCR_DDRM 0x80000000u

static const struct soc_reg regs[] = {
    {CR, SOC_REG_WRITE, 0, 0xFFDF0FDF},
    {DCR, SOC_REG_WRITE, 0, 0x1F0701},
    {SR, SOC_REG_READ, 0, 0},
    {FCR, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {DLR, SOC_REG_WRITE, 0, ~0u},
    {CCR, SOC_REG_WRITE, 0, 0xDF7FFFFF},
    {AR, SOC_REG_WRITE, 0, ~0u},
    {ABR, SOC_REG_WRITE, 0, ~0u},
    {DR, SOC_REG_READ | SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {PSMKR, SOC_REG_WRITE, 0, ~0u},
    {PSMAR, SOC_REG_WRITE, 0, ~0u},
    {PIR, SOC_REG_WRITE, 0, 0xFFFF},
    {LPTR, SOC_REG_WRITE, 0, 0xFFFF},
};

static uint32_t reg(const struct st_quadspi *q, unsigned offset)
{
  return q->block.v[offset / 4];
}

static void flag(struct st_quadspi *q, uint32_t flags)
{
  q->block.v[SR / 4] |= flags;
}

static unsigned mode(const struct st_quadspi *q)
{
  return reg(q, CCR) >> 26 & 3u;
}

static unsigned lines(unsigned field)
{
  static const uint8_t count[] = {0, 1, 2, 4};
  return count[field & 3u];
}

static unsigned data_lines(const struct st_quadspi *q)
{
  return lines(reg(q, CCR) >> 24);
}

static uint32_t line_hz(const struct st_quadspi *q)
{
  return q->block.soc->hz / ((reg(q, CR) >> 24) + 1);
}

static uint64_t capacity(const struct st_quadspi *q)
{
  return UINT64_C(2) << (reg(q, DCR) >> 16 & 31u);
}

/* ---- a command on the lines ---- */
static void select(struct st_quadspi *q, uint32_t address)
{
  const uint32_t ccr = reg(q, CCR);
  const struct mx25r_command c = {
      .instruction = (uint8_t)ccr,
      .instruction_lines = (uint8_t)lines(ccr >> 8),
      .address_lines = (uint8_t)lines(ccr >> 10),
      .address_bytes = (uint8_t)((ccr >> 12 & 3u) + 1),
      .alternate_lines = (uint8_t)lines(ccr >> 14),
      .alternate_bytes = (uint8_t)((ccr >> 16 & 3u) + 1),
      .dummy_cycles = (uint8_t)(ccr >> 18 & 31u),
      .data_lines = (uint8_t)lines(ccr >> 24),
      .address = address,
      .hz = line_hz(q),
  };
  const uint64_t cycle = SOC_PS_PER_S / (c.hz ? c.hz : 1);
  uint64_t cycles = c.dummy_cycles;
  if (c.instruction_lines)
    cycles += 8u / c.instruction_lines;
  if (c.address_lines)
    cycles += 8u * c.address_bytes / c.address_lines;
  if (c.alternate_lines)
    cycles += 8u * c.alternate_bytes / c.alternate_lines;
  q->head_ps = cycles * cycle;
  q->byte_ps = c.data_lines ? 8u / c.data_lines * cycle : 0;
  if (ccr & CCR_DDRM)
    soc_log_once(q->block.soc, &q->once[0], "not modelled: QUADSPI in double data rate");
  if (q->routed(q))
    mx25r_select(q->nor, &c);
  else
    soc_log_once(q->block.soc, &q->once[1], "QUADSPI is used, but its pins are not set to its six signals");
}

static void end_of_command(struct st_quadspi *q)
{
  mx25r_deselect(q->nor);
  q->running = false;
  soc_cancel(q->block.soc, &q->tick);
}

/* Everything that has happened on the lines until now. */
static void advance(struct st_quadspi *q)
{
  struct soc *soc = q->block.soc;
  const uint64_t now = soc_now(soc);
  while (q->running && mode(q) != POLLING && q->next <= now) {
    if (q->left == 0) { /* nothing but the head */
      flag(q, TCF);
      end_of_command(q);
      return;
    }
    if (mode(q) == INDIRECT_READ) {
      if (q->count == ST_QUADSPI_FIFO)
        return; /* the clock stands still until there is room */
      q->fifo[q->count++] = mx25r_read(q->nor);
    } else {
      if (q->count == 0)
        return;
      mx25r_write(q->nor, q->fifo[0]);
      memmove(q->fifo, q->fifo + 1, --q->count);
    }
    q->next += q->byte_ps;
    if (--q->left == 0) {
      flag(q, TCF);
      end_of_command(q);
    }
  }
}

static void arm(struct st_quadspi *q)
{
  /* A write or a bare command must go through although nobody looks; a read has somebody who waits for it. */
  if (q->running && (q->left == 0 || mode(q) == INDIRECT_WRITE))
    soc_at(q->block.soc, &q->tick, q->next + (q->count ? (q->count - 1) * q->byte_ps : 0));
}

static void poll_once(struct st_quadspi *q)
{
  struct soc *soc = q->block.soc;
  uint32_t value = 0;
  select(q, reg(q, AR));
  for (uint32_t i = 0; i <= (reg(q, DLR) & 3u); i++)
    value |= (uint32_t)mx25r_read(q->nor) << (8 * i);
  mx25r_deselect(q->nor);
  const uint32_t mask = reg(q, PSMKR), differ = (value ^ reg(q, PSMAR)) & mask;
  const bool match = reg(q, CR) & CR_PMM ? differ != mask : differ == 0;
  if (match)
    flag(q, SMF);
  if (match && reg(q, CR) & CR_APMS) {
    q->running = false;
    return;
  }
  const uint64_t cycle = SOC_PS_PER_S / (line_hz(q) ? line_hz(q) : 1);
  soc_after(soc, &q->tick, q->head_ps + ((reg(q, DLR) & 3u) + 1) * q->byte_ps + reg(q, PIR) * cycle + cycle);
}

static void tick(void *ctx)
{
  struct st_quadspi *q = ctx;
  if (q->running && mode(q) == POLLING) {
    poll_once(q);
    return;
  }
  advance(q);
  arm(q);
}

static void begin(struct st_quadspi *q)
{
  const uint32_t ccr = reg(q, CCR);
  const bool with_data = data_lines(q) != 0, with_address = (ccr >> 10 & 3u) != 0;
  if (with_address && with_data && mode(q) != MAPPED && reg(q, AR) + (uint64_t)reg(q, DLR) >= capacity(q)) {
    flag(q, TEF);
    return;
  }
  if (with_address && reg(q, AR) >= capacity(q)) {
    flag(q, TEF);
    return;
  }
  q->running = true;
  if (mode(q) == POLLING) {
    poll_once(q);
    return;
  }
  select(q, reg(q, AR));
  q->left = with_data ? reg(q, DLR) + 1 : 0;
  q->next = soc_now(q->block.soc) + q->head_ps + (with_data ? q->byte_ps : 0);
  arm(q);
}

/* ---- registers ---- */
static bool busy(struct st_quadspi *q)
{
  advance(q);
  return q->running || q->mapped || (mode(q) == INDIRECT_READ && q->count != 0);
}

static uint32_t pop(struct st_quadspi *q, unsigned size)
{
  struct soc *soc = q->block.soc;
  uint32_t value = 0;
  advance(q);
  while (q->running && q->count < size && !soc->dead) { /* the bus waits */
    soc_wait(soc, q->next);
    advance(q);
  }
  const bool was_full = q->count == ST_QUADSPI_FIFO;
  for (unsigned i = 0; i < size && q->count != 0; i++) {
    value |= (uint32_t)q->fifo[0] << (8 * i);
    memmove(q->fifo, q->fifo + 1, --q->count);
  }
  if (was_full && q->running && q->next < soc_now(soc))
    q->next = soc_now(soc) + q->byte_ps; /* the clock goes on now */
  return value;
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct st_quadspi *q = (struct st_quadspi *)b;
  if (offset == DR)
    return peek || mode(q) != INDIRECT_READ ? 0 : pop(q, b->read_size);
  uint32_t sr = reg(q, SR);
  if (peek)
    return sr;
  const bool is_busy = busy(q);
  sr = reg(q, SR) | (is_busy ? BUSY : 0) | q->count << 8;
  const unsigned threshold = (reg(q, CR) >> 8 & 15u) + 1;
  if (mode(q) == INDIRECT_READ ? q->count >= threshold || (!q->running && q->count != 0)
                               : mode(q) == INDIRECT_WRITE && q->running && ST_QUADSPI_FIFO - q->count >= threshold)
    sr |= FTF;
  if (is_busy)
    (void)soc_poll(b);
  return sr;
}

static void abort_command(struct st_quadspi *q)
{
  advance(q);
  if (q->running && mode(q) != POLLING) {
    /* Chip select rises. What was received so far begins, as the flash cannot tell. */
    mx25r_deselect(q->nor);
    flag(q, TCF);
  }
  q->running = q->mapped = false;
  q->count = 0;
  soc_cancel(q->block.soc, &q->tick);
}

static void write_cr(struct st_quadspi *q, uint32_t value)
{
  const uint32_t changed = value ^ reg(q, CR);
  if (value & CR_ABORT)
    abort_command(q);
  if (busy(q) && changed & 0xFF000010u) {
    soc_log_once(q->block.soc, &q->once[2], "QUADSPI.CR: prescaler or shift written while busy: ignored");
    value = (value & ~0xFF000010u) | (reg(q, CR) & 0xFF000010u);
  }
  if (value & (CR_DMAEN | CR_DFM | CR_IRQS))
    soc_log_once(q->block.soc, &q->once[3], "not modelled: QUADSPI interrupts, DMA and dual flash");
  if (!(value & CR_EN))
    abort_command(q);
  q->block.v[CR / 4] = value & 0xFFDF0FDDu;
}

static void push(struct st_quadspi *q, uint32_t value, unsigned size)
{
  struct soc *soc = q->block.soc;
  if (mode(q) != INDIRECT_WRITE || !(reg(q, CR) & CR_EN) || data_lines(q) == 0) {
    soc_log_once(soc, &q->once[4], "QUADSPI.DR is written outside an indirect write: ignored");
    return;
  }
  advance(q);
  if (!q->running)
    begin(q); /* the first data start the command */
  for (unsigned i = 0; i < size && q->running; i++) {
    while (q->count == ST_QUADSPI_FIFO && q->running && !soc->dead) {
      soc_wait(soc, q->next);
      advance(q);
    }
    if (q->count >= q->left)
      break; /* more than DLR says */
    if (q->count == 0 && q->next < soc_now(soc))
      q->next = soc_now(soc) + q->byte_ps; /* the clock stood still for want of data */
    q->fifo[q->count++] = (uint8_t)(value >> (8 * i));
  }
  advance(q);
  arm(q);
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct st_quadspi *q = (struct st_quadspi *)b;
  if (offset == CR) {
    write_cr(q, value);
    return true;
  }
  if (offset == FCR) {
    b->v[SR / 4] &= ~(value & (TEF | TCF | SMF | TOF));
    return true;
  }
  if (offset == DR) {
    push(q, value, size);
    return true;
  }
  if (busy(q)) {
    soc_log_once(b->soc, &q->once[5], "QUADSPI registers are written while it is busy: ignored (pc 0x%08x)",
                 (unsigned)cpu_get(b->soc->cpu, CPU_PC));
    return true;
  }
  static const uint32_t masks[] = {
      [DCR / 4] = 0x1F0701, [DLR / 4] = ~0u,   [CCR / 4] = 0xDF7FFFFF, [AR / 4] = ~0u,      [ABR / 4] = ~0u,
      [PSMKR / 4] = ~0u,    [PSMAR / 4] = ~0u, [PIR / 4] = 0xFFFF,     [LPTR / 4] = 0xFFFF,
  };
  b->v[offset / 4] = value & masks[offset / 4];
  if (!(reg(q, CR) & CR_EN))
    return true;
  const bool with_data = data_lines(q) != 0, with_address = (reg(q, CCR) >> 10 & 3u) != 0;
  if (offset == CCR) {
    q->count = 0;
    if (mode(q) == MAPPED) {
      q->mapped = true;
      q->map_next = UINT32_MAX;
    } else if (!with_address && (mode(q) != INDIRECT_WRITE || !with_data)) {
      begin(q);
    }
  } else if (offset == AR && with_address && mode(q) != MAPPED && (mode(q) != INDIRECT_WRITE || !with_data)) {
    begin(q);
  }
  return true;
}

static void reset(struct soc_block *b)
{
  struct st_quadspi *q = (struct st_quadspi *)b;
  mx25r_deselect(q->nor); /* chip select rises */
  q->running = q->mapped = false;
  q->count = 0;
  soc_cancel(b->soc, &q->tick);
}

/* ---- the mapped memory ---- */
static bool mem_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  struct st_quadspi *q = mem->chip;
  struct soc *soc = q->block.soc;
  *value = 0;
  if (how->master == SOC_BY_DEBUG) {
    memcpy(value, q->nor->array.bytes + offset, how->size);
    return true;
  }
  if (!q->mapped || offset + (uint64_t)how->size > capacity(q))
    return false;
  const bool follows = offset == q->map_next;
  select(q, offset);
  for (unsigned i = 0; i < how->size; i++)
    *value |= (uint32_t)mx25r_read(q->nor) << (8 * i);
  mx25r_deselect(q->nor);
  q->map_next = offset + how->size;
  soc_wait(soc, soc_now(soc) + (follows ? 0 : q->head_ps) + how->size * q->byte_ps);
  return true;
}

static bool mem_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  (void)mem, (void)offset, (void)how, (void)value;
  return false; /* a bus fault, always */
}

const struct soc_mem_ops st_quadspi_mem_ops = {NULL, mem_read, mem_write};

void st_quadspi_init(struct st_quadspi *q, uint32_t base, struct mx25r *nor, void *chip)
{
  q->nor = nor;
  q->tick.fire = tick;
  q->tick.ctx = q;
  q->block = (struct soc_block){
      .name = "QUADSPI",
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
