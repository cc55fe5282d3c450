/* NUCLEO-L476RG: the one place that knows its memory map. Plain #defines, read by C, by the linker scripts (through the
 * preprocessor) and by the command-line tool. Sizes in bytes. The reasons stand in docs/design.md ("Map of
 * NUCLEO-L476RG").
 */
#define BOARD_NAME    "nucleo-l476rg"
#define BOARD_TITLE   "NUCLEO-L476RG, dual slot with swap"
#define BOARD_SERIES  "stm32l4"
#define BOARD_DEVICE  "stm32l476"
#define BOARD_PRODUCT 0x4C343736 /* default product id, "L476" */

#define MAP_FLASH_BASE 0x08000000
#define MAP_FLASH_SIZE 0x00100000
#define MAP_FLASH_PAGE 0x800
#define MAP_FLASH_UNIT 8

/* Boot loader: vectors, call gate and engine, then state machine and loader. */
#define MAP_BOOT_BASE        0x08000000
#define MAP_BOOT_SIZE        0x8000
#define MAP_GATE_BASE        0x08000200 /* start of the engine's code segment; its entry is the second word */
#define MAP_ENGINE_CODE_SIZE 0x3C00

/* Engine data, one firewall segment at the boot's offset in bank 2. */
#define MAP_ENGINE_DATA_BASE   0x08080000
#define MAP_ENGINE_DATA_SIZE   0x8000
#define MAP_HEADER_BASE(image) (0x08080000 + ((image)-1) * 0x800) /* active header, a page each */
#define MAP_JOURNAL_BASE       0x08081800                         /* 2 pages */
#define MAP_COUNTER_BASE       0x08082800                         /* 2 pages */
#define MAP_KMS_BASE           0x08083800                         /* the rest */
#define MAP_KMS_SIZE           0x4800

/* One-time programmable words for minimum versions, where a board uses them (COUNTER otp): 1 KiB (RM0351
 * section 3.3.1), of which the last 128 bytes are the product's own. */
#define MAP_OTP_BASE 0x1FFF7000
#define MAP_OTP_SIZE 0x380

/* Slots: images 1..MAP_IMAGES. Download: header page, image pages, hole page. Active: starts with the vectors. */
#define MAP_IMAGES        1
#define MAP_DOWNLOAD_BASE 0x08008000
#define MAP_DOWNLOAD_SIZE 0x78000
#define MAP_ACTIVE_BASE   0x08088000
#define MAP_ACTIVE_SIZE   0x78000
#define MAP_IMAGE_MAX     (MAP_DOWNLOAD_SIZE - 2 * MAP_FLASH_PAGE) /* 476 KiB */

/* RAM */
#define MAP_RAM_BASE          0x20000000
#define MAP_RAM_SIZE          0x18000
#define MAP_RAM2_BASE         0x10000000
#define MAP_RAM2_SIZE         0x8000
#define MAP_ENGINE_RAM_BASE   0x20000000 /* engine data and stack */
#define MAP_ENGINE_RAM_SIZE   0x0B00
#define MAP_ENGINE_STACK_SIZE 0x0640
#define MAP_SHARED_RAM_BASE   0x20000B00 /* survives reset: last error, hand-over word; both sides know its layout */
#define MAP_SHARED_RAM_SIZE   0x0100
#define MAP_BOOT_RAM_BASE     0x20000C00 /* boot loader outside the engine, stack included */
#define MAP_BOOT_RAM_SIZE     0x0C00
#define MAP_BOOT_STACK_SIZE   0x0440
#define MAP_APP_RAM_BASE      0x20001800 /* an application may use everything from here */
