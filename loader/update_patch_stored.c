/* Patches for a board with a single slot, kept as they come: see update_patch.h. `u->header` holds the patch's header
 * first, then the TO header, as in update_patch.c. */
#include "flash/flash.h"
#include "image/patch.h"
#include "loader/update_patch.h"
#include "loader/update_patch_head.h"
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

static pc_status store(struct update *u, const uint8_t *bytes, uint32_t length, uint32_t *taken)
{
  pc_status status = PC_OK;
  *taken = length;
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

/* The engine looks at the signature, the board's pages and the active image. */
static pc_status begin(struct update *u)
{
  memcpy(head, u->header, sizeof head);
  return update_patch_begin(u, u->target.slot->size);
}

/* The TO header is there: only when all agree, the old candidate goes. */
static pc_status accept_target(struct update *u)
{
  uint32_t stored;
  volatile pc_status status = engine_call(ENGINE_PATCH_TARGET, (uintptr_t)u->header, 0, 0);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  u->written = u->held = 0;
  status = update_patch_make_room(u);
  if (status == PC_OK)
    status = store(u, head, sizeof head, &stored);
  if (status == PC_OK)
    u->step = UPDATE_IMAGE;
  return status;
}

static pc_status take_bytes(struct update *u, const uint8_t *bytes, uint32_t length)
{
  static const struct update_patch_parts parts = {begin, accept_target, store};
  return update_patch_take(u, &parts, bytes, length);
}

static pc_status finish(struct update *u)
{
  return u->held != 0 ? program(u) : PC_OK;
}

const struct update_patch update_patch_stored = {take_bytes, finish};
