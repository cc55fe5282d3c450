/* A plan: which parts of the source a patch copies where, and what else its header says (host). Turns a plan into a
 * patch. */
#ifndef DELTA_PLAN_H
#define DELTA_PLAN_H

#include "delta/delta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two images. Both buffers have 8 readable bytes behind their end. */
struct plan_images {
  const uint8_t *source, *target;
  uint32_t source_size, target_size;
  uint32_t behind; /* copies read the source at most so many bytes behind their place in the target */
};

#define PLAN_ANYWHERE UINT32_MAX

struct plan_copy {
  uint32_t target, source, size;
  bool table; /* in the table, and so in the map; else a copy inside a gap */
};

struct plan_shift {
  uint32_t place; /* DELTA_PLACE_RAM.. */
  uint32_t by;    /* two's complement */
};

struct plan {
  uint32_t source_base, target_base;
  uint32_t prime_start, prime_size; /* as the header holds them */
  struct plan_copy *copies;         /* ascending in the target, not overlapping */
  size_t copy_count, copy_room;
  struct plan_shift shifts[DELTA_ENTRIES];
  size_t shift_count;
};

/* Where the bits went, for those who tune. */
enum {
  PLAN_HEADER,
  PLAN_TABLE,
  PLAN_SHIFTS,
  PLAN_INSERTS,
  PLAN_CLEAN,
  PLAN_HITS,
  PLAN_CHANGED,
  PLAN_REFERENCES,
  PLAN_FLAGS,
  PLAN_LITERALS,
  PLAN_CATEGORIES
};
struct plan_account {
  double bits[PLAN_CATEGORIES];
  uint32_t misses;
};

#define PLAN_IMPOSSIBLE SIZE_MAX

/* Write the patch to `out`; returns its size, also when it is larger than `room`. PLAN_IMPOSSIBLE: the plan has more
 * entries than a decoder holds. mode: DELTA_MODE_PATCH or DELTA_MODE_IMAGE. account may be NULL. */
size_t plan_write(const struct plan *plan, const struct plan_images *images, uint8_t mode, uint8_t *out, size_t room,
                  struct plan_account *account);

/* The decoder's state as far as predictions depend on it: what it would know of `plan` (NULL: of no copies) when it
 * begins to copy. */
void plan_model(const struct plan *plan, const struct plan_images *images, uint32_t source_base, uint32_t target_base,
                struct delta_decoder *model);

/* The estimated cost in bits of each target byte as a literal. */
void plan_literal_costs(const struct plan *plan, const struct plan_images *images, float *costs);

#endif
