/* A device with two slots, for the tests of log and swap: flash model, journal, header page, keys, and a boot that
 * decides as little as possible. Authentication is comparing with the images that the test made.
 */
#ifndef TEST_INSTALL_DEVICE_H
#define TEST_INSTALL_DEVICE_H

#include "flash/log.h"
#include "install/install.h"
#include "test/support/simflash.h"

#include <stdbool.h>

#define JOURNAL_BASE  0x10100000u
#define HEADER_BASE   0x20100000u
#define ACTIVE_BASE   0x30100000u
#define DOWNLOAD_BASE 0x40100000u

/* Shape of a device; sizes in bytes. */
struct device_shape {
  uint32_t page, unit;                   /* of slots and header page */
  uint32_t active_pages, download_pages; /* the latter with header page and hole */
  uint32_t journal_page, journal_unit;
  uint32_t buffer;
};

/* An image as a test knows it. */
struct device_image {
  uint32_t size;
  uint8_t *clear;                    /* size, padded with FF to whole pages and one more */
  uint8_t *cipher;                   /* the same in AES-128-CBC */
  uint8_t header[IMAGE_HEADER_SIZE]; /* as packed: states and fingerprint are rubbish that must not be believed */
};

extern struct device {
  struct device_shape shape;
  struct install_slot slot;
  struct flash_area journal_area, header_area;
  struct log journal;
  struct device_image *candidate; /* what the download slot was filled with */
  struct device_image *old;       /* what was active, or NULL */
  bool rollback_wanted;           /* the boot shall bring the old image back if it is there */
  uint32_t boots, records;
  uint32_t cut_at_record; /* the power goes just before (1-based number of record in this boot), 0: not */
  bool cut_after_record;  /* ...or just after it */
  uint32_t last_percent, progress_calls;
} device;

/* Make blank devices of that shape, writes allowed in the four areas only. */
void device_make(const struct device_shape *shape, uint32_t seed);
/* Random image; blank_page: a page of FF in its middle. Freed by device_drop_images(). */
struct device_image *device_image_make(uint32_t size, bool blank_page);
void device_drop_images(void);

/* The image with its header, state VALID, in the active slot, as a factory does it. */
void device_put_active(struct device_image *image);
/* The candidate in the download slot; `rubbish`: whatever of the slot it does not fill is not blank. */
void device_put_candidate(struct device_image *image, bool rubbish);

/* One boot: resumes, or begins what there is to begin. As argument of simflash_run(). Ends the test when something
 * fails. */
void device_boot(void *unused);
/* Boot until a boot ends; the power may have been armed to fail in the first one. */
void device_settle(void);

/* The candidate stands in the active slot with a proper header and blank pages behind it, is no candidate any more, and
 * the old image, if there was one, lies one page up with its header. Nothing is left to do. */
void device_check_installed(void);
/* The old image is back. */
void device_check_rolled_back(void);
/* No page of the slots, header or journal was erased more often than `most`. */
void device_check_wear(uint32_t most);

#endif
