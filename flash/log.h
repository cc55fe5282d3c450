/* A log of small records in two flash pages, used in turn: the install journal and the version counter.
 *
 * A record is 8 bytes (one write unit where the unit is 8; padded with FF where it is larger): a 32-bit value word and
 * a 32-bit check word. The check covers the value, the page's sequence number and the record's place, so a torn, stale
 * or moved record reads as absent, never as another one. Pages begin with a page header of the same form that carries
 * the sequence number. When a page is full, the other is erased and the writer starts there with a copy of the
 * latest record; so the latest record is never lost and the log never fills up.
 *
 * After a reset the last record may be a torn one that reads well now and not later. log_open() therefore only reads;
 * whoever is going to rely on the last record for something destructive calls log_confirm() first, which writes it
 * again and checks it (DESIGN.md: "records are written again after a reset").
 */
#ifndef FLASH_LOG_H
#define FLASH_LOG_H

#include "flash/flash.h"

#include <stdbool.h>

struct log {
  const struct flash_area *area; /* exactly two pages */
  uint32_t page;                 /* 0 or 1: where the writer is */
  uint32_t next;                 /* byte offset in that page of the next record to try */
  uint32_t sequence;             /* of that page */
  uint32_t last;                 /* value of the latest record */
  bool has_last;
  bool fresh;                    /* no usable page header: the next write starts a page */
};

/* Scan. PC_OK also when the log is empty or damaged (then has_last is false); PC_ERR_PARAM for a wrong area. */
pc_status log_open(struct log *log, const struct flash_area *area);
/* Append. Skips units that do not take the record; turns the page when full. PC_ERR_FLASH when a freshly erased page takes
 * none either. Cut by power loss: the log then holds either the old or the new last record. */
pc_status log_put(struct log *log, uint32_t value);
/* Write the last record again, if there is one, and verify it. */
pc_status log_confirm(struct log *log);

#endif
