/* The firmware header, scheme ECDSA P-256 + SHA-256 + AES-128-CBC: 320 bytes, little-endian.
 *
 *  off  size  field
 *    0     4  magic "SFU1", "SFU2" or "SFU3": one per image
 *    4     2  protocol: 1 the vendor's (X-CUBE-SBSFU), 2 ours
 *    6     2  firmware version (protocol 1); in protocol 2 the upper 16 bits of the 32-bit version, checked
 *    8     4  firmware size in bytes, multiple of 16
 *   12     4  partial offset (0 for a full image)
 *   16     4  partial size (= firmware size for a full image)
 *   20    32  firmware tag: SHA-256 of the clear image
 *   52    32  partial tag (= firmware tag for a full image)
 *   84    16  IV of AES-128-CBC
 *  100    28  protocol 1: reserved, signed, ignored. Protocol 2:
 *  100     4    version: major << 24 | minor << 16 | patch
 *  104     4    product id (0: any product)
 *  108     4    minimum version: once this image is validated, nothing older than this is ever accepted
 *  112     4    flags (IMAGE_FLAG_*; unknown bits are refused)
 *  116     4    offset of the external segment in the image, 0 for none
 *  120     8    zero
 *  128    64  signature: ECDSA r, s (big-endian, 32 bytes each) over SHA-256 of bytes 0-127
 *  192    96  image state, 3 x 32 bytes, not signed
 *  288    32  fingerprint of the previous image: first 32 bytes of its signature, not signed
 *
 * In a .sfb file the header is followed by FF up to offset 512, then the ciphertext of the image.
 */
#ifndef IMAGE_HEADER_H
#define IMAGE_HEADER_H

#include "portcullis/status.h"

#include <stdint.h>

#define IMAGE_HEADER_SIZE    320u
#define IMAGE_SIGNED_SIZE    128u
#define IMAGE_SIGNATURE_SIZE 64u
#define IMAGE_FILE_OFFSET    512u /* of the image in a .sfb file */
#define IMAGE_TAG_SIZE       32u
#define IMAGE_BLOCK          16u

#define IMAGE_PROTOCOL_VENDOR 1u
#define IMAGE_PROTOCOL        2u

#define IMAGE_FLAG_RAISE_MINIMUM 1u /* the minimum version field is to be enforced once validated */
#define IMAGE_FLAGS_KNOWN        1u

/* 0: a build for boards whose images have one segment; others are then PC_ERR_FORMAT. */
#ifndef IMAGE_SEGMENTS
#define IMAGE_SEGMENTS 1
#endif

/* Byte offsets, for those who build or mutate headers. */
enum {
  IMAGE_AT_MAGIC = 0,
  IMAGE_AT_PROTOCOL = 4,
  IMAGE_AT_VERSION16 = 6,
  IMAGE_AT_SIZE = 8,
  IMAGE_AT_PARTIAL_OFFSET = 12,
  IMAGE_AT_PARTIAL_SIZE = 16,
  IMAGE_AT_TAG = 20,
  IMAGE_AT_PARTIAL_TAG = 52,
  IMAGE_AT_IV = 84,
  IMAGE_AT_RESERVED = 100,
  IMAGE_AT_VERSION = 100,
  IMAGE_AT_PRODUCT = 104,
  IMAGE_AT_MINIMUM = 108,
  IMAGE_AT_FLAGS = 112,
  IMAGE_AT_EXTERNAL = 116,
  IMAGE_AT_ZERO = 120,
  IMAGE_AT_SIGNATURE = 128,
  IMAGE_AT_STATE = 192,
  IMAGE_AT_FINGERPRINT = 288
};

/* A header taken apart. Only meaningful after image_header_parse() gave PC_OK; to be believed only after the
 * signature was checked. */
struct image_info {
  uint32_t image;          /* 1, 2 or 3, from the magic */
  uint32_t protocol;       /* 1 or 2 */
  uint32_t version;        /* major << 24 | minor << 16 | patch; protocol 1: the 16-bit version */
  uint32_t size;           /* of the whole image in bytes */
  uint32_t partial_offset; /* bytes */
  uint32_t partial_size;   /* bytes that are in the file */
  uint32_t product;        /* 0 in protocol 1 */
  uint32_t minimum;        /* 0 in protocol 1 */
  uint32_t flags;
  uint32_t external; /* offset of the external segment, 0: none */
};

/* Check every field's bounds, whatever the signature says, and take the header apart. `capacity`: bytes that an image
 * may have in the active slot. PC_ERR_BLANK: all 320 bytes are FF. PC_ERR_FORMAT: magic, protocol, flags, zero bytes,
 * the two version fields, partial range outside the image or not whole 16-byte blocks, size 0 or not a multiple of 16,
 * external offset beyond the image. PC_ERR_SIZE: larger than `capacity`. */
pc_status image_header_parse(const uint8_t header[IMAGE_HEADER_SIZE], uint32_t capacity, struct image_info *info);

/* Write the signed fields of a header (bytes 0-127; protocol 1 or 2 as info says); signature, states and
 * fingerprint become FF. tag and partial_tag: 32 bytes, iv: 16. Bounds as in image_header_parse, PC_ERR_FORMAT if
 * broken. */
pc_status image_header_build(uint8_t header[IMAGE_HEADER_SIZE], const struct image_info *info, const uint8_t *tag,
                             const uint8_t *partial_tag, const uint8_t *iv);

/* Image states (X-CUBE-SBSFU, appendix J). Any other pattern is IMAGE_STATE_TORN. */
enum image_state {
  IMAGE_STATE_NEW = 0x3C01,
  IMAGE_STATE_SELFTEST = 0x3C02,
  IMAGE_STATE_VALID = 0x3C04,
  IMAGE_STATE_VALID_ALL = 0x3C08,
  IMAGE_STATE_INVALID = 0x3C10,
  IMAGE_STATE_TORN = 0x3C20
};
enum image_state image_header_state(const uint8_t header[IMAGE_HEADER_SIZE]);
void image_header_set_state(uint8_t header[IMAGE_HEADER_SIZE], enum image_state state);

#endif
