/* AES-128-CBC decryption as a stream, on mbed TLS. */
#include "crypto/crypto.h"

#include <string.h>

void crypto_cbc_start(struct crypto_cbc *cbc, const uint8_t key[CRYPTO_KEY_SIZE], const uint8_t iv[CRYPTO_BLOCK])
{
  mbedtls_aes_init(&cbc->context);
  (void)mbedtls_aes_setkey_dec(&cbc->context, key, 128); /* fails only for a bad key size */
  crypto_cbc_set_iv(cbc, iv);
}

void crypto_cbc_set_iv(struct crypto_cbc *cbc, const uint8_t iv[CRYPTO_BLOCK])
{
  memcpy(cbc->iv, iv, CRYPTO_BLOCK);
}

pc_status crypto_cbc_decrypt(struct crypto_cbc *cbc, const uint8_t *from, uint8_t *to, size_t size)
{
  if (mbedtls_aes_crypt_cbc(&cbc->context, MBEDTLS_AES_DECRYPT, size, cbc->iv, from, to) != 0)
    return PC_ERR_PARAM;
  return PC_OK;
}

void crypto_cbc_end(struct crypto_cbc *cbc)
{
  crypto_wipe(cbc, sizeof *cbc);
}
