/* Secure install on the device: see install.h. */
#include "sfi/device/install.h"

#include "sfi/crypto/crypto.h"

#include <string.h>

#define SFI_FLOW      0x3C65A9D1u /* odd: a multiple tells how many times it was added */
#define ROOM_AT_BEGIN 16u /* free slots that an install must find: it needs 4, and each power cut may cost one */

#define SLICE 64u /* bytes of a chunk worked on at once: less than a millisecond of flash */

static const struct sfi_record begin = {.type = SFI_BEGIN}, clean = {.type = SFI_CLEAN};

/* ---- starting over ---- */
static void wipe(struct sfi_install *s)
{
  sfi_wipe(s->key, sizeof s->key);
  sfi_wipe(s->nonce, sizeof s->nonce);
  sfi_wipe(&s->stream, sizeof s->stream);
  sfi_module_wipe(&s->module);
  sfi_wipe(s->pending, sizeof s->pending);
  sfi_wipe(s->unit, sizeof s->unit);
  sfi_wipe(&s->options, sizeof s->options);
  s->pending_size = s->pending_done = s->taken = s->worked = s->flow = 0;
  s->configured = false;
}

static bool is_dirty(const struct sfi_install *s, uint32_t page)
{
  return (s->dirty[page / 8] >> (page % 8) & 1u) != 0;
}

/* Erase all pages that were written, and all that do not read blank; `all`: whatever they read. */
static bool clean_flash(struct sfi_install *s, bool all)
{
  const struct flash_area *f = s->target->firmware;
  bool good = true;
  for (uint32_t page = 0; page < f->size / f->page; page++)
    if (all || is_dirty(s, page) || flash_is_blank(f, page * f->page, f->page) != PC_OK)
      good = flash_erase(f, page * f->page, f->page) == PC_OK && good;
  if (good)
    memset(s->dirty, 0, sizeof s->dirty);
  return good;
}

static void record_clean(struct sfi_install *s)
{
  if (s->records.last.type == 0 || s->records.last.type == (uint32_t)SFI_CLEAN)
    return;
  if (sfi_records_add(s->target->records, &s->records, &clean, 1) == PC_OK)
    return;
  /* Full: without any record, what is not blank is erased at the next start; and all of it is. */
  if (flash_erase(s->target->records, 0, s->target->records->size) == PC_OK)
    sfi_records_read(s->target->records, &s->records);
}

static uint16_t start_over(struct sfi_install *s, uint16_t cause)
{
  wipe(s);
  s->state = SFI_IDLE;
  s->last = s->cause = cause;
  if (clean_flash(s, false))
    record_clean(s);
  return cause;
}

static uint16_t refuse(struct sfi_install *s, uint16_t status)
{
  s->last = status;
  return status;
}

void sfi_install_start(struct sfi_install *s, const struct sfi_target *target)
{
  memset(s, 0, sizeof *s);
  s->target = target;
  s->order.next = 1;
  if (target->identity == NULL)
    return;
  sfi_records_read(target->records, &s->records);
  if (clean_flash(s, s->records.last.type == SFI_BEGIN))
    record_clean(s);
}

/* ---- licence and header ---- */
void sfi_install_challenge(const struct sfi_target *target, uint8_t challenge[SFI_CHALLENGE_SIZE])
{
  memset(challenge, 0, SFI_CHALLENGE_SIZE);
  if (target->challenge != NULL)
    target->challenge(challenge);
}

static uint16_t open_licence(const struct sfi_install *s, const uint8_t *bytes, uint32_t size, uint8_t key[16],
                             uint8_t nonce[12])
{
  uint8_t challenge[SFI_CHALLENGE_SIZE];
  sfi_install_challenge(s->target, challenge);
  switch (sfi_licence_open(bytes, size, s->target->identity->private_key, s->target->identity->public_key, challenge,
                           key, nonce)) {
  case PC_OK:
    return SFI_DONE;
  case PC_ERR_FORMAT:
    return SFI_LICENCE_FORM;
  case PC_ERR_PRODUCT:
    return SFI_LICENCE_DEVICE;
  case PC_ERR_STATE:
    return SFI_LICENCE_REPLAY;
  default:
    return SFI_LICENCE_TAG;
  }
}

