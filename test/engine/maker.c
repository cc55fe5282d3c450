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

void maker_pack(const struct image_info *info, const uint8_t *clear, uint8_t header[IMAGE_HEADER_SIZE], uint8_t *cipher)
{
  uint8_t tag[32], iv[16];
  int size = 0;
  need(RAND_bytes(iv, sizeof iv) == 1);
  SHA256(clear, info->size, tag);
  need(image_header_build(header, info, tag, tag, iv) == PC_OK);
  maker_sign(header);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  need(EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, aes_key, iv) == 1);
  need(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
  need(EVP_EncryptUpdate(context, cipher, &size, clear, (int)info->size) == 1 && (uint32_t)size == info->size);
  EVP_CIPHER_CTX_free(context);
}
