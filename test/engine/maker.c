/* See maker.h. */
#include "test/engine/maker.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *key;
static uint8_t public_key[65], aes_key[16];

void engine_key_aes_1(uint8_t out[16]);
void engine_key_pub_1(uint8_t out[64]);

void engine_key_aes_1(uint8_t out[16])
{
  memcpy(out, aes_key, 16);
}

void engine_key_pub_1(uint8_t out[64])
{
  memcpy(out, public_key + 1, 64);
}

static void need(int ok)
{
  if (!ok)
    abort();
}

void maker_new_keys(void)
{
  size_t size = 0;
  EVP_PKEY_free(key);
  key = EVP_EC_gen("P-256");
  need(key != NULL);
  need(EVP_PKEY_get_octet_string_param(key, "pub", public_key, sizeof public_key, &size) == 1 && size == 65);
  need(RAND_bytes(aes_key, sizeof aes_key) == 1);
}

void maker_sign(uint8_t header[IMAGE_HEADER_SIZE])
{
  uint8_t der[80];
  const uint8_t *at = der;
  size_t size = sizeof der;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  need(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
  need(EVP_DigestSign(context, der, &size, header, 128) == 1);
  EVP_MD_CTX_free(context);
  ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
  need(signature != NULL);
  need(BN_bn2binpad(ECDSA_SIG_get0_r(signature), header + 128, 32) == 32);
  need(BN_bn2binpad(ECDSA_SIG_get0_s(signature), header + 160, 32) == 32);
  ECDSA_SIG_free(signature);
}

bool maker_verify(const uint8_t public_point[64], const uint8_t digest[32], const uint8_t signature[64])
{
  if (memcmp(public_point, public_key + 1, 64) != 0)
    return false;
  uint8_t der[80], *at = der;
  ECDSA_SIG *pair = ECDSA_SIG_new();
  need(pair != NULL && ECDSA_SIG_set0(pair, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL)) == 1);
  int size = i2d_ECDSA_SIG(pair, &at);
  ECDSA_SIG_free(pair);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
  need(context != NULL && EVP_PKEY_verify_init(context) == 1);
  bool right = EVP_PKEY_verify(context, der, (size_t)size, digest, 32) == 1;
  EVP_PKEY_CTX_free(context);
  return right;
}

void maker_encrypt(uint8_t *bytes, const uint8_t iv[16], uint32_t length)
{
  int size = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  need(EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, aes_key, iv) == 1);
  need(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
  need(EVP_EncryptUpdate(context, bytes, &size, bytes, (int)length) == 1 && (uint32_t)size == length);
  EVP_CIPHER_CTX_free(context);
}

void maker_pack(const struct image_info *info, const uint8_t *clear, uint8_t header[IMAGE_HEADER_SIZE], uint8_t *cipher)
{
  uint8_t tag[32], iv[16];
  need(RAND_bytes(iv, sizeof iv) == 1);
  SHA256(clear, info->size, tag);
  need(image_header_build(header, info, tag, tag, iv) == PC_OK);
  maker_sign(header);
  memcpy(cipher, clear, info->size);
  maker_encrypt(cipher, iv, info->size);
}
