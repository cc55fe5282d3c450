/* The two lines of the boot loader: USART1 and SPI1, received by interrupt handlers that run in RAM. The line on which
 * the first sync byte comes is used from then on. */
#ifndef SFI_L462_WIRE_H
#define SFI_L462_WIRE_H

#include "sfi/device/command.h"

/* Clocks, pins, both lines, the tick; interrupts are enabled. */
void wire_start(void);
/* The line that was chosen, or NULL. */
const struct sfi_link *wire_link(void);
/* The next byte received, or -1. */
int wire_get(void);
/* Sleep until an interrupt has happened since the last wire_get() that returned -1. */
void wire_sleep(void);
/* Units of 10 ms since the start. */
uint32_t wire_ticks(void);
/* Wait until the last answer has left (at most a second), and switch everything off. */
void wire_stop(void);

#endif
