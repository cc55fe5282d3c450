/* sfi/crypto/crypto.h on the device's cryptography: p256-m, and HKDF made of crypto/'s SHA-256. GCM is in
 * gcm_mbedtls.c. mbed TLS's own HKDF needs its md layer, which takes memory from the heap. */
#include "sfi/crypto/crypto.h"

#include "crypto/crypto.h"

#include <p256-m.h>
#include <string.h>

#define BLOCK 64u /* of SHA-256, for HMAC (RFC 2104) */

struct hmac {
  struct crypto_hash hash;
  uint8_t key[BLOCK];
};

static void pad(struct hmac *hmac, uint8_t with)
{
  for (uint32_t i = 0; i < BLOCK; i++)
    hmac->key[i] ^= with;
}

static void hmac_start(struct hmac *hmac, const uint8_t *key, size_t size)
{
  memset(hmac->key, 0, BLOCK);
  memcpy(hmac->key, key, size); /* at most BLOCK bytes: a longer key would have to be hashed first */
  pad(hmac, 0x36);
  crypto_hash_start(&hmac->hash);
  crypto_hash_add(&hmac->hash, hmac->key, BLOCK);
  pad(hmac, 0x36 ^ 0x5C);
}

static void hmac_end(struct hmac *hmac, uint8_t mac[32])
{
  crypto_hash_end(&hmac->hash, mac);
  crypto_hash_start(&hmac->hash);
  crypto_hash_add(&hmac->hash, hmac->key, BLOCK);
  crypto_hash_add(&hmac->hash, mac, 32);
  crypto_hash_end(&hmac->hash, mac);
  crypto_wipe(hmac, sizeof *hmac);
}

pc_status sfi_hkdf(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size,
                   const uint8_t *info, size_t info_size, uint8_t *to, size_t size)
{
  struct hmac hmac;
  uint8_t prk[32], block[32];
  if (size == 0 || size > 64 || info_size > 256 || salt_size > BLOCK || secret_size > 32)
    return PC_ERR_PARAM;
  hmac_start(&hmac, salt, salt_size);
  crypto_hash_add(&hmac.hash, secret, secret_size);
  hmac_end(&hmac, prk);
  for (uint8_t n = 1; size != 0; n++) {
    size_t part = size < sizeof block ? size : sizeof block;
    hmac_start(&hmac, prk, sizeof prk);
    if (n > 1)
      crypto_hash_add(&hmac.hash, block, sizeof block);
    crypto_hash_add(&hmac.hash, info, info_size);
    crypto_hash_add(&hmac.hash, &n, 1);
    hmac_end(&hmac, block);
    memcpy(to, block, part);
    to += part;
    size -= part;
  }
  crypto_wipe(prk, sizeof prk);
  crypto_wipe(block, sizeof block);
  return PC_OK;
}

pc_status sfi_ecdh(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t shared[32])
{
  return p256_ecdh_shared_secret(shared, private_key, public_key) == P256_SUCCESS ? PC_OK : PC_ERR_PARAM;
}

pc_status sfi_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32])
{
  struct crypto_hash hash;
  crypto_hash_start(&hash);
  crypto_hash_add(&hash, bytes, size);
  crypto_hash_end(&hash, digest);
  return PC_OK;
}

bool sfi_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
  return crypto_compare(a, b, size, PC_ERR_TAG) == PC_OK;
}

void sfi_wipe(void *bytes, size_t size)
{
  crypto_wipe(bytes, size);
}
