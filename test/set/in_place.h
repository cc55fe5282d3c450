/* Patches in place for the rig: images that resemble each other, and the .sfbp between them in the patch area. */
#ifndef TEST_SET_IN_PLACE_H
#define TEST_SET_IN_PLACE_H

#include "delta/in_place.h"
#include "test/set/rig.h"

/* A later version of `old`: all but `added` bytes that are put in at `at` (a negative number: left out there), and the
 * last `changed` bytes. Multiples of 16. */
const struct rig_image *in_place_edit(const struct rig_image *old, uint32_t version, uint32_t at, int added,
                                      uint32_t changed);

struct in_place_patch {
  uint8_t bytes[4096]; /* the .sfbp */
  uint32_t size;
  struct delta_in_place how;
};
/* From `old` (NULL: a compressed image, for any). */
void in_place_make(const struct rig_image *old, const struct rig_image *new, struct in_place_patch *patch);
/* The same of a patch that is told, which may be anything. */
void in_place_pack(const struct rig_image *old, const struct rig_image *new, const struct delta_in_place *how,
                   const uint8_t *delta, uint32_t size, struct in_place_patch *patch);
/* The bare patch that in_place_make() would pack. free() it. */
uint8_t *in_place_delta(const struct rig_image *old, const struct rig_image *new, struct delta_in_place *how,
                        uint32_t *size, bool *whole);
/* Once more, after its clear header was changed. */
void in_place_sign(struct in_place_patch *patch);
/* As the loader leaves it: in the patch area, asked for. */
void in_place_put(const struct in_place_patch *patch);

#endif
