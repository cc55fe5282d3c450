/* See update_patch_head.h. */
#include "loader/update_patch_head.h"

#include "flash/flash.h"
#include "image/patch.h"
#include "portcullis/engine.h"

#include <string.h>

_Static_assert(PATCH_HEADER_SIZE == PATCH_TARGET_SIZE, "both headers are collected in the same place");

pc_status update_patch_begin(struct update *u, uint32_t most)
{
  struct patch_info info;
  pc_status status = patch_header_parse(u->header, UINT32_MAX, &info);
  if (status != PC_OK)
    return status;
  if (u->target.image != 0 && info.image != u->target.image)
    return PC_ERR_PARAM;
  if (info.cipher_size > most)
    return PC_ERR_SIZE;
  if (u->size != UPDATE_ANY_SIZE && u->size - PATCH_FILE_OFFSET != info.cipher_size)
    return PC_ERR_FORMAT;
  u->size = info.cipher_size + PATCH_FILE_OFFSET;
  return engine_call(ENGINE_PATCH_BEGIN, (uintptr_t)u->header, 0, 0);
}

pc_status update_patch_make_room(struct update *u)
{
  const struct flash_area *slot = u->target.slot;
  u->erased = slot->page;
  return flash_erase(slot, 0, slot->page);
}

pc_status update_patch_take(struct update *u, const struct update_patch_parts *parts, const uint8_t *bytes,
                            uint32_t length)
{
  while (length != 0) {
    const uint32_t at = u->received, within = at % PATCH_HEADER_SIZE;
    uint32_t take = length;
    pc_status status = PC_OK;
    if (length > u->size - at)
      return PC_ERR_TRANSFER;
    if (at < PATCH_FILE_OFFSET) {
      if (take > PATCH_HEADER_SIZE - within)
        take = PATCH_HEADER_SIZE - within;
      memcpy(u->header + within, bytes, take);
      if (at + take == PATCH_HEADER_SIZE) {
        status = parts->begin(u);
      } else if (at + take == PATCH_FILE_OFFSET) {
        memset(u->header + PATCH_TARGET_SIZE, 0xFF, IMAGE_HEADER_SIZE - PATCH_TARGET_SIZE);
        status = parts->accept_target(u);
      }
    } else {
      status = u->step == UPDATE_IMAGE ? parts->feed(u, bytes, length, &take) : PC_ERR_STATE;
    }
    if (status != PC_OK)
      return status;
    u->received += take;
    bytes += take;
    length -= take;
  }
  return PC_OK;
}
