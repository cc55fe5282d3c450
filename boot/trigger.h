/* How whoever stands before the board asks for a download: a strategy that a board picks at link time.
 * boot/trigger_button.c: the user button, held at reset. boot/trigger_load.c: that, or `load` typed within a second. */
#ifndef BOOT_TRIGGER_H
#define BOOT_TRIGGER_H

#include "boot/boot.h"

/* True if a download is asked for; who asks is said on the console. Takes a second at most. */
bool boot_trigger(struct boot *boot);

#endif
