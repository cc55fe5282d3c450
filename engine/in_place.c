/* Patches for a single slot: the new image is written over the one that it is made from (delta/in_place.h).
 *
 * The .sfbp lies in the patch area: its TO header in the first page, with the mark behind it, as that of any update;
 * from the second page on the patch's header and the ciphertext. Before anything is touched, both headers are judged,
 * the active image is held against the FROM tag, and the whole patch is decoded once into a hash, which must be the TO
 * header's tag: what is begun can be ended.
 *
 * Then, group of pages by group: the pages that change are decoded into scratch pages; a checkpoint (all that the
 * decoder knows, and which pages wait in scratch) is written; record READY; the oldest group that waits is copied over
 * the old pages; record PLACED. A cut before READY: the group is decoded again, from the checkpoint before; nothing of
 * what it reads has been overwritten. After READY: the copying is done again; scratch pages are not written before
 * PLACED. A group that changes no page costs nothing. docs/install.md has it all.
 */
#include "engine/in_place.h"

#include "delta/in_place.h"
#include "engine/patch_judge.h"

#include <string.h>

#define TRIES    3u
#define DRY_STEP 16384u /* bytes of the target that one step tries; a multiple of DELTA_WRITE */
#define MOVE     64u    /* bytes copied at once: multiple of all write units */
#define SPILL    (DELTA_AHEAD + DELTA_WRITE)

/* Wide constants. What is done next. */
enum {
  CLOSED = 0,
  BEGUN = 0x5B3C0F01,   /* a patch header was judged; its TO header is to come */
  DRY = 0x24C3F0A6,     /* try the patch */
  BEGIN = 0x36D1A55A,   /* tried: begin */
  MOVE_UP = 0x4BE2695C, /* the old image, page by page */
  DECODE = 0x58967E31,  /* the next page */
  PLACE = 0x673C1BC5,   /* copy what waits */
  TAIL = 0x7AC98D42,    /* erase what lies behind */
  WHOLE = 0x1D5A34E9
};

/* All that has to outlive a cut. */
struct checkpoint {
  _Alignas(FLASH_MAX_UNIT) uint32_t group; /* of the target: to be decoded next */
  uint32_t fed;                            /* bytes of the patch, and of the zeros behind it */
  uint32_t written; /* bytes of the target that were compared with its pages, or put to scratch */
  uint32_t waiting; /* scratch pages that are to be placed, as bits */
  uint32_t spilled; /* decoded beyond the end of a page */
  uint8_t spill[SPILL];
  struct delta_decoder decoder;
  uint8_t digest[CRYPTO_HASH_SIZE]; /* of all before */
};
_Static_assert(sizeof(struct checkpoint) <= ENGINE_CHECKPOINT || sizeof(void *) > 4, "a half holds a checkpoint");

static struct {
  uint32_t step;
  uint32_t image;
  struct delta_in_place how;
  struct patch_info info;
  struct image_info to;
  uint8_t to_tag[CRYPTO_HASH_SIZE];
  uint32_t at, end;    /* pages: being moved, placed or erased */
  uint32_t second;     /* half that holds the checkpoint: 0 or INSTALL_FLAG_SECOND */
  uint32_t held;       /* ENGINE_YES: the decoder stops at the end of a page */
  uint32_t feed_again; /* its last byte comes again */
  uint32_t block;      /* of the ciphertext: which one is in `clear`; none: UINT32_MAX */
  uint8_t clear[CRYPTO_BLOCK];
  struct crypto_hash hash;
  struct checkpoint now;
  uint8_t header[PATCH_HEADER_SIZE];
} work;
static struct crypto_cbc incoming;

static void close(void)
{
  crypto_cbc_end(&incoming);
  crypto_wipe(&work, sizeof work);
}

static const struct flash_area *active(void)
{
  return &engine_slot(work.image)->slots.active;
}

static const struct flash_area *area(void)
{
  return &engine_slot(work.image)->slots.download;
}

static uint32_t pages(uint32_t bytes)
{
  return (bytes + work.how.page - 1u) / work.how.page;
}

static uint32_t group_size(void)
{
  return work.how.group * work.how.page;
}

/* ---------- what is judged ---------- */

