/* The download slot's writer (contract in portcullis/update.h). Touches the slot given to it and the caller's struct.
 *
 * Order of what touches the flash: the header page is erased, so that no old header stands before new data; each page
 * of the image is erased when its first byte is to be programmed; the header; and behind it, as the last write unit of
 * all, the mark that asks for the installation. A mark that was torn may be seen today and not tomorrow, but what it
 * speaks of was whole before it was begun: an install that starts from it can always read the header again.
 */
#include "portcullis/update.h"

#include "flash/flash.h"
#include "image/header.h"
#include "image/patch.h"

#include <stdbool.h>
#include <string.h>

#define MAGIC 0x55504441u
#define BUSY  0xB5574A69u
#define FREE  0x4AA8B596u

/* The last byte: '1' for this slot alone; for a set '@' and a bit for each image. */
static const uint8_t mark[8] = {'I', 'N', 'S', 'T', 'A', 'L', 'L', '1'};
#define MARK_SET 0x40u

_Static_assert(UPDATE_HEADER_SIZE == IMAGE_HEADER_SIZE && UPDATE_FILE_OFFSET == IMAGE_FILE_OFFSET &&
                   UPDATE_UNIT == FLASH_MAX_UNIT && IMAGE_HEADER_SIZE % FLASH_MAX_UNIT == 0,
               "the public header repeats what applications need of the internal ones");

