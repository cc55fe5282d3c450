/* .sfi and .smi, protocol version 1: an encrypted firmware as it goes to the factory. Little-endian, no padding.
 *
 *  header, 28 bytes                       area, 30 bytes, then `size` bytes of ciphertext
 *  off size                               off size
 *    0    8  "SFIMAGIC" or "SMIMAGIC"       0    1  type: 'F' firmware, 'M' module, 'C' configuration
 *    8    2  protocol: 1                    1    1  image version, the same in every area
 *   10    2  number of areas                2    2  index, from 1
 *   12   16  tag                            4    4  size of the ciphertext in bytes
 *                                           8    4  load address
 *                                          12    2  number of areas, as in the header
 *                                          14   16  tag
 *
 * AES-128-GCM with the IV nonce + index; the header has index 0 and no ciphertext. What stands before a tag is its
 * additional data. A configuration area, if there is one, is the last: the option registers' values, 4 bytes each, in
 * the device's order (sfi/devices/). A .smi has one area, a module, under its maker's key; in a .sfi the whole .smi is
 * the payload of an 'M' area. docs/sfi.md has the reasons.
 *
 * Shared by the device and the PC: no heap, no hardware. Nothing that these functions return is authentic before the
 * tags were checked.
 */
#ifndef SFI_FORMAT_SFI_H
#define SFI_FORMAT_SFI_H

#include "portcullis/status.h"

#include <stdbool.h>
#include <stdint.h>

#define SFI_HEADER_SIZE 28u
#define SFI_HEADER_AAD  12u /* bytes of the header before its tag */
#define SFI_AREA_SIZE   30u
#define SFI_AREA_AAD    14u /* bytes of the descriptor before its tag */
#define SFI_TAG_SIZE    16u
#define SFI_KEY_SIZE    16u
#define SFI_NONCE_SIZE  12u
#define SFI_PROTOCOL    1u
#define SFI_MAX_AREAS   65535u

enum sfi_kind { SFI_IMAGE, SFI_MODULE_FILE }; /* .sfi, .smi */
enum sfi_type { SFI_FIRMWARE = 'F', SFI_MODULE = 'M', SFI_CONFIGURATION = 'C' };

struct sfi_area {
  uint8_t type;    /* one of sfi_type; or a letter that later protocols know (sfi_order_next: PC_ERR_UNSUPPORTED) */
  uint8_t version; /* of the image */
  uint16_t index;  /* 1.. */
  uint16_t areas;
  uint32_t size;    /* bytes of ciphertext that follow the descriptor */
  uint32_t address; /* 0 in a configuration area of ours */
};

/* Which of both a header begins, and its number of areas (1..65535; 1 in a .smi). PC_ERR_FORMAT: other magic, no
 * areas, or several in a .smi. PC_ERR_UNSUPPORTED: a protocol other than 1. */
pc_status sfi_header_parse(const uint8_t header[SFI_HEADER_SIZE], enum sfi_kind *kind, uint32_t *areas);
/* Bytes 0-11; the tag becomes zero. */
void sfi_header_build(uint8_t header[SFI_HEADER_SIZE], enum sfi_kind kind, uint32_t areas);

/* The place in a file: which descriptor may come next. */
struct sfi_order {
  enum sfi_kind kind;
  uint32_t areas, next;
  uint8_t version, last; /* image version, and the last area's type (0: none yet) */
};
void sfi_order_start(struct sfi_order *order, enum sfi_kind kind, uint32_t areas);
/* Take the next descriptor apart. PC_ERR_FORMAT: index out of turn, other number of areas or image version than before,
 * an area after the configuration, a type that the file may not have, a size of 0, a range beyond 4 GiB, a
 * configuration that is not whole words, more areas than announced. PC_ERR_UNSUPPORTED: a type of later protocols (E,
 * K, P, R); `area` is valid, the walk may go on, but the image cannot be installed. */
pc_status sfi_order_next(struct sfi_order *order, const uint8_t descriptor[SFI_AREA_SIZE], struct sfi_area *area);
/* True: every announced area has been seen. */
bool sfi_order_complete(const struct sfi_order *order);

/* Bytes 0-13 of a descriptor; the tag becomes zero. */
void sfi_area_build(uint8_t descriptor[SFI_AREA_SIZE], const struct sfi_area *area);

/* The IV of area `index` (0: the header): the nonce as a 96-bit big-endian number, plus the index, modulo 2^96. */
void sfi_iv(const uint8_t nonce[SFI_NONCE_SIZE], uint32_t index, uint8_t iv[SFI_NONCE_SIZE]);

#endif
