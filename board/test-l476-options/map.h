/* A test board: test-l476-16k with options that the NUCLEO-L476RG leaves out (board.cmake). */
#include "board/test-l476-16k/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-options"
#define BOARD_TITLE "test board: 16 KiB slots, `load` typed at reset, one-time counter"
