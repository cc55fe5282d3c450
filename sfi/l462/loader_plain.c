/* A boot loader without a device key, for development: memory commands. */
#include "map.h"
#include "port/flash.h"
#include "port/stm32l4/regs.h"
#include "sfi/l462/loader.h"
#include "sfi/l462/options.h"
#include "sfi/l462/program.h"

#include <string.h>

#define OPTION_BYTES 0x1FFF7800u
#define UNIT         MAP_FLASH_UNIT

static enum { RESET, START, LAUNCH, REGRESS } action;
static uint32_t start_at;

static bool within(uint32_t address, uint32_t size, uint32_t base, uint32_t whole)
{
  return size <= whole && address - base <= whole - size && address >= base;
}

static bool read(uint32_t address, void *to, uint32_t size)
{
  if (within(address, size, MAP_FLASH_BASE, MAP_FLASH_SIZE) || within(address, size, 0x1FFF7000u, 0x400))
    return port_flash.read(address, to, size) == PC_OK;
  if (!within(address, size, MAP_SRAM1_BASE, MAP_SRAM1_SIZE) && !within(address, size, 0x1FFF7500u, 0x100) &&
      !within(address, size, OPTION_BYTES, 8 * L462_OPTIONS))
    return false;
  uint8_t *out = to;
  for (uint32_t i = 0; i < size; i++)
    out[i] = *(volatile uint8_t *)(uintptr_t)(address + i);
  return true;
}

/* Incomplete units at both ends are filled with FF. */
static bool write_flash(uint32_t address, const uint8_t *from, uint32_t size)
{
  while (size != 0) {
    uint8_t unit[UNIT];
    uint32_t lead = address % UNIT, n = UNIT - lead < size ? UNIT - lead : size;
    memset(unit, 0xFF, UNIT);
    memcpy(unit + lead, from, n);
    if (port_flash.program(address - lead, unit, UNIT) != PC_OK)
      return false;
    address += n;
    from += n;
    size -= n;
  }
  return true;
}

static bool write_options(uint32_t address, const uint8_t *from, uint32_t size)
{
  uint32_t words[L462_OPTIONS], first = (address - OPTION_BYTES) / 8;
  if (((address | size) & 7u) != 0)
    return false;
  options_read(words);
  for (uint32_t i = 0; i < size / 8; i++)
    memcpy(&words[first + i], from + 8 * i, 4);
  action = LAUNCH;
  return options_program(words, L462_OPTIONS);
}

static bool write(uint32_t address, const void *from, uint32_t size)
{
  if (within(address, size, MAP_FIRMWARE_BASE, MAP_FIRMWARE_SIZE))
    return write_flash(address, from, size);
  if (within(address, size, OPTION_BYTES, 8 * L462_OPTIONS))
    return write_options(address, from, size);
  if (!within(address, size, MAP_SRAM1_BASE, MAP_SRAM1_SIZE))
    return false;
  memcpy((void *)(uintptr_t)address, from, size);
  return true;
}

static bool erase(uint32_t page)
{
  uint32_t first = (MAP_FIRMWARE_BASE - MAP_FLASH_BASE) / MAP_FLASH_PAGE;
  if (page < first || page - first >= MAP_FIRMWARE_SIZE / MAP_FLASH_PAGE)
    return false;
  return port_flash.erase(MAP_FLASH_BASE + page * MAP_FLASH_PAGE) == PC_OK;
}

static bool go(uint32_t address)
{
  action = START;
  start_at = address;
  return program_is(address);
}

/* The second area; the first one protects the secure boot. */
static bool protect_pages(uint32_t first, uint32_t last)
{
  uint32_t words[L462_OPTIONS];
  options_read(words);
  words[L462_WRP1BR] = first <= last ? first | last << 16 : 0xFFu;
  action = LAUNCH;
  return options_program(words, L462_OPTIONS);
}

static bool set_level(uint32_t level)
{
  uint32_t words[L462_OPTIONS];
  options_read(words);
  words[L462_OPTR] = (words[L462_OPTR] & ~L462_RDP) | level;
  return options_program(words, L462_OPTIONS);
}

/* Going back to level 0 takes all flash with it: done when the answer has left. */
static bool readout(bool protect)
{
  action = protect ? LAUNCH : REGRESS;
  return protect ? set_level(L462_RDP_1) : true;
}

void loader_close(void) {}

const struct sfi_memory loader_memory = {
    .read = read, .write = write, .erase = erase, .go = go, .protect_pages = protect_pages, .readout = readout};

_Noreturn void loader_leave(void)
{
  if (action == START)
    program_start(start_at);
  if (action == REGRESS)
    (void)set_level(L462_RDP_0);
  if (action == LAUNCH || action == REGRESS)
    options_launch();
  program_reset();
}
