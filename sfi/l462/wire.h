/* The two lines of the boot loader: USART1, received by DMA, and SPI1, by an interrupt handler in RAM that has the next
 * answer byte ready as well. Both go on while the only bank of flash stalls every fetch. The line on which the first
 * sync byte comes is used from then on. */
#ifndef SFI_L462_WIRE_H
#define SFI_L462_WIRE_H

#include "sfi/device/command.h"

/* Clocks, pins, both lines, the tick; interrupts are enabled. */
void wire_start(void);
/* The line that was chosen, or NULL. Ask again: it looks for the sync byte. */
const struct sfi_link *wire_link(void);
/* The next byte received, or -1. */
int wire_get(void);
/* Nothing to do before `wanted` more bytes are there: sleep a millisecond at most. */
void wire_sleep(uint32_t wanted);
/* Units of 10 ms since the start. */
uint32_t wire_ticks(void);
/* Wait until the last answer has left (at most a second), and switch everything off. */
void wire_stop(void);

#endif
