/* The engine, as the installer and the boot state machine call it. */
#ifndef BOOT_SERVICES_H
#define BOOT_SERVICES_H

#include "install/install.h"
#include "portcullis/engine.h"

extern const struct install_services boot_install_services;

/* Go on with a verification that ENGINE_VERIFY_START began, to its end, refreshing the watchdog on the way. */
pc_status boot_verify(void);

#endif
