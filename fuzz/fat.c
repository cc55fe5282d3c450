/* Fuzz the FAT reader and the patch picker. The input is a sparse drive: records of a sector number (16 bits,
 * little-endian) and the 512 bytes of that sector; all other sectors are zero. So boot sector, the first sector of the
 * FAT and the root directory of a large volume make a small input. Whatever it holds: no read outside the device, an
 * end after a bounded number of reads, names fit for a terminal, the same content whatever the pieces it is read in.
 */
#include "loader/drive/drive.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS 70000u
#define RECORD  (2u + FAT_SECTOR)
/* Of a file, and of files: what is read of each input, so that it does not take long. */
#define READ_MAX 20000u
#define OPEN_MAX 200u

struct input {
  const uint8_t *data;
  size_t size;
  uint32_t reads;
};

static void require(int condition)
{
  if (!condition)
    abort();
}

static pc_status disk_read(void *ctx, uint32_t sector, uint8_t *to)
{
  struct input *in = ctx;
  require(sector < SECTORS);
  require(++in->reads < 2000000u);
  memset(to, 0, FAT_SECTOR);
  for (size_t at = 0; at + 2u < in->size; at += RECORD) {
    if (((uint32_t)in->data[at] | (uint32_t)in->data[at + 1] << 8) != sector)
      continue;
    size_t left = in->size - at - 2u;
    memcpy(to, in->data + at + 2, left < FAT_SECTOR ? left : FAT_SECTOR);
    return PC_OK;
  }
  return PC_OK;
}

static uint32_t disk_sectors(void *ctx)
{
  (void)ctx;
  return SECTORS;
}

/* Kind, versions and product from wherever the file has them. */
static pc_status inspect(void *ctx, const uint8_t *head, uint32_t length, uint32_t size, struct drive_update *update)
{
  (void)ctx;
  require(length != 0 && length <= DRIVE_HEAD && length <= size);
  uint8_t sum = 0;
  for (uint32_t i = 0; i < length; i++)
    sum = (uint8_t)(sum + head[i]);
  update->kind = (sum & 1u) != 0 ? DRIVE_FULL : DRIVE_PATCH;
  update->from = 1;
  update->to = 2u + (sum >> 2);
  return (sum & 2u) != 0 ? PC_ERR_FORMAT : PC_OK;
}

static void read_file(struct fat *fat, struct fat_file *file)
{
  static uint8_t whole[READ_MAX];
  static uint8_t piece[700];
  uint32_t size = file->size < READ_MAX ? file->size : READ_MAX;
  require(file->size / FAT_SECTOR <= SECTORS);
  require(fat_read(fat, file, 0, whole, size) == PC_OK); /* the chain was found sound */
  uint32_t step = 1;
  for (uint32_t at = 0; at < size; at += step) {
    step = (at * 7u + 13u) % sizeof piece + 1u;
    uint32_t take = step < size - at ? step : size - at;
    require(fat_read(fat, file, at, piece, take) == PC_OK);
    require(memcmp(piece, whole + at, take) == 0);
  }
  if (file->size != 0)
    require(fat_read(fat, file, file->size - 1u, piece, 1) == PC_OK);
  require(fat_read(fat, file, file->size, piece, 1) == PC_ERR_PARAM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct input in = {data, size, 0};
  const struct fat_disk disk = {disk_read, disk_sectors, &in};
  static struct fat fat;
  struct fat_dir dir;
  struct fat_entry entry;
  struct fat_file file;
  memset(&fat, 0xA5, sizeof fat);
  if (fat_mount(&fat, &disk) != PC_OK)
    return 0;
  fat_dir_start(&fat, &dir);
  uint32_t opened = 0;
  pc_status status = PC_OK;
  for (;;) {
    memset(&entry, 0xA5, sizeof entry);
    status = fat_dir_next(&fat, &dir, &entry);
    if (status != PC_OK)
      break;
    require(memchr(entry.name, 0, sizeof entry.name) != NULL);
    for (const char *c = entry.name; *c != '\0'; c++)
      require(*c >= 0x20 && *c <= 0x7E);
    if (opened++ < OPEN_MAX && fat_open(&fat, &file, &entry) == PC_OK)
      read_file(&fat, &file);
  }
  require(status == PC_ERR_BLANK || status == PC_ERR_FORMAT);

  static struct drive drive;
  const struct drive_rules rules = {
      .has_active = true, .active = 1, .product = 7, .max_size = 100000, .inspect = inspect};
  memset(&drive, 0xA5, sizeof drive);
  if (opened <= OPEN_MAX) {
    status = drive_pick(&drive, &disk, &rules);
    require(status == PC_OK || status == PC_ERR_BLANK || status == PC_ERR_FORMAT);
    if (status == PC_OK) {
      require(drive.update.to > 1 && drive.entry.size <= rules.max_size);
      read_file(&drive.fat, &drive.file);
    }
  }
  return 0;
}
