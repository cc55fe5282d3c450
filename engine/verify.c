/* Authenticating a whole image where it lies: the active one in clear, a downloaded one by decrypting it into the hash
 * (the clear text never leaves the engine's RAM). */
#include "engine/partial.h"
#include "engine/sparse.h"
#include "engine/states.h"

#include <string.h>

pc_status engine_verify_start(uint32_t image, uint32_t source, uint32_t *old_size)
{
  struct engine_verify *v = &engine.verify;
  const struct engine_slot *slot = engine_slot(image);
  v->image = 0;
  engine.verified = ENGINE_IMAGES > 1 ? engine_bits_doubled(engine.verified & 0xFFFFu & ~engine_bit(image)) : 0;
  engine.flow = 0;
  *old_size = 0;
  if (source != ENGINE_SOURCE_ACTIVE && source != ENGINE_SOURCE_DOWNLOAD && source != ENGINE_SOURCE_BACKUP)
    return PC_ERR_PARAM;
  pc_status status = engine_header_load(image, source, v->header);
  if (status == PC_OK)
    status = engine_header_check(v->header, &v->info);
  if (status != PC_OK)
    return status;
  if (v->info.image != image)
    return PC_ERR_FORMAT;
  if (source == ENGINE_SOURCE_DOWNLOAD) {
    status = engine_rules(&v->info, old_size);
    if (status != PC_OK)
      return status;
    uint8_t key[CRYPTO_KEY_SIZE];
    slot->encryption_key(key);
    crypto_cbc_start(&engine_cbc, key, v->header + IMAGE_AT_IV);
    crypto_wipe(key, sizeof key);
    engine.cbc_ready = ENGINE_NO;
  }
  if (source == ENGINE_SOURCE_ACTIVE) {
    /* An old image with its old header, put back by whatever means, is still an old one. */
    status = engine_above_minimum(&v->info);
    if (status != PC_OK)
      return status;
  }
  if (source == ENGINE_SOURCE_BACKUP) {
    status = engine_states.backup(image, v->header, &v->info);
    if (status != PC_OK)
      return status;
    if (!INSTALL_PARTIAL && v->info.size > slot->slots.download.size - 2 * slot->slots.download.page)
      return PC_ERR_SIZE;
  }
  crypto_hash_start(&v->hash);
  v->done = 0;
  v->mismatch = UINT32_MAX;
  v->source = source;
  if (INSTALL_PARTIAL) {
    status = engine_partial_start();
    if (status != PC_OK)
      return status;
  }
  if (INSTALL_SPARE)
    engine_sparse_start();
  v->image = image;
  engine.flow += ENGINE_FLOW_START;
  return PC_OK;
}

pc_status engine_verify_step(uint32_t bytes, uint32_t *remaining)
{
  struct engine_verify *v = &engine.verify;
  const struct engine_slot *slot = engine_slot(v->image);
  if (slot == NULL)
    return PC_ERR_STATE;
  bool download = v->source == ENGINE_SOURCE_DOWNLOAD;
  const struct flash_area *area = v->source == ENGINE_SOURCE_ACTIVE ? &slot->slots.active : &slot->slots.download;
  const uint32_t start = v->source == ENGINE_SOURCE_ACTIVE ? 0 : download ? area->page : 2 * area->page;
  pc_status status = PC_OK;
  while (bytes != 0 && v->done < v->info.size && status == PC_OK) {
    uint32_t chunk = v->info.size - v->done;
    if (chunk > sizeof engine.chunk)
      chunk = sizeof engine.chunk;
    uint32_t offset = start + v->done;
    if (INSTALL_PARTIAL)
      engine_partial_piece(&area, &offset, &chunk, &download);
    if (INSTALL_SPARE && v->source == ENGINE_SOURCE_DOWNLOAD) {
      status = engine_sparse_piece(&area, &offset, &download);
      if (status != PC_OK)
        break;
    }
    status = flash_read(area, offset, engine.chunk, chunk);
    if (status == PC_OK && download)
      status = crypto_cbc_decrypt(&engine_cbc, engine.chunk, engine.chunk, chunk);
    if (status == PC_OK) {
      if (INSTALL_PARTIAL && download)
        engine_partial_add(engine.chunk, chunk);
      crypto_hash_add(&v->hash, engine.chunk, chunk);
      v->done += chunk;
      bytes -= chunk < bytes ? chunk : bytes;
    }
  }
  if (status != PC_OK)
    v->image = 0;
  *remaining = v->info.size - v->done;
  return status;
}

/* Everything behind the image in the active slot must be erased flash, or somebody left code there. */
static pc_status beyond_is_blank(const struct engine_slot *slot, const struct image_info *info)
{
  return flash_is_blank(&slot->slots.active, info->size, slot->slots.active.size - info->size);
}

pc_status engine_verify_end(void)
{
  struct engine_verify *v = &engine.verify;
  const struct engine_slot *slot = engine_slot(v->image);
  uint8_t digest[CRYPTO_HASH_SIZE];
  if (slot == NULL || v->done != v->info.size)
    return PC_ERR_STATE;
  crypto_hash_end(&v->hash, digest);
  crypto_wipe(engine.chunk, sizeof engine.chunk);
  if (v->source == ENGINE_SOURCE_DOWNLOAD)
    crypto_cbc_end(&engine_cbc);
  uint32_t image = v->image;
  v->image = 0;
  volatile pc_status verdict = crypto_compare(digest, v->header + IMAGE_AT_TAG, sizeof digest, PC_ERR_TAG);
  if (verdict != PC_OK)
    return PC_ERR_TAG;
  verdict = crypto_compare(v->header + IMAGE_AT_TAG, digest, sizeof digest, PC_ERR_TAG);
  if (verdict != PC_OK)
    return PC_ERR_TAG;
  if (INSTALL_PARTIAL && v->source == ENGINE_SOURCE_DOWNLOAD) {
    verdict = engine_partial_end();
    if (verdict != PC_OK)
      return PC_ERR_TAG;
  }
  engine.flow += ENGINE_FLOW_TAG;
  if (v->source == ENGINE_SOURCE_DOWNLOAD)
    return engine.flow == ENGINE_FLOW_START + ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_RULES + ENGINE_FLOW_TAG ? verdict
                                                                                                          : PC_ERR_FLOW;
  if (v->source == ENGINE_SOURCE_BACKUP)
    return engine.flow == ENGINE_FLOW_START + ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_TAG ? verdict : PC_ERR_FLOW;
  pc_status blank = beyond_is_blank(slot, &v->info);
  if (blank != PC_OK)
    return blank;
  if (engine.flow != ENGINE_FLOW_START + ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_TAG)
    return PC_ERR_FLOW;
  /* What the launch address is made of (gate.c): the sum of all differences, 0 when there is none. */
  uint32_t mismatch = verdict ^ PC_OK;
  for (uint32_t i = 0; i < CRYPTO_HASH_SIZE; i++)
    mismatch |= (uint32_t)(digest[i] ^ v->header[IMAGE_AT_TAG + i]) << (i % 4 * 8);
  v->mismatch = mismatch;
  engine_describe(v->header, &v->info, &engine.running[image - 1]);
  uint32_t bits = engine_bit(image);
  if (ENGINE_IMAGES > 1)
    bits |= engine.verified & 0xFFFFu;
  engine.verified = engine_bits_doubled(bits);
  return verdict;
}
