/* What patches of both kinds are held against before anything is touched (engine/patch_delta.c, engine/in_place.c).
 * They look at keys and flash, change nothing, and need a hash of the caller's, which they start anew. */
#ifndef ENGINE_PATCH_JUDGE_H
#define ENGINE_PATCH_JUDGE_H

#include "engine/internal.h"
#include "image/patch.h"

/* SHA-256 of some bytes. */
void engine_digest(struct crypto_hash *hash, const void *bytes, uint32_t size, uint8_t digest[CRYPTO_HASH_SIZE]);

/* Two digests are equal, asked twice: one skipped branch is not enough. PC_OK or PC_ERR_TAG. */
pc_status engine_digests_equal(const uint8_t a[CRYPTO_HASH_SIZE], const uint8_t b[CRYPTO_HASH_SIZE]);

/* The patch header's signature is by this slot's key. `header`: in the engine's RAM. PC_OK or PC_ERR_SIGNATURE. */
pc_status engine_patch_authentic(const struct engine_slot *slot, const uint8_t header[PATCH_HEADER_SIZE],
                                 struct crypto_hash *hash);

/* The active image, as it lies in flash, is the one of `size` bytes that the patch is for; a size of 0 is for any.
 * PC_OK; PC_ERR_TAG: another one; results of flash_read(). Uses engine.chunk. */
pc_status engine_patch_source(const struct flash_area *active, uint32_t size, const uint8_t tag[CRYPTO_HASH_SIZE],
                              struct crypto_hash *hash);

#endif
