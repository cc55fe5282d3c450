/* No words: see progress.h. */
#include "boot/progress.h"

void boot_progress(uint32_t percent)
{
  (void)percent;
}
