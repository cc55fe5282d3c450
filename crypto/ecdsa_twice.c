/* ECDSA P-256 verification for boards that stand against fault injection: the whole of it twice. The library ends in
 * one comparison and one conditional instruction; leaving that out would make a good signature of any. The second run
 * costs as much as the first. */
#include "crypto/crypto.h"

#include <p256-m.h>

/* Not inlined, and given its place for the result: two calls are two. */
static __attribute__((noinline)) void verify(volatile int *result, const uint8_t *public_key, const uint8_t *digest,
                                             const uint8_t *signature)
{
  *result = P256_INVALID_SIGNATURE;
  *result = p256_ecdsa_verify(signature, public_key, digest, CRYPTO_HASH_SIZE);
}

pc_status crypto_verify(const uint8_t public_key[CRYPTO_PUBLIC_SIZE], const uint8_t digest[CRYPTO_HASH_SIZE],
                        const uint8_t signature[CRYPTO_SIGNATURE_SIZE])
{
  /* Start from refusal, so that a skipped call leaves it standing. */
  volatile int first = P256_INVALID_SIGNATURE, second = P256_INVALID_SIGNATURE;
  verify(&first, public_key, digest, signature);
  if (first != P256_SUCCESS)
    return PC_ERR_SIGNATURE;
  verify(&second, public_key, digest, signature);
  if (second != P256_SUCCESS)
    return PC_ERR_SIGNATURE;
  /* Both read and judged again, against a skipped branch. */
  // cppcheck-suppress identicalConditionAfterEarlyExit
  if (first != P256_SUCCESS || second != P256_SUCCESS)
    return PC_ERR_SIGNATURE;
  return PC_OK;
}
