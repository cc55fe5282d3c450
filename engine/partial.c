/* See partial.h. */
#include "engine/partial.h"

#include "install/window.h"

/* Of the verification under way, as engine.verify. */
static struct {
  struct crypto_hash hash;
  uint32_t from, to; /* bytes of the image that come from the download slot, the others from the active one */
} partial;

pc_status engine_partial_rules(const struct image_info *candidate, uint32_t base_size)
{
  const struct install_slot *slot = &engine_slot(candidate->image)->slots;
  const struct flash_area *active = &slot->active, *download = &slot->download;
  const uint32_t room = download->size / download->page;
  const uint32_t stop = candidate->partial_offset + candidate->partial_size;
  const uint32_t unit = (IMAGE_BLOCK - 1u) | (active->unit - 1u);
  if (candidate->partial_size == candidate->size)
    return candidate->size <= download->size - 2 * download->page && install_pages(base_size, active->page) + 2u <= room
               ? PC_OK
               : PC_ERR_SIZE;
  if ((candidate->partial_offset & unit) != 0 || ((stop & unit) != 0 && stop != candidate->size))
    return PC_ERR_UNSUPPORTED;
  if (base_size == 0 || candidate->partial_offset > base_size ||
      (candidate->size > base_size && stop != candidate->size))
    return PC_ERR_TAG;
  const struct install_window window =
      install_window(active->page, candidate->partial_offset, candidate->partial_size, candidate->size, base_size);
  return window.end - window.first + 2u <= room ? PC_OK : PC_ERR_SIZE;
}

pc_status engine_partial_start(void)
{
  const struct engine_verify *v = &engine.verify;
  const struct engine_slot *slot = engine_slot(v->info.image);
  crypto_hash_start(&partial.hash);
  partial.from = v->info.partial_offset;
  partial.to = v->info.partial_offset + v->info.partial_size;
  if (v->source != ENGINE_SOURCE_BACKUP)
    return PC_OK;
  /* What the image that is active now had changed. */
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info active;
  if (engine_header_load(v->info.image, ENGINE_SOURCE_ACTIVE, header) != PC_OK ||
      image_header_parse(header, slot->slots.active.size, &active) != PC_OK)
    return PC_ERR_BLANK;
  const uint32_t page = slot->slots.active.page;
  const struct install_window window =
      install_window(page, active.partial_offset, active.partial_size, active.size, v->info.size);
  partial.from = window.first * page;
  partial.to = window.end * page < v->info.size ? window.end * page : v->info.size;
  if (partial.to > partial.from &&
      partial.to - partial.from > slot->slots.download.size - 2 * slot->slots.download.page)
    return PC_ERR_SIZE;
  return PC_OK;
}

void engine_partial_piece(const struct flash_area **area, uint32_t *offset, uint32_t *size, bool *cipher)
{
  const struct engine_verify *v = &engine.verify;
  const struct install_slot *slot = &engine_slot(v->image)->slots;
  const bool inside = v->source != ENGINE_SOURCE_ACTIVE && v->done >= partial.from && v->done < partial.to;
  uint32_t end = v->info.size;
  *area = inside ? &slot->download : &slot->active;
  *offset = v->done;
  *cipher = inside && v->source == ENGINE_SOURCE_DOWNLOAD;
  if (inside) {
    end = partial.to;
    *offset = v->done - partial.from + (*cipher ? 1u : 2u) * slot->download.page;
  } else if (v->source != ENGINE_SOURCE_ACTIVE && v->done < partial.from && partial.from < end) {
    end = partial.from;
  }
  if (end - v->done < *size)
    *size = end - v->done;
}

void engine_partial_add(const uint8_t *clear, uint32_t size)
{
  crypto_hash_add(&partial.hash, clear, size);
}

pc_status engine_partial_end(void)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  crypto_hash_end(&partial.hash, digest);
  volatile pc_status verdict =
      crypto_compare(digest, engine.verify.header + IMAGE_AT_PARTIAL_TAG, sizeof digest, PC_ERR_TAG);
  if (verdict == PC_OK)
    verdict = crypto_compare(engine.verify.header + IMAGE_AT_PARTIAL_TAG, digest, sizeof digest, PC_ERR_TAG);
  return verdict;
}
