/* Protections of the STM32L4: the board's switches, and what protect*.c share. */
#ifndef PORT_STM32L4_PROTECTIONS_H
#define PORT_STM32L4_PROTECTIONS_H

#include "portcullis/status.h"
#include "protect.h" /* the board's */

/* MPU_RASR (ARMv7-M ARM, B3.5.9) */
#define MPU_XN        (1u << 28)
#define MPU_FULL      (3u << 24)
#define MPU_READ_ONLY (6u << 24)
#define MPU_DEVICE    (1u << 16)
#define MPU_NORMAL    (2u << 16) /* write-through; unaligned accesses are for normal memory only */
#define MPU_SIZE(n)   ((uint32_t)(__builtin_ctz(n) - 1) << 1)
#define MPU_SIZE_4G   (31u << 1)

/* An option register, the bits that matter, and what they have to be. */
struct protect_option {
  uint32_t at, mask, value;
};
#define PROTECT_OPTIONS 9u
/* The board's static protections, with read protection at least at `level`; returns how many. */
uint32_t protect_options(uint32_t level, struct protect_option option[PROTECT_OPTIONS]);
/* PC_OK: the chip has them all; else PC_ERR_STATE. */
pc_status protect_options_check(uint32_t level);

#endif
