/* B-L475E-IOT01A: STM32L475VG with a serial flash of 8 MiB, which holds the download slot. The engine's data lies right
 * behind the boot loader, so that the rest of the internal flash is one piece: the active slot, and the stage behind
 * it. RAM as on the NUCLEO-L476RG. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef BOARD_DEVICE
#undef BOARD_PRODUCT
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
#define BOARD_NAME             "b-l475e-iot01a"
#define BOARD_TITLE            "B-L475E-IOT01A, download slot in external flash"
#define BOARD_DEVICE           "stm32l475"
#define BOARD_PRODUCT          0x4C343735 /* "L475" */
#define MAP_ENGINE_DATA_BASE   0x08008000
#define MAP_HEADER_BASE(image) (0x08008000 + ((image)-1) * 0x800)
#define MAP_JOURNAL_BASE       0x08009800
#define MAP_COUNTER_BASE       0x0800A800
#define MAP_KMS_BASE           0x0800B800
#define MAP_ACTIVE_BASE        0x08010000
#define MAP_ACTIVE_SIZE        0xEF800 /* 958 KiB; the last page of the flash is the stage (install/overwrite.c) */
#define MAP_IMAGE_MAX          MAP_ACTIVE_SIZE

#define MAP_EXTERNAL_BASE 0x90000000
#define MAP_EXTERNAL_SIZE 0x00800000
#define MAP_EXTERNAL_PAGE 0x1000
#define MAP_DOWNLOAD_BASE MAP_EXTERNAL_BASE
#define MAP_DOWNLOAD_SIZE 0x100000
