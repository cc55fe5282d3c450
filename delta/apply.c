/* Patches applied in memory, with the device's decoder: see encoder.h. */
#include "delta/encoder.h"

#include <stdlib.h>
#include <string.h>

struct images {
  const uint8_t *source;
  uint8_t *target;
  size_t size, room;
};

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  const struct images *images = context;
  memcpy(to, images->source + offset, size);
  return PC_OK;
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  struct images *images = context;
  if (images->room - images->size < size) {
    size_t room = images->room * 2 + 65536;
    uint8_t *target = realloc(images->target, room);
    if (!target)
      return PC_ERR_SIZE;
    images->target = target;
    images->room = room;
  }
  memcpy(images->target + images->size, from, size);
  images->size += size;
  return PC_OK;
}

pc_status delta_apply(const uint8_t *source, size_t source_size, const uint8_t *patch, size_t patch_size,
                      uint8_t **target, size_t *target_size)
{
  if (patch_size > DELTA_IN_PLACE_SIZE && patch[0] == DELTA_MODE_IN_PLACE) {
    struct delta_in_place how;
    const size_t head = 1 + DELTA_IN_PLACE_SIZE;
    pc_status parsed = delta_in_place_parse(patch + 1, &how);
    return parsed != PC_OK
               ? parsed
               : delta_apply_in_place(source, source_size, &how, patch + head, patch_size - head, target, target_size);
  }
  struct images images = {source, malloc(1), 0, 1};
  const struct delta_io io = {&images, read_source, write_target};
  struct delta_decoder *decoder = malloc(sizeof *decoder);
  pc_status status = PC_ERR_SIZE;
  if (decoder && images.target && source_size <= DELTA_MAX_SIZE && patch_size <= UINT32_MAX) {
    status = delta_start(decoder, &io, (uint32_t)source_size, DELTA_MAX_SIZE);
    if (status == PC_OK)
      status = delta_feed(decoder, patch, (uint32_t)patch_size);
    if (status == PC_OK)
      status = delta_finish(decoder);
  }
  free(decoder);
  if (status == PC_OK) {
    *target = images.target;
    *target_size = images.size;
  } else {
    free(images.target);
  }
  return status;
}
