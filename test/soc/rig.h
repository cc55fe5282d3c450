/* A powered STM32L476 (or another chip) for tests that poke registers as the core would. The core itself spins in SRAM1
 * (branch to self), so that time passes and flash is free. */
#ifndef TEST_SOC_RIG_H
#define TEST_SOC_RIG_H

#include "sim/soc/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FLASH_BASE 0x08000000u
#define BANK2      0x08080000u
#define SRAM1      0x20000000u

#define FLASH_ACR     0x40022000u
#define FLASH_KEYR    0x40022008u
#define FLASH_OPTKEYR 0x4002200Cu
#define FLASH_SR      0x40022010u
#define FLASH_CR      0x40022014u
#define FLASH_ECCR    0x40022018u
#define FLASH_OPTR    0x40022020u
#define FLASH_WRP1AR  0x4002202Cu

#define RCC_CR       0x40021000u
#define RCC_CFGR     0x40021008u
#define RCC_PLLCFGR  0x4002100Cu
#define RCC_AHB1ENR  0x40021048u
#define RCC_AHB2ENR  0x4002104Cu
#define RCC_APB1ENR1 0x40021058u
#define RCC_APB1ENR2 0x4002105Cu
#define RCC_APB2ENR  0x40021060u
#define RCC_CCIPR    0x40021088u
#define RCC_BDCR     0x40021090u
#define RCC_CSR      0x40021094u
#define PWR_CR1      0x40007000u
#define SYSCFG       0x40010000u
#define EXTI         0x40010400u
#define IWDG         0x40003000u
#define RTC          0x40002800u
#define USART2       0x40004400u
#define CRC          0x40023000u
#define RNG          0x50060800u
#define GPIOA        0x48000000u
#define GPIOC        0x48000800u

enum { SR_EOP = 1, SR_OPERR = 2, SR_PROGERR = 8, SR_WRPERR = 0x10, SR_PGAERR = 0x20, SR_SIZERR = 0x40 };
enum { SR_PGSERR = 0x80, SR_MISERR = 0x100, SR_FASTERR = 0x200, SR_OPTVERR = 0x8000, SR_BSY = 0x10000 };
enum { CR_PG = 1, CR_PER = 2, CR_MER1 = 4, CR_BKER = 1 << 11, CR_MER2 = 1 << 15, CR_START = 1 << 16 };
enum { CR_OPTSTRT = 1 << 17, CR_FSTPG = 1 << 18, CR_EOPIE = 1 << 24, CR_ERRIE = 1 << 25, CR_OBL = 1 << 27 };

struct rig {
  struct soc *soc;
  char log[16384]; /* all lines */
  char sent[4096]; /* bytes that left a UART */
  size_t sent_count;
  uint64_t sent_at[4096]; /* picoseconds */
  unsigned idle_calls;
  const char *reply; /* pushed into USART2 at the next idle call */
};
struct rig *rig_new(const char *state_dir);
struct rig *rig_new_chip(const char *model, const char *state_dir);
void rig_free(struct rig *rig);
void rig_power_on(struct rig *rig);        /* uses the first 16 bytes of flash */
void rig_us(struct rig *rig, uint64_t us); /* let time pass */

/* Accesses as by the core. */
uint32_t rig_read(struct rig *rig, uint32_t addr);
void rig_write(struct rig *rig, uint32_t addr, uint32_t value); /* fails the test on a bus fault */
bool rig_try(struct rig *rig, uint32_t addr, unsigned size, uint32_t value);
void rig_set(struct rig *rig, uint32_t addr, uint32_t bits);

/* Flash as firmware uses it. Each leaves the flags as they came. */
void rig_unlock(struct rig *rig);
void rig_unlock_options(struct rig *rig);
void rig_wait_flash(struct rig *rig);
uint32_t rig_program(struct rig *rig, uint32_t addr, uint64_t value); /* returns SR after it, PG off again */
uint32_t rig_erase(struct rig *rig, uint32_t addr);
uint64_t rig_read64(struct rig *rig, uint32_t addr);

bool rig_logged(const struct rig *rig, const char *text);
unsigned rig_log_count(const struct rig *rig, const char *text);

#endif
