/* Slots as tables, from the board's map.h: used by the engine's table and by the boot loader's. */
#ifndef BOARD_SLOTS_H
#define BOARD_SLOTS_H

#include "install/install.h"
#include "map.h"
#include "port/flash.h"

#define BOARD_AREA(start, bytes)                                                                                       \
  {                                                                                                                    \
    &port_flash, (start), (bytes), MAP_FLASH_PAGE, MAP_FLASH_UNIT                                                      \
  }
#define BOARD_SLOTS_1                                                                                                  \
  {                                                                                                                    \
    BOARD_AREA(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE), BOARD_AREA(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE), MAP_IMAGE_MAX      \
  }

/* Slots of images 1..MAP_IMAGES (board/slots.c). */
extern const struct install_slot board_slots[MAP_IMAGES];

#endif
