/* Any bytes as an .sfi or .smi file: refused with a reason, or taken apart to the last byte and within its bounds. */
#include "sfi/host/container.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct container c;
  struct problem problem = {0};
  static const uint8_t key[16], nonce[12];
  if (container_parse("fuzz", bytes, size, &c, &problem)) {
    size_t at = SFI_HEADER_SIZE;
    for (uint32_t i = 0; i < c.count; i++) {
      if (c.parts[i].descriptor != bytes + at || c.parts[i].cipher != bytes + at + SFI_AREA_SIZE)
        abort();
      at += SFI_AREA_SIZE + c.parts[i].area.size;
    }
    if (at != size)
      abort();
    (void)container_authentic("fuzz", bytes, &c, key, nonce, &problem);
  } else if (problem.code == 0 || problem.text[0] == '\0') {
    abort();
  }
  container_free(&c);
  return 0;
}
