/* STM32L4: the parts put together, reset, wiring between them, and what survives power-off.
 *
 * Files in the state folder (numbers little-endian):
 *   flash.bin      main flash, bank 1 first
 *   cells.bin      damaged double words of it (nvm.c)
 *   otp.bin        one-time-programmable area, 1 KiB
 *   otp-cells.bin  damaged double words of it
 *   options.bin    option bytes: nine words with their complements, in the order of enum l4_option
 *   backup.bin     backup domain: magic, RCC.BDCR, then the RTC registers from offset 0 on
 *   uid.bin        the 12 bytes of the unique id
 *   nor.bin        STM32L475, STM32L496: the board's NOR flash, 8 MiB; nor-cells.bin: its damaged cells, 16 bytes each;
 *   nor-registers.bin  its status register and the two configuration bytes
 * A missing file means: as from the factory.
 */
#include "sim/soc/l4/l4.h"

#include "sim/soc/hash.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BACKUP_MAGIC 0x31424350u /* "PCB1" */
#define BACKUP_WORDS (2 + SOC_BLOCK_WORDS)
#define RAM_SEED     0x52414D21u
#define L4_NOISE     0x20000u /* bytes of SRAM1 that are filled at least: SRAM2's noise follows from theirs */
#define BOOT0_PORT   7
#define BOOT0_PIN    3

static struct l4 *chip(const struct soc *soc)
{
  return soc->chip;
}

/* ---- wiring ---- */
static struct st_gpio *port(struct l4 *l4, char name)
{
  return name >= 'A' && name < 'A' + (int)L4_PORTS ? &l4->gpio[name - 'A'] : NULL;
}

static void pin_changed(struct st_gpio *gpio, unsigned pin, bool high)
{
  struct l4 *l4 = gpio->block.chip;
  if (l4_exti_port(l4, pin) == (unsigned)(gpio->port - 'A'))
    l4_exti_edge(l4, pin, high);
}

static void pins_rerouted(struct st_gpio *gpio)
{
  struct l4 *l4 = gpio->block.chip;
  for (unsigned i = 0; i < L4_USARTS; i++)
    st_usart_kick(&l4->usart[i]);
  st_spi_kick(&l4->spi);
}

/* Pins that can carry a USART's signals (datasheet DS10198, tables 17 and 18). */
static bool usart_routed(const struct st_usart *usart, bool transmit)
{
  static const struct {
    uint16_t uart;
    bool transmit;
    char port;
    uint8_t pin, function;
  } routes[] = {
      {1, true, 'A', 9, 7},
      {1, true, 'B', 6, 7},
      {1, true, 'G', 9, 7},
      {1, false, 'A', 10, 7},
      {1, false, 'B', 7, 7},
      {1, false, 'G', 10, 7},
      {2, true, 'A', 2, 7},
      {2, true, 'D', 5, 7},
      {2, false, 'A', 3, 7},
      {2, false, 'D', 6, 7},
      {3, true, 'B', 10, 7},
      {3, true, 'C', 4, 7},
      {3, true, 'C', 10, 7},
      {3, true, 'D', 8, 7},
      {3, false, 'B', 11, 7},
      {3, false, 'C', 5, 7},
      {3, false, 'C', 11, 7},
      {3, false, 'D', 9, 7},
      {SOC_LPUART1, true, 'B', 11, 8},
      {SOC_LPUART1, true, 'C', 1, 8},
      {SOC_LPUART1, true, 'G', 7, 8},
      {SOC_LPUART1, false, 'B', 10, 8},
      {SOC_LPUART1, false, 'C', 0, 8},
      {SOC_LPUART1, false, 'G', 8, 8},
  };
  struct l4 *l4 = usart->block.chip;
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
    if (routes[i].uart == usart->number && routes[i].transmit == transmit &&
        st_gpio_function(port(l4, routes[i].port), routes[i].pin) == routes[i].function)
      return true;
  return false;
}

/* SPI1: SCK, MISO and MOSI on PA5 to PA7 or PB3 to PB5, function 5. NSS is not looked at. */
static bool spi_routed(const struct st_spi *spi)
{
  struct l4 *l4 = spi->block.chip;
  static const char ports[] = {'A', 'A', 'A', 'B', 'B', 'B'};
  static const uint8_t pins[] = {5, 6, 7, 3, 4, 5};
  for (unsigned signal = 0; signal < 3; signal++)
    if (st_gpio_function(port(l4, ports[signal]), pins[signal]) != 5 &&
        st_gpio_function(port(l4, ports[signal + 3]), pins[signal + 3]) != 5)
      return false;
  return true;
}

