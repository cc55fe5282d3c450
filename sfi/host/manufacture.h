/* Simulated manufacture: all that a chip's maker puts into a device, as one Intel HEX file. */
#ifndef SFI_HOST_MANUFACTURE_H
#define SFI_HOST_MANUFACTURE_H

#include "sfi/devices/device.h"
#include "sfi/host/certificate.h"
#include "tool/cli.h"

/* `folder`: secure-boot.bin and loader.bin of the keyed build (build/arm/sfi-l462). `uid`: 24 hex digits. The hex file
 * holds both, the identity (key and certificate), the unique id and the option bytes; it is as secret as the key. */
bool manufacture_hex(const struct sfi_device *chip, const char *folder, const struct certificate_device *device,
                     const char *uid, struct blob *hex, struct problem *problem);

#endif
