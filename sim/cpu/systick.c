/* SysTick: a 24-bit counter of processor cycles, or of cycles / 8 (the reference clock of the STM32), computed from the
 * time when asked. While it runs, s.st_wrap is the cycle at which it next reaches zero and s.st_period what it was
 * loaded with.
 */
#include "sim/cpu/internal.h"

#define CSR_ENABLE    0x1u
#define CSR_TICKINT   0x2u
#define CSR_CLKSOURCE 0x4u
#define CSR_COUNTFLAG 0x10000u
#define CALIB         0x40000000u /* SKEW: no exact 10 ms value is known */

static uint64_t unit(const struct cpu *c)
{
  return c->s.st_csr & CSR_CLKSOURCE ? 1 : 8;
}

/* Count down from value (0: reload first). */
static void start(struct cpu *c, uint64_t now, uint32_t value)
{
  if (value) {
    c->s.st_period = value;
    c->s.st_wrap = now + value * unit(c);
  } else if (c->s.st_rvr) {
    c->s.st_period = c->s.st_rvr;
    c->s.st_wrap = now + ((uint64_t)c->s.st_rvr + 1) * unit(c);
  } else {
    c->s.st_wrap = NEVER;
  }
}

uint64_t core_systick_due(const struct cpu *c)
{
  return c->s.st_csr & CSR_ENABLE ? c->s.st_wrap : NEVER;
}

void core_systick_update(struct cpu *c)
{
  uint64_t now = core_now(c);
  if (now < core_systick_due(c)) {
    return;
  }
  c->s.st_csr |= CSR_COUNTFLAG;
  if (c->s.st_csr & CSR_TICKINT) {
    core_pend(c, EXC_SYSTICK, true);
  }
  if (c->s.st_rvr == 0) {
    c->s.st_wrap = NEVER;
    return;
  }
  uint64_t period = ((uint64_t)c->s.st_rvr + 1) * unit(c);
  c->s.st_period = c->s.st_rvr;
  c->s.st_wrap += ((now - c->s.st_wrap) / period + 1) * period;
}

static uint32_t value(const struct cpu *c)
{
  if (!(c->s.st_csr & CSR_ENABLE)) {
    return c->s.st_value;
  }
  if (c->s.st_wrap == NEVER) {
    return 0;
  }
  uint64_t left = (c->s.st_wrap - core_now(c) + unit(c) - 1) / unit(c);
  return left > c->s.st_period ? 0 : (uint32_t)left;
}

uint32_t core_systick_read(struct cpu *c, uint32_t offset, bool debugger)
{
  core_systick_update(c);
  uint32_t csr = c->s.st_csr;
  switch (offset) {
  case 0x0:
    if (!debugger) {
      c->s.st_csr &= ~CSR_COUNTFLAG;
    }
    return csr;
  case 0x4:
    return c->s.st_rvr;
  case 0x8:
    return value(c);
  default:
    return CALIB;
  }
}

void core_systick_write(struct cpu *c, uint32_t offset, uint32_t v)
{
  uint64_t now = core_now(c);
  core_systick_update(c);
  uint32_t current = value(c);
  switch (offset) {
  case 0x0:
    c->s.st_csr = (c->s.st_csr & CSR_COUNTFLAG) | (v & 7u);
    break;
  case 0x4:
    c->s.st_rvr = v & 0xffffffu;
    if (!(c->s.st_csr & CSR_ENABLE) || c->s.st_wrap != NEVER) {
      return; /* takes effect at the next reload */
    }
    break;
  case 0x8:
    current = 0;
    c->s.st_csr &= ~CSR_COUNTFLAG;
    break;
  default:
    return;
  }
  c->s.st_value = current;
  if (c->s.st_csr & CSR_ENABLE) {
    start(c, now, current);
  }
  core_kick(c);
}