/* QUADSPI as the boards have it: CLK, NCS, IO0 to IO3, all function 10. */
static const struct l4_pin iot01a_nor[L4_NOR_PINS] = {{'E', 10}, {'E', 11}, {'E', 12},
                                                      {'E', 13}, {'E', 14}, {'E', 15}}; /* UM2153 */
static const struct l4_pin l496_nor[L4_NOR_PINS] = {{'A', 3}, {'B', 11}, {'B', 1},
                                                    {'B', 0}, {'A', 7},  {'A', 6}}; /* UM2160 */

static bool quadspi_routed(const struct st_quadspi *q)
{
  struct l4 *l4 = q->block.chip;
  for (unsigned i = 0; i < L4_NOR_PINS; i++)
    if (st_gpio_function(port(l4, l4->part->nor[i].port), l4->part->nor[i].pin) != 10)
      return false;
  return true;
}

/* Requests of receivers: DMA, channel and what CSELR has to say (RM0394 tables 44 and 45, RM0351 the same). */
static bool usart_dma(struct st_usart *usart)
{
  static const struct {
    uint8_t uart, dma, channel, selection;
  } lines[] = {{1, 0, 5, 2}, {1, 1, 7, 2}, {2, 0, 6, 2}, {3, 0, 3, 2}, {SOC_LPUART1, 1, 7, 4}};
  struct l4 *l4 = usart->block.chip;
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    if (lines[i].uart == usart->number && st_dma_request(&l4->dma[lines[i].dma], lines[i].channel, lines[i].selection))
      return true;
  return false;
}

static void dma_listen(struct st_dma *dma)
{
  struct l4 *l4 = dma->block.chip;
  for (unsigned i = 0; i < sizeof l4->usart / sizeof l4->usart[0]; i++)
    st_usart_listen(&l4->usart[i]);
}

static uint32_t usart_hz(const struct st_usart *usart)
{
  const struct l4 *l4 = usart->block.chip;
  if (usart->number == SOC_LPUART1)
    return l4_usart_hz(l4, 10, 1);
  return l4_usart_hz(l4, 2 * (usart->number - 1), usart->number == 1 ? 2 : 1);
}

static uint32_t rng_hz(const struct st_rng *rng)
{
  return l4_clk48(rng->block.chip);
}

static bool lsi_on(const struct st_iwdg *iwdg)
{
  return l4_lsi_on(iwdg->block.chip);
}

/* Adds the block behind its clock enable and reset bit; the reset register lies 0x20 below the enable register. */
static void gated(struct l4 *l4, struct soc_block *block, unsigned enable, unsigned bit)
{
  block->enable = &l4->rcc.block.v[enable / 4];
  block->hold = &l4->rcc.block.v[(enable - 0x20) / 4];
  block->gate = 1u << bit;
  soc_add_block(l4->soc, block);
}

/* ---- DBGMCU: device identity; the freeze bits are stored ---- */
static const struct soc_reg dbgmcu_regs[] = {
    {0, SOC_REG_READ, 0, 0}, {4, 0, 0, 0xE7}, {8, 0, 0, 0x82E01C3F}, {0xC, 0, 0, 0x20}, {0x10, 0, 0, 0x72800},
};

/* DBGMCU.APB1FZR1 (RM0351, chapter "Debug support") */
static void dap_halted(struct soc *soc, bool halted)
{
  enum { APB1FZR1 = 8, DBG_IWDG_STOP = 1 << 12 };
  struct l4 *l4 = chip(soc);
  if (l4->dbgmcu.v[APB1FZR1 / 4] & DBG_IWDG_STOP)
    st_iwdg_freeze(&l4->iwdg, halted);
}

static uint32_t dbgmcu_read(struct soc_block *block, unsigned offset, bool peek)
{
  (void)offset, (void)peek;
  return l4_of(block)->part->idcode;
}

