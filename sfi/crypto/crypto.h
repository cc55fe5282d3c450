/* The cryptography of secure install: AES-128-GCM, ECDH on P-256, HKDF-SHA-256. One interface, chosen at link time:
 * openssl.c on the PC and in the card, mbedtls.c on the device (and in the tests that stand for it).
 *
 * No heap on the device, no state between calls. Public points are X || Y, private keys the scalar, all big-endian.
 */
#ifndef SFI_CRYPTO_CRYPTO_H
#define SFI_CRYPTO_CRYPTO_H

#include "portcullis/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Encrypt and authenticate. `size` may be 0 (tag over `aad` alone); clear == cipher allowed. PC_ERR_PARAM: the library
 * refused (sizes of 2 GiB and more, out of memory on the PC). */
pc_status sfi_gcm_seal(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *clear, uint8_t *cipher, size_t size, uint8_t tag[16]);
/* PC_OK only if the tag matches. PC_ERR_TAG: it does not; `clear` is wiped. */
pc_status sfi_gcm_open(const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad, size_t aad_size,
                       const uint8_t *cipher, uint8_t *clear, size_t size, const uint8_t tag[16]);

/* The X coordinate of private_key * public_key. PC_ERR_PARAM: the point is not on the curve, or the key is not within
 * 1..n-1. */
pc_status sfi_ecdh(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t shared[32]);

/* HKDF-SHA-256 (RFC 5869); `size` 1..64 bytes, `info_size` up to 256, else PC_ERR_PARAM. */
pc_status sfi_hkdf(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size,
                   const uint8_t *info, size_t info_size, uint8_t *to, size_t size);

pc_status sfi_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32]);

/* In time that depends on `size` only. */
bool sfi_equal(const uint8_t *a, const uint8_t *b, size_t size);
void sfi_wipe(void *bytes, size_t size);

#endif
