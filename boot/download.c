/* The local loader: a .sfb over YMODEM to where the slot mode wants it. */
#include "boot/mode.h"
#include "loader/update_patch.h"
#include "port/port.h"
#include "portcullis/engine.h"

#include <stddef.h>

static int32_t line_get(void *ctx, uint32_t timeout_ms)
{
  (void)ctx;
  port_watchdog_refresh();
  return port_console_get(timeout_ms);
}

static void line_put(void *ctx, uint8_t byte)
{
  (void)ctx;
  port_console_put(byte);
}

pc_status boot_download_check(void *ctx, const uint8_t *header)
{
  (void)ctx;
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

void boot_download_progress(void *ctx, uint32_t erased, uint32_t pages)
{
  (void)ctx;
  (void)erased;
  (void)pages;
  port_watchdog_refresh();
}

pc_status boot_download(struct boot *boot)
{
  static const struct ymodem_line line = {line_get, line_put, NULL};
  struct ymodem_sink sink;
  struct ymodem *ymodem = &boot->work.loader.ymodem;
  boot_mode_receive(boot, &sink);
  ymodem_init(ymodem, &line, &sink);
  pc_status status = ymodem_receive(ymodem);
  /* Delivered is delivered, whatever the sender tried afterwards. */
  return boot_mode_received(boot) ? PC_OK : status;
}

enum boot_error boot_download_error(pc_status status)
{
  switch (status) {
  case PC_ERR_SIZE:
    return BOOT_ERROR_TOO_BIG;
  case PC_ERR_SIGNATURE:
  case PC_ERR_FORMAT:
  case PC_ERR_PRODUCT:
  case PC_ERR_UNSUPPORTED:
    return BOOT_ERROR_HEADER_AUTH;
  case PC_ERR_TAG: /* single slot: the image is authenticated as soon as it is there */
    return BOOT_ERROR_SIGNATURE;
  case PC_ERR_VERSION:
  case PC_ERR_LOG_FULL:
    return BOOT_ERROR_VERSION;
  case PC_ERR_FLASH:
  case PC_ERR_ECC:
    return BOOT_ERROR_FLASH;
  default:
    return BOOT_ERROR_TRANSFER;
  }
}

const char *boot_download_text(pc_status status)
{
  if (status == PC_ERR_PRODUCT)
    return "firmware for another product";
  if (status == PC_ERR_TAG && update_board_patch != NULL)
    return "not a patch of this firmware, or damaged";
  return boot_error_text(boot_download_error(status));
}
