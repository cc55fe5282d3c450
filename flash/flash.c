/* Bounds and alignment in front of the flash driver: whatever offset a caller computes, nothing outside its area is
 * touched.
 */
#include "flash/flash.h"

#include <stdbool.h>
#include <string.h>

#define BLANK_CHUNK 64u

/* True if `size` bytes at `offset` lie in the area and both are multiples of `step`, a power of two. */
static bool within(const struct flash_area *area, uint32_t offset, uint32_t size, uint32_t step)
{
  return size <= area->size && offset <= area->size - size && ((offset | size) & (step - 1u)) == 0;
}

pc_status flash_read(const struct flash_area *area, uint32_t offset, void *to, uint32_t size)
{
  if (!within(area, offset, size, 1))
    return PC_ERR_PARAM;
  return area->driver->read(area->base + offset, to, size);
}

pc_status flash_program(const struct flash_area *area, uint32_t offset, const void *from, uint32_t size)
{
  if (!within(area, offset, size, area->unit))
    return PC_ERR_PARAM;
  return area->driver->program(area->base + offset, from, size);
}

pc_status flash_erase(const struct flash_area *area, uint32_t offset, uint32_t size)
{
  if (!within(area, offset, size, area->page))
    return PC_ERR_PARAM;
  pc_status status = PC_OK;
  for (uint32_t end = offset + size; status == PC_OK && offset != end; offset += area->page)
    status = area->driver->erase(area->base + offset);
  return status;
}

pc_status flash_is_blank(const struct flash_area *area, uint32_t offset, uint32_t size)
{
  uint32_t words[BLANK_CHUNK / 4];
  memset(words, 0xFF, sizeof words); /* stays so where a short last chunk does not reach */
  while (size != 0) {
    uint32_t chunk = size < BLANK_CHUNK ? size : BLANK_CHUNK;
    pc_status status = flash_read(area, offset, words, chunk);
    uint32_t all = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < BLANK_CHUNK / 4; i++)
      all &= words[i];
    if (status != PC_OK || all != 0xFFFFFFFFu)
      return PC_ERR_NOT_BLANK;
    offset += chunk;
    size -= chunk;
  }
  return PC_OK;
}
