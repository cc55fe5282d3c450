/* What the readers of objfile share: the builder that collects pieces of memory in any order, and messages. Nothing
 * outside tool/objfile includes this. */
#ifndef TOOL_OBJFILE_INTERNAL_H
#define TOOL_OBJFILE_INTERNAL_H

#include "tool/objfile/objfile.h"

struct piece {
  uint32_t addr, size; /* size > 0, addr + size <= 2^32 */
  size_t at;           /* of its bytes in the pool */
};

struct builder {
  struct piece *pieces;
  size_t count, room;
  uint8_t *pool;
  size_t used, pool_room;
};

/* A reader's view of its input and where it complains. */
struct input {
  const char *name;
  const uint8_t *bytes;
  size_t size;
  char *err;
  size_t err_size;
};

/* "name:line: text" into the reader's err; `line` 0: no line in the message. */
__attribute__((format(printf, 3, 4))) void objfile_complain(const struct input *in, unsigned line, const char *format,
                                                            ...);
/* Always false, so that a reader can `return objfile_fail(...)`. A macro, for the compiler to see that. */
#define objfile_fail(...) (objfile_complain(__VA_ARGS__), false)

/* Copy `size` bytes for address `addr`. Neighbours that come in order grow one piece. False: out of memory (nothing is
 * printed). The caller has checked that addr + size stays within 32 bits. */
bool objfile_build_add(struct builder *builder, uint32_t addr, const uint8_t *data, size_t size);
/* Sort, merge and move the pieces into out->segments. Overlaps, and no data at all, are errors. */
bool objfile_build_finish(struct builder *builder, const struct input *in, struct objfile *out);
void objfile_build_free(struct builder *builder);

bool objfile_read_elf(const struct input *in, struct builder *builder, struct objfile *out);
bool objfile_read_hex(const struct input *in, struct builder *builder, struct objfile *out);
bool objfile_read_srec(const struct input *in, struct builder *builder, struct objfile *out);

/* Text records: takes the next line that is not blank, without its line end. False at the end of the input. `*pos` and
 * `*line` (number of the line returned, from 1) start at 0. */
bool objfile_next_line(const struct input *in, size_t *pos, unsigned *line, const uint8_t **text, size_t *length);
/* `digits` characters as bytes (pairs of hex digits). False: a character is no hex digit. */
bool objfile_hex_bytes(const uint8_t *text, size_t digits, uint8_t *to);

#endif
