/* Bringing an image from the download slot to the active slot, so that no power cut loses both.
 *
 * The functions here move bytes; they decide nothing about trust. Keys, headers and the journal belong to the engine
 * and are reached through `struct install_services`, so that the same code runs on the device (through the call gate)
 * and in native tests. docs/install.md has the reasoning, the cost and the bytes on flash.
 *
 * A board links one of two walks for its dual slots: install/swap.c or install/overwrite.c, each with the functions
 * below.
 *
 * install/swap.c serves every kind of install with swap, and rollback. Pages of the active slot are A[i]; the
 * download slot is a header page H, image pages D[0], D[1].. and, for a swap, one hole page after the last. For every
 * page i of the active slot, from the last one down to 0: (a) old image kept and i inside it: erase D[i+1], copy A[i]
 * there (neither the old nor the new image reaches i, and A[i] is blank: nothing to do for this page) record COPIED(i)
 *   (b) erase A[i]; where the new image reaches: decrypt D[i] into it (IV: last block of D[i-1], or the header's)
 *       record DONE(i)
 * then: old image kept: erase D[0], write the old active header there; record KEPT; write the active header; record
 * HEADER; erase page H, so that nothing is a candidate any more; records END and NONE.
 *
 * An install without an old image leaves out (a) and never writes to D. A rollback is the same walk with the download
 * slot seen one page further up (header in D[0], image from D[1] on), in clear, without an old image to keep: the
 * backup is not touched before the active slot is whole.
 *
 * Cut by power: the destination of the step that was not recorded is erased and written again by install_resume(), so
 * each cut costs at most one page more (and one page of the journal, see flash/log.h).
 *
 * install/overwrite.c does (b) only, and keeps nothing: the download slot stays cipher text, may lie in another kind of
 * flash with pages of another size, and is not believed: the header is judged in RAM and kept on the stage, one page
 * behind the active slot, before BEGIN; what is installed later follows this header. COPIED comes only before the first
 * page and pages behind the image (before every page that is touched, where equal ones are spared), KEPT and HEADER
 * never. There is no rollback.
 *
 * If an old page cannot be read, or its copy finds no cell that holds it, the old image is given up and the
 * install goes on without it: the flag KEEP_OLD disappears from the records, nothing is written to D[0], and the
 * fingerprint of the new header is zero.
 */
#ifndef INSTALL_INSTALL_H
#define INSTALL_INSTALL_H

#include "flash/flash.h"
#include "image/header.h"

#include <stdbool.h>

/* The most images that this build serves; what only sets of images need is not in a build for one. */
#ifndef INSTALL_IMAGES
#define INSTALL_IMAGES 3u
#endif

/* 1: partial images are installed, too (install/swap.c only). */
#ifndef INSTALL_PARTIAL
#define INSTALL_PARTIAL 1
#endif

/* Slots of one image. Pages of equal size, unless no install keeps the old image. */
struct install_slot {
  struct flash_area active;   /* image pages, starts with the vector table; at most 2^20 - 1 pages */
  struct flash_area download; /* header page, image pages; with swap: hole page */
  uint32_t image_max;         /* bytes: the largest image that the slot mode can install here */
  uint32_t segment;           /* offset in the image at which its second segment begins; 0: the slot takes one only */
};

/* What is where in the journal's 32-bit value. 0 is what an empty journal says. */
enum install_step {
  INSTALL_NONE = 0,   /* nothing going on */
  INSTALL_BEGIN = 1,  /* nothing moved yet; page: pages of the active slot */
  INSTALL_COPIED = 2, /* what A[page] held is safe or worthless */
  INSTALL_DONE = 3,   /* A[page] holds what it shall hold */
  INSTALL_KEPT = 4,   /* old header saved in D[0], if the old image is kept; the active header may be half written */
  INSTALL_HEADER = 5, /* new active header written; the candidate's header page may be half erased */
  INSTALL_END = 6,    /* all done; only here so that a torn NONE cannot turn into HEADER again */
  INSTALL_NEXT = 7,   /* of a set: the image before is done, nothing of this one is moved yet */
  INSTALL_SEAL = 8,   /* a set stays: its headers are being sealed (boot/states_set.c); page: its images, as bits */
  INSTALL_MOVED = 9,  /* in place: of the old image all pages from `page` on have been moved up */
  INSTALL_READY = 10, /* in place: the checkpoint before group `page` is whole; what it says is to be placed */
  INSTALL_PLACED = 11 /* in place: the same, and it has been placed */
};
/* Fields of a record: step << 28 | flags << 24 | rest << 22 | image << 20 | page index (20 bits). All records of one
 * install carry its flags and rest; KEEP_OLD may go away on the way. `rest`: the images of a set that are still to
 * come, bit 0: image + 1, bit 1: image + 2. */
#define INSTALL_RECORD(step, flags, image, page)                                                                       \
  ((uint32_t)(step) << 28 | (uint32_t)(flags) << 24 | (uint32_t)(image) << 20 | (uint32_t)(page))
