/* Pages for patches in place, as the engine knows them: boards with MODE single and PATCH. */
#include "engine/in_place.h"

#include "board/slots.h"

const struct engine_in_place engine_in_place = {
    .scratch = BOARD_AREA(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE),
    .checkpoints = BOARD_AREA(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE),
};

_Static_assert(MAP_CHECKPOINT_SIZE >= 2 * ENGINE_CHECKPOINT, "two checkpoints");
