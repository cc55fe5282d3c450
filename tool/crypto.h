/* Cryptography on the PC: OpenSSL 3 behind the few functions that images need. Keys are in tool/keys.h. */
#ifndef TOOL_CRYPTO_H
#define TOOL_CRYPTO_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool crypto_sha256(const void *bytes, size_t size, uint8_t tag[32], struct problem *problem);
bool crypto_random(uint8_t *bytes, size_t size, struct problem *problem);
/* AES-128-CBC without padding; `size` a multiple of 16; from == to allowed. */
bool crypto_cbc(bool encrypt, const uint8_t key[16], const uint8_t iv[16], const uint8_t *from, uint8_t *to,
                size_t size, struct problem *problem);
/* The first error that OpenSSL (or libp11) holds, in words; clears them all. Never NULL. */
const char *crypto_reason(void);

#endif
