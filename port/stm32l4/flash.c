/* The flash driver of the STM32L4: double words of 8 bytes, pages of 2 KiB, two banks. Linked twice: into the engine,
 * which calls nothing outside itself, and into the boot loader and applications. Polls; runs from flash (a fetch from
 * the bank that is busy waits). */
#include "flash/flash.h"
#include "map.h"
#include "port/flash.h"
#include "port/port.h"
#include "port/stm32l4/regs.h"

#define UNIT 8u

#ifndef MAP_FLASH_BANK_SIZE
#define MAP_FLASH_BANK_SIZE (MAP_FLASH_SIZE / 2)
#endif

/* RM0351 section 3.3.5: the two keys of FLASH_KEYR. */
static void unlock(void)
{
  if ((FLASH_CR & FLASH_CR_LOCK) != 0) {
    FLASH_KEYR = 0x45670123u;
    FLASH_KEYR = 0xCDEF89ABu;
  }
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_SR = FLASH_SR_ERRORS; /* stale flags would refuse the next operation (PGSERR) */
}

static pc_status finish(void)
{
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  uint32_t errors = FLASH_SR & FLASH_SR_ERRORS;
  FLASH_CR = FLASH_CR_LOCK;
  return errors == 0 ? PC_OK : PC_ERR_FLASH;
}

/* Flash is memory mapped. An uncorrectable ECC error raises the NMI, whose handler counts it. */
static pc_status l4_read(uint32_t addr, void *to, uint32_t size)
{
  const uint32_t before = *(volatile uint32_t *)&port_shared.ecc, end = addr + size;
  uint8_t *out = to;
  if (((addr | (uint32_t)(uintptr_t)to) & 3u) == 0)
    for (; size >= 16; size -= 16, addr += 16, out += 16) { /* every byte of an image comes through here at each boot */
      const volatile uint32_t *words = &REG(addr);
      uint32_t *copy = (uint32_t *)(void *)out;
      const uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
      copy[0] = a;
      copy[1] = b;
      copy[2] = c;
      copy[3] = d;
    }
  for (; size != 0; size--)
    *out++ = *(volatile uint8_t *)(uintptr_t)addr++;
  __asm volatile("dsb\n isb" ::: "memory");
  return *(volatile uint32_t *)&port_shared.ecc == before && addr == end ? PC_OK : PC_ERR_ECC; /* and read to its end */
}

static uint32_t word_at(const uint8_t *from)
{
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static pc_status l4_program(uint32_t addr, const void *from, uint32_t size)
{
  const uint8_t *bytes = from;
  for (uint32_t at = 0; at < size; at += UNIT) {
    uint32_t unit[2] = {word_at(bytes + at), word_at(bytes + at + 4)}, back[2];
    if ((unit[0] & unit[1]) != 0xFFFFFFFFu) { /* all FF stays erased */
      unlock();
      FLASH_CR = FLASH_CR_PG;
      REG(addr + at) = unit[0];
      __asm volatile("isb" ::: "memory");
      REG(addr + at + 4) = unit[1];
      if (finish() != PC_OK)
        return PC_ERR_FLASH;
    }
    if (l4_read(addr + at, back, UNIT) != PC_OK || back[0] != unit[0] || back[1] != unit[1])
      return PC_ERR_FLASH;
  }
  return PC_OK;
}

static pc_status l4_erase(uint32_t addr)
{
  uint32_t page = (addr - MAP_FLASH_BASE) / MAP_FLASH_PAGE;
  const uint32_t pages_of_bank = MAP_FLASH_BANK_SIZE / MAP_FLASH_PAGE;
  uint32_t bank = 0;
  if (page >= pages_of_bank) {
    page -= pages_of_bank;
    bank = FLASH_CR_BKER;
  }
  unlock();
  FLASH_CR = FLASH_CR_PER | bank | page << 3;
  FLASH_CR = FLASH_CR_PER | bank | page << 3 | FLASH_CR_STRT;
  if (finish() != PC_OK)
    return PC_ERR_FLASH;
  for (uint32_t at = 0; at < MAP_FLASH_PAGE; at += 16) {
    uint32_t words[4];
    if (l4_read(addr + at, words, sizeof words) != PC_OK || (words[0] & words[1] & words[2] & words[3]) != 0xFFFFFFFFu)
      return PC_ERR_FLASH;
  }
  return PC_OK;
}

const struct flash_driver port_flash = {l4_read, l4_program, l4_erase};
