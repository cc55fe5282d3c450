/* SHA-256 as a stream, on mbed TLS. */
#include "crypto/crypto.h"

void crypto_hash_start(struct crypto_hash *hash)
{
  mbedtls_sha256_init(&hash->context);
  (void)mbedtls_sha256_starts(&hash->context, 0); /* fails only for a bad variant; 0 is SHA-256 */
}

void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t size)
{
  (void)mbedtls_sha256_update(&hash->context, bytes, size);
}

void crypto_hash_end(struct crypto_hash *hash, uint8_t digest[CRYPTO_HASH_SIZE])
{
  (void)mbedtls_sha256_finish(&hash->context, digest);
  mbedtls_sha256_free(&hash->context);
}
