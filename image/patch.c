/* Taking the header of a .sfbp apart and building one: see patch.h. */
#include "image/patch.h"

#include <string.h>

static uint32_t get32(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    p[i] = (uint8_t)(value >> (8 * i));
}

static pc_status check(const uint8_t *header, uint32_t capacity, const struct patch_info *info)
{
  uint8_t extra = 0;
  for (uint32_t i = info->in_place != 0 ? PATCH_AT_ZERO : PATCH_AT_HOW; i < PATCH_AT_SIGNATURE; i++)
    extra |= header[i];
  for (uint32_t i = PATCH_AT_FROM_TAG; info->from_size == 0 && i < PATCH_AT_TO_DIGEST; i++)
    extra |= header[i];
  if (extra != 0 || header[4] != 2 || header[5] != 0 || info->in_place > 1 || header[7] != 0)
    return PC_ERR_FORMAT;
  if (info->image < 1 || info->image > 3 || info->size == 0 || info->from_size % IMAGE_BLOCK != 0)
    return PC_ERR_FORMAT;
  return info->size <= capacity && info->from_size <= capacity ? PC_OK : PC_ERR_SIZE;
}

pc_status patch_header_parse(const uint8_t header[PATCH_HEADER_SIZE], uint32_t capacity, struct patch_info *info)
{
  memset(info, 0, sizeof *info);
  if (!patch_magic(header))
    return PC_ERR_FORMAT;
  info->image = (uint32_t)header[3] - '0';
  info->size = get32(header + PATCH_AT_SIZE);
  info->from_version = get32(header + PATCH_AT_FROM_VERSION);
  info->from_size = get32(header + PATCH_AT_FROM_SIZE);
  info->in_place = header[PATCH_AT_IN_PLACE];
  memcpy(info->how, header + PATCH_AT_HOW, sizeof info->how);
  pc_status status = check(header, capacity < UINT32_MAX - IMAGE_BLOCK ? capacity : UINT32_MAX - IMAGE_BLOCK, info);
  info->cipher_size = (info->size + (IMAGE_BLOCK - 1u)) & ~(IMAGE_BLOCK - 1u);
  return status;
}

pc_status patch_header_build(uint8_t header[PATCH_HEADER_SIZE], const struct patch_info *info,
                             const uint8_t from_tag[32], const uint8_t to_digest[32], const uint8_t iv[16])
{
  struct patch_info read;
  memset(header, 0, PATCH_SIGNED_SIZE);
  memset(header + PATCH_AT_SIGNATURE, 0xFF, PATCH_HEADER_SIZE - PATCH_AT_SIGNATURE);
  header[0] = 'S';
  header[1] = 'F';
  header[2] = 'P';
  header[3] = (uint8_t)('0' + info->image);
  header[4] = 2;
  header[PATCH_AT_IN_PLACE] = (uint8_t)info->in_place;
  memcpy(header + PATCH_AT_HOW, info->how, sizeof info->how);
  put32(header + PATCH_AT_SIZE, info->size);
  put32(header + PATCH_AT_FROM_VERSION, info->from_version);
  put32(header + PATCH_AT_FROM_SIZE, info->from_size);
  if (info->from_size != 0)
    memcpy(header + PATCH_AT_FROM_TAG, from_tag, 32);
  memcpy(header + PATCH_AT_TO_DIGEST, to_digest, 32);
  memcpy(header + PATCH_AT_IV, iv, 16);
  return patch_header_parse(header, UINT32_MAX, &read);
}
