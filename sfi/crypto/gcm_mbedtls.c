/* AES-128-GCM of sfi/crypto/crypto.h on mbed TLS's gcm.c. A file of its own, because it needs another configuration
 * header than the rest. */
#include "sfi/crypto/crypto.h"

#include <mbedtls/gcm.h>
#include <stdint.h>

/* mbed TLS works on sizes up to 2^36 - 32; the interface promises less. */
#define SIZE_LIMIT 0x7FFFFFFFu

pc_status sfi_gcm_seal(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *clear, uint8_t *cipher, size_t size, uint8_t tag[16])
{
  mbedtls_gcm_context ctx;
  int result = -1;
  mbedtls_gcm_init(&ctx);
  if (size <= SIZE_LIMIT && aad_size <= SIZE_LIMIT && mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 128) == 0)
    result = mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_ENCRYPT, size, iv, 12, aad, aad_size, clear, cipher, 16, tag);
  mbedtls_gcm_free(&ctx);
  return result == 0 ? PC_OK : PC_ERR_PARAM;
}

pc_status sfi_gcm_open(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *cipher, uint8_t *clear, size_t size, const uint8_t tag[16])
{
  mbedtls_gcm_context ctx;
  int result = -1;
  uint8_t seen[16];
  mbedtls_gcm_init(&ctx);
  if (size <= SIZE_LIMIT && aad_size <= SIZE_LIMIT && mbedtls_gcm_setkey(&ctx, MBEDTLS_CIPHER_ID_AES, key, 128) == 0)
    result = mbedtls_gcm_crypt_and_tag(&ctx, MBEDTLS_GCM_DECRYPT, size, iv, 12, aad, aad_size, cipher, clear, 16, seen);
  mbedtls_gcm_free(&ctx);
  if (result == 0 && sfi_equal(seen, tag, sizeof seen))
    return PC_OK;
  sfi_wipe(clear, size);
  return PC_ERR_TAG;
}
