/* Updating from an application: a .sfb file into the download slot, and the wish to have it installed.
 *
 *   static struct update update;                             (some 450 bytes, anywhere in your RAM)
 *   update_init_image(&update, 1);                           image 1 of this board
 *   update_begin(&update, size of the file);                 or UPDATE_ANY_SIZE
 *   update_write(&update, bytes, length); ...                in pieces of any length, as they come
 *   update_finish(&update);                                  all there?
 *   update_install(&update);                                 at the next reset; or update_install_now(&update)
 *
 * The transport is yours: a radio, a modem, a bus, a file. The boot loader's own loader stands on the same functions;
 * app/wire.c is an example with a framed protocol on a second UART. docs/update-api.md tells how to link it.
 *
 * What is promised:
 *  - Nothing is erased before the header (the file's first 320 bytes) has been judged by the secure engine: signature,
 *    product, version, size. A file that is refused leaves the slot as it was.
 *  - Nothing is a candidate for installation before update_install(): a power cut, an abort or an error before it
 *    leaves a slot that the boot loader passes over. What was in the slot before is lost once the header is accepted
 *    (an image that an earlier install kept for a rollback, too).
 *  - update_install() takes effect wholly or not at all, whenever power goes. From then on the wish is in flash: it
 *    needs no RAM, and outlives power cuts. The boot loader authenticates the whole image before it replaces anything.
 *  - A call erases one page for each page of the image that its bytes begin, and one more when the header is complete
 *    (STM32L4: 22 ms each, 25 ms at most), so the time of a call is bounded by the bytes given to it. Interrupts go on,
 *    but for the engine's judgement of the header (three signatures: the better part of a second at 80 MHz; twice that
 *    on boards with PROTECT, where LOW_LATENCY keeps them on).
 *
 * Any call in the wrong order, with a struct that was never initialised, or from within one of the callbacks (or an
 * interrupt that interrupted another call with the same struct) is answered with PC_ERR_STATE and changes nothing.
 * After any other error the update is over: UPDATE_FAILED, and the reason is kept. Begin again with update_init...().
 */
#ifndef PORTCULLIS_UPDATE_H
#define PORTCULLIS_UPDATE_H

#include "portcullis/status.h"

#include <stdalign.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UPDATE_HEADER_SIZE 320u        /* docs/format.md, "Firmware header" */
#define UPDATE_FILE_OFFSET 512u        /* in the file: where the image begins */
#define UPDATE_ANY_SIZE    0xFFFFFFFFu /* the header says how long the file is */
#define UPDATE_UNIT        32u         /* largest write unit of any flash */

struct flash_area;
struct update;

/* How patches (.sfbp) are taken, on boards that take them: loader/update_patch.c. Not for callers. */
struct update_patch {
  /* Bytes of a file that begins as a patch does, from its fourth on. */
  pc_status (*write)(struct update *u, const uint8_t *bytes, uint32_t length);
  /* All were given. */
  pc_status (*finish)(struct update *u);
};

/* Where a file goes, and who judges it. update_init_image() fills it in for a board. */
struct update_target {
  const struct flash_area *slot; /* header page, then the image from the second page on; must outlive the update */
  uint32_t image;                /* 1..3: a header for another image is refused; 0: whichever image the header is for */
  uint32_t capacity;             /* most image bytes; with the header page at most the slot */
  /* May this header (320 bytes, in RAM) be installed? PC_OK, or the reason for refusing. */
  pc_status (*judge)(void *ctx, const uint8_t *header);
  /* After every page that was erased, and at the end: `done` of `total` bytes of the image. Where a watchdog is
   * refreshed when much is written in one call. May be NULL. */
  void (*progress)(void *ctx, uint32_t done, uint32_t total);
  void *ctx;
  const struct update_patch *patch; /* NULL: no patches; a .sfbp is then PC_ERR_FORMAT */
};

/* Wide constants: no flipped bit makes one of another. */
enum update_step {
  UPDATE_IDLE = 0x2D1C5A01,      /* initialised, nothing announced */
  UPDATE_HEADER = 0x4B870F02,    /* the header is arriving */
  UPDATE_IMAGE = 0x7859C304,     /* the header was accepted, the image is arriving */
  UPDATE_READY = 0x1EE23C08,     /* all there; nothing is asked for yet */
  UPDATE_REQUESTED = 0x66F0A510, /* to be installed at the next reset */
  UPDATE_FAILED = 0x53369620     /* over */
};

struct update {
  struct update_target target; /* `progress` and `ctx` may be set between initialisation and update_begin() */
  /* ---- the rest is not for callers: update_status() tells it ---- */
  uint32_t magic, busy;
  uint32_t step;     /* enum update_step */
  pc_status reason;  /* why UPDATE_FAILED */
  uint32_t size;     /* of the file */
  uint32_t received; /* bytes of the file */
  uint32_t written;  /* bytes of the image that were programmed */
  uint32_t erased;   /* bytes of the slot that were erased for it */
  uint32_t held;     /* bytes in `unit`: the beginning of a write unit, until the rest of it comes */
  uint32_t is_patch; /* 1: a .sfbp */
  alignas(8) uint8_t unit[UPDATE_UNIT];
  alignas(8) uint8_t header[UPDATE_HEADER_SIZE];
};

