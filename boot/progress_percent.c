/* "40 %", rewritten at every tenth: see progress.h. */
#include "boot/progress.h"

#include "boot/console.h"

static uint32_t shown; /* tenths; 0: nothing yet */

void boot_progress(uint32_t percent)
{
  const uint32_t tenths = percent / 10u;
  if (tenths < shown)
    shown = 0; /* another operation */
  if (tenths == shown)
    return;
  console_text(shown == 0 ? "\r\n\t  " : "\r\t  ");
  console_number(tenths * 10u);
  console_text(" %");
  shown = tenths;
}
