/* USART and LPUART as in STM32 F0, F3, F7, L0, L4, G0, G4, H7 without FIFO: asynchronous mode.
 *
 * Modelled: baud rate, 7 to 9 bits, parity, stop bits, transmit and receive registers with their flags, overrun, idle
 * line, character match, interrupts. Not modelled: synchronous, LIN, smartcard and IrDA modes, automatic baud rate,
 * flow control, receiver time-out, DMA requests of the transmitter.
 *
 * The sender at the other end of the line uses the rate that the firmware has set, and waits with its first byte until
 * the receiver is on; from then on bytes come back to back, and a receiver that is too slow overruns.
 */
#ifndef SIM_SOC_ST_USART_H
#define SIM_SOC_ST_USART_H

#include "sim/soc/model.h"

#define ST_USART_LINE 8192u

struct st_usart {
  struct soc_block block; /* first */
  unsigned number, irq;
  bool low_power;                                              /* LPUART: other baud rate formula */
  uint32_t (*kernel_hz)(const struct st_usart *usart);         /* its clock in Hz, 0: none */
  bool (*routed)(const struct st_usart *usart, bool transmit); /* a pin carries the signal */
  bool (*dma)(struct st_usart *usart);                         /* the receiver's request; false: nobody serves it */
  struct soc_event tx_done, rx_done, rx_idle, pace;
  bool shifting, receiving;
  uint16_t shift;
  uint8_t line[ST_USART_LINE];
  unsigned line_head, line_count;
  uint64_t paced;                             /* instruction count at the last call of the host */
  unsigned quiet;                             /* calls since it has changed */
  char unrouted_tx, unrouted_rx, baud_locked; /* keys for reports made once */
};
void st_usart_init(struct st_usart *usart, const char *name, uint32_t base, unsigned number, unsigned irq, void *chip);
size_t st_usart_rx(struct st_usart *usart, const uint8_t *bytes, size_t count);
/* A DMA channel was switched on. */
void st_usart_listen(struct st_usart *usart);
/* Pins or clock changed: what waits on the line may come now. */
void st_usart_kick(struct st_usart *usart);

#endif
