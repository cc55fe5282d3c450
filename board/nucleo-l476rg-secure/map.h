/* The NUCLEO-L476RG with its protections on: as board/nucleo-l476rg, with what the firewall needs. */
#include "board/nucleo-l476rg/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_ENGINE_CODE_SIZE
#undef MAP_ENGINE_STACK_SIZE
#define BOARD_NAME            "nucleo-l476rg-secure"
#define BOARD_TITLE           "NUCLEO-L476RG, dual slot with swap, all protections"
#define MAP_ENGINE_CODE_SIZE  0x4600
#define MAP_ENGINE_STACK_SIZE 0x0680 /* an interrupt on its way out lies on it, too */
#define MAP_ENGINE_ALIGN      256    /* granule of the firewall's code segment */

/* SRAM2: closed to a debugger at RDP 1 and erased at reset, so keys are used here until the application starts. */
#define MAP_SECRET_RAM_BASE   0x10000000
#define MAP_SECRET_RAM_SIZE   0x0800
#define MAP_SECRET_STACK_SIZE 0x0640
