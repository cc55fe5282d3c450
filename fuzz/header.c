/* Any 320 bytes: the header parser stays in bounds, and what it accepts holds what it promises and builds back to
 * itself. */
#include "image/header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  uint8_t header[IMAGE_HEADER_SIZE], again[IMAGE_HEADER_SIZE];
  struct image_info info;
  uint32_t capacity;
  if (size != sizeof header + sizeof capacity)
    return 0;
  memcpy(header, data, sizeof header);
  memcpy(&capacity, data + sizeof header, sizeof capacity);
  (void)image_header_state(header);
  if (image_header_parse(header, capacity, &info) != PC_OK)
    return 0;
  if (info.size > capacity || info.size == 0 || info.partial_offset + info.partial_size > info.size ||
      info.partial_size == 0 || info.image < 1 || info.image > 3)
    abort();
  if (image_header_build(again, &info, header + IMAGE_AT_TAG, header + IMAGE_AT_PARTIAL_TAG, header + IMAGE_AT_IV) !=
      PC_OK)
    abort();
  if (info.protocol == IMAGE_PROTOCOL && memcmp(header, again, IMAGE_SIGNED_SIZE) != 0)
    abort();
  return 0;
}
