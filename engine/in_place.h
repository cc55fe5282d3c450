/* What a board with a single slot has for patches besides its patch area (the table's download slot): board/in_place.c.
 */
#ifndef ENGINE_IN_PLACE_H
#define ENGINE_IN_PLACE_H

#include "flash/flash.h"

struct engine_in_place {
  struct flash_area scratch;     /* pages of the active slot's size: decoded, and not yet where they belong */
  struct flash_area checkpoints; /* two halves, used in turn, of ENGINE_CHECKPOINT bytes or more and whole pages */
};
extern const struct engine_in_place engine_in_place;

#define ENGINE_CHECKPOINT 4096u

#endif
