/* Intel HEX and raw binary out. */
#include "tool/objfile/file.h"
#include "tool/objfile/objfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 16u
#define LINE_TEXT  64u /* room for one record: ':', 2 x (5 + 16) digits, newline, and a terminator */

struct text {
  char *at;
  size_t used;
};

static void put_record(struct text *t, uint8_t type, uint32_t offset, const uint8_t *data, uint32_t size)
{
  uint8_t r[LINE_BYTES + 5] = {(uint8_t)size, (uint8_t)(offset >> 8), (uint8_t)offset, type};
  unsigned sum = 0;
  memcpy(r + 4, data, size);
  for (uint32_t i = 0; i < size + 4; i++)
    sum += r[i];
  r[size + 4] = (uint8_t)(0u - sum);
  t->at[t->used++] = ':';
  for (uint32_t i = 0; i < size + 5; i++)
    t->used += (size_t)sprintf(t->at + t->used, "%02X", r[i]);
  t->at[t->used++] = '\n';
}

static void put_segment(struct text *t, const struct objfile_segment *s, uint32_t *page)
{
  for (uint32_t done = 0; done < s->size;) {
    uint32_t addr = s->addr + done, n = s->size - done;
    if (addr >> 16 != *page) {
      *page = addr >> 16;
      put_record(t, 4, 0, (const uint8_t[]){(uint8_t)(*page >> 8), (uint8_t)*page}, 2);
    }
    /* Records start at multiples of 16, so that none crosses a 64 KiB border. */
    if (n > LINE_BYTES - addr % LINE_BYTES)
      n = LINE_BYTES - addr % LINE_BYTES;
    put_record(t, 0, addr & 0xFFFF, s->data + done, n);
    done += n;
  }
}

bool objfile_write_hex(const struct objfile *file, const char *path, char *err, size_t err_size)
{
  size_t records = 2; /* entry and end */
  for (size_t i = 0; i < file->segment_count; i++)
    records += file->segments[i].size / LINE_BYTES + file->segments[i].size / 0x10000 + 4;
  struct text t = {malloc(records * LINE_TEXT), 0};
  if (t.at == NULL) {
    snprintf(err, err_size, "%s: out of memory", path);
    return false;
  }
  uint32_t page = UINT32_MAX; /* the first record says its page, even page 0 */
  for (size_t i = 0; i < file->segment_count; i++)
    put_segment(&t, &file->segments[i], &page);
  if (file->has_entry) {
    uint32_t e = file->entry;
    put_record(&t, 5, 0, (const uint8_t[]){(uint8_t)(e >> 24), (uint8_t)(e >> 16), (uint8_t)(e >> 8), (uint8_t)e}, 4);
  }
  put_record(&t, 1, 0, (const uint8_t *)"", 0);
  bool ok = objfile_spit(path, t.at, t.used, 0666, err, err_size);
  free(t.at);
  return ok;
}

bool objfile_write_bin(const struct objfile *file, uint8_t fill, const char *path, char *err, size_t err_size)
{
  uint32_t addr, size, limit = 256u << 20;
  uint8_t *bytes = objfile_flatten(file, fill, limit, &addr, &size);
  if (bytes == NULL) {
    snprintf(err, err_size, "%s: nothing to write, or the segments lie more than %u bytes apart", path, limit);
    return false;
  }
  bool ok = objfile_spit(path, bytes, size, 0666, err, err_size);
  free(bytes);
  return ok;
}
