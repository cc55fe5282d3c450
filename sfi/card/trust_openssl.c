/* Certificates and fresh keys by OpenSSL. */
#include "sfi/card/trust.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

static X509 *parse(const uint8_t *bytes, size_t size)
{
  const unsigned char *at = bytes;
  if (size == 0 || size > 65536)
    return NULL;
  X509 *x = d2i_X509(NULL, &at, (long)size);
  if (x != NULL && at != bytes + size) {
    X509_free(x);
    x = NULL;
  }
  return x;
}

static pc_status finish(pc_status status)
{
  ERR_clear_error();
  return status;
}

/* X || Y of a P-256 key. */
static bool point_of(const EVP_PKEY *key, uint8_t point[64])
{
  char group[32] = "";
  size_t length = 0;
  BIGNUM *x = NULL, *y = NULL;
  bool ok = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
            EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 && strcmp(group, "prime256v1") == 0 &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 && BN_bn2binpad(x, point, 32) == 32 &&
            BN_bn2binpad(y, point + 32, 32) == 32;
  BN_free(x);
  BN_free(y);
  return ok;
}

pc_status trust_check_ca(const uint8_t *ca, size_t ca_size)
{
  uint8_t point[64];
  X509 *x = parse(ca, ca_size);
  EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;
  bool ok = x != NULL && X509_check_ca(x) == 1 && (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) != 0 &&
            point_of(key, point) && X509_self_signed(x, 1) == 1;
  X509_free(x);
  return finish(ok ? PC_OK : PC_ERR_FORMAT);
}

/* The whole chain check of OpenSSL, with this CA as the only root. */
static bool issued_by(X509 *ca, X509 *device)
{
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  bool ok = store != NULL && ctx != NULL && X509_STORE_add_cert(store, ca) == 1 &&
            X509_STORE_CTX_init(ctx, store, device, NULL) == 1;
  if (ok) {
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_auth_level(param, 2); /* no weak hashes or keys */
    X509_VERIFY_PARAM_set_depth(param, 0);      /* no CA between */
    ok = X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_X509_STRICT) == 1 &&
         X509_verify_cert(ctx) == 1;
  }
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
  return ok;
}

pc_status trust_device_key(const uint8_t *ca, size_t ca_size, const uint8_t *certificate, size_t size,
                           uint8_t point[64])
{
  X509 *root = parse(ca, ca_size), *device = parse(certificate, size);
  pc_status status = PC_ERR_SIGNATURE;
  if (root == NULL || device == NULL)
    status = PC_ERR_FORMAT;
  else if (X509_check_ca(device) == 0 && (X509_get_extension_flags(device) & EXFLAG_KUSAGE) != 0 &&
           (X509_get_key_usage(device) & KU_KEY_AGREEMENT) != 0 && issued_by(root, device) &&
           point_of(X509_get0_pubkey(device), point))
    status = PC_OK;
  X509_free(root);
  X509_free(device);
  return finish(status);
}

pc_status trust_fresh_pair(uint8_t private_key[32], uint8_t public_key[64])
{
  EVP_PKEY *key = EVP_EC_gen("prime256v1");
  BIGNUM *d = NULL;
  bool ok = key != NULL && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
            BN_bn2binpad(d, private_key, 32) == 32 && point_of(key, public_key);
  BN_clear_free(d);
  EVP_PKEY_free(key);
  return finish(ok ? PC_OK : PC_ERR_PARAM);
}
