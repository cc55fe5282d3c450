/* Read-only FAT (contract in fat.h): volume, chains of clusters, file contents. The directory is in dir.c. Touches
 * nothing but the caller's structs and its device. */
#include "loader/fat/internal.h"

#include <string.h>

#define NO_SECTOR UINT32_MAX

/* FAT32 numbers clusters with 28 bits, and the topmost numbers are marks. */
#define MAX_CLUSTERS 0x0FFFFFF0u
/* Four times what a FAT for all of them takes: enough for any alignment, and two of them cannot overflow a sum. */
#define MAX_TABLE_SECTORS 0x00800000u

uint32_t fat_u16(const uint8_t *at)
{
  return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

uint32_t fat_u32(const uint8_t *at)
{
  return fat_u16(at) | fat_u16(at + 2) << 16;
}

pc_status fat_load(struct fat *fat, uint32_t sector)
{
  if (sector == fat->buffered)
    return PC_OK;
  if (sector >= fat->total)
    return PC_ERR_FORMAT;
  fat->buffered = NO_SECTOR;
  if (fat->disk->read(fat->disk->ctx, fat->start + sector, fat->buffer) != PC_OK)
    return PC_ERR_TRANSFER;
  fat->buffered = sector;
  return PC_OK;
}

/* ---- where the FAT says what follows a cluster ---- */

/* First byte of its entry, and the number of bytes it lies in: 12 bits lie in two. */
static uint32_t link_offset(const struct fat *fat, uint32_t cluster)
{
  return fat->bits == 12u ? cluster + cluster / 2u : cluster * (fat->bits / 8u);
}

static uint32_t link_size(const struct fat *fat)
{
  return fat->bits == 32u ? 4 : 2;
}

/* ---- the volume ---- */

static bool has_signature(const uint8_t *sector)
{
  return sector[510] == 0x55u && sector[511] == 0xAAu;
}

/* A boot sector, be it a damaged one: it begins with a jump and names a sector size. No partition table's boot code
 * does both. */
static bool is_boot_sector(const uint8_t *sector)
{
  uint32_t size = fat_u16(sector + 11);
  return (sector[0] == 0xEBu || sector[0] == 0xE9u) &&
         (size == 512u || size == 1024u || size == 2048u || size == 4096u);
}

static bool is_fat_type(uint32_t type)
{
  return type == 0x01u || type == 0x04u || type == 0x06u || type == 0x0Bu || type == 0x0Cu || type == 0x0Eu;
}

/* The partition table in the buffer: narrow `fat` to the first FAT partition. */
static pc_status choose_partition(struct fat *fat)
{
  pc_status status = PC_ERR_BLANK;
  for (uint32_t i = 4; i-- != 0;) {
    const uint8_t *entry = fat->buffer + 446u + i * 16u;
    if ((entry[0] & 0x7Fu) != 0)
      return PC_ERR_FORMAT;
    if (entry[4] == 0)
      continue;
    if (!is_fat_type(entry[4])) {
      if (status == PC_ERR_BLANK)
        status = PC_ERR_UNSUPPORTED;
      continue;
    }
    fat->start = fat_u32(entry + 8);
    fat->total = fat_u32(entry + 12);
    status = PC_OK;
  }
  return status;
}

/* The boot sector in the buffer; `limit`: sectors that the volume may have. */
static pc_status parse_boot_sector(struct fat *fat, uint32_t limit)
{
  const uint8_t *b = fat->buffer;
  if (!has_signature(b) || !is_boot_sector(b))
    return PC_ERR_FORMAT;
  if (fat_u16(b + 11) != FAT_SECTOR)
    return PC_ERR_UNSUPPORTED;

  uint32_t shift = 0;
  while (shift < 7u && b[13] != 1u << shift)
    shift++;
  uint32_t reserved = fat_u16(b + 14);
  uint32_t tables = b[16];
  uint32_t root_entries = fat_u16(b + 17);
  uint32_t total = fat_u16(b + 19);
  if (total == 0)
    total = fat_u32(b + 32);
  uint32_t table_sectors = fat_u16(b + 22);
  bool fat32 = table_sectors == 0;
  if (fat32)
    table_sectors = fat_u32(b + 36);
  if (b[13] != 1u << shift || reserved == 0 || tables == 0 || tables > 2u || total > limit ||
      table_sectors > MAX_TABLE_SECTORS || fat32 != (root_entries == 0))
    return PC_ERR_FORMAT;

  fat->total = total;
  fat->table = reserved;
  fat->root = reserved + tables * table_sectors;
  fat->root_sectors = (root_entries * 32u + FAT_SECTOR - 1u) / FAT_SECTOR;
  fat->data = fat->root + fat->root_sectors;
  fat->cluster_shift = shift;
  if (fat->data >= total)
    return PC_ERR_FORMAT;
  fat->clusters = (total - fat->data) >> shift;
  fat->bits = fat32 ? 32 : fat->clusters < 4085u ? 12 : 16;
  /* The FAT must have an entry for each cluster and the two before the first. */
  if (fat->clusters == 0 || fat->clusters > MAX_CLUSTERS ||
      (link_offset(fat, fat->clusters + 1u) + link_size(fat) - 1u) / FAT_SECTOR >= table_sectors)
    return PC_ERR_FORMAT;
  if (fat32) {
    if (fat_u16(b + 42) != 0)
      return PC_ERR_UNSUPPORTED;
    uint32_t flags = fat_u16(b + 40);
    if ((flags & 0x80u) != 0) { /* one FAT is in use, the others are not kept equal */
      if ((flags & 15u) >= tables)
        return PC_ERR_FORMAT;
      fat->table += (flags & 15u) * table_sectors;
    }
    fat->root = fat_u32(b + 44);
    if (!fat_is_cluster(fat, fat->root))
      return PC_ERR_FORMAT;
  } else if (fat->clusters >= 65525u) {
    return PC_ERR_FORMAT;
  }
  return PC_OK;
}

pc_status fat_mount(struct fat *fat, const struct fat_disk *disk)
{
  uint32_t sectors = disk->sectors(disk->ctx);
  fat->disk = disk;
  fat->start = 0;
  fat->total = sectors;
  fat->buffered = NO_SECTOR;
  if (sectors == 0)
    return PC_ERR_BLANK;
  pc_status status = fat_load(fat, 0);
  if (status != PC_OK)
    return status;
  if (!has_signature(fat->buffer))
    return PC_ERR_BLANK;
  if (!is_boot_sector(fat->buffer)) {
    status = choose_partition(fat);
    if (status != PC_OK)
      return status;
    if (fat->start == 0 || fat->start >= sectors || fat->total > sectors - fat->start)
      return PC_ERR_FORMAT;
    fat->buffered = NO_SECTOR;
    status = fat_load(fat, 0);
    if (status != PC_OK)
      return status;
  }
  return parse_boot_sector(fat, fat->total);
}

/* ---- chains of clusters ---- */

bool fat_is_cluster(const struct fat *fat, uint32_t cluster)
{
  return cluster - 2u < fat->clusters;
}

uint32_t fat_cluster_sector(const struct fat *fat, uint32_t cluster)
{
  return fat->data + ((cluster - 2u) << fat->cluster_shift);
}

/* What the FAT says for `cluster`, which is one: the next one, or FAT_END. */
static pc_status next_cluster(struct fat *fat, uint32_t cluster, uint32_t *next)
{
  /* Bytes one by one: an entry of FAT12 may straddle two sectors. */
  uint32_t at = link_offset(fat, cluster);
  uint32_t value = 0;
  for (uint32_t i = 0; i < link_size(fat); i++, at++) {
    pc_status status = fat_load(fat, fat->table + at / FAT_SECTOR);
    if (status != PC_OK)
      return status;
    value |= (uint32_t)fat->buffer[at % FAT_SECTOR] << (8u * i);
  }
  uint32_t end = 0x0FFFFFF8u; /* the lowest mark for the end of a chain */
  if (fat->bits == 12u) {
    value = (cluster & 1u) != 0 ? value >> 4 : value & 0xFFFu;
    end = 0xFF8u;
  } else if (fat->bits == 16u) {
    end = 0xFFF8u;
  } else {
    value &= 0x0FFFFFFFu; /* the upper 4 bits are reserved */
  }
  *next = value >= end ? FAT_END : value;
  /* Free, bad and reserved marks are no clusters either. */
  return value >= end || fat_is_cluster(fat, value) ? PC_OK : PC_ERR_FORMAT;
}

pc_status fat_chain_seek(struct fat *fat, struct fat_chain *chain, uint32_t index)
{
  if (index < chain->index || chain->cluster == FAT_END) {
    chain->cluster = chain->first;
    chain->index = 0;
  }
  if (!fat_is_cluster(fat, chain->cluster))
    return PC_ERR_FORMAT;
  /* More clusters than there are: the chain runs in a circle. */
  if (index > fat->clusters)
    return PC_ERR_FORMAT;
  while (chain->index != index) {
    if (chain->cluster == FAT_END)
      return PC_ERR_FORMAT;
    uint32_t next = 0;
    pc_status status = next_cluster(fat, chain->cluster, &next);
    if (status != PC_OK)
      return status;
    chain->cluster = next;
    chain->index++;
  }
  return PC_OK;
}

/* ---- files ---- */

pc_status fat_open(struct fat *fat, struct fat_file *file, const struct fat_entry *entry)
{
  if ((entry->attributes & FAT_DIRECTORY) != 0)
    return PC_ERR_PARAM;
  file->size = entry->size;
  file->chain.first = entry->first;
  file->chain.cluster = entry->first;
  file->chain.index = 0;
  if (entry->size == 0)
    return entry->first == 0 ? PC_OK : PC_ERR_FORMAT;
  uint32_t clusters = ((entry->size - 1u) >> (9u + fat->cluster_shift)) + 1u;
  pc_status status = fat_chain_seek(fat, &file->chain, clusters);
  if (status == PC_OK && file->chain.cluster != FAT_END)
    status = PC_ERR_FORMAT;
  return status;
}

pc_status fat_read(struct fat *fat, struct fat_file *file, uint32_t offset, void *to, uint32_t length)
{
  if (offset > file->size || length > file->size - offset)
    return PC_ERR_PARAM;
  uint8_t *out = to;
  while (length != 0) {
    uint32_t sector = offset / FAT_SECTOR;
    pc_status status = fat_chain_seek(fat, &file->chain, sector >> fat->cluster_shift);
    if (status == PC_OK && file->chain.cluster == FAT_END)
      status = PC_ERR_FORMAT;
    if (status == PC_OK)
      status =
          fat_load(fat, fat_cluster_sector(fat, file->chain.cluster) + (sector & ((1u << fat->cluster_shift) - 1u)));
    if (status != PC_OK)
      return status;
    uint32_t at = offset % FAT_SECTOR;
    uint32_t take = length < FAT_SECTOR - at ? length : FAT_SECTOR - at;
    memcpy(out, fat->buffer + at, take);
    out += take;
    offset += take;
    length -= take;
  }
  return PC_OK;
}
