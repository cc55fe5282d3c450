/* Single slot: a received image goes straight into the active slot, decrypted on the way. There is no download slot, so
 * the application may fill nearly all of the flash; the boot loader's own loader is the only way in.
 *
 * Order of what touches the flash: the header is judged; records BEGIN and COPIED (what the active slot held is
 * worthless); all pages of the active slot that are not blank are erased; the image is programmed as it arrives; record
 * DONE; the image is authenticated where it lies, against the header; the active header is written; record NONE.
 * From COPIED on the old image is gone.
 *
 * A cut, a lost line or an error before DONE leaves COPIED: the slot holds nothing that counts, whatever it looks like,
 * and the device waits for a download. After DONE the cells of the image are sound: if the new header stands in its
 * page (half written, perhaps, but readable now) and the image authenticates with it, single_resume() writes it once
 * more, and all is well; else the device waits for a download. The old header stays until then, so that anti-rollback
 * does: a header whose image never came raises no version. An image that does not authenticate is wiped at once.
 */
#ifndef INSTALL_SINGLE_H
#define INSTALL_SINGLE_H

#include "install/install.h"

#include <stdbool.h>

#define SINGLE_CHUNK 64u /* decrypted and programmed at once: multiple of 16 and of all write units */

/* What it needs besides the services of every install. */
struct single_target {
  const struct install_services *services;
  const struct flash_area *active; /* write unit of at most SINGLE_CHUNK bytes */
  uint32_t image;                  /* 1..3 */
  /* Authenticate what lies in the active slot against a header that stands in RAM only: signature, product, version,
   * the whole image, nothing behind it. */
  pc_status (*verify)(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE]);
  /* After every page and every piece that was programmed. Where a watchdog is refreshed. May be NULL. */
  void (*progress)(void);
};

/* One reception, in RAM of the caller. */
struct single {
  const struct single_target *target;
  uint32_t step;     /* what is expected next */
  uint32_t size;     /* of the file, as announced */
  uint32_t received; /* bytes of the file */
  uint32_t written;  /* bytes of the image */
  uint32_t held;     /* bytes in `chunk` */
  _Alignas(8) uint8_t chunk[SINGLE_CHUNK];
  _Alignas(8) uint8_t header[IMAGE_HEADER_SIZE];
};

/* `target` must outlive the reception. */
void single_init(struct single *s, const struct single_target *target);

/* A file of `size` bytes comes. PC_ERR_FORMAT: too short for a .sfb; PC_ERR_SIZE: more than the slot can take;
 * PC_ERR_STATE: there was one already. Touches no flash. */
pc_status single_begin(struct single *s, uint32_t size);

/* The next bytes, in pieces of any size. When the header has become complete it is judged: the reason for refusing it
 * (PC_ERR_FORMAT instead of PC_ERR_BLANK), PC_ERR_FORMAT if the file's length does not fit it, PC_ERR_UNSUPPORTED for a
 * partial image, PC_ERR_PARAM for another image's; no flash has been touched then. PC_ERR_TRANSFER: bytes missing or
 * repeated, or more than announced. PC_ERR_FLASH. After any error the reception is over (PC_ERR_STATE). */
pc_status single_data(struct single *s, uint32_t offset, const uint8_t *bytes, uint32_t length);

/* The file is complete: authenticate and take over. PC_OK: the image may be started at the next reset. PC_ERR_TRANSFER:
 * bytes are missing. PC_ERR_TAG and others of `verify`: the slot has been wiped. PC_ERR_FLASH, PC_ERR_STATE. */
pc_status single_end(struct single *s);

/* True once single_end() has said PC_OK. */
bool single_complete(const struct single *s);

/* After a reset. PC_OK: nothing was going on, or it has been ended now: look at the active slot as usual. PC_ERR_STATE:
 * an installation was interrupted, and the slot holds nothing that counts: wait for a download. Other errors: of the
 * services; to be tried again at the next reset. `header`: room for one. */
pc_status single_resume(const struct single_target *target, uint8_t header[IMAGE_HEADER_SIZE]);

#endif
