/* A board that takes no patches. */
#include "loader/update_patch.h"

#include <stddef.h>

const struct update_patch *const update_board_patch = NULL;
