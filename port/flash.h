/* The internal flash of the chip as a flash driver (port/<series>/flash.c). Addresses are bus addresses. */
#ifndef PORT_FLASH_H
#define PORT_FLASH_H

#include "flash/flash.h"

extern const struct flash_driver port_flash;

#endif
