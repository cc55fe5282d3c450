/* A log of 32-bit records in two flash pages, used in turn: the install journal and the version counter.
 *
 * Only the latest record counts; an empty log reads as the value 0. Bytes on flash (all words little-endian; a second
 * implementation needs no more than docs/install.md):
 *
 *   A page is a row of slots of max(8, write unit) bytes; what a slot has beyond 8 bytes stays FF.
 *   slot = value word, check word; check = CRC-32 (IEEE, reflected) over sequence, place, value, with bit 31 cleared,
 * so that neither a blank slot nor an unprogrammed one can ever be a record. place = byte offset of the slot from the
 * log's start. slot 0: page header: value = the page's sequence number; its check is made with sequence 0. slot 1: a
 * copy of the record that was the latest when the page was begun. slot 2 and on: records, in order. A slot that did not
 * take its record is left behind.
 *
 * The page with the higher sequence number (modulo 2^32), among those whose slots 0 and 1 are good, is the current one;
 * its last good record is the latest. So a torn, stale or moved record reads as absent, never as another one.
 *
 * Power cuts. A cell that was torn may read differently each time, until its page is erased: a record may be there now
 * and gone later, or the other way round, and a slot that was begun may read blank. Therefore:
 *  - After log_open() the first write turns the page: the other page is erased, numbered, given the latest record and
 * only then written on. From there on, nothing that a cut of an earlier session left behind can be read any more.
 *  - A page is not erased before a record behind slot 1 of the other page tells that slots 0 and 1 there are whole, and
 *    that record has been followed by a copy. A page without one may be half written: it is the one to be erased again.
 * So a log costs one page erase per session that writes, and one more each time that a page is full within a session. A
 * session is the time from log_open() to the reset: open once, keep the struct.
 *
 * log_open() only reads. Whoever is going to rely on the latest record for something destructive calls log_confirm()
 * first (docs/install.md, "Confirm").
 */
#ifndef FLASH_LOG_H
#define FLASH_LOG_H

#include "flash/flash.h"

#include <stdbool.h>

struct log {
  const struct flash_area *area; /* exactly two pages */
  uint32_t page;                 /* 0 or 1: the current page */
  uint32_t next;                 /* byte offset in that page of the next slot to try */
  uint32_t sequence;             /* of that page */
  uint32_t last;                 /* value of the latest record, 0 if there is none */
  uint32_t target;               /* page that the first write of this session erases */
  bool whole;                    /* at log_open(): slots 0 and 1 of the current page are sure */
  bool started;                  /* the session has written: the current page is its own */
};

/* Scan. PC_OK also when the log is empty or damaged (then `last` is 0); PC_ERR_PARAM for an area that is not two pages
 * of at least 8 slots. Reads at most 3 slots more than there are in both pages. */
pc_status log_open(struct log *log, const struct flash_area *area);
/* Append. PC_OK: the record is on flash, verified, and no cut will lose it before the next one is written. Skips slots
 * that do not take the record; turns the page when full. PC_ERR_FLASH when a page that was erased three times takes
 * none either; the latest record then still stands. Cut by power loss: the log then holds either the old or the new
 * last record. */
pc_status log_put(struct log *log, uint32_t value);
/* After this, the latest record is the one that log_open() found, at every later log_open(). Writes only before the
 * first write of a session; errors as log_put(). */
pc_status log_confirm(struct log *log);

#endif
