/* Image states for the dual slot with swap: a new image that was started and has not validated itself by the next reset
 * makes way for the one that the install kept. */
#include "boot/states.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/services.h"
#include "portcullis/engine.h"

#define TRIES 8u

static uint32_t state_now(void)
{
  uint32_t state = IMAGE_STATE_TORN;
  return engine_call(ENGINE_GET_STATE, BOOT_IMAGE, (uintptr_t)&state, 0) == PC_OK ? state : IMAGE_STATE_TORN;
}

enum boot_state boot_states_check(struct boot *boot)
{
  uint32_t state = state_now();
  if (state != IMAGE_STATE_SELFTEST && state != IMAGE_STATE_INVALID)
    return BOOT_CHECK_USER_FW_STATUS;
  pc_status status = engine_call(ENGINE_VERIFY_START, BOOT_IMAGE, ENGINE_SOURCE_BACKUP, (uintptr_t)&boot->old_size);
  if (status == PC_OK) {
    console_note("The new firmware has not validated itself: back to the one before it");
    return BOOT_ROLLBACK_PREV_USER_FW;
  }
  /* Nothing to go back to (first firmware, or its place was used for another download): what there is goes on. */
  console_note("The firmware has not validated itself, and there is none to go back to");
  return BOOT_CHECK_USER_FW_STATUS;
}

pc_status boot_states_launch(struct boot *boot)
{
  uint32_t state = IMAGE_STATE_TORN;
  pc_status status = PC_ERR_STATE;
  /* A torn field may read otherwise when the engine looks again, and then it is not what was to be written. */
  for (uint32_t i = 0; i < TRIES && status == PC_ERR_STATE; i++) {
    state = state_now();
    if (state == IMAGE_STATE_NEW)
      status = engine_call(ENGINE_SET_STATE, BOOT_IMAGE, IMAGE_STATE_SELFTEST, 0);
    /* Power may have gone while the application wrote VALID, or this function SELFTEST: a torn field that reads well
     * now could read otherwise later, so it is written again. */
    else if ((state == IMAGE_STATE_VALID || state == IMAGE_STATE_SELFTEST) && boot->cause == PORT_RESET_POWER)
      status = engine_call(ENGINE_SET_STATE, BOOT_IMAGE, state, 0);
    else
      status = PC_OK;
  }
  return status == PC_OK && state != IMAGE_STATE_NEW ? engine_call(ENGINE_RAISE_MINIMUM, BOOT_IMAGE, 0, 0) : status;
}

enum boot_state boot_states_rollback(struct boot *boot)
{
  const struct install_slot *slot = &board_slots[BOOT_IMAGE - 1];
  const struct install job = {&boot_install_services, slot, BOOT_IMAGE, boot->work.buffer, BOOT_BUFFER};
  console_state("ROLLBACK PREV USER FIRMWARE");
  pc_status status = boot_verify(); /* begun by boot_states_check() */
  if (status == PC_OK)
    status = flash_read(&slot->download, slot->download.page, boot->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = engine_call(ENGINE_SET_STATE, BOOT_IMAGE, IMAGE_STATE_INVALID, 0);
  if (status == PC_OK)
    status = install_rollback(&job, boot->header);
  if (status == PC_OK) {
    console_note("Rollback succeeded");
    return BOOT_REBOOT;
  }
  if (status == PC_ERR_TAG) /* it will never be good: do not try it at every boot */
    (void)flash_erase(&slot->download, slot->download.page, slot->download.page);
  boot->error = status == PC_ERR_TAG ? BOOT_ERROR_FINGERPRINT : BOOT_ERROR_ROLLBACK;
  return BOOT_HANDLE_CRITICAL_FAILURE;
}
