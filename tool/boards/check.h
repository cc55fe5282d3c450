/* The rules of a memory map, checked when a board is compiled into the tool: docs/porting.md tells them. A map that
 * breaks one does not build, and the message says which. Whether code and RAM fit is the linker's to say. */
#ifndef TOOL_BOARDS_CHECK_H
#define TOOL_BOARDS_CHECK_H

#define RULE(condition, text)      _Static_assert(condition, text)
#define WHOLE(base, size)          ((base) % MAP_FLASH_PAGE == 0 && (size) % MAP_FLASH_PAGE == 0)
#define INSIDE(base, size, in, of) ((base) >= (in) && (size) <= (of) && (base) - (in) <= (of) - (size))
#define APART(a, a_size, b, b_size)                                                                                    \
  ((a_size) == 0 || (b_size) == 0 || (unsigned long long)(a) + (a_size) <= (b) ||                                      \
   (unsigned long long)(b) + (b_size) <= (a))

RULE(MAP_FLASH_PAGE >= 256 && (MAP_FLASH_PAGE & (MAP_FLASH_PAGE - 1)) == 0, "a page is a power of two, 256 or more");
RULE(MAP_FLASH_UNIT >= 1 && MAP_FLASH_UNIT <= 32 && (MAP_FLASH_UNIT & (MAP_FLASH_UNIT - 1)) == 0,
     "a write unit is 1, 2, 4, 8, 16 or 32 bytes");

RULE(WHOLE(MAP_BOOT_BASE, MAP_BOOT_SIZE) && INSIDE(MAP_BOOT_BASE, MAP_BOOT_SIZE, MAP_FLASH_BASE, MAP_FLASH_SIZE),
     "MAP_BOOT: whole pages of the flash");
RULE(INSIDE(MAP_GATE_BASE, MAP_ENGINE_CODE_SIZE, MAP_BOOT_BASE, MAP_BOOT_SIZE) && MAP_GATE_BASE % 256 == 0,
     "MAP_GATE_BASE and MAP_ENGINE_CODE_SIZE: within the boot loader, 256 bytes aligned");

/* The engine's own pages */
RULE(WHOLE(MAP_ENGINE_DATA_BASE, MAP_ENGINE_DATA_SIZE) &&
         INSIDE(MAP_ENGINE_DATA_BASE, MAP_ENGINE_DATA_SIZE, MAP_FLASH_BASE, MAP_FLASH_SIZE) &&
         APART(MAP_ENGINE_DATA_BASE, MAP_ENGINE_DATA_SIZE, MAP_BOOT_BASE, MAP_BOOT_SIZE),
     "MAP_ENGINE_DATA: whole pages of the flash, not the boot loader's");
#define OWN(base, pages)                                                                                               \
  (WHOLE(base, (pages)*MAP_FLASH_PAGE) &&                                                                              \
   INSIDE(base, (pages)*MAP_FLASH_PAGE, MAP_ENGINE_DATA_BASE, MAP_ENGINE_DATA_SIZE))
RULE(OWN(MAP_HEADER_BASE(1), MAP_IMAGES), "MAP_HEADER_BASE: a page for each image, within MAP_ENGINE_DATA");
RULE(OWN(MAP_JOURNAL_BASE, 2) &&
         APART(MAP_JOURNAL_BASE, 2 * MAP_FLASH_PAGE, MAP_HEADER_BASE(1), MAP_IMAGES *MAP_FLASH_PAGE),
     "MAP_JOURNAL_BASE: two pages, within MAP_ENGINE_DATA, not those of the headers");
RULE(OWN(MAP_COUNTER_BASE, 2 * MAP_IMAGES) &&
         APART(MAP_COUNTER_BASE, 2 * MAP_IMAGES * MAP_FLASH_PAGE, MAP_HEADER_BASE(1), MAP_IMAGES *MAP_FLASH_PAGE) &&
         APART(MAP_COUNTER_BASE, 2 * MAP_IMAGES * MAP_FLASH_PAGE, MAP_JOURNAL_BASE, 2 * MAP_FLASH_PAGE),
     "MAP_COUNTER_BASE: two pages for each image, within MAP_ENGINE_DATA, not those of headers or journal");

/* Slots. 512 bytes: what VTOR wants for up to 112 interrupts (ARMv7-M, B3.2.5: a power of two). */
#define FREE(base, size)                                                                                               \
  (WHOLE(base, size) && INSIDE(base, size, MAP_FLASH_BASE, MAP_FLASH_SIZE) &&                                          \
   APART(base, size, MAP_BOOT_BASE, MAP_BOOT_SIZE) && APART(base, size, MAP_ENGINE_DATA_BASE, MAP_ENGINE_DATA_SIZE))
#define DOWNLOAD_INSIDE(base, size) INSIDE(base, size, MAP_FLASH_BASE, MAP_FLASH_SIZE)
#define ACTIVE_RULE(n, base, size)                                                                                     \
  RULE(FREE(base, size) && (base) % 512 == 0,                                                                          \
       "MAP_ACTIVE of image " n ": whole free pages of the flash, a vector table's alignment")