uint16_t sfi_install_licence(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  if (s->target->identity == NULL)
    return refuse(s, SFI_NO_KEY);
  if (s->state != SFI_IDLE)
    return refuse(s, SFI_WRONG_STATE);
  uint16_t status = open_licence(s, bytes, size, s->key, s->nonce);
  if (status != SFI_DONE)
    return refuse(s, status);
  s->state = SFI_LICENSED;
  s->programmed = 0;
  return SFI_DONE;
}

uint16_t sfi_install_module_licence(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  if (s->target->identity == NULL)
    return refuse(s, SFI_NO_KEY);
  if (s->state != SFI_OPEN)
    return refuse(s, SFI_WRONG_STATE);
  sfi_module_wipe(&s->module);
  uint16_t status = open_licence(s, bytes, size, s->module.key, s->module.nonce);
  if (status != SFI_DONE)
    return refuse(s, status);
  s->module.licensed = true;
  return SFI_DONE;
}

/* From here on flash may be written. */
static bool record_begin(struct sfi_install *s)
{
  const struct flash_area *page = s->target->records;
  if (page->size / SFI_RECORD_SIZE - s->records.free < ROOM_AT_BEGIN || s->records.last.type == 0) {
    if (flash_erase(page, 0, page->size) != PC_OK)
      return false;
    sfi_records_read(page, &s->records);
  }
  return sfi_records_add(page, &s->records, &begin, 2) == PC_OK;
}

uint16_t sfi_install_header(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  enum sfi_kind kind;
  uint32_t areas;
  uint8_t iv[12];
  if (s->state != SFI_LICENSED)
    return refuse(s, SFI_WRONG_STATE);
  if (size != SFI_HEADER_SIZE)
    return refuse(s, SFI_WRONG_LENGTH);
  if (sfi_header_parse(bytes, &kind, &areas) != PC_OK || kind != SFI_IMAGE)
    return start_over(s, SFI_HEADER_FORM);
  sfi_iv(s->nonce, 0, iv);
  if (sfi_stream_start(&s->stream, s->key, iv, bytes, SFI_HEADER_AAD) != PC_OK ||
      sfi_stream_end(&s->stream, bytes + SFI_HEADER_AAD) != PC_OK)
    return start_over(s, SFI_HEADER_TAG);
  if (!record_begin(s))
    return start_over(s, SFI_FLASH_FAILED);
  sfi_order_start(&s->order, kind, areas);
  s->state = SFI_OPEN;
  return SFI_DONE;
}

/* ---- areas ---- */
static uint16_t firmware_area(struct sfi_install *s, const struct sfi_area *a)
{
  const struct flash_area *f = s->target->firmware;
  if (a->address < f->base || a->size > f->size || a->address - f->base > f->size - a->size)
    return SFI_AREA_RANGE;
  uint32_t from = a->address - f->base, lead = from % f->unit;
  s->offset = from - lead;
  s->fill = lead;
  memset(s->unit, 0xFF, sizeof s->unit);
  /* Whole units must be free: each can be programmed once. */
  uint32_t end = (from + a->size + f->unit - 1) / f->unit * f->unit;
  if (flash_is_blank(f, s->offset, end - s->offset) != PC_OK)
    return SFI_AREA_OVERLAP;
  for (uint32_t page = s->offset / f->page; page <= (end - 1) / f->page; page++)
    s->dirty[page / 8] |= (uint8_t)(1u << (page % 8));
  return SFI_DONE;
}

