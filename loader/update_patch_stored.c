/* Patches for a board with a single slot, kept as they come: see update_patch.h. `u->header` holds the patch's header
 * first, then the TO header, as in update_patch.c. */
#include "flash/flash.h"
#include "image/patch.h"
#include "loader/update_patch.h"
#include "portcullis/engine.h"

#include <stddef.h>
#include <string.h>

static uint8_t head[PATCH_HEADER_SIZE]; /* until the TO header has been judged, too */

static uint32_t min(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

static void report(const struct update *u)
{
  if (u->target.progress != NULL)
    u->target.progress(u->target.ctx, u->received, u->size);
}

/* What is in `u->unit`, filled up with FF. */
static pc_status program(struct update *u)
{
  const struct flash_area *slot = u->target.slot;
  const uint32_t at = slot->page + u->written;
  pc_status status = PC_OK;
  memset(u->unit + u->held, 0xFF, sizeof u->unit - u->held);
  if (at == u->erased) {
    u->erased += slot->page;
    status = flash_erase(slot, at, slot->page);
    report(u);
  }
  if (status == PC_OK)
    status = flash_program(slot, at, u->unit, sizeof u->unit);
  u->written += (uint32_t)sizeof u->unit;
  u->held = 0;
  return status;
}

static pc_status store(struct update *u, const uint8_t *bytes, uint32_t length)
{
  pc_status status = PC_OK;
  while (status == PC_OK && length != 0) {
    const uint32_t take = min((uint32_t)sizeof u->unit - u->held, length);
    memcpy(u->unit + u->held, bytes, take);
    u->held += take;
    bytes += take;
    length -= take;
    if (u->held == sizeof u->unit)
      status = program(u);
  }
  return status;
}

/* Its header is there. The engine looks at the signature, the board's pages and the active image. */
static pc_status begin(struct update *u)
{
  struct patch_info info;
  pc_status status = patch_header_parse(u->header, UINT32_MAX, &info);
  if (status != PC_OK)
    return status;
  if (u->target.image != 0 && info.image != u->target.image)
    return PC_ERR_PARAM;
  if (info.cipher_size > u->target.slot->size)
    return PC_ERR_SIZE;
  if (u->size != UPDATE_ANY_SIZE && u->size - PATCH_FILE_OFFSET != info.cipher_size)
    return PC_ERR_FORMAT;
  u->size = info.cipher_size + PATCH_FILE_OFFSET;
  memcpy(head, u->header, sizeof head);
  return engine_call(ENGINE_PATCH_BEGIN, (uintptr_t)head, 0, 0);
}

/* The TO header is there: only when all agree, the old candidate goes. */
static pc_status accept_target(struct update *u)
{
  const struct flash_area *slot = u->target.slot;
  memset(u->header + PATCH_TARGET_SIZE, 0xFF, IMAGE_HEADER_SIZE - PATCH_TARGET_SIZE);
  volatile pc_status status = engine_call(ENGINE_PATCH_TARGET, (uintptr_t)u->header, 0, 0);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  u->erased = slot->page;
  u->written = u->held = 0;
  status = flash_erase(slot, 0, slot->page);
  if (status == PC_OK)
    status = store(u, head, sizeof head);
  if (status == PC_OK)
    u->step = UPDATE_IMAGE;
  return status;
}

static pc_status take_bytes(struct update *u, const uint8_t *bytes, uint32_t length)
{
  while (length != 0) {
    const uint32_t at = u->received;
    const uint32_t within = at < PATCH_HEADER_SIZE ? at : at - PATCH_HEADER_SIZE;
    const uint32_t take = at < PATCH_FILE_OFFSET ? min(PATCH_HEADER_SIZE - within, length) : length;
    pc_status status = PC_OK;
    if (length > u->size - at)
      return PC_ERR_TRANSFER;
    if (at < PATCH_FILE_OFFSET) {
      memcpy(u->header + within, bytes, take);
      if (at + take == PATCH_HEADER_SIZE)
        status = begin(u);
      else if (at + take == PATCH_FILE_OFFSET)
        status = accept_target(u);
    } else {
      status = u->step == UPDATE_IMAGE ? store(u, bytes, take) : PC_ERR_STATE;
    }
    if (status != PC_OK)
      return status;
    u->received += take;
    bytes += take;
    length -= take;
  }
  return PC_OK;
}

static pc_status finish(struct update *u)
{
  return u->held != 0 ? program(u) : PC_OK;
}

_Static_assert(PATCH_HEADER_SIZE == PATCH_TARGET_SIZE, "both halves of the head are collected in the same place");

const struct update_patch update_patch_stored = {take_bytes, finish};
