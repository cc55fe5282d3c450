/* Keys as code: writing it, and following it in a linked program. */
#include "tool/embed.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void words(FILE *to, const uint8_t *key, unsigned size)
{
  for (unsigned i = 0; i < size; i += 4) {
    unsigned low = key[i] | (unsigned)key[i + 1] << 8, high = key[i + 2] | (unsigned)key[i + 3] << 8;
    fprintf(to, "  movw r1, #0x%04x\n  movt r1, #0x%04x\n  str r1, [r0, #%u]\n", low, high, i);
  }
}

static void bytes(FILE *to, const uint8_t *key, unsigned size)
{
  for (unsigned i = 0; i < size; i++) {
    if (i > 0 && i % 32 == 0) /* STRB reaches 31 bytes */
      fprintf(to, "  adds r0, r0, #32\n");
    fprintf(to, "  movs r1, #0x%02x\n  strb r1, [r0, #%u]\n", key[i], i % 32);
  }
}

static void function(FILE *to, enum embed_arch arch, const char *name, uint32_t image, const uint8_t *key,
                     unsigned size)
{
  fprintf(to, "\n  .global %s_%u\n  .type %s_%u, %%function\n  .thumb_func\n%s_%u:\n", name, image, name, image, name,
          image);
  (arch == EMBED_V7M ? words : bytes)(to, key, size);
  fprintf(to, "  movs r1, #0\n  bx lr\n  .size %s_%u, . - %s_%u\n", name, image, name, image);
}

char *embed_assembly(enum embed_arch arch, uint32_t image, const uint8_t aes[16], const uint8_t point[64], size_t *size)
{
  char *text = NULL;
  FILE *to = open_memstream(&text, size);
  if (to == NULL)
    return NULL;
  fprintf(to,
          "/* Made by 'portcullis keys embed': SECRET, holds the AES key of image %u. Build it in, never publish it.\n"
          " *   void engine_key_aes_%u(uint8_t out[16]);\n"
          " *   void engine_key_pub_%u(uint8_t out[64]);   X || Y, big-endian\n"
          " * The keys are immediate operands: no data is read from here, so this may lie in execute-only memory. */\n"
          "  .syntax unified\n  .arch %s\n  .thumb\n  .section .keys, \"ax\", %%progbits\n  .balign 4\n",
          image, image, image, arch == EMBED_V7M ? "armv7-m" : "armv6-m");
  function(to, arch, "engine_key_aes", image, aes, 16);
  function(to, arch, "engine_key_pub", image, point, 64);
  if (fclose(to) != 0) {
    free(text);
    return NULL;
  }
  return text;
}

/* ---- following ---- */

struct machine {
  const struct objfile *program;
  uint32_t pc, r0, r1;
  uint8_t out[64];
};

/* The two bytes at an address, NULL if there are none. */
static uint8_t *half_at(const struct objfile *program, uint32_t addr)
{
  for (size_t i = 0; i < program->segment_count; i++) {
    const struct objfile_segment *s = &program->segments[i];
    if (addr >= s->addr && s->size >= 2 && addr - s->addr <= s->size - 2)
      return s->data + (addr - s->addr);
  }
  return NULL;
}

static bool fetch(const struct machine *m, uint32_t addr, unsigned *half)
{
  const uint8_t *at = half_at(m->program, addr);
  if (at != NULL)
    *half = at[0] | (unsigned)at[1] << 8;
  return at != NULL;
}

static bool store(struct machine *m, uint32_t at, unsigned size)
{
  if (at > sizeof m->out - size)
    return false;
  for (unsigned i = 0; i < size; i++)
    m->out[at + i] = (uint8_t)(m->r1 >> (8 * i));
  return true;
}