static uint16_t module_area(struct sfi_install *s)
{
  if (!s->module.licensed)
    return SFI_MODULE_LICENCE;
  return sfi_module_area(&s->module, &s->area, &s->inner) ? firmware_area(s, &s->inner) : SFI_MODULE_FORM;
}

static uint16_t begin_area(struct sfi_install *s)
{
  if (s->area.type == SFI_CONFIGURATION)
    return s->area.size == s->target->options * 4u ? SFI_DONE : SFI_OPTIONS_REFUSED;
  return s->area.type == SFI_MODULE ? module_area(s) : firmware_area(s, &s->area);
}

uint16_t sfi_install_area(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  uint8_t iv[12];
  if (s->state != SFI_OPEN)
    return refuse(s, SFI_WRONG_STATE);
  if (size != SFI_AREA_SIZE)
    return refuse(s, SFI_WRONG_LENGTH);
  pc_status status = sfi_order_next(&s->order, bytes, &s->area);
  if (status == PC_ERR_UNSUPPORTED)
    return start_over(s, SFI_AREA_TYPE);
  if (status != PC_OK)
    return start_over(s, SFI_AREA_FORM);
  uint16_t answer = begin_area(s);
  if (answer != SFI_DONE)
    return start_over(s, answer);
  sfi_iv(s->nonce, s->area.index, iv);
  if (sfi_stream_start(&s->stream, s->key, iv, bytes, SFI_AREA_AAD) != PC_OK)
    return start_over(s, SFI_AREA_TAG);
  memcpy(s->tag, bytes + SFI_AREA_AAD, sizeof s->tag);
  s->taken = s->worked = 0;
  s->state = SFI_IN_AREA;
  return SFI_DONE;
}

static bool program(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  const struct flash_area *f = s->target->firmware;
  if (flash_program(f, s->offset, bytes, size) != PC_OK)
    return false;
  s->offset += size;
  s->programmed += size / f->unit;
  return true;
}

static bool flush_unit(struct sfi_install *s)
{
  const struct flash_area *f = s->target->firmware;
  if (s->fill == 0)
    return true;
  if (!program(s, s->unit, f->unit))
    return false;
  memset(s->unit, 0xFF, sizeof s->unit);
  s->fill = 0;
  return true;
}

/* Clear bytes of the area into flash, by whole units. */
static bool store(struct sfi_install *s, const uint8_t *bytes, uint32_t size)
{
  const struct flash_area *f = s->target->firmware;
  while (size != 0) {
    uint32_t whole = size - size % f->unit;
    if (s->fill == 0 && whole != 0) {
      if (!program(s, bytes, whole))
        return false;
      bytes += whole;
      size -= whole;
      continue;
    }
    s->unit[s->fill++] = *bytes++;
    size--;
    if (s->fill == f->unit && !flush_unit(s))
      return false;
  }
  return true;
}

static uint16_t store_module(struct sfi_install *s, uint8_t *bytes, uint32_t size)
{
  switch (sfi_module_take(&s->module, &s->inner, &bytes, &size)) {
  case PC_OK:
    return store(s, bytes, size) ? SFI_DONE : SFI_FLASH_FAILED;
  case PC_ERR_FORMAT:
    return SFI_MODULE_FORM;
  default:
    return SFI_MODULE_TAG;
  }
}

static uint16_t end_area(struct sfi_install *s)
{
  if (s->area.type != SFI_CONFIGURATION && !flush_unit(s))
    return SFI_FLASH_FAILED;
  if (s->area.type == SFI_MODULE && sfi_module_end(&s->module) != PC_OK)
    return SFI_MODULE_TAG;
  if (sfi_stream_end(&s->stream, s->tag) != PC_OK)
    return SFI_AREA_TAG;
  s->flow += SFI_FLOW;
  if (s->area.type == SFI_CONFIGURATION) {
    if (!s->target->options_good(s->options.words))
      return SFI_OPTIONS_REFUSED;
    s->configured = true;
  }
  s->state = SFI_OPEN;
  return SFI_DONE;
}