/* ---- life ---- */
static bool create(struct soc *soc)
{
  static const char *const ports[] = {"GPIOA", "GPIOB", "GPIOC", "GPIOD", "GPIOE", "GPIOF", "GPIOG", "GPIOH"};
  struct l4 *l4 = soc->chip = calloc(1, sizeof *l4);
  if (!l4)
    return false;
  l4->soc = soc;
  l4->part = soc->model->part;
  soc_set_clock(soc, 4000000);
  l4_rcc_init(l4);
  l4_power_init(l4);
  l4_flash_init(l4);
  l4_exti_init(l4);
  l4_rtc_init(l4);
  for (unsigned i = 0; i < L4_PORTS; i++) {
    st_gpio_init(&l4->gpio[i], ports[i], 0x48000000 + i * 0x400, l4);
    if (!(l4->part->ports >> i & 1u))
      continue;
    l4->gpio[i].changed = pin_changed;
    l4->gpio[i].rerouted = pins_rerouted;
    gated(l4, &l4->gpio[i].block, RCC_AHB2ENR, i);
  }
  st_usart_init(&l4->usart[0], "USART1", 0x40013800, 1, L4_IRQ_USART1, l4);
  st_usart_init(&l4->usart[1], "USART2", 0x40004400, 2, L4_IRQ_USART2, l4);
  st_usart_init(&l4->usart[2], "USART3", 0x40004800, 3, L4_IRQ_USART3, l4);
  st_usart_init(&l4->usart[3], "LPUART1", 0x40008000, SOC_LPUART1, L4_IRQ_LPUART1, l4);
  l4->usart[3].low_power = true;
  for (unsigned i = 0; i < L4_USARTS; i++) {
    l4->usart[i].kernel_hz = usart_hz;
    l4->usart[i].routed = usart_routed;
    l4->usart[i].dma = usart_dma;
  }
  gated(l4, &l4->usart[0].block, RCC_APB2ENR, 14);
  gated(l4, &l4->usart[1].block, RCC_APB1ENR1, 17);
  gated(l4, &l4->usart[2].block, RCC_APB1ENR1, 18);
  gated(l4, &l4->usart[3].block, RCC_APB1ENR2, 0);
  st_spi_init(&l4->spi, "SPI1", 0x40013000, SOC_SPI1, L4_IRQ_SPI1, l4);
  l4->spi.routed = spi_routed;
  gated(l4, &l4->spi.block, RCC_APB2ENR, 12);
  if (l4->part->nor) {
    if (!mx25r_init(&l4->nor, soc))
      return false;
    st_quadspi_init(&l4->quadspi, 0xA0001000, &l4->nor, l4);
    l4->quadspi.routed = quadspi_routed;
    gated(l4, &l4->quadspi.block, RCC_AHB3ENR, 8);
    soc_add_mem(
        soc, &(struct soc_mem){"QUADSPI flash", ST_QUADSPI_MEM, MX25R_SIZE, NULL, &st_quadspi_mem_ops, &l4->quadspi});
  }
  st_crc_init(&l4->crc, 0x40023000);
  gated(l4, &l4->crc.block, RCC_AHB1ENR, 12);
  st_rng_init(&l4->rng, 0x50060800, L4_IRQ_RNG, l4);
  l4->rng.kernel_hz = rng_hz;
  gated(l4, &l4->rng.block, RCC_AHB2ENR, 18);
  static const uint8_t dma_irqs[2][ST_DMA_CHANNELS] = {{11, 12, 13, 14, 15, 16, 17}, {56, 57, 58, 59, 60, 68, 69}};
  for (unsigned i = 0; i < 2; i++) {
    st_dma_init(&l4->dma[i], i ? "DMA2" : "DMA1", 0x40020000 + i * 0x400, dma_irqs[i], l4);
    l4->dma[i].listen = dma_listen;
    gated(l4, &l4->dma[i].block, RCC_AHB1ENR, i);
  }
  l4_firewall_init(l4);
  gated(l4, &l4->firewall.block, RCC_APB2ENR, 7); /* its reset bit does not exist */
  st_iwdg_init(&l4->iwdg, 0x40003000, 32000, l4);
  l4->iwdg.oscillator_on = lsi_on;
  soc_add_block(soc, &l4->iwdg.block);
  l4->dbgmcu = (struct soc_block){.name = "DBGMCU",
                                  .base = 0xE0042000,
                                  .size = 0x400,
                                  .regs = dbgmcu_regs,
                                  .reg_count = sizeof dbgmcu_regs / sizeof dbgmcu_regs[0],
                                  .read = dbgmcu_read,
                                  .chip = l4};
  soc_add_block(soc, &l4->dbgmcu);
  for (unsigned i = 0; i < soc->block_count; i++)
    soc_block_reset(soc->blocks[i]);
  l4_options_factory(l4);
  memcpy(l4->uid, l4->part->uid, sizeof l4->uid);
  return l4_memory_init(l4);
}

static void destroy(struct soc *soc)
{
  nvm_free(&chip(soc)->flash.main);
  nvm_free(&chip(soc)->flash.otp);
  nvm_free(&chip(soc)->nor.array);
  free(soc->chip);
}

static void noise(uint8_t *ram, size_t size, uint64_t *random)
{
  for (size_t i = 0; i < size; i += 8) {
    uint64_t r = soc_random(random);
    memcpy(ram + i, &r, 8);
  }
}

