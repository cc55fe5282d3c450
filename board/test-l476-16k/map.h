/* A test board: the NUCLEO-L476RG with slots of 16 KiB, small enough to cut the power at every single flash operation
 * of an install. Everything else is the NUCLEO's. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#define BOARD_NAME        "test-l476-16k"
#define BOARD_TITLE       "test board: NUCLEO-L476RG with 16 KiB slots"
#define MAP_DOWNLOAD_SIZE 0x4000
#define MAP_ACTIVE_SIZE   0x4000
