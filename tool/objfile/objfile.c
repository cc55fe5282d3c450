/* Segments and symbols of a firmware file: reading by content, the builder behind all readers, look-up. The formats are
 * in elf.c, hex.c and srec.c. */
#include "tool/objfile/objfile.h"

#include "tool/objfile/file.h"
#include "tool/objfile/internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Larger than any flash, even external; keeps a mistaken argument (/dev/zero) from eating the machine. */
#define FILE_LIMIT (256u << 20)

void objfile_complain(const struct input *in, unsigned line, const char *format, ...)
{
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (line != 0)
    snprintf(in->err, in->err_size, "%s:%u: %s", in->name, line, text);
  else
    snprintf(in->err, in->err_size, "%s: %s", in->name, text);
}

/* ---- builder ---- */

bool objfile_build_add(struct builder *b, uint32_t addr, const uint8_t *data, size_t size)
{
  if (size == 0)
    return true;
  if (b->pool_room - b->used < size) {
    size_t room = b->pool_room + size + b->pool_room / 2 + 4096;
    uint8_t *pool = realloc(b->pool, room);
    if (pool == NULL)
      return false;
    b->pool = pool;
    b->pool_room = room;
  }
  memcpy(b->pool + b->used, data, size);
  struct piece *last = b->count ? &b->pieces[b->count - 1] : NULL;
  if (last != NULL && (uint64_t)last->addr + last->size == addr) {
    last->size += (uint32_t)size;
    b->used += size;
    return true;
  }
  if (b->count == b->room) {
    size_t room = b->room * 2 + 16;
    struct piece *pieces = realloc(b->pieces, room * sizeof *pieces);
    if (pieces == NULL)
      return false;
    b->pieces = pieces;
    b->room = room;
  }
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): room is 0 as long as there are no pieces */
  b->pieces[b->count++] = (struct piece){addr, (uint32_t)size, b->used};
  b->used += size;
  return true;
}

static int by_address(const void *a, const void *b)
{
  const struct piece *x = a, *y = b;
  return x->addr < y->addr ? -1 : x->addr > y->addr;
}

bool objfile_build_finish(struct builder *b, const struct input *in, struct objfile *out)
{
  if (b->count == 0)
    return objfile_fail(in, 0, "holds no data to load");
  qsort(b->pieces, b->count, sizeof *b->pieces, by_address);
  for (size_t i = 1; i < b->count; i++) {
    const struct piece *p = &b->pieces[i - 1], *q = &b->pieces[i];
    uint64_t end = (uint64_t)p->addr + p->size;
    if (end > q->addr) {
      uint64_t q_end = (uint64_t)q->addr + q->size;
      return objfile_fail(in, 0, "overlapping segments: 0x%08x-0x%08llx and 0x%08x-0x%08llx", p->addr,
                          (unsigned long long)end - 1, q->addr, (unsigned long long)q_end - 1);
    }
  }
  out->segments = calloc(b->count, sizeof *out->segments);
  if (out->segments == NULL)
    return objfile_fail(in, 0, "out of memory");
  for (size_t i = 0; i < b->count;) {
    size_t n = i + 1;
    uint64_t size = b->pieces[i].size;
    while (n < b->count && b->pieces[i].addr + size == b->pieces[n].addr)
      size += b->pieces[n++].size;
    if (size > UINT32_MAX)
      return objfile_fail(in, 0, "more than 4 GiB of data");
    struct objfile_segment *s = &out->segments[out->segment_count];
    s->data = malloc((size_t)size);
    if (s->data == NULL)
      return objfile_fail(in, 0, "out of memory");
    out->segment_count++;
    s->addr = b->pieces[i].addr;
    for (; i < n; i++) {
      memcpy(s->data + s->size, b->pool + b->pieces[i].at, b->pieces[i].size);
      s->size += b->pieces[i].size;
    }
  }
  return true;
}

void objfile_build_free(struct builder *b)
{
  free(b->pieces);
  free(b->pool);
}

/* ---- text records ---- */