/* With BFB2 set (chips with two banks) the boot loader of the vendor starts bank 2 when its stack pointer looks like
 * one, else bank 1. */
static bool boots_from_bank2(const struct l4 *l4)
{
  uint32_t sp;
  if (l4->part->flash_size <= L4_BANK_SIZE)
    return false;
  memcpy(&sp, l4->flash.main.bytes + L4_BANK_SIZE, 4);
  return l4->options.loaded[L4_OPTR] & L4_OPTR_BFB2 && sp - L4_SRAM1_BASE <= l4->part->sram1_size;
}

/* BOOT0 (PH3, also the model's name for the L476's pin of its own; or an option bit where the part has nSWBOOT0) and
 * nBOOT1 choose where the chip starts; at read protection level 2 it is flash. Returns MEM_MODE. */
static unsigned boot_memory(const struct l4 *l4)
{
  uint32_t optr = l4->options.loaded[L4_OPTR];
  bool high = st_gpio_pad(&l4->gpio[BOOT0_PORT], BOOT0_PIN, false);
  if (l4->part->optr_mask & L4_OPTR_NSWBOOT0 && !(optr & L4_OPTR_NSWBOOT0))
    high = !(optr & L4_OPTR_NBOOT0);
  if (l4_rdp(l4) == 2 || !high)
    return 0;
  return optr & L4_OPTR_NBOOT1 ? 1 : 3;
}

static uint32_t reset(struct soc *soc, enum soc_cause cause)
{
  struct l4 *l4 = chip(soc);
  uint32_t *rcc = l4->rcc.block.v;
  uint32_t bdcr = rcc[RCC_BDCR / 4], flags = rcc[RCC_CSR / 4] & 0xFF000000;
  bool power = cause == SOC_CAUSE_POWER || cause == SOC_CAUSE_BOR;
  l4_flash_abort(l4);
  l4_firewall_reset(l4);
  for (unsigned i = 0; i < soc->block_count; i++)
    if (soc->blocks[i] != &l4->rtc.block && (power || soc->blocks[i] != &l4->dbgmcu))
      soc_block_reset(soc->blocks[i]);
  rcc[RCC_BDCR / 4] = bdcr;
  rcc[RCC_CSR / 4] |= power ? 0 : flags;
  l4_rcc_flag_reset(l4, cause);
  l4->rtc.key_step = 0;
  if (power || cause == SOC_CAUSE_OPTION)
    l4_options_load(l4);
  l4_options_registers(l4);
  if (power) {
    uint64_t random = RAM_SEED;
    noise(l4->sram1, l4->part->sram1_size < L4_NOISE ? L4_NOISE : l4->part->sram1_size, &random);
    noise(l4->sram2, l4->part->sram2_size, &random);
  }
  if (!(l4->options.loaded[L4_OPTR] & L4_OPTR_SRAM2_RST))
    memset(l4->sram2, 0, sizeof l4->sram2);
  if (!(l4->options.loaded[L4_OPTR] & L4_OPTR_IWDG_SW))
    st_iwdg_start(&l4->iwdg);
  if (power)
    l4->debugger = false;
  if (power && l4->part->nor)
    mx25r_power_on(&l4->nor);
  unsigned mode = boot_memory(l4);
  l4->booted_elsewhere = mode != 0;
  l4->syscfg.v[0] = mode | (mode == 0 && boots_from_bank2(l4) ? 0x100 : 0);
  l4_memory_remapped(l4);
  l4_rcc_update(l4);
  return 0;
}

static void power_off(struct soc *soc)
{
  struct l4 *l4 = chip(soc);
  l4_flash_abort(l4);
  for (unsigned i = 0; i < L4_USARTS; i++)
    l4->usart[i].line_count = 0;
  l4->spi.line_count = 0;
  if (l4->part->nor)
    mx25r_power_off(&l4->nor);
}

static bool watched(const struct soc *soc)
{
  return chip(soc)->iwdg.running;
}

static void fault_note(struct soc *soc, unsigned exception, char *text, size_t size)
{
  if (exception == 2)
    snprintf(text, size, "uncorrectable ECC error of the flash double word at 0x%08x",
             (unsigned)chip(soc)->flash.ecc_at);
}

/* ---- state folder ---- */
static bool load_cells(struct soc *soc, const char *name, struct nvm *nvm)
{
  uint8_t *bytes;
  size_t size, max = 64 + (size_t)(nvm->size / nvm->unit) * (16 + nvm->unit);
  enum soc_loaded r = soc_load_any(soc, name, &bytes, &size, max);
  if (r != SOC_LOADED)
    return r == SOC_ABSENT;
  bool ok = nvm_unpack(nvm, bytes, size);
  free(bytes);
  return ok || soc_fail(soc, "%s/%s is damaged: remove it to have all cells sound", soc->state_dir, name);
}

