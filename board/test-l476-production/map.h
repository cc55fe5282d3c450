/* A test board: test-l476-secure as it would leave the factory. */
#include "board/test-l476-secure/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-production"
#define BOARD_TITLE "test board: 16 KiB slots, all protections, production mode"
