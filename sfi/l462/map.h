/* STM32L462CE as it comes from simulated manufacture for secure install (AN4992, 3.2.2): secure boot in the first 4
 * KiB, secure boot loader in the last 42 KiB, firmware between them and later everywhere but in the first 4 KiB. Plain
 * #defines, read by C and by the linker scripts. Sizes in bytes. */
#define MAP_FLASH_BASE      0x08000000
#define MAP_FLASH_SIZE      0x80000
#define MAP_FLASH_BANK_SIZE 0x80000 /* one bank */
#define MAP_FLASH_PAGE      0x800
#define MAP_FLASH_UNIT      8

#define MAP_SECURE_BOOT_BASE 0x08000000
#define MAP_SECURE_BOOT_SIZE 0x1000
#define MAP_FIRMWARE_BASE    0x08001000
#define MAP_FIRMWARE_SIZE    0x74800

/* The last 42 KiB. What the process erases ends with the identity; the last page keeps the records. */
#define MAP_LOADER_BASE   0x08075800
#define MAP_LOADER_SIZE   0x9800
#define MAP_IDENTITY_BASE 0x0807F000 /* key and certificate; a page */
#define MAP_ERASED_SIZE   0xA000
#define MAP_RECORDS_BASE  0x0807F800 /* a page */

/* One-time words that say that the device is complete: the last 8 double words of 128. */
#define MAP_COMPLETE_BASE  0x1FFF73C0
#define MAP_COMPLETE_UNITS 8

/* SRAM2: no debugger sees it at read-out protection level 1, and a reset erases it (SRAM2_RST = 0). */
#define MAP_RAM_BASE   0x10000000
#define MAP_RAM_SIZE   0x8000
#define MAP_STACK_SIZE 0x1800
#define MAP_SRAM1_BASE 0x20000000
#define MAP_SRAM1_SIZE 0x20000
