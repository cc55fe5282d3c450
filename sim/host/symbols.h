/* Names for addresses in reports, from the ELF files that were loaded. */
#ifndef SIM_HOST_SYMBOLS_H
#define SIM_HOST_SYMBOLS_H

#include "tool/objfile/objfile.h"

#define SYMBOLS_FILES 16u

struct symbols {
  struct objfile files[SYMBOLS_FILES]; /* the newest last */
  unsigned count;
};

/* Takes over `file` (freed by symbols_free). When there are too many, the oldest goes. */
void symbols_add(struct symbols *symbols, struct objfile *file);
void symbols_free(struct symbols *symbols);
/* "name+0x1a" for an address inside a function or object; false if it is in none. The newest file is asked first. */
bool symbols_name(const struct symbols *symbols, uint32_t addr, char *to, size_t size);
/* Copy `line`, with " (name+0x1a)" after every 0x-address of eight digits that has a name. */
void symbols_annotate(const struct symbols *symbols, const char *line, char *to, size_t size);

#endif