/* The patch was made for a board with just these pages. */
static pc_status fits(void)
{
  const struct delta_in_place *how = &work.how;
  pc_status status = delta_in_place_parse(work.info.how, &work.how);
  if (status != PC_OK)
    return status;
  if (how->page != active()->page || how->slot * how->page != active()->size ||
      delta_in_place_scratch(how) * how->page > engine_in_place.scratch.size)
    return PC_ERR_UNSUPPORTED;
  if (pages(work.info.from_size) + how->shift > how->slot ||
      work.info.cipher_size > area()->size - area()->page - PATCH_HEADER_SIZE)
    return PC_ERR_SIZE;
  return PC_OK;
}

/* The patch's header in work.header, against everything but the images. */
static pc_status judge_patch(void)
{
  pc_status status = patch_header_parse(work.header, DELTA_MAX_SIZE, &work.info);
  if (status != PC_OK)
    return status;
  const struct engine_slot *slot = engine_slot(work.info.image);
  if (slot == NULL)
    return PC_ERR_FORMAT;
  work.image = work.info.image;
  if (work.info.in_place == 0)
    return PC_ERR_UNSUPPORTED; /* for boards with two slots */
  volatile pc_status verdict = engine_patch_authentic(slot, work.header, &work.hash);
  if (verdict != PC_OK)
    return PC_ERR_SIGNATURE;
  verdict = fits();
  return verdict;
}

static pc_status is_source(void)
{
  return engine_patch_source(active(), work.info.from_size, work.header + PATCH_AT_FROM_TAG, &work.hash);
}

/* The TO header is that of a candidate, and the one that was signed along. `fresh`: it is judged beside the active
 * header, too; else that was done before the install began. */
static __attribute__((noinline)) pc_status judge_target(bool fresh)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  uint32_t old_size;
  pc_status status = engine_header_check(engine.verify.header, &work.to);
  if (status == PC_OK && fresh)
    status = engine_rules(&work.to, &old_size);
  if (status != PC_OK)
    return status;
  if (work.to.partial_size != work.to.size)
    return PC_ERR_UNSUPPORTED;
  memcpy(work.to_tag, engine.verify.header + IMAGE_AT_TAG, sizeof work.to_tag);
  engine_digest(&work.hash, engine.verify.header, IMAGE_SIGNED_SIZE, digest);
  status = engine_digests_equal(digest, work.header + PATCH_AT_TO_DIGEST);
  return status != PC_OK || work.to.image != work.image || work.to.size > active()->size ? PC_ERR_TAG : status;
}

/* ---------- pages ---------- */

static pc_status copy_page(const struct flash_area *from, uint32_t from_page, const struct flash_area *to,
                           uint32_t to_page, uint32_t size)
{
  uint8_t bytes[MOVE];
  pc_status status = PC_ERR_FLASH;
  for (uint32_t i = 0; i < TRIES && status == PC_ERR_FLASH; i++) {
    status = flash_erase(to, to_page * to->page, to->page);
    for (uint32_t at = 0; at < size && status == PC_OK; at += MOVE) {
      const uint32_t part = size - at < MOVE ? size - at : MOVE;
      memset(bytes, 0xFF, sizeof bytes);
      status = flash_read(from, from_page * from->page + at, bytes, part);
      if (status == PC_OK)
        status = flash_program(to, to_page * to->page + at, bytes, (part + to->unit - 1u) & ~(to->unit - 1u));
    }
  }
  return status;
}

static uint32_t ring(uint32_t page)
{
  return page % delta_in_place_scratch(&work.how);
}

static pc_status record(uint32_t step, uint32_t page)
{
  return log_put(&engine.journal, INSTALL_RECORD(step, step == INSTALL_MOVED ? 0 : work.second, work.image, page));
}

/* ---------- decoding ---------- */

static bool dry(void)
{
  return work.step == DRY;
}

/* The first byte of the slot that is not overwritten yet while this byte of the target is decoded. */
static uint32_t bound(uint32_t target)
{
  const uint32_t group = target / group_size();
  return group > work.how.lag ? (group - work.how.lag) * group_size() : 0;
}

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  const uint32_t up = work.how.shift * work.how.page;
  (void)context;
  if (offset + up < bound(dry() ? delta_progress(&work.now.decoder) : work.now.written))
    return PC_ERR_FORMAT;
  return flash_read(active(), dry() ? offset : offset + up, to, size);
}

