/* The NUCLEO-L476RG with patches: a larger boot loader, and a download slot of 470 KiB. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_DOWNLOAD_SIZE
#define BOARD_NAME        "nucleo-l476rg-patch"
#define BOARD_TITLE       "NUCLEO-L476RG, dual slot with swap, takes patches"
#define MAP_DOWNLOAD_SIZE 0x75800

/* The engine's decoder needs more code, and more RAM. */
#undef MAP_BOOT_SIZE
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_DOWNLOAD_BASE
#undef MAP_ENGINE_RAM_SIZE
#undef MAP_ENGINE_STACK_SIZE
#undef MAP_SHARED_RAM_BASE
#undef MAP_BOOT_RAM_BASE
#undef MAP_BOOT_RAM_SIZE
#undef MAP_APP_RAM_BASE
#define MAP_BOOT_SIZE         0xA800
#define MAP_ENGINE_CODE_SIZE  0x5C00
#define MAP_DOWNLOAD_BASE     0x0800A800
#define MAP_ENGINE_RAM_SIZE   0x2000
#define MAP_ENGINE_STACK_SIZE 0x0740 /* a patch's header is known while its signature is verified */
#define MAP_SHARED_RAM_BASE   0x20002000
#define MAP_BOOT_RAM_BASE     0x20002100
#define MAP_BOOT_RAM_SIZE     0x1000 /* of which the served functions keep what they know */
#define MAP_APP_RAM_BASE      0x20003100

#define MAP_SERVED_BASE    0x0800A780 /* portcullis/patch.h: at the end of the boot loader */
#define MAP_UNIQUE_ID_BASE 0x1FFF7590 /* 96 bits (RM0351, section 49.1) */
