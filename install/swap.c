/* The walk that exchanges two images page by page (install.h, docs/install.md). Touches the two slots and, through the
 * engine's services, the journal and the active header page. Trusts the header it is given, never its arithmetic. */
#include "install/move.h"

#include <stdbool.h>
#include <string.h>

/* An install on its way: all that does not change from page to page, and the one flag that may. */
struct walk {
  const struct install *install;
  const uint8_t *header; /* of the image that comes */
  uint32_t size;         /* of that image in bytes */
  uint32_t pages;        /* of that image */
  uint32_t old_pages;    /* of the image that is kept, 0: none */
  uint32_t base;         /* of the candidate's header page in the download slot */
  uint32_t flags;
  uint32_t rest; /* images of the set that come after this one */
  uint32_t percent;
};

static pc_status record(const struct walk *walk, uint32_t step, uint32_t page)
{
  const struct install *install = walk->install;
  const uint32_t rest = INSTALL_IMAGES > 1 ? walk->rest << 2 : 0;
  return install->services->journal_put(INSTALL_RECORD(step, walk->flags, rest | install->image, page));
}

/* On to the next image of the set. */
static pc_status record_next(const struct walk *walk)
{
  uint32_t image = walk->install->image + 1, rest = walk->rest >> 1;
  if ((walk->rest & 1u) == 0) {
    image++;
    rest = 0;
  }
  return walk->install->services->journal_put(
      INSTALL_RECORD(INSTALL_NEXT, walk->flags & INSTALL_FLAG_ROLLBACK, rest << 2 | image, 0));
}

static void give_up_old(struct walk *walk)
{
  walk->old_pages = 0;
  walk->flags &= ~INSTALL_FLAG_KEEP_OLD;
}

/* Step (a): D[i+1] gets A[i]. */
static void save_old_page(struct walk *walk, uint32_t i)
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t page = slot->active.page;
  const struct install_move move = {&slot->active, i * page, &slot->download, (i + 2) * page, page, NULL};
  if (install_fill(walk->install, &move) != PC_OK)
    give_up_old(walk);
}

/* Step (b): A[i] gets page i of the image that comes, or becomes blank behind it. */
static pc_status place_new_page(const struct walk *walk, uint32_t i)
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t at = i * slot->active.page;
  struct install_move move = {&slot->download, walk->base + slot->download.page + at, &slot->active, at, 0, NULL};
  uint8_t iv[IMAGE_BLOCK];
  if (i < walk->pages) {
    move.size = walk->size - at < slot->active.page ? walk->size - at : slot->active.page;
    if ((walk->flags & INSTALL_FLAG_ROLLBACK) == 0) {
      move.iv = walk->header + IMAGE_AT_IV;
      if (i != 0) {
        pc_status status = flash_read(move.from, move.from_offset - IMAGE_BLOCK, iv, IMAGE_BLOCK);
        if (status != PC_OK)
          return status;
        move.iv = iv;
      }
    }
  }
  return install_fill(walk->install, &move);
}

static void report(struct walk *walk, uint32_t i)
{
  uint32_t all = walk->pages > walk->old_pages ? walk->pages : walk->old_pages;
  uint32_t percent = i < all ? (all - i) * 100u / all : 0;
  if (walk->install->services->progress != NULL && percent > walk->percent) {
    walk->percent = percent;
    walk->install->services->progress(percent);
  }
}

/* Pages below `i`, from the last to the first; `copied`: step (a) of page i - 1 is done and recorded. */
static pc_status walk_pages(struct walk *walk, uint32_t i, bool copied)
{
  const struct flash_area *active = &walk->install->slot->active;
  while (i-- != 0) {
    pc_status status = PC_OK;
    if (!copied) {
      if (i < walk->old_pages)
        save_old_page(walk, i);
      else if (i >= walk->pages && flash_is_blank(active, i * active->page, active->page) == PC_OK)
        continue;
      status = record(walk, INSTALL_COPIED, i);
    }
    copied = false;
    if (status == PC_OK)
      status = place_new_page(walk, i);
    if (status == PC_OK)
      status = record(walk, INSTALL_DONE, i);
    if (status != PC_OK)
      return status;
    report(walk, i);
  }
  return PC_OK;
}

