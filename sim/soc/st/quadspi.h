/* QUADSPI controller of the STM32L4 (RM0351 chapter 19; the same in F4, F7, H7 but for the FIFO), with one serial NOR
 * flash behind it. Indirect write and read, status polling, memory-mapped mode; the FIFO of 16 bytes stalls the bus and
 * the clock as on silicon. Not modelled, and said: interrupts, DMA, DDR, dual-flash mode. */
#ifndef SIM_SOC_ST_QUADSPI_H
#define SIM_SOC_ST_QUADSPI_H

#include "sim/soc/part/mx25r.h"

#define ST_QUADSPI_FIFO 16u
#define ST_QUADSPI_MEM  0x90000000u

struct st_quadspi {
  struct soc_block block; /* first */
  struct mx25r *nor;
  bool (*routed)(const struct st_quadspi *q); /* the pins are set to all six signals */

  bool running;  /* a command is on the lines, or its data wait for room */
  bool mapped;   /* memory-mapped mode has begun */
  uint32_t left; /* data bytes still to cross the lines */
  uint64_t next; /* when the next byte has crossed */
  uint64_t byte_ps, head_ps;
  uint8_t fifo[ST_QUADSPI_FIFO];
  unsigned count;
  struct soc_event tick; /* something may have to happen without anybody looking */
  uint32_t map_next;     /* offset behind the last mapped read */
  uint8_t once[6];
};

void st_quadspi_init(struct st_quadspi *q, uint32_t base, struct mx25r *nor, void *chip);
/* The memory at ST_QUADSPI_MEM. */
extern const struct soc_mem_ops st_quadspi_mem_ops; /* chip: struct st_quadspi * */

#endif
