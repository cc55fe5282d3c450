/* In-place patches: for boards with a single slot, whose old image makes way for the new one page by page.
 *
 * What is decoded is an ordinary patch (delta.h) that keeps to one rule, here in the simpler form that the encoder uses
 * (docs/delta-format.md has the decoder's): no copy reads the source from farther behind than delta_in_place_behind()
 * bytes before the place in the target where it goes. So pages of the old image may be
 * overwritten while the decoding goes on: the target is decoded in groups of `group` pages; a group is written over the
 * old pages only when `lag` more groups have been decoded; until then it waits in scratch pages, (lag + 1) * group of
 * them. Where the new image needs more room than that, the old image is moved up first, by `shift` pages.
 *
 * A bare patch of this kind is the byte DELTA_MODE_IN_PLACE, the 8 bytes below, and a patch or compressed image (its
 * own first byte D0 or D1). In a .sfbp (image/patch.h) the 8 bytes stand in the signed header.
 *
 *  off  size  field
 *    0     1  log2 of the page size in bytes: 8..16
 *    1     1  group: pages, > 0
 *    2     1  lag: groups; (lag + 1) * group is at most DELTA_IN_PLACE_SCRATCH
 *    3     1  zero
 *    4     2  pages of the slot, > 0; DELTA_MAX_SIZE bytes at most
 *    6     2  shift: pages by which the old image is moved up first; less than the slot's
 */
#ifndef DELTA_IN_PLACE_H
#define DELTA_IN_PLACE_H

#include "delta/delta.h"

#include <stdint.h>

#define DELTA_IN_PLACE_SIZE    8u  /* bytes of the fields above */
#define DELTA_IN_PLACE_SCRATCH 32u /* pages: most that a patch may use */

struct delta_in_place {
  uint32_t page;  /* bytes */
  uint32_t slot;  /* pages */
  uint32_t group; /* pages */
  uint32_t lag;   /* groups */
  uint32_t shift; /* pages */
};

/* Scratch pages that it takes. */
static inline uint32_t delta_in_place_scratch(const struct delta_in_place *g)
{
  return (g->lag + 1u) * g->group;
}

/* How far behind the target a copy may read, in bytes. */
static inline uint32_t delta_in_place_behind(const struct delta_in_place *g)
{
  return (g->lag * g->group + g->shift) * g->page;
}

/* Take the fields apart; PC_ERR_FORMAT if one is out of its bounds. */
static inline pc_status delta_in_place_parse(const uint8_t bytes[DELTA_IN_PLACE_SIZE], struct delta_in_place *g)
{
  if (bytes[0] < 8 || bytes[0] > 16 || bytes[3] != 0)
    return PC_ERR_FORMAT;
  g->page = 1u << bytes[0];
  g->group = bytes[1];
  g->lag = bytes[2];
  g->slot = (uint32_t)bytes[4] | (uint32_t)bytes[5] << 8;
  g->shift = (uint32_t)bytes[6] | (uint32_t)bytes[7] << 8;
  if (g->group == 0 || delta_in_place_scratch(g) > DELTA_IN_PLACE_SCRATCH || g->slot == 0 || g->shift >= g->slot ||
      g->slot * g->page > DELTA_MAX_SIZE)
    return PC_ERR_FORMAT;
  return PC_OK;
}

/* The other way. */
static inline void delta_in_place_build(const struct delta_in_place *g, uint8_t bytes[DELTA_IN_PLACE_SIZE])
{
  uint8_t bits = 0;
  while (1u << bits < g->page)
    bits++;
  bytes[0] = bits;
  bytes[1] = (uint8_t)g->group;
  bytes[2] = (uint8_t)g->lag;
  bytes[3] = 0;
  bytes[4] = (uint8_t)g->slot;
  bytes[5] = (uint8_t)(g->slot >> 8);
  bytes[6] = (uint8_t)g->shift;
  bytes[7] = (uint8_t)(g->shift >> 8);
}

#endif
