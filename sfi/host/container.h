/* .sfi and .smi files on the PC: read and checked to the last byte, built and encrypted. The layout is in
 * sfi/format/sfi.h. */
#ifndef SFI_HOST_CONTAINER_H
#define SFI_HOST_CONTAINER_H

#include "sfi/format/sfi.h"
#include "tool/cli.h"

#include <stddef.h>
#include <stdint.h>

struct container_part {
  struct sfi_area area;
  const uint8_t *descriptor; /* in `bytes` */
  const uint8_t *cipher;
  bool later; /* a type of later protocols: listed, never installed */
};

struct container {
  enum sfi_kind kind;
  uint32_t count;
  struct container_part *parts;
};

/* True: `bytes` begin like a .sfi or .smi. */
bool container_is(const uint8_t *bytes, size_t size);
/* Points into `bytes`. False: says what is wrong and at which offset. Free with container_free in any case. */
bool container_parse(const char *name, const uint8_t *bytes, size_t size, struct container *container,
                     struct problem *problem);
void container_free(struct container *container);
/* Check the header's tag and all areas'. False (CLI_REFUSED): says which does not match. */
bool container_authentic(const char *name, const uint8_t *bytes, const struct container *container,
                         const uint8_t key[16], const uint8_t nonce[12], struct problem *problem);
/* Decrypt one part into `clear` (area.size bytes). False: its tag does not match. */
bool container_decrypt(const struct container_part *part, const uint8_t key[16], const uint8_t nonce[12],
                       uint8_t *clear);

/* What goes into a new file. */
struct container_piece {
  uint8_t type; /* enum sfi_type */
  uint32_t address, size;
  const uint8_t *clear;
};
/* Encrypt the pieces, in this order, into one file; malloc'ed. NULL: problem says why. */
uint8_t *container_build(enum sfi_kind kind, uint8_t version, const struct container_piece *pieces, size_t count,
                         const uint8_t key[16], const uint8_t nonce[12], size_t *size, struct problem *problem);

/* Exactly 12 bytes. */
bool container_load_nonce(const char *path, uint8_t nonce[12], struct problem *problem);

#endif
