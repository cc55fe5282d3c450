/* The engine, as the installer and the boot state machine call it. */
#ifndef BOOT_SERVICES_H
#define BOOT_SERVICES_H

#include "install/install.h"
#include "portcullis/engine.h"

extern const struct install_services boot_install_services;

/* Authenticate a whole image (engine_call VERIFY_START, STEP.., END), refreshing the watchdog on the way. */
pc_status boot_verify(uint32_t image, uint32_t source);

#endif
