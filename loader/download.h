/* Writing a .sfb file into a download slot as it arrives, so that
 *  - nothing is erased before the header has been authenticated and found installable, and
 *  - nothing is a candidate for installation before the last byte of the file stands in flash.
 *
 * Slot: page 0 holds the header, the image follows from page 1 on, the last page stays free (install/install.h). In the
 * file the header is followed by filling up to offset 512, where the image begins (image/header.h); the filling is not
 * looked at and not stored.
 *
 * Order of what touches the flash: check_header(); the header page is erased, so that an old header never stands before
 * new data; the pages of the image are erased; the image is programmed; when all of it has arrived and nothing else,
 * the header is programmed. A power cut, a lost line or a refusal in between leaves a slot without a header: no
 * candidate. What was in the slot is lost once check_header() has said yes, and is untouched if it says no.
 *
 * The bytes may come in pieces of any size. download_sink() makes it the sink of a YMODEM session.
 */
#ifndef LOADER_DOWNLOAD_H
#define LOADER_DOWNLOAD_H

#include "flash/flash.h"
#include "image/header.h"
#include "loader/ymodem.h"

/* One download, in RAM of the caller. */
struct download {
  /* ---- set by download_init() ---- */
  const struct flash_area *slot; /* at least three pages, of at least 320 bytes */
  /* May this header (320 bytes, in the caller's RAM) be installed? Its signature, product and version are judged here;
   * its length is held against the file's afterwards. PC_OK, or the reason for refusing. */
  pc_status (*check_header)(void *ctx, const uint8_t *header);
  /* Pages erased so far, of all that will be: after every page. Where a watchdog is refreshed: a page takes about 25
   * ms. May be NULL. */
  void (*progress)(void *ctx, uint32_t erased, uint32_t pages);
  void *ctx;
  /* ---- state ---- */
  uint32_t step;                            /* what is expected next */
  uint32_t size;                            /* of the file, as announced */
  uint32_t received;                        /* bytes of the file */
  uint32_t written;                         /* bytes of the image that were programmed, a multiple of the write unit */
  uint32_t held;                            /* bytes in `unit` */
  _Alignas(8) uint8_t unit[FLASH_MAX_UNIT]; /* the beginning of a write unit, until the rest of it comes */
  _Alignas(8) uint8_t header[IMAGE_HEADER_SIZE];
};

/* `slot` must outlive the download. */
void download_init(struct download *d, const struct flash_area *slot,
                   pc_status (*check_header)(void *ctx, const uint8_t *header),
                   void (*progress)(void *ctx, uint32_t erased, uint32_t pages), void *ctx);

/* A file of `size` bytes comes. PC_ERR_FORMAT: too short to be a .sfb. PC_ERR_SIZE: more than the slot can take.
 * PC_ERR_STATE: there was one already. Touches no flash. */
pc_status download_begin(struct download *d, uint32_t size);

/* The next bytes. When the header has become complete: the result of check_header() if that is not PC_OK (but
 * PC_ERR_FORMAT instead of PC_ERR_BLANK); PC_ERR_FORMAT if the file's length is not that which the header calls for:
 * 512 + partial size. No flash has been touched then. PC_ERR_TRANSFER: bytes missing or repeated (`offset` is not where
 * it should be), or more than announced. PC_ERR_FLASH: a page or a unit did not take. After any error the download is
 * over (PC_ERR_STATE). */
pc_status download_data(struct download *d, uint32_t offset, const uint8_t *bytes, uint32_t length);

/* The file is complete: program its last unit, then the header. PC_ERR_TRANSFER: bytes are missing; PC_ERR_FLASH,
 * PC_ERR_STATE as above. With PC_OK the slot holds a candidate. */
pc_status download_end(struct download *d);

/* Give up. Touches no flash: there is no header to take back. */
void download_abort(struct download *d);

/* True once download_end() has said PC_OK. */
bool download_complete(const struct download *d);

/* `sink` delivers to `d`. */
void download_sink(struct ymodem_sink *sink, struct download *d);

#endif