static bool load_file(struct soc *soc, const char *name, void *to, size_t size)
{
  return soc_load(soc, name, to, size) != SOC_BROKEN;
}

/* The board's NOR flash: contents, damaged cells, then status register and configuration. */
static bool load_nor(struct soc *soc, struct mx25r *nor)
{
  uint8_t registers[3] = {0};
  if (!load_file(soc, "nor.bin", nor->array.bytes, MX25R_SIZE) || !load_cells(soc, "nor-cells.bin", &nor->array) ||
      !load_file(soc, "nor-registers.bin", registers, sizeof registers))
    return false;
  nor->status = registers[0];
  memcpy(nor->config, registers + 1, 2);
  return true;
}

static bool load(struct soc *soc)
{
  struct l4 *l4 = chip(soc);
  uint32_t backup[BACKUP_WORDS];
  if (!load_file(soc, "flash.bin", l4->flash.main.bytes, l4->part->flash_size) ||
      !load_file(soc, "otp.bin", l4->flash.otp.bytes, L4_OTP_SIZE) ||
      !load_file(soc, "options.bin", l4->options.stored, sizeof l4->options.stored) ||
      !load_file(soc, "uid.bin", l4->uid, sizeof l4->uid) || !load_cells(soc, "cells.bin", &l4->flash.main) ||
      !load_cells(soc, "otp-cells.bin", &l4->flash.otp) || (l4->part->nor && !load_nor(soc, &l4->nor)))
    return false;
  switch (soc_load(soc, "backup.bin", backup, sizeof backup)) {
  case SOC_BROKEN:
    return false;
  case SOC_ABSENT:
    return true;
  case SOC_LOADED:
    break;
  }
  if (backup[0] != BACKUP_MAGIC)
    return soc_fail(soc, "%s/backup.bin is not a backup domain", soc->state_dir);
  l4->rcc.block.v[RCC_BDCR / 4] = backup[1];
  memcpy(l4->rtc.block.v, backup + 2, sizeof l4->rtc.block.v);
  return true;
}

static bool stage_cells(struct soc *soc, const char *name, const struct nvm *nvm)
{
  uint8_t *bytes;
  size_t size;
  if (!nvm_pack(nvm, &bytes, &size))
    return soc_fail(soc, "out of memory");
  bool ok = soc_stage(soc, name, bytes, size);
  free(bytes);
  return ok;
}

static bool stage_nor(struct soc *soc, const struct mx25r *nor)
{
  const uint8_t registers[3] = {nor->status, nor->config[0], nor->config[1]};
  return soc_stage(soc, "nor.bin", nor->array.bytes, MX25R_SIZE) && stage_cells(soc, "nor-cells.bin", &nor->array) &&
         soc_stage(soc, "nor-registers.bin", registers, sizeof registers);
}

static bool stage(struct soc *soc)
{
  struct l4 *l4 = chip(soc);
  uint32_t backup[BACKUP_WORDS] = {BACKUP_MAGIC, l4->rcc.block.v[RCC_BDCR / 4]};
  memcpy(backup + 2, l4->rtc.block.v, sizeof l4->rtc.block.v);
  if (l4->part->nor && !stage_nor(soc, &l4->nor))
    return false;
  return soc_stage(soc, "flash.bin", l4->flash.main.bytes, l4->part->flash_size) &&
         stage_cells(soc, "cells.bin", &l4->flash.main) &&
         soc_stage(soc, "otp.bin", l4->flash.otp.bytes, L4_OTP_SIZE) &&
         stage_cells(soc, "otp-cells.bin", &l4->flash.otp) &&
         soc_stage(soc, "options.bin", l4->options.stored, sizeof l4->options.stored) &&
         soc_stage(soc, "backup.bin", backup, sizeof backup) && soc_stage(soc, "uid.bin", l4->uid, sizeof l4->uid);
}

/* ---- the outside ---- */
static size_t uart_rx(struct soc *soc, unsigned uart, const uint8_t *bytes, size_t count)
{
  for (unsigned i = 0; i < L4_USARTS; i++)
    if (chip(soc)->usart[i].number == uart)
      return st_usart_rx(&chip(soc)->usart[i], bytes, count);
  return uart == SOC_SPI1 ? st_spi_rx(&chip(soc)->spi, bytes, count) : 0;
}

static void drive_pin(struct soc *soc, char name, unsigned pin, bool high)
{
  struct st_gpio *gpio = port(chip(soc), name);
  if (!gpio || pin > 15 || !(chip(soc)->part->ports >> (name - 'A') & 1u))
    return;
  st_gpio_drive(gpio, pin, high);
  if (soc->powered)
    l4_rtc_pins(chip(soc));
}

