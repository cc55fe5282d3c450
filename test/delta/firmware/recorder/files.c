/* Files in blocks of a flash-like array: a table of entries, chains of blocks, a check value for each file. */
#include "recorder.h"

#include <stdio.h>
#include <string.h>

#define BLOCK  256u
#define BLOCKS 96u
#define FILES  24u
#define NONE   0xffffu

static uint8_t blocks[BLOCKS][BLOCK];
static uint16_t follows[BLOCKS];
static struct {
  struct file_info info;
  uint16_t first;
  bool used;
} table[FILES];
static uint32_t writes, removals;
static unsigned hint;

static uint16_t crc16(uint16_t crc, const uint8_t *p, size_t size)
{
  while (size--) {
    crc ^= (uint16_t)(*p++ << 8);
    for (int i = 0; i < 8; i++)
      crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

void files_format(void)
{
  memset(table, 0, sizeof table);
  for (unsigned i = 0; i < BLOCKS; i++)
    follows[i] = NONE - 1;
  writes = removals = hint = 0;
}

static int find(const char *name)
{
  for (unsigned i = 0; i < FILES; i++)
    if (table[i].used && !strncmp(table[i].info.name, name, FILE_NAME))
      return (int)i;
  return -1;
}

static uint16_t take(void)
{
  for (unsigned i = 0; i < BLOCKS; i++) {
    unsigned b = (hint + i) % BLOCKS;
    if (follows[b] == NONE - 1) {
      hint = b + 1;
      return (uint16_t)b;
    }
  }
  return NONE;
}

uint32_t files_free(void)
{
  uint32_t count = 0;
  for (unsigned i = 0; i < BLOCKS; i++)
    count += follows[i] == NONE - 1;
  return count * BLOCK;
}

bool files_remove(const char *name)
{
  int i = find(name);
  if (i < 0)
    return false;
  for (uint16_t b = table[i].first; b != NONE;) {
    uint16_t next = follows[b];
    follows[b] = NONE - 1;
    b = next;
  }
  table[i].used = false;
  removals++;
  return true;
}

bool files_write(const char *name, const void *data, size_t size)
{
  const uint8_t *p = data;
  if (!*name || strlen(name) >= FILE_NAME)
    return false;
  (void)files_remove(name);
  unsigned slot = 0;
  while (slot < FILES && table[slot].used)
    slot++;
  if (slot == FILES || files_free() < size)
    return false;
  uint16_t *link = &table[slot].first;
  *link = NONE;
  for (size_t at = 0; at < size; at += BLOCK) {
    uint16_t b = take();
    size_t n = size - at < BLOCK ? size - at : BLOCK;
    memcpy(blocks[b], p + at, n);
    if (n < BLOCK)
      memset(blocks[b] + n, 0xff, BLOCK - n);
    *link = b;
    link = &follows[b];
    *link = NONE;
    table[slot].info.blocks++;
  }
  strcpy(table[slot].info.name, name);
  table[slot].info.size = (uint32_t)size;
  table[slot].info.blocks = (uint32_t)((size + BLOCK - 1) / BLOCK);
  table[slot].info.changed = tick_count;
  table[slot].info.crc = crc16(0xffff, p, size);
  table[slot].used = true;
  writes++;
  return true;
}

int files_read(const char *name, void *data, size_t room)
{
  int i = find(name);
  uint8_t *p = data;
  if (i < 0)
    return -1;
  size_t size = table[i].info.size, left = size;
  if (size > room)
    return -2;
  for (uint16_t b = table[i].first; b != NONE && left; b = follows[b]) {
    size_t n = left < BLOCK ? left : BLOCK;
    memcpy(p, blocks[b], n);
    p += n;
    left -= n;
  }
#ifdef WITH_GROWN
  if (left) {
    printf("%s: chain too short\n", name);
    (void)files_remove(name);
    return -4;
  }
#endif
  return crc16(0xffff, data, size) == table[i].info.crc ? (int)size : -3;
}

size_t files_list(struct file_info *list, size_t room)
{
  size_t count = 0;
  for (unsigned i = 0; i < FILES && count < room; i++)
    if (table[i].used)
      list[count++] = table[i].info;
  for (size_t i = 1; i < count; i++)
    for (size_t k = i; k > 0 && strcmp(list[k - 1].name, list[k].name) > 0; k--) {
      struct file_info swap = list[k];
      list[k] = list[k - 1];
      list[k - 1] = swap;
    }
  return count;
}
