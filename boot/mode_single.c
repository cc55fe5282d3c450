/* One slot for an image: the local loader writes it there as it arrives (install/single.c). Nothing is ever a
 * candidate. */
#include "boot/console.h"
#include "boot/mode.h"
#include "boot/single_sink.h"

bool boot_mode_may_download(void)
{
  return true; /* what is interrupted can only be done again */
}

void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink)
{
  single_sink(sink, &boot->work.loader.single);
}

bool boot_mode_received(const struct boot *boot)
{
  return single_complete(&boot->work.loader.single);
}

enum boot_state boot_mode_check(struct boot *boot)
{
  if (single_resume(&single_board, boot->header) == PC_OK)
    return BOOT_VERIFY_USER_FW_SIGNATURE;
  console_note("An installation was interrupted: the firmware has to be sent again.");
  console_note("Waiting for the local download to start...");
  return BOOT_DOWNLOAD_NEW_USER_FW;
}

/* There is nothing to resume or to install: these states are never entered. */
enum boot_state boot_mode_resume(struct boot *boot)
{
  return boot_fail(boot, BOOT_ERROR_UNKNOWN);
}

enum boot_state boot_mode_install(struct boot *boot)
{
  return boot_fail(boot, BOOT_ERROR_UNKNOWN);
}
