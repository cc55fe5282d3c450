/* A test board: the NUCLEO-L476RG with three images in small slots, image states and rollback. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-3"
#define BOARD_TITLE "test board: three images in small slots, image states and rollback"

/* More images: a larger boot loader and engine, a version counter for each (two pages). */
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_KMS_BASE
#undef MAP_KMS_SIZE
#define MAP_ENGINE_CODE_SIZE 0x4400
#define MAP_ENGINE_RAM_SIZE  0x0C00
#define MAP_SHARED_RAM_BASE  0x20000C00
#define MAP_BOOT_RAM_BASE    0x20000D00
#define MAP_KMS_BASE         0x08085800
#define MAP_KMS_SIZE         0x2800
#undef MAP_APP_RAM_BASE
#define MAP_APP_RAM_BASE 0x20001900

#undef MAP_IMAGES
#undef MAP_DOWNLOAD_BASE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_BASE
#undef MAP_ACTIVE_SIZE
#define MAP_IMAGES          3
#define MAP_DOWNLOAD_BASE   0x08008000
#define MAP_DOWNLOAD_SIZE   0x4000
#define MAP_ACTIVE_BASE     0x08088000
#define MAP_ACTIVE_SIZE     0x4000
#define MAP_DOWNLOAD_BASE_2 0x0800C000
#define MAP_DOWNLOAD_SIZE_2 0x2000
#define MAP_ACTIVE_BASE_2   0x0808C000
#define MAP_ACTIVE_SIZE_2   0x1000
#define MAP_IMAGE_MAX_2     MAP_ACTIVE_SIZE_2
#define MAP_DOWNLOAD_BASE_3 0x0800E000
#define MAP_DOWNLOAD_SIZE_3 0x2800
#define MAP_ACTIVE_BASE_3   0x0808E000
#define MAP_ACTIVE_SIZE_3   0x1800
#define MAP_IMAGE_MAX_3     MAP_ACTIVE_SIZE_3
