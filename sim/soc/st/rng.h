/* Random number generator as in STM32 F4, L0, L4, G4. Its numbers come from a fixed seed, so that runs repeat. */
#ifndef SIM_SOC_ST_RNG_H
#define SIM_SOC_ST_RNG_H

#include "sim/soc/model.h"

struct st_rng {
  struct soc_block block; /* first */
  unsigned irq;
  uint32_t (*kernel_hz)(const struct st_rng *rng); /* its clock in Hz, 0: none */
  struct soc_event ready;
  uint64_t seed;
};
void st_rng_init(struct st_rng *rng, uint32_t base, unsigned irq, void *chip);

#endif
