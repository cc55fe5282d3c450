/* 80 MHz from the 4 MHz MSI, and back: for programs that are not built on port.c. */
#ifndef PORT_STM32L4_CLOCKS_H
#define PORT_STM32L4_CLOCKS_H

#include "port/stm32l4/regs.h"

#define CLOCKS_HCLK 80000000u

/* PLL x 40 / 2; four wait states first (RM0351 table 12, RM0394 table 10). No data cache: it would have to be dropped
 * after every erase. */
static inline void clocks_up(void)
{
  FLASH_ACR = FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | 4u;
  while ((FLASH_ACR & 7u) != 4u) {
  }
  RCC_PLLCFGR = 1u | 40u << 8 | 1u << 24; /* MSI, M 1, N 40, R 2 */
  RCC_CR |= RCC_CR_PLLON;
  while ((RCC_CR & RCC_CR_PLLRDY) == 0) {
  }
  RCC_CFGR = RCC_CFGR_SW_PLL;
  while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != RCC_CFGR_SW_PLL << 2) {
  }
}

static inline void clocks_down(void)
{
  RCC_CFGR = 0;
  while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != 0) {
  }
  RCC_CR &= ~RCC_CR_PLLON;
  while ((RCC_CR & RCC_CR_PLLRDY) != 0) {
  }
  RCC_PLLCFGR = 0x00001000u; /* reset value */
  FLASH_ACR = 0;             /* caches off, so that they may be emptied: they hold what was there before */
  FLASH_ACR = FLASH_ACR_ICRST | FLASH_ACR_DCRST;
  FLASH_ACR = FLASH_ACR_ICEN | FLASH_ACR_DCEN; /* reset value */
}

#endif
