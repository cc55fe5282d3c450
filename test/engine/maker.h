/* The other side of the scheme, made by OpenSSL: keys, signatures, encryption. So the engine is judged by another's
 * cryptography. */
#ifndef TEST_ENGINE_MAKER_H
#define TEST_ENGINE_MAKER_H

#include "image/header.h"

#include <stdbool.h>

/* New keys; also what the engine's key functions give out from then on. */
void maker_new_keys(void);
/* Sign bytes 0-127 of the header. */
void maker_sign(uint8_t header[IMAGE_HEADER_SIZE]);
/* Header and ciphertext of an image with these fields (tag, partial tag, IV and signature are made here). */
void maker_pack(const struct image_info *info, const uint8_t *clear, uint8_t header[IMAGE_HEADER_SIZE],
                uint8_t *cipher);

/* Is `signature` this key's over the digest, and the key the one given out? */
bool maker_verify(const uint8_t public_point[64], const uint8_t digest[32], const uint8_t signature[64]);
/* Encrypt in place with the AES key. */
void maker_encrypt(uint8_t *bytes, const uint8_t iv[16], uint32_t size);

#endif
