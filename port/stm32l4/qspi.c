/* MX25R6435F behind the QUADSPI of the STM32L4 (RM0351 chapter 19; datasheet Macronix PM2138) as a flash driver. Linked
 * three times, like the internal flash's: into the engine, which calls nothing outside itself, the boot loader, and
 * applications. Indirect mode and two data lines: no bit of the part that is not there from the factory (QE,
 * high-performance mode) has to be set, and no mapped window is left open that was not open before. All waits are
 * bounded. */
#include "map.h"
#include "pins.h"
#include "port/external.h"
#include "port/stm32l4/regs.h"

#include <stdbool.h>

#define PAGE  256u /* of a program */
#define CHUNK 32u

#define CR_EN        (1u << 0)
#define CR_ABORT     (1u << 1)
#define CR_APMS      (1u << 22) /* polling stops at a match */
#define CR_PRESCALER (2u << 24) /* 80 MHz / 3: the part's ultra-low-power mode takes 33 MHz */
#define SR_TEF       (1u << 0)
#define SR_TCF       (1u << 1)
#define SR_SMF       (1u << 3)
#define SR_BUSY      (1u << 5)
#define FLAGS        0x1Bu

/* CCR: one line for the instruction; three bytes of address on one line; data on one or two lines. */
#define INSTRUCTION   (1u << 8)
#define ADDRESS       (1u << 10 | 2u << 12)
#define DUMMY(cycles) ((uint32_t)(cycles) << 18)
#define DATA          (1u << 24)
#define DATA_DUAL     (2u << 24)
#define RECEIVE       (1u << 26)
#define POLL          (2u << 26)
#define MAPPED        (3u << 26)

#define WRITE_ENABLE (INSTRUCTION | 0x06u)
#define WAKE_UP      (INSTRUCTION | 0xABu)
#define READ_STATUS  (POLL | INSTRUCTION | DATA | 0x05u)
#define DUAL         (INSTRUCTION | ADDRESS | DUMMY(8) | DATA_DUAL | 0x3Bu)
#define READ_DUAL    (RECEIVE | DUAL)
#define MAP_DUAL     (MAPPED | DUAL)
#define PROGRAM      (INSTRUCTION | ADDRESS | DATA | 0x02u)
#define ERASE        (INSTRUCTION | ADDRESS | 0x20u)

#define POLL_INTERVAL 0x200u
#define PATIENCE      5000000u /* looks at the status: half a second or more, where 240 ms are the longest erase */

/* False: what is awaited does not come. */
static bool await(uint32_t mask, uint32_t wanted)
{
  for (uint32_t i = 0; i < PATIENCE; i++)
    if ((QUADSPI_SR & mask) == wanted)
      return true;
  return false;
}

static const struct {
  uint8_t port, pin;
} pins[] = PINS_QSPI;

static void set_up(void)
{
  if ((RCC_AHB3ENR & RCC_AHB3_QSPI) != 0 && (QUADSPI_CR & CR_EN) != 0)
    return;
  RCC_AHB3ENR |= RCC_AHB3_QSPI;
  RCC_AHB2ENR |= PINS_QSPI_AHB2ENR;
  (void)RCC_AHB2ENR;
  for (uint32_t i = 0; i < sizeof pins / sizeof pins[0]; i++) {
    const char port = (char)pins[i].port;
    const uint32_t pin = pins[i].pin;
    GPIO_OSPEEDR(port) |= 3u << (pin * 2);
    GPIO_AFR(port, pin) = (GPIO_AFR(port, pin) & ~(15u << (pin % 8 * 4))) | PINS_QSPI_AF << (pin % 8 * 4);
    GPIO_MODER(port) = (GPIO_MODER(port) & ~(3u << (pin * 2))) | 2u << (pin * 2);
  }
  QUADSPI_DCR = 22u << 16 | 3u << 8; /* 2^23 bytes; chip select high for four cycles */
  QUADSPI_CR = CR_PRESCALER | CR_APMS | CR_EN;
  QUADSPI_CCR = WAKE_UP; /* an application may have sent it to sleep */
  (void)await(SR_BUSY, 0);
}

static bool is_mapped(void)
{
  return (RCC_AHB3ENR & RCC_AHB3_QSPI) != 0 && (QUADSPI_CR & CR_EN) != 0 && (QUADSPI_CCR & MAPPED) == MAPPED;
}

/* The controller free for a command: whatever somebody left it doing is given up. */
static bool take(void)
{
  set_up();
  if ((QUADSPI_SR & SR_BUSY) != 0 || is_mapped()) {
    QUADSPI_CR = CR_PRESCALER | CR_APMS | CR_EN | CR_ABORT;
    if (!await(SR_BUSY, 0))
      return false;
  }
  QUADSPI_CR = CR_PRESCALER | CR_APMS | CR_EN;
  QUADSPI_FCR = FLAGS;
  return true;
}

static bool end(void)
{
  const bool ended = await(SR_BUSY, 0) && (QUADSPI_SR & SR_TEF) == 0;
  QUADSPI_FCR = FLAGS;
  return ended;
}

