/* Firmware files on the PC: ELF, Intel HEX, Motorola SREC and raw binary, read into sorted segments; written as HEX or
 * binary.
 *
 * Shared by the command line (tool/) and the simulator's loader (sim/host/). Total: any bytes either give a valid
 * result or a message that says what is wrong and where (file, line or offset).
 */
#ifndef TOOL_OBJFILE_OBJFILE_H
#define TOOL_OBJFILE_OBJFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum objfile_format { OBJFILE_AUTO, OBJFILE_ELF, OBJFILE_HEX, OBJFILE_SREC, OBJFILE_BIN };

struct objfile_segment {
  uint32_t addr; /* load (physical) address */
  uint32_t size; /* bytes, > 0 */
  uint8_t *data;
};

struct objfile_symbol {
  uint32_t addr, size; /* Thumb bit cleared; size 0 if unknown */
  char *name;
};

struct objfile {
  enum objfile_format format;
  struct objfile_segment *segments; /* sorted by address, not overlapping, neighbours merged */
  size_t segment_count;
  bool has_entry;
  uint32_t entry;
  struct objfile_symbol *symbols; /* ELF only: functions and objects, sorted by address */
  size_t symbol_count;
};

/* Read a file. `format` OBJFILE_AUTO looks at the content (ELF magic, ':' or 'S' records), else takes it as binary,
 * unless it is named as another format (.elf, .hex, .srec, .sfb and so on): then it is damaged. `bin_addr`: where a raw
 * binary goes. Overlapping segments are an error. False: `err` holds a message. */
bool objfile_read(const char *path, enum objfile_format format, uint32_t bin_addr, struct objfile *out, char *err,
                  size_t err_size);
/* The same from memory; `name` is used in messages. */
bool objfile_parse(const char *name, const uint8_t *bytes, size_t size, enum objfile_format format, uint32_t bin_addr,
                   struct objfile *out, char *err, size_t err_size);
void objfile_free(struct objfile *file);

/* Add a segment (copied). False if it overlaps another. */
bool objfile_add(struct objfile *file, uint32_t addr, const uint8_t *data, uint32_t size, char *err, size_t err_size);
/* All segments as one run of bytes from the lowest to the highest address, holes filled with `fill`; malloc'ed. NULL:
 * empty, or larger than `limit` bytes. */
uint8_t *objfile_flatten(const struct objfile *file, uint8_t fill, uint32_t limit, uint32_t *addr, uint32_t *size);
bool objfile_write_hex(const struct objfile *file, const char *path, char *err, size_t err_size);
bool objfile_write_bin(const struct objfile *file, uint8_t fill, const char *path, char *err, size_t err_size);

/* A copy of the ELF file `original`, from which `file` was read, with what is loaded taken from `file`: symbols and the
 * rest stay as they are. */
bool objfile_write_elf(const struct objfile *file, const char *original, const char *path, char *err, size_t err_size);

/* The function or object that contains `addr`, or the nearest before it; NULL if none. `offset`: from its start. */
const char *objfile_symbol_at(const struct objfile *file, uint32_t addr, uint32_t *offset);
/* Address of a symbol by name. */
bool objfile_symbol_find(const struct objfile *file, const char *name, uint32_t *addr);

#endif
