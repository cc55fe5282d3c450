/* Licences: the firmware key and nonce for one device, as the card issues them. 200 bytes, little-endian.
 *
 *  off size
 *    0    4  "PCLI"
 *    4    2  version: 1
 *    6    2  size: 200
 *    8    4  count left on the card after this licence
 *   12   32  firmware identifier: 1 to 32 printable ASCII characters, then zeros
 *   44   32  device: SHA-256 of its public key (X || Y)
 *   76   16  challenge: what the device gave with its certificate
 *   92   64  the card's ephemeral public key, X || Y
 *  156   28  AES-128-GCM ciphertext: firmware key (16), nonce (12)
 *  184   16  tag
 *
 * shared = ECDH(ephemeral, device); 28 bytes of HKDF-SHA-256(shared, salt = bytes 92-155, info = "Portcullis SFI
 * licence 1" then bytes 0-91) are the AES key (16) and the IV (12); additional data: bytes 0-155.
 *
 * So a licence opens with this device's private key only, for the challenge that the device expects, and no byte of it
 * can be changed. It does not prove who made it: whoever knows a device's public key can make one with keys of his own,
 * and thereby install firmware of his own, but never read anybody's.
 *
 * Shared by the device and the card: no heap.
 */
#ifndef SFI_LICENCE_LICENCE_H
#define SFI_LICENCE_LICENCE_H

#include "portcullis/status.h"

#include <stddef.h>
#include <stdint.h>

#define SFI_LICENCE_SIZE    200u
#define SFI_LICENCE_VERSION 1u
#define SFI_IDENTIFIER_MAX  32u
#define SFI_CHALLENGE_SIZE  16u

enum {
  SFI_LICENCE_AT_COUNT = 8,
  SFI_LICENCE_AT_IDENTIFIER = 12,
  SFI_LICENCE_AT_DEVICE = 44,
  SFI_LICENCE_AT_CHALLENGE = 76,
  SFI_LICENCE_AT_EPHEMERAL = 92,
  SFI_LICENCE_AT_CIPHER = 156,
  SFI_LICENCE_AT_TAG = 184
};

struct sfi_licence {
  uint32_t left;                            /* count left on the card */
  char identifier[SFI_IDENTIFIER_MAX + 1u]; /* ends with a zero */
  uint8_t device[32];
  uint8_t challenge[SFI_CHALLENGE_SIZE];
};

/* PC_OK: 1 to 32 characters from 0x20 to 0x7E. PC_ERR_FORMAT else. */
pc_status sfi_identifier_check(const uint8_t *bytes, size_t size);

/* The clear fields, without believing them. PC_ERR_FORMAT: size, magic, version or identifier. */
pc_status sfi_licence_parse(const uint8_t *bytes, size_t size, struct sfi_licence *licence);

/* What the device does: check that the licence is for this key pair and this challenge, and take the firmware's key and
 * nonce out. On any other result than PC_OK both are wiped. PC_ERR_FORMAT: as above. PC_ERR_PRODUCT: for another
 * device. PC_ERR_STATE: for another challenge, that is, replayed. PC_ERR_SIGNATURE: not made for this private key, or
 * altered. */
pc_status sfi_licence_open(const uint8_t *bytes, size_t size, const uint8_t private_key[32],
                           const uint8_t public_key[64], const uint8_t challenge[SFI_CHALLENGE_SIZE], uint8_t key[16],
                           uint8_t nonce[12]);

/* What the card does. The ephemeral pair must be fresh: used for this licence and forgotten. licence->device is filled
 * in. PC_ERR_PARAM: a point off the curve; PC_ERR_FORMAT: the identifier. */
pc_status sfi_licence_seal(struct sfi_licence *licence, const uint8_t device_public[64],
                           const uint8_t ephemeral_private[32], const uint8_t ephemeral_public[64],
                           const uint8_t key[16], const uint8_t nonce[12], uint8_t to[SFI_LICENCE_SIZE]);

#endif
