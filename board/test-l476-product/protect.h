/* Everything the NUCLEO has, up to the final lock. */
#include "board/nucleo-l476rg-secure/protect.h"

#undef PROTECT_RDP
#define PROTECT_RDP 2

/* The slot of image 1, 416 KiB: 512 KiB at 0x08080000 without the first and the last eighth, and 32 KiB. */
#undef PROTECT_SLOT_RASR_1
#define PROTECT_SLOT_RASR_1 0x03028125
