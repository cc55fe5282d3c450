/* Updates from a USB drive: a strategy that a board has (boot/drive_usb.c, DRIVE in board.cmake) or has not
 * (boot/drive_none.c). */
#ifndef BOOT_DRIVE_H
#define BOOT_DRIVE_H

#include "boot/boot.h"

/* Look at the drive, and receive what fits best as if it had come over the serial line. Called when nothing else is to
 * be installed. PC_OK: a candidate stands in its slot, asked for: reboot. Otherwise nothing is changed: PC_ERR_BLANK:
 * no drive, or nothing on it that fits; else what went wrong, which is said on the console. */
pc_status boot_drive(struct boot *boot);

#endif
