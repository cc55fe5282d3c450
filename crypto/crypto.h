/* The cryptography of the scheme ECDSA P-256 + SHA-256 + AES-128-CBC: a thin face on mbed TLS's small modules.
 *
 * No heap, no global state; contexts belong to the caller and must be wiped (crypto_wipe) after use when they held a
 * key. None of these functions knows flash or hardware. Interrupting them is harmless.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "portcullis/status.h"

#include <mbedtls/aes.h>
#include <mbedtls/sha256.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_HASH_SIZE      32u
#define CRYPTO_KEY_SIZE       16u /* AES-128 */
#define CRYPTO_PUBLIC_SIZE    64u /* X, Y big-endian */
#define CRYPTO_SIGNATURE_SIZE 64u /* r, s big-endian */
#define CRYPTO_BLOCK          16u

struct crypto_hash {
  mbedtls_sha256_context context;
};
void crypto_hash_start(struct crypto_hash *hash);
void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t size);
/* Writes 32 bytes; the context is finished and wiped. */
void crypto_hash_end(struct crypto_hash *hash, uint8_t digest[CRYPTO_HASH_SIZE]);

/* AES-128-CBC decryption as a stream. */
struct crypto_cbc {
  mbedtls_aes_context context;
  uint8_t iv[CRYPTO_BLOCK];
};
void crypto_cbc_start(struct crypto_cbc *cbc, const uint8_t key[CRYPTO_KEY_SIZE], const uint8_t iv[CRYPTO_BLOCK]);
/* A new IV with the same key. */
void crypto_cbc_set_iv(struct crypto_cbc *cbc, const uint8_t iv[CRYPTO_BLOCK]);
/* `size`: multiple of 16 (else PC_ERR_PARAM, nothing written); in place allowed. */
pc_status crypto_cbc_decrypt(struct crypto_cbc *cbc, const uint8_t *from, uint8_t *to, size_t size);
void crypto_cbc_end(struct crypto_cbc *cbc); /* wipes */
/* The same the other way, with a context of its own; only boards that take patches link it. */
void crypto_cbc_start_encrypt(struct crypto_cbc *cbc, const uint8_t key[CRYPTO_KEY_SIZE],
                              const uint8_t iv[CRYPTO_BLOCK]);
pc_status crypto_cbc_encrypt(struct crypto_cbc *cbc, const uint8_t *from, uint8_t *to, size_t size);

/* PC_OK only if `signature` over the digest verifies with `public_key`; PC_ERR_SIGNATURE for anything else (points off
 * the curve, r or s out of range included). About 16 million instructions on a Cortex-M4. */
pc_status crypto_verify(const uint8_t public_key[CRYPTO_PUBLIC_SIZE], const uint8_t digest[CRYPTO_HASH_SIZE],
                        const uint8_t signature[CRYPTO_SIGNATURE_SIZE]);

/* PC_OK if equal, `error` if not, in time that depends on `size` only. */
pc_status crypto_compare(const void *a, const void *b, size_t size, pc_status error);

/* Overwrite with zeros; never optimised away. */
void crypto_wipe(void *bytes, size_t size);

#endif
