/* Which pages of the active slot an install changes. All of an image, or, for a partial one, those that its range
 * meets: the others stay where they are, neither saved nor written. Between install/ and the engine, which must agree.
 */
#ifndef INSTALL_WINDOW_H
#define INSTALL_WINDOW_H

#include "install/install.h"

#include <string.h>

struct install_window {
  uint32_t first, end; /* pages first .. end - 1 */
};

/* A header's 32-bit field. */
static inline uint32_t install_field(const uint8_t *header, uint32_t at)
{
  uint32_t value;
  memcpy(&value, header + at, sizeof value);
  return value;
}

/* Pages that `size` bytes reach. */
static inline uint32_t install_pages(uint32_t size, uint32_t page)
{
  return size == 0 ? 0 : (size - 1u) / page + 1u;
}

/* The range `offset`, `part` of an image of `size` bytes (within it, as every parsed header has it), where one of
 * `old_size` bytes is or was. If the sizes differ, everything from the range on changes. */
static inline struct install_window install_window(uint32_t page, uint32_t offset, uint32_t part, uint32_t size,
                                                   uint32_t old_size)
{
  const uint32_t larger = size > old_size ? size : old_size;
  struct install_window window = {offset / page, install_pages(size == old_size ? offset + part : larger, page)};
  return window;
}

#endif
