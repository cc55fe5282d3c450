/* A test board: what a product may have, together: all protections, patches, two images with states, one-time counter,
 * USB drive. Image 2 is data. */
#include "board/nucleo-l476rg-secure/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-product"
#define BOARD_TITLE "test board: all protections to the final lock, patches, two images with states"

/* A larger boot loader (in eighths of 64 KiB, for the MPU) and engine. */
#undef MAP_BOOT_SIZE
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_ENGINE_STACK_SIZE
#undef MAP_SECRET_RAM_SIZE
#undef MAP_SECRET_STACK_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_BOOT_RAM_SIZE
#undef MAP_APP_RAM_BASE
#define MAP_BOOT_SIZE         0xC000
#define MAP_ENGINE_CODE_SIZE  0x7400
#define MAP_ENGINE_RAM_SIZE   0x2400
#define MAP_ENGINE_STACK_SIZE 0x0800
#define MAP_SECRET_RAM_SIZE   0x0B00
#define MAP_SECRET_STACK_SIZE 0x0800
#define MAP_SHARED_RAM_BASE   0x20002400
#define MAP_BOOT_RAM_BASE     0x20002500
#define MAP_BOOT_RAM_SIZE     0x1D00
#define MAP_APP_RAM_BASE      0x20004200

#undef MAP_IMAGES
#undef MAP_DOWNLOAD_BASE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#define MAP_IMAGES          2
#define MAP_DOWNLOAD_BASE   0x0800C000
#define MAP_DOWNLOAD_SIZE   0x64000
#define MAP_ACTIVE_SIZE     0x68000
#define MAP_DOWNLOAD_BASE_2 0x08070000
#define MAP_DOWNLOAD_SIZE_2 0x10000
#define MAP_ACTIVE_BASE_2   0x080F0000
#define MAP_ACTIVE_SIZE_2   0x10000
#define MAP_IMAGE_MAX_2     (MAP_DOWNLOAD_SIZE_2 - 2 * MAP_FLASH_PAGE)

/* Counters of two images would take four pages, if they were not one-time words. */
#undef MAP_KMS_BASE
#undef MAP_KMS_SIZE
#define MAP_KMS_BASE 0x08084800
#define MAP_KMS_SIZE 0x3800

#define MAP_SERVED_BASE    0x0800BF80 /* portcullis/patch.h: at the end of the boot loader */
#define MAP_UNIQUE_ID_BASE 0x1FFF7590 /* 96 bits (RM0351, section 49.1) */
