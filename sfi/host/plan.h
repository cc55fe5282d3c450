/* What goes where: firmware files, modules and option bytes, checked against a device, as the pieces of an image. */
#ifndef SFI_HOST_PLAN_H
#define SFI_HOST_PLAN_H

#include "sfi/devices/device.h"
#include "sfi/host/container.h"
#include "tool/objfile/objfile.h"

#include <stdbool.h>
#include <stdint.h>

struct plan_item {
  struct container_piece piece;
  uint32_t end;       /* last address taken in flash (of a module: by its clear bytes) */
  const char *source; /* file, for messages */
  uint8_t *owned;     /* the bytes of the piece */
};

struct plan {
  const struct sfi_device *device;
  struct plan_item *items; /* after plan_finish: by address, then the configuration */
  size_t count, room;
  uint32_t filled; /* bytes FF between segments that share a unit of the flash's programming */
};

/* Each adds what the file holds; false: problem says what is wrong with it. `input` is as in tool/firmware.h: an ELF,
 * HEX or S-record file, or a raw binary with "@0xADDRESS" (else: where the device's firmware starts). */
bool plan_add_firmware(struct plan *plan, const char *input, struct problem *problem);
bool plan_add_module(struct plan *plan, const char *path, struct problem *problem);
bool plan_add_options(struct plan *plan, const uint32_t *values, size_t count, struct problem *problem);
/* Sort, and check the whole: nothing overlaps, everything lies in flash that firmware may have, the firmware begins
 * where it must with a vector table that can be right (unless `vectors` is false). Segments that share a programming
 * unit are joined. */
bool plan_finish(struct plan *plan, bool vectors, struct problem *problem);
void plan_free(struct plan *plan);

/* A range against the device's flash. NULL: it lies in flash that firmware may have; else what is wrong, as words for
 * "0x... - 0x...: <words>". */
const char *plan_misplaced(const struct sfi_device *device, uint32_t addr, uint32_t size);

#endif
