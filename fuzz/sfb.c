/* Any bytes as an .sfb file on the PC: refused with a reason, or taken apart within its bounds. */
#include "tool/sfb.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct sfb sfb;
  struct problem problem = {0};
  static const uint8_t point[64] = {1}, key[16];
  if (!sfb_parse("fuzz", bytes, size, &sfb, &problem)) {
    if (problem.code == 0 || problem.text[0] == '\0' || sfb.payload != NULL)
      abort();
    return 0;
  }
  if (sfb.payload_size > size || sfb_authentic("fuzz", &sfb, point, &problem))
    abort();
  if (sfb_complete("fuzz", &sfb, &problem)) {
    uint8_t *clear = malloc(sfb.payload_size);
    if (clear == NULL || sfb_decrypt("fuzz", &sfb, key, clear, &problem)) /* no fuzzer finds a SHA-256 preimage */
      abort();
    free(clear);
  }
  sfb_free(&sfb);
  return 0;
}
