/* .sfbp files: patch header, TO header, ciphertext of the patch (image/patch.h). */
#ifndef TOOL_SFBP_H
#define TOOL_SFBP_H

#include "image/patch.h"
#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>

struct sfbp {
  uint8_t header[PATCH_HEADER_SIZE];
  struct patch_info info;
  uint8_t to_header[IMAGE_HEADER_SIZE]; /* what follows the signature: FF */
  struct image_info to;
  uint8_t *payload; /* ciphertext */
  size_t payload_size;
};

/* Do these bytes begin a .sfbp? */
bool sfbp_is(const uint8_t *bytes, size_t size);
/* Does that file? False also when it cannot be read. */
bool sfbp_is_file(const char *path);

/* Read and take apart; nothing is authenticated. */
bool sfbp_read(const char *path, struct sfbp *patch, struct problem *problem);
bool sfbp_parse(const char *name, const uint8_t *bytes, size_t size, struct sfbp *patch, struct problem *problem);
void sfbp_free(struct sfbp *patch);

/* Both signatures are the key's, the TO header is the one that was signed along, and the payload is complete.
 * CLI_REFUSED if not. */
bool sfbp_authentic(const char *name, const struct sfbp *patch, const uint8_t point[64], struct problem *problem);

/* Decrypt, apply to `from` (NULL: none), check tags before and after. `*clear` is allocated: the TO image, to.size
 * bytes. */
bool sfbp_apply(const char *name, const struct sfbp *patch, const uint8_t key[16], const uint8_t *from,
                size_t from_size, uint8_t **clear, struct problem *problem);

#endif
