/* Alignment (host): finds which parts of the source the target is best copied from. */
#ifndef DELTA_ALIGN_H
#define DELTA_ALIGN_H

#include "delta/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aligner;

/* The costs that a search assumes, in bits. */
struct align_costs {
  float begin; /* of another copy, at an unexpected place */
  float miss;  /* of a unit that is not as predicted, beyond what tells its value */
};

/* Index the source. NULL: out of memory. The images must outlive the aligner. */
struct aligner *align_start(const struct plan_images *images, uint32_t source_base, uint32_t target_base);
void align_free(struct aligner *aligner);

/* The cheapest copies, as far as `costs` and `literals` (bits per target byte) tell, into plan->copies; none is marked
 * for the table. `known`: the plan of an earlier search, whose map tells where references go, or NULL. False: out of
 * memory. */
bool align_search(struct aligner *aligner, const struct align_costs *costs, const float *literals,
                  const struct plan *known, struct plan *plan);

/* Is the target word at `offset` (a multiple of 4) named by a load? */
bool align_is_slot(const struct aligner *aligner, uint32_t offset);

#endif
