/* Block device for the tests of the FAT reader (disk.h). */
#include "test/fat/disk.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void stop(const char *why)
{
  fprintf(stderr, "disk: %s\n", why);
  abort();
}

static pc_status disk_read(void *ctx, uint32_t sector, uint8_t *to)
{
  struct disk *d = ctx;
  if (sector >= d->sectors)
    stop("a sector outside the device was asked for");
  if (((uintptr_t)to & 3u) != 0)
    stop("buffer not aligned");
  if (++d->reads > d->allowed)
    stop("more reads than allowed");
  if (d->reads == d->fail_at) {
    memset(to, 0xEE, FAT_SECTOR); /* a transfer that broke off leaves anything */
    return PC_ERR_FLASH;
  }
  if (d->bytes != NULL)
    memcpy(to, d->bytes + (size_t)sector * FAT_SECTOR, FAT_SECTOR);
  else if (pread(d->file, to, FAT_SECTOR, (off_t)sector * FAT_SECTOR) != (ssize_t)FAT_SECTOR)
    stop("cannot read the image");
  return PC_OK;
}

static uint32_t disk_sectors(void *ctx)
{
  return ((struct disk *)ctx)->sectors;
}

void disk_open(struct disk *d, const char *path, int in_memory)
{
  memset(d, 0, sizeof *d);
  d->port = (struct fat_disk){disk_read, disk_sectors, d};
  d->file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (d->file < 0 || fstat(d->file, &st) != 0)
    stop("cannot open the image");
  d->sectors = (uint32_t)(st.st_size / FAT_SECTOR);
  if (in_memory) {
    d->bytes = malloc((size_t)st.st_size);
    if (d->bytes == NULL || read(d->file, d->bytes, (size_t)st.st_size) != st.st_size)
      stop("cannot read the image");
  }
  disk_reset(d);
}

void disk_close(struct disk *d)
{
  close(d->file);
  free(d->bytes);
  d->bytes = NULL;
}

void disk_reset(struct disk *d)
{
  d->reads = 0;
  d->allowed = UINT32_MAX;
  d->fail_at = 0;
}

void disk_walk(struct disk *d, uint32_t piece, struct walk *w, walk_each each, void *ctx)
{
  struct fat fat;
  struct fat_dir dir;
  struct fat_entry entry;
  struct fat_file file;
  memset(w, 0, sizeof *w);
  memset(&fat, 0xA5, sizeof fat);
  w->mount = fat_mount(&fat, &d->port);
  if (w->mount != PC_OK)
    return;
  memset(&dir, 0xA5, sizeof dir);
  fat_dir_start(&fat, &dir);
  for (;;) {
    memset(&entry, 0xA5, sizeof entry);
    w->list = fat_dir_next(&fat, &dir, &entry);
    if (w->list != PC_OK)
      return;
    w->entries++;
    if (memchr(entry.name, 0, sizeof entry.name) == NULL)
      stop("a name without end");
    for (const char *c = entry.name; *c != '\0'; c++) {
      if (*c < 0x20 || *c > 0x7E)
        stop("a name that is not printable");
    }
    memset(&file, 0xA5, sizeof file);
    pc_status status = fat_open(&fat, &file, &entry);
    if ((status == PC_ERR_PARAM) != ((entry.attributes & FAT_DIRECTORY) != 0))
      stop("only directories cannot be opened");
    uint8_t *content = NULL;
    if (status == PC_OK) {
      if (entry.size / FAT_SECTOR > d->sectors)
        stop("a file larger than the device");
      content = malloc((size_t)entry.size + 1u);
      if (content == NULL)
        stop("no memory");
      for (uint32_t at = 0; at < entry.size && status == PC_OK; at += piece)
        status = fat_read(&fat, &file, at, content + at, piece < entry.size - at ? piece : entry.size - at);
    }
    if (status == PC_OK) {
      w->sound++;
    } else if (status != PC_ERR_PARAM) {
      w->damaged++;
      w->damage = status;
    }
    if (each != NULL)
      each(ctx, &entry, status, status == PC_OK ? content : NULL);
    free(content);
  }
}

void shell(const char *format, ...)
{
  char command[2048];
  char whole[2200];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(command, sizeof command, format, arguments);
  va_end(arguments);
  /* mkfs.vfat is in sbin, which is not in everyone's path. */
  snprintf(whole, sizeof whole, "PATH=$PATH:/usr/sbin:/sbin; export MTOOLS_SKIP_CHECK=1; { %s ; } >shell.log 2>&1",
           command);
  if (system(whole) != 0) {             /* NOLINT(cert-env33-c): the tools under comparison are programs */
    (void)!system("cat shell.log >&2"); /* NOLINT(cert-env33-c) */
    stop(command);
  }
}
