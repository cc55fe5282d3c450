/* A test board: the NUCLEO-L476RG with one slot of 16 KiB. Everything else is the NUCLEO's. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_BASE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#undef MAP_IMAGE_MAX
#define BOARD_NAME        "test-l476-single"
#define BOARD_TITLE       "test board: one slot of 16 KiB"
#define MAP_DOWNLOAD_BASE 0 /* none */
#define MAP_DOWNLOAD_SIZE 0
#define MAP_ACTIVE_SIZE   0x4000
#define MAP_IMAGE_MAX     MAP_ACTIVE_SIZE
