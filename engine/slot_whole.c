/* All of the image into the download slot: see slot_writer.h. */
#include "engine/slot_writer.h"

#include "delta/delta.h"

void slot_writer_start(struct slot_writer *w)
{
  (void)w;
}

pc_status slot_writer_add(struct slot_writer *w, const void *clear, uint32_t size)
{
  const struct flash_area *area = &w->slots->download;
  const uint32_t at = area->page + w->written;
  uint32_t block[DELTA_WRITE / 4];
  pc_status status = crypto_cbc_encrypt(w->cipher, clear, (uint8_t *)block, size);
  if (status == PC_OK && at % area->page == 0)
    status = flash_erase(area, at, area->page);
  if (status == PC_OK)
    status = flash_program(area, at, block, size);
  w->written += size;
  return status;
}

pc_status slot_writer_end(struct slot_writer *w)
{
  (void)w;
  return PC_OK;
}
