/* The standalone loader: a board may have the download done by a program of its own (image LOADER_IMAGE, app/loader)
 * instead of by the boot loader: LOADER standalone in board.cmake. Where it is not linked, nothing of it is left. */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#include "board/loader.h"
#include "boot/boot.h"

/* The state BOOT_DOWNLOAD_NEW_USER_FW: the standalone loader is to be started. BOOT_VERIFY_USER_FW_SIGNATURE, from
 * which on boot_loader_starts() names it; BOOT_CHECK_USER_FW_STATUS when no loader lies there, for what else there may
 * be. When that leads back here there is nothing to start: does not return, and resets nothing, for a reset changes
 * nothing. */
enum boot_state boot_loader(struct boot *boot);

/* The image that is started at this reset: BOOT_IMAGE, or LOADER_IMAGE. A wrong answer starts nothing that the
 * engine has not authenticated at this reset as that image. */
uint32_t boot_loader_starts(void);

/* Instead of boot_states_launch(): the loader is about to be started. The states are those of the application, which
 * is not. */
pc_status boot_loader_launch(void);

#endif
