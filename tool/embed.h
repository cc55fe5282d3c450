/* Keys as code: functions that build a key from immediate operands, so that they can live in execute-only memory
 * (PCROP), where the processor may fetch instructions but not read data: no literal pool, no table.
 *
 *   void engine_key_aes_N(uint8_t out[16]);
 *   void engine_key_pub_N(uint8_t out[64]);   X || Y, big-endian
 *
 * in section .keys. r1 is cleared before they return. ARMv7-M: MOVW/MOVT and STR, 10 bytes a word; `out` aligned to 4,
 * or unaligned access allowed (its reset state). ARMv6-M: MOVS and STRB, 4 bytes a byte; any alignment.
 */
#ifndef TOOL_EMBED_H
#define TOOL_EMBED_H

#include "tool/cli.h"
#include "tool/objfile/objfile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum embed_arch { EMBED_V7M, EMBED_V6M };

/* GNU assembler source; malloc'ed. NULL: out of memory. */
char *embed_assembly(enum embed_arch arch, uint32_t image, const uint8_t aes[16], const uint8_t point[64],
                     size_t *size);

enum embed_found { EMBED_NONE, EMBED_SAME, EMBED_OTHER };
/* Does a program hold this key? Follows the instructions of the function `symbol` (one that embed_assembly made).
 * EMBED_NONE: no such symbol, or it is no such function. `size` up to 64. */
enum embed_found embed_find(const struct objfile *program, const char *symbol, const uint8_t *key, size_t size);
/* Give the program another key in place of the one in the function `symbol`. False: no such symbol, no such function,
 * or it holds a key of another size; the program is then no longer to be used. */
bool embed_replace(struct objfile *program, const char *symbol, const uint8_t *key, size_t size);

#endif