static uint32_t min(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

/* Nobody else inside, and the struct is one? */
static bool enter(struct update *u)
{
  if (u->magic != MAGIC || u->busy != FREE)
    return false;
  u->busy = BUSY;
  return true;
}

static pc_status leave(struct update *u, pc_status status)
{
  u->busy = FREE;
  return status;
}

/* The result of a call that ends the update if it is an error. */
static pc_status conclude(struct update *u, pc_status status)
{
  if (status != PC_OK) {
    u->step = UPDATE_FAILED;
    u->reason = status;
  }
  return leave(u, status);
}

static void report(const struct update *u)
{
  if (u->target.progress != NULL)
    u->target.progress(u->target.ctx, u->written, u->size - IMAGE_FILE_OFFSET);
}

/* The header is complete: nothing of it is believed before the judge has said yes. */
static pc_status accept_header(struct update *u)
{
  const struct update_target *t = &u->target;
  uint32_t size;
  volatile pc_status status = t->judge(t->ctx, u->header);
  if (status != PC_OK)
    return status == PC_ERR_BLANK ? PC_ERR_FORMAT : status;
  if (t->image != 0 && u->header[IMAGE_AT_MAGIC + 3] != '0' + t->image)
    return PC_ERR_PARAM;
  memcpy(&size, u->header + IMAGE_AT_PARTIAL_SIZE, sizeof size);
  if (u->size != UPDATE_ANY_SIZE && u->size - IMAGE_FILE_OFFSET != size)
    return PC_ERR_FORMAT;
  if (size == 0 || size > t->capacity)
    return PC_ERR_SIZE; /* a judge that knows the slot has refused it before */
  u->size = size + IMAGE_FILE_OFFSET;
  u->erased = t->slot->page;
  status = flash_erase(t->slot, 0, t->slot->page);
  if (status == PC_OK)
    u->step = UPDATE_IMAGE;
  report(u);
  return status;
}

/* Whole write units, not beyond the page that they begin in. */
static pc_status program(struct update *u, const uint8_t *bytes, uint32_t size)
{
  const struct flash_area *slot = u->target.slot;
  const uint32_t at = slot->page + u->written;
  pc_status status = PC_OK;
  if (at == u->erased) {
    u->erased += slot->page;
    status = flash_erase(slot, at, slot->page);
    report(u);
  }
  if (status == PC_OK)
    status = flash_program(slot, at, bytes, size);
  u->written += size;
  return status;
}

static pc_status program_held(struct update *u)
{
  u->held = 0;
  return program(u, u->unit, u->target.slot->unit);
}

/* Image bytes, of which whole write units go to flash at once. */
static pc_status add(struct update *u, const uint8_t *bytes, uint32_t length)
{
  const struct flash_area *slot = u->target.slot;
  pc_status status = PC_OK;
  while (status == PC_OK && length != 0) {
    uint32_t take = min(length & ~(slot->unit - 1u), slot->page - u->written % slot->page);
    if (u->held == 0 && take != 0 && ((uintptr_t)bytes & 3u) == 0) {
      status = program(u, bytes, take);
    } else {
      take = min(slot->unit - u->held, length);
      memcpy(u->unit + u->held, bytes, take);
      u->held += take;
      if (u->held == slot->unit)
        status = program_held(u);
    }
    bytes += take;
    length -= take;
  }
  return status;
}

static pc_status receive(struct update *u, const uint8_t *bytes, uint32_t length)
{
  while (length != 0) {
    const uint32_t at = u->received;
    uint32_t take = length;
    pc_status status = PC_OK;
    if (length > u->size - at)
      return PC_ERR_TRANSFER;
    if (u->target.patch != NULL && at < 3) {
      take = 1;
      u->header[at] = *bytes;
      u->is_patch = at == 2 && patch_magic(u->header);
      if (at == 2 && u->is_patch == 0 && u->size < IMAGE_FILE_OFFSET + IMAGE_BLOCK)
        return PC_ERR_FORMAT;
    } else if (u->target.patch != NULL && u->is_patch != 0) {
      return u->target.patch->write(u, bytes, length);
    } else if (at < IMAGE_HEADER_SIZE) {
      take = min(IMAGE_HEADER_SIZE - at, length);
      memcpy(u->header + at, bytes, take);
      if (at + take == IMAGE_HEADER_SIZE)
        status = accept_header(u);
    } else if (at < IMAGE_FILE_OFFSET) {
      take = min(IMAGE_FILE_OFFSET - at, length); /* filling */
    } else {
      status = u->step == UPDATE_IMAGE ? add(u, bytes, length) : PC_ERR_STATE;
    }
    if (status != PC_OK)
      return status;
    u->received += take;
    bytes += take;
    length -= take;
  }
  return PC_OK;
}

void update_init(struct update *u, const struct update_target *target)
{
  memset(u, 0, sizeof *u);
  u->target = *target;
  u->step = UPDATE_IDLE;
  u->reason = PC_OK;
  u->size = UPDATE_ANY_SIZE;
  u->busy = FREE;
  u->magic = MAGIC;
}

pc_status update_begin(struct update *u, uint32_t size)
{
  if (!enter(u))
    return PC_ERR_STATE;
  if (u->step != UPDATE_IDLE)
    return leave(u, PC_ERR_STATE);
  if (size < (u->target.patch != NULL ? PATCH_FILE_OFFSET : IMAGE_FILE_OFFSET) + IMAGE_BLOCK)
    return conclude(u, PC_ERR_FORMAT);
  if (size != UPDATE_ANY_SIZE && size > IMAGE_FILE_OFFSET && size - IMAGE_FILE_OFFSET > u->target.capacity)
    return conclude(u, PC_ERR_SIZE);
  u->size = size;
  u->step = UPDATE_HEADER;
  return leave(u, PC_OK);
}

pc_status update_write(struct update *u, const void *bytes, uint32_t length)
{
  if (!enter(u))
    return PC_ERR_STATE;
  if (u->step != UPDATE_HEADER && u->step != UPDATE_IMAGE)
    return leave(u, PC_ERR_STATE);
  if (bytes == NULL && length != 0)
    return leave(u, PC_ERR_PARAM);
  if (length > u->size - u->received)
    return conclude(u, PC_ERR_TRANSFER);
  return conclude(u, receive(u, bytes, length));
}

pc_status update_finish(struct update *u)
{
  if (!enter(u))
    return PC_ERR_STATE;
  if (u->step != UPDATE_HEADER && u->step != UPDATE_IMAGE)
    return leave(u, PC_ERR_STATE);
  if (u->received != u->size || u->step != UPDATE_IMAGE)
    return conclude(u, PC_ERR_TRANSFER);
  pc_status status = PC_OK;
  if (u->is_patch != 0) {
    status = u->target.patch->finish(u);
  } else if (u->held != 0) {
    memset(u->unit + u->held, 0xFF, u->target.slot->unit - u->held);
    status = program_held(u);
    u->written = u->size - IMAGE_FILE_OFFSET;
  }
  if (status == PC_OK)
    u->step = UPDATE_READY;
  if (u->is_patch == 0)
    report(u);
  return conclude(u, status);
}

static pc_status write_mark(struct update *u, uint8_t last)
{
  const struct flash_area *slot = u->target.slot;
  memset(u->unit, 0xFF, sizeof u->unit);
  memcpy(u->unit, mark, sizeof mark);
  u->unit[sizeof mark - 1] = last;
  pc_status status =
      flash_program(slot, IMAGE_HEADER_SIZE, u->unit, slot->unit > sizeof mark ? slot->unit : sizeof mark);
  if (status == PC_OK)
    u->step = UPDATE_REQUESTED;
  return status;
}

pc_status update_install(struct update *u)
{
  if (!enter(u))
    return PC_ERR_STATE;
  if (u->step == UPDATE_REQUESTED)
    return leave(u, PC_OK);
  if (u->step != UPDATE_READY)
    return leave(u, PC_ERR_STATE);
  pc_status status = flash_program(u->target.slot, 0, u->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = write_mark(u, mark[sizeof mark - 1]);
  return conclude(u, status);
}

pc_status update_install_set(struct update *const updates[], uint32_t count)
{
  uint8_t images = 0;
  pc_status status = PC_OK;
  if (count == 0 || count > 3)
    return PC_ERR_PARAM;
  for (uint32_t i = 0; i < count; i++) {
    const struct update *u = updates[i];
    if (u->magic != MAGIC || u->busy != FREE || u->step != UPDATE_READY)
      return PC_ERR_STATE;
    /* The header was judged: its image number is one that the board has. */
    const uint8_t bit = (uint8_t)(1u << ((u->header[IMAGE_AT_MAGIC + 3] - (uint32_t)'1') & 3u));
    if ((images & bit) != 0)
      return PC_ERR_PARAM;
    images |= bit;
  }
  for (uint32_t i = 0; i < count && status == PC_OK; i++)
    status = flash_program(updates[i]->target.slot, 0, updates[i]->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = write_mark(updates[0], (uint8_t)(MARK_SET | images));
  for (uint32_t i = 0; i < count; i++) {
    if (status == PC_OK)
      updates[i]->step = UPDATE_REQUESTED;
    (void)conclude(updates[i], status);
  }
  return status;
}

pc_status update_abort(struct update *u)
{
  if (!enter(u))
    return PC_ERR_STATE;
  if (u->step == UPDATE_FAILED)
    return leave(u, PC_OK);
  pc_status status = PC_OK;
  if (u->step == UPDATE_REQUESTED)
    status = update_drop(u->target.slot);
  if (status != PC_OK)
    return leave(u, status); /* still asked for */
  (void)conclude(u, PC_ERR_CANCELLED);
  return PC_OK;
}

pc_status update_drop(const struct flash_area *slot)
{
  static const uint8_t zeros[UPDATE_UNIT];
  pc_status status = flash_erase(slot, 0, slot->page);
  if (status == PC_OK)
    return status;
  /* Zeros can be programmed over anything; over a whole mark they make one that is none. */
  (void)flash_program(slot, IMAGE_HEADER_SIZE, zeros, slot->unit > sizeof mark ? slot->unit : sizeof mark);
  return update_asked(slot) == PC_OK ? status : PC_OK;
}

pc_status update_status(const struct update *u, struct update_state *state)
{
  struct image_info info;
  if (u->magic != MAGIC)
    return PC_ERR_STATE;
  memset(state, 0, sizeof *state);
  state->step = u->step;
  state->reason = u->reason;
  state->received = u->received;
  state->size = u->size;
  state->slot_erased = u->erased;
  if (u->size <= UINT32_MAX / 100u)
    state->percent = u->received * 100u / u->size;
  else if (u->size != UPDATE_ANY_SIZE)
    state->percent = min(u->received / (u->size / 100u), 100u);
  if ((u->step == UPDATE_IMAGE || u->step == UPDATE_READY || u->step == UPDATE_REQUESTED) &&
      image_header_parse(u->header, UINT32_MAX, &info) == PC_OK)
    state->version = info.version;
  return PC_OK;
}

uint32_t update_asked_set(const struct flash_area *slot, uint32_t image)
{
  uint8_t found[sizeof mark];
  if (flash_read(slot, IMAGE_HEADER_SIZE, found, sizeof found) != PC_OK || memcmp(found, mark, sizeof mark - 1) != 0)
    return 0;
  if (found[sizeof mark - 1] == mark[sizeof mark - 1])
    return 1u << (image - 1u);
  return (found[sizeof mark - 1] & ~7u) == MARK_SET ? found[sizeof mark - 1] & 7u : 0;
}

pc_status update_asked(const struct flash_area *slot)
{
  uint8_t found[sizeof mark];
  pc_status status = flash_read(slot, IMAGE_HEADER_SIZE, found, sizeof found);
  if (status == PC_ERR_PARAM || status == PC_ERR_FLASH)
    return status;
  return status == PC_OK && memcmp(found, mark, sizeof mark) == 0 ? PC_OK : PC_ERR_BLANK;
}
