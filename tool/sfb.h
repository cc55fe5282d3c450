/* .sfb files: header, FF up to offset 512, ciphertext (image/header.h). */
#ifndef TOOL_SFB_H
#define TOOL_SFB_H

#include "image/header.h"
#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sfb {
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info info;
  uint8_t *payload; /* ciphertext: what follows offset 512 in the file; NULL for a bare header */
  size_t payload_size;
};

/* Read and take apart; nothing is authenticated. A bare header (320 or 512 bytes) is fine: payload_size 0. */
bool sfb_read(const char *path, struct sfb *sfb, struct problem *problem);
/* The same from memory; `name` for messages. */
bool sfb_parse(const char *name, const uint8_t *bytes, size_t size, struct sfb *sfb, struct problem *problem);
void sfb_free(struct sfb *sfb);

/* The payload has the size that the header says. */
bool sfb_complete(const char *name, const struct sfb *sfb, struct problem *problem);
/* The signature is the key's. CLI_REFUSED if not. */
bool sfb_authentic(const char *name, const struct sfb *sfb, const uint8_t point[64], struct problem *problem);
/* Decrypt and check against the partial tag (which is the firmware tag for a full image). `clear` has payload_size
 * bytes. */
bool sfb_decrypt(const char *name, const struct sfb *sfb, const uint8_t key[16], uint8_t *clear,
                 struct problem *problem);

/* Why a header is refused, in words: the first field that is wrong. */
const char *sfb_explain(const uint8_t header[IMAGE_HEADER_SIZE]);
/* Write header and ciphertext as a .sfb file. */
bool sfb_write(const char *path, const uint8_t header[IMAGE_HEADER_SIZE], const uint8_t *payload, size_t size,
               struct problem *problem);

const char *sfb_state_name(enum image_state state);

#endif
