/* A test board: patches into slots of 16 KiB, also from a USB drive, small enough to cut the power at every single
 * flash operation. */
#include "board/nucleo-l476rg-patch/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#undef MAP_BOOT_RAM_SIZE
#undef MAP_APP_RAM_BASE
#define BOARD_NAME        "test-l476-patch"
#define BOARD_TITLE       "test board: NUCLEO-L476RG with patches and 16 KiB slots"
#define MAP_DOWNLOAD_SIZE 0x4000
#define MAP_ACTIVE_SIZE   0x4000
#define MAP_BOOT_RAM_SIZE 0x1C00 /* looking at a USB drive takes RAM */
#define MAP_APP_RAM_BASE  0x20003D00
