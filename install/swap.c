/* The walk that exchanges two images page by page (install.h, docs/install.md). Touches the two slots and, through the
 * engine's services, the journal and the active header page. Trusts the header it is given, never its arithmetic. */
#include "install/move.h"

#include <stdbool.h>
#include <string.h>

/* An install on its way: all that does not change from page to page, and the one flag that may. */
struct walk {
  const struct install *install;
  const uint8_t *header;        /* of the image that comes */
  uint32_t size;                /* of that image in bytes */
  uint32_t pages;               /* of that image */
  uint32_t old_pages;           /* of the image that is kept, 0: none */
  uint32_t base;                /* of the candidate's header page in the download slot */
  struct install_window window; /* of a whole image: from page 0 */
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

/* The page of the active slot that D[0] (or, kept, D[1]) corresponds to. */
static uint32_t first_page(const struct walk *walk)
{
  return INSTALL_PARTIAL ? walk->window.first : 0;
}

static bool is_partial(const uint8_t *header)
{
  return install_field(header, IMAGE_AT_PARTIAL_SIZE) != install_field(header, IMAGE_AT_SIZE);
}

static void give_up_old(struct walk *walk)
{
  walk->old_pages = 0;
  walk->flags &= ~INSTALL_FLAG_KEEP_OLD;
}

/* Step (a): D[i+1] gets A[i]. */
static pc_status save_old_page(struct walk *walk, uint32_t i)
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t page = slot->active.page;
  const struct install_move move = {&slot->active, i * page, &slot->download, (i - first_page(walk) + 2) * page,
                                    page,          NULL};
  pc_status status = install_fill(walk->install, &move);
  if (status == PC_OK)
    return PC_OK;
  if (INSTALL_PARTIAL && is_partial(walk->header))
    return status; /* the new image is made of the old one, too */
  give_up_old(walk);
  return PC_OK;
}

/* The IV for the cipher text at this offset of the download slot, `done` bytes behind its beginning: in `iv`, or in the
 * header. */
static pc_status iv_at(const struct walk *walk, uint32_t offset, uint32_t done, uint8_t iv[IMAGE_BLOCK],
                       const uint8_t **use)
{
  *use = walk->header + IMAGE_AT_IV;
  if (done == 0)
    return PC_OK;
  *use = iv;
  return flash_read(&walk->install->slot->download, offset - IMAGE_BLOCK, iv, IMAGE_BLOCK);
}

/* Step (b) for a partial image: what lies outside its range comes from the page that was saved. */
static pc_status place_partial_page(const struct walk *walk, uint32_t i)
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t page = slot->active.page, at = i * page, saved = (i - first_page(walk) + 2) * page;
  const uint32_t offset = install_field(walk->header, IMAGE_AT_PARTIAL_OFFSET);
  const uint32_t stop = offset + install_field(walk->header, IMAGE_AT_PARTIAL_SIZE);
  const uint32_t end = walk->size - at < page ? walk->size : at + page;
  const uint32_t from = offset < at ? at : offset < end ? offset : end;
  const uint32_t to = stop < from ? from : stop < end ? stop : end;
  const uint32_t cipher = slot->download.page + (from - offset);
  uint8_t iv[IMAGE_BLOCK];
  struct install_move runs[3];
  uint32_t count = 0;
  if (from > at)
    runs[count++] = (struct install_move){&slot->download, saved, &slot->active, at, from - at, NULL};
  if (to > from) {
    const uint8_t *use;
    pc_status status = iv_at(walk, cipher, from - offset, iv, &use);
    if (status != PC_OK)
      return status;
    runs[count++] = (struct install_move){&slot->download, cipher, &slot->active, from, to - from, use};
  }
  if (end > to)
    runs[count++] = (struct install_move){&slot->download, saved + (to - at), &slot->active, to, end - to, NULL};
  return install_fill_runs(walk->install, runs, count);
}

