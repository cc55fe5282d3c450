/* Any bytes as a delta patch: the decoder reads the source and writes the target inside their bounds, in order, and
 * ends after as many steps as the input can pay for. The first byte of the input chooses the sizes; the source is made
 * up.
 */
#include "delta/delta.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 8192u

static uint8_t source[4096];
static struct {
  uint32_t source_size, written;
} seen;

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  (void)context;
  if (size == 0 || size > 32 || offset > seen.source_size || size > seen.source_size - offset)
    abort();
  memcpy(to, source + offset, size);
  return PC_OK;
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  (void)context;
  (void)from;
  if (size == 0 || size > DELTA_WRITE || seen.written % DELTA_WRITE != 0 || size > ROOM - seen.written)
    abort();
  seen.written += size;
  return PC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static struct delta_decoder d;
  const struct delta_io io = {NULL, read_source, write_target};
  if (size < 2)
    return 0;
  for (uint32_t i = 0; i < sizeof source; i++)
    source[i] = (uint8_t)(i * i >> 3 ^ i >> 7);
  uint32_t chunk = (bytes[0] & 15u) + 1u;
  seen.source_size = (uint32_t)(bytes[0] >> 4) * 273u;
  seen.written = 0;
  bytes++;
  size--;
  pc_status status = delta_start(&d, &io, seen.source_size, ROOM);
  for (size_t at = 0; at < size && status == PC_OK; at += chunk)
    status = delta_feed(&d, bytes + at, size - at < chunk ? (uint32_t)(size - at) : chunk);
  if (status == PC_OK)
    status = delta_finish(&d);
  if (status == PC_OK && seen.written != delta_target_size(&d))
    abort();
  return 0;
}