/* D[0] gets the old header, behind which the old image already stands. `header`: room for it. */
static void save_old_header(struct walk *walk, uint8_t *header)
{
  const struct install *install = walk->install;
  const struct flash_area *download = &install->slot->download;
  const uint32_t at = download->page;
  if (install->services->header_read(install->image, header) == PC_OK) {
    for (uint32_t i = 0; i < INSTALL_TRIES; i++) {
      if (flash_erase(download, at, download->page) == PC_OK &&
          flash_program(download, at, header, IMAGE_HEADER_SIZE) == PC_OK)
        return;
    }
  }
  give_up_old(walk);
}

/* What follows the pages, from after the record of `step`. */
static pc_status finish(struct walk *walk, uint32_t step)
{
  const struct install *install = walk->install;
  const struct flash_area *download = &install->slot->download;
  pc_status status = PC_OK;
  uint8_t header[IMAGE_HEADER_SIZE];
  if (step < INSTALL_KEPT) {
    if (walk->flags & INSTALL_FLAG_KEEP_OLD)
      save_old_header(walk, header);
    status = record(walk, INSTALL_KEPT, 0);
  }
  if (status == PC_OK && step < INSTALL_HEADER) {
    memcpy(header, walk->header, IMAGE_HEADER_SIZE);
    if ((walk->flags & INSTALL_FLAG_ROLLBACK) == 0)
      image_header_set_state(header, IMAGE_STATE_NEW);
    uint8_t *fingerprint = header + IMAGE_AT_FINGERPRINT;
    /* The signature of the header in D[0]: its first half is the fingerprint. */
    if ((walk->flags & INSTALL_FLAG_KEEP_OLD) == 0 ||
        flash_read(download, download->page + IMAGE_AT_SIGNATURE, fingerprint, IMAGE_TAG_SIZE) != PC_OK)
      memset(fingerprint, INSTALL_IMAGES > 1 && (walk->flags & INSTALL_FLAG_ROLLBACK) == 0 ? 0xFF : 0, IMAGE_TAG_SIZE);
    status = install->services->header_write(install->image, header);
    if (status == PC_OK)
      status = record(walk, INSTALL_HEADER, 0);
  }
  if (status == PC_OK)
    status = install_erase(install, download, walk->base);
  if (INSTALL_IMAGES > 1 && status == PC_OK && walk->rest != 0)
    return record_next(walk);
  if (status == PC_OK)
    status = record(walk, INSTALL_END, 0);
  if (status == PC_OK)
    status = install->services->journal_put(INSTALL_NONE);
  return status;
}

/* All arithmetic that the walk relies on. */
static pc_status prepare(struct walk *walk, const struct install *install, const uint8_t *header, uint32_t flags,
                         uint32_t old_size)
{
  const struct flash_area *active = &install->slot->active, *download = &install->slot->download;
  const uint32_t page = active->page;
  memset(walk, 0, sizeof *walk);
  walk->install = install;
  walk->header = header;
  walk->flags = flags;
  if (flags & INSTALL_FLAG_ROLLBACK)
    walk->base = download->page;
  walk->size = install_field(header, IMAGE_AT_SIZE);
  walk->pages = install_pages(walk->size, page);
  walk->old_pages = install_pages(old_size, page);
  const uint32_t overhead = walk->base + download->page;
  const uint32_t parts = (IMAGE_BLOCK - 1u) | (active->unit - 1u) | (download->unit - 1u); /* units: powers of two */
  if (install->buffer_size == 0 || (install->buffer_size & parts) != 0 || page < IMAGE_HEADER_SIZE ||
      download->page < IMAGE_HEADER_SIZE || walk->size == 0 || walk->size % IMAGE_BLOCK != 0 ||
      walk->size > active->size || overhead > download->size || walk->size > download->size - overhead)
    return PC_ERR_PARAM;
  /* Kept: header page, the old pages and one more, all of the same size as those they come from. */
  if (old_size != 0 &&
      (download->page != page || old_size > active->size || walk->old_pages + 2u > download->size / page))
    return PC_ERR_PARAM;
  return PC_OK;
}

static pc_status begin(struct walk *walk, uint32_t rest, bool first)
{
  const struct flash_area *active = &walk->install->slot->active;
  const uint32_t pages = active->size / active->page;
  walk->rest = rest;
  /* Within a set NEXT, which is there already, stands for BEGIN: it is not withdrawn, and so is made sure. */
  pc_status status =
      INSTALL_IMAGES == 1 || first ? record(walk, INSTALL_BEGIN, pages) : walk->install->services->journal_confirm();
  if (status == PC_OK)
    status = walk_pages(walk, pages, false);
  return status == PC_OK ? finish(walk, INSTALL_BEGIN) : status;
}

