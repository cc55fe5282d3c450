/* A single slot's reception over YMODEM: see single_sink.h. */
#include "boot/single_sink.h"

#include "board/slots.h"
#include "boot/boot.h"
#include "boot/services.h"

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

const struct single_target single_board = {&boot_install_services, &board_slots[BOOT_IMAGE - 1].active, BOOT_IMAGE,
                                           verify, port_watchdog_refresh};

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

void single_sink(struct ymodem_sink *sink, struct single *single)
{
  single_init(single, &single_board);
  *sink = (struct ymodem_sink){sink_begin, sink_data, sink_end, sink_abort, single};
}
