/* SPI as in STM32 F0, F3, F7, L4, G0, G4: four bytes of FIFO in each direction, as a slave whose master is outside.
 *
 * Modelled: slave mode, 8 bits, receive and transmit FIFO with their flags and levels, overrun, interrupts. Not
 * modelled: master mode, other frame sizes, CRC, TI mode, DMA requests.
 *
 * The master clocks a byte for each byte that it is given, back to back, at its own rate; it waits with the first one
 * until the slave is on, as its chip select is not modelled. For each byte that goes in one comes out. A slave that has
 * nothing to send sends its last byte again, which is reported once.
 */
#ifndef SIM_SOC_ST_SPI_H
#define SIM_SOC_ST_SPI_H

#include "sim/soc/model.h"

#define ST_SPI_LINE 8192u
#define ST_SPI_FIFO 4u

struct st_spi {
  struct soc_block block; /* first */
  unsigned number, irq;   /* number: as the host calls it, SOC_SPI1 */
  uint32_t hz;            /* the master's clock */
  bool (*routed)(const struct st_spi *spi);
  struct soc_event done, pace;
  uint64_t paced; /* instruction count at the last call of the host */
  unsigned quiet; /* calls since it has changed */
  bool shifting;
  uint8_t out, last;
  uint8_t rx[ST_SPI_FIFO], tx[ST_SPI_FIFO];
  unsigned rx_count, tx_count;
  uint8_t line[ST_SPI_LINE];
  unsigned line_head, line_count;
  char unrouted, empty, master; /* keys for reports made once */
};
void st_spi_init(struct st_spi *spi, const char *name, uint32_t base, unsigned number, unsigned irq, void *chip);
size_t st_spi_rx(struct st_spi *spi, const uint8_t *bytes, size_t count);
/* Pins changed: what waits on the line may come now. */
void st_spi_kick(struct st_spi *spi);

#endif
