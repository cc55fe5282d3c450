/* B-L475E-IOT01A (UM2153): console on USART1 (PB6/PB7, the ST-LINK's virtual COM port), user button B2 on PC13, serial
 * flash MX25R6435F on QUADSPI (PE10 to PE15). */
#define PINS_CONSOLE         0x40013800u
#define PINS_CONSOLE_APB2ENR (1u << 14)
#define PINS_CONSOLE_AF      7u
#define PINS_CONSOLE_TX_PORT 'B'
#define PINS_CONSOLE_TX_PIN  6u
#define PINS_CONSOLE_RX_PORT 'B'
#define PINS_CONSOLE_RX_PIN  7u
#define PINS_BUTTON_PORT     'C'
#define PINS_BUTTON_PIN      13u
#define PINS_AHB2ENR         ((1u << 1) | (1u << 2)) /* GPIOB, GPIOC */

/* CLK, NCS, IO0 to IO3 */
#define PINS_QSPI                                                                                                      \
  {                                                                                                                    \
    {'E', 10}, {'E', 11}, {'E', 12}, {'E', 13}, {'E', 14},                                                             \
    {                                                                                                                  \
      'E', 15                                                                                                          \
    }                                                                                                                  \
  }
#define PINS_QSPI_AF      10u
#define PINS_QSPI_AHB2ENR (1u << 4)

/* The application's second UART: USART2 on PD5/PD6 (PMOD connector). */
#define PINS_WIRE          0x40004400u
#define PINS_WIRE_APB1ENR1 (1u << 17)
#define PINS_WIRE_AHB2ENR  (1u << 3)
#define PINS_WIRE_AF       7u
#define PINS_WIRE_PORT     'D'
#define PINS_WIRE_TX_PIN   5u
#define PINS_WIRE_RX_PIN   6u