static pc_status run(const struct install *install, const uint8_t *new_header, uint32_t old_size, uint32_t rest,
                     bool first)
{
  struct walk walk;
  pc_status status = prepare(&walk, install, new_header, old_size != 0 ? INSTALL_FLAG_KEEP_OLD : 0, old_size);
  if (status != PC_OK)
    return status;
  if (install_field(new_header, IMAGE_AT_PARTIAL_OFFSET) != 0 ||
      install_field(new_header, IMAGE_AT_PARTIAL_SIZE) != walk.size)
    return PC_ERR_UNSUPPORTED;
  return begin(&walk, rest, first);
}

pc_status install_run(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size)
{
  return run(install, new_header, old_size, 0, true);
}

pc_status install_run_set(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size,
                          uint32_t rest, bool first)
{
  return run(install, new_header, old_size, rest, first);
}

static pc_status roll_back(const struct install *install, const uint8_t *old_header, uint32_t rest, bool first)
{
  struct walk walk;
  pc_status status = prepare(&walk, install, old_header, INSTALL_FLAG_ROLLBACK, 0);
  if (status != PC_OK)
    return status;
  return begin(&walk, rest, first);
}

pc_status install_rollback(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE])
{
  return roll_back(install, old_header, 0, true);
}

pc_status install_rollback_set(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE],
                               uint32_t rest, bool first)
{
  return roll_back(install, old_header, rest, first);
}

static uint32_t header_offset(const struct install *install, uint32_t record)
{
  return INSTALL_RECORD_FLAGS(record) & INSTALL_FLAG_ROLLBACK ? install->slot->download.page : 0;
}

pc_status install_header(const struct install *install, uint32_t record, uint8_t header[IMAGE_HEADER_SIZE])
{
  return flash_read(&install->slot->download, header_offset(install, record), header, IMAGE_HEADER_SIZE);
}

/* Not inlined: its header would stand on the stack all through the walk.
 * Size of the image that is being kept, while the active header page still says so. */
static __attribute__((noinline)) uint32_t kept_size(const struct install *install)
{
  const struct install_slot *slot = install->slot;
  uint32_t most = slot->download.size - 2u * slot->download.page;
  uint8_t header[IMAGE_HEADER_SIZE];
  if (install->services->header_read(install->image, header) != PC_OK || install_field(header, IMAGE_AT_SIZE) > most)
    return most;
  return install_field(header, IMAGE_AT_SIZE);
}

pc_status install_resume(const struct install *install, const uint8_t *header)
{
  const struct flash_area *active = &install->slot->active;
  uint32_t last;
  pc_status status = install->services->journal_get(&last);
  if (status != PC_OK)
    return status;
  const uint32_t step = INSTALL_RECORD_STEP(last), flags = INSTALL_RECORD_FLAGS(last);
  const uint32_t page = INSTALL_RECORD_PAGE(last);
  if (step == INSTALL_NONE || step > INSTALL_END || INSTALL_RECORD_IMAGE(last) != install->image)
    return PC_ERR_BLANK;
  if (step == INSTALL_BEGIN || step == INSTALL_END) {
    status = install->services->journal_put(INSTALL_NONE);
    return status == PC_OK ? PC_ERR_BLANK : status;
  }
  if (page >= active->size / active->page)
    return PC_ERR_BLANK;

  struct walk walk = {.install = install, .flags = flags, .base = header_offset(install, last)};
  const uint32_t rest = INSTALL_RECORD_REST(last);
  if (step < INSTALL_HEADER) {
    if (header == NULL)
      return PC_ERR_STATE;
    uint32_t old_size = step < INSTALL_KEPT && (flags & INSTALL_FLAG_KEEP_OLD) ? kept_size(install) : 0;
    status = prepare(&walk, install, header, flags, old_size);
    if (status != PC_OK)
      return status;
  }
  walk.rest = rest;
  /* From here on the latest record is relied upon: what it says is done must not come undone by a weak cell. */
  status = install->services->journal_confirm();
  if (status == PC_OK && step < INSTALL_KEPT)
    status = walk_pages(&walk, page + (step == INSTALL_COPIED), step == INSTALL_COPIED);
  return status == PC_OK ? finish(&walk, step) : status;
}
