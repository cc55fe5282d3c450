/* Has this board a standalone loader (LOADER standalone in board.cmake), and which image is it? */
#ifndef BOARD_LOADER_H
#define BOARD_LOADER_H

#ifndef LOADER_STANDALONE
#define LOADER_STANDALONE 0
#endif
#define LOADER_IMAGE 2u

#endif
