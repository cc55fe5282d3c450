/* Delta patches: the encoder (host only; allocates). The format is docs/delta-format.md, the decoder delta/delta.h.
 *
 * The same images and options give the same patch, byte for byte. Each patch is decoded before it is handed out.
 */
#ifndef DELTA_ENCODER_H
#define DELTA_ENCODER_H

#include "delta/delta.h"
#include "delta/in_place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELTA_BASE_UNKNOWN 1u /* let the encoder find the load address */

struct delta_options {
  /* Load addresses of the images, multiples of 256, or DELTA_BASE_UNKNOWN. */
  uint32_t source_base, target_base;
  /* How hard to try: 1 (a second for 1 MiB) to 9; 0 means the default, 5. */
  unsigned effort;
  /* Told now and then how much of the work is done, 0 to 100, never falling. May be NULL. */
  void (*progress)(void *context, unsigned percent);
  void *context;
};

struct delta_result {
  uint8_t *bytes; /* delta_result_free() */
  size_t size;
  uint8_t mode; /* DELTA_MODE_PATCH, or DELTA_MODE_IMAGE: the compressed target alone was smaller */
  uint32_t source_base, target_base;
  size_t patch_size, image_size; /* what each of the two would take, in bytes */
  uint32_t behind;               /* bytes: no copy of the patch reads from farther behind its place in the target */
};

enum delta_outcome {
  DELTA_MADE,
  DELTA_TOO_LARGE,   /* an image is larger than DELTA_MAX_SIZE */
  DELTA_BAD_OPTIONS, /* a base that is no multiple of 256, or effort above 9 */
  DELTA_NO_MEMORY,
  DELTA_NOT_VERIFIED, /* the decoder did not give the target: a defect of the encoder, please report the images */
  DELTA_NO_ROOM, /* in place only: an image is larger than the slot, or the patch than what the board keeps for it */
};

/* Make a patch from `source` to `target`. options may be NULL. */
enum delta_outcome delta_make(const uint8_t *source, size_t source_size, const uint8_t *target, size_t target_size,
                              const struct delta_options *options, struct delta_result *result);
void delta_result_free(struct delta_result *result);

/* What a board with a single slot has for in-place patches. */
struct delta_board {
  uint32_t page;    /* bytes: a power of two, 256 to 65536 */
  uint32_t slot;    /* pages */
  uint32_t scratch; /* pages, > 0; more than DELTA_IN_PLACE_SCRATCH are not used */
  uint32_t patch;   /* bytes: most that a patch (delta_result.size) may have */
};

/* The same, to be applied in place. `result` holds the patch without DELTA_MODE_IN_PLACE and its head, which is told by
 * `how`. Moves the old image up (how->shift) only where a patch without that would be much larger. DELTA_NO_ROOM: no
 * patch is small enough; result->size then says how large the smallest is (no bytes), 0: an image does not fit the
 * slot. DELTA_BAD_OPTIONS: also a board out of these bounds. The result was applied as a device does it, pages
 * overwritten and all. */
enum delta_outcome delta_make_in_place(const uint8_t *source, size_t source_size, const uint8_t *target,
                                       size_t target_size, const struct delta_options *options,
                                       const struct delta_board *board, struct delta_result *result,
                                       struct delta_in_place *how);

/* Apply a patch in memory, of any mode; an in-place one as a device does it. *target is allocated (free() it),
 * *target_size bytes. Errors as delta_feed()'s; PC_ERR_SIZE also when there is no memory. */
pc_status delta_apply(const uint8_t *source, size_t source_size, const uint8_t *patch, size_t patch_size,
                      uint8_t **target, size_t *target_size);
/* An in-place patch without its head. PC_ERR_SIZE: also when an image does not fit the slot; PC_ERR_FORMAT: also when
 * it reads what is overwritten already. */
pc_status delta_apply_in_place(const uint8_t *source, size_t source_size, const struct delta_in_place *how,
                               const uint8_t *patch, size_t patch_size, uint8_t **target, size_t *target_size);

/* The load address that an image was linked for, as its vector table and pointers tell; DELTA_BASE_UNKNOWN when they do
 * not. */
uint32_t delta_find_base(const uint8_t *image, size_t size);

#endif