/* From now on this page waits in scratch. What was decoded of it so far is as in the old page. */
static pc_status stage(uint32_t page, uint32_t size)
{
  const struct flash_area *scratch = &engine_in_place.scratch;
  pc_status status = copy_page(active(), page, scratch, ring(page), size);
  work.now.waiting |= 1u << ring(page);
  return status;
}

/* The next bytes of the target, within a page: into scratch, unless all of the page is as it was. */
static pc_status put(const uint8_t *from, uint32_t size)
{
  struct checkpoint *now = &work.now;
  const uint32_t page = now->written / work.how.page, at = now->written % work.how.page, bit = 1u << ring(page);
  const uint32_t next = now->written + size;
  uint32_t block[DELTA_WRITE / 4];
  pc_status status = PC_OK;
  if (at == 0)
    now->waiting &= ~bit;
  if ((now->waiting & bit) == 0) {
    status = flash_read(active(), now->written, block, size);
    const bool behind = next == work.to.size && next % work.how.page != 0 &&
                        flash_is_blank(active(), next, work.how.page - next % work.how.page) != PC_OK;
    if (status == PC_OK && (memcmp(block, from, size) != 0 || behind))
      status = stage(page, at);
  }
  if (status == PC_OK && (now->waiting & bit) != 0) {
    const struct flash_area *scratch = &engine_in_place.scratch;
    memset(block, 0xFF, sizeof block);
    memcpy(block, from, size);
    status = flash_program(scratch, ring(page) * work.how.page + at, block,
                           (size + scratch->unit - 1u) & ~(scratch->unit - 1u));
  }
  now->written = next;
  return status;
}

static void hold(void)
{
  work.held = ENGINE_YES;
  work.feed_again = delta_hold(&work.now.decoder);
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  struct checkpoint *now = &work.now;
  pc_status status = PC_OK;
  (void)context;
  if (delta_target_size(&now->decoder) != work.to.size)
    return PC_ERR_FORMAT;
  if (dry()) {
    crypto_hash_add(&work.hash, from, size);
    now->written += size;
    if (now->written % DRY_STEP == 0)
      hold();
    return PC_OK;
  }
  if (work.held == ENGINE_YES) {
    if (size > SPILL - now->spilled)
      return PC_ERR_FORMAT;
    memcpy(now->spill + now->spilled, from, size);
    now->spilled += size;
    return PC_OK;
  }
  status = put(from, size);
  if (now->written % work.how.page == 0 && now->written != work.to.size)
    hold();
  return status;
}

static const struct delta_io io = {NULL, read_source, write_target};

/* The next byte of the patch, or a zero behind it. */
static pc_status next_byte(uint8_t *byte)
{
  const uint32_t at = work.now.fed, block = at / CRYPTO_BLOCK;
  const uint32_t cipher = area()->page + PATCH_HEADER_SIZE;
  uint8_t iv[CRYPTO_BLOCK];
  pc_status status = PC_OK;
  *byte = 0;
  if (at >= work.info.size)
    return PC_OK;
  if (block != work.block) {
    work.block = UINT32_MAX;
    if (block == 0)
      memcpy(iv, work.header + PATCH_AT_IV, sizeof iv);
    else
      status = flash_read(area(), cipher + (block - 1u) * CRYPTO_BLOCK, iv, sizeof iv);
    if (status == PC_OK)
      status = flash_read(area(), cipher + block * CRYPTO_BLOCK, work.clear, sizeof work.clear);
    crypto_cbc_set_iv(&incoming, iv);
    if (status == PC_OK)
      status = crypto_cbc_decrypt(&incoming, work.clear, work.clear, sizeof work.clear);
    if (status == PC_OK)
      work.block = block;
  }
  *byte = work.clear[at % CRYPTO_BLOCK];
  return status;
}

