/* The board's block device for updates: a USB flash drive. Only boards with DRIVE in their board.cmake have a port of
 * it. */
#ifndef PORT_DRIVE_H
#define PORT_DRIVE_H

#include "loader/fat/fat.h"

/* The drive in the socket. Its sectors() is 0 while there is none; read() takes up to 10 ms a sector, refreshes the
 * watchdog, and answers PC_ERR_TRANSFER when the drive fails or is taken out. */
extern const struct fat_disk port_drive;

#endif
