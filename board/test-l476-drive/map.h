/* A test board: test-l476-16k with a socket for a USB drive. Looking at a drive takes RAM. */
#include "board/test-l476-16k/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_BOOT_RAM_SIZE
#undef MAP_APP_RAM_BASE
#define BOARD_NAME        "test-l476-drive"
#define BOARD_TITLE       "test board: 16 KiB slots, updates from a USB drive"
#define MAP_BOOT_RAM_SIZE 0x1800
#define MAP_APP_RAM_BASE  0x20002400