/* One instruction of the few that embed_assembly writes (encodings: ARMv7-M Architecture Reference Manual, A7.7). */
static bool step(struct machine *m, bool *done)
{
  unsigned a, b;
  if (!fetch(m, m->pc, &a))
    return false;
  if ((a & 0xFB70) == 0xF240 && fetch(m, m->pc + 2, &b) && (b & 0x8F00) == 0x0100) {
    unsigned value = (a & 0xF) << 12 | (a >> 10 & 1) << 11 | (b >> 12 & 7) << 8 | (b & 0xFF);
    m->r1 = (a & 0x80) ? (m->r1 & 0xFFFF) | value << 16 : value; /* MOVT, MOVW r1 */
    m->pc += 4;
    return true;
  }
  m->pc += 2;
  *done = a == 0x4770; /* BX LR */
  if (*done)
    return true;
  if ((a & 0xFF00) == 0x2100) { /* MOVS r1, #imm8 */
    m->r1 = a & 0xFF;
    return true;
  }
  if ((a & 0xFF00) == 0x3000) { /* ADDS r0, #imm8 */
    m->r0 += a & 0xFF;
    return true;
  }
  if ((a & 0xF83F) == 0x6001) /* STR r1, [r0, #imm5 * 4] */
    return store(m, m->r0 + (a >> 6 & 31) * 4, 4);
  if ((a & 0xF83F) == 0x7001) /* STRB r1, [r0, #imm5] */
    return store(m, m->r0 + (a >> 6 & 31), 1);
  return false;
}

enum embed_found embed_find(const struct objfile *program, const char *symbol, const uint8_t *key, size_t size)
{
  struct machine m = {.program = program};
  bool done = false;
  if (size > sizeof m.out || !objfile_symbol_find(program, symbol, &m.pc))
    return EMBED_NONE;
  for (unsigned i = 0; !done; i++) /* the longest function has 64 x 2 + 4 instructions */
    if (i == 200 || !step(&m, &done))
      return EMBED_NONE;
  bool same = memcmp(m.out, key, size) == 0;
  OPENSSL_cleanse(&m, sizeof m);
  return same ? EMBED_SAME : EMBED_OTHER;
}

/* ---- replacing ---- */

static void put_half(const struct objfile *program, uint32_t addr, unsigned half)
{
  uint8_t *at = half_at(program, addr);
  at[0] = (uint8_t)half;
  at[1] = (uint8_t)(half >> 8);
}

/* The operand of the instruction at `addr`, if it is one that carries bytes of a key (sizes are even), becomes the next
 * of them: how many. */
static unsigned put_operand(const struct objfile *program, uint32_t addr, const uint8_t *key)
{
  unsigned a, b;
  const struct machine m = {.program = program};
  if (!fetch(&m, addr, &a) || !fetch(&m, addr + 2, &b))
    return 0;
  if ((a & 0xFB70) == 0xF240 && (b & 0x8F00) == 0x0100) { /* MOVW, MOVT: imm4:i:imm3:imm8 */
    unsigned value = key[0] | (unsigned)key[1] << 8;
    put_half(program, addr, (a & 0xFBF0) | value >> 12 | (value >> 11 & 1) << 10);
    put_half(program, addr + 2, (b & 0x8F00) | (value >> 8 & 7) << 12 | (value & 0xFF));
    return 2;
  }
  if ((a & 0xFF00) == 0x2100 && (b & 0xF83F) == 0x7001) { /* MOVS r1 that a STRB follows */
    put_half(program, addr, (a & 0xFF00) | key[0]);
    return 1;
  }
  return 0;
}

bool embed_replace(struct objfile *program, const char *symbol, const uint8_t *key, size_t size)
{
  struct machine m = {.program = program};
  bool done = false;
  size_t used = 0;
  if (size > sizeof m.out || !objfile_symbol_find(program, symbol, &m.pc))
    return false;
  for (unsigned i = 0; !done; i++) {
    const uint32_t at = m.pc;
    if (i == 200 || !step(&m, &done))
      return false;
    if (!done && used < size)
      used += put_operand(program, at, key + used);
  }
  OPENSSL_cleanse(&m, sizeof m);
  return used == size && embed_find(program, symbol, key, size) == EMBED_SAME;
}
