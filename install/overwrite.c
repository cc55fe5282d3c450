/* Install without swap (install.h, docs/install.md): the active slot is decrypted from the download slot, which stays
 * as it is, in cipher text. The old image is not kept.
 *
 * The download slot may lie in a flash of its own (other pages, other driver) that somebody could exchange at any
 * moment. So the header is taken from there once, judged in RAM, and kept in the stage: one page behind the active
 * slot, of the same flash. From then on nothing is believed of the download slot; what it delivers is authenticated in
 * the active slot before it runs. */
#include "install/move.h"
#include "install/spare.h"
#include "install/sparse.h"

#include <stdbool.h>

struct walk {
  const struct install *install;
  const uint8_t *header; /* of the image that comes */
  uint32_t size;         /* of that image in bytes */
  uint32_t pages;        /* of that image */
  bool sparse;           /* the download slot has only those that differ (sparse.h) */
  uint32_t percent;
};

static pc_status record(const struct install *install, uint32_t step, uint32_t page)
{
  return install->services->journal_put(INSTALL_RECORD(step, 0, install->image, page));
}

static struct flash_area stage_of(const struct install *install)
{
  struct flash_area stage = install->slot->active;
  stage.base += stage.size;
  stage.size = stage.page;
  return stage;
}

static pc_status put_on_stage(const struct install *install, const uint8_t *header)
{
  const struct flash_area stage = stage_of(install);
  pc_status status = PC_ERR_FLASH;
  for (uint32_t i = 0; i < INSTALL_TRIES && status == PC_ERR_FLASH; i++) {
    status = flash_erase(&stage, 0, stage.page);
    if (status == PC_OK)
      status = flash_program(&stage, 0, header, IMAGE_HEADER_SIZE);
  }
  return status;
}

pc_status install_header(const struct install *install, uint32_t record, uint8_t header[IMAGE_HEADER_SIZE])
{
  const struct flash_area stage = stage_of(install);
  (void)record;
  return flash_read(&stage, 0, header, IMAGE_HEADER_SIZE);
}

/* What A[i] gets: page i of the image that comes, or nothing behind it. `iv`: room for a page's. PC_ERR_BLANK: the
 * candidate has nothing for this page, which must not have been touched then. */
static pc_status plan_page(const struct walk *walk, uint32_t i, struct install_move *move, uint8_t iv[IMAGE_BLOCK])
{
  const struct install_slot *slot = walk->install->slot;
  const uint32_t at = i * slot->active.page;
  *move = (struct install_move){&slot->download, slot->download.page + at, &slot->active, at, 0, NULL};
  if (i >= walk->pages)
    return PC_OK;
  if (INSTALL_SPARE && walk->sparse) {
    struct sparse_page found;
    pc_status status = sparse_find(&slot->download, i, &found);
    if (status != PC_OK || !found.stored)
      return status != PC_OK ? status : PC_ERR_BLANK;
    if (found.first) {
      memcpy(iv, found.iv, IMAGE_BLOCK);
      move->iv = iv;
    }
  }
  move->size = walk->size - at < slot->active.page ? walk->size - at : slot->active.page;
  if (move->iv != NULL)
    return PC_OK;
  move->iv = walk->header + IMAGE_AT_IV;
  if (i == 0)
    return PC_OK;
  move->iv = iv;
  return flash_read(move->from, move->from_offset - IMAGE_BLOCK, iv, IMAGE_BLOCK);
}

static pc_status place_page(const struct walk *walk, uint32_t i)
{
  struct install_move move;
  uint8_t iv[IMAGE_BLOCK];
  pc_status status = plan_page(walk, i, &move, iv);
  return status == PC_OK ? install_fill(walk->install, &move) : status;
}

/* A[i], which nobody has touched, can stay as it is. */
static bool may_stay(const struct walk *walk, uint32_t i)
{
  const struct flash_area *active = &walk->install->slot->active;
  struct install_move move;
  uint8_t iv[IMAGE_BLOCK];
  if (i >= walk->pages)
    return flash_is_blank(active, i * active->page, active->page) == PC_OK;
  if (!INSTALL_SPARE)
    return false;
  const pc_status status = plan_page(walk, i, &move, iv);
  return status == PC_ERR_BLANK || (status == PC_OK && install_is_there(walk->install, &move));
}

static void report(struct walk *walk, uint32_t i)
{
  const uint32_t percent = i < walk->pages ? (walk->pages - i) * 100u / walk->pages : 0;
  if (walk->install->services->progress != NULL && percent > walk->percent) {
    walk->percent = percent;
    walk->install->services->progress(percent);
  }
}

/* Pages below `i`, from the last to the first; `copied`: COPIED(i - 1) is recorded. A page of the image is erased
 * whatever it holds, so DONE of the page above says enough; one behind the image is erased only if it is not blank, and
 * must be named before, or after a cut it might only look blank. The first page is named too: BEGIN is not acted on.
 * Where equal pages are spared, every page is named: one that was is never compared again. */
