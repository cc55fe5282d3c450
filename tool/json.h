/* JSON out, one value at a time, on stdout: commas, quotes and indentation are taken care of. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Containers; `name` NULL inside an array and for the outermost value. Nesting up to 8 deep. */
void json_object(const char *name);
void json_array(const char *name);
void json_end(void); /* the innermost; after the outermost a newline */

void json_string(const char *name, const char *value); /* value NULL: null */
void json_number(const char *name, uint64_t value);
void json_bool(const char *name, bool value);
void json_hex(const char *name, const uint8_t *bytes, size_t size); /* as a string of hex digits */
void json_address(const char *name, uint32_t address);              /* as a string "0x08088000" */

#endif
