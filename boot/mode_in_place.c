/* One slot for an image, and an area for patches: the local loader writes a whole image straight into the slot
 * (install/single.c), a patch into the area; at the next reset the engine tries the patch and then writes the new image
 * over the old one (engine/in_place.c). Once that has begun, it ends with the new image. */
#include "board/slots.h"
#include "boot/console.h"
#include "boot/mode.h"
#include "boot/progress.h"
#include "boot/services.h"
#include "boot/single_sink.h"
#include "image/patch.h"
#include "loader/update_patch.h"
#include "port/port.h"

#include <stddef.h>
#include <string.h>

#define IMAGE     BOOT_IMAGE
#define AREA      (&board_slots[IMAGE - 1].download)
#define STEPS_MAX 0x20000u /* far more than any patch has: a page is tried, moved, decoded, placed, erased */

static uint32_t journal_step(void)
{
  uint32_t record = INSTALL_NONE;
  if (boot_install_services.journal_get(&record) != PC_OK)
    return INSTALL_NONE;
  return INSTALL_RECORD_STEP(record);
}

static pc_status put(uint32_t step)
{
  return boot_install_services.journal_put(step == INSTALL_NONE ? INSTALL_NONE : INSTALL_RECORD(step, 0, IMAGE, 0));
}

static bool under_way(void)
{
  const uint32_t step = journal_step();
  return (step >= INSTALL_MOVED && step <= INSTALL_PLACED) || step == INSTALL_HEADER || step == INSTALL_END;
}

bool boot_mode_may_download(void)
{
  return !under_way();
}

/* ---------- reception ---------- */

static struct {
  struct boot *boot;
  uint32_t size; /* of the file */
  enum { NOTHING, WHOLE, PATCH } kind;
} incoming;

static pc_status refuse(void *ctx, const uint8_t *header)
{
  (void)ctx;
  (void)header;
  return PC_ERR_UNSUPPORTED; /* no whole image ever comes to lie in the patch area */
}

/* The first bytes tell what it is. */
static pc_status open(const uint8_t *bytes, uint32_t length)
{
  struct boot *boot = incoming.boot;
  if (length < 3)
    return PC_ERR_FORMAT;
  if (!patch_magic(bytes)) {
    incoming.kind = WHOLE;
    single_init(&boot->work.loader.single, &single_board);
    return single_begin(&boot->work.loader.single, incoming.size);
  }
  const struct update_target target = {
      AREA, IMAGE, AREA->size, refuse, boot_download_progress, NULL, &update_patch_stored};
  incoming.kind = PATCH;
  update_init(&boot->work.loader.update, &target);
  return update_begin(&boot->work.loader.update, incoming.size);
}

static pc_status sink_begin(void *ctx, const char *name, uint32_t size)
{
  (void)ctx;
  (void)name;
  if (incoming.kind != NOTHING)
    return PC_ERR_STATE;
  incoming.size = size;
  return PC_OK;
}

static pc_status sink_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  struct boot *boot = incoming.boot;
  struct update *update = &boot->work.loader.update;
  (void)ctx;
  if (incoming.kind == NOTHING) {
    pc_status status = offset == 0 ? open(bytes, length) : PC_ERR_TRANSFER;
    if (status != PC_OK)
      return status;
  }
  if (incoming.kind == WHOLE)
    return single_data(&boot->work.loader.single, offset, bytes, length);
  return offset == update->received ? update_write(update, bytes, length) : PC_ERR_TRANSFER;
}

static pc_status sink_end(void *ctx)
{
  struct boot *boot = incoming.boot;
  (void)ctx;
  if (incoming.kind == WHOLE)
    return single_end(&boot->work.loader.single);
  if (incoming.kind != PATCH)
    return PC_ERR_TRANSFER;
  pc_status status = update_finish(&boot->work.loader.update);
  return status == PC_OK ? update_install(&boot->work.loader.update) : status;
}

static void sink_abort(void *ctx, pc_status reason)
{
  (void)ctx;
  (void)reason;
}

void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink)
{
  incoming.boot = boot;
  incoming.kind = NOTHING;
  *sink = (struct ymodem_sink){sink_begin, sink_data, sink_end, sink_abort, NULL};
}

bool boot_mode_received(const struct boot *boot)
{
  if (incoming.kind == PATCH)
    return update_delivered(&boot->work.loader.update);
  return incoming.kind == WHOLE && single_complete(&boot->work.loader.single);
}

/* ---------- installation ---------- */