#define INSTALL_RECORD_STEP(record)  ((record) >> 28)
#define INSTALL_RECORD_FLAGS(record) (((record) >> 24) & 15u)
#define INSTALL_RECORD_REST(record)  (((record) >> 22) & 3u)
#define INSTALL_RECORD_IMAGE(record) (((record) >> 20) & 3u)
#define INSTALL_RECORD_PAGE(record)  ((record)&INSTALL_MAX_PAGES)
#define INSTALL_MAX_PAGES            0xFFFFFu
#define INSTALL_FLAG_KEEP_OLD        1u /* the old image ends in the download slot */
#define INSTALL_FLAG_ROLLBACK        2u /* the candidate is the old image there */
#define INSTALL_FLAG_VALID           1u /* of INSTALL_SEAL: the set has been validated */
#define INSTALL_FLAG_SECOND          1u /* of INSTALL_READY and _PLACED: the checkpoint is in the area's second half */

/* What install needs of the engine. Every function returns PC_OK or an error that ends the install (to be resumed at
 * the next reset, unless noted). `image` is 1..3. */
struct install_services {
  /* The journal, a log (flash/log.h) opened once after reset: latest record (0 when empty); append; log_confirm(). */
  pc_status (*journal_get)(uint32_t *record);
  pc_status (*journal_put)(uint32_t record);
  pc_status (*journal_confirm)(void);
  /* AES-128-CBC of the image's key: set the IV, then decrypt `size` bytes (multiple of 16), in place allowed. Started
   * anew for every page, so nothing of the cipher's state needs to survive a reset. */
  pc_status (*decrypt_start)(uint32_t image, const uint8_t iv[16]);
  pc_status (*decrypt)(const uint8_t *from, uint8_t *to, uint32_t size);
  /* Active header page: read 320 bytes, or erase and write it (state and fingerprint as given), with read-back.
   * header_write after a cut finds the page in any condition. An error of header_read gives up the old image only. */
  pc_status (*header_read)(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE]);
  pc_status (*header_write)(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE]);
  /* May this header be installed: signature, product, version? Asked where the download slot may have changed since its
   * image was verified (install/overwrite.c). */
  pc_status (*candidate)(const uint8_t header[IMAGE_HEADER_SIZE]);
  /* Progress in percent of the pages, rising, called at most 101 times per call of a function below; also where a
   * watchdog is refreshed (a page costs two erases at most between two looks at it when the slot has 100 pages or
   * less). May be NULL. */
  void (*progress)(uint32_t percent);
};

/* One install in RAM of the caller: pages are moved through `buffer`. */
struct install {
  const struct install_services *services;
  const struct install_slot *slot;
  uint32_t image;       /* 1..3 */
  uint8_t *buffer;      /* word aligned */
  uint32_t buffer_size; /* multiple of 16 and of the write units; smaller than, equal to or larger than a page */
};

/* Begin and carry through: `new_header` is the download slot's header, authenticated, and its image verified by the
 * caller. `old_size`: bytes of the valid image in the active slot, with its header in the active header page; 0 if
 * there is none (or none is to be kept: install without swap). The header's state and fingerprint fields are not used:
 * the active header gets state NEW and, as fingerprint, the first 32 bytes of the kept header's signature, or zeros
 * (FF in a build for several images, where zeros say that a header is sealed: boot/states_set.c).
 * PC_OK: the new image with its header stands in the active slot, everything behind it there is blank, and the journal
 * says NONE. PC_ERR_FLASH/PC_ERR_ECC: a cell failed; what was begun is resumed at the next reset. PC_ERR_PARAM: sizes
 * do not fit the slots; PC_ERR_UNSUPPORTED: a partial image in a build without them; nothing was touched in either
 * case. Whatever the journal said before is overruled: who gives up an install that cannot be ended does it by
 * journal_put(INSTALL_NONE), before the download slot is written again. */
pc_status install_run(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size);

/* With swap only: bring the kept image back. `old_header`: the header in D[0], authenticated, and its image (in clear,
 * from D[1] on) verified by the caller. The active header becomes that header, its state as given, its fingerprint
 * zero; D[0] is erased at the end, so that it happens once. The image that was active is not kept. Results as
 * install_run(). */
pc_status install_rollback(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE]);

/* The same for one image of a set. `rest`: the images that come after it, as INSTALL_RECORD_REST() has them; `first`:
 * it is the first one, else the journal's latest record must be the INSTALL_NEXT that the image before has left. With
 * PC_OK and a rest, the journal then says INSTALL_NEXT of the next image: the caller goes on with it, now or after a
 * reset; it authenticates its candidate (or backup) in full before. So a set is installed whole once its first record
 * behind BEGIN is written, and not at all before. */
pc_status install_run_set(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size,
                          uint32_t rest, bool first);
pc_status install_rollback_set(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE],
                               uint32_t rest, bool first);

/* Read the header that install_resume() needs for this record: to be authenticated by the caller. From HEADER on it is
 * not needed and may be gone. Results of flash_read(). */
pc_status install_header(const struct install *install, uint32_t record, uint8_t header[IMAGE_HEADER_SIZE]);

/* After a reset, before anything else looks at the slots: goes on and ends what the journal says, as above.
 * PC_ERR_BLANK: nothing was going on or nothing was moved yet (the record is then withdrawn, and the caller starts
 * again with full checks); also for a record of another image or one that no install_run() on this slot writes.
 * INSTALL_NEXT and INSTALL_SEAL are left to the caller (PC_ERR_BLANK). A PC_OK may leave INSTALL_NEXT, as above.
 * PC_ERR_STATE: the header is needed and `header` is NULL (it did not authenticate). PC_ERR_PARAM: it does not fit the
 * slots. */
pc_status install_resume(const struct install *install, const uint8_t *header);

#endif
