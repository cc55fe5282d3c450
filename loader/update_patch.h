/* Patches (.sfbp) in updates: a strategy, linked or not. */
#ifndef LOADER_UPDATE_PATCH_H
#define LOADER_UPDATE_PATCH_H

#include "portcullis/update.h"

/* update_patch.c: through the engine's patch service (ENGINE_PATCH_...). */
extern const struct update_patch update_patch;

/* update_patch_stored.c: into the patch area of a board with a single slot, as it comes: the TO header in the first
 * page (written by update_install(), with the mark), from the second page on the patch's header and the ciphertext.
 * Both headers are judged by the engine before anything is erased. One at a time. */
extern const struct update_patch update_patch_stored;

/* What this board has: that, or NULL (update_patch_board.c, update_patch_none.c). */
extern const struct update_patch *const update_board_patch;

#endif
