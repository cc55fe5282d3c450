/* See patch_judge.h. */
#include "engine/patch_judge.h"

void engine_digest(struct crypto_hash *hash, const void *bytes, uint32_t size, uint8_t digest[CRYPTO_HASH_SIZE])
{
  crypto_hash_start(hash);
  crypto_hash_add(hash, bytes, size);
  crypto_hash_end(hash, digest);
}

pc_status engine_digests_equal(const uint8_t a[CRYPTO_HASH_SIZE], const uint8_t b[CRYPTO_HASH_SIZE])
{
  volatile pc_status verdict = crypto_compare(a, b, CRYPTO_HASH_SIZE, PC_ERR_TAG);
  if (verdict != PC_OK)
    return PC_ERR_TAG;
  verdict = crypto_compare(b, a, CRYPTO_HASH_SIZE, PC_ERR_TAG);
  return verdict;
}

pc_status engine_patch_authentic(const struct engine_slot *slot, const uint8_t header[PATCH_HEADER_SIZE],
                                 struct crypto_hash *hash)
{
  uint8_t digest[CRYPTO_HASH_SIZE], key[CRYPTO_PUBLIC_SIZE];
  engine_digest(hash, header, PATCH_SIGNED_SIZE, digest);
  slot->public_key(key);
  volatile pc_status verdict = crypto_verify(key, digest, header + PATCH_AT_SIGNATURE);
  return verdict != PC_OK ? PC_ERR_SIGNATURE : verdict;
}

pc_status engine_patch_source(const struct flash_area *active, uint32_t size, const uint8_t tag[CRYPTO_HASH_SIZE],
                              struct crypto_hash *hash)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  pc_status status = PC_OK;
  if (size == 0)
    return PC_OK;
  if (size > active->size)
    return PC_ERR_TAG;
  crypto_hash_start(hash);
  for (uint32_t at = 0; at < size && status == PC_OK;) {
    const uint32_t part = size - at < ENGINE_CHUNK ? size - at : ENGINE_CHUNK;
    status = flash_read(active, at, engine.chunk, part);
    crypto_hash_add(hash, engine.chunk, part);
    at += part;
  }
  crypto_hash_end(hash, digest);
  crypto_wipe(engine.chunk, sizeof engine.chunk);
  return status == PC_OK ? engine_digests_equal(digest, tag) : status;
}
