/* NUCLEO-L476RG with a single slot that takes patches in place: an application of up to 888 KiB. The boot loader and
 * its RAM are those of the NUCLEO-L476RG with patches; behind it all that is not the slot. */
#include "board/nucleo-l476rg-patch/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_ENGINE_DATA_BASE
#undef MAP_ENGINE_DATA_SIZE
#undef MAP_HEADER_BASE
#undef MAP_JOURNAL_BASE
#undef MAP_COUNTER_BASE
#undef MAP_KMS_BASE
#undef MAP_KMS_SIZE
#undef MAP_DOWNLOAD_BASE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_BASE
#undef MAP_ACTIVE_SIZE
#undef MAP_IMAGE_MAX
#undef MAP_SERVED_BASE
#define BOARD_NAME             "nucleo-l476rg-single-patch"
#define BOARD_TITLE            "NUCLEO-L476RG, single slot, takes patches in place"
#define MAP_ENGINE_DATA_BASE   0x0800A800
#define MAP_ENGINE_DATA_SIZE   0x4000
#define MAP_HEADER_BASE(image) (0x0800A800 + ((image)-1) * 0x800)
#define MAP_JOURNAL_BASE       0x0800C000
#define MAP_COUNTER_BASE       0x0800D000
#define MAP_KMS_BASE           0x0800E000
#define MAP_KMS_SIZE           0x0800
#define MAP_DOWNLOAD_BASE      0x0800E800 /* the patch area: patches of up to 37 KiB */
#define MAP_DOWNLOAD_SIZE      0x9800
#define MAP_SCRATCH_BASE       0x08018000
#define MAP_SCRATCH_SIZE       0x8000 /* 16 pages: programs may grow by 16 KiB before they have to be moved up */
#define MAP_CHECKPOINT_BASE    0x08020000
#define MAP_CHECKPOINT_SIZE    0x2000
#define MAP_ACTIVE_BASE        0x08022000
#define MAP_ACTIVE_SIZE        0xDE000
#define MAP_IMAGE_MAX          MAP_ACTIVE_SIZE /* 888 KiB */