/* Step (b): A[i] gets page i of the image that comes, or becomes blank behind it. */
static pc_status place_new_page(const struct walk *walk, uint32_t i)
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t at = i * slot->active.page;
  const uint32_t source = walk->base + slot->download.page + at - first_page(walk) * slot->active.page;
  struct install_move move = {&slot->download, source, &slot->active, at, 0, NULL};
  uint8_t iv[IMAGE_BLOCK];
  if (i < walk->pages) {
    if (INSTALL_PARTIAL && (walk->flags & INSTALL_FLAG_ROLLBACK) == 0 && is_partial(walk->header))
      return place_partial_page(walk, i);
    move.size = walk->size - at < slot->active.page ? walk->size - at : slot->active.page;
    if ((walk->flags & INSTALL_FLAG_ROLLBACK) == 0) {
      pc_status status = iv_at(walk, move.from_offset, i, iv, &move.iv);
      if (status != PC_OK)
        return status;
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
  while (i-- > first_page(walk)) {
    pc_status status = PC_OK;
    if (INSTALL_PARTIAL && i >= walk->window.end && i < walk->pages)
      continue; /* as it was, as it shall be */
    if (!copied) {
      if (i < walk->old_pages)
        status = save_old_page(walk, i);
      else if (i >= walk->pages && flash_is_blank(active, i * active->page, active->page) == PC_OK)
        continue;
      if (status == PC_OK)
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

/* Not inlined, as its header would stand on the stack all through the walk. Of a rollback: what the image that goes had
 * changed. Its header is there until the one that comes back is written, and by then all pages are done. */
static __attribute__((noinline)) pc_status window_of_rollback(struct walk *walk)
{
  const struct install *install = walk->install;
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info info;
  pc_status status = install->services->header_read(install->image, header);
  if (status == PC_OK)
    status = image_header_parse(header, install->slot->active.size, &info);
  if (status == PC_OK)
    walk->window =
        install_window(install->slot->active.page, info.partial_offset, info.partial_size, info.size, walk->size);
  return status;
}

/* The window, and that the download slot has room for what is in it: cipher text or saved pages, and one more to keep.
 */
static pc_status find_window(struct walk *walk, uint32_t old_size)
{
  if (!INSTALL_PARTIAL)
    return PC_OK;
  const struct flash_area *active = &walk->install->slot->active, *download = &walk->install->slot->download;
  const uint32_t offset = install_field(walk->header, IMAGE_AT_PARTIAL_OFFSET);
  const uint32_t part = install_field(walk->header, IMAGE_AT_PARTIAL_SIZE);
  const uint32_t unit = (IMAGE_BLOCK - 1u) | (active->unit - 1u);
  const uint32_t room = download->size / active->page;
  if (walk->flags & INSTALL_FLAG_ROLLBACK) {
    pc_status status = window_of_rollback(walk);
    if (status != PC_OK)
      return status;
    const uint32_t end = walk->window.end < walk->pages ? walk->window.end : walk->pages;
    return end <= walk->window.first || end - walk->window.first + 2u <= room ? PC_OK : PC_ERR_PARAM;
  }
  if (part == 0 || part % IMAGE_BLOCK != 0 || part > walk->size || offset > walk->size - part)
    return PC_ERR_UNSUPPORTED;
  walk->window = install_window(active->page, offset, part, walk->size, old_size);
  if (part == walk->size)
    return walk->size <= download->size - download->page && (old_size == 0 || walk->old_pages + 2u <= room)
               ? PC_OK
               : PC_ERR_PARAM;
  if (download->page != active->page || (offset & unit) != 0 ||
      (((offset + part) & unit) != 0 && offset + part != walk->size) || old_size == 0 || offset > old_size ||
      (walk->size > old_size && offset + part != walk->size) || walk->window.end - walk->window.first + 2u > room)
    return PC_ERR_UNSUPPORTED;
  return PC_OK;
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
      walk->size > active->size || overhead > download->size ||
      (!INSTALL_PARTIAL && walk->size > download->size - overhead))
    return PC_ERR_PARAM;
  /* Kept: header page, the old pages and one more, all of the same size as those they come from. */
  if (old_size != 0 && (download->page != page || old_size > active->size ||
                        (!INSTALL_PARTIAL && walk->old_pages + 2u > download->size / page)))
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
  if (status == PC_OK)
    status = find_window(&walk, old_size);
  if (status != PC_OK)
    return status;
  if (!INSTALL_PARTIAL && (install_field(new_header, IMAGE_AT_PARTIAL_OFFSET) != 0 ||
                           install_field(new_header, IMAGE_AT_PARTIAL_SIZE) != walk.size))
    return PC_ERR_UNSUPPORTED;
  return begin(&walk, rest, first);
}

pc_status install_run(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size)
{
  return run(install, new_header, old_size, 0, true);
}

#if INSTALL_IMAGES > 1 /* else a second caller costs code */
pc_status install_run_set(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size,
                          uint32_t rest, bool first)
{
  return run(install, new_header, old_size, rest, first);
}
#endif

static pc_status roll_back(const struct install *install, const uint8_t *old_header, uint32_t rest, bool first)
{
  struct walk walk;
  pc_status status = prepare(&walk, install, old_header, INSTALL_FLAG_ROLLBACK, 0);
  if (status == PC_OK)
    status = find_window(&walk, 0);
  if (status != PC_OK)
    return status;
  return begin(&walk, rest, first);
}

pc_status install_rollback(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE])
{
  return roll_back(install, old_header, 0, true);
}

#if INSTALL_IMAGES > 1
pc_status install_rollback_set(const struct install *install, const uint8_t old_header[IMAGE_HEADER_SIZE],
                               uint32_t rest, bool first)
{
  return roll_back(install, old_header, rest, first);
}
#endif

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
  uint32_t most = INSTALL_PARTIAL ? slot->active.size : slot->download.size - 2u * slot->download.page;
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
    /* From KEPT on no page is touched, and the active header, which tells of a partial image's window, may be gone. */
    uint32_t old_size = step < INSTALL_KEPT && (flags & INSTALL_FLAG_KEEP_OLD) ? kept_size(install) : 0;
    status = prepare(&walk, install, header, flags, old_size);
    if (status == PC_OK && step < INSTALL_KEPT)
      status = find_window(&walk, old_size);
    if (status != PC_OK)
      return status;
    if (page < first_page(&walk))
      return PC_ERR_BLANK;
  }
  walk.rest = rest;
  /* From here on the latest record is relied upon: what it says is done must not come undone by a weak cell. */
  status = install->services->journal_confirm();
  if (status == PC_OK && step < INSTALL_KEPT)
    status = walk_pages(&walk, page + (step == INSTALL_COPIED), step == INSTALL_COPIED);
  return status == PC_OK ? finish(&walk, step) : status;
}
