/* A test board: all protections, two images in small slots. Image 2 is data. */
#include "board/test-l476-secure/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-secure-set"
#define BOARD_TITLE "test board: small slots, two images with states, all protections"

/* A larger engine, and a version counter (two pages) more. */
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_APP_RAM_BASE
#undef MAP_KMS_BASE
#undef MAP_KMS_SIZE
#define MAP_ENGINE_CODE_SIZE 0x4C00
#define MAP_ENGINE_RAM_SIZE  0x0C00
#define MAP_SHARED_RAM_BASE  0x20000C00
#define MAP_BOOT_RAM_BASE    0x20000D00
#define MAP_APP_RAM_BASE     0x20001900
#define MAP_KMS_BASE         0x08084800
#define MAP_KMS_SIZE         0x3800

#undef MAP_IMAGES
#define MAP_IMAGES          2
#define MAP_DOWNLOAD_BASE_2 0x0800C000
#define MAP_DOWNLOAD_SIZE_2 0x2800
#define MAP_ACTIVE_BASE_2   0x0808C000
#define MAP_ACTIVE_SIZE_2   0x1800
#define MAP_IMAGE_MAX_2     MAP_ACTIVE_SIZE_2
