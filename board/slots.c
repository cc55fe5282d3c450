/* The board's slots, for the boot loader and applications. */
#include "board/slots.h"

const struct install_slot board_slots[MAP_IMAGES] = {
    BOARD_SLOTS_1,
#if MAP_IMAGES >= 2
    BOARD_SLOTS_2,
#endif
#if MAP_IMAGES >= 3
    BOARD_SLOTS_3,
#endif
};
