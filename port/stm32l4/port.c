/* The STM32L4 behind port/port.h: clocks, console, time, button, reset and launch. */
#include "port/port.h"

#include "map.h"
#include "pins.h"
#include "port/external.h"
#include "port/jump.h"
#include "port/stm32l4/clocks.h"

#define HCLK          CLOCKS_HCLK
#define CYCLES_PER_MS (HCLK / 1000u)

/* The console's USART hangs on one of two buses. */
#ifdef PINS_CONSOLE_APB2ENR
#define CONSOLE_ENR  RCC_APB2ENR
#define CONSOLE_RSTR RCC_APB2RSTR
#define CONSOLE_BIT  PINS_CONSOLE_APB2ENR
#else
#define CONSOLE_ENR  RCC_APB1ENR1
#define CONSOLE_RSTR RCC_APB1RSTR1
#define CONSOLE_BIT  PINS_CONSOLE_APB1ENR1
#endif

#ifndef PINS_BUTTON_HIGH
#define PINS_BUTTON_HIGH 0u /* to ground when pressed */
#endif

struct port_shared port_shared __attribute__((section(".shared")));

static uint32_t last_tick, cycles, milliseconds;

static void alternate(char port, uint32_t pin, uint32_t function)
{
  GPIO_AFR(port, pin) = (GPIO_AFR(port, pin) & ~(15u << (pin % 8 * 4))) | function << (pin % 8 * 4);
  GPIO_MODER(port) = (GPIO_MODER(port) & ~(3u << (pin * 2))) | 2u << (pin * 2);
}

/* As after reset: analog, no pull, function 0. */
static void release(char port, uint32_t pin)
{
  GPIO_MODER(port) |= 3u << (pin * 2);
  GPIO_PUPDR(port) &= ~(3u << (pin * 2));
  GPIO_AFR(port, pin) &= ~(15u << (pin % 8 * 4));
}

void port_init(void)
{
  clocks_up();
  RCC_AHB2ENR |= PINS_AHB2ENR;
  CONSOLE_ENR |= CONSOLE_BIT;
  (void)CONSOLE_ENR; /* two cycles until the clock is there */
  alternate(PINS_CONSOLE_TX_PORT, PINS_CONSOLE_TX_PIN, PINS_CONSOLE_AF);
  alternate(PINS_CONSOLE_RX_PORT, PINS_CONSOLE_RX_PIN, PINS_CONSOLE_AF);
  GPIO_MODER(PINS_BUTTON_PORT) &= ~(3u << (PINS_BUTTON_PIN * 2));
  GPIO_PUPDR(PINS_BUTTON_PORT) = (GPIO_PUPDR(PINS_BUTTON_PORT) & ~(3u << (PINS_BUTTON_PIN * 2))) |
                                 (PINS_BUTTON_HIGH ? 2u : 1u) << (PINS_BUTTON_PIN * 2);
  USART_BRR(PINS_CONSOLE) = (HCLK + 115200u / 2) / 115200u;
  USART_CR1(PINS_CONSOLE) = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
  SYST_RVR = 0xFFFFFFu;
  SYST_CVR = 0;
  SYST_CSR = 5; /* core clock, no interrupt */
  last_tick = SYST_CVR;
}

void port_console_put(uint8_t byte)
{
  while ((USART_ISR(PINS_CONSOLE) & USART_ISR_TXE) == 0) {
  }
  USART_TDR(PINS_CONSOLE) = byte;
}

uint32_t port_milliseconds(void)
{
  uint32_t tick = SYST_CVR;
  cycles += (last_tick - tick) & 0xFFFFFFu; /* counts down */
  last_tick = tick;
  while (cycles >= CYCLES_PER_MS) {
    cycles -= CYCLES_PER_MS;
    milliseconds++;
  }
  return milliseconds;
}

int port_console_get(uint32_t timeout_ms)
{
  uint32_t start = port_milliseconds();
  for (;;) {
    uint32_t isr = USART_ISR(PINS_CONSOLE);
    if ((isr & USART_ISR_ORE) != 0)
      USART_ICR(PINS_CONSOLE) = USART_ISR_ORE;
    if ((isr & USART_ISR_RXNE) != 0)
      return (int)(USART_RDR(PINS_CONSOLE) & 0xFFu);
    if (port_milliseconds() - start >= timeout_ms)
      return -1;
  }
}

bool port_button(void)
{
  return (GPIO_IDR(PINS_BUTTON_PORT) >> PINS_BUTTON_PIN & 1u) == PINS_BUTTON_HIGH;
}

enum port_reset port_reset_cause(void)
{
  uint32_t csr = RCC_CSR;
  RCC_CSR |= RCC_CSR_RMVF;
  RCC_CSR &= ~RCC_CSR_RMVF;
  /* Every reset pulls NRST too: the pin is the cause only when nothing else is. */
  if ((csr & RCC_CSR_BORRSTF) != 0)
    return PORT_RESET_POWER;
  if ((csr & (RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0)
    return PORT_RESET_WATCHDOG;
  if ((csr & RCC_CSR_FWRSTF) != 0)
    return PORT_RESET_FIREWALL;
  if ((csr & RCC_CSR_SFTRSTF) != 0)
    return PORT_RESET_SOFTWARE;
  if ((csr & RCC_CSR_OBLRSTF) != 0)
    return PORT_RESET_OPTION_BYTES;
  if ((csr & RCC_CSR_LPWRRSTF) != 0)
    return PORT_RESET_LOW_POWER;
  return (csr & RCC_CSR_PINRSTF) != 0 ? PORT_RESET_PIN : PORT_RESET_UNKNOWN;
}

static void console_flush(void)
{
  /* Not for ever: a reset may be asked for before there is a console. */
  for (uint32_t wait = 100000; wait != 0 && (USART_ISR(PINS_CONSOLE) & USART_ISR_TC) == 0; wait--) {
  }
}

_Noreturn void port_reset(void)
{
  console_flush();
  __asm volatile("dsb" ::: "memory");
  SCB_AIRCR = 0x05FA0004u;
  for (;;) {
  }
}

/* Harmless where no watchdog runs. */
void port_watchdog_refresh(void)
{
  IWDG_KR = IWDG_KR_REFRESH;
}

_Noreturn void port_launch(uint32_t vectors)
{
  console_flush();
  SYST_CSR = 0;
  SYST_RVR = 0;
  SYST_CVR = 0;
  CONSOLE_RSTR = CONSOLE_BIT;
  CONSOLE_RSTR = 0;
  /* Our pins only: a reset of the ports would connect the debug port again. */
  release(PINS_CONSOLE_TX_PORT, PINS_CONSOLE_TX_PIN);
  release(PINS_CONSOLE_RX_PORT, PINS_CONSOLE_RX_PIN);
  release(PINS_BUTTON_PORT, PINS_BUTTON_PIN);
  CONSOLE_ENR &= ~CONSOLE_BIT;
  RCC_AHB2ENR &= ~PINS_AHB2ENR;
#ifdef MAP_SEGMENT_BASE
  port_external_map(); /* half of the image is there */
#endif
  clocks_down();
  SCB_VTOR = vectors;
  port_jump(vectors);
}
