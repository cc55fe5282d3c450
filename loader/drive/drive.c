/* The patch picker (contract in drive.h). Touches nothing but the caller's struct and its device. */
#include "loader/drive/drive.h"

#include <string.h>

/* FNV-1a (Fowler, Noll, Vo), 32 bits: tells files apart, proves nothing. */
#define FNV_START 0x811C9DC5u
#define FNV_PRIME 0x01000193u

static uint32_t fnv(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
  for (uint32_t i = 0; i < length; i++)
    sum = (sum ^ bytes[i]) * FNV_PRIME;
  return sum;
}

/* .sfb or .sfbp, in any case. */
static bool has_extension(const char *name)
{
  static const char extension[] = ".sfbp";
  uint32_t dot = UINT32_MAX;
  uint32_t end = 0;
  for (; name[end] != '\0'; end++) {
    if (name[end] == '.')
      dot = end;
  }
  if (dot == UINT32_MAX || (end - dot != 4u && end - dot != 5u))
    return false;
  for (uint32_t i = 1; dot + i < end; i++) {
    if ((name[dot + i] | 0x20) != extension[i])
      return false;
  }
  return true;
}

static bool is_update_file(const struct fat_entry *entry)
{
  return (entry->attributes & FAT_DIRECTORY) == 0 && has_extension(entry->name);
}

/* Open the file of d->entry and see what it is: PC_OK if it could be installed. PC_ERR_BLANK: passed over. */
static pc_status look_at(struct drive *d, const struct drive_rules *rules)
{
  if (d->entry.size == 0 || d->entry.size > rules->max_size)
    return PC_ERR_BLANK;
  uint32_t length = d->entry.size < DRIVE_HEAD ? d->entry.size : DRIVE_HEAD;
  pc_status status = fat_open(&d->fat, &d->file, &d->entry);
  if (status == PC_OK)
    status = fat_read(&d->fat, &d->file, 0, d->head, length);
  if (status != PC_OK)
    return status;

  uint32_t size = d->entry.size;
  d->identity = fnv(fnv(FNV_START, (const uint8_t *)&size, sizeof size), d->head, length);
  for (uint32_t i = 0; i < rules->tried_count; i++) {
    if (rules->tried[i] == d->identity)
      return PC_ERR_BLANK;
  }
  memset(&d->update, 0, sizeof d->update);
  const struct drive_update *u = &d->update;
  if (rules->inspect(rules->ctx, d->head, length, size, &d->update) != PC_OK ||
      (u->product != 0 && u->product != rules->product))
    return PC_ERR_BLANK;
  if (!rules->has_active)
    return u->kind == DRIVE_FULL ? PC_OK : PC_ERR_BLANK;
  if (u->to <= rules->active)
    return PC_ERR_BLANK;
  if (u->kind == DRIVE_PATCH)
    return u->from == rules->active ? PC_OK : PC_ERR_BLANK;
  return u->kind == DRIVE_FULL ? PC_OK : PC_ERR_BLANK;
}

pc_status drive_pick(struct drive *d, const struct fat_disk *disk, const struct drive_rules *rules)
{
  d->seen = 0;
  d->damaged = 0;
  if (rules->inspect == NULL)
    return PC_ERR_PARAM;
  pc_status status = fat_mount(&d->fat, disk);
  if (status != PC_OK)
    return status;

  struct fat_dir dir;
  struct fat_dir best_place;
  struct drive_update best;
  bool found = false;
  fat_dir_start(&d->fat, &dir);
  memset(&best_place, 0, sizeof best_place);
  memset(&best, 0, sizeof best);
  for (;;) { /* ends: the directory does */
    struct fat_dir place = dir;
    status = fat_dir_next(&d->fat, &dir, &d->entry);
    if (status != PC_OK)
      break;
    if (!is_update_file(&d->entry))
      continue;
    d->seen++;
    status = look_at(d, rules);
    if (status == PC_ERR_FORMAT) {
      d->damaged++;
    } else if (status == PC_OK) {
      if (!found || (d->update.kind == best.kind ? d->update.to > best.to : d->update.kind == DRIVE_PATCH)) {
        best_place = place;
        best = d->update;
        found = true;
      }
    } else if (status != PC_ERR_BLANK) {
      return status;
    }
  }
  if (status != PC_ERR_BLANK || !found)
    return status;

  /* The choice once more, into d. If it is not the same any more, the drive was taken out, or lies. */
  status = fat_dir_next(&d->fat, &best_place, &d->entry);
  if (status == PC_OK)
    status = look_at(d, rules);
  if (status != PC_OK || memcmp(&d->update, &best, sizeof best) != 0)
    return PC_ERR_TRANSFER;
  return PC_OK;
}
