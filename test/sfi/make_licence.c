/* What the card makes, without a card: make_licence PUBLIC-HEX KEY-FILE NONCE-FILE OUT */
#include "sfi/crypto/crypto.h"
#include "sfi/licence/licence.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static int load(const char *path, uint8_t *to, size_t size)
{
  FILE *file = fopen(path, "rb");
  size_t got = file != NULL ? fread(to, 1, size, file) : 0;
  if (file != NULL)
    fclose(file);
  return got == size;
}

static int ephemeral(uint8_t private_key[32], uint8_t point[64])
{
  EVP_PKEY *pair = EVP_EC_gen("P-256");
  BIGNUM *d = NULL;
  uint8_t encoded[65];
  size_t size = 0;
  int ok = pair != NULL && EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
           BN_bn2binpad(d, private_key, 32) == 32 &&
           EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded, &size) == 1 &&
           size == sizeof encoded;
  memcpy(point, encoded + 1, 64);
  BN_clear_free(d);
  EVP_PKEY_free(pair);
  return ok;
}

int main(int argc, char **argv)
{
  uint8_t device[64], key[16], nonce[12], private_key[32], point[64], out[SFI_LICENCE_SIZE];
  struct sfi_licence licence = {.left = 7, .identifier = "test firmware"};
  if (argc != 5 || strlen(argv[1]) != 128 || !load(argv[2], key, sizeof key) || !load(argv[3], nonce, sizeof nonce))
    return 2;
  for (unsigned i = 0; i < 64; i++) {
    unsigned value;
    if (sscanf(argv[1] + 2 * i, "%2x", &value) != 1)
      return 2;
    device[i] = (uint8_t)value;
  }
  if (!ephemeral(private_key, point) ||
      sfi_licence_seal(&licence, device, private_key, point, key, nonce, out) != PC_OK)
    return 1;
  FILE *file = fopen(argv[4], "wb");
  if (file == NULL)
    return 1;
  size_t put = fwrite(out, 1, sizeof out, file);
  return fclose(file) == 0 && put == sizeof out ? 0 : 1;
}