static pc_status walk_pages(struct walk *walk, uint32_t i, bool first, bool copied)
{
  while (i-- != 0) {
    pc_status status = PC_OK;
    if (!copied && may_stay(walk, i)) {
      report(walk, i);
      /* All is done: what follows takes the candidate away, and nothing of it may be looked at again. */
      if (INSTALL_SPARE && i == 0)
        return record(walk->install, INSTALL_DONE, 0);
      continue;
    }
    if (!copied && (INSTALL_SPARE || i >= walk->pages || first))
      status = record(walk->install, INSTALL_COPIED, i);
    copied = false;
    if (!INSTALL_SPARE)
      first = false;
    if (status == PC_OK)
      status = place_page(walk, i);
    if (status == PC_OK)
      status = record(walk->install, INSTALL_DONE, i);
    if (status != PC_OK)
      return status;
    report(walk, i);
  }
  return PC_OK;
}

/* What follows the pages. The stage has the header, so DONE of page 0 is enough to do all of it again after a cut. */
static pc_status finish(const struct walk *walk)
{
  const struct install *install = walk->install;
  uint8_t header[IMAGE_HEADER_SIZE];
  memcpy(header, walk->header, IMAGE_HEADER_SIZE);
  image_header_set_state(header, IMAGE_STATE_NEW);
  memset(header + IMAGE_AT_FINGERPRINT, 0, IMAGE_TAG_SIZE);
  pc_status status = install->services->header_write(install->image, header);
  if (status == PC_OK)
    status = install_erase(install, &install->slot->download, 0);
  if (status == PC_OK)
    status = record(install, INSTALL_END, 0);
  return status == PC_OK ? install->services->journal_put(INSTALL_NONE) : status;
}

/* All arithmetic that the walk relies on. */
static pc_status prepare(struct walk *walk, const struct install *install, const uint8_t *header)
{
  const struct flash_area *active = &install->slot->active, *download = &install->slot->download;
  const uint32_t parts = (IMAGE_BLOCK - 1u) | (active->unit - 1u); /* units: powers of two */
  const uint32_t size = install_field(header, IMAGE_AT_SIZE);
  walk->install = install;
  walk->header = header;
  walk->size = size;
  walk->pages = install_pages(size, active->page);
  walk->percent = 0;
  walk->sparse = INSTALL_SPARE && download->page == active->page && sparse_is(download);
  if (install->buffer_size == 0 || (install->buffer_size & parts) != 0 || active->page < IMAGE_HEADER_SIZE ||
      download->page < IMAGE_HEADER_SIZE || size == 0 || size % IMAGE_BLOCK != 0 || size > active->size ||
      download->page > download->size || size > download->size - download->page)
    return PC_ERR_PARAM;
  return PC_OK;
}

pc_status install_run(const struct install *install, const uint8_t new_header[IMAGE_HEADER_SIZE], uint32_t old_size)
{
  struct walk walk;
  const uint32_t pages = install->slot->active.size / install->slot->active.page;
  (void)old_size;
  pc_status status = prepare(&walk, install, new_header);
  if (status != PC_OK)
    return status;
  if (install_field(new_header, IMAGE_AT_PARTIAL_OFFSET) != 0 ||
      install_field(new_header, IMAGE_AT_PARTIAL_SIZE) != walk.size)
    return PC_ERR_UNSUPPORTED;
  status = install->services->candidate(new_header);
  if (status == PC_OK)
    status = put_on_stage(install, new_header);
  if (status == PC_OK)
    status = record(install, INSTALL_BEGIN, pages);
  if (status == PC_OK)
    status = walk_pages(&walk, pages, true, false);
  return status == PC_OK ? finish(&walk) : status;
}

pc_status install_resume(const struct install *install, const uint8_t *header)
{
  const struct flash_area *active = &install->slot->active;
  struct walk walk;
  uint32_t last;
  pc_status status = install->services->journal_get(&last);
  if (status != PC_OK)
    return status;
  const uint32_t step = INSTALL_RECORD_STEP(last), page = INSTALL_RECORD_PAGE(last);
  if (INSTALL_RECORD_IMAGE(last) != install->image || INSTALL_RECORD_FLAGS(last) != 0 || INSTALL_RECORD_REST(last) != 0)
    return PC_ERR_BLANK;
  if (step == INSTALL_BEGIN || step == INSTALL_END) {
    status = install->services->journal_put(INSTALL_NONE);
    return status == PC_OK ? PC_ERR_BLANK : status;
  }
  if ((step != INSTALL_COPIED && step != INSTALL_DONE) || page >= active->size / active->page)
    return PC_ERR_BLANK;
  if (header == NULL)
    return PC_ERR_STATE;
  status = prepare(&walk, install, header);
  /* From here on the latest record is relied upon: what it says is done must not come undone by a weak cell. */
  if (status == PC_OK)
    status = install->services->journal_confirm();
  if (status == PC_OK)
    status = walk_pages(&walk, page + (step == INSTALL_COPIED), false, step == INSTALL_COPIED);
  return status == PC_OK ? finish(&walk) : status;
}