enum boot_state boot_mode_check(struct boot *boot)
{
  if (under_way()) {
    console_note("An installation was interrupted: it goes on.");
    return BOOT_RESUME_INSTALL;
  }
  if (single_resume(&single_board, boot->header) != PC_OK) {
    console_note("An installation was interrupted: the firmware has to be sent again.");
    console_note("Waiting for the local download to start...");
    return BOOT_DOWNLOAD_NEW_USER_FW;
  }
  return update_asked(AREA) == PC_OK ? BOOT_INSTALL_NEW_USER_FW : BOOT_VERIFY_USER_FW_SIGNATURE;
}

/* Until the new image stands in the slot. */
static pc_status rewrite(void)
{
  uint32_t left = UINT32_MAX, total = 1;
  pc_status status = engine_call(ENGINE_IN_PLACE_START, IMAGE, 0, 0);
  for (uint32_t steps = 0; status == PC_OK && left != 0; steps++) {
    const uint32_t before = left;
    if (steps == STEPS_MAX)
      return PC_ERR_FLOW; /* a fault has it go round for ever: the watchdog would be refreshed for ever, too */
    port_watchdog_refresh();
    status = engine_call(ENGINE_IN_PLACE_STEP, (uintptr_t)&left, 0, 0);
    if (left > before || steps == 0)
      total = left; /* tried; now in earnest */
    boot_progress(left <= total ? 100u - left * 100u / (total + 1u) : 0);
  }
  return status;
}

/* The patch goes: it has been applied, or never will be. */
static pc_status close(void)
{
  pc_status status = update_drop(AREA);
  if (status == PC_OK)
    status = put(INSTALL_END); /* a torn NONE must not turn into HEADER again: see resume */
  return status == PC_OK ? put(INSTALL_NONE) : status;
}

/* Authenticate what stands in the slot, beside the header that the patch brought; it becomes the active one. */
static pc_status take_over(struct boot *boot)
{
  uint8_t *header = boot->header;
  pc_status status = flash_read(AREA, 0, header, IMAGE_AT_STATE);
  memset(header + IMAGE_AT_STATE, 0xFF, IMAGE_HEADER_SIZE - IMAGE_AT_STATE);
  if (status != PC_OK)
    return status;
  volatile pc_status verdict = PC_ERR_TAG;
  verdict = single_board.verify(IMAGE, header);
  if (verdict != PC_OK)
    return verdict;
  image_header_set_state(header, IMAGE_STATE_NEW);
  memset(header + IMAGE_AT_FINGERPRINT, 0, IMAGE_TAG_SIZE);
  status = boot_install_services.header_write(IMAGE, header);
  return status == PC_OK ? put(INSTALL_HEADER) : status;
}

static enum boot_error error_of(pc_status status)
{
  if (status == PC_ERR_FLASH || status == PC_ERR_ECC)
    return BOOT_ERROR_SWAP;
  return status == PC_ERR_TAG ? BOOT_ERROR_DECRYPT : boot_download_error(status);
}

/* It can never be ended: its headers are lost, or the flash failed twice. Nothing in the slot counts any more. */
static void give_up(void)
{
  if (put(INSTALL_COPIED) == PC_OK)
    (void)update_drop(AREA);
}

enum boot_state boot_mode_resume(struct boot *boot)
{
  pc_status status;
  console_state("RESUME INSTALL NEW USER FIRMWARE");
  const uint32_t step = journal_step();
  const bool written = step == INSTALL_HEADER || step == INSTALL_END;
  if (!written) {
    status = rewrite();
    if (status == PC_OK)
      status = take_over(boot);
  } else {
    /* What is dropped is gone: a torn HEADER must not read as READY after that. */
    status = boot_install_services.journal_confirm();
  }
  /* Not twice: behind an END that comes back because NONE was torn, another patch may have been received. */
  if (status == PC_OK)
    status = step == INSTALL_END ? put(INSTALL_NONE) : close();
  if (status == PC_OK)
    return BOOT_REBOOT;
  const enum boot_error error = error_of(status);
  if (!written && (error != BOOT_ERROR_SWAP || boot_install_failed(boot->last)))
    give_up();
  return boot_fail(boot, error);
}

enum boot_state boot_mode_install(struct boot *boot)
{
  console_state("INSTALL NEW USER FIRMWARE");
  console_note("A patch is tried, then applied in place.");
  pc_status status = rewrite();
  if (status == PC_OK)
    status = take_over(boot);
  if (status == PC_OK)
    status = close();
  if (status == PC_OK) {
    console_note("FW installation succeeded");
    return BOOT_REBOOT;
  }
  const uint32_t step = journal_step();
  if (step == INSTALL_NONE || (step == INSTALL_BEGIN && boot_install_failed(boot->last)))
    (void)update_drop(AREA); /* judged once: whatever it is, it goes */
  return boot_fail(boot, error_of(status));
}
