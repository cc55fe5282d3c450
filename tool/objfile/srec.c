/* Motorola S-records: S0 header, S1/S2/S3 data with 16, 24 and 32-bit addresses, S5/S6 count, S7/S8/S9 end with entry.
 */
#include "tool/objfile/internal.h"

/* Address bytes by record type; 0: no such record (S4 is reserved). */
static const uint8_t address_bytes[10] = {2, 2, 3, 4, 0, 2, 3, 4, 3, 2};

struct srec_state {
  uint32_t data_records;
  bool counted; /* a count record stands after the last data: srec_cat ends its files so when there is no entry point */
  bool ended;
};

/* One record, its checksum and length already right: address, then `length` data bytes. */
static bool record(const struct input *in, unsigned line, unsigned type, uint32_t address, const uint8_t *data,
                   size_t length, struct srec_state *state, struct builder *b, struct objfile *out)
{
  switch (type) {
  case 0:
    return true;
  case 1:
  case 2:
  case 3:
    if ((uint64_t)address + length > UINT64_C(1) << 32)
      return objfile_fail(in, line, "record goes beyond the end of the address space");
    state->data_records++;
    state->counted = false;
    if (!objfile_build_add(b, address, data, length))
      return objfile_fail(in, line, "out of memory");
    return true;
  case 5:
  case 6:
    if (address != state->data_records)
      return objfile_fail(in, line, "record count is %u, but %u data records stand before it", address,
                          state->data_records);
    state->counted = true;
    return true;
  default:
    state->ended = true;
    if (address != 0) { /* objcopy and srec_cat write 0 when there is no entry point */
      out->has_entry = true;
      out->entry = address;
    }
    return true;
  }
}

bool objfile_read_srec(const struct input *in, struct builder *b, struct objfile *out)
{
  struct srec_state state = {0};
  size_t pos = 0, length;
  unsigned line = 0;
  const uint8_t *text;
  uint8_t r[256]; /* count, then at most 255 bytes */
  while (objfile_next_line(in, &pos, &line, &text, &length)) {
    if (state.ended)
      return objfile_fail(in, line, "data after the end record");
    if (length < 2 || text[0] != 'S' || text[1] < '0' || text[1] > '9' || address_bytes[text[1] - '0'] == 0)
      return objfile_fail(in, line, "not an S-record (S0-S3, S5-S9)");
    unsigned type = text[1] - '0';
    size_t bytes = (length - 2) / 2; /* count, address, data, checksum */
    if (bytes < address_bytes[type] + 2u || bytes > sizeof r || !objfile_hex_bytes(text + 2, length - 2, r))
      return objfile_fail(in, line, "record is too short, too long, or has a character that is no hex digit");
    if (bytes != r[0] + 1u)
      return objfile_fail(in, line, "record says %u bytes and has %zu", r[0], bytes - 1);
    unsigned sum = 0;
    for (size_t i = 0; i + 1 < bytes; i++)
      sum += r[i];
    uint8_t check = (uint8_t)~sum;
    if (r[bytes - 1] != check)
      return objfile_fail(in, line, "checksum is %02x, must be %02x", r[bytes - 1], check);
    uint32_t address = 0;
    for (unsigned i = 0; i < address_bytes[type]; i++)
      address = address << 8 | r[1 + i];
    const uint8_t *data = r + 1 + address_bytes[type];
    if (!record(in, line, type, address, data, bytes - 2 - address_bytes[type], &state, b, out))
      return false;
  }
  if (!state.ended && !state.counted)
    return objfile_fail(in, line, "no end record (S7, S8, S9) and no count (S5, S6): the file was cut short");
  return true;
}
