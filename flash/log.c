/* The two-page record log: see log.h for the bytes and for what a power cut may do. Touches its area only. */
#include "flash/log.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are stored as the CPU's words");

#define CRC32_POLYNOMIAL 0xEDB88320u /* IEEE 802.3, reflected */
#define CHECK_MASK       0x7FFFFFFFu
#define RECORD_SIZE      8u
#define HEADER_SEQUENCE  0u /* stands for the sequence number in the check of a page header */
#define MIN_SLOTS        8u
#define TRIES            3u

/* Write units are powers of two: the larger of unit and record. */
static uint32_t slot_size(const struct flash_area *area)
{
  return area->unit > RECORD_SIZE ? area->unit : RECORD_SIZE;
}

static uint32_t check_of(uint32_t sequence, uint32_t place, uint32_t value)
{
  const uint32_t words[3] = {sequence, place, value};
  uint32_t crc = 0xFFFFFFFFu;
  for (uint32_t i = 0; i < 3; i++) {
    crc ^= words[i];
    for (uint32_t bit = 0; bit < 32; bit++)
      crc = crc >> 1 ^ (CRC32_POLYNOMIAL & (0u - (crc & 1u)));
  }
  return ~crc & CHECK_MASK;
}

/* True, and the value, if a good record stands at `place`. */
static bool slot_read(const struct flash_area *area, uint32_t place, uint32_t sequence, uint32_t *value)
{
  uint32_t record[2];
  if (flash_read(area, place, record, sizeof record) != PC_OK || record[1] != check_of(sequence, place, record[0]))
    return false;
  *value = record[0];
  return true;
}

/* True if the record was programmed, which the driver checks by reading it. */
static bool slot_write(const struct flash_area *area, uint32_t place, uint32_t sequence, uint32_t value)
{
  uint32_t slot[FLASH_MAX_UNIT / 4];
  memset(slot, 0xFF, sizeof slot);
  slot[0] = value;
  slot[1] = check_of(sequence, place, value);
  return flash_program(area, place, slot, slot_size(area)) == PC_OK;
}

/* Find the state of one page: false if it has no header or no first record. */
static bool page_scan(struct log *found, const struct flash_area *area, uint32_t page)
{
  const uint32_t slot = slot_size(area), start = page * area->page;
  memset(found, 0, sizeof *found);
  if (!slot_read(area, start, HEADER_SEQUENCE, &found->sequence) ||
      !slot_read(area, start + slot, found->sequence, &found->last))
    return false;
  uint32_t end = area->page;
  while (end > 2 * slot && flash_is_blank(area, start + end - slot, slot) == PC_OK)
    end -= slot;
  found->page = page;
  found->next = end;
  while (end > 2 * slot && !slot_read(area, start + end - slot, found->sequence, &found->last))
    end -= slot;
  found->whole = end > 2 * slot;
  return true;
}

pc_status log_open(struct log *log, const struct flash_area *area)
{
  struct log pages[2];
  memset(log, 0, sizeof *log);
  if (area->unit > FLASH_MAX_UNIT || area->page < MIN_SLOTS * slot_size(area) || area->size != 2 * area->page)
    return PC_ERR_PARAM;
  bool first = page_scan(&pages[0], area, 0);
  bool second = page_scan(&pages[1], area, 1);
  bool newer = (int32_t)(pages[1].sequence - pages[0].sequence) > 0;
  if (first || second) {
    *log = pages[second && (!first || newer)];
    /* A page with one record only may be half written, and then the other one is whole. */
    log->target = log->whole || !(first && second) ? log->page ^ 1u : log->page;
  } else {
    /* An empty log; but a first record that cannot be read now may come back with its page's number. */
    log->sequence = pages[newer].sequence;
  }
  log->area = area;
  return PC_OK;
}

static bool append(struct log *log, uint32_t value)
{
  const uint32_t slot = slot_size(log->area);
  while (log->next <= log->area->page - slot) {
    uint32_t place = log->page * log->area->page + log->next;
    log->next += slot;
    if (slot_write(log->area, place, log->sequence, value)) {
      log->last = value;
      return true;
    }
  }
  return false;
}

/* Begin `page` with a copy of the latest record. */
static pc_status turn(struct log *log, uint32_t page)
{
  const uint32_t slot = slot_size(log->area), start = page * log->area->page;
  for (uint32_t i = 0; i < TRIES; i++) {
    if (flash_erase(log->area, start, log->area->page) == PC_OK &&
        slot_write(log->area, start, HEADER_SEQUENCE, log->sequence + 1) &&
        slot_write(log->area, start + slot, log->sequence + 1, log->last)) {
      log->page = page;
      log->sequence++;
      log->next = 2 * slot;
      return PC_OK;
    }
  }
  return PC_ERR_FLASH;
}

/* The first write of a session. */
static pc_status start(struct log *log)
{
  if (log->started)
    return PC_OK;
  /* What tells that the current page is whole may be one torn slot: give it a good one before the other page goes. When
   * there is no room, there are many. */
  if (log->whole)
    (void)append(log, log->last);
  pc_status status = turn(log, log->target);
  log->started = status == PC_OK;
  return status;
}

pc_status log_put(struct log *log, uint32_t value)
{
  pc_status status = start(log);
  if (status != PC_OK || append(log, value))
    return status;
  status = turn(log, log->page ^ 1u);
  if (status != PC_OK)
    return status;
  return append(log, value) ? PC_OK : PC_ERR_FLASH;
}

pc_status log_confirm(struct log *log)
{
  if (log->started)
    return PC_OK;
  return log_put(log, log->last);
}
