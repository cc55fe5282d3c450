/* The option-byte file of an image: one line per option register, "NAME,0xVALUE", in the device's order; no line may be
 * missing. Blank lines and lines that begin with '#' are skipped; a byte-order mark, spaces and CR are tolerated, as
 * spreadsheet programs write them.
 */
#ifndef SFI_HOST_CSV_H
#define SFI_HOST_CSV_H

#include "sfi/devices/device.h"
#include "tool/cli.h"

#include <stddef.h>
#include <stdint.h>

/* values[SFI_OPTION_MAX], *count of them. `name`: of the file, for messages ("name:line: ..."). */
bool csv_parse(const char *name, const uint8_t *bytes, size_t size, const struct sfi_device *device, uint32_t *values,
               size_t *count, struct problem *problem);
bool csv_read(const char *path, const struct sfi_device *device, uint32_t *values, size_t *count,
              struct problem *problem);

#endif
