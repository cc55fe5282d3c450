/* The native board with a single slot that takes patches in place: groups of two pages, of which one waits. */
#include "test/set/board/map.h"

#undef MAP_ACTIVE_SIZE
#undef MAP_DOWNLOAD_SIZE
#define MAP_ACTIVE_SIZE     0x1000 /* 8 pages */
#define MAP_DOWNLOAD_SIZE   0xC00  /* the patch area */
#define MAP_SCRATCH_BASE    (MAP_FLASH_BASE + 0x4000)
#define MAP_SCRATCH_SIZE    0x800
#define MAP_CHECKPOINT_BASE (MAP_FLASH_BASE + 0x5000)
#define MAP_CHECKPOINT_SIZE 0x2400 /* pointers are longer here */
