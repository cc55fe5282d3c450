/* Several kinds of flash as one: see joined.h. */
#include "flash/joined.h"

static const struct joined_part *find(uint32_t addr)
{
  for (uint32_t i = 0; i < joined_count; i++)
    if (addr - joined_parts[i].at < joined_parts[i].size)
      return &joined_parts[i];
  return NULL;
}

/* Bytes of a range at `addr` that this part has. */
static uint32_t within(const struct joined_part *part, uint32_t addr, uint32_t size)
{
  const uint32_t left = part->size - (addr - part->at);
  return size < left ? size : left;
}

/* A range, part by part: read to `to`, or programmed from `from`. */
static pc_status joined_each(uint32_t addr, uint8_t *to, const uint8_t *from, uint32_t size)
{
  pc_status status = PC_OK;
  for (uint32_t done = 0; done < size && status == PC_OK;) {
    const struct joined_part *part = find(addr + done);
    if (part == NULL)
      return PC_ERR_PARAM;
    const uint32_t chunk = within(part, addr + done, size - done);
    const uint32_t at = part->base + (addr + done - part->at);
    status = to != NULL ? part->driver->read(at, to + done, chunk) : part->driver->program(at, from + done, chunk);
    done += chunk;
  }
  return status;
}

static pc_status joined_read(uint32_t addr, void *to, uint32_t size)
{
  return joined_each(addr, to, NULL, size);
}

static pc_status joined_program(uint32_t addr, const void *from, uint32_t size)
{
  return joined_each(addr, NULL, from, size);
}

static pc_status joined_erase(uint32_t addr)
{
  const struct joined_part *part = find(addr);
  pc_status status = PC_OK;
  if (part == NULL)
    return PC_ERR_PARAM;
  for (uint32_t at = 0; at < joined_page && status == PC_OK; at += part->page)
    status = part->driver->erase(part->base + (addr - part->at) + at);
  return status;
}

const struct flash_driver flash_joined = {joined_read, joined_program, joined_erase};
