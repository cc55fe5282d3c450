/* The board's slots, for the boot loader and applications. */
#include "board/slots.h"

const struct install_slot board_slots[MAP_IMAGES] = {BOARD_SLOTS_1};
