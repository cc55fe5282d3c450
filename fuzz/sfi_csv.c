/* Any bytes as an option-byte file: the device's values, or a message with a line number. */
#include "sfi/host/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  for (size_t d = 0; sfi_devices[d] != NULL; d++) {
    uint32_t values[SFI_OPTION_MAX];
    size_t count;
    char why[400] = "";
    struct problem problem = {0};
    if (csv_parse("fuzz", bytes, size, sfi_devices[d], values, &count, &problem)) {
      if (count != sfi_device_options(sfi_devices[d]))
        abort();
      if (sfi_devices[d]->judge_options(values, why, sizeof why) != SFI_FINE && why[0] == '\0')
        abort();
    } else if (strncmp(problem.text, "fuzz:", 5) != 0) {
      abort();
    }
  }
  return 0;
}
