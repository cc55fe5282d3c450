/* SHA-256, AES-128-CBC and random bytes by OpenSSL 3. */
#include "tool/crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

const char *crypto_reason(void)
{
  static char text[200];
  unsigned long error = ERR_get_error();
  const char *reason = error ? ERR_reason_error_string(error) : NULL;
  if (reason != NULL)
    snprintf(text, sizeof text, "%s", reason);
  else if (error != 0)
    ERR_error_string_n(error, text, sizeof text);
  else
    snprintf(text, sizeof text, "unknown reason");
  ERR_clear_error();
  return text;
}

bool crypto_sha256(const void *bytes, size_t size, uint8_t tag[32], struct problem *problem)
{
  if (EVP_Digest(bytes, size, tag, NULL, EVP_sha256(), NULL) != 1)
    return problem_set(problem, CLI_INPUT, "SHA-256: %s", crypto_reason());
  return true;
}

bool crypto_random(uint8_t *bytes, size_t size, struct problem *problem)
{
  if (RAND_bytes(bytes, (int)size) != 1)
    return problem_set(problem, CLI_INPUT, "random numbers: %s", crypto_reason());
  return true;
}

bool crypto_cbc(bool encrypt, const uint8_t key[16], const uint8_t iv[16], const uint8_t *from, uint8_t *to,
                size_t size, struct problem *problem)
{
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int first = 0, last = 0;
  bool ok = ctx != NULL && size % 16 == 0 && size <= INT32_MAX &&
            EVP_CipherInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv, encrypt) == 1 &&
            EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 && EVP_CipherUpdate(ctx, to, &first, from, (int)size) == 1 &&
            EVP_CipherFinal_ex(ctx, to + first, &last) == 1 && (size_t)first + (size_t)last == size;
  EVP_CIPHER_CTX_free(ctx);
  return ok || problem_set(problem, CLI_INPUT, "AES-128-CBC: %s", crypto_reason());
}