/* Decode until the decoder is held, or done. */
static pc_status decode(void)
{
  struct checkpoint *now = &work.now;
  pc_status status = PC_OK;
  work.held = ENGINE_NO;
  while (status == PC_OK && work.held != ENGINE_YES && !delta_done(&now->decoder)) {
    uint8_t byte;
    status = next_byte(&byte);
    work.feed_again = 0;
    if (status == PC_OK)
      status = delta_feed(&now->decoder, &byte, 1);
    if (work.feed_again == 0)
      now->fed++;
  }
  if (status == PC_OK && delta_done(&now->decoder) &&
      (now->fed - delta_unread(&now->decoder) < work.info.size || now->written + now->spilled != work.to.size))
    return PC_ERR_FORMAT; /* more bytes than were needed */
  return status;
}

static pc_status from_the_beginning(void)
{
  memset(&work.now, 0, sizeof work.now);
  work.block = UINT32_MAX;
  return delta_start(&work.now.decoder, &io, work.info.from_size, work.to.size);
}

/* ---------- checkpoints ---------- */

static uint32_t half(void)
{
  return engine_in_place.checkpoints.size / 2;
}

static void checkpoint_digest(uint8_t digest[CRYPTO_HASH_SIZE])
{
  engine_digest(&work.hash, &work.now, offsetof(struct checkpoint, digest), digest);
}

/* Into the half that does not hold the latest. */
static pc_status checkpoint_write(void)
{
  const struct flash_area *to = &engine_in_place.checkpoints;
  const uint32_t second = work.second ^ INSTALL_FLAG_SECOND, base = second != 0 ? half() : 0;
  pc_status status = PC_ERR_FLASH;
  checkpoint_digest(work.now.digest);
  for (uint32_t i = 0; i < TRIES && status == PC_ERR_FLASH; i++) {
    status = PC_OK;
    for (uint32_t at = 0; at < sizeof work.now && status == PC_OK; at += to->page)
      status = flash_erase(to, base + at, to->page);
    if (status == PC_OK)
      status = flash_program(to, base, &work.now, sizeof work.now);
  }
  work.second = second;
  return status;
}

static __attribute__((noinline)) pc_status checkpoint_read(void)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  pc_status status =
      flash_read(&engine_in_place.checkpoints, work.second != 0 ? half() : 0, &work.now, sizeof work.now);
  if (status != PC_OK)
    return status;
  checkpoint_digest(digest);
  if (engine_digests_equal(digest, work.now.digest) != PC_OK)
    return PC_ERR_TAG;
  work.now.decoder.io = &io;
  work.block = UINT32_MAX;
  return PC_OK;
}

/* ---------- the steps ---------- */

static uint32_t groups(void)
{
  return (pages(work.to.size) + work.how.group - 1u) / work.how.group;
}

/* The pages that are placed at a checkpoint: the oldest group that waits; at the last one, all that wait. */
static void place_from_here(void)
{
  const uint32_t next = work.now.group, all = next == groups();
  const uint32_t oldest = next > work.how.lag ? next - 1u - work.how.lag : 0;
  work.at = oldest * work.how.group;
  work.end = all ? pages(work.to.size) : next > work.how.lag ? work.at + work.how.group : 0;
}

static bool anything_to_place(void)
{
  bool any = false;
  for (uint32_t page = work.at; page < work.end; page++)
    any |= (work.now.waiting >> ring(page) & 1u) != 0;
  return any;
}

/* A group has been decoded, or the whole target. */
static pc_status group_is_ready(void)
{
  const bool all = delta_done(&work.now.decoder);
  work.now.group = all ? groups() : work.now.written / group_size();
  place_from_here();
  if (!all && !anything_to_place())
    return PC_OK; /* nothing goes, so the checkpoint before serves on */
  pc_status status = checkpoint_write();
  if (status == PC_OK)
    status = record(INSTALL_READY, work.now.group);
  work.step = PLACE;
  return status;
}

static pc_status decode_page(void)
{
  struct checkpoint *now = &work.now;
  const uint32_t spilled = now->spilled;
  pc_status status = PC_OK;
  now->spilled = 0;
  for (uint32_t at = 0; at < spilled && status == PC_OK; at += DELTA_WRITE)
    status = put(now->spill + at, spilled - at < DELTA_WRITE ? spilled - at : DELTA_WRITE);
  if (status == PC_OK)
    status = decode();
  if (status == PC_OK && (delta_done(&now->decoder) || now->written % group_size() == 0))
    status = group_is_ready();
  return status;
}