static void release_pin(struct soc *soc, char name, unsigned pin)
{
  struct st_gpio *gpio = port(chip(soc), name);
  if (!gpio || pin > 15 || !(chip(soc)->part->ports >> (name - 'A') & 1u))
    return;
  st_gpio_release(gpio, pin);
  if (soc->powered)
    l4_rtc_pins(chip(soc));
}

static bool in_flash(const struct l4 *l4, uint32_t addr, size_t size)
{
  uint32_t whole = l4->part->flash_size;
  return size <= whole && addr >= L4_FLASH_BASE && addr - L4_FLASH_BASE <= whole - size;
}

/* As an external loader of the debug probe has it. */
static bool in_nor(const struct l4 *l4, uint32_t addr, size_t size)
{
  return l4->part->nor && size <= MX25R_SIZE && addr >= ST_QUADSPI_MEM && addr - ST_QUADSPI_MEM <= MX25R_SIZE - size;
}

/* Manufacture: option bytes (from the next power-on) and the unique id. */
static bool factory_load(struct soc *soc, uint32_t addr, const uint8_t *from, size_t size)
{
  struct l4 *l4 = chip(soc);
  if (from && !factory_load(soc, addr, NULL, size))
    return false;
  for (size_t i = 0; i < size; i++, addr++) {
    if (addr - L4_UID_BASE < sizeof l4->uid) {
      if (from)
        l4->uid[addr - L4_UID_BASE] = from[i];
    } else if (!l4_options_set(l4, addr, from ? from + i : NULL)) {
      return false;
    }
  }
  return true;
}

/* In pieces that lie in one bank, as the banks may be swapped. */
static bool flash_load(struct soc *soc, uint32_t addr, const uint8_t *from, size_t size)
{
  struct l4 *l4 = chip(soc);
  if (in_nor(l4, addr, size)) {
    nvm_set(&l4->nor.array, addr - ST_QUADSPI_MEM, from, (uint32_t)size);
    return true;
  }
  if (!in_flash(l4, addr, size))
    return soc_fail(soc, "0x%08x, %zu bytes: not in flash", (unsigned)addr, size);
  while (size > 0) {
    uint32_t at, n = L4_BANK_SIZE - addr % L4_BANK_SIZE;
    if (n > size)
      n = (uint32_t)size;
    l4_flash_offset(l4, addr, &at);
    nvm_set(&l4->flash.main, at, from, n);
    l4_memory_changed(l4, &l4->flash.main, at, n);
    addr += n;
    from += n;
    size -= n;
  }
  return true;
}

static bool flash_erase(struct soc *soc, uint32_t addr, size_t size)
{
  static uint8_t blank[L4_PAGE];
  if ((!in_flash(chip(soc), addr, size) && !in_nor(chip(soc), addr, size)) || addr % L4_PAGE || size % L4_PAGE)
    return soc_fail(soc, "0x%08x, %zu bytes: not whole pages of flash", (unsigned)addr, size);
  memset(blank, 0xFF, sizeof blank);
  for (size_t done = 0; done < size; done += L4_PAGE)
    flash_load(soc, addr + (uint32_t)done, blank, L4_PAGE);
  return true;
}

/* ---- protections ---- */
static unsigned rdp(const struct soc *soc)
{
  return l4_rdp(chip(soc));
}

static uint32_t *option(struct soc *soc, unsigned number, uint32_t *reg, uint32_t *loaded)
{
  struct l4 *l4 = chip(soc);
  if (number >= l4->part->options)
    return NULL;
  *reg = l4->flash.block.base + l4_option_offset((enum l4_option)number);
  *loaded = l4->options.loaded[number];
  return l4->options.stored[number];
}

static struct nvm *array(struct soc *soc, unsigned number)
{
  return number == 0                           ? &chip(soc)->flash.main
         : number == 1                         ? &chip(soc)->flash.otp
         : number == 2 && chip(soc)->part->nor ? &chip(soc)->nor.array
                                               : NULL;
}

