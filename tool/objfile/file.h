/* Whole files in and out, for every program on the PC: errors name the file, and no half-written file is left. */
#ifndef TOOL_OBJFILE_FILE_H
#define TOOL_OBJFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All bytes of a file (or pipe); malloc'ed, never NULL for an empty file. NULL: cannot be read, or larger than `limit`
 * bytes; `err` then holds "path: reason". */
uint8_t *objfile_slurp(const char *path, size_t limit, size_t *size, char *err, size_t err_size);

/* Replace a file in one step: written under a temporary name in the same folder, then renamed. `mode` as for open(2),
 * e.g. 0666 or 0600. A path that exists and is no regular file (/dev/stdout) is written directly. */
bool objfile_spit(const char *path, const void *bytes, size_t size, unsigned mode, char *err, size_t err_size);

#endif
