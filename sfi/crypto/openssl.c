/* sfi/crypto/crypto.h by OpenSSL 3, for the PC and the card. */
#include "sfi/crypto/crypto.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <string.h>

static bool gcm(int encrypt, const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                const uint8_t *from, uint8_t *to, size_t size, uint8_t tag[16])
{
  if (size > INT_MAX || aad_size > INT_MAX)
    return false;
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int n = 0;
  uint8_t rest[16];
  bool ok = ctx != NULL && EVP_CipherInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv, encrypt) == 1 &&
            (aad_size == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_size) == 1) &&
            (size == 0 || (EVP_CipherUpdate(ctx, to, &n, from, (int)size) == 1 && (size_t)n == size)) &&
            (encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1) &&
            EVP_CipherFinal_ex(ctx, rest, &n) == 1 &&
            (!encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1);
  EVP_CIPHER_CTX_free(ctx);
  ERR_clear_error();
  return ok;
}

pc_status sfi_gcm_seal(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *clear, uint8_t *cipher, size_t size, uint8_t tag[16])
{
  return gcm(1, key, iv, aad, aad_size, clear, cipher, size, tag) ? PC_OK : PC_ERR_PARAM;
}

pc_status sfi_gcm_open(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *cipher, uint8_t *clear, size_t size, const uint8_t tag[16])
{
  uint8_t wanted[16];
  memcpy(wanted, tag, sizeof wanted);
  if (gcm(0, key, iv, aad, aad_size, cipher, clear, size, wanted))
    return PC_OK;
  if (size != 0)
    OPENSSL_cleanse(clear, size);
  return PC_ERR_TAG;
}

/* The other side's point as a key; OpenSSL checks that it lies on the curve. */
static EVP_PKEY *peer(const uint8_t point[64])
{
  uint8_t encoded[65] = {4};
  memcpy(encoded + 1, point, 64);
  char group[] = "prime256v1";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    key = NULL;
  EVP_PKEY_CTX_free(ctx);
  return key;
}

/* A private scalar without its point, which ECDH does not need; EC_POINT_mul would, but is not for secrets. */
static EVP_PKEY *own(const uint8_t scalar[32])
{
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  BIGNUM *d = BN_bin2bn(scalar, 32, NULL);
  EVP_PKEY *key = NULL;
  char name[] = "prime256v1";
  bool ok = group != NULL && d != NULL && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;
  uint8_t native[32]; /* OSSL_PARAM integers are in the machine's byte order */
  ok = ok && BN_bn2nativepad(d, native, sizeof native) == (int)sizeof native;
  if (ok) {
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                           OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
      key = NULL;
    EVP_PKEY_CTX_free(ctx);
  }
  OPENSSL_cleanse(native, sizeof native);
  BN_clear_free(d);
  EC_GROUP_free(group);
  return key;
}

pc_status sfi_ecdh(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t shared[32])
{
  EVP_PKEY *a = own(private_key), *b = peer(public_key);
  EVP_PKEY_CTX *ctx = a != NULL && b != NULL ? EVP_PKEY_CTX_new(a, NULL) : NULL;
  size_t size = 32;
  bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, b) == 1 &&
            EVP_PKEY_derive(ctx, shared, &size) == 1 && size == 32;
  EVP_PKEY_CTX_free(ctx);
  EVP_PKEY_free(a);
  EVP_PKEY_free(b);
  ERR_clear_error();
  return ok ? PC_OK : PC_ERR_PARAM;
}

pc_status sfi_hkdf(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size,
                   const uint8_t *info, size_t info_size, uint8_t *to, size_t size)
{
  uint8_t in[32], with[64], about[256];
  if (size == 0 || size > 64 || info_size > sizeof about || salt_size > sizeof with || secret_size > sizeof in)
    return PC_ERR_PARAM;
  /* OSSL_PARAM wants pointers that are not const. */
  memcpy(in, secret, secret_size);
  memcpy(with, salt, salt_size);
  memcpy(about, info, info_size);
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, in, secret_size),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, with, salt_size),
                         OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, about, info_size),
                         OSSL_PARAM_construct_end()};
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
  EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
  bool ok = ctx != NULL && EVP_KDF_derive(ctx, to, size, params) == 1;
  EVP_KDF_CTX_free(ctx);
  EVP_KDF_free(kdf);
  OPENSSL_cleanse(in, sizeof in);
  ERR_clear_error();
  return ok ? PC_OK : PC_ERR_PARAM;
}

pc_status sfi_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32])
{
  return EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) == 1 ? PC_OK : PC_ERR_PARAM;
}

bool sfi_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
  return CRYPTO_memcmp(a, b, size) == 0;
}

void sfi_wipe(void *bytes, size_t size)
{
  OPENSSL_cleanse(bytes, size);
}
