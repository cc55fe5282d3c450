/* A test board: test-l476-production with the final lock. */
#include "board/test-l476-production/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-final"
#define BOARD_TITLE "test board: 16 KiB slots, all protections, production mode, read protection level 2"
