/* Intel HEX (Intel, "Hexadecimal Object File Format Specification", revision A, 1988): record types 00-05. */
#include "tool/objfile/internal.h"

#define RECORD_OVERHEAD 5u /* length, address (2), type, checksum */

struct hex_state {
  uint32_t base;  /* from record type 02 or 04 */
  bool segmented; /* type 02: offsets wrap at 64 KiB, so a record must not cross that line */
  bool ended;
};

static uint32_t big_endian(const uint8_t *bytes, unsigned count)
{
  uint32_t value = 0;
  for (unsigned i = 0; i < count; i++)
    value = value << 8 | bytes[i];
  return value;
}

/* One record, its checksum and length already right. `r`: length, address, type, data. */
static bool record(const struct input *in, unsigned line, const uint8_t *r, struct hex_state *state, struct builder *b,
                   struct objfile *out)
{
  static const uint8_t wanted[] = {0, 0, 2, 4, 2, 4}; /* data bytes by type, from 1 on */
  unsigned length = r[0], type = r[3];
  uint32_t offset = big_endian(r + 1, 2);
  const uint8_t *data = r + 4;
  if (type > 5)
    return objfile_fail(in, line, "unknown record type %02x", type);
  if (type != 0 && length != wanted[type])
    return objfile_fail(in, line, "record type %02x has %u data bytes, must have %u", type, length, wanted[type]);
  switch (type) {
  case 0:
    if (state->segmented && offset + length > 0x10000)
      return objfile_fail(in, line, "record crosses the end of its 64 KiB segment");
    if ((uint64_t)state->base + offset + length > UINT64_C(1) << 32)
      return objfile_fail(in, line, "record goes beyond the end of the address space");
    if (!objfile_build_add(b, state->base + offset, data, length))
      return objfile_fail(in, line, "out of memory");
    break;
  case 1:
    state->ended = true;
    break;
  case 2:
    state->base = big_endian(data, 2) << 4;
    state->segmented = true;
    break;
  case 3: /* CS:IP of an 8086: means nothing on a Cortex-M */
    break;
  case 4:
    state->base = big_endian(data, 2) << 16;
    state->segmented = false;
    break;
  default:
    out->has_entry = true;
    out->entry = big_endian(data, 4);
    break;
  }
  return true;
}

bool objfile_read_hex(const struct input *in, struct builder *b, struct objfile *out)
{
  struct hex_state state = {0};
  size_t pos = 0, length;
  unsigned line = 0;
  const uint8_t *text;
  uint8_t r[255 + RECORD_OVERHEAD];
  while (objfile_next_line(in, &pos, &line, &text, &length)) {
    if (state.ended)
      return objfile_fail(in, line, "data after the end record");
    if (text[0] != ':')
      return objfile_fail(in, line, "not an Intel HEX record (no ':')");
    size_t digits = length - 1;
    if (digits / 2 < RECORD_OVERHEAD || digits / 2 > sizeof r || !objfile_hex_bytes(text + 1, digits, r))
      return objfile_fail(in, line, "record is too short, too long, or has a character that is no hex digit");
    if (digits / 2 != r[0] + RECORD_OVERHEAD)
      return objfile_fail(in, line, "record says %u data bytes and has %zu", r[0], digits / 2 - RECORD_OVERHEAD);
    unsigned sum = 0;
    for (size_t i = 0; i + 1 < digits / 2; i++)
      sum += r[i];
    uint8_t check = (uint8_t)(0u - sum);
    if (r[digits / 2 - 1] != check)
      return objfile_fail(in, line, "checksum is %02x, must be %02x", r[digits / 2 - 1], check);
    if (!record(in, line, r, &state, b, out))
      return false;
  }
  if (!state.ended)
    return objfile_fail(in, line, "no end record: the file was cut short");
  return true;
}
