/* The application's side of an update: see update.h. */
#include "app/update.h"

#include "app/console.h"
#include "app/line.h"
#include "board/slots.h"
#include "loader/update_sink.h"

static struct ymodem ymodem;
static struct update updates[MAP_IMAGES]; /* one for each image: several may wait for one request */

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
  case PC_ERR_LOG_FULL:
    return "the minimum version cannot be raised any more";
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

/* A file that is received now and asked for later: the sink of update_sink.h without its last step. */
static pc_status finish_only(void *ctx)
{
  return update_finish(ctx);
}

static void abort_unfinished(void *ctx, pc_status reason)
{
  struct update_state state;
  (void)reason;
  if (update_status(ctx, &state) == PC_OK && state.step != UPDATE_READY)
    (void)update_abort(ctx);
}

pc_status update_receive(uint32_t image, bool ask)
{
  struct ymodem_sink sink;
  struct update_state state;
  if (image < 1u || image > MAP_IMAGES)
    return PC_ERR_PARAM;
  struct update *update = &updates[image - 1u];
  pc_status status = update_init_image(update, image);
  if (status != PC_OK)
    return status;
  console_line("================ New Fw Image =========================\r\n");
  console_line("  -- Send Firmware");
  console_line("  -- -- File> Transfer> YMODEM> Send .......\r\n");
  update_sink(&sink, update);
  if (!ask) {
    sink.end = finish_only;
    sink.abort = abort_unfinished;
  }
  ymodem_init(&ymodem, &app_line, &sink);
  status = ymodem_receive(&ymodem);
  (void)update_status(update, &state);
  if (state.step == (ask ? UPDATE_REQUESTED : UPDATE_READY))
    status = PC_OK; /* also when a second file was refused behind it */
  if (status == PC_OK) {
    console_line("  -- -- Programming Completed Successfully!");
    console_line("  -- -- Bytes: ");
    console_number(state.size);
  } else {
    console_line("  -- -- Download refused: ");
    console_text(reason(status));
    if (state.slot_erased != 0)
      console_line("  -- -- The slot holds no image now.");
  }
  console_text("\r\n");
  return status;
}

pc_status update_ask(void)
{
  struct update *set[MAP_IMAGES];
  struct update_state state;
  uint32_t count = 0;
  for (uint32_t i = 0; i < MAP_IMAGES; i++)
    if (update_status(&updates[i], &state) == PC_OK && state.step == UPDATE_READY)
      set[count++] = &updates[i];
  if (count == 0)
    return PC_ERR_BLANK;
#if MAP_IMAGES > 1
  if (count > 1)
    return update_install_set(set, count);
#endif
  return update_install(set[0]);
}
