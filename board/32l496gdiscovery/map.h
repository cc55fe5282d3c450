/* 32L496GDISCOVERY: STM32L496AG (1 MiB of flash, 320 KiB of RAM) with a serial flash of 8 MiB. An image has up to two
 * segments: the program in internal flash, and behind it, from MAP_SEGMENT_OFFSET of the image on, what stands at
 * MAP_SEGMENT_BASE, where the serial flash is mapped. The download slot is divided likewise, its header page internal.
 * The install is one without swap; its stage lies internal, behind the active slot (install/overwrite.c). */
#include "board/nucleo-l476rg-patch/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef BOARD_DEVICE
#undef BOARD_PRODUCT
#undef MAP_BOOT_SIZE
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_SERVED_BASE
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
#undef MAP_RAM_SIZE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_ENGINE_STACK_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_BOOT_RAM_SIZE
#undef MAP_BOOT_STACK_SIZE
#undef MAP_APP_RAM_BASE
#undef MAP_RAM2_SIZE
#define BOARD_NAME             "32l496gdiscovery"
#define BOARD_TITLE            "32L496GDISCOVERY, images in two segments, takes patches"
#define BOARD_DEVICE           "stm32l496"
#define BOARD_PRODUCT          0x4C343936 /* "L496" */
#define MAP_BOOT_SIZE          0xC000
#define MAP_ENGINE_CODE_SIZE   0x6400
#define MAP_SERVED_BASE        0x0800BF80
#define MAP_ENGINE_DATA_BASE   0x0800C000
#define MAP_ENGINE_DATA_SIZE   0x4000
#define MAP_HEADER_BASE(image) (0x0800C000 + ((image)-1) * 0x800)
#define MAP_JOURNAL_BASE       0x0800D800
#define MAP_COUNTER_BASE       0x0800E800
#define MAP_KMS_BASE           0x0800F800
#define MAP_KMS_SIZE           0x0800
#define MAP_RAM_SIZE           0x40000
#define MAP_RAM2_SIZE          0x10000
#define MAP_ENGINE_RAM_SIZE    0x2800
#define MAP_ENGINE_STACK_SIZE  0x0A00
#define MAP_SHARED_RAM_BASE    0x20002800
#define MAP_BOOT_RAM_BASE      0x20002900
#define MAP_BOOT_RAM_SIZE      0x1400
#define MAP_BOOT_STACK_SIZE    0x0800
#define MAP_APP_RAM_BASE       0x20003D00

#define MAP_EXTERNAL_BASE 0x90000000
#define MAP_EXTERNAL_SIZE 0x00800000
#define MAP_EXTERNAL_PAGE 0x1000

/* The slots' internal parts: 476 KiB, the stage, a page for the candidate's header and 476 KiB. */
#define MAP_ACTIVE_BASE   0x08010000
#define MAP_ACTIVE_SIZE   0x77000
#define MAP_STAGE_BASE    0x08087000
#define MAP_DOWNLOAD_BASE 0x08088000
#define MAP_DOWNLOAD_SIZE 0x78000

/* And their second parts, 4 MiB each. What the two make up is addressed as one piece: the active slot from
 * MAP_ACTIVE_BASE on, the download slot from MAP_DOWNLOAD_JOINED on, where nothing else is (flash/joined.h). */
#define MAP_SEGMENT_PAGE     0x1000
#define MAP_SEGMENT_BASE     0x90000000
#define MAP_SEGMENT_SIZE     0x400000
#define MAP_SEGMENT_OFFSET   MAP_ACTIVE_SIZE
#define MAP_SEGMENT_DOWNLOAD 0x90400000
#define MAP_DOWNLOAD_JOINED  0x0C000000
#define MAP_IMAGE_MAX        (MAP_SEGMENT_OFFSET + MAP_SEGMENT_SIZE)
