/* Frames of the field bus: escaped, with a check value. */
#include "app.h"

#include <string.h>

enum { MARK = 0x7e, ESCAPE = 0x7d };

static size_t put(uint8_t *to, size_t at, size_t room, uint8_t byte)
{
  if (byte == MARK || byte == ESCAPE) {
    if (at < room)
      to[at] = ESCAPE;
    at++;
    byte ^= 0x20;
  }
  if (at < room)
    to[at] = byte;
  return at + 1;
}

size_t frame_pack(uint8_t *to, size_t room, uint8_t type, const void *data, size_t size)
{
  const uint8_t *p = data;
  uint16_t crc = store_crc(data, size);
  size_t at = 0;
  if (room)
    to[at] = MARK;
  at++;
  at = put(to, at, room, type);
  at = put(to, at, room, (uint8_t)size);
  for (size_t i = 0; i < size; i++)
    at = put(to, at, room, p[i]);
  at = put(to, at, room, (uint8_t)crc);
  at = put(to, at, room, (uint8_t)(crc >> 8));
  return at <= room ? at : 0;
}

int frame_unpack(const uint8_t *from, size_t size, void *data, size_t room)
{
  uint8_t plain[300];
  size_t n = 0;
  for (size_t i = 1; i < size && n < sizeof plain; i++) {
    if (from[i] == MARK)
      break;
    plain[n++] = from[i] == ESCAPE && i + 1 < size ? (uint8_t)(from[++i] ^ 0x20) : from[i];
  }
  if (size < 5 || from[0] != MARK || n < 4)
    return -1;
  size_t length = plain[1];
  if (length + 4 != n || length > room)
    return -2;
  uint16_t crc = (uint16_t)(plain[n - 2] | plain[n - 1] << 8);
  if (crc != store_crc(plain + 2, length)) {
    log_add(2, "frame of type %u damaged", plain[0]);
    return -3;
  }
  memcpy(data, plain + 2, length);
  return (int)length;
}
