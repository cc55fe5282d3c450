/* The block device: see drive.h. */
#include "sim/soc/drive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID = 0, SECTORS = 4, SECTOR = 8, COMMAND = 0xC, STATUS = 0x10, DATA = 0x14 };
enum { DONE, BUSY, FAILED };

#define MAGIC       0x56495244u /* "DRIV" */
#define SECTOR_TIME (SOC_PS_PER_US * 500)

static const struct soc_reg regs[] = {
    {ID, SOC_REG_READ, 0, 0},       {SECTORS, SOC_REG_READ, 0, 0}, {SECTOR, 0, 0, ~0u},
    {COMMAND, SOC_REG_WRITE, 0, 0}, {STATUS, SOC_REG_READ, 0, 0},  {DATA, SOC_REG_READ, 0, 0},
};

static bool load(struct soc_drive *d)
{
  const uint32_t sector = d->block.v[SECTOR / 4];
  return d->file >= 0 && sector < d->sectors &&
         pread(d->file, d->bytes, sizeof d->bytes, (off_t)sector * (off_t)sizeof d->bytes) == sizeof d->bytes;
}

static void finish(void *ctx)
{
  struct soc_drive *d = ctx;
  const bool ok = load(d);
  d->block.v[STATUS / 4] = ok ? DONE : FAILED;
  d->at = ok ? 0 : SOC_DRIVE_SECTOR;
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct soc_drive *d = (struct soc_drive *)b;
  uint32_t word = 0;
  switch (offset) {
  case ID:
    return d->file >= 0 ? MAGIC : 0;
  case SECTORS:
    return d->file >= 0 ? d->sectors : 0;
  case STATUS:
    if (b->v[STATUS / 4] == BUSY && !peek)
      (void)soc_poll(b);
    return b->v[STATUS / 4];
  default:
    if (d->at < SOC_DRIVE_SECTOR) {
      memcpy(&word, d->bytes + d->at, sizeof word);
      d->at += peek ? 0 : (unsigned)sizeof word;
    }
    return word;
  }
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct soc_drive *d = (struct soc_drive *)b;
  (void)offset, (void)size;
  if (value == 1 && b->v[STATUS / 4] != BUSY) {
    b->v[STATUS / 4] = BUSY;
    d->at = SOC_DRIVE_SECTOR;
    soc_after(b->soc, &d->done, SECTOR_TIME);
  }
  return true;
}

static void reset(struct soc_block *b)
{
  struct soc_drive *d = (struct soc_drive *)b;
  soc_cancel(b->soc, &d->done);
  d->at = SOC_DRIVE_SECTOR;
}

void soc_drive_init(struct soc_drive *d, struct soc *soc)
{
  d->file = -1;
  d->at = SOC_DRIVE_SECTOR;
  d->done = (struct soc_event){.fire = finish, .ctx = d};
  d->block = (struct soc_block){
      .name = "DRIVE",
      .base = SOC_DRIVE_BASE,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
  };
  soc_add_block(soc, &d->block);
}

void soc_drive_end(struct soc_drive *d)
{
  if (d->file >= 0)
    close(d->file);
  d->file = -1;
}

/* ---- soc.h ---- */

bool soc_drive_insert(struct soc *soc, const char *path)
{
  struct stat about;
  struct soc_drive *d = soc->drive;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &about) != 0) {
    soc_fail(soc, "%s: %s", path, strerror(errno));
    if (file >= 0)
      close(file);
    return false;
  }
  const off_t sectors = about.st_size / (off_t)SOC_DRIVE_SECTOR;
  soc_drive_end(d);
  d->file = file;
  d->sectors = sectors > (off_t)UINT32_MAX ? UINT32_MAX : (uint32_t)sectors;
  return true;
}

void soc_drive_eject(struct soc *soc)
{
  soc_drive_end(soc->drive);
}
