/* The pages that differ from the active slot into the download slot, and a table of them into its first page: see
 * slot_writer.h and install/sparse.h.
 *
 * No page is buffered: as long as the bytes equal the active slot's nothing is written; at the first one that does not,
 * what came before it in its page is read from the active slot, where it is the same. Each run's IV is the header's,
 * with the page number in it, encrypted: unpredictable and used once (NIST SP 800-38A, appendix C). */
#include "engine/slot_writer.h"

#include "delta/delta.h"
#include "install/sparse.h"

#include <string.h>

void slot_writer_start(struct slot_writer *w)
{
  memcpy(w->nonce, w->cipher->iv, sizeof w->nonce);
}

/* The run that ends before page `end`, into the table. */
static pc_status close_run(struct slot_writer *w, uint32_t end)
{
  uint32_t run[SPARSE_RUN / 4] = {w->first, end, 0, 0, 0, 0, ~w->first, ~end};
  if (w->open == 0)
    return PC_OK;
  memcpy(run + 2, w->iv, sizeof w->iv);
  w->open = 0;
  return flash_program(&w->slots->download, SPARSE_AT_RUNS + (w->runs - 1u) * SPARSE_RUN, run, sizeof run);
}

static pc_status begin_run(struct slot_writer *w, uint32_t page)
{
  static const uint8_t zeros[CRYPTO_BLOCK];
  uint32_t nonce[CRYPTO_BLOCK / 4];
  memcpy(nonce, w->nonce, sizeof nonce);
  nonce[0] ^= page;
  w->runs++;
  w->first = page;
  crypto_cbc_set_iv(w->cipher, zeros);
  return crypto_cbc_encrypt(w->cipher, (const uint8_t *)nonce, w->iv, sizeof w->iv); /* and the next block's IV */
}

static pc_status store(struct slot_writer *w, uint32_t at, const void *clear, uint32_t size)
{
  uint32_t block[DELTA_WRITE / 4];
  pc_status status = crypto_cbc_encrypt(w->cipher, clear, (uint8_t *)block, size);
  return status == PC_OK ? flash_program(&w->slots->download, w->slots->download.page + at, block, size) : status;
}

/* The page that `at` lies in is to be stored: its bytes up to there are those of the active slot. */
static pc_status open_page(struct slot_writer *w, uint32_t at)
{
  const struct flash_area *area = &w->slots->download;
  const uint32_t page = at / area->page;
  uint32_t block[DELTA_WRITE / 4];
  pc_status status = w->open == 0 ? begin_run(w, page) : PC_OK;
  w->open = ENGINE_YES;
  if (status == PC_OK)
    status = flash_erase(area, (page + 1u) * area->page, area->page);
  for (uint32_t before = page * area->page; before < at && status == PC_OK; before += sizeof block) {
    status = flash_read(&w->slots->active, before, block, sizeof block);
    if (status == PC_OK)
      status = store(w, before, block, sizeof block);
  }
  crypto_wipe(block, sizeof block);
  return status;
}

/* May the page of `at` stay out, if it is the same? Not one that ends with the image, unless the one before ended
 * there, too: what is behind must be blank. And not when the table has no room for another run behind it. */
static bool may_stay_out(const struct slot_writer *w, uint32_t at)
{
  const uint32_t page = w->slots->download.page;
  return ((at / page + 1u) * page <= w->size || w->from_size == w->size) && w->runs < sparse_room(&w->slots->download);
}

static bool is_there(const struct slot_writer *w, uint32_t at, const void *clear, uint32_t size)
{
  uint32_t block[DELTA_WRITE / 4];
  const bool same =
      flash_read(&w->slots->active, at, block, size) == PC_OK && memcmp(block, clear, size) == 0; /* nothing secret */
  crypto_wipe(block, sizeof block);
  return same;
}

pc_status slot_writer_add(struct slot_writer *w, const void *clear, uint32_t size)
{
  const uint32_t page = w->slots->download.page, at = w->written;
  pc_status status = PC_OK;
  if (at % page == 0)
    w->stored = 0;
  w->written += size;
  if (w->stored == 0) {
    if (may_stay_out(w, at) && is_there(w, at, clear, size))
      return w->written % page == 0 || w->written == w->size ? close_run(w, at / page) : PC_OK;
    w->stored = ENGINE_YES;
    status = open_page(w, at);
  }
  return status == PC_OK ? store(w, at, clear, size) : status;
}

pc_status slot_writer_end(struct slot_writer *w)
{
  const uint32_t page = w->slots->download.page;
  pc_status status = close_run(w, (w->size + page - 1u) / page);
  return status == PC_OK ? flash_program(&w->slots->download, SPARSE_AT_MARK, sparse_mark, sizeof sparse_mark) : status;
}
