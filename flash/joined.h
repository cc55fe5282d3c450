/* Several kinds of flash as one: a run of addresses of its own, in parts that lie in flash of other drivers. A slot
 * whose second part is a flash outside the chip is one area of this driver (board/segments.c), and nobody above needs
 * to know.
 *
 * An area over joined parts has pages that are whole pages of each part's flash, and the largest write unit of them:
 * the area's `page` and `unit`. A page is erased by as many erases as the part's own pages take; cut by power between
 * them it holds anything, as any page does.
 */
#ifndef FLASH_JOINED_H
#define FLASH_JOINED_H

#include "flash/flash.h"

struct joined_part {
  uint32_t at;   /* joined address of its first byte, a multiple of the joined page */
  uint32_t size; /* bytes, likewise */
  uint32_t base; /* where that byte is in the part's own flash */
  uint32_t page; /* that flash's own page; divides the joined page */
  const struct flash_driver *driver;
};

/* The board's parts: not overlapping, in any order. `joined_page`: the page of every area over them. */
extern const struct joined_part joined_parts[];
extern const uint32_t joined_count, joined_page;

/* Results as the parts' drivers have them; PC_ERR_PARAM: an address that is in no part. A range may go over from one
 * part into the next: what was done before the failing part stays. */
extern const struct flash_driver flash_joined;

#endif