bool objfile_next_line(const struct input *in, size_t *pos, unsigned *line, const uint8_t **text, size_t *length)
{
  while (*pos < in->size) {
    const uint8_t *start = in->bytes + *pos;
    const uint8_t *newline = memchr(start, '\n', in->size - *pos);
    size_t n = newline ? (size_t)(newline - start) : in->size - *pos;
    *pos += n + (newline != NULL);
    (*line)++;
    while (n > 0 && isspace(start[n - 1]))
      n--;
    if (n > 0) {
      *text = start;
      *length = n;
      return true;
    }
  }
  return false;
}

static int nibble(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

bool objfile_hex_bytes(const uint8_t *text, size_t digits, uint8_t *to)
{
  if (digits % 2 != 0)
    return false;
  for (size_t i = 0; i < digits; i += 2) {
    int high = nibble(text[i]), low = nibble(text[i + 1]);
    if (high < 0 || low < 0)
      return false;
    to[i / 2] = (uint8_t)(high << 4 | low);
  }
  return true;
}

/* ---- reading ---- */

static enum objfile_format detect(const uint8_t *bytes, size_t size)
{
  if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
    return OBJFILE_ELF;
  size_t at = 0;
  while (at < size && isspace(bytes[at]))
    at++;
  /* The shortest record of either kind has 10 characters; a vector table never looks like this. */
  uint8_t scratch[4];
  if (size - at >= 10 && bytes[at] == ':' && objfile_hex_bytes(bytes + at + 1, 8, scratch))
    return OBJFILE_HEX;
  if (size - at >= 10 && bytes[at] == 'S' && isdigit(bytes[at + 1]) && objfile_hex_bytes(bytes + at + 2, 8, scratch))
    return OBJFILE_SREC;
  return OBJFILE_BIN;
}

static bool read_binary(const struct input *in, uint32_t addr, struct builder *b)
{
  if (in->size == 0)
    return objfile_fail(in, 0, "is empty");
  if (in->size > UINT32_MAX || (uint64_t)addr + in->size > UINT64_C(1) << 32)
    return objfile_fail(in, 0, "%zu bytes at 0x%08x go beyond the end of the address space", in->size, addr);
  if (!objfile_build_add(b, addr, in->bytes, in->size))
    return objfile_fail(in, 0, "out of memory");
  return true;
}

bool objfile_parse(const char *name, const uint8_t *bytes, size_t size, enum objfile_format format, uint32_t bin_addr,
                   struct objfile *out, char *err, size_t err_size)
{
  const struct input in = {name, bytes, size, err, err_size};
  struct builder b = {0};
  bool ok = false;
  memset(out, 0, sizeof *out);
  if (format == OBJFILE_AUTO)
    format = detect(bytes, size);
  out->format = format;
  switch (format) {
  case OBJFILE_ELF:
    ok = objfile_read_elf(&in, &b, out);
    break;
  case OBJFILE_HEX:
    ok = objfile_read_hex(&in, &b, out);
    break;
  case OBJFILE_SREC:
    ok = objfile_read_srec(&in, &b, out);
    break;
  case OBJFILE_AUTO:
  case OBJFILE_BIN:
    ok = read_binary(&in, bin_addr, &b);
    break;
  }
  ok = ok && objfile_build_finish(&b, &in, out);
  objfile_build_free(&b);
  if (!ok)
    objfile_free(out);
  return ok;
}

/* A file that is named like one of the formats and holds none of them is damaged, or something else: never a raw
 * binary. */
static bool promises_a_format(const char *path)
{
  static const char *const names[] = {".elf", ".axf", ".out", ".hex",  ".ihex", ".ihx", ".srec",  ".s19", ".s28",
                                      ".s37", ".mot", ".sfb", ".sfbp", ".sfi",  ".smi", ".delta", ".pem"};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < sizeof names / sizeof names[0]; i++)
    if (strcasecmp(dot, names[i]) == 0)
      return true;
  return false;
}

