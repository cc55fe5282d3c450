/* Calls into mbed TLS, so that a large share of it is linked: the samples of 200 KB and more. */
#include "mbedtls/aes.h"
#include "mbedtls/ccm.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/ctr_drbg.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "mbedtls/pk.h"
#include "mbedtls/rsa.h"
#include "mbedtls/sha256.h"
#include "mbedtls/sha512.h"
#include "mbedtls/x509_crt.h"

#include <stdio.h>
#include <string.h>

void library_start(void);

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t size, size_t *written)
{
  (void)data;
  memset(output, 0x5a, size);
  *written = size;
  return 0;
}

void library_start(void)
{
  static mbedtls_x509_crt chain;
  static mbedtls_pk_context key;
  static mbedtls_ctr_drbg_context random;
  static mbedtls_gcm_context gcm;
  static mbedtls_ccm_context ccm;
  static mbedtls_chachapoly_context poly;
  static unsigned char buffer[256], digest[64], tag[16];
  size_t size = sizeof buffer;
  int result = 0;
  mbedtls_x509_crt_init(&chain);
  mbedtls_pk_init(&key);
  mbedtls_ctr_drbg_init(&random);
  result |= mbedtls_x509_crt_parse(&chain, buffer, sizeof buffer);
  result |= mbedtls_pk_parse_key(&key, buffer, sizeof buffer, NULL, 0, mbedtls_ctr_drbg_random, &random);
  result |= mbedtls_sha256(buffer, sizeof buffer, digest, 0);
  result |= mbedtls_sha512(buffer, sizeof buffer, digest, 0);
  result |= mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, digest, 32, buffer, size, &size, mbedtls_ctr_drbg_random, &random);
  result |= mbedtls_x509_crt_verify(&chain, &chain, NULL, "example", NULL, NULL, NULL);
  mbedtls_gcm_init(&gcm);
  result |= mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, digest, 128);
  result |= mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 64, digest, 12, NULL, 0, buffer, buffer, 16, tag);
  mbedtls_ccm_init(&ccm);
  result |= mbedtls_ccm_setkey(&ccm, MBEDTLS_CIPHER_ID_AES, digest, 128);
  result |= mbedtls_ccm_encrypt_and_tag(&ccm, 64, digest, 12, NULL, 0, buffer, buffer, tag, 16);
  mbedtls_chachapoly_init(&poly);
  result |= mbedtls_chachapoly_setkey(&poly, digest);
  result |= mbedtls_chachapoly_encrypt_and_tag(&poly, 64, digest, NULL, 0, buffer, buffer, tag);
  printf("library: %d\n", result);
}
