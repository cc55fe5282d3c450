/* Licences: building, opening. The cryptography is behind sfi/crypto/crypto.h. */
#include "sfi/licence/licence.h"

#include "sfi/crypto/crypto.h"

#include <string.h>

static const uint8_t label[24] = {'P', 'o', 'r', 't', 'c', 'u', 'l', 'l', 'i', 's', ' ', 'S',
                                  'F', 'I', ' ', 'l', 'i', 'c', 'e', 'n', 'c', 'e', ' ', '1'};
static const uint8_t head[8] = {'P', 'C', 'L', 'I', SFI_LICENCE_VERSION, 0, SFI_LICENCE_SIZE, 0};

pc_status sfi_identifier_check(const uint8_t *bytes, size_t size)
{
  if (size == 0 || size > SFI_IDENTIFIER_MAX)
    return PC_ERR_FORMAT;
  for (size_t i = 0; i < size; i++)
    if (bytes[i] < 0x20 || bytes[i] > 0x7E)
      return PC_ERR_FORMAT;
  return PC_OK;
}

pc_status sfi_licence_parse(const uint8_t *bytes, size_t size, struct sfi_licence *licence)
{
  if (size != SFI_LICENCE_SIZE || memcmp(bytes, head, sizeof head) != 0)
    return PC_ERR_FORMAT;
  const uint8_t *c = bytes + SFI_LICENCE_AT_COUNT, *text = bytes + SFI_LICENCE_AT_IDENTIFIER;
  size_t length = 0;
  while (length < SFI_IDENTIFIER_MAX && text[length] != 0)
    length++;
  for (size_t i = length; i < SFI_IDENTIFIER_MAX; i++)
    if (text[i] != 0)
      return PC_ERR_FORMAT;
  if (sfi_identifier_check(text, length) != PC_OK)
    return PC_ERR_FORMAT;
  licence->left = (uint32_t)c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 | (uint32_t)c[3] << 24;
  memcpy(licence->identifier, text, SFI_IDENTIFIER_MAX);
  licence->identifier[SFI_IDENTIFIER_MAX] = 0;
  memcpy(licence->device, bytes + SFI_LICENCE_AT_DEVICE, sizeof licence->device);
  memcpy(licence->challenge, bytes + SFI_LICENCE_AT_CHALLENGE, sizeof licence->challenge);
  return PC_OK;
}

/* AES key and IV for the licence whose bytes 0-155 are given. */
static pc_status derive(const uint8_t *bytes, const uint8_t private_key[32], const uint8_t peer[64],
                        uint8_t material[28])
{
  uint8_t shared[32], info[sizeof label + SFI_LICENCE_AT_EPHEMERAL];
  memcpy(info, label, sizeof label);
  memcpy(info + sizeof label, bytes, SFI_LICENCE_AT_EPHEMERAL);
  pc_status status = sfi_ecdh(private_key, peer, shared);
  if (status == PC_OK)
    status = sfi_hkdf(shared, sizeof shared, bytes + SFI_LICENCE_AT_EPHEMERAL, 64, info, sizeof info, material, 28);
  sfi_wipe(shared, sizeof shared);
  return status;
}

static pc_status open_secret(const uint8_t *bytes, const uint8_t private_key[32], uint8_t secret[28])
{
  uint8_t material[28];
  pc_status status = derive(bytes, private_key, bytes + SFI_LICENCE_AT_EPHEMERAL, material);
  if (status == PC_OK)
    status = sfi_gcm_open(material, material + 16, bytes, SFI_LICENCE_AT_CIPHER, bytes + SFI_LICENCE_AT_CIPHER, secret,
                          28, bytes + SFI_LICENCE_AT_TAG);
  sfi_wipe(material, sizeof material);
  return status == PC_OK ? PC_OK : PC_ERR_SIGNATURE;
}

pc_status sfi_licence_open(const uint8_t *bytes, size_t size, const uint8_t private_key[32],
                           const uint8_t public_key[64], const uint8_t challenge[SFI_CHALLENGE_SIZE], uint8_t key[16],
                           uint8_t nonce[12])
{
  struct sfi_licence licence;
  uint8_t device[32], secret[28];
  memset(key, 0, 16);
  memset(nonce, 0, 12);
  pc_status status = sfi_licence_parse(bytes, size, &licence);
  if (status != PC_OK)
    return status;
  status = sfi_sha256(public_key, 64, device);
  if (status != PC_OK)
    return status;
  if (!sfi_equal(device, licence.device, sizeof device))
    return PC_ERR_PRODUCT;
  if (!sfi_equal(challenge, licence.challenge, SFI_CHALLENGE_SIZE))
    return PC_ERR_STATE;
  status = open_secret(bytes, private_key, secret);
  if (status == PC_OK) {
    memcpy(key, secret, 16);
    memcpy(nonce, secret + 16, 12);
  }
  sfi_wipe(secret, sizeof secret);
  return status;
}

pc_status sfi_licence_seal(struct sfi_licence *licence, const uint8_t device_public[64],
                           const uint8_t ephemeral_private[32], const uint8_t ephemeral_public[64],
                           const uint8_t key[16], const uint8_t nonce[12], uint8_t to[SFI_LICENCE_SIZE])
{
  uint8_t material[28], secret[28];
  size_t length = 0;
  while (length <= SFI_IDENTIFIER_MAX && licence->identifier[length] != 0)
    length++;
  pc_status status = sfi_identifier_check((const uint8_t *)licence->identifier, length);
  if (status == PC_OK)
    status = sfi_sha256(device_public, 64, licence->device);
  if (status != PC_OK)
    return status;
  memset(to, 0, SFI_LICENCE_SIZE);
  memcpy(to, head, sizeof head);
  for (uint32_t i = 0; i < 4; i++)
    to[SFI_LICENCE_AT_COUNT + i] = (uint8_t)(licence->left >> (8 * i));
  memcpy(to + SFI_LICENCE_AT_IDENTIFIER, licence->identifier, length);
  memcpy(to + SFI_LICENCE_AT_DEVICE, licence->device, sizeof licence->device);
  memcpy(to + SFI_LICENCE_AT_CHALLENGE, licence->challenge, SFI_CHALLENGE_SIZE);
  memcpy(to + SFI_LICENCE_AT_EPHEMERAL, ephemeral_public, 64);
  memcpy(secret, key, 16);
  memcpy(secret + 16, nonce, 12);
  status = derive(to, ephemeral_private, device_public, material);
  if (status == PC_OK)
    status = sfi_gcm_seal(material, material + 16, to, SFI_LICENCE_AT_CIPHER, secret, to + SFI_LICENCE_AT_CIPHER, 28,
                          to + SFI_LICENCE_AT_TAG);
  sfi_wipe(material, sizeof material);
  sfi_wipe(secret, sizeof secret);
  if (status != PC_OK)
    sfi_wipe(to, SFI_LICENCE_SIZE);
  return status;
}
