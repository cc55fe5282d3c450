/* See sparse.h. The state is the verification's: looked up at each page's first byte. */
#include "engine/sparse.h"

#include "install/sparse.h"

static bool sparse, stored;

void engine_sparse_start(void)
{
  const struct engine_verify *v = &engine.verify;
  stored = true;
  sparse = v->source == ENGINE_SOURCE_DOWNLOAD && sparse_is(&engine_slot(v->info.image)->slots.download);
}

pc_status engine_sparse_piece(const struct flash_area **area, uint32_t *offset, bool *cipher)
{
  const struct engine_verify *v = &engine.verify;
  const struct install_slot *slots = &engine_slot(v->image)->slots;
  if (sparse && v->done % slots->download.page == 0) {
    struct sparse_page found;
    const pc_status status = sparse_find(&slots->download, v->done / slots->download.page, &found);
    if (status != PC_OK)
      return status;
    stored = found.stored;
    if (found.first)
      crypto_cbc_set_iv(&engine_cbc, found.iv);
  }
  *area = stored ? &slots->download : &slots->active;
  *offset = stored ? slots->download.page + v->done : v->done;
  *cipher = stored;
  return PC_OK;
}
