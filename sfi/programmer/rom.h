/* The standard commands of a boot loader (AN3155): identify, read, write, erase, protect, start. A device with a key of
 * its own refuses most of them; problem then says so. */
#ifndef SFI_PROGRAMMER_ROM_H
#define SFI_PROGRAMMER_ROM_H

#include "sfi/programmer/link.h"

#include <stdbool.h>

/* A step of long work: `done` of `all` bytes. */
typedef void (*rom_progress)(void *ctx, uint32_t done, uint32_t all);

bool rom_chip_id(struct link *link, uint16_t *id, struct problem *problem);
bool rom_read(struct link *link, uint32_t address, uint8_t *bytes, uint32_t size, rom_progress progress, void *ctx,
              struct problem *problem);
/* Flash must be erased. */
bool rom_write(struct link *link, uint32_t address, const uint8_t *bytes, uint32_t size, rom_progress progress,
               void *ctx, struct problem *problem);
/* `count` pages from `first` on; or all that firmware may have. */
bool rom_erase(struct link *link, uint32_t first, uint32_t count, struct problem *problem);
bool rom_erase_all(struct link *link, struct problem *problem);
bool rom_go(struct link *link, uint32_t address, struct problem *problem);
/* Readout protection on; off (the chip erases all of its flash). The device resets. */
bool rom_protect(struct link *link, bool on, struct problem *problem);

#endif
