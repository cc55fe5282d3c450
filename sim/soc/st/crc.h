/* CRC unit with programmable polynomial, as in STM32 F0, F3, L0, L4, G0, G4, H7. */
#ifndef SIM_SOC_ST_CRC_H
#define SIM_SOC_ST_CRC_H

#include "sim/soc/model.h"

struct st_crc {
  struct soc_block block; /* first */
  uint32_t sum;
};
void st_crc_init(struct st_crc *crc, uint32_t base);

#endif
