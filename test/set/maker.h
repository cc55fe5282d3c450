/* Keys, signatures and encryption by OpenSSL, for up to three images; and a verification that remembers: a sweep asks
 * for the same few signatures many thousand times. */
#ifndef TEST_SET_MAKER_H
#define TEST_SET_MAKER_H

#include "image/header.h"

/* New keys for all images; the engine's key functions give them out. */
void maker_new_keys(void);
/* Not 0: partial tags are made wrong by so much (and signed all the same). */
extern uint8_t maker_partial_tag_error;
/* Header and ciphertext of an image with these fields (tags, IV and signature are made here). */
void maker_pack(const struct image_info *info, const uint8_t *clear, uint8_t header[IMAGE_HEADER_SIZE],
                uint8_t *cipher);

/* Sign bytes 0-127 of a header of image 1 (of a patch, too), and encrypt in place with its key. */
void maker_sign(uint8_t *header);
void maker_encrypt(uint8_t *bytes, const uint8_t iv[16], uint32_t size);

#endif
