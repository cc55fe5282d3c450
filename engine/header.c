/* Headers: the active one, which lives in a page of the engine's own, and the download slot's. */
#include "engine/internal.h"

#include <string.h>

pc_status engine_header_load(uint32_t image, uint32_t source, uint8_t header[IMAGE_HEADER_SIZE])
{
  const struct engine_slot *slot = engine_slot(image);
  if (slot == NULL)
    return PC_ERR_PARAM;
  const struct flash_area *area = source == ENGINE_SOURCE_ACTIVE ? &slot->header : &slot->slots.download;
  const uint32_t at = source == ENGINE_SOURCE_BACKUP ? area->page : 0;
  /* States and fingerprint are written later than the rest: where a cut has torn them, they hold nothing, and the
   * header is as good as before. */
  for (uint32_t field = IMAGE_AT_STATE; field < IMAGE_HEADER_SIZE; field += 32)
    if (flash_read(area, at + field, header + field, 32) != PC_OK)
      memset(header + field, 0xA5, 32);
  return flash_read(area, at, header, IMAGE_AT_STATE);
}

pc_status engine_header_check(const uint8_t header[IMAGE_HEADER_SIZE], struct image_info *info)
{
  struct crypto_hash hash;
  uint8_t digest[CRYPTO_HASH_SIZE];
  uint8_t key[CRYPTO_PUBLIC_SIZE];
  memset(info, 0, sizeof *info);
  /* The image number is read first: it decides the capacity that the rest is held against. */
  const struct engine_slot *slot = engine_slot((uintptr_t)header[IMAGE_AT_MAGIC + 3] - '0');
  pc_status status =
      image_header_parse(header, slot != NULL ? slot->slots.active.size : 0, info); /* blank or foreign, too */
  if (status != PC_OK)
    return slot != NULL || status == PC_ERR_BLANK ? status : PC_ERR_FORMAT;
  if (slot == NULL)
    return PC_ERR_FORMAT;
  /* A field that was left out in parsing would be 0: any product. */
  uint32_t fields[2];
  memcpy(fields, header + IMAGE_AT_VERSION, sizeof fields);
  if (info->protocol == IMAGE_PROTOCOL && (info->version != fields[0] || info->product != fields[1]))
    return PC_ERR_FLOW;
  crypto_hash_start(&hash);
  crypto_hash_add(&hash, header, IMAGE_SIGNED_SIZE);
  crypto_hash_end(&hash, digest);
  slot->public_key(key);
  volatile pc_status verdict = PC_ERR_SIGNATURE;
  verdict = crypto_verify(key, digest, header + IMAGE_AT_SIGNATURE);
  if (verdict != PC_OK)
    return PC_ERR_SIGNATURE;
  engine.flow += ENGINE_FLOW_SIGNATURE;
  return verdict;
}

pc_status engine_header_store(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  const struct flash_area *page = &engine_slot(image)->header;
  if (flash_erase(page, 0, page->page) != PC_OK)
    return PC_ERR_NOT_BLANK;
  return flash_program(page, 0, header, IMAGE_HEADER_SIZE);
}