static uint64_t hidden_hash(const struct soc *soc)
{
  const struct l4 *l4 = chip(soc);
  const struct l4_flash *f = &l4->flash;
  const uint32_t hidden[] = {f->key_step,       f->option_key_step, f->keys_spoiled,      f->option_keys_spoiled,
                             f->half,           f->half_at,         f->half_value,        f->op,
                             f->op ? f->at : 0, f->row_open,        f->row_next,          l4->firewall.state,
                             l4->firewall.gate, l4->rtc.key_step,   l4->sram2_key_step,   l4->iwdg.running,
                             l4->iwdg.unlocked, l4->debugger,       l4->booted_elsewhere, l4->nor.status,
                             l4->nor.asleep,    l4->nor.op};
  const uint64_t dma = st_dma_hash(&l4->dma[1], st_dma_hash(&l4->dma[0], 0));
  return soc_hash_bytes(soc_hash_bytes(dma, hidden, sizeof hidden), &l4->options, sizeof l4->options);
}

static bool dap_open(const struct soc *soc)
{
  return l4_debug_open(chip(soc));
}

static void dap_attach(struct soc *soc, bool attached)
{
  if (attached)
    l4_debug_attach(chip(soc));
}

static const uint32_t *wear(const struct soc *soc, uint32_t *base, uint32_t *page, size_t *pages)
{
  *base = L4_FLASH_BASE;
  *page = L4_PAGE;
  *pages = chip(soc)->part->flash_size / L4_PAGE;
  return chip(soc)->flash.main.wear;
}

static const uint32_t *wear_outside(const struct soc *soc, uint32_t *base, uint32_t *page, size_t *pages)
{
  if (!chip(soc)->part->nor)
    return NULL;
  *base = ST_QUADSPI_MEM;
  *page = MX25R_SECTOR;
  *pages = MX25R_SIZE / MX25R_SECTOR;
  return chip(soc)->nor.array.wear;
}

static void clear_wear(struct soc *soc)
{
  struct l4 *l4 = chip(soc);
  if (l4->part->nor)
    memset(l4->nor.array.wear, 0, MX25R_SIZE / MX25R_SECTOR * sizeof(uint32_t));
  memset(l4->flash.main.wear, 0, l4->part->flash_size / L4_PAGE * sizeof(uint32_t));
}

#define L476_FLASH 0x100000u
#define L462_FLASH 0x80000u
/* What several chips have alike. */
#define L4_FLASH_AND_ALIAS(size)                                                                                       \
  {"flash", L4_FLASH_BASE, (size), L4_PAGE, true},                                                                     \
  {                                                                                                                    \
    "flash alias", 0, (size), 0, false                                                                                 \
  }
#define L4_OTP_AND_OPTIONS                                                                                             \
  {"OTP", L4_OTP_BASE, L4_OTP_SIZE, 0, false},                                                                         \
  {                                                                                                                    \
    "device information and option bytes", 0x1FFF7400, 0xC00, 0, false                                                 \
  }
#define L4_OPTIONS_2                                                                                                   \
  {                                                                                                                    \
    "option bytes 2", 0x1FFFF800, 0x800, 0, false                                                                      \
  }
#define L4_PERIPHERALS                                                                                                 \
  {"peripherals", 0x40000000, 0x20000000, 0, false},                                                                   \
  {                                                                                                                    \
    "private peripherals", 0xE0000000, 0x100000, 0, false                                                              \
  }
static const struct soc_region l476_regions[] = {
    L4_FLASH_AND_ALIAS(L476_FLASH),
    {"SRAM1", L4_SRAM1_BASE, 0x18000, 0, false},
    {"SRAM2", L4_SRAM2_BASE, 0x8000, 0, false},
    L4_OTP_AND_OPTIONS,
    L4_OPTIONS_2,
    L4_PERIPHERALS,
};
static const struct soc_region l462_regions[] = {
    L4_FLASH_AND_ALIAS(L462_FLASH),
    {"SRAM1, and SRAM2 behind it", L4_SRAM1_BASE, 0x20000 + 0x8000, 0, false},
    {"SRAM2", L4_SRAM2_BASE, 0x8000, 0, false},
    L4_OTP_AND_OPTIONS,
    L4_PERIPHERALS,
};

static const struct soc_region l475_regions[] = {
    L4_FLASH_AND_ALIAS(L476_FLASH),
    {"SRAM1", L4_SRAM1_BASE, 0x18000, 0, false},
    {"SRAM2", L4_SRAM2_BASE, 0x8000, 0, false},
    {"QUADSPI flash", ST_QUADSPI_MEM, MX25R_SIZE, MX25R_SECTOR, true},
    L4_OTP_AND_OPTIONS,
    L4_OPTIONS_2,
    L4_PERIPHERALS,
};

static const struct soc_region l496_regions[] = {
    L4_FLASH_AND_ALIAS(L476_FLASH),
    {"SRAM1, and SRAM2 behind it", L4_SRAM1_BASE, 0x50000, 0, false},
    {"SRAM2", L4_SRAM2_BASE, 0x10000, 0, false},
    {"QUADSPI flash", ST_QUADSPI_MEM, MX25R_SIZE, MX25R_SECTOR, true},
    L4_OTP_AND_OPTIONS,
    L4_OPTIONS_2,
    L4_PERIPHERALS,
};

