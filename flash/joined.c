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

static pc_status joined_read(uint32_t addr, void *to, uint32_t size)
{
  uint8_t *bytes = to;
  pc_status status = PC_OK;
  while (size != 0 && status == PC_OK) {
    const struct joined_part *part = find(addr);
    if (part == NULL)
      return PC_ERR_PARAM;
    const uint32_t chunk = within(part, addr, size);
    status = part->driver->read(part->base + (addr - part->at), bytes, chunk);
    addr += chunk;
    bytes += chunk;
    size -= chunk;
  }
  return status;
}

static pc_status joined_program(uint32_t addr, const void *from, uint32_t size)
{
  const uint8_t *bytes = from;
  pc_status status = PC_OK;
  while (size != 0 && status == PC_OK) {
    const struct joined_part *part = find(addr);
    if (part == NULL)
      return PC_ERR_PARAM;
    const uint32_t chunk = within(part, addr, size);
    status = part->driver->program(part->base + (addr - part->at), bytes, chunk);
    addr += chunk;
    bytes += chunk;
    size -= chunk;
  }
  return status;
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
