/* A small store of named values in RAM pages, each with a check value. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 20
static struct entry {
  char key[12];
  uint16_t crc, size;
  uint8_t *data;
} entries[ENTRIES];

uint16_t store_crc(const void *data, size_t size)
{
  const uint8_t *p = data;
  uint16_t crc = 0xffff;
  while (size--) {
    crc ^= (uint16_t)(*p++ << 8);
    for (int i = 0; i < 8; i++)
      crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

static struct entry *find(const char *key)
{
  for (unsigned i = 0; i < ENTRIES; i++)
    if (!strncmp(entries[i].key, key, sizeof entries[i].key))
      return &entries[i];
  return NULL;
}

bool store_save(const char *key, const void *data, size_t size)
{
  struct entry *e = find(key);
  if (!e)
    e = find("");
  if (!e || size > 512)
    return false;
  uint8_t *copy = realloc(e->data, size);
  if (!copy)
    return false;
  memcpy(copy, data, size);
  strncpy(e->key, key, sizeof e->key - 1);
  e->data = copy;
  e->size = (uint16_t)size;
  e->crc = store_crc(copy, size);
  return true;
}

bool store_load(const char *key, void *data, size_t size)
{
  const struct entry *e = find(key);
  if (!e || e->size != size)
    return false;
  if (store_crc(e->data, size) != e->crc) {
    log_add(3, "store: %s is damaged", key);
    return false;
  }
  memcpy(data, e->data, size);
  return true;
}

unsigned store_used(void)
{
  unsigned used = 0;
  for (unsigned i = 0; i < ENTRIES; i++)
    used += entries[i].size;
  return used;
}