static uint16_t work(struct sfi_install *s)
{
  uint8_t *slice = s->pending + s->pending_done;
  uint32_t left = s->pending_size - s->pending_done, size = left < SLICE ? left : SLICE;
  s->pending_done += size;
  if (s->pending_done == s->pending_size)
    s->pending_done = s->pending_size = 0;
  if (sfi_stream_add(&s->stream, slice, slice, size) != PC_OK)
    return SFI_AREA_TAG;
  uint16_t status = SFI_DONE;
  if (s->area.type == SFI_CONFIGURATION)
    memcpy(s->options.bytes + s->worked, slice, size);
  else if (s->area.type == SFI_MODULE)
    status = store_module(s, slice, size);
  else if (!store(s, slice, size))
    status = SFI_FLASH_FAILED;
  s->worked += size;
  sfi_wipe(slice, size);
  if (status != SFI_DONE)
    return status;
  return s->worked == s->area.size ? end_area(s) : SFI_DONE;
}

bool sfi_install_work(struct sfi_install *s)
{
  if (s->pending_size == 0)
    return false;
  uint16_t status = work(s);
  if (status != SFI_DONE)
    s->late = start_over(s, status);
  return s->pending_size != 0;
}

static void work_off(struct sfi_install *s)
{
  while (sfi_install_work(s)) {
  }
}

uint16_t sfi_install_chunk(struct sfi_install *s, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
  work_off(s);
  if (s->late != 0) {
    uint16_t late = s->late;
    s->late = 0;
    return late;
  }
  if (s->state != SFI_IN_AREA)
    return refuse(s, SFI_WRONG_STATE);
  if (offset != s->taken)
    return refuse(s, SFI_CHUNK_OFFSET);
  uint32_t left = s->area.size - s->taken;
  if (size == 0 || size > SFI_CHUNK_MAX || size > left || (size % 16u != 0 && size != left))
    return refuse(s, SFI_CHUNK_LENGTH);
  memcpy(s->pending, bytes, size);
  s->pending_size = size;
  s->taken += size;
  if (size < left)
    return SFI_DONE;
  /* The end of the area is answered when it is known to be good. */
  work_off(s);
  uint16_t late = s->late;
  s->late = 0;
  return late;
}

/* ---- the end ---- */
static bool complete(const struct sfi_install *s)
{
  return s->state == SFI_OPEN && sfi_order_complete(&s->order) && s->flow == s->order.areas * SFI_FLOW;
}

uint16_t sfi_install_finish(struct sfi_install *s)
{
  struct sfi_record ready = {.type = (uint32_t)SFI_READY};
  if (s->state != SFI_OPEN)
    return refuse(s, SFI_WRONG_STATE);
  if (!complete(s))
    return refuse(s, SFI_INCOMPLETE);
  if (s->configured) {
    ready.count = s->target->options;
    memcpy(ready.options, s->options.words, ready.count * 4u);
  }
  /* Judged twice: a single skipped instruction must not make a device of what is half installed. */
  if (!complete(s) || *(volatile uint32_t *)&s->flow != s->order.areas * SFI_FLOW)
    return start_over(s, SFI_INCOMPLETE);
  /* One copy is enough to stand; the secure boot makes a second one. */
  if (sfi_records_add(s->target->records, &s->records, &ready, 2) != PC_OK &&
      s->records.last.type != (uint32_t)SFI_READY)
    return start_over(s, SFI_FLASH_FAILED);
  wipe(s);
  s->state = SFI_FINISHED;
  return SFI_DONE;
}

uint16_t sfi_install_abort(struct sfi_install *s)
{
  if (s->state == SFI_FINISHED)
    return refuse(s, SFI_WRONG_STATE);
  wipe(s);
  s->state = SFI_IDLE;
  s->late = 0;
  if (!clean_flash(s, false))
    return refuse(s, SFI_FLASH_FAILED);
  record_clean(s);
  return SFI_DONE;
}
