/* Taking a firmware header apart and building one. Knows no flash and no keys. */
#include "image/header.h"

#include <string.h>

static uint32_t get16(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
  return get16(p) | get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint32_t value)
{
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
  put16(p, value);
  put16(p + 2, value >> 16);
}

static int all_bytes(const uint8_t *bytes, uint32_t size, uint8_t value)
{
  uint8_t difference = 0;
  for (uint32_t i = 0; i < size; i++)
    difference |= (uint8_t)(bytes[i] ^ value);
  return difference == 0;
}

/* Bounds that hold for every header, read or built. */
static pc_status check(const struct image_info *info, uint32_t capacity)
{
  if (info->image < 1 || info->image > 3 || info->size == 0 || info->size % IMAGE_BLOCK != 0)
    return PC_ERR_FORMAT;
  if (info->partial_size == 0 || info->partial_size % IMAGE_BLOCK != 0 || info->partial_size > info->size ||
      info->partial_offset > info->size - info->partial_size)
    return PC_ERR_FORMAT;
  if (info->protocol == IMAGE_PROTOCOL) {
    if ((info->flags & ~IMAGE_FLAGS_KNOWN) != 0 || info->external >= (IMAGE_SEGMENTS ? info->size : 1u))
      return PC_ERR_FORMAT;
  } else if (info->protocol != IMAGE_PROTOCOL_VENDOR) {
    return PC_ERR_FORMAT;
  }
  return info->size <= capacity ? PC_OK : PC_ERR_SIZE;
}

pc_status image_header_parse(const uint8_t header[IMAGE_HEADER_SIZE], uint32_t capacity, struct image_info *info)
{
  memset(info, 0, sizeof *info);
  if (all_bytes(header, IMAGE_HEADER_SIZE, 0xFF))
    return PC_ERR_BLANK;
  if (header[0] != 'S' || header[1] != 'F' || header[2] != 'U')
    return PC_ERR_FORMAT;
  info->image = (uint32_t)header[3] - '0'; /* out of range is caught by check() */
  info->protocol = get16(header + IMAGE_AT_PROTOCOL);
  info->version = get16(header + IMAGE_AT_VERSION16);
  info->size = get32(header + IMAGE_AT_SIZE);
  info->partial_offset = get32(header + IMAGE_AT_PARTIAL_OFFSET);
  info->partial_size = get32(header + IMAGE_AT_PARTIAL_SIZE);
  if (info->protocol == IMAGE_PROTOCOL) {
    uint32_t version = get32(header + IMAGE_AT_VERSION);
    if (version >> 16 != info->version || !all_bytes(header + IMAGE_AT_ZERO, 8, 0))
      return PC_ERR_FORMAT;
    info->version = version;
    info->product = get32(header + IMAGE_AT_PRODUCT);
    info->minimum = get32(header + IMAGE_AT_MINIMUM);
    info->flags = get32(header + IMAGE_AT_FLAGS);
    info->external = get32(header + IMAGE_AT_EXTERNAL);
  }
  return check(info, capacity);
}

pc_status image_header_build(uint8_t header[IMAGE_HEADER_SIZE], const struct image_info *info, const uint8_t *tag,
                             const uint8_t *partial_tag, const uint8_t *iv)
{
  pc_status status = check(info, UINT32_MAX);
  if (status != PC_OK)
    return status;
  if (info->protocol == IMAGE_PROTOCOL_VENDOR && info->version > 0xFFFF)
    return PC_ERR_FORMAT;
  memset(header, 0xFF, IMAGE_HEADER_SIZE);
  memset(header + IMAGE_AT_RESERVED, 0, IMAGE_AT_SIGNATURE - IMAGE_AT_RESERVED);
  header[0] = 'S';
  header[1] = 'F';
  header[2] = 'U';
  header[3] = (uint8_t)('0' + info->image);
  put16(header + IMAGE_AT_PROTOCOL, info->protocol);
  put32(header + IMAGE_AT_SIZE, info->size);
  put32(header + IMAGE_AT_PARTIAL_OFFSET, info->partial_offset);
  put32(header + IMAGE_AT_PARTIAL_SIZE, info->partial_size);
  memcpy(header + IMAGE_AT_TAG, tag, IMAGE_TAG_SIZE);
  memcpy(header + IMAGE_AT_PARTIAL_TAG, partial_tag, IMAGE_TAG_SIZE);
  memcpy(header + IMAGE_AT_IV, iv, IMAGE_BLOCK);
  if (info->protocol == IMAGE_PROTOCOL_VENDOR) {
    put16(header + IMAGE_AT_VERSION16, info->version);
    return PC_OK;
  }
  put16(header + IMAGE_AT_VERSION16, info->version >> 16);
  put32(header + IMAGE_AT_VERSION, info->version);
  put32(header + IMAGE_AT_PRODUCT, info->product);
  put32(header + IMAGE_AT_MINIMUM, info->minimum);
  put32(header + IMAGE_AT_FLAGS, info->flags);
  put32(header + IMAGE_AT_EXTERNAL, info->external);
  return PC_OK;
}

/* The three 32-byte fields of a state, first to last (X-CUBE-SBSFU: each all FF, all 55 or all 00). */
static const struct {
  enum image_state state;
  uint8_t field[3];
} states[] = {{IMAGE_STATE_NEW, {0xFF, 0xFF, 0xFF}},
              {IMAGE_STATE_SELFTEST, {0xFF, 0xFF, 0x00}},
              {IMAGE_STATE_VALID_ALL, {0xFF, 0x55, 0x00}},
              {IMAGE_STATE_VALID, {0xFF, 0x00, 0x00}},
              {IMAGE_STATE_INVALID, {0x00, 0x00, 0x00}}};

enum image_state image_header_state(const uint8_t header[IMAGE_HEADER_SIZE])
{
  for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++) {
    int match = 1;
    for (uint32_t f = 0; f < 3; f++)
      match &= all_bytes(header + IMAGE_AT_STATE + f * 32, 32, states[i].field[f]);
    if (match)
      return states[i].state;
  }
  return IMAGE_STATE_TORN;
}

void image_header_set_state(uint8_t header[IMAGE_HEADER_SIZE], enum image_state state)
{
  for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++)
    if (states[i].state == state)
      for (uint32_t f = 0; f < 3; f++)
        memset(header + IMAGE_AT_STATE + f * 32, states[i].field[f], 32);
}