struct update_state {
  uint32_t step;     /* enum update_step */
  pc_status reason;  /* PC_OK; UPDATE_FAILED: what the failing call returned, PC_ERR_CANCELLED after update_abort() */
  uint32_t received; /* bytes of the file taken so far */
  uint32_t size;     /* of the file; UPDATE_ANY_SIZE until it is known */
  uint32_t percent;  /* 0..100 of `size`; 0 until it is known */
  uint32_t version;  /* of the incoming image, from UPDATE_IMAGE on, else 0: major << 24 | minor << 16 | patch;
                        protocol 1: the vendor's 16-bit number */
  uint32_t slot_erased; /* not 0: what was in the slot before is gone */
};

/* ---- for applications (loader/update_board.c) ---- */

/* Prepare an update of `image`, 1..number of images of the board, into its download slot, judged by the secure engine.
 * PC_ERR_PARAM: no such image on this board (`u` is then not initialised); PC_ERR_UNSUPPORTED: the board's slot mode
 * has no download slot that a running application could write. Touches no flash. */
pc_status update_init_image(struct update *u, uint32_t image);
/* The target that it prepares: slot, image, capacity and judge. Errors likewise. */
pc_status update_init_target(struct update_target *target, uint32_t image);

/* As update_install(), then reset and install at once: does not return if it succeeds. What other updates asked for is
 * installed along. */
pc_status update_install_now(struct update *u);

/* What stands in the download slot of `image` and will be installed at the next reset: PC_OK, and its version as in
 * struct update_state. PC_ERR_BLANK: nothing is asked for; the engine's refusal: it will be refused. For an application
 * that was started again meanwhile. */
pc_status update_pending(uint32_t image, uint32_t *version);

/* Take back what is asked for, by whomever: the header page of the slot is erased. PC_OK, also when there was nothing;
 * PC_ERR_PARAM, PC_ERR_FLASH. */
pc_status update_withdraw(uint32_t image);

/* ---- the core (loader/update.c) ---- */

/* Prepare an update into any slot. Touches no flash. */
void update_init(struct update *u, const struct update_target *target);

/* A file of `size` bytes is to come. PC_ERR_FORMAT: too short for a .sfb. PC_ERR_SIZE: longer than the slot can take.
 * Touches no flash. UPDATE_ANY_SIZE: as the header says; a file that is longer is PC_ERR_TRANSFER at its first byte too
 * many. */
pc_status update_begin(struct update *u, uint32_t size);

/* The next `length` bytes of the file, from anywhere in readable memory; 0 is allowed. The bytes that complete the
 * header bring the judge's refusal (PC_ERR_FORMAT, _SIGNATURE, _PRODUCT, _VERSION, _LOG_FULL, _SIZE, _UNSUPPORTED),
 * PC_ERR_PARAM: a good header for another image, or PC_ERR_FORMAT: the file's length is not what the header calls for;
 * no flash was touched then. Later: PC_ERR_TRANSFER: more bytes than announced; PC_ERR_FLASH: a page or a unit does not
 * take. PC_ERR_PARAM, and the update goes on: `bytes` is NULL. */
pc_status update_write(struct update *u, const void *bytes, uint32_t length);

/* All bytes were given: programs what is still held back. PC_ERR_TRANSFER: bytes are missing; PC_ERR_FLASH. With PC_OK
 * the slot holds the whole image; nothing will happen to it before update_install(). */
pc_status update_finish(struct update *u);

/* Ask for the installation at the next reset, whatever causes it. Only after update_finish(). PC_OK: the wish stands in
 * flash; again: PC_OK, nothing done. PC_ERR_FLASH: it could not be written, nothing is asked for. */
pc_status update_install(struct update *u);

/* Ask for the installation of several images, all or none of them, whenever power goes: their headers first, then one
 * wish for all. `count`: 1..3 updates of different images of the board, each finished. PC_ERR_PARAM: two for the same
 * image, or more than 3; PC_ERR_STATE: one is not finished, or was asked for before; PC_ERR_FLASH: nothing is asked
 * for. A board with one image takes update_install() only. */
pc_status update_install_set(struct update *const updates[], uint32_t count);

/* Give up. Before update_install() no flash is touched; after it, the wish is taken back: PC_ERR_FLASH if its page
 * cannot be erased. PC_OK also when there was nothing to give up. */
pc_status update_abort(struct update *u);

/* How it stands; any time, also from a callback. PC_ERR_STATE: never initialised. */
pc_status update_status(const struct update *u, struct update_state *state);

/* Is a whole wish written in this slot? What the boot loader looks for: PC_OK, PC_ERR_BLANK, PC_ERR_PARAM,
 * PC_ERR_FLASH (a flash outside the chip does not answer). The header
 * is not judged. If PC_OK, the header before the wish is whole, whatever became of the wish itself: it was begun only
 * after the header was done. */
pc_status update_asked(const struct flash_area *slot);

/* Take the wish in this slot back: its header page is erased. A page that cannot be erased any more gets its mark
 * struck out with zeros, where the flash can do that (STM32L4). PC_OK, or PC_ERR_FLASH: it is still asked for. */
pc_status update_drop(const struct flash_area *slot);
/* The same where there are several images: which ones does the wish in the slot of `image` ask for, itself or a set
 * that its slot speaks for? Bits, image 1: bit 0. 0: no wish. */
uint32_t update_asked_set(const struct flash_area *slot, uint32_t image);

#ifdef __cplusplus
}
#endif

#endif
