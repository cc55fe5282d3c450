/* Symbol names in reports. */
#include "sim/host/symbols.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A symbol without a size (hand-written assembly) is believed this far. */
#define UNSIZED_REACH 1024u

void symbols_add(struct symbols *s, struct objfile *file)
{
  if (s->count == SYMBOLS_FILES) {
    objfile_free(&s->files[0]);
    memmove(&s->files[0], &s->files[1], (SYMBOLS_FILES - 1) * sizeof s->files[0]);
    s->count--;
  }
  s->files[s->count++] = *file;
}

void symbols_free(struct symbols *s)
{
  for (unsigned i = 0; i < s->count; i++)
    objfile_free(&s->files[i]);
  s->count = 0;
}

/* The last symbol at or before `addr` that reaches over it. Symbols may nest (a label in a function), so a few are
 * tried. */
static const struct objfile_symbol *find(const struct objfile *f, uint32_t addr)
{
  size_t low = 0, high = f->symbol_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (f->symbols[middle].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  for (unsigned tries = 0; low > 0 && tries < 16; tries++) {
    const struct objfile_symbol *symbol = &f->symbols[--low];
    uint32_t reach = symbol->size ? symbol->size : tries == 0 ? UNSIZED_REACH : 0;
    if (addr - symbol->addr < reach)
      return symbol;
  }
  return NULL;
}

bool symbols_name(const struct symbols *s, uint32_t addr, char *to, size_t size)
{
  for (unsigned i = s->count; i > 0; i--) {
    const struct objfile_symbol *symbol = find(&s->files[i - 1], addr);
    if (symbol) {
      snprintf(to, size, "%s+0x%x", symbol->name, (unsigned)(addr - symbol->addr));
      return true;
    }
  }
  return false;
}

void symbols_annotate(const struct symbols *s, const char *line, char *to, size_t size)
{
  size_t used = 0;
  char name[200];
  if (size == 0)
    return;
  to[0] = 0;
  while (*line && used + 1 < size) {
    size_t digits = 0;
    if (line[0] == '0' && line[1] == 'x')
      while (isxdigit((unsigned char)line[2 + digits]))
        digits++;
    if (digits == 8) {
      uint32_t addr = (uint32_t)strtoul(line, NULL, 16);
      bool named = symbols_name(s, addr, name, sizeof name);
      int n = snprintf(to + used, size - used, named ? "%.10s (%s)" : "%.10s", line, name);
      used = (size_t)n < size - used ? used + (size_t)n : size - 1;
      line += 10;
    } else {
      to[used++] = *line++;
      to[used] = 0;
    }
  }
}
