/* In-place patches applied in memory, as a device does it: see in_place.h and encoder.h. One buffer is the slot; the
 * target is written over the source in it. */
#include "delta/encoder.h"

#include <stdlib.h>
#include <string.h>

struct slot {
  const struct delta_in_place *how;
  uint8_t *bytes, *scratch; /* the slot; the pages that wait */
  uint32_t written;         /* bytes of the target that were decoded */
  uint32_t placed;          /* of them in the slot */
};

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  const struct slot *s = context;
  offset += s->how->shift * s->how->page;
  if (offset < s->placed)
    return PC_ERR_FORMAT;
  memcpy(to, s->bytes + offset, size);
  return PC_OK;
}

/* Bring the oldest of the groups that wait into the slot. */
static void place(struct slot *s, uint32_t size)
{
  const uint32_t ring = delta_in_place_scratch(s->how) * s->how->page;
  for (uint32_t i = 0; i < size; i++, s->placed++)
    s->bytes[s->placed] = s->scratch[s->placed % ring];
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  struct slot *s = context;
  const uint32_t group = s->how->group * s->how->page, ring = delta_in_place_scratch(s->how) * s->how->page;
  if (s->written > 0 && s->written % group == 0 && s->written - s->placed == ring)
    place(s, group);
  if (size > s->how->slot * s->how->page - s->written)
    return PC_ERR_SIZE;
  memcpy(s->scratch + s->written % ring, from, size);
  s->written += size;
  return PC_OK;
}

pc_status delta_apply_in_place(const uint8_t *source, size_t source_size, const struct delta_in_place *how,
                               const uint8_t *patch, size_t patch_size, uint8_t **target, size_t *target_size)
{
  const uint32_t size = how->slot * how->page;
  const size_t up = (size_t)how->shift * how->page;
  if (patch_size > UINT32_MAX || source_size > size ||
      (source_size + how->page - 1) / how->page + how->shift > how->slot)
    return PC_ERR_SIZE;
  struct slot slot = {how, malloc(size), malloc((size_t)delta_in_place_scratch(how) * how->page), 0, 0};
  const struct delta_io io = {&slot, read_source, write_target};
  struct delta_decoder *decoder = malloc(sizeof *decoder);
  pc_status status = PC_ERR_SIZE;
  if (decoder != NULL && slot.bytes != NULL && slot.scratch != NULL) {
    memset(slot.bytes, 0xFF, size);
    if (source_size > 0)
      memcpy(slot.bytes + up, source, source_size);
    status = delta_start(decoder, &io, (uint32_t)source_size, size);
    if (status == PC_OK)
      status = delta_feed(decoder, patch, (uint32_t)patch_size);
    if (status == PC_OK)
      status = delta_finish(decoder);
  }
  if (status == PC_OK)
    place(&slot, slot.written - slot.placed);
  free(decoder);
  free(slot.scratch);
  if (status == PC_OK) {
    *target = slot.bytes;
    *target_size = slot.written;
  } else {
    free(slot.bytes);
  }
  return status;
}
