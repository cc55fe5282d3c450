/* Reception straight into the active slot: see single.h. */
#include "install/single.h"

#include <string.h>

/* Wide constants: a skipped instruction or a flipped bit must not turn one step into another. */
enum { STEP_IDLE = 0x2D1C, STEP_HEADER = 0x4B87, STEP_IMAGE = 0x7859, STEP_COMPLETE = 0x1EE2, STEP_OVER = 0x6636 };

static uint32_t min(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

static uint32_t field(const uint8_t *header, uint32_t at)
{
  uint32_t value;
  memcpy(&value, header + at, sizeof value);
  return value;
}

static pc_status over(struct single *s, pc_status status)
{
  s->step = STEP_OVER;
  return status;
}

static void progress(const struct single_target *t)
{
  if (t->progress != NULL)
    t->progress();
}

static pc_status record(const struct single_target *t, uint32_t step)
{
  return t->services->journal_put(INSTALL_RECORD(step, 0, t->image, 0));
}

/* From the end, so that the vector table goes last. `all`: pages that read blank, too, for one may only look so. */
static pc_status erase(const struct single_target *t, uint32_t image_size, bool all)
{
  const struct flash_area *active = t->active;
  pc_status status = PC_OK;
  for (uint32_t at = active->size; at != 0 && status == PC_OK;) {
    at -= active->page;
    if (all || at < image_size || flash_is_blank(active, at, active->page) != PC_OK)
      status = flash_erase(active, at, active->page);
    progress(t);
  }
  return status;
}

/* The header is complete: nothing of it is believed before the engine has said yes. */
static pc_status accept_header(struct single *s)
{
  const struct single_target *t = s->target;
  uint32_t last;
  pc_status status = t->services->candidate(s->header);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  const uint32_t size = field(s->header, IMAGE_AT_SIZE);
  if (s->header[IMAGE_AT_MAGIC + 3] != '0' + t->image)
    return PC_ERR_PARAM;
  if (field(s->header, IMAGE_AT_PARTIAL_OFFSET) != 0 || field(s->header, IMAGE_AT_PARTIAL_SIZE) != size)
    return PC_ERR_UNSUPPORTED;
  if (size > t->active->size)
    return PC_ERR_SIZE;
  if (size % IMAGE_BLOCK != 0 || s->size - IMAGE_FILE_OFFSET != size)
    return PC_ERR_FORMAT;
  status = t->services->journal_get(&last);
  if (status == PC_OK)
    status = record(t, INSTALL_BEGIN);
  if (status == PC_OK)
    status = record(t, INSTALL_COPIED);
  if (status == PC_OK)
    status = erase(t, size, last != INSTALL_NONE);
  if (status == PC_OK)
    status = t->services->decrypt_start(t->image, s->header + IMAGE_AT_IV);
  if (status == PC_OK)
    s->step = STEP_IMAGE;
  return status;
}

static pc_status program_chunk(struct single *s)
{
  const struct single_target *t = s->target;
  const uint32_t units = (s->held + t->active->unit - 1u) & ~(t->active->unit - 1u);
  pc_status status = t->services->decrypt(s->chunk, s->chunk, s->held);
  if (status == PC_OK) {
    memset(s->chunk + s->held, 0xFF, units - s->held);
    status = flash_program(t->active, s->written, s->chunk, units);
  }
  s->written += s->held;
  s->held = 0;
  return status;
}

static pc_status add(struct single *s, const uint8_t *bytes, uint32_t length)
{
  pc_status status = PC_OK;
  while (status == PC_OK && length != 0) {
    const uint32_t take = min(SINGLE_CHUNK - s->held, length);
    memcpy(s->chunk + s->held, bytes, take);
    s->held += take;
    bytes += take;
    length -= take;
    if (s->held == SINGLE_CHUNK)
      status = program_chunk(s);
  }
  progress(s->target);
  return status;
}

static pc_status receive(struct single *s, const uint8_t *bytes, uint32_t length)
{
  while (length != 0) {
    const uint32_t at = s->received;
    uint32_t take = length;
    pc_status status = PC_OK;
    if (at < IMAGE_HEADER_SIZE) {
      take = min(IMAGE_HEADER_SIZE - at, length);
      memcpy(s->header + at, bytes, take);
      if (at + take == IMAGE_HEADER_SIZE)
        status = accept_header(s);
    } else if (at < IMAGE_FILE_OFFSET) {
      take = min(IMAGE_FILE_OFFSET - at, length);
    } else {
      status = s->step == STEP_IMAGE ? add(s, bytes, length) : PC_ERR_STATE;
    }
    if (status != PC_OK)
      return status;
    s->received += take;
    bytes += take;
    length -= take;
  }
  return PC_OK;
}

void single_init(struct single *s, const struct single_target *target)
{
  s->target = target;
  s->step = STEP_IDLE;
}

pc_status single_begin(struct single *s, uint32_t size)
{
  if (s->step != STEP_IDLE)
    return PC_ERR_STATE;
  if (size < IMAGE_FILE_OFFSET + IMAGE_BLOCK)
    return over(s, PC_ERR_FORMAT);
  if (size - IMAGE_FILE_OFFSET > s->target->active->size)
    return over(s, PC_ERR_SIZE);
  s->size = size;
  s->received = s->written = s->held = 0;
  s->step = STEP_HEADER;
  return PC_OK;
}

pc_status single_data(struct single *s, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  if (s->step != STEP_HEADER && s->step != STEP_IMAGE)
    return PC_ERR_STATE;
  if (offset != s->received || length > s->size - s->received)
    return over(s, PC_ERR_TRANSFER);
  pc_status status = receive(s, bytes, length);
  return status == PC_OK ? status : over(s, status);
}

/* The image is authenticated: its header becomes the active one. */
static pc_status take_over(const struct single_target *t, uint8_t *header)
{
  image_header_set_state(header, IMAGE_STATE_NEW);
  memset(header + IMAGE_AT_FINGERPRINT, 0, IMAGE_TAG_SIZE);
  pc_status status = t->services->header_write(t->image, header);
  return status == PC_OK ? t->services->journal_put(INSTALL_NONE) : status;
}

pc_status single_end(struct single *s)
{
  const struct single_target *t = s->target;
  if (s->step != STEP_HEADER && s->step != STEP_IMAGE)
    return PC_ERR_STATE;
  if (s->received != s->size)
    return over(s, PC_ERR_TRANSFER);
  if (s->step != STEP_IMAGE)
    return over(s, PC_ERR_STATE);
  pc_status status = s->held != 0 ? program_chunk(s) : PC_OK;
  if (status == PC_OK)
    status = record(t, INSTALL_DONE);
  if (status != PC_OK)
    return over(s, status);
  volatile pc_status verdict = PC_ERR_TAG;
  verdict = t->verify(t->image, s->header);
  if (verdict != PC_OK) {
    /* No code that nobody vouches for stays there. What cannot be wiped now is at the next download: the record stays.
     */
    status = erase(t, 0, true);
    if (status == PC_OK)
      (void)t->services->journal_put(INSTALL_NONE);
    return over(s, verdict);
  }
  status = take_over(t, s->header);
  if (status != PC_OK)
    return over(s, status);
  s->step = STEP_COMPLETE;
  return PC_OK;
}

bool single_complete(const struct single *s)
{
  return s->step == STEP_COMPLETE;
}

pc_status single_resume(const struct single_target *t, uint8_t header[IMAGE_HEADER_SIZE])
{
  uint32_t last;
  pc_status status = t->services->journal_get(&last);
  if (status != PC_OK)
    return status;
  switch (INSTALL_RECORD_STEP(last)) {
  case INSTALL_NONE:
    return PC_OK;
  case INSTALL_BEGIN: /* a torn one may come and go, so it is not acted upon: nothing was touched yet */
    return t->services->journal_put(INSTALL_NONE);
  case INSTALL_DONE:
    break;
  default:
    return PC_ERR_STATE;
  }
  if (INSTALL_RECORD_IMAGE(last) != t->image || INSTALL_RECORD_FLAGS(last) != 0 || INSTALL_RECORD_REST(last) != 0 ||
      INSTALL_RECORD_PAGE(last) != 0 || t->services->header_read(t->image, header) != PC_OK ||
      t->verify(t->image, header) != PC_OK)
    return PC_ERR_STATE;
  /* Until NONE is written, a torn DONE may read as COPIED again: then the device waits, which is no harm. */
  return take_over(t, header);
}
