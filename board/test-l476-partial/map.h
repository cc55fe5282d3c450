/* A test board: image states and partial images, with a download slot that is smaller than the active one. */
#include "board/test-l476-16k/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_IMAGE_MAX
#define BOARD_NAME        "test-l476-partial"
#define BOARD_TITLE       "test board: partial images, small download slot"
#define MAP_DOWNLOAD_SIZE 0x2000
#define MAP_IMAGE_MAX     MAP_ACTIVE_SIZE

/* A larger engine, in flash and RAM. */
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_APP_RAM_BASE
#define MAP_ENGINE_CODE_SIZE 0x4400
#define MAP_ENGINE_RAM_SIZE  0x0C00
#define MAP_SHARED_RAM_BASE  0x20000C00
#define MAP_BOOT_RAM_BASE    0x20000D00
#define MAP_APP_RAM_BASE     0x20001900