#define L476_DIE                                                                                                       \
  .flash_size = L476_FLASH, .sram1_size = 0x18000, .sram2_size = 0x8000, .idcode = 0x10076415, .ports = 0xFF,          \
  .options = L4_OPTIONS, .optr_mask = 0x03BF77FF, .optr_ones = 0xFC408800, .optr_factory = 0xFFEFF8AA
const struct l4_part l4_part_l476 = {
    L476_DIE,
    .package = 0, /* LQFP64 */
    .uid = "\x32\x00\x4B\x00\x0F\x51\x36\x34\x38\x38\x33\x20",
};
/* The same die without USB host and LCD, in the B-L475E-IOT01A's package. */
const struct l4_part l4_part_l475 = {
    L476_DIE,
    .package = 2, /* LQFP100 */
    .uid = "\x2B\x00\x2C\x00\x0E\x51\x35\x31\x35\x38\x33\x31",
    .nor = iot01a_nor,
};
/* RM0351, too: more RAM, boot option bits. In the 32L496GDISCOVERY's package. Its port I is not modelled. */
const struct l4_part l4_part_l496 = {
    .flash_size = L476_FLASH,
    .sram1_size = 0x40000,
    .sram2_size = 0x10000,
    .sram2_behind = true,
    .idcode = 0x20006461,
    .ports = 0xFF,
    .package = 0x10, /* UFBGA169 */
    .options = L4_OPTIONS,
    .optr_mask = 0x0FBF77FF,
    .optr_ones = 0xF0408800,
    .optr_factory = 0xFFEFF8AA,
    .uid = "\x31\x00\x27\x00\x0D\x51\x38\x33\x35\x34\x36\x31",
    .nor = l496_nor,
};
/* RM0394. OPTR has nSWBOOT0 and nBOOT0. */
const struct l4_part l4_part_l462 = {
    .flash_size = L462_FLASH,
    .sram1_size = 0x20000,
    .sram2_size = 0x8000,
    .sram2_behind = true,
    .idcode = 0x10016462,
    .ports = 0x9F,
    .package = 0xA, /* UFQFPN48 */
    .options = L4_WRP1BR + 1,
    .optr_mask = 0x0F8F77FF,
    .optr_ones = 0xF0608800,
    .optr_factory = 0xFFEFF8AA,
    .uid = "\x29\x00\x3A\x00\x0C\x51\x37\x34\x36\x34\x32\x20",
};

#define L4_MODEL(chip, chip_regions, chip_part, ram)                                                                   \
  .name = chip, .part = &(chip_part), .arch = CPU_ARCH_V7EM, .irqs = L4_IRQS, .priority_bits = 4, .fpu = true,         \
  .regions = (chip_regions), .region_count = sizeof(chip_regions) / sizeof(chip_regions)[0], .names = l4_names,        \
  .name_count = L4_NAMES, .create = create, .destroy = destroy, .load = load, .stage = stage, .power_off = power_off,  \
  .reset = reset, .watched = watched, .fault_note = fault_note, .dap_halted = dap_halted, .dap_open = dap_open,        \
  .dap_attach = dap_attach, .rdp = rdp, .option = option, .chip_size = offsetof(struct l4, sram1) + (ram),             \
  .array = array, .hidden_hash = hidden_hash, .uart_rx = uart_rx, .pin = drive_pin, .pin_release = release_pin,        \
  .flash_load = flash_load, .flash_erase = flash_erase, .factory_load = factory_load, .wear = wear,                    \
  .wear_outside = wear_outside, .clear_wear = clear_wear

const struct soc_model soc_stm32l476 = {L4_MODEL("stm32l476", l476_regions, l4_part_l476, L4_NOISE), .dap_part = 0x415,
                                        .boundary_tap = 0x06415041};
const struct soc_model soc_stm32l475 = {L4_MODEL("stm32l475", l475_regions, l4_part_l475, L4_NOISE), .dap_part = 0x415,
                                        .boundary_tap = 0x06415041};
const struct soc_model soc_stm32l496 = {L4_MODEL("stm32l496", l496_regions, l4_part_l496, L4_SRAM1_MAX),
                                        .dap_part = 0x461, .boundary_tap = 0x06461041};
const struct soc_model soc_stm32l462 = {L4_MODEL("stm32l462", l462_regions, l4_part_l462, L4_NOISE), .dap_part = 0x462,
                                        .boundary_tap = 0x06462041};
