/* Firmware for secure install on the STM32L462: says that it runs, and does on request what its users could do. On
 * USART1, 8 bits, even parity, 115200 baud, at the reset clock. Commands: e erases the last page of the flash, d prints
 * whether the boot loader's pages are blank, r resets. */
#include "port/stm32l4/regs.h"

#define USART1      0x40013800u
#define RCC_APB2ENR REG(0x40021060)
#define LAST_PAGE   255u

static void put(char c)
{
  while ((USART_ISR(USART1) & USART_ISR_TXE) == 0) {
  }
  USART_TDR(USART1) = (uint8_t)c;
}

static void text(const char *words)
{
  while (*words != 0)
    put(*words++);
}

static void erase_last(void)
{
  FLASH_KEYR = 0x45670123u;
  FLASH_KEYR = 0xCDEF89ABu;
  FLASH_SR = FLASH_SR_ERRORS;
  FLASH_CR = FLASH_CR_PER | LAST_PAGE << 3;
  FLASH_CR = FLASH_CR_PER | LAST_PAGE << 3 | FLASH_CR_STRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  text((FLASH_SR & FLASH_SR_ERRORS) == 0 ? "erased\r\n" : "error\r\n");
  FLASH_CR = FLASH_CR_LOCK;
}

static void look(void)
{
  uint32_t all = 0xFFFFFFFFu;
  for (uint32_t at = 0x08075800; at != 0x0807F800; at += 4)
    all &= REG(at);
  text(all == 0xFFFFFFFFu ? "blank\r\n" : "not blank\r\n");
}

static void start(void)
{
  REG(0x4002104C) |= 1u; /* GPIOA */
  RCC_APB2ENR |= 1u << 14;
  (void)RCC_APB2ENR;
  GPIO_AFR('A', 9) = 7u << 4 | 7u << 8;
  GPIO_MODER('A') = (GPIO_MODER('A') & ~(15u << 18)) | 10u << 18;
  USART_BRR(USART1) = 35;
  USART_CR1(USART1) = 1u << 12 | 1u << 10 | USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
  text("\r\nFIRMWARE RUNS\r\n");
  for (;;) {
    if ((USART_ISR(USART1) & USART_ISR_RXNE) == 0)
      continue;
    switch (USART_RDR(USART1) & 0x7Fu) {
    case 'e':
      erase_last();
      break;
    case 'd':
      look();
      break;
    case 'r':
      SCB_AIRCR = 0x05FA0004u;
      break;
    default:
      break;
    }
  }
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t stack;
  vector handlers[15];
} vectors = {0x20002000u, {start, start, start, start}};
