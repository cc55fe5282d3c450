/* A candidate of which the download slot holds only the pages that differ from the active slot: what a patch leaves
 * there on boards with megabytes of slow flash outside (engine/slot_sparse.c). The first page says which pages those
 * are, in runs, each encrypted by itself; every other page is the active slot's. docs/format.md, "Sparse candidate".
 *
 *   off  size
 *   512     8  mark, written when all of it stands
 *   544    32  of each run, ascending: first page, page behind its last, IV of AES-128-CBC (16 bytes), then the
 *              complements of the two page numbers. FF: no more runs
 *
 * Nothing of it is signed: with another table another image comes about, and its tag is wrong. Between install/ and
 * the engine, which must agree. */
#ifndef INSTALL_SPARSE_H
#define INSTALL_SPARSE_H

#include "flash/flash.h"
#include "image/header.h"

#include <stdbool.h>

#define SPARSE_AT_MARK 512u
#define SPARSE_AT_RUNS 544u
#define SPARSE_RUN     32u

/* Bytes of the mark. */
extern const uint8_t sparse_mark[8];

/* How many runs a slot with such pages can tell; 0: it takes whole candidates only. */
static inline uint32_t sparse_room(const struct flash_area *download)
{
  return download->page < SPARSE_AT_RUNS + SPARSE_RUN ? 0 : (download->page - SPARSE_AT_RUNS) / SPARSE_RUN;
}

/* Is what stands in the download slot sparse? False also if that cannot be read: its pages will be refused then. */
bool sparse_is(const struct flash_area *download);

struct sparse_page {
  bool stored;             /* else the active slot has it */
  bool first;              /* of a run: `iv` is its IV; else the last block of the page before is */
  uint8_t iv[IMAGE_BLOCK]; /* of a run's first page */
};
/* Where page `page` of a sparse candidate is. PC_OK, PC_ERR_FORMAT: a damaged table; errors of flash_read(). */
pc_status sparse_find(const struct flash_area *download, uint32_t page, struct sparse_page *found);

#endif
