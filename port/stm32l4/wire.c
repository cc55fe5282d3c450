/* The second UART of an STM32L4 board, as pins.h says: see port/wire.h. Polled. */
#include "port/wire.h"

#include "pins.h"
#include "port/port.h"
#include "port/stm32l4/regs.h"

#define HCLK 80000000u

static void alternate(uint32_t pin)
{
  GPIO_AFR(PINS_WIRE_PORT, pin) = (GPIO_AFR(PINS_WIRE_PORT, pin) & ~(15u << (pin % 8 * 4))) | PINS_WIRE_AF
                                                                                                  << (pin % 8 * 4);
  GPIO_MODER(PINS_WIRE_PORT) = (GPIO_MODER(PINS_WIRE_PORT) & ~(3u << (pin * 2))) | 2u << (pin * 2);
}

void port_wire_open(void)
{
#ifdef PINS_WIRE_APB1ENR1
  RCC_APB1ENR1 |= PINS_WIRE_APB1ENR1;
#else
  RCC_APB2ENR |= PINS_WIRE_APB2ENR;
#endif
#ifdef PINS_WIRE_AHB2ENR /* else the console has brought that port up */
  RCC_AHB2ENR |= PINS_WIRE_AHB2ENR;
#endif
  (void)RCC_APB2ENR; /* two cycles until the clock is there */
  alternate(PINS_WIRE_TX_PIN);
  alternate(PINS_WIRE_RX_PIN);
  USART_BRR(PINS_WIRE) = (HCLK + 115200u / 2) / 115200u;
  USART_CR1(PINS_WIRE) = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

void port_wire_put(uint8_t byte)
{
  while ((USART_ISR(PINS_WIRE) & USART_ISR_TXE) == 0) {
  }
  USART_TDR(PINS_WIRE) = byte;
}

int port_wire_get(uint32_t timeout_ms)
{
  const uint32_t start = port_milliseconds();
  for (;;) {
    const uint32_t isr = USART_ISR(PINS_WIRE);
    if ((isr & USART_ISR_ORE) != 0)
      USART_ICR(PINS_WIRE) = USART_ISR_ORE;
    if ((isr & USART_ISR_RXNE) != 0)
      return (int)(USART_RDR(PINS_WIRE) & 0xFFu);
    if (port_milliseconds() - start >= timeout_ms)
      return -1;
  }
}
