/* The boards, as the command line knows them: one description per board/<name>/map.h, compiled from that header, so
 * that the tool, the linker scripts and the firmware read the same numbers. A new board folder is picked up by CMake.
 */
#ifndef TOOL_BOARDS_BOARD_H
#define TOOL_BOARDS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAX_IMAGES 3

struct board_slot {
  uint32_t header; /* address of the active header */
  uint32_t active; /* address and size of the active slot */
  uint32_t active_size;
  uint32_t download;
  uint32_t download_size;
  uint32_t image_max; /* bytes that an image may have */
};

struct board_region {
  uint32_t base, size; /* size 0: the board has none */
};

/* The static protections that the board's protect.h asks for. */
struct board_protections {
  bool any;
  unsigned rdp;    /* read protection level */
  bool wrp, pcrop; /* boot loader's pages; its keys */
  bool watchdog;   /* started by hardware */
};

/* Where the second segment of an image goes; size 0: images have one segment. */
struct board_segment {
  uint32_t base, size; /* in the flash outside */
  uint32_t offset;     /* in the image: what the first segment may have */
  uint32_t download;   /* address of the download slot's second part */
  uint32_t page;       /* erase unit there */
};

struct board {
  const char *name, *title, *series, *device;
  uint32_t product; /* default product id */
  struct board_region flash, boot, ram, ram2;
  struct board_region journal, counter;     /* flash pages that the engine writes */
  struct board_region engine_ram, boot_ram; /* stacks included */
  uint32_t page, unit;                      /* erase and write units of the flash */
  uint32_t app_ram;                         /* lowest RAM address that an application may use */
  uint32_t images;
  struct board_slot slots[BOARD_MAX_IMAGES];
  /* For patches in place: pages for what waits, and for checkpoints. The download slot is then the patch area. */
  struct board_region scratch, checkpoints;
  struct board_segment segment; /* of image 1 */
  struct board_protections protections;
};

extern const struct board *const boards[]; /* NULL-terminated, sorted by name */

#define BOARD_DEFAULT "nucleo-l476rg"

/* NULL: no such board. */
const struct board *board_find(const char *name);

#endif
