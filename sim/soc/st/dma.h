/* DMA controller with seven channels as in STM32 F0, F1, F3, L0, L1, L4: memory to memory. A bus master of its own: the
 * core's MPU does not see it. */
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
    struct soc_event next;
  } channel[ST_DMA_CHANNELS];
};
/* `irqs`: one for each channel. The caller adds the block. */
void st_dma_init(struct st_dma *dma, const char *name, uint32_t base, const uint8_t *irqs, void *chip);

#endif
