/* Which file of a USB drive to install: the patch picker.
 *
 * Among the files in the root directory whose names end in .sfbp or .sfb (any case) it takes
 *  1. the patches that apply to the active version (FROM equal to it) and lead to a higher one: of these the one with
 *     the highest TO;
 *  2. if there is no such patch, the full images of a higher version: of these the highest.
 * Of equals, the first in the directory. A patch goes before any full image, be that of a higher version: a chain of
 * patches v1.0 -> v1.1 -> v1.2 runs by itself, one at each reset, and the full image is taken when the chain is broken.
 *
 * The picker believes nothing and proves nothing: what it reads from a header is not authenticated, and only decides
 * what is tried first. Whoever installs the file checks it as if it had come over the serial line.
 *
 * No endless loop: TO is always above the active version, so each success brings the end nearer. Two ways remain to
 * meet the same file again: it is refused (bad signature, damaged), or it is installed, fails its self-test and is
 * rolled back. So the caller remembers the `identity` of each file that it has tried, in RAM for what was refused at
 * this reset and where it outlives a reset for what was handed to the installer, and gives these in `tried`; such
 * files are never chosen again.
 */
#ifndef LOADER_DRIVE_DRIVE_H
#define LOADER_DRIVE_DRIVE_H

#include "loader/fat/fat.h"

/* How much of a file's beginning its kind, versions and product must be found in. */
#define DRIVE_HEAD 1024u

enum drive_kind {
  DRIVE_FULL = 0x5A01, /* .sfb: `to` is its version */
  DRIVE_PATCH = 0x5A02 /* .sfbp */
};

/* What a file says of itself. Versions are numbers that grow with the version. */
struct drive_update {
  enum drive_kind kind;
  uint32_t from; /* patch: the version it applies to; full: not used */
  uint32_t to;
  uint32_t product; /* 0: any product */
};

struct drive_rules {
  bool has_active;   /* false: there is no active image; then a full image of any version will do, and no patch */
  uint32_t active;   /* its version */
  uint32_t product;  /* of this device; files for another one are passed over */
  uint32_t max_size; /* bytes; larger files are passed over. Bounds the time spent on following chains */
  /* `tried_count` identities of files not to choose. */
  const uint32_t *tried;
  uint32_t tried_count;
  /* Tell from the first `length` bytes (1..DRIVE_HEAD, aligned to 4; fewer than DRIVE_HEAD only if the file is that
   * short) of a file of `size` bytes what it is. Any result but PC_OK passes the file over. `update` is zero before. */
  pc_status (*inspect)(void *ctx, const uint8_t *head, uint32_t length, uint32_t size, struct drive_update *update);
  void *ctx;
};

/* A drive being looked at, in RAM of the caller: about 1.9 KiB. */
struct drive {
  struct fat fat;
  /* The choice, after drive_pick() said PC_OK: */
  struct fat_entry entry;     /* its name, for people */
  struct fat_file file;       /* open: read it with fat_read(&d->fat, &d->file, ...) */
  struct drive_update update; /* what it says of itself */
  uint32_t identity;          /* of its content: a checksum of its size and of its first DRIVE_HEAD bytes */
  /* Counted along the way, for a message: */
  uint32_t seen;    /* files with the right extension */
  uint32_t damaged; /* of these, passed over because the file system is damaged there */
  _Alignas(4) uint8_t head[DRIVE_HEAD];
};

/* Mount the drive (every time: it may be another one by now) and choose. PC_OK: d->file is to be tried next.
 * PC_ERR_BLANK: nothing on it, or nothing that fits; or no drive. Otherwise what fat_mount() or fat_dir_next() said:
 * PC_ERR_TRANSFER (also when the drive answers otherwise when asked again), PC_ERR_FORMAT (when the directory itself is
 * damaged nothing is chosen, whatever was found before), PC_ERR_UNSUPPORTED. A single damaged file is passed over.
 * PC_ERR_PARAM: no inspect(). */
pc_status drive_pick(struct drive *d, const struct fat_disk *disk, const struct drive_rules *rules);

#endif
