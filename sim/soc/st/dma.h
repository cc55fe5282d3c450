/* DMA controller with seven channels as in STM32 F0, F1, F3, L0, L1, L4: memory to memory, and on request of
 * peripherals, once or circular. A bus master of its own: the core's MPU does not see it, and it goes on while the core
 * waits for flash. */
#ifndef SIM_SOC_ST_DMA_H
#define SIM_SOC_ST_DMA_H

#include "sim/soc/model.h"

#define ST_DMA_CHANNELS 7u

struct st_dma {
  struct soc_block block; /* first */
  struct st_dma_channel {
    struct st_dma *dma;
    unsigned number; /* from 0 */
    unsigned irq;
    uint32_t from, to; /* addresses of the next item */
    uint32_t count;    /* as CNDTR was when the channel was switched on */
    uint32_t polled;   /* CNDTR as the program read it last */
    struct soc_event next;
  } channel[ST_DMA_CHANNELS];
  void (*listen)(struct st_dma *dma); /* a channel was switched on: who has a request up makes it again. May be NULL */
};
/* The request line `selection` (what CSELR has to say) of channel 1 to 7: moves one item if the channel is on and
 * listens to it. False: nobody did, the request stays up. */
bool st_dma_request(struct st_dma *dma, unsigned channel, unsigned selection);
/* Of what the registers do not tell: where channels that are on have come to. */
uint64_t st_dma_hash(const struct st_dma *dma, uint64_t seed);
/* `irqs`: one for each channel. The caller adds the block. */
void st_dma_init(struct st_dma *dma, const char *name, uint32_t base, const uint8_t *irqs, void *chip);

#endif
