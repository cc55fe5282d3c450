/* Signing and encryption keys: reading, checking, signing, verifying. */
#include "tool/keys.h"

#include "tool/crypto.h"
#include "tool/objfile/file.h"
#include "tool/pkcs11.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_LIMIT 65536u

struct signer {
  EVP_PKEY *key;
  struct pkcs11_session *session; /* NULL: a key in memory */
  uint8_t point[64];
  char name[200]; /* for messages; never holds a PIN */
};

/* ---- files ---- */

static uint8_t *slurp(const char *path, size_t *size, struct problem *problem)
{
  problem->code = CLI_INPUT;
  return objfile_slurp(path, KEY_FILE_LIMIT, size, problem->text, sizeof problem->text);
}

static uint8_t *slurp_secret(const struct cli *cli, const char *path, size_t *size, struct problem *problem)
{
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && (st.st_mode & 077) != 0 &&
      !cli_flag(cli, "insecure-key-permissions")) {
    problem_set(problem, CLI_REFUSED,
                "%s: others may read or write this key (mode %03o); chmod 600 it, or use --insecure-key-permissions",
                path, (unsigned)st.st_mode & 0777);
    return NULL;
  }
  return slurp(path, size, problem);
}

static void wipe(uint8_t *bytes, size_t size)
{
  if (bytes != NULL)
    OPENSSL_cleanse(bytes, size);
  free(bytes);
}

bool keys_load_encryption(const struct cli *cli, const char *path, uint8_t key[16], struct problem *problem)
{
  size_t size;
  uint8_t *bytes = slurp_secret(cli, path, &size, problem);
  if (bytes == NULL)
    return false;
  bool ok = size == 16;
  if (ok)
    memcpy(key, bytes, 16);
  else
    problem_set(problem, CLI_INPUT, "%s: %zu bytes; an AES-128 key has 16", path, size);
  wipe(bytes, size);
  return ok;
}

/* ---- P-256 ---- */

/* The point of any P-256 key, wherever it lives. */
static bool get_point(EVP_PKEY *key, const char *name, uint8_t point[64], struct problem *problem)
{
  char group[64] = "";
  size_t length = 0;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
    return problem_set(problem, CLI_INPUT, "%s: not an elliptic-curve key; the scheme needs P-256", name);
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1 || strcmp(group, "prime256v1") != 0)
    return problem_set(problem, CLI_INPUT, "%s: a key on curve %s; the scheme needs P-256 (prime256v1)", name, group);
  /* A key in a token is a legacy object to OpenSSL 3: take the point from its encoding. */
  uint8_t *der = NULL;
  int size = i2d_PUBKEY(key, &der);
  const unsigned char *at = der;
  EVP_PKEY *copy = size > 0 ? d2i_PUBKEY(NULL, &at, size) : NULL;
  BIGNUM *x = NULL, *y = NULL;
  bool ok = copy != NULL && EVP_PKEY_get_bn_param(copy, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
            EVP_PKEY_get_bn_param(copy, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 && BN_bn2binpad(x, point, 32) == 32 &&
            BN_bn2binpad(y, point + 32, 32) == 32;
  BN_free(x);
  BN_free(y);
  EVP_PKEY_free(copy);
  OPENSSL_free(der);
  return ok || problem_set(problem, CLI_INPUT, "%s: no public key in it: %s", name, crypto_reason());
}

static EVP_PKEY *key_from_point(const uint8_t point[64])
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

bool keys_verify(const uint8_t point[64], const uint8_t digest[32], const uint8_t signature[64])
{
  ECDSA_SIG *sig = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
  uint8_t *der = NULL;
  int size = 0;
  if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
    r = s = NULL; /* now the signature's */
    size = i2d_ECDSA_SIG(sig, &der);
  }
  EVP_PKEY *key = key_from_point(point);
  EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
  bool ok = size > 0 && ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
            EVP_PKEY_verify(ctx, der, (size_t)size, digest, 32) == 1;
  EVP_PKEY_CTX_free(ctx);
  EVP_PKEY_free(key);
  OPENSSL_free(der);
  ECDSA_SIG_free(sig);
  BN_free(r);
  BN_free(s);
  (void)crypto_reason(); /* a refused signature leaves errors behind */
  return ok;
}

/* OpenSSL says "unsupported" of everything that is no PEM at all: that helps nobody. */
static void no_key_in(const char *path, const char *what, struct problem *problem)
{
  const char *reason = crypto_reason();
  if (strcmp(reason, "unsupported") == 0)
    problem_set(problem, CLI_INPUT, "%s: no %s in PEM form in it, or it is damaged", path, what);
  else
    problem_set(problem, CLI_INPUT, "%s: no %s in PEM form: %s", path, what, reason);
}

/* PEM asks for a passphrase here. */
static int passphrase(char *to, int size, int writing, void *path)
{
  char prompt[300];
  const char *given = getenv("PORTCULLIS_PASSPHRASE");
  (void)writing;
  if (given != NULL)
    return snprintf(to, (size_t)size, "%s", given) < size ? (int)strlen(given) : -1;
  snprintf(prompt, sizeof prompt, "Passphrase of %s: ", (const char *)path);
  if (!isatty(STDIN_FILENO) || EVP_read_pw_string(to, size, prompt, 0) != 0)
    return -1;
  return (int)strlen(to);
}

