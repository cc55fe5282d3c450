/* Starting programs and stopping, on the STM32L462. */
#ifndef SFI_L462_PROGRAM_H
#define SFI_L462_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

/* The words at `vectors` look like a stack pointer in RAM and an entry in flash. */
bool program_is(uint32_t vectors);
/* Start it. The chip is as after reset, but for flash's caches, which are emptied. */
_Noreturn void program_start(uint32_t vectors);
_Noreturn void program_reset(void);
/* Sleep until the next reset. */
_Noreturn void program_stop(void);

#endif