/* What was placed waits no more. */
static void placed(void)
{
  place_from_here();
  for (uint32_t page = work.at; page < work.end; page++)
    work.now.waiting &= ~(1u << ring(page));
  work.step = DECODE;
}

static pc_status place_page(void)
{
  pc_status status = PC_OK;
  while (work.at < work.end && (work.now.waiting >> ring(work.at) & 1u) == 0)
    work.at++;
  if (work.at < work.end) {
    status = copy_page(&engine_in_place.scratch, ring(work.at), active(), work.at, work.how.page);
    work.at++;
    return status;
  }
  if (work.now.group == groups()) {
    work.step = TAIL;
    work.at = pages(work.to.size);
    return PC_OK;
  }
  status = record(INSTALL_PLACED, work.now.group);
  placed();
  return status;
}

/* Behind the new image: pages that held the old one are erased even if they read blank, for after a cut one may only
 * look so. */
static pc_status erase_page(void)
{
  const uint32_t old = pages(work.info.from_size) + work.how.shift;
  pc_status status = PC_OK;
  while (work.at >= old && work.at < work.how.slot &&
         flash_is_blank(active(), work.at * work.how.page, work.how.page) == PC_OK)
    work.at++;
  if (work.at < work.how.slot)
    status = copy_page(active(), 0, active(), work.at++, 0);
  else
    work.step = WHOLE;
  return status;
}

static pc_status try_patch(void)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  pc_status status = decode();
  if (status != PC_OK || !delta_done(&work.now.decoder))
    return status;
  crypto_hash_end(&work.hash, digest);
  status = engine_digests_equal(digest, work.to_tag);
  if (status == PC_OK)
    work.step = BEGIN;
  return status;
}

/* A torn first record must not be taken for one of an install that goes on: BEGIN comes before it, which is not acted
 * upon. */
static pc_status begin(void)
{
  engine.verified = 0;
  pc_status status = log_put(&engine.journal, INSTALL_RECORD(INSTALL_BEGIN, 0, work.image, 0));
  if (status == PC_OK)
    status = from_the_beginning();
  work.step = DECODE;
  work.at = pages(work.info.from_size);
  if (status == PC_OK && work.how.shift != 0) {
    status = record(INSTALL_MOVED, work.at);
    work.step = MOVE_UP;
  }
  return status;
}

static pc_status move_page(void)
{
  pc_status status = PC_OK;
  if (work.at != 0) {
    work.at--;
    status = copy_page(active(), work.at, active(), work.at + work.how.shift, work.how.page);
    if (status == PC_OK)
      status = record(INSTALL_MOVED, work.at);
  }
  if (work.at == 0)
    work.step = DECODE;
  return status;
}

static pc_status step(uint32_t *left)
{
  const uint32_t all = pages(work.to.size);
  pc_status status = PC_ERR_STATE;
  switch (work.step) {
  case DRY:
    status = try_patch();
    break;
  case BEGIN:
    status = begin();
    break;
  case MOVE_UP:
    status = move_page();
    break;
  case DECODE:
    status = decode_page();
    break;
  case PLACE:
    status = place_page();
    break;
  case TAIL:
    status = erase_page();
    break;
  default:
    break;
  }
  *left = work.step == WHOLE ? 0 : 1 + (dry() ? all : all - work.now.written / work.how.page);
  return status;
}

/* ---------- starting ---------- */

/* An install is under way: its headers are judged again, and it goes on from the latest record. */
static pc_status resume(uint32_t last)
{
  const uint32_t step = INSTALL_RECORD_STEP(last), page = INSTALL_RECORD_PAGE(last);
  pc_status status = judge_target(false);
  if (status == PC_OK && INSTALL_RECORD_IMAGE(last) != work.image)
    status = PC_ERR_STATE;
  if (status == PC_OK)
    status = log_confirm(&engine.journal);
  if (status != PC_OK)
    return status;
  engine.verified = 0;
  if (step == INSTALL_MOVED) {
    status = page <= pages(work.info.from_size) ? from_the_beginning() : PC_ERR_STATE;
    work.at = page;
    work.step = MOVE_UP;
    return status;
  }
  work.second = INSTALL_RECORD_FLAGS(last) & INSTALL_FLAG_SECOND;
  status = checkpoint_read();
  if (status == PC_OK && work.now.group != page)
    status = PC_ERR_STATE;
  work.step = PLACE;
  if (step == INSTALL_PLACED)
    placed();
  else
    place_from_here();
  return status;
}

