/* A test board: the B-L475E-IOT01A with slots of 16 KiB. */
#include "board/b-l475e-iot01a/map.h"

#undef BOARD_NAME
#undef BOARD_TITLE
#undef MAP_ACTIVE_SIZE
#undef MAP_DOWNLOAD_SIZE
#define BOARD_NAME        "test-l475-16k"
#define BOARD_TITLE       "test board: B-L475E-IOT01A with 16 KiB slots"
#define MAP_ACTIVE_SIZE   0x4000
#define MAP_DOWNLOAD_SIZE 0x6000
