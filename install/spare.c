/* Comparing a page with what it shall hold: see spare.h. */
#include "install/spare.h"

#define CHUNK 64u

bool install_is_there(const struct install *install, const struct install_move *move)
{
  const struct install_services *services = install->services;
  const uint32_t page = move->to->page, begin = move->to_offset & ~(page - 1u);
  uint8_t there[CHUNK];
  if (move->to_offset != begin || (move->iv != NULL && services->decrypt_start(install->image, move->iv) != PC_OK))
    return false;
  for (uint32_t done = 0; done < move->size;) {
    uint32_t chunk = move->size - done;
    if (chunk > CHUNK)
      chunk = CHUNK;
    if (chunk > install->buffer_size)
      chunk = install->buffer_size;
    if (flash_read(move->from, move->from_offset + done, install->buffer, chunk) != PC_OK ||
        (move->iv != NULL && services->decrypt(install->buffer, install->buffer, chunk) != PC_OK) ||
        flash_read(move->to, begin + done, there, chunk) != PC_OK || memcmp(there, install->buffer, chunk) != 0)
      return false;
    done += chunk;
  }
  return flash_is_blank(move->to, begin + move->size, page - move->size) == PC_OK;
}
