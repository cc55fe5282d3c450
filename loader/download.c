/* The download slot's writer (contract in download.h). Touches the slot given to it and the caller's struct. */
#include "loader/download.h"

#include <string.h>

/* Wide constants: a skipped instruction or a flipped bit must not turn one step into another. */
enum { STEP_IDLE = 0x2D1C, STEP_HEADER = 0x4B87, STEP_IMAGE = 0x7859, STEP_COMPLETE = 0x1EE2, STEP_OVER = 0x6636 };

static uint32_t min(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

static pc_status over(struct download *d, pc_status status)
{
  d->step = STEP_OVER;
  return status;
}

/* The header is complete: nothing of it is believed before check_header() has said yes. */
static pc_status accept_header(struct download *d)
{
  pc_status status = d->check_header(d->ctx, d->header);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  uint32_t partial_size;
  memcpy(&partial_size, d->header + IMAGE_AT_PARTIAL_SIZE, sizeof partial_size);
  if (d->size - IMAGE_FILE_OFFSET != partial_size)
    return PC_ERR_FORMAT;
  uint32_t page = d->slot->page;
  uint32_t pages = 1u + (partial_size + page - 1u) / page;
  for (uint32_t i = 0; i < pages; i++) {
    status = flash_erase(d->slot, i * page, page);
    if (status != PC_OK)
      return status;
    if (d->progress != NULL)
      d->progress(d->ctx, i + 1u, pages);
  }
  d->step = STEP_IMAGE;
  return PC_OK;
}

static pc_status program(struct download *d, const uint8_t *bytes, uint32_t size)
{
  pc_status status = flash_program(d->slot, d->slot->page + d->written, bytes, size);
  d->written += size;
  return status;
}

static pc_status program_held(struct download *d)
{
  d->held = 0;
  return program(d, d->unit, d->slot->unit);
}

/* Image bytes, of which whole write units go to flash at once. */
static pc_status add(struct download *d, const uint8_t *bytes, uint32_t length)
{
  pc_status status = PC_OK;
  while (status == PC_OK && length != 0) {
    uint32_t take = length & ~(d->slot->unit - 1u);
    if (d->held == 0 && take != 0 && ((uintptr_t)bytes & 3u) == 0) {
      status = program(d, bytes, take);
    } else {
      take = min(d->slot->unit - d->held, length);
      memcpy(d->unit + d->held, bytes, take);
      d->held += take;
      if (d->held == d->slot->unit)
        status = program_held(d);
    }
    bytes += take;
    length -= take;
  }
  return status;
}

static pc_status receive(struct download *d, const uint8_t *bytes, uint32_t length)
{
  while (length != 0) {
    uint32_t at = d->received;
    uint32_t take = length;
    pc_status status = PC_OK;
    if (at < IMAGE_HEADER_SIZE) {
      take = min(IMAGE_HEADER_SIZE - at, length);
      memcpy(d->header + at, bytes, take);
      if (at + take == IMAGE_HEADER_SIZE)
        status = accept_header(d);
    } else if (at < IMAGE_FILE_OFFSET) {
      take = min(IMAGE_FILE_OFFSET - at, length);
    } else {
      status = d->step == STEP_IMAGE ? add(d, bytes, length) : PC_ERR_STATE;
    }
    if (status != PC_OK)
      return status;
    d->received += take;
    bytes += take;
    length -= take;
  }
  return PC_OK;
}

void download_init(struct download *d, const struct flash_area *slot,
                   pc_status (*check_header)(void *ctx, const uint8_t *header),
                   void (*progress)(void *ctx, uint32_t erased, uint32_t pages), void *ctx)
{
  d->slot = slot;
  d->check_header = check_header;
  d->progress = progress;
  d->ctx = ctx;
  d->step = STEP_IDLE;
}

pc_status download_begin(struct download *d, uint32_t size)
{
  if (d->step != STEP_IDLE)
    return PC_ERR_STATE;
  if (size < IMAGE_FILE_OFFSET + IMAGE_BLOCK)
    return over(d, PC_ERR_FORMAT);
  if (size - IMAGE_FILE_OFFSET > d->slot->size - 2u * d->slot->page)
    return over(d, PC_ERR_SIZE);
  d->size = size;
  d->received = 0;
  d->written = 0;
  d->held = 0;
  d->step = STEP_HEADER;
  return PC_OK;
}

pc_status download_data(struct download *d, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  if (d->step != STEP_HEADER && d->step != STEP_IMAGE)
    return PC_ERR_STATE;
  if (offset != d->received || length > d->size - d->received)
    return over(d, PC_ERR_TRANSFER);
  pc_status status = receive(d, bytes, length);
  return status == PC_OK ? status : over(d, status);
}

pc_status download_end(struct download *d)
{
  if (d->step != STEP_HEADER && d->step != STEP_IMAGE)
    return PC_ERR_STATE;
  if (d->received != d->size)
    return over(d, PC_ERR_TRANSFER);
  if (d->step != STEP_IMAGE)
    return over(d, PC_ERR_STATE);
  pc_status status = PC_OK;
  if (d->held != 0) {
    memset(d->unit + d->held, 0xFF, d->slot->unit - d->held);
    status = program_held(d);
  }
  if (status == PC_OK)
    status = flash_program(d->slot, 0, d->header, IMAGE_HEADER_SIZE);
  if (status != PC_OK)
    return over(d, status);
  d->step = STEP_COMPLETE;
  return PC_OK;
}

void download_abort(struct download *d)
{
  if (d->step != STEP_COMPLETE)
    d->step = STEP_OVER;
}

bool download_complete(const struct download *d)
{
  return d->step == STEP_COMPLETE;
}

static pc_status sink_begin(void *ctx, const char *name, uint32_t size)
{
  (void)name;
  return download_begin(ctx, size);
}

static pc_status sink_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  return download_data(ctx, offset, bytes, length);
}

static pc_status sink_end(void *ctx)
{
  return download_end(ctx);
}

static void sink_abort(void *ctx, pc_status reason)
{
  (void)reason;
  download_abort(ctx);
}

void download_sink(struct ymodem_sink *sink, struct download *d)
{
  sink->begin = sink_begin;
  sink->data = sink_data;
  sink->end = sink_end;
  sink->abort = sink_abort;
  sink->ctx = d;
}
