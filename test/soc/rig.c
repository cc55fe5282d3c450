/* See rig.h. */
#include "test/soc/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_tx(void *ctx, unsigned uart, uint8_t byte)
{
  struct rig *r = ctx;
  (void)uart;
  if (r->sent_count < sizeof r->sent - 1) {
    r->sent_at[r->sent_count] = soc_now(r->soc);
    r->sent[r->sent_count++] = (char)byte;
  }
}

static void on_log(void *ctx, const char *line)
{
  struct rig *r = ctx;
  size_t used = strlen(r->log);
  snprintf(r->log + used, sizeof r->log - used, "%s\n", line);
}

static void on_idle(void *ctx, unsigned uart)
{
  struct rig *r = ctx;
  r->idle_calls++;
  if (r->reply)
    soc_uart_rx(r->soc, uart, r->reply, strlen(r->reply));
  r->reply = NULL;
}

struct rig *rig_new(const char *state_dir)
{
  return rig_new_chip("stm32l476", state_dir);
}

struct rig *rig_new_chip(const char *model, const char *state_dir)
{
  char err[512] = "";
  struct rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  r->soc = soc_new(model, state_dir, err, sizeof err);
  assert_string_equal(err, "");
  assert_non_null(r->soc);
  struct soc_host host = {.ctx = r, .uart_tx = on_tx, .log = on_log, .uart_idle = on_idle};
  soc_attach(r->soc, &host);
  return r;
}

void rig_free(struct rig *r)
{
  soc_free(r->soc);
  free(r);
}

/* The vector table at the start of flash leads to SRAM1, where a branch to itself waits: so the core comes back there
 * after every reset, and stays there in an NMI. */
void rig_power_on(struct rig *r)
{
  static const uint32_t vectors[] = {SRAM1 + 0x1000, SRAM1 + 0x101, SRAM1 + 0x101, SRAM1 + 0x101};
  const uint16_t here = 0xE7FE; /* b . */
  assert_true(soc_flash_load(r->soc, FLASH_BASE, vectors, sizeof vectors));
  soc_power_on(r->soc);
  assert_true(soc_powered(r->soc));
  assert_true(soc_mem_write(r->soc, SRAM1 + 0x100, &here, 2));
}

void rig_us(struct rig *r, uint64_t us)
{
  uint64_t end = soc_now(r->soc) + us * SOC_PS_PER_US;
  while (soc_now(r->soc) < end && soc_powered(r->soc))
    if (soc_run(r->soc, 3) != SOC_STOP_LIMIT)
      break;
}

/* ---- accesses ---- */
uint32_t rig_read(struct rig *r, uint32_t addr)
{
  struct soc_access how = {SOC_BY_CPU, CPU_READ, 4, true};
  uint32_t value;
  assert_true(soc_bus_read(r->soc, addr, &how, &value));
  return value;
}

bool rig_try(struct rig *r, uint32_t addr, unsigned size, uint32_t value)
{
  struct soc_access how = {SOC_BY_CPU, CPU_WRITE, size, true};
  return soc_bus_write(r->soc, addr, &how, value);
}

void rig_write(struct rig *r, uint32_t addr, uint32_t value)
{
  assert_true(rig_try(r, addr, 4, value));
}

void rig_set(struct rig *r, uint32_t addr, uint32_t bits)
{
  rig_write(r, addr, rig_read(r, addr) | bits);
}

/* ---- flash ---- */
void rig_unlock(struct rig *r)
{
  rig_write(r, FLASH_KEYR, 0x45670123);
  rig_write(r, FLASH_KEYR, 0xCDEF89AB);
}

void rig_unlock_options(struct rig *r)
{
  rig_write(r, FLASH_OPTKEYR, 0x08192A3B);
  rig_write(r, FLASH_OPTKEYR, 0x4C5D6E7F);
}

void rig_wait_flash(struct rig *r)
{
  while (soc_powered(r->soc) && rig_read(r, FLASH_SR) & SR_BSY)
    rig_us(r, 10);
}

uint32_t rig_program(struct rig *r, uint32_t addr, uint64_t value)
{
  rig_write(r, FLASH_CR, CR_PG);
  rig_write(r, addr, (uint32_t)value);
  rig_write(r, addr + 4, (uint32_t)(value >> 32));
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, 0);
  return rig_read(r, FLASH_SR);
}

uint32_t rig_erase(struct rig *r, uint32_t addr)
{
  uint32_t page = (addr - FLASH_BASE) / 2048;
  uint32_t cr = CR_PER | (page >= 256 ? CR_BKER : 0) | (page % 256) << 3;
  rig_write(r, FLASH_CR, cr);
  rig_write(r, FLASH_CR, cr | CR_START);
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, 0);
  return rig_read(r, FLASH_SR);
}

uint64_t rig_read64(struct rig *r, uint32_t addr)
{
  return rig_read(r, addr) | (uint64_t)rig_read(r, addr + 4) << 32;
}

/* ---- log ---- */
unsigned rig_log_count(const struct rig *r, const char *text)
{
  unsigned n = 0;
  for (const char *p = r->log; (p = strstr(p, text)); p++)
    n++;
  return n;
}

bool rig_logged(const struct rig *r, const char *text)
{
  return rig_log_count(r, text) > 0;
}
