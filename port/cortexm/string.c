/* memcpy, memmove, memset and memcmp for size: the C library's versions are built for speed and would cost a kilobyte,
 * once in the engine and once outside it. Bulk data does not pass through here (flash drivers and SHA-256 read words
 * themselves). */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
  uint8_t *out = to;
  const uint8_t *in = from;
  while (size-- != 0)
    *out++ = *in++;
  return to;
}

void *memset(void *to, int byte, size_t size)
{
  uint8_t *out = to;
  while (size-- != 0)
    *out++ = (uint8_t)byte;
  return to;
}

void *memmove(void *to, const void *from, size_t size)
{
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in)
    for (size_t i = 0; i < size; i++)
      out[i] = in[i];
  else
    while (size-- != 0)
      out[size] = in[size];
  return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
  const uint8_t *x = a, *y = b;
  for (; size != 0; size--, x++, y++)
    if (*x != *y)
      return *x - *y;
  return 0;
}
