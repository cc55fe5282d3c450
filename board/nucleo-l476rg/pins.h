/* NUCLEO-L476RG: console on USART2 (PA2/PA3, the ST-LINK's virtual COM port), user button B1 on PC13 (UM1724). */
#define PINS_CONSOLE          0x40004400u
#define PINS_CONSOLE_APB1ENR1 (1u << 17)
#define PINS_CONSOLE_AF       7u
#define PINS_CONSOLE_TX_PORT  'A'
#define PINS_CONSOLE_TX_PIN   2u
#define PINS_CONSOLE_RX_PORT  'A'
#define PINS_CONSOLE_RX_PIN   3u
#define PINS_BUTTON_PORT      'C'
#define PINS_BUTTON_PIN       13u
#define PINS_AHB2ENR          ((1u << 0) | (1u << 2)) /* GPIOA, GPIOC */

/* The application's second UART: USART1 on PA9/PA10 (D8 and D2). */
#define PINS_WIRE         0x40013800u
#define PINS_WIRE_APB2ENR (1u << 14)
#define PINS_WIRE_AF      7u
#define PINS_WIRE_PORT    'A'
#define PINS_WIRE_TX_PIN  9u
#define PINS_WIRE_RX_PIN  10u
