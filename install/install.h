/* Bringing an image from the download slot to the active slot, so that no power cut loses both.
 *
 * The functions here move bytes; they decide nothing about trust. Keys, headers and the journal belong to the
 * engine and are reached through `struct install_services`, so that the same code runs on the device (through the call
 * gate) and in native tests.
 *
 * Dual slot with swap (install/swap.c). Download slot: header page, image pages D[0]..D[M-1], hole D[M]. For N pages
 * used by the larger of the two images, from i = N-1 down to 0:
 *   (a) copy A[i] to D[i+1], verify; record COPIED(i)
 *   (b) erase A[i]
 *   (c) decrypt D[i] into A[i] (IV: last block of D[i-1], or the header's), verify; record DONE(i)
 *   (d) erase D[i]
 * then: old active header -> page D[0] (kept for rollback); record; erase and write the active header; record;
 * erase the download header page; record END. Without a valid old image (a) and (d) are left out.
 *
 * Cut by power: install_resume() goes on from the journal; the destination of the step that was not recorded is
 * erased and written again, so each cut costs at most one page more.
 */
#ifndef INSTALL_INSTALL_H
#define INSTALL_INSTALL_H

#include "flash/flash.h"
#include "image/header.h"

/* Slots of one image. */
struct install_slot {
  struct flash_area active;   /* image pages, starts with the vector table */
  struct flash_area download; /* header page, image pages, hole page */
};

/* What is where in the journal's 32-bit value. */
enum install_step {
  INSTALL_NONE = 0,  /* nothing going on (also: END) */
  INSTALL_BEGIN = 1, /* argument: pages; flag: an old image is kept */
  INSTALL_COPIED = 2,
  INSTALL_DONE = 3,
  INSTALL_KEPT = 4,  /* old header saved in D[0] */
  INSTALL_HEADER = 5 /* new active header written */
};
/* Fields of a record: step << 28 | flags << 24 | image << 20 | ... | page index (16 bits). COPIED, DONE and later records
 * carry the flags of BEGIN; N is found again from both headers and checked against nothing but bounds: BEGIN's page count is
 * therefore the first walk index + 1. */
#define INSTALL_RECORD(step, flags, image, page)                                                                       \
  ((uint32_t)(step) << 28 | (uint32_t)(flags) << 24 | (uint32_t)(image) << 20 | (uint32_t)(page))
#define INSTALL_RECORD_STEP(record) ((record) >> 28)
#define INSTALL_RECORD_FLAGS(record) (((record) >> 24) & 15u)
#define INSTALL_RECORD_IMAGE(record) (((record) >> 20) & 15u)
#define INSTALL_RECORD_PAGE(record) ((record) & 0xFFFFu)
#define INSTALL_FLAG_KEEP_OLD 1u

/* What install needs of the engine. Every function returns PC_OK or an error that ends the install (to be resumed at the next
 * reset, unless noted). `image` is 1..3. */
struct install_services {
  /* The journal: latest record (INSTALL_NONE step when empty), append, and write the latest again after a reset. */
  pc_status (*journal_get)(uint32_t *record);
  pc_status (*journal_put)(uint32_t record);
  pc_status (*journal_confirm)(void);
  /* AES-128-CBC of the image's key: set the IV, then decrypt `size` bytes (multiple of 16), in place allowed. */
  pc_status (*decrypt_start)(uint32_t image, const uint8_t iv[16]);
  pc_status (*decrypt)(const uint8_t *from, uint8_t *to, uint32_t size);
  /* Active header page: read 320 bytes, or erase and write it (state and fingerprint as given), with read-back. */
  pc_status (*header_read)(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE]);
  pc_status (*header_write)(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE]);
  /* Progress in percent, called at most 101 times per install; also where a watchdog is refreshed. May be NULL. */
  void (*progress)(uint32_t percent);
};

/* One install in RAM of the caller: 2 KiB pages are moved through `buffer`. */
struct install {
  const struct install_services *services;
  const struct install_slot *slot;
  uint32_t image;      /* 1..3 */
  uint8_t *buffer;     /* multiple of 16 and of the write unit */
  uint32_t buffer_size;
};

/* Begin and carry through: `new_header` is the download slot's header, authenticated, and its image verified by the caller.
 * `old_size`: bytes of the valid image in the active slot, 0 if there is none. Returns PC_OK when the new image with its
 * header stands in the active slot and the journal says END. PC_ERR_FLASH/PC_ERR_ECC: a cell failed; what was begun is resumed at the
 * next reset. PC_ERR_PARAM: sizes do not fit the slots; nothing was touched. */
pc_status install_run(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size);

/* After a reset: INSTALL_NONE step -> PC_ERR_BLANK and nothing done. Else goes on and ends the install as above.
 * `new_header` is the download slot's header while that page still holds it (the journal says whether): authenticated by the caller, or NULL. */
pc_status install_resume(const struct install *install, const uint8_t *new_header);

#endif
