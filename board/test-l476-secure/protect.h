/* Everything the NUCLEO has; the slot is one MPU region. */
#include "board/nucleo-l476rg-secure/protect.h"

#undef PROTECT_SLOT_RBAR_1
#undef PROTECT_SLOT_RASR_1
#undef PROTECT_SLOT_RBAR_2
#undef PROTECT_SLOT_RASR_2
#define PROTECT_SLOT_RBAR_1 0x08088000
#define PROTECT_SLOT_RASR_1 0x0302001B
#define PROTECT_SLOT_RBAR_2 0
#define PROTECT_SLOT_RASR_2 0
