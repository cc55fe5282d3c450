/* A test board: the NUCLEO-L476RG with an active slot of 16 KiB and the mode without swap. Everything else is the
 * NUCLEO's. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#undef MAP_IMAGE_MAX
#define BOARD_NAME        "test-l476-overwrite"
#define BOARD_TITLE       "test board: 16 KiB slots, install without swap"
#define MAP_DOWNLOAD_SIZE 0x5000 /* header page, image, and the page that the loader leaves free */
#define MAP_ACTIVE_SIZE   0x4000 /* the stage, a page, is behind it (install/overwrite.c) */
#define MAP_IMAGE_MAX     MAP_ACTIVE_SIZE
