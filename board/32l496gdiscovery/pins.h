/* 32L496GDISCOVERY (UM2160): console on USART2 (PA2/PD6, the ST-LINK's virtual COM port), the joystick's centre on PC13
 * (high when pressed), serial flash MX25R6435F on QUADSPI. */
#define PINS_CONSOLE          0x40004400u
#define PINS_CONSOLE_APB1ENR1 (1u << 17)
#define PINS_CONSOLE_AF       7u
#define PINS_CONSOLE_TX_PORT  'A'
#define PINS_CONSOLE_TX_PIN   2u
#define PINS_CONSOLE_RX_PORT  'D'
#define PINS_CONSOLE_RX_PIN   6u
#define PINS_BUTTON_PORT      'C'
#define PINS_BUTTON_PIN       13u
#define PINS_BUTTON_HIGH      1                                   /* when pressed */
#define PINS_AHB2ENR          ((1u << 0) | (1u << 2) | (1u << 3)) /* GPIOA, GPIOC, GPIOD */

/* CLK, NCS, IO0 to IO3 */
#define PINS_QSPI                                                                                                      \
  {                                                                                                                    \
    {'A', 3}, {'B', 11}, {'B', 1}, {'B', 0}, {'A', 7},                                                                 \
    {                                                                                                                  \
      'A', 6                                                                                                           \
    }                                                                                                                  \
  }
#define PINS_QSPI_AF      10u
#define PINS_QSPI_AHB2ENR ((1u << 0) | (1u << 1))

/* The application's second UART: USART1 on PB6/PB7 (the Arduino connector's D1 and D0 are LPUART1: not used). */
#define PINS_WIRE         0x40013800u
#define PINS_WIRE_APB2ENR (1u << 14)
#define PINS_WIRE_AHB2ENR (1u << 1)
#define PINS_WIRE_AF      7u
#define PINS_WIRE_PORT    'B'
#define PINS_WIRE_TX_PIN  6u
#define PINS_WIRE_RX_PIN  7u
