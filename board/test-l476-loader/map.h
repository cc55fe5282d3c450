/* A test board: the NUCLEO-L476RG with a standalone loader, which is image 2, in small slots. */
#include "board/test-l476-3/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-loader"
#define BOARD_TITLE "test board: standalone loader as image 2, small slots"

#undef MAP_IMAGES
#undef MAP_DOWNLOAD_BASE_2
#undef MAP_DOWNLOAD_SIZE_2
#undef MAP_ACTIVE_BASE_2
#undef MAP_ACTIVE_SIZE_2
#undef MAP_IMAGE_MAX_2
#define MAP_IMAGES          2
#define MAP_DOWNLOAD_BASE_2 0x0800C000
#define MAP_DOWNLOAD_SIZE_2 0x4000
#define MAP_ACTIVE_BASE_2   0x0808C000
#define MAP_ACTIVE_SIZE_2   0x3000
#define MAP_IMAGE_MAX_2     MAP_ACTIVE_SIZE_2
