/* One board's memory map as data. Compiled once per board with BOARD_MAP (its map.h) and BOARD_SYMBOL defined, and
 * BOARD_PROTECT if it has a protect.h.
 *
 * A board with more than one image defines MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2, MAP_DOWNLOAD_BASE_2,
 * MAP_DOWNLOAD_SIZE_2 and MAP_IMAGE_MAX_2 (and _3) besides those of image 1. */
#include "tool/boards/board.h"

#include BOARD_MAP
#ifdef BOARD_PROTECT
#include BOARD_PROTECT
#endif

#include "tool/boards/check.h"

#define SLOT(n, active, active_size, download, download_size, image_max)                                               \
  {                                                                                                                    \
    (uint32_t)(MAP_HEADER_BASE(n)), (uint32_t)(active), (uint32_t)(active_size), (uint32_t)(download),                 \
        (uint32_t)(download_size), (uint32_t)(image_max)                                                               \
  }

_Static_assert(MAP_IMAGES >= 1 && MAP_IMAGES <= BOARD_MAX_IMAGES, "MAP_IMAGES out of range");

extern const struct board BOARD_SYMBOL;
const struct board BOARD_SYMBOL = {
    .name = BOARD_NAME,
    .title = BOARD_TITLE,
    .series = BOARD_SERIES,
    .device = BOARD_DEVICE,
    .product = (uint32_t)BOARD_PRODUCT,
    .flash = {(uint32_t)MAP_FLASH_BASE, (uint32_t)MAP_FLASH_SIZE},
    .boot = {(uint32_t)MAP_BOOT_BASE, (uint32_t)MAP_BOOT_SIZE},
    .ram = {(uint32_t)MAP_RAM_BASE, (uint32_t)MAP_RAM_SIZE},
#ifdef MAP_RAM2_BASE
    .ram2 = {(uint32_t)MAP_RAM2_BASE, (uint32_t)MAP_RAM2_SIZE},
#endif
    .journal = {(uint32_t)MAP_JOURNAL_BASE, 2 * (uint32_t)MAP_FLASH_PAGE},
    .counter = {(uint32_t)MAP_COUNTER_BASE, 2 * (uint32_t)MAP_FLASH_PAGE *(uint32_t)MAP_IMAGES},
    .engine_ram = {(uint32_t)MAP_ENGINE_RAM_BASE, (uint32_t)MAP_ENGINE_RAM_SIZE},
    .boot_ram = {(uint32_t)MAP_BOOT_RAM_BASE, (uint32_t)MAP_BOOT_RAM_SIZE},
    .page = (uint32_t)MAP_FLASH_PAGE,
    .unit = (uint32_t)MAP_FLASH_UNIT,
    .app_ram = (uint32_t)MAP_APP_RAM_BASE,
    .images = (uint32_t)MAP_IMAGES,
    .slots =
        {
            SLOT(1, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE, MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE, MAP_IMAGE_MAX),
#if MAP_IMAGES >= 2
            SLOT(2, MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2, MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2, MAP_IMAGE_MAX_2),
#endif
#if MAP_IMAGES >= 3
            SLOT(3, MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3, MAP_DOWNLOAD_BASE_3, MAP_DOWNLOAD_SIZE_3, MAP_IMAGE_MAX_3),
#endif
        },
#ifdef MAP_SCRATCH_BASE
    .scratch = {(uint32_t)MAP_SCRATCH_BASE, (uint32_t)MAP_SCRATCH_SIZE},
    .checkpoints = {(uint32_t)MAP_CHECKPOINT_BASE, (uint32_t)MAP_CHECKPOINT_SIZE},
#endif
#ifdef MAP_SEGMENT_BASE
    .segment = {(uint32_t)MAP_SEGMENT_BASE, (uint32_t)MAP_SEGMENT_SIZE, (uint32_t)MAP_SEGMENT_OFFSET,
                (uint32_t)MAP_SEGMENT_DOWNLOAD, (uint32_t)MAP_SEGMENT_PAGE},
#endif
#ifdef BOARD_PROTECT
    .protections = {true, PROTECT_RDP, PROTECT_WRP != 0, PROTECT_PCROP != 0, PROTECT_IWDG != 0},
#endif
};
