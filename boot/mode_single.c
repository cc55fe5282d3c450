/* One slot for an image: the local loader writes it there as it arrives (install/single.c). Nothing is ever a
 * candidate. */
#include "board/slots.h"
#include "boot/console.h"
#include "boot/mode.h"
#include "boot/services.h"
#include "install/single.h"

#define STEP 16384u /* bytes between two refreshes of the watchdog */

/* Not by boot_verify(): the sender is still on the line, and would take percents on the console for its answer. */
static pc_status verify(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  uint32_t remaining = 1;
  (void)image; /* the header says so, too, and was held against it */
  pc_status status = engine_call(ENGINE_VERIFY_RECEIVED, (uintptr_t)header, 0, 0);
  while (status == PC_OK && remaining != 0) {
    port_watchdog_refresh();
    status = engine_call(ENGINE_VERIFY_STEP, STEP, (uintptr_t)&remaining, 0);
  }
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

static const struct single_target target = {&boot_install_services, &board_slots[BOOT_IMAGE - 1].active, BOOT_IMAGE,
                                            verify, port_watchdog_refresh};

bool boot_mode_may_download(void)
{
  return true; /* what is interrupted can only be done again */
}

static pc_status sink_begin(void *ctx, const char *name, uint32_t size)
{
  (void)name;
  return single_begin(ctx, size);
}

static pc_status sink_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  return single_data(ctx, offset, bytes, length);
}

static pc_status sink_end(void *ctx)
{
  return single_end(ctx);
}

static void sink_abort(void *ctx, pc_status reason)
{
  (void)ctx;
  (void)reason;
}

void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink)
{
  struct single *single = &boot->work.loader.single;
  single_init(single, &target);
  *sink = (struct ymodem_sink){sink_begin, sink_data, sink_end, sink_abort, single};
}

bool boot_mode_received(const struct boot *boot)
{
  return single_complete(&boot->work.loader.single);
}

enum boot_state boot_mode_check(struct boot *boot)
{
  if (single_resume(&target, boot->header) == PC_OK)
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
