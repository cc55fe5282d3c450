/* The root directory (contract in fat.h): entries, 8.3 names and long names. Touches nothing but the caller's structs
 * and its device. */
#include "loader/fat/internal.h"

#include <stddef.h>

#define ENTRY_SIZE 32u
#define PER_SECTOR (FAT_SECTOR / ENTRY_SIZE)

/* What a directory may hold: 2 MiB. */
#define MAX_POSITIONS 65536u

/* Attributes: the volume label's bit; and the combination that marks a piece of a long name, which systems that do not
 * know long names pass over as a label. */
#define VOLUME_LABEL 0x08u
#define LONG_NAME    0x0Fu
#define LONG_MASK    0x3Fu
#define LONG_FIRST   0x40u /* in the sequence number: the piece that stands first, and ends the name */
#define UNITS        13u   /* UTF-16 units in a piece */

/* In byte 12 (Windows NT and later): this part of the 8.3 name is meant in lower case. */
#define LOWER_BASE      0x08u
#define LOWER_EXTENSION 0x10u

/* In place of the first character: entry deleted; entry never used, nor any after it. */
#define MARK_FREE 0xE5u
#define MARK_END  0x00u

/* A long name being put together. */
struct long_name {
  uint32_t expected; /* sequence number of the next piece, 0: all are there */
  uint32_t checksum; /* of the 8.3 name that it belongs to */
  bool valid;
};

/* The entry at dir->position, in the buffer. PC_ERR_BLANK: the directory's room ends before. */
static pc_status load_entry(struct fat *fat, struct fat_dir *dir, const uint8_t **entry)
{
  uint32_t sector = dir->position / PER_SECTOR;
  if (fat->root_sectors != 0) {
    if (sector >= fat->root_sectors)
      return PC_ERR_BLANK;
    sector += fat->root;
  } else {
    if (dir->position >= MAX_POSITIONS)
      return PC_ERR_FORMAT;
    pc_status status = fat_chain_seek(fat, &dir->chain, sector >> fat->cluster_shift);
    if (status != PC_OK)
      return status;
    if (dir->chain.cluster == FAT_END)
      return PC_ERR_BLANK;
    sector = fat_cluster_sector(fat, dir->chain.cluster) + (sector & ((1u << fat->cluster_shift) - 1u));
  }
  *entry = fat->buffer + dir->position % PER_SECTOR * ENTRY_SIZE;
  return fat_load(fat, sector);
}

static char printable(uint32_t unit)
{
  return unit >= 0x20u && unit < 0x7Fu ? (char)unit : '?';
}

/* Put a piece of a long name where it belongs in `name`. Pieces come last first, each with its number. */
static void add_piece(struct long_name *l, const uint8_t *piece, char *name)
{
  uint32_t number = piece[0] & ~LONG_FIRST;
  bool last = (piece[0] & LONG_FIRST) != 0;
  if (last) {
    l->expected = number;
    l->checksum = piece[13];
    l->valid = number != 0 && number <= (FAT_NAME_MAX + UNITS - 1u) / UNITS;
    name[number * UNITS < FAT_NAME_MAX ? number * UNITS : FAT_NAME_MAX] = '\0';
  }
  if (!l->valid || number != l->expected || piece[13] != l->checksum) {
    l->valid = false;
    return;
  }
  l->expected--;
  /* The units lie in three runs: 5 from byte 1, 6 from byte 14, 2 from byte 28. */
  uint32_t at = 1;
  for (uint32_t i = 0; i < UNITS; i++, at += 2u) {
    if (i == 5u)
      at = 14;
    else if (i == 11u)
      at = 28;
    uint32_t unit = fat_u16(piece + at);
    uint32_t to = l->expected * UNITS + i; /* never above FAT_NAME_MAX: reached only if what stands there is the end */
    if (unit == 0) {                       /* the name's end, filled up with FFFF; never at its beginning */
      l->valid = last && to != 0;
      name[to] = '\0';
      return;
    }
    if (to >= FAT_NAME_MAX) {
      l->valid = false;
      return;
    }
    name[to] = printable(unit);
  }
}

/* Does the long name belong to this 8.3 name? */
static bool belongs(const struct long_name *l, const uint8_t *entry)
{
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 11u; i++)
    sum = (((sum & 1u) << 7) + (sum >> 1) + entry[i]) & 0xFFu;
  return l->valid && l->expected == 0 && sum == l->checksum;
}

static void short_name(const uint8_t *entry, char *name)
{
  bool dot = false;
  for (uint32_t i = 0; i < 11u; i++) {
    uint32_t c = entry[i];
    if (c == ' ') /* filling; a space inside of a name is dropped too */
      continue;
    if (i >= 8u && !dot) {
      dot = true;
      *name++ = '.';
    }
    uint32_t lower = i < 8u ? LOWER_BASE : LOWER_EXTENSION;
    if ((entry[12] & lower) != 0 && c >= 'A' && c <= 'Z')
      c += 'a' - 'A';
    *name++ = printable(c);
  }
  *name = '\0';
}

void fat_dir_start(const struct fat *fat, struct fat_dir *dir)
{
  dir->position = 0;
  dir->chain.first = fat->root;
  dir->chain.cluster = fat->root;
  dir->chain.index = 0;
}

pc_status fat_dir_next(struct fat *fat, struct fat_dir *dir, struct fat_entry *entry)
{
  struct long_name l = {0, 0, false};
  for (;;) { /* ends: load_entry() bounds the position */
    const uint8_t *raw = NULL;
    pc_status status = load_entry(fat, dir, &raw);
    if (status != PC_OK)
      return status;
    if (raw[0] == MARK_END)
      return PC_ERR_BLANK;
    dir->position++;
    uint32_t attributes = raw[11];
    if (raw[0] == MARK_FREE) {
      l.valid = false;
    } else if ((attributes & LONG_MASK) == LONG_NAME) {
      add_piece(&l, raw, entry->name);
    } else if ((attributes & VOLUME_LABEL) != 0) {
      l.valid = false;
    } else {
      entry->attributes = attributes;
      entry->size = fat_u32(raw + 28);
      entry->first = fat_u16(raw + 26);
      if (fat->bits == 32u)
        entry->first |= fat_u16(raw + 20) << 16;
      entry->is_long = belongs(&l, raw);
      if (!entry->is_long)
        short_name(raw, entry->name);
      return PC_OK;
    }
  }
}
