/* AES-128-CBC encryption as a stream: linked only where an image is put together from a patch. */
#include "crypto/crypto.h"

#include <string.h>

void crypto_cbc_start_encrypt(struct crypto_cbc *cbc, const uint8_t key[CRYPTO_KEY_SIZE],
                              const uint8_t iv[CRYPTO_BLOCK])
{
  mbedtls_aes_init(&cbc->context);
  (void)mbedtls_aes_setkey_enc(&cbc->context, key, 128); /* fails only for a bad key size */
  crypto_cbc_set_iv(cbc, iv);
}

pc_status crypto_cbc_encrypt(struct crypto_cbc *cbc, const uint8_t *from, uint8_t *to, size_t size)
{
  if (size % CRYPTO_BLOCK != 0)
    return PC_ERR_PARAM;
  for (; size != 0; size -= CRYPTO_BLOCK, from += CRYPTO_BLOCK, to += CRYPTO_BLOCK) {
    for (unsigned i = 0; i < CRYPTO_BLOCK; i++)
      cbc->iv[i] ^= from[i];
    if (mbedtls_internal_aes_encrypt(&cbc->context, cbc->iv, cbc->iv) != 0)
      return PC_ERR_PARAM;
    memcpy(to, cbc->iv, CRYPTO_BLOCK);
  }
  return PC_OK;
}