static pc_status start(uint32_t image)
{
  const struct engine_slot *slot = engine_slot(image);
  const uint32_t last = engine.journal.last, step = INSTALL_RECORD_STEP(last);
  const bool fresh = step == INSTALL_NONE;
  uint8_t key[CRYPTO_KEY_SIZE];
  if (slot == NULL)
    return PC_ERR_PARAM;
  if (!fresh && step != INSTALL_MOVED && step != INSTALL_READY && step != INSTALL_PLACED)
    return PC_ERR_STATE;
  engine.verify.image = 0; /* its header buffer is used here */
  pc_status status = flash_read(&slot->slots.download, slot->slots.download.page, work.header, sizeof work.header);
  if (status == PC_OK)
    status = judge_patch();
  if (status == PC_OK && work.image != image)
    status = PC_ERR_FORMAT;
  if (status == PC_OK)
    status = engine_header_load(image, ENGINE_SOURCE_DOWNLOAD, engine.verify.header);
  if (status != PC_OK)
    return status;
  slot->encryption_key(key);
  crypto_cbc_start(&incoming, key, work.header + PATCH_AT_IV);
  crypto_wipe(key, sizeof key);
  if (!fresh)
    return resume(last);
  volatile pc_status verdict = judge_target(true);
  if (verdict != PC_OK)
    return verdict;
  verdict = is_source();
  if (verdict != PC_OK)
    return verdict;
  status = from_the_beginning();
  crypto_hash_start(&work.hash);
  work.step = DRY;
  return status == PC_OK ? verdict : status;
}

/* ---------- the services ---------- */

/* What is to be received: judged before anything of the patch area is erased. */
static pc_status judge_received(uint32_t service, uintptr_t a)
{
  const uint32_t size = service == ENGINE_PATCH_BEGIN ? PATCH_HEADER_SIZE : IMAGE_HEADER_SIZE;
  if (engine_outside(a, size) != PC_OK)
    return PC_ERR_PARAM;
  if (INSTALL_RECORD_STEP(engine.journal.last) != INSTALL_NONE)
    return PC_ERR_STATE;
  pc_status status = PC_ERR_STATE;
  if (service == ENGINE_PATCH_BEGIN) {
    close();
    memcpy(work.header, (const void *)a, PATCH_HEADER_SIZE); /* in our RAM, where nobody changes it meanwhile */
    status = judge_patch();
    if (status == PC_OK)
      status = is_source();
    if (status == PC_OK)
      work.step = BEGUN;
    else
      close();
  } else if (work.step == BEGUN) {
    engine.verify.image = 0;
    memcpy(engine.verify.header, (const void *)a, IMAGE_HEADER_SIZE);
    status = judge_target(true);
    close();
  }
  return status;
}

pc_status engine_patch(uint32_t service, uintptr_t a, uintptr_t b)
{
  (void)b;
  if (service == ENGINE_PATCH_BEGIN || service == ENGINE_PATCH_TARGET)
    return judge_received(service, a);
  if (service != ENGINE_IN_PLACE_START && service != ENGINE_IN_PLACE_STEP)
    return PC_ERR_UNSUPPORTED;
  if (engine.open != ENGINE_YES)
    return PC_ERR_STATE;
  pc_status status;
  if (service == ENGINE_IN_PLACE_START) {
    close();
    status = start((uint32_t)a);
  } else if (engine_outside(a, 4) != PC_OK || (a & 3u) != 0) {
    return PC_ERR_PARAM;
  } else {
    status = step((uint32_t *)a);
  }
  if (status != PC_OK)
    close();
  return status;
}

void engine_patch_abort(void)
{
  close();
}
