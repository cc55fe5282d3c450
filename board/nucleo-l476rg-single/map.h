/* NUCLEO-L476RG with a single slot: an application of up to 960 KiB. The engine's data lies right behind the boot
 * loader, so that the rest of the flash is one piece. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_ENGINE_DATA_BASE
#undef MAP_HEADER_BASE
#undef MAP_JOURNAL_BASE
#undef MAP_COUNTER_BASE
#undef MAP_KMS_BASE
#undef MAP_DOWNLOAD_BASE
#undef MAP_DOWNLOAD_SIZE
#undef MAP_ACTIVE_BASE
#undef MAP_ACTIVE_SIZE
#undef MAP_IMAGE_MAX
#define BOARD_NAME             "nucleo-l476rg-single"
#define BOARD_TITLE            "NUCLEO-L476RG, single slot"
#define MAP_ENGINE_DATA_BASE   0x08008000
#define MAP_HEADER_BASE(image) (0x08008000 + ((image)-1) * 0x800)
#define MAP_JOURNAL_BASE       0x08009800
#define MAP_COUNTER_BASE       0x0800A800
#define MAP_KMS_BASE           0x0800B800
#define MAP_DOWNLOAD_BASE      0 /* none */
#define MAP_DOWNLOAD_SIZE      0
#define MAP_ACTIVE_BASE        0x08010000
#define MAP_ACTIVE_SIZE        0xF0000
#define MAP_IMAGE_MAX          MAP_ACTIVE_SIZE /* 960 KiB */
