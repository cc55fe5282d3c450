/* A board that takes patches. */
#include "loader/update_patch.h"

const struct update_patch *const update_board_patch = &update_patch;
