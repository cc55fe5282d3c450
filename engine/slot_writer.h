/* How the image that a patch makes gets into the download slot. A strategy that a board picks at link time:
 *   engine/slot_whole.c    all of it, encrypted with the header's IV: what a download of the whole .sfb leaves there
 *   engine/slot_sparse.c   the pages that differ from the active slot only (install/sparse.h)
 */
#ifndef ENGINE_SLOT_WRITER_H
#define ENGINE_SLOT_WRITER_H

#include "engine/internal.h"

struct slot_writer {
  const struct install_slot *slots;
  struct crypto_cbc *cipher; /* started for encryption with the IV of the image's header */
  uint32_t from_size, size;  /* bytes of the active image, and of the one that comes */
  uint32_t written;          /* of it */
  /* of slot_sparse.c */
  uint32_t stored; /* ENGINE_YES: the page at hand is */
  uint32_t open;   /* ENGINE_YES: a run is open, which began with page `first` */
  uint32_t first;
  uint32_t runs; /* the open one included */
  uint8_t nonce[CRYPTO_BLOCK], iv[CRYPTO_BLOCK];
};

/* Begin: the fields down to `size` are set, the rest is zero. Touches no flash. */
void slot_writer_start(struct slot_writer *w);
/* The next bytes of the image, in order: pieces of 32 bytes, the last one a multiple of 16. Erases a page before it
 * writes there. PC_ERR_FLASH, PC_ERR_ECC. */
pc_status slot_writer_add(struct slot_writer *w, const void *clear, uint32_t size);
/* All were given. */
pc_status slot_writer_end(struct slot_writer *w);

#endif
