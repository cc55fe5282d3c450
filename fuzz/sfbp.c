/* Any bytes as a .sfbp file on the PC: refused with a reason, or taken apart within its bounds. */
#include "tool/sfbp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct sfbp patch;
  struct problem problem = {0};
  static const uint8_t point[64] = {1}, key[16], from[4096];
  uint8_t *clear = NULL;
  if (!sfbp_parse("fuzz", bytes, size, &patch, &problem)) {
    if (problem.code == 0 || problem.text[0] == '\0' || patch.payload != NULL)
      abort();
    return 0;
  }
  if (patch.payload_size > size || sfbp_authentic("fuzz", &patch, point, &problem))
    abort();
  if (sfbp_apply("fuzz", &patch, key, from, sizeof from, &clear, &problem) || clear != NULL) /* no SHA-256 preimage */
    abort();
  sfbp_free(&patch);
  return 0;
}
