/* One page at a time: see move.h. */
#include "install/move.h"

#include <string.h>

static pc_status copy(const struct install *install, const struct install_move *move)
{
  const struct install_services *services = install->services;
  pc_status status = PC_OK;
  if (move->iv != NULL)
    status = services->decrypt_start(install->image, move->iv);
  for (uint32_t done = 0; status == PC_OK && done < move->size;) {
    uint32_t left = move->size - done;
    uint32_t chunk = left < install->buffer_size ? left : install->buffer_size;
    /* The last chunk of an image is whole blocks, but not always whole write units. */
    uint32_t units = (chunk + move->to->unit - 1u) & ~(move->to->unit - 1u);
    status = flash_read(move->from, move->from_offset + done, install->buffer, chunk);
    if (status == PC_OK && move->iv != NULL)
      status = services->decrypt(install->buffer, install->buffer, chunk);
    if (status == PC_OK) {
      memset(install->buffer + chunk, 0xFF, units - chunk);
      status = flash_program(move->to, move->to_offset + done, install->buffer, units);
    }
    done += chunk;
  }
  return status;
}

pc_status install_fill(const struct install *install, const struct install_move *move)
{
  pc_status status = PC_ERR_FLASH;
  for (uint32_t i = 0; i < INSTALL_TRIES && status == PC_ERR_FLASH; i++) {
    status = flash_erase(move->to, move->to_offset, move->to->page);
    if (status == PC_OK)
      status = copy(install, move);
  }
  return status;
}

pc_status install_fill_runs(const struct install *install, const struct install_move *moves, uint32_t count)
{
  pc_status status = PC_ERR_FLASH;
  for (uint32_t i = 0; i < INSTALL_TRIES && status == PC_ERR_FLASH; i++) {
    status = flash_erase(moves->to, moves->to_offset & ~(moves->to->page - 1u), moves->to->page);
    for (uint32_t run = 0; run < count && status == PC_OK; run++)
      status = copy(install, &moves[run]);
  }
  return status;
}

pc_status install_erase(const struct install *install, const struct flash_area *area, uint32_t offset)
{
  const struct install_move nothing = {.to = area, .to_offset = offset};
  return install_fill(install, &nothing);
}