/* The flash has done what it was told last; after a reset it may still be at it. */
static bool ready(void)
{
  if (!take())
    return false;
  QUADSPI_PSMKR = 1; /* write in progress */
  QUADSPI_PSMAR = 0;
  QUADSPI_PIR = POLL_INTERVAL;
  QUADSPI_DLR = 0;
  QUADSPI_CCR = READ_STATUS;
  const bool match = await(SR_SMF, SR_SMF);
  QUADSPI_FCR = FLAGS;
  return match;
}

static pc_status read_now(uint32_t addr, uint8_t *to, uint32_t size)
{
  QUADSPI_DLR = size - 1u;
  QUADSPI_CCR = READ_DUAL;
  QUADSPI_AR = addr - MAP_EXTERNAL_BASE;
  /* The bus waits for bytes that have not come yet. */
  for (; size >= 4 && ((uint32_t)(uintptr_t)to & 3u) == 0; size -= 4, to += 4)
    *(uint32_t *)(void *)to = QUADSPI_DR;
  for (; size != 0; size--)
    *to++ = QUADSPI_DR_BYTE;
  return end() ? PC_OK : PC_ERR_FLASH;
}

static pc_status read_all(uint32_t addr, void *to, uint32_t size)
{
  if (size == 0)
    return PC_OK;
  return ready() ? read_now(addr, to, size) : PC_ERR_FLASH;
}

static bool write_enable(void)
{
  if (!ready())
    return false;
  QUADSPI_CCR = WRITE_ENABLE;
  return end();
}

static bool all_ff(const uint8_t *bytes, uint32_t size)
{
  uint32_t all = 0xFFu;
  for (uint32_t i = 0; i < size; i++)
    all &= bytes[i];
  return all == 0xFFu;
}

/* PC_OK if the flash holds these bytes; NULL: all FF. */
static pc_status compare(uint32_t addr, const uint8_t *bytes, uint32_t size)
{
  uint32_t words[CHUNK / 4];
  const uint8_t *back = (const uint8_t *)words;
  if (!ready())
    return PC_ERR_FLASH;
  while (size != 0) {
    const uint32_t chunk = size < CHUNK ? size : CHUNK;
    uint32_t differ = 0;
    if (read_now(addr, (uint8_t *)words, chunk) != PC_OK)
      return PC_ERR_FLASH;
    for (uint32_t i = 0; i < chunk; i++)
      differ |= back[i] ^ (bytes != NULL ? bytes[i] : 0xFFu);
    if (differ != 0)
      return PC_ERR_FLASH;
    addr += chunk;
    size -= chunk;
    if (bytes != NULL)
      bytes += chunk;
  }
  return PC_OK;
}

static pc_status program_all(uint32_t addr, const void *from, uint32_t size)
{
  const uint8_t *bytes = from;
  pc_status status = PC_OK;
  while (size != 0 && status == PC_OK) {
    uint32_t chunk = PAGE - addr % PAGE; /* beyond its end a program goes on at the page's start */
    if (chunk > size)
      chunk = size;
    if (!all_ff(bytes, chunk)) {
      if (!write_enable())
        return PC_ERR_FLASH;
      QUADSPI_DLR = chunk - 1u;
      QUADSPI_CCR = PROGRAM;
      QUADSPI_AR = addr - MAP_EXTERNAL_BASE;
      for (uint32_t i = 0; i < chunk; i++)
        QUADSPI_DR_BYTE = bytes[i];
      if (!end())
        return PC_ERR_FLASH;
    }
    status = compare(addr, bytes, chunk);
    addr += chunk;
    bytes += chunk;
    size -= chunk;
  }
  return status;
}

static pc_status erase_page(uint32_t addr)
{
  if (!write_enable())
    return PC_ERR_FLASH;
  QUADSPI_CCR = ERASE;
  QUADSPI_AR = addr - MAP_EXTERNAL_BASE;
  return end() ? compare(addr, NULL, MAP_EXTERNAL_PAGE) : PC_ERR_FLASH;
}

/* ---- the driver: as it found the flash, mapped or not, it leaves it ---- */

void port_external_map(void)
{
  if (ready())
    QUADSPI_CCR = MAP_DUAL;
}

static pc_status leave(bool mapped, pc_status status)
{
  if (mapped)
    port_external_map();
  return status;
}

static pc_status qspi_read(uint32_t addr, void *to, uint32_t size)
{
  const bool mapped = is_mapped();
  return leave(mapped, read_all(addr, to, size));
}

static pc_status qspi_program(uint32_t addr, const void *from, uint32_t size)
{
  const bool mapped = is_mapped();
  return leave(mapped, program_all(addr, from, size));
}

static pc_status qspi_erase(uint32_t addr)
{
  const bool mapped = is_mapped();
  return leave(mapped, erase_page(addr));
}

const struct flash_driver port_external = {qspi_read, qspi_program, qspi_erase};