static EVP_PKEY *read_pem(const char *path, const uint8_t *bytes, size_t size, bool private_key)
{
  BIO *bio = BIO_new_mem_buf(bytes, (int)size);
  void *name = (void *)(uintptr_t)path;
  EVP_PKEY *key = NULL;
  if (bio != NULL)
    key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, passphrase, name)
                      : PEM_read_bio_PUBKEY(bio, NULL, passphrase, name);
  BIO_free(bio);
  return key;
}

bool keys_load_public(const char *spec, uint8_t point[64], struct problem *problem)
{
  EVP_PKEY *key = NULL;
  bool ok = false;
  if (pkcs11_is_uri(spec)) {
    struct pkcs11_session *session = pkcs11_open(spec, false, &key, problem);
    if (session != NULL)
      ok = get_point(key, "pkcs11 key", point, problem);
    EVP_PKEY_free(key);
    pkcs11_close(session);
    return ok;
  }
  size_t size;
  uint8_t *bytes = slurp(spec, &size, problem);
  if (bytes == NULL)
    return false;
  key = read_pem(spec, bytes, size, false);
  if (key == NULL)
    key = read_pem(spec, bytes, size, true);
  wipe(bytes, size);
  if (key == NULL)
    no_key_in(spec, "key", problem);
  else
    ok = get_point(key, spec, point, problem);
  EVP_PKEY_free(key);
  (void)crypto_reason();
  return ok;
}

uint8_t *keys_public_file(const uint8_t point[64], bool pem, size_t *size, struct problem *problem)
{
  EVP_PKEY *key = key_from_point(point);
  BIO *bio = BIO_new(BIO_s_mem());
  uint8_t *bytes = NULL;
  char *at = NULL;
  if (key != NULL && bio != NULL && (pem ? PEM_write_bio_PUBKEY(bio, key) : i2d_PUBKEY_bio(bio, key)) == 1) {
    *size = (size_t)BIO_get_mem_data(bio, &at);
    bytes = malloc(*size);
    if (bytes != NULL)
      memcpy(bytes, at, *size);
  }
  if (bytes == NULL)
    problem_set(problem, CLI_INPUT, "public key: %s", crypto_reason());
  BIO_free(bio);
  EVP_PKEY_free(key);
  return bytes;
}

/* ---- signing ---- */

static struct signer *signer_from(EVP_PKEY *key, struct pkcs11_session *session, const char *name,
                                  struct problem *problem)
{
  struct signer *s = calloc(1, sizeof *s);
  if (s != NULL) {
    s->key = key;
    s->session = session;
    snprintf(s->name, sizeof s->name, "%s", name);
    if (get_point(key, name, s->point, problem))
      return s;
    free(s);
  } else {
    problem_set(problem, CLI_INPUT, "out of memory");
  }
  EVP_PKEY_free(key);
  pkcs11_close(session);
  return NULL;
}

struct signer *signer_open(const struct cli *cli, const char *spec, struct problem *problem)
{
  EVP_PKEY *key;
  if (pkcs11_is_uri(spec)) {
    struct pkcs11_session *session = pkcs11_open(spec, true, &key, problem);
    return session ? signer_from(key, session, "pkcs11 key", problem) : NULL;
  }
  size_t size;
  uint8_t *bytes = slurp_secret(cli, spec, &size, problem);
  if (bytes == NULL)
    return NULL;
  key = read_pem(spec, bytes, size, true);
  wipe(bytes, size);
  if (key == NULL) {
    no_key_in(spec, "private key", problem);
    return NULL;
  }
  return signer_from(key, NULL, spec, problem);
}

struct signer *signer_generate(struct problem *problem)
{
  EVP_PKEY *key = EVP_EC_gen("P-256");
  if (key == NULL) {
    problem_set(problem, CLI_INPUT, "new key: %s", crypto_reason());
    return NULL;
  }
  return signer_from(key, NULL, "new key", problem);
}

const uint8_t *signer_point(const struct signer *signer)
{
  return signer->point;
}

/* DER to r || s. */
static bool split_signature(const uint8_t *der, size_t size, uint8_t signature[64])
{
  const unsigned char *at = der;
  ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
  bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32 &&
            BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32;
  ECDSA_SIG_free(sig);
  return ok;
}

bool signer_sign(struct signer *signer, const uint8_t digest[32], uint8_t signature[64], struct problem *problem)
{
  uint8_t der[128];
  size_t size = sizeof der;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(signer->key, NULL);
  bool ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &size, digest, 32) == 1 &&
            split_signature(der, size, signature);
  EVP_PKEY_CTX_free(ctx);
  if (!ok)
    return problem_set(problem, CLI_INPUT, "%s: signing failed: %s", signer->name, crypto_reason());
  if (!keys_verify(signer->point, digest, signature))
    return problem_set(problem, CLI_INPUT, "%s: made a signature that its public key refuses", signer->name);
  return true;
}

uint8_t *signer_private_pem(const struct signer *signer, size_t *size, struct problem *problem)
{
  BIO *bio = BIO_new(BIO_s_secmem());
  uint8_t *bytes = NULL;
  char *at = NULL;
  if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, signer->key, NULL, NULL, 0, NULL, NULL) == 1) {
    *size = (size_t)BIO_get_mem_data(bio, &at);
    bytes = malloc(*size);
    if (bytes != NULL)
      memcpy(bytes, at, *size);
  }
  if (bytes == NULL)
    problem_set(problem, CLI_INPUT, "private key: %s", crypto_reason());
  BIO_free(bio);
  return bytes;
}

void signer_close(struct signer *signer)
{
  if (signer == NULL)
    return;
  EVP_PKEY_free(signer->key);
  pkcs11_close(signer->session);
  free(signer);
}
