/* A test board: test-l476-drive with image states: a new image must validate itself, or the one before it comes back.
 */
#include "board/test-l476-drive/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#define BOARD_NAME  "test-l476-states"
#define BOARD_TITLE "test board: 16 KiB slots, image states and rollback"
