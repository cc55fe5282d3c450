/* See in_place.h. */
#include "test/set/in_place.h"

#include "board/slots.h"
#include "delta/encoder.h"
#include "image/patch.h"
#include "test/set/maker.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

const struct rig_image *in_place_edit(const struct rig_image *old, uint32_t version, uint32_t at, int added,
                                      uint32_t changed)
{
  struct rig_image *new = rig_image_make(old->number, version, (uint32_t)((int)old->size + added));
  const uint32_t gone = added < 0 ? (uint32_t)-added : 0, come = added > 0 ? (uint32_t)added : 0;
  memcpy(new->clear, old->clear, at);
  memcpy(new->clear + at + come, old->clear + at + gone, new->size - at - come - changed);
  const struct image_info info = {.image = new->number,
                                  .protocol = IMAGE_PROTOCOL,
                                  .version = version,
                                  .size = new->size,
                                  .partial_size = new->size,
                                  .product = BOARD_PRODUCT};
  maker_pack(&info, new->clear, new->header, new->cipher);
  return new;
}

void in_place_sign(struct in_place_patch *patch)
{
  maker_sign(patch->bytes);
}

void in_place_pack(const struct rig_image *old, const struct rig_image *new, const struct delta_in_place *how,
                   const uint8_t *delta, uint32_t size, struct in_place_patch *patch)
{
  uint8_t tag[32] = {0}, digest[32], iv[16];
  struct patch_info info = {.image = 1,
                            .size = size,
                            .from_version = old != NULL ? old->version : 0,
                            .from_size = old != NULL ? old->size : 0,
                            .in_place = 1};
  memset(patch, 0, sizeof *patch);
  patch->how = *how;
  delta_in_place_build(how, info.how);
  if (old != NULL)
    SHA256(old->clear, old->size, tag);
  SHA256(new->header, IMAGE_SIGNED_SIZE, digest);
  memset(iv, 0x39, sizeof iv);
  patch->size = PATCH_FILE_OFFSET + ((size + 15u) & ~15u);
  if (patch->size > sizeof patch->bytes || patch_header_build(patch->bytes, &info, tag, digest, iv) != PC_OK)
    rig_fail("no patch header");
  maker_sign(patch->bytes);
  memcpy(patch->bytes + PATCH_HEADER_SIZE, new->header, PATCH_TARGET_SIZE);
  memcpy(patch->bytes + PATCH_FILE_OFFSET, delta, size);
  maker_encrypt(patch->bytes + PATCH_FILE_OFFSET, iv, patch->size - PATCH_FILE_OFFSET);
}

uint8_t *in_place_delta(const struct rig_image *old, const struct rig_image *new, struct delta_in_place *how,
                        uint32_t *size, bool *whole)
{
  const struct delta_board board = {MAP_FLASH_PAGE, MAP_ACTIVE_SIZE / MAP_FLASH_PAGE, MAP_SCRATCH_SIZE / MAP_FLASH_PAGE,
                                    MAP_DOWNLOAD_SIZE - MAP_FLASH_PAGE - PATCH_HEADER_SIZE};
  const struct delta_options options = {MAP_ACTIVE_BASE, MAP_ACTIVE_BASE, 1, NULL, NULL};
  struct delta_result delta;
  if (delta_make_in_place(old != NULL ? old->clear : NULL, old != NULL ? old->size : 0, new->clear, new->size, &options,
                          &board, &delta, how) != DELTA_MADE)
    rig_fail("no patch");
  *size = (uint32_t)delta.size;
  *whole = delta.mode == DELTA_MODE_IMAGE;
  return delta.bytes;
}

void in_place_make(const struct rig_image *old, const struct rig_image *new, struct in_place_patch *patch)
{
  struct delta_in_place how;
  uint32_t size;
  bool whole;
  uint8_t *delta = in_place_delta(old, new, &how, &size, &whole);
  in_place_pack(whole ? NULL : old, new, &how, delta, size, patch);
  free(delta);
}

void in_place_put(const struct in_place_patch *patch)
{
  const struct flash_area *area = &board_slots[0].download;
  simflash_fill(area->base, 0xFF, area->size);
  simflash_load(area->base, patch->bytes + PATCH_HEADER_SIZE, PATCH_TARGET_SIZE);
  simflash_load(area->base + IMAGE_HEADER_SIZE, "INSTALL1", 8);
  simflash_load(area->base + area->page, patch->bytes, PATCH_HEADER_SIZE);
  simflash_load(area->base + area->page + PATCH_HEADER_SIZE, patch->bytes + PATCH_FILE_OFFSET,
                patch->size - PATCH_FILE_OFFSET);
}
