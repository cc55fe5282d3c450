/* The engine, as the installer and the boot state machine call it. */
#ifndef BOOT_SERVICES_H
#define BOOT_SERVICES_H

#include "boot/errors.h"
#include "install/install.h"
#include "portcullis/engine.h"

#include <stdbool.h>

extern const struct install_services boot_install_services;

/* Go on with a verification that ENGINE_VERIFY_START began, to its end, refreshing the watchdog on the way. */
pc_status boot_verify(void);

/* After an install that failed: which message of table 6 says where. */
enum boot_error boot_install_error(void);
/* Is this one of those? Two in a row, and an install is given up. */
bool boot_install_failed(enum boot_error error);
/* After one that succeeded: the next boot is to say if the old image was lost on the way. */
void boot_install_done(void);

#endif
