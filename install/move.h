/* What every slot mode does with a page: erase it and fill it, from other flash or not at all. Between the files of
 * install/ only. */
#ifndef INSTALL_MOVE_H
#define INSTALL_MOVE_H

#include "install/window.h"

#define INSTALL_TRIES 3u /* a page that does not take its bytes is erased and written again */

/* A run of bytes for one page, and what to do with them on the way. */
struct install_move {
  const struct flash_area *from;
  uint32_t from_offset;
  const struct flash_area *to;
  uint32_t to_offset;
  uint32_t size;     /* 0: leave the page blank */
  const uint8_t *iv; /* of the decryption; NULL: as they are */
};

/* Erase the page and fill it; both are verified by the driver. A page that does not take the bytes gets them again. */
pc_status install_fill(const struct install *install, const struct install_move *move);
/* The same page from several runs, one behind the other. */
pc_status install_fill_runs(const struct install *install, const struct install_move *moves, uint32_t count);
pc_status install_erase(const struct install *install, const struct flash_area *area, uint32_t offset);

#endif
