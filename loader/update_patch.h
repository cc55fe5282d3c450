/* Patches (.sfbp) in updates: a strategy, linked or not. */
#ifndef LOADER_UPDATE_PATCH_H
#define LOADER_UPDATE_PATCH_H

#include "portcullis/update.h"

/* update_patch.c: through the engine's patch service (ENGINE_PATCH_...). */
extern const struct update_patch update_patch;

/* What this board has: that, or NULL (update_patch_board.c, update_patch_none.c). */
extern const struct update_patch *const update_board_patch;

#endif
