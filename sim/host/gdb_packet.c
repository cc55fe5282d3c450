/* The framing of gdb's remote serial protocol. */
#include "sim/host/gdb_packet.h"

int gdb_hex_digit(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

static void start(struct gdb_reader *r)
{
  r->state = GDB_DATA;
  r->too_long = false;
  r->sum = 0;
  r->size = 0;
}

static void store(struct gdb_reader *r, uint8_t byte)
{
  if (r->size < GDB_PACKET_MAX)
    r->data[r->size++] = byte;
  else
    r->too_long = true;
}

static enum gdb_event outside(struct gdb_reader *r, uint8_t byte)
{
  switch (byte) {
  case '$':
    start(r);
    return GDB_NOTHING;
  case '+':
    return GDB_ACK;
  case '-':
    return GDB_RETRY;
  case 0x03:
    return GDB_INTERRUPT;
  default: /* noise between packets */
    return GDB_NOTHING;
  }
}

enum gdb_event gdb_reader_byte(struct gdb_reader *r, uint8_t byte)
{
  int digit;
  switch (r->state) {
  case GDB_DATA:
    if (byte == '$') { /* never inside a packet: the end of the last one got lost */
      start(r);
    } else if (byte == '#') {
      r->state = GDB_SUM1;
    } else {
      r->sum = (uint8_t)(r->sum + byte);
      if (byte == '}')
        r->state = GDB_ESCAPED;
      else
        store(r, byte);
    }
    return GDB_NOTHING;
  case GDB_ESCAPED:
    r->sum = (uint8_t)(r->sum + byte);
    store(r, byte ^ 0x20);
    r->state = GDB_DATA;
    return GDB_NOTHING;
  case GDB_SUM1:
    digit = gdb_hex_digit(byte);
    if (digit < 0) {
      r->state = GDB_IDLE;
      return GDB_BROKEN;
    }
    r->wanted = (uint8_t)(digit << 4);
    r->state = GDB_SUM2;
    return GDB_NOTHING;
  case GDB_SUM2:
    digit = gdb_hex_digit(byte);
    r->state = GDB_IDLE;
    if (digit < 0 || (r->wanted | digit) != r->sum || r->too_long)
      return GDB_BROKEN;
    r->data[r->size] = 0;
    return GDB_PACKET;
  case GDB_IDLE:
  default:
    return outside(r, byte);
  }
}

size_t gdb_frame(const void *payload, size_t size, uint8_t *to)
{
  static const char hex[] = "0123456789abcdef";
  const uint8_t *from = payload;
  uint8_t sum = 0;
  size_t n = 0;
  to[n++] = '$';
  for (size_t i = 0; i < size; i++) {
    uint8_t c = from[i];
    if (c == '#' || c == '$' || c == '}' || c == '*') {
      to[n++] = '}';
      sum = (uint8_t)(sum + '}');
      c ^= 0x20;
    }
    to[n++] = c;
    sum = (uint8_t)(sum + c);
  }
  to[n++] = '#';
  to[n++] = (uint8_t)hex[sum >> 4];
  to[n++] = (uint8_t)hex[sum & 15];
  return n;
}
