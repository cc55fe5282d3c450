/* A test board: one slot of 16 KiB that takes patches in place, small enough to cut the power at every single flash
 * operation. Boot loader and RAM are those of the NUCLEO-L476RG with patches. */
#include "board/nucleo-l476rg-patch/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_SIZE
#undef MAP_IMAGE_MAX
#undef MAP_SERVED_BASE
#define BOARD_NAME          "test-l476-single-patch"
#define BOARD_TITLE         "test board: one slot of 16 KiB, takes patches in place"
#define MAP_DOWNLOAD_SIZE   0x1800 /* the patch area: a header page and 4 KiB */
#define MAP_SCRATCH_BASE    0x0800C000
#define MAP_SCRATCH_SIZE    0x2000 /* 4 pages */
#define MAP_CHECKPOINT_BASE 0x0800E000
#define MAP_CHECKPOINT_SIZE 0x2000 /* two of 4 KiB */
#define MAP_ACTIVE_SIZE     0x4000
#define MAP_IMAGE_MAX       MAP_ACTIVE_SIZE
