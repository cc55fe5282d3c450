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
/* Download slots lie in the same flash, or in the one outside the chip. */
#ifdef MAP_EXTERNAL_BASE
#include "port/external.h"
#define BOARD_DOWNLOAD(start, bytes)                                                                                   \
  {                                                                                                                    \
    &port_external, (start), (bytes), MAP_EXTERNAL_PAGE, 1                                                             \
  }
#else
#define BOARD_DOWNLOAD(start, bytes) BOARD_AREA(start, bytes)
#endif
/* An image in two segments: both slots lie in two kinds of flash (board/segments.c). */
#ifdef MAP_SEGMENT_BASE
#include "flash/joined.h"
#define BOARD_JOINED(start, bytes)                                                                                     \
  {                                                                                                                    \
    &flash_joined, (start), (bytes), MAP_SEGMENT_PAGE, MAP_FLASH_UNIT                                                  \
  }
#define BOARD_SLOTS_1                                                                                                  \
  {                                                                                                                    \
    BOARD_JOINED(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE + MAP_SEGMENT_SIZE),                                                 \
        BOARD_JOINED(MAP_DOWNLOAD_JOINED, MAP_DOWNLOAD_SIZE + MAP_SEGMENT_SIZE), MAP_IMAGE_MAX, MAP_SEGMENT_OFFSET     \
  }
#else
#define BOARD_SLOTS_1                                                                                                  \
  {                                                                                                                    \
    BOARD_AREA(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE), BOARD_DOWNLOAD(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE), MAP_IMAGE_MAX, \
        0                                                                                                              \
  }
#endif
#define BOARD_SLOTS_2                                                                                                  \
  {                                                                                                                    \
    BOARD_AREA(MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2), BOARD_DOWNLOAD(MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2),        \
        MAP_IMAGE_MAX_2, 0                                                                                             \
  }
#define BOARD_SLOTS_3                                                                                                  \
  {                                                                                                                    \
    BOARD_AREA(MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3), BOARD_DOWNLOAD(MAP_DOWNLOAD_BASE_3, MAP_DOWNLOAD_SIZE_3),        \
        MAP_IMAGE_MAX_3, 0                                                                                             \
  }

/* Slots of images 1..MAP_IMAGES (board/slots.c). */
extern const struct install_slot board_slots[MAP_IMAGES];

#endif
