/* The chips that secure install knows: geometry, what belongs to the boot loader, option registers. The packager checks
 * against this table; a new chip is a new file here and a line in devices.c. Nothing else may assume a chip.
 */
#ifndef SFI_DEVICES_DEVICE_H
#define SFI_DEVICES_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SFI_OPTION_MAX 16u

struct sfi_region {
  uint32_t base, size;
  const char *what; /* for messages */
};

enum sfi_verdict { SFI_FINE, SFI_UNWISE, SFI_WRONG };

/* What simulated manufacture puts where; the boot loader's own map says the same. */
struct sfi_maker {
  uint32_t secure_boot, secure_boot_size, loader, loader_size;
  uint32_t identity;                      /* the device's key and certificate */
  uint32_t uid;                           /* 12 bytes */
  uint32_t option_bytes;                  /* 8 bytes for each register: value, complement */
  const uint32_t *options, *option_masks; /* as delivered; bits that exist */
  size_t option_count;
};

struct sfi_device {
  const char *name;  /* as --device takes it: "stm32l462ce" */
  const char *title; /* as people write it */
  uint16_t chip_id;  /* DBGMCU_IDCODE, and what the system boot loader answers to Get ID */
  struct sfi_region flash;
  uint32_t page;                   /* erase unit in bytes */
  uint32_t unit;                   /* what is programmed at once, in bytes: two areas must not share one */
  uint32_t start;                  /* where firmware must begin: its vector table */
  const struct sfi_region *boot;   /* flash that firmware cannot have; ended by size 0 */
  const struct sfi_region *ram;    /* ended by size 0 */
  const char *const *option_names; /* rows of the option-byte CSV in order, ended by NULL; at most SFI_OPTION_MAX */
  /* Judge the option values, one per row. Anything but SFI_FINE: a sentence in `why`. */
  enum sfi_verdict (*judge_options)(const uint32_t *values, char *why, size_t why_size);
  const struct sfi_maker *maker; /* NULL: the boot loader is not ours */
};

extern const struct sfi_device *const sfi_devices[]; /* NULL-terminated, sorted by name */

/* NULL: no such device. Upper and lower case are the same. */
const struct sfi_device *sfi_device_find(const char *name);
size_t sfi_device_options(const struct sfi_device *device); /* number of rows */
/* True: the device has these values already, so that an install need not write them. False as well where it is not
 * known how the device is delivered. */
bool sfi_device_has_options(const struct sfi_device *device, const uint32_t *values);

#endif
