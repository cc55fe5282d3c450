/* The header of a .sfbp file: a signed, encrypted delta patch. Little-endian.
 *
 *  off  size  field
 *    0     4  magic "SFP1", "SFP2" or "SFP3": one per image
 *    4     2  protocol: 2
 *    6     1  1: for boards with a single slot, to be applied in place; else 0
 *    7     1  zero
 *    8     4  patch size: bytes of the clear patch, > 0
 *   12     4  FROM version, as in the firmware header (protocol 1: the 16-bit version << 16); for pickers and messages
 *             only
 *   16     4  FROM size in bytes, a multiple of 16; 0: the patch is a compressed image and fits any FROM
 *   20    32  FROM tag: SHA-256 of the clear FROM image; zeros if FROM size is 0
 *   52    32  SHA-256 of bytes 0-127 of the TO header
 *   84    16  IV of the patch's AES-128-CBC
 *  100     8  in place: how (delta/in_place.h); else zero
 *  108    20  zero
 *  128    64  signature: ECDSA r, s (big-endian, 32 bytes each) over SHA-256 of bytes 0-127
 *
 * In the file the first 192 bytes of the TO image's firmware header (image/header.h) follow, then the ciphertext of the
 * patch, filled with zeros to a multiple of 16.
 */
#ifndef IMAGE_PATCH_H
#define IMAGE_PATCH_H

#include "image/header.h"

#define PATCH_HEADER_SIZE  192u
#define PATCH_TARGET_SIZE  192u /* of the TO header: all that is signed, and its signature */
#define PATCH_FILE_OFFSET  384u /* of the ciphertext */
#define PATCH_SIGNED_SIZE  128u
#define PATCH_AT_SIGNATURE 128u

enum {
  PATCH_AT_IN_PLACE = 6,
  PATCH_AT_SIZE = 8,
  PATCH_AT_FROM_VERSION = 12,
  PATCH_AT_FROM_SIZE = 16,
  PATCH_AT_FROM_TAG = 20,
  PATCH_AT_TO_DIGEST = 52,
  PATCH_AT_IV = 84,
  PATCH_AT_HOW = 100,
  PATCH_AT_ZERO = 108
};

#define PATCH_HOW_SIZE 8u

struct patch_info {
  uint32_t image;        /* 1..3 */
  uint32_t size;         /* bytes of the clear patch */
  uint32_t cipher_size;  /* bytes in the file: `size` rounded up to 16 */
  uint32_t from_version; /* comparable with a firmware's 32-bit version */
  uint32_t from_size;    /* 0: any */
  uint32_t in_place;     /* 1: for boards with a single slot; else 0 */
  uint8_t how[PATCH_HOW_SIZE];
};

/* Do these bytes begin a .sfbp? */
static inline int patch_magic(const uint8_t bytes[3])
{
  return bytes[0] == 'S' && bytes[1] == 'F' && bytes[2] == 'P';
}

/* Check every field's bounds, whatever the signature says. `capacity`: most bytes of a FROM image, and of a patch.
 * PC_ERR_FORMAT, PC_ERR_SIZE. */
pc_status patch_header_parse(const uint8_t header[PATCH_HEADER_SIZE], uint32_t capacity, struct patch_info *info);

/* Write the signed fields (bytes 0-127); the signature becomes FF. PC_ERR_FORMAT if a bound is broken. */
pc_status patch_header_build(uint8_t header[PATCH_HEADER_SIZE], const struct patch_info *info,
                             const uint8_t from_tag[32], const uint8_t to_digest[32], const uint8_t iv[16]);

#endif
