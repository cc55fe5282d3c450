/* A serial flash outside the chip as a flash driver (port/<series>/qspi.c), for boards that have one (EXTERNAL in
 * board.cmake). Its addresses begin at MAP_EXTERNAL_BASE; pages of 4 KiB, write unit one byte.
 *
 * Everybody who links it may call it, the engine and the boot loader by turns: it keeps no state, and sets the
 * controller up itself where it finds it off. No result means that the bytes are to be believed: whoever holds the
 * wires chooses them. */
#ifndef PORT_EXTERNAL_H
#define PORT_EXTERNAL_H

#include "flash/flash.h"

extern const struct flash_driver port_external;

#endif