#define DOWNLOAD_RULE(n, base, size, active, active_size)                                                              \
  RULE(!DOWNLOAD_INSIDE(base, size) || (size) == 0 || (FREE(base, size) && APART(base, size, active, active_size)),    \
       "MAP_DOWNLOAD of image " n ": whole free pages of the flash, or outside the chip, or none")
ACTIVE_RULE("1", MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE);
DOWNLOAD_RULE("1", MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE);
#ifndef MAP_EXTERNAL_BASE
RULE(MAP_IMAGE_MAX <= MAP_ACTIVE_SIZE, "MAP_IMAGE_MAX: not more than the active slot");
RULE(DOWNLOAD_INSIDE(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE) || MAP_DOWNLOAD_SIZE == 0,
     "MAP_DOWNLOAD of image 1 lies outside the flash, and there is no MAP_EXTERNAL_BASE");
#endif
#if MAP_IMAGES >= 2
ACTIVE_RULE("2", MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2);
DOWNLOAD_RULE("2", MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2, MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2);
RULE(APART(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE, MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2) &&
         APART(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE, MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2) &&
         APART(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE, MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2) &&
         APART(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE, MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2),
     "the slots of images 1 and 2 overlap");
#endif
#if MAP_IMAGES >= 3
ACTIVE_RULE("3", MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3);
DOWNLOAD_RULE("3", MAP_DOWNLOAD_BASE_3, MAP_DOWNLOAD_SIZE_3, MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3);
RULE(APART(MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE) &&
         APART(MAP_ACTIVE_BASE_3, MAP_ACTIVE_SIZE_3, MAP_ACTIVE_BASE_2, MAP_ACTIVE_SIZE_2) &&
         APART(MAP_DOWNLOAD_BASE_3, MAP_DOWNLOAD_SIZE_3, MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE) &&
         APART(MAP_DOWNLOAD_BASE_3, MAP_DOWNLOAD_SIZE_3, MAP_DOWNLOAD_BASE_2, MAP_DOWNLOAD_SIZE_2),
     "the slots of image 3 overlap those of another");
#endif

/* Patches in place */
#ifdef MAP_SCRATCH_BASE
RULE(FREE(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE) && MAP_SCRATCH_SIZE != 0 &&
         APART(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE) &&
         APART(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE, MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE),
     "MAP_SCRATCH: whole free pages of the flash, neither the slot's nor the patch area's");
RULE(FREE(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE) && MAP_CHECKPOINT_SIZE % (2 * MAP_FLASH_PAGE) == 0 &&
         MAP_CHECKPOINT_SIZE >= 2 * 4096 &&
         APART(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE) &&
         APART(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE, MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE) &&
         APART(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE, MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE),
     "MAP_CHECKPOINT: two halves of whole free pages, 4 KiB or more each, nobody else's");
RULE(MAP_DOWNLOAD_SIZE >= 2 * MAP_FLASH_PAGE, "MAP_DOWNLOAD: the patch area has a header page and more");
#endif

/* RAM: engine, shared, boot loader, application, in this order or another, but apart */
#define RAM(base, size) INSIDE(base, size, MAP_RAM_BASE, MAP_RAM_SIZE)
RULE(RAM(MAP_ENGINE_RAM_BASE, MAP_ENGINE_RAM_SIZE) && RAM(MAP_SHARED_RAM_BASE, MAP_SHARED_RAM_SIZE) &&
         RAM(MAP_BOOT_RAM_BASE, MAP_BOOT_RAM_SIZE),
     "MAP_ENGINE_RAM, MAP_SHARED_RAM and MAP_BOOT_RAM lie in MAP_RAM");
RULE(APART(MAP_ENGINE_RAM_BASE, MAP_ENGINE_RAM_SIZE, MAP_SHARED_RAM_BASE, MAP_SHARED_RAM_SIZE) &&
         APART(MAP_ENGINE_RAM_BASE, MAP_ENGINE_RAM_SIZE, MAP_BOOT_RAM_BASE, MAP_BOOT_RAM_SIZE) &&
         APART(MAP_SHARED_RAM_BASE, MAP_SHARED_RAM_SIZE, MAP_BOOT_RAM_BASE, MAP_BOOT_RAM_SIZE),
     "MAP_ENGINE_RAM, MAP_SHARED_RAM and MAP_BOOT_RAM overlap");
RULE(INSIDE(MAP_APP_RAM_BASE, 1, MAP_RAM_BASE, MAP_RAM_SIZE) &&
         MAP_APP_RAM_BASE >= MAP_ENGINE_RAM_BASE + MAP_ENGINE_RAM_SIZE &&
         MAP_APP_RAM_BASE >= MAP_SHARED_RAM_BASE + MAP_SHARED_RAM_SIZE,
     "MAP_APP_RAM_BASE: in MAP_RAM, behind the engine's and the shared RAM");
RULE(MAP_ENGINE_STACK_SIZE < MAP_ENGINE_RAM_SIZE && MAP_BOOT_STACK_SIZE < MAP_BOOT_RAM_SIZE,
     "a stack is larger than its RAM");

#endif
