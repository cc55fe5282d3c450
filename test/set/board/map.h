/* The board of the native tests of the whole boot loader: small pages, up to three images (SET_IMAGES), flash by
 * test/support/simflash.h. The addresses are simflash's; nothing is linked to them. */
#define BOARD_NAME    "native"
#define BOARD_TITLE   "native tests"
#define BOARD_PRODUCT 0x4E544956

#define MAP_FLASH_BASE 0x08000000
#define MAP_FLASH_PAGE 0x200
#define MAP_FLASH_UNIT 16

#define MAP_GATE_BASE        0x200
#define MAP_ENGINE_CODE_SIZE 0x100
#define MAP_ENGINE_RAM_BASE  0x400
#define MAP_ENGINE_RAM_SIZE  0x100
#define MAP_ENGINE_DATA_BASE 0x600
#define MAP_ENGINE_DATA_SIZE 0x100

#define MAP_HEADER_BASE(image) (MAP_FLASH_BASE + ((image)-1) * MAP_FLASH_PAGE)
#define MAP_JOURNAL_BASE       (MAP_FLASH_BASE + 0x800)
#define MAP_COUNTER_BASE       (MAP_FLASH_BASE + 0x1000)

#ifndef SET_IMAGES
#define SET_IMAGES 3
#endif
#define MAP_IMAGES SET_IMAGES

/* Slots of a page between them that is nobody's. */
#define MAP_ACTIVE_BASE     (MAP_FLASH_BASE + 0x2000)
#define MAP_ACTIVE_SIZE     0xA00
#define MAP_DOWNLOAD_BASE   (MAP_FLASH_BASE + 0x3000)
#define MAP_DOWNLOAD_SIZE   0xC00
#define MAP_IMAGE_MAX       MAP_ACTIVE_SIZE
#define MAP_ACTIVE_BASE_2   (MAP_FLASH_BASE + 0x4000)
#define MAP_ACTIVE_SIZE_2   0x600
#define MAP_DOWNLOAD_BASE_2 (MAP_FLASH_BASE + 0x4800)
#define MAP_DOWNLOAD_SIZE_2 0xA00
#define MAP_IMAGE_MAX_2     MAP_ACTIVE_SIZE_2
#define MAP_ACTIVE_BASE_3   (MAP_FLASH_BASE + 0x6000)
#define MAP_ACTIVE_SIZE_3   0x400
#define MAP_DOWNLOAD_BASE_3 (MAP_FLASH_BASE + 0x6800)
#define MAP_DOWNLOAD_SIZE_3 0x800
#define MAP_IMAGE_MAX_3     MAP_ACTIVE_SIZE_3

#define RIG_FLASH_SIZE 0x8000
