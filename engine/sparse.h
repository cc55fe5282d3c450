/* Sparse candidates (install/sparse.h), on boards that take them: authenticated as the whole image that they make with
 * the pages of the active slot. */
#ifndef ENGINE_SPARSE_H
#define ENGINE_SPARSE_H

#include "engine/internal.h"
#include "install/spare.h"

#include <stdbool.h>

/* The verification that engine.verify has been set up for begins. */
void engine_sparse_start(void);
/* Where the next byte of a candidate comes from, of which engine.verify.done are done: the download slot, as `*area`
 * and
 * `*offset` say, or, if the candidate is sparse and has not that page, the active slot, in clear (`*cipher` false). At
 * the first byte of a run the cipher is started anew. PC_ERR_FORMAT: a damaged table; errors of flash_read(). */
pc_status engine_sparse_piece(const struct flash_area **area, uint32_t *offset, bool *cipher);

#endif
