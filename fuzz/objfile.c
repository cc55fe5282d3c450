/* Any bytes as an ELF, Intel HEX or S-record file (OBJFILE_FUZZ_FORMAT): a valid result or a message, never a crash.
 * What is accepted must keep the promises of objfile.h. */
#include "tool/objfile/objfile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct objfile f;
  char err[200] = "";
  if (!objfile_parse("fuzz", bytes, size, OBJFILE_FUZZ_FORMAT, 0x08000000, &f, err, sizeof err)) {
    if (err[0] == '\0' || f.segments != NULL)
      abort();
    return 0;
  }
  uint64_t end = 0;
  volatile uint8_t sum = 0;
  for (size_t i = 0; i < f.segment_count; i++) {
    if (f.segments[i].size == 0 || (i > 0 && f.segments[i].addr <= end))
      abort();
    end = (uint64_t)f.segments[i].addr + f.segments[i].size;
    if (end > UINT64_C(1) << 32)
      abort();
    for (uint32_t k = 0; k < f.segments[i].size; k++)
      sum = (uint8_t)(sum + f.segments[i].data[k]);
  }
  for (size_t i = 0; i < f.symbol_count; i++) {
    uint32_t offset;
    if (strlen(f.symbols[i].name) == 0 || objfile_symbol_at(&f, f.symbols[i].addr, &offset) == NULL || offset != 0)
      abort();
  }
  objfile_free(&f);
  return 0;
}