bool objfile_read(const char *path, enum objfile_format format, uint32_t bin_addr, struct objfile *out, char *err,
                  size_t err_size)
{
  size_t size = 0;
  memset(out, 0, sizeof *out);
  uint8_t *bytes = objfile_slurp(path, FILE_LIMIT, &size, err, err_size);
  if (bytes == NULL)
    return false;
  if (format == OBJFILE_AUTO && size > 0 && detect(bytes, size) == OBJFILE_BIN && promises_a_format(path)) {
    snprintf(err, err_size, "%s: holds no ELF, Intel HEX or S-records, and is not named like a raw binary (.bin)",
             path);
    free(bytes);
    return false;
  }
  bool ok = objfile_parse(path, bytes, size, format, bin_addr, out, err, err_size);
  free(bytes);
  return ok;
}

void objfile_free(struct objfile *file)
{
  for (size_t i = 0; i < file->segment_count; i++)
    free(file->segments[i].data);
  free(file->segments);
  for (size_t i = 0; i < file->symbol_count; i++)
    free(file->symbols[i].name);
  free(file->symbols);
  memset(file, 0, sizeof *file);
}

/* ---- segments ---- */

bool objfile_add(struct objfile *file, uint32_t addr, const uint8_t *data, uint32_t size, char *err, size_t err_size)
{
  if (size == 0)
    return true;
  if ((uint64_t)addr + size > UINT64_C(1) << 32) {
    snprintf(err, err_size, "%u bytes at 0x%08x go beyond the end of the address space", size, addr);
    return false;
  }
  /* Through the builder, so that there is one place that sorts, merges and refuses overlaps. */
  struct builder b = {0};
  struct objfile joined = {0};
  const struct input in = {"merge", NULL, 0, err, err_size};
  bool ok = true;
  for (size_t i = 0; ok && i < file->segment_count; i++)
    ok = objfile_build_add(&b, file->segments[i].addr, file->segments[i].data, file->segments[i].size);
  ok = ok && objfile_build_add(&b, addr, data, size);
  if (!ok)
    snprintf(err, err_size, "out of memory");
  ok = ok && objfile_build_finish(&b, &in, &joined);
  objfile_build_free(&b);
  if (!ok) {
    objfile_free(&joined);
    return false;
  }
  for (size_t i = 0; i < file->segment_count; i++)
    free(file->segments[i].data);
  free(file->segments);
  file->segments = joined.segments;
  file->segment_count = joined.segment_count;
  return true;
}

uint8_t *objfile_flatten(const struct objfile *file, uint8_t fill, uint32_t limit, uint32_t *addr, uint32_t *size)
{
  if (file->segment_count == 0)
    return NULL;
  const struct objfile_segment *last = &file->segments[file->segment_count - 1];
  uint64_t total = (uint64_t)last->addr + last->size - file->segments[0].addr;
  if (total > limit)
    return NULL;
  uint8_t *bytes = malloc((size_t)total);
  if (bytes == NULL)
    return NULL;
  memset(bytes, fill, (size_t)total);
  *addr = file->segments[0].addr;
  *size = (uint32_t)total;
  for (size_t i = 0; i < file->segment_count; i++)
    memcpy(bytes + (file->segments[i].addr - *addr), file->segments[i].data, file->segments[i].size);
  return bytes;
}

/* ---- symbols ---- */

const char *objfile_symbol_at(const struct objfile *file, uint32_t addr, uint32_t *offset)
{
  size_t low = 0, high = file->symbol_count; /* symbols below `low` start at or before addr */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (file->symbols[middle].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return NULL;
  if (offset != NULL)
    *offset = addr - file->symbols[low - 1].addr;
  return file->symbols[low - 1].name;
}

bool objfile_symbol_find(const struct objfile *file, const char *name, uint32_t *addr)
{
  for (size_t i = 0; i < file->symbol_count; i++) {
    if (strcmp(file->symbols[i].name, name) == 0) {
      *addr = file->symbols[i].addr;
      return true;
    }
  }
  return false;
}
