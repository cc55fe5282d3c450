/* A serial flash outside the chip as a flash driver (port/<series>/qspi.c), for boards that have one (EXTERNAL in
 * board.cmake). Its addresses begin at MAP_EXTERNAL_BASE; pages of 4 KiB, write unit one byte.
 *
 * Everybody who links it may call it, the engine and the boot loader by turns: it keeps no state, and sets the
 * controller up itself where it finds it off. Where it finds the flash mapped into memory, it maps it again before it
 * returns; during the call nothing can be read there, by an interrupt either (it would be a bus fault). No result means
 * that the bytes are to be believed: whoever holds the wires chooses them. */
#ifndef PORT_EXTERNAL_H
#define PORT_EXTERNAL_H

#include "flash/flash.h"

extern const struct flash_driver port_external;

/* Map the flash into memory, from MAP_EXTERNAL_BASE on, to be read and executed there: what a program is given whose
 * image has its second segment in this flash. Two data lines, HCLK / 3, which the flash takes up to an HCLK of 80 MHz
 * (99 MHz). */
void port_external_map(void);

#endif
