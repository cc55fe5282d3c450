/* A block device for the tests of the FAT reader: an image in memory or in a file. Ends the program when a sector
 * outside the device is asked for, or more reads are done than the test allows. */
#ifndef TEST_FAT_DISK_H
#define TEST_FAT_DISK_H

#include "loader/fat/fat.h"

#include <stddef.h>

struct disk {
  struct fat_disk port;
  uint8_t *bytes; /* an image in memory, or NULL: it is in `file` */
  int file;
  uint32_t sectors;
  uint32_t reads;   /* counted since the last disk_reset() */
  uint32_t allowed; /* reads */
  uint32_t fail_at; /* this read fails (the first is 1); 0: none */
};

/* Take hold of the image file; in memory it may be changed. */
void disk_open(struct disk *d, const char *path, int in_memory);
void disk_close(struct disk *d);
void disk_reset(struct disk *d);

/* What disk_walk() found. */
struct walk {
  pc_status mount, list; /* list: PC_ERR_BLANK when the directory was read to its end */
  uint32_t entries, sound, damaged;
  pc_status damage; /* of the last damaged file */
};

/* Mount, list, and read every file completely in pieces of `piece` bytes; unsound ones are passed over. If `each` is
 * not NULL, it is called for every entry, with the content (NULL if it is a directory or damaged). */
typedef void (*walk_each)(void *ctx, const struct fat_entry *entry, pc_status status, const uint8_t *content);
void disk_walk(struct disk *d, uint32_t piece, struct walk *w, walk_each each, void *ctx);

/* Run a shell command; ends the program, with its output, if it fails. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
