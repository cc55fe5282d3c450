/* Patches in updates: see update_patch.h. The engine decrypts, decodes and writes; what is left here is to hand it the
 * parts of the file, and to judge the TO header as that of any update. `u->header` holds the patch's header first, then
 * the TO header: which is what update_install() writes.
 */
#include "loader/update_patch.h"

#include "image/patch.h"
#include "loader/update_patch_head.h"
#include "portcullis/engine.h"

#include <stddef.h>
#include <string.h>

#define CHUNK 256u /* bytes for the engine at once: interrupts are off meanwhile */

static uint32_t min(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

static pc_status begin(struct update *u)
{
  return update_patch_begin(u, UINT32_MAX - 1u - PATCH_FILE_OFFSET);
}

/* The TO header is there: only when all agree, the old candidate goes. */
static pc_status accept_target(struct update *u)
{
  const struct update_target *t = &u->target;
  uint32_t size;
  volatile pc_status status = t->judge(t->ctx, u->header);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  memcpy(&size, u->header + IMAGE_AT_SIZE, sizeof size);
  if (size > t->capacity)
    return PC_ERR_SIZE;
  status = engine_call(ENGINE_PATCH_TARGET, (uintptr_t)u->header, 0, 0);
  if (status == PC_OK)
    status = update_patch_make_room(u);
  if (status == PC_OK)
    u->step = UPDATE_IMAGE;
  return status;
}

/* Ciphertext, of which the engine takes whole blocks. Returns bytes taken. */
static pc_status feed(struct update *u, const uint8_t *bytes, uint32_t length, uint32_t *taken)
{
  pc_status status = PC_OK;
  uint32_t take = min(length, CHUNK) & ~(IMAGE_BLOCK - 1u);
  if (u->held == 0 && take != 0) {
    status = engine_call(ENGINE_PATCH_DATA, (uintptr_t)bytes, take, 0);
  } else {
    take = min(IMAGE_BLOCK - u->held, length);
    memcpy(u->unit + u->held, bytes, take);
    u->held += take;
    if (u->held == IMAGE_BLOCK) {
      u->held = 0;
      status = engine_call(ENGINE_PATCH_DATA, (uintptr_t)u->unit, IMAGE_BLOCK, 0);
    }
  }
  if (u->target.progress != NULL)
    u->target.progress(u->target.ctx, u->received - PATCH_FILE_OFFSET, u->size - PATCH_FILE_OFFSET);
  *taken = take;
  return status;
}

static pc_status take_bytes(struct update *u, const uint8_t *bytes, uint32_t length)
{
  static const struct update_patch_parts parts = {begin, accept_target, feed};
  return update_patch_take(u, &parts, bytes, length);
}

static pc_status finish(struct update *u)
{
  return u->held == 0 ? engine_call(ENGINE_PATCH_END, 0, 0, 0) : PC_ERR_TRANSFER;
}

const struct update_patch update_patch = {take_bytes, finish};
