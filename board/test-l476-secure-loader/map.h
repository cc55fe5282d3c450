/* A test board: all protections, small slots, a standalone loader as image 2. */
#include "board/test-l476-secure-set/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-secure-loader"
#define BOARD_TITLE "test board: all protections, standalone loader as image 2, small slots"

#undef MAP_DOWNLOAD_SIZE
#undef MAP_DOWNLOAD_BASE_2
#undef MAP_DOWNLOAD_SIZE_2
#undef MAP_ACTIVE_SIZE_2
#define MAP_DOWNLOAD_SIZE   0x5000
#define MAP_DOWNLOAD_BASE_2 0x0800D000
#define MAP_DOWNLOAD_SIZE_2 0x4000
#define MAP_ACTIVE_SIZE_2   0x3000
