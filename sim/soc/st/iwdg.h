/* Independent watchdog as in most STM32 (with window). It runs on its own oscillator and cannot be stopped. */
#ifndef SIM_SOC_ST_IWDG_H
#define SIM_SOC_ST_IWDG_H

#include "sim/soc/model.h"

struct st_iwdg {
  struct soc_block block; /* first */
  uint32_t hz;            /* of its oscillator (LSI) */
  /* The oscillator is on for another reason than the watchdog. */
  bool (*oscillator_on)(const struct st_iwdg *iwdg);
  bool running, unlocked;
  uint32_t counter; /* at `since` */
  uint64_t since;   /* picoseconds */
  struct soc_event bite, updated;
};
void st_iwdg_init(struct st_iwdg *iwdg, uint32_t base, uint32_t hz, void *chip);
/* Hardware start, as set by an option byte; after the block's reset. */
void st_iwdg_start(struct st_iwdg *iwdg);
/* The counter stands still (DBGMCU), or goes on. */
void st_iwdg_freeze(struct st_iwdg *iwdg, bool frozen);

#endif
