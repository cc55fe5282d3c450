/* Making and reading certificates, by OpenSSL. */
#include "sfi/host/certificate.h"

#include "tool/crypto.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT 65536u

void blob_free(struct blob *blob)
{
  if (blob->bytes != NULL)
    OPENSSL_cleanse(blob->bytes, blob->size);
  free(blob->bytes);
  *blob = (struct blob){0};
}

void certificate_device_free(struct certificate_device *device)
{
  blob_free(&device->certificate_pem);
  blob_free(&device->certificate_der);
  blob_free(&device->key_pem);
  OPENSSL_cleanse(device, sizeof *device);
}

static bool from_bio(BIO *bio, bool ok, struct blob *blob)
{
  const char *bytes = NULL;
  long size = ok && bio != NULL ? BIO_get_mem_data(bio, &bytes) : 0;
  if (size > 0 && (blob->bytes = malloc((size_t)size)) != NULL) {
    memcpy(blob->bytes, bytes, (size_t)size);
    blob->size = (size_t)size;
  }
  BIO_free(bio);
  return blob->bytes != NULL;
}

static bool certificate_pem(X509 *x, struct blob *blob)
{
  BIO *bio = BIO_new(BIO_s_mem());
  return from_bio(bio, bio != NULL && PEM_write_bio_X509(bio, x) == 1, blob);
}

static bool certificate_der(X509 *x, struct blob *blob)
{
  BIO *bio = BIO_new(BIO_s_mem());
  return from_bio(bio, bio != NULL && i2d_X509_bio(bio, x) == 1, blob);
}

static bool key_pem(EVP_PKEY *key, struct blob *blob)
{
  BIO *bio = BIO_new(BIO_s_secmem());
  return from_bio(bio, bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, blob);
}

static bool add_extension(X509 *x, X509 *issuer, int kind, const char *value)
{
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, kind, value);
  bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
  X509_EXTENSION_free(e);
  return ok;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1;
}

/* What every certificate here has: version 3, a random serial number, a key, and no end (RFC 5280, 4.1.2.5): chips are
 * older than clocks think. */
static X509 *begin(EVP_PKEY *key)
{
  X509 *x = X509_new();
  BIGNUM *serial = BN_new();
  bool ok = x != NULL && serial != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
            BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
            BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL &&
            ASN1_TIME_set_string(X509_getm_notBefore(x), "20200101000000Z") == 1 &&
            ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z") == 1 && X509_set_pubkey(x, key) == 1;
  BN_free(serial);
  if (!ok) {
    X509_free(x);
    return NULL;
  }
  return x;
}

bool certificate_new_ca(const char *name, struct blob *certificate, struct blob *key_file, struct problem *problem)
{
  EVP_PKEY *key = EVP_EC_gen("prime256v1");
  X509 *x = key != NULL ? begin(key) : NULL;
  bool ok = x != NULL && add_name(X509_get_subject_name(x), "O", "Portcullis") &&
            add_name(X509_get_subject_name(x), "CN", name) && X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
            add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
            add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
            add_extension(x, x, NID_subject_key_identifier, "hash") &&
            add_extension(x, x, NID_authority_key_identifier, "keyid:always") && X509_sign(x, key, EVP_sha256()) > 0 &&
            certificate_pem(x, certificate) && key_pem(key, key_file);
  X509_free(x);
  EVP_PKEY_free(key);
  return ok || problem_set(problem, CLI_INPUT, "making the CA: %s", crypto_reason());
}

static bool load_ca(const char *folder, X509 **ca, EVP_PKEY **key, struct problem *problem)
{
  char path[KEYS_PATH], key_path[KEYS_PATH];
  struct blob der = {0};
  if (!keys_join(folder, MAKER_CA, path, problem) || !keys_join(folder, MAKER_CA_KEY, key_path, problem) ||
      !certificate_load(path, &der, problem))
    return false;
  const unsigned char *at = der.bytes;
  *ca = d2i_X509(NULL, &at, (long)der.size);
  blob_free(&der);
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *pem = objfile_slurp(key_path, FILE_LIMIT, &size, problem->text, sizeof problem->text);
  if (pem == NULL)
    return false;
  BIO *bio = BIO_new_mem_buf(pem, (int)size);
  *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
  BIO_free(bio);
  OPENSSL_cleanse(pem, size);
  free(pem);
  if (*ca == NULL || *key == NULL || X509_check_private_key(*ca, *key) != 1)
    return problem_set(problem, CLI_INPUT, "%s: not the private key of %s", key_path, path);
  return true;
}

static X509 *issue(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, const char *chip, const char *uid)
{
  X509 *x = begin(key);
  bool ok = x != NULL && add_name(X509_get_subject_name(x), "O", "Portcullis") &&
            add_name(X509_get_subject_name(x), "CN", chip) && add_name(X509_get_subject_name(x), "serialNumber", uid) &&
            X509_set_issuer_name(x, X509_get_subject_name(ca)) == 1 &&
            add_extension(x, ca, NID_basic_constraints, "critical,CA:FALSE") &&
            add_extension(x, ca, NID_key_usage, "critical,keyAgreement") &&
            add_extension(x, ca, NID_subject_key_identifier, "hash") &&
            add_extension(x, ca, NID_authority_key_identifier, "keyid:always") &&
            X509_sign(x, ca_key, EVP_sha256()) > 0;
  if (!ok) {
    X509_free(x);
    return NULL;
  }
  return x;
}

/* The numbers of a key, as the chip keeps them. */
static bool numbers(const EVP_PKEY *key, struct certificate_device *device)
{
  BIGNUM *d = NULL, *x = NULL, *y = NULL;
  bool ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
            BN_bn2binpad(d, device->private_key, 32) == 32 && BN_bn2binpad(x, device->point, 32) == 32 &&
            BN_bn2binpad(y, device->point + 32, 32) == 32;
  BN_clear_free(d);
  BN_free(x);
  BN_free(y);
  return ok;
}

bool certificate_new_device(const char *folder, const char *chip, const char *uid, struct certificate_device *device,
                            struct problem *problem)
{
  X509 *ca = NULL;
  EVP_PKEY *ca_key = NULL;
  memset(device, 0, sizeof *device);
  bool ok = load_ca(folder, &ca, &ca_key, problem);
  if (ok) {
    EVP_PKEY *key = EVP_EC_gen("prime256v1");
    X509 *x = key != NULL ? issue(ca, ca_key, key, chip, uid) : NULL;
    ok = (x != NULL && certificate_pem(x, &device->certificate_pem) && certificate_der(x, &device->certificate_der) &&
          key_pem(key, &device->key_pem) && numbers(key, device)) ||
         problem_set(problem, CLI_INPUT, "making the certificate: %s", crypto_reason());
    X509_free(x);
    EVP_PKEY_free(key);
  }
  X509_free(ca);
  EVP_PKEY_free(ca_key);
  if (!ok)
    certificate_device_free(device);
  return ok;
}

bool certificate_load(const char *path, struct blob *der, struct problem *problem)
{
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, FILE_LIMIT, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  BIO *bio = BIO_new_mem_buf(bytes, (int)size);
  const unsigned char *at = bytes;
  X509 *x = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  if (x == NULL) {
    x = d2i_X509(NULL, &at, (long)size);
    if (x != NULL && at != bytes + size) {
      X509_free(x);
      x = NULL;
    }
  }
  BIO_free(bio);
  free(bytes);
  bool ok = x != NULL && certificate_der(x, der);
  X509_free(x);
  (void)crypto_reason();
  return ok || problem_set(problem, CLI_INPUT, "%s: no X.509 certificate (PEM or DER)", path);
}
