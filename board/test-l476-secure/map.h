/* A test board: all protections, slots of 16 KiB. */
#include "board/nucleo-l476rg-secure/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#define BOARD_NAME        "test-l476-secure"
#define BOARD_TITLE       "test board: 16 KiB slots, all protections"
#define MAP_DOWNLOAD_SIZE 0x4000
#define MAP_ACTIVE_SIZE   0x4000
