/* The application's side of an update: see update.h. */
#include "app/update.h"

#include "app/console.h"
#include "board/slots.h"
#include "loader/download.h"
#include "loader/ymodem.h"
#include "port/port.h"
#include "portcullis/engine.h"

static struct ymodem ymodem;
static struct download download;
static uint32_t wanted;  /* image */
static bool slot_erased; /* begun, at least */

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

static pc_status check_header(void *ctx, const uint8_t *header)
{
  (void)ctx;
  pc_status status = engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
  /* Authentic; but the slot of another image is no place for it. */
  if (status == PC_OK && header[IMAGE_AT_MAGIC + 3] != '0' + wanted)
    return PC_ERR_PARAM;
  return status;
}

static void progress(void *ctx, uint32_t erased, uint32_t pages)
{
  (void)ctx;
  (void)erased;
  (void)pages;
  slot_erased = true;
  port_watchdog_refresh();
}

static const char *reason(pc_status status)
{
  switch (status) {
  case PC_ERR_BLANK:
    return "nobody sent anything";
  case PC_ERR_CANCELLED:
    return "cancelled by the sender";
  case PC_ERR_TRANSFER:
    return "File not correctly received";
  case PC_ERR_FORMAT:
    return "no firmware file, or its header is damaged";
  case PC_ERR_SIZE:
    return "FW too big";
  case PC_ERR_SIGNATURE:
    return "Firmware header authentication error";
  case PC_ERR_PRODUCT:
    return "firmware for another product";
  case PC_ERR_VERSION:
    return "Firmware version rejected (anti-rollback)";
  case PC_ERR_PARAM:
    return "firmware for another slot";
  case PC_ERR_UNSUPPORTED:
    return "partial images are not in this build";
  case PC_ERR_FLASH:
  case PC_ERR_ECC:
    return "Flash error";
  default:
    return "Unknown error.";
  }
}

pc_status update_receive(uint32_t image)
{
  static const struct ymodem_line line = {line_get, line_put, NULL};
  struct ymodem_sink sink;
  if (image < 1u || image > MAP_IMAGES)
    return PC_ERR_PARAM;
  console_line("================ New Fw Image =========================\r\n");
  console_line("  -- Send Firmware");
  console_line("  -- -- File> Transfer> YMODEM> Send .......\r\n");
  wanted = image;
  slot_erased = false;
  download_init(&download, &board_slots[image - 1u].download, check_header, progress, NULL);
  download_sink(&sink, &download);
  ymodem_init(&ymodem, &line, &sink);
  pc_status status = ymodem_receive(&ymodem);
  if (download_complete(&download))
    status = PC_OK; /* also when a second file was refused behind it */
  if (status == PC_OK) {
    console_line("  -- -- Programming Completed Successfully!");
    console_line("  -- -- Bytes: ");
    console_number(download.size);
  } else {
    console_line("  -- -- Download refused: ");
    console_text(reason(status));
    if (slot_erased || status == PC_ERR_FLASH)
      console_line("  -- -- The slot holds no image now.");
  }
  console_text("\r\n");
  return status;
}
