/* Read-only FAT12, FAT16 and FAT32: how the boot loader reads a USB flash drive.
 *
 * Facts from Microsoft's "FAT: General Overview of On-Disk Format" 1.03 (fatgen103) and ECMA-107. The drive carries a
 * partition table (MBR; the first partition of a FAT type is taken) or is one volume without a table ("superfloppy").
 * Sectors have 512 bytes, clusters 1 to 128 sectors. Only the root directory is looked at; long names are read.
 *
 * Nothing on the drive is believed. Every number is held against the volume, the volume against its partition and the
 * device; a chain of clusters must end exactly where the size of its file says, or the file is refused. So whatever is
 * on the drive, no sector outside the volume is asked for, and every call returns after a bounded number of steps, said
 * below. What was checked is checked again when it is read again: a device may answer otherwise the second time.
 *
 * All state is the caller's: a struct fat (about 570 bytes, one sector buffered) for the volume, and small structs for
 * what is read from it. No heap, no recursion; at most about 200 bytes of stack below a call.
 *
 * Errors of every function that reads:
 *   PC_ERR_TRANSFER  the device could not read a sector; the call may be repeated
 *   PC_ERR_FORMAT    the file system is damaged: here, in what was asked for. Other files may be sound.
 */
#ifndef LOADER_FAT_FAT_H
#define LOADER_FAT_FAT_H

#include "portcullis/status.h"

#include <stdbool.h>
#include <stdint.h>

#define FAT_SECTOR 512u

/* The block device: a USB drive, or an image file on the PC. */
struct fat_disk {
  /* Read the 512 bytes of `sector`, which is below sectors(), to `to` (aligned to 4). Any result but PC_OK is a
   * failure. This is where time is spent: a port refreshes its watchdog here. */
  pc_status (*read)(void *ctx, uint32_t sector, uint8_t *to);
  /* How many sectors the device has; 0 if there is none. Asked once, by fat_mount(). */
  uint32_t (*sectors)(void *ctx);
  void *ctx;
};

/* A volume, filled in by fat_mount(). */
struct fat {
  const struct fat_disk *disk;
  uint32_t start;         /* sector of the device where the volume starts; all others count from there */
  uint32_t total;         /* sectors of the volume */
  uint32_t table;         /* first sector of the FAT in use */
  uint32_t root;          /* first sector of the root directory (FAT32: its first cluster) */
  uint32_t root_sectors;  /* 0 for FAT32, whose root directory is a chain */
  uint32_t data;          /* first sector of cluster 2 */
  uint32_t clusters;      /* their count; they are numbered 2 .. clusters + 1 */
  uint32_t cluster_shift; /* 2^n sectors make a cluster, 0..7 */
  uint32_t bits;          /* of a FAT entry: 12, 16 or 32 */
  uint32_t buffered;      /* sector of the volume in `buffer`, UINT32_MAX: none */
  _Alignas(4) uint8_t buffer[FAT_SECTOR];
};

/* A place in a chain of clusters. */
struct fat_chain {
  uint32_t first;   /* cluster, 0 for an empty file */
  uint32_t cluster; /* where we are */
  uint32_t index;   /* how many clusters before it */
};

/* A place in the root directory. May be copied, to come back to that place. */
struct fat_dir {
  struct fat_chain chain; /* FAT32 */
  uint32_t position;      /* entries of 32 bytes passed */
};

#define FAT_READ_ONLY 0x01u
#define FAT_HIDDEN    0x02u
#define FAT_SYSTEM    0x04u
#define FAT_DIRECTORY 0x10u
#define FAT_ARCHIVE   0x20u

#define FAT_NAME_MAX 255u

/* A file or directory in the root directory. */
struct fat_entry {
  uint32_t size;       /* bytes, as the directory says: believed once fat_open() said PC_OK */
  uint32_t first;      /* cluster; not checked yet */
  uint32_t attributes; /* FAT_*, and bits 6 and 7 as they were found */
  bool is_long;        /* `name` is the long name; else the 8.3 name, in the case the entry's flags give */
  /* Ends with NUL. Printable ASCII only, fit for a terminal: whatever else stands in the name is a '?' here, which no
   * name on the drive can contain. Names are for people and for their extension, not to find a file again. */
  char name[FAT_NAME_MAX + 1u];
};

struct fat_file {
  struct fat_chain chain;
  uint32_t size; /* bytes */
};

/* Look for a FAT volume on `disk`, which must outlive `fat`. Reads two sectors. PC_ERR_BLANK: there is none (no device,
 * first sector without signature, empty partition table). PC_ERR_UNSUPPORTED: partitions of other types only, sectors
 * of another size than 512 bytes, or a FAT32 version other than 0. PC_ERR_FORMAT: partition table or boot sector is
 * damaged; or the volume does not fit its partition or its device. After an error, `fat` is not to be used. */
pc_status fat_mount(struct fat *fat, const struct fat_disk *disk);

/* Start at the beginning of the root directory. Reads nothing. */
void fat_dir_start(const struct fat *fat, struct fat_dir *dir);

/* The next entry; deleted ones and the volume label are passed over, and a long name that does not belong to its entry
 * is dropped (the 8.3 name is given then). PC_ERR_BLANK: no more. After an error there is no going on in this
 * directory. A directory holds at most 65536 positions, so a listing reads at most 4096 sectors of it and as many of
 * the FAT. */
pc_status fat_dir_next(struct fat *fat, struct fat_dir *dir, struct fat_entry *entry);

/* Open a file of the root directory for reading, and follow its chain to the end: PC_ERR_FORMAT if it leaves the
 * volume, ends before the size is reached or does not end there (so a loop is refused). Takes size / cluster steps, at
 * most one for each cluster of the volume: who does not want to wait that long looks at entry->size first.
 * PC_ERR_PARAM: a directory. */
pc_status fat_open(struct fat *fat, struct fat_file *file, const struct fat_entry *entry);

/* Copy `length` bytes (any number, any alignment) from byte `offset` of the file to `to`. Forward is quick; going back
 * starts again from the first cluster. PC_ERR_PARAM: the range is not inside the file; nothing was read. After another
 * error, `to` holds nothing to rely on. */
pc_status fat_read(struct fat *fat, struct fat_file *file, uint32_t offset, void *to, uint32_t length);

#endif
