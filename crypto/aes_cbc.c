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

/* The block decryption is called directly and chained here: mbed TLS's own CBC function would link encryption and its
 * table as well, 2.2 KB that a boot loader never runs. */
pc_status crypto_cbc_decrypt(struct crypto_cbc *cbc, const uint8_t *from, uint8_t *to, size_t size)
{
  uint8_t next[CRYPTO_BLOCK], clear[CRYPTO_BLOCK];
  if (size % CRYPTO_BLOCK != 0)
    return PC_ERR_PARAM;
  for (; size != 0; size -= CRYPTO_BLOCK, from += CRYPTO_BLOCK, to += CRYPTO_BLOCK) {
    memcpy(next, from, CRYPTO_BLOCK); /* in place: `to` may be `from` */
    if (mbedtls_internal_aes_decrypt(&cbc->context, next, clear) != 0)
      return PC_ERR_PARAM;
    for (unsigned i = 0; i < CRYPTO_BLOCK; i++)
      to[i] = (uint8_t)(clear[i] ^ cbc->iv[i]);
    memcpy(cbc->iv, next, CRYPTO_BLOCK);
  }
  crypto_wipe(clear, sizeof clear);
  return PC_OK;
}

void crypto_cbc_end(struct crypto_cbc *cbc)
{
  crypto_wipe(cbc, sizeof *cbc);
}
