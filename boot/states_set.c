/* Image states where there are several images: those that were installed together stay together. They are kept if all
 * of them are validated by the next reset, and else they all make way for the ones that the install kept.
 *
 * Which images are under test is told by their headers alone: the fingerprint says which backup an image came from (FF:
 * none), and zeros there say that the matter is closed: the header is sealed. Sealing several headers is one step,
 * through the journal (INSTALL_SEAL): a cut leaves none of them half in a set. */
#include "boot/mode.h"
#include "boot/states.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/services.h"
#include "portcullis/engine.h"

#define BIT(image) (1u << ((image)-1u))

static uint32_t state_of(uint32_t image)
{
  uint32_t state = IMAGE_STATE_TORN;
  return engine_call(ENGINE_GET_STATE, image, (uintptr_t)&state, 0) == PC_OK ? state : IMAGE_STATE_TORN;
}

static bool sealed(struct boot *boot, uint32_t image)
{
  uint8_t all = 0;
  if (engine_call(ENGINE_HEADER_READ, image, (uintptr_t)boot->header, 0) != PC_OK)
    return true; /* not a header at all: nothing can be done with it but what authentication does */
  for (uint32_t i = 0; i < IMAGE_TAG_SIZE; i++)
    all |= boot->header[IMAGE_AT_FINGERPRINT + i];
  return all == 0;
}

/* Do it, once the journal says that it is to be done. */
pc_status boot_states_seal(uint32_t images, bool validated)
{
  pc_status status = boot_install_services.journal_confirm();
  for (uint32_t n = 1; n <= MAP_IMAGES && status == PC_OK; n++)
    if ((images & BIT(n)) != 0)
      status = engine_call(ENGINE_SET_STATE, n, validated ? IMAGE_STATE_VALID : ENGINE_STATE_KEEP, 0);
  return status == PC_OK ? boot_install_services.journal_put(INSTALL_NONE) : status;
}

static enum boot_state seal(struct boot *boot, uint32_t images, bool validated)
{
  pc_status status =
      boot_install_services.journal_put(INSTALL_RECORD(INSTALL_SEAL, validated ? INSTALL_FLAG_VALID : 0, 0, images));
  if (status == PC_OK)
    status = boot_states_seal(images, validated);
  return status == PC_OK ? BOOT_CHECK_USER_FW_STATUS : boot_fail(boot, BOOT_ERROR_HEADER_WRITE);
}

enum boot_state boot_states_check(struct boot *boot)
{
  uint32_t tested = 0, old_size, valid = 0, fresh = 0, invalid = 0, started = 0;
  bool all = false;
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    if (!boot_slot_used(n))
      continue;
    const uint32_t state = state_of(n);
    all |= state == IMAGE_STATE_VALID_ALL;
    started |= state == IMAGE_STATE_SELFTEST || state == IMAGE_STATE_VALID_ALL ? BIT(n) : 0;
    if (sealed(boot, n))
      continue;
    tested |= BIT(n);
    valid |= state == IMAGE_STATE_VALID ? BIT(n) : 0;
    fresh |= state == IMAGE_STATE_NEW ? BIT(n) : 0;
    invalid |= state == IMAGE_STATE_INVALID ? BIT(n) : 0;
  }
  if (all) /* an image that was kept without having been validated may be the one that says so */
    return seal(boot, tested | started, true);
  if (tested == 0)
    return BOOT_CHECK_USER_FW_STATUS;
  if (valid == tested)
    return seal(boot, tested, true);
  if (boot->candidates != 0) /* a backup may have gone for them: what there is becomes what they replace */
    return seal(boot, tested, false);
  if (fresh != 0 && invalid == 0) {
    boot->set = tested; /* never started yet: their test begins at this boot */
    return BOOT_CHECK_USER_FW_STATUS;
  }
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    if ((tested & BIT(n)) != 0 &&
        engine_call(ENGINE_VERIFY_START, n, ENGINE_SOURCE_BACKUP, (uintptr_t)&old_size) != PC_OK) {
      /* One that cannot go back (a first firmware, a lost backup) keeps all of them. */
      console_note("The firmware has not validated itself, and there is none to go back to");
      return seal(boot, tested, false);
    }
  }
  console_note("The new firmware has not validated itself: back to the one before it");
  boot->set = tested;
  return BOOT_ROLLBACK_PREV_USER_FW;
}

pc_status boot_states_launch(struct boot *boot)
{
  pc_status status = engine_call(ENGINE_RAISE_MINIMUM, BOOT_IMAGE, 0, 0);
  for (uint32_t n = 1; n <= MAP_IMAGES && status == PC_OK; n++) {
    const uint32_t state = boot_slot_used(n) ? state_of(n) : IMAGE_STATE_TORN;
    if (state == IMAGE_STATE_NEW || (state == IMAGE_STATE_SELFTEST && (boot->set & BIT(n)) != 0))
      status = engine_call(ENGINE_SET_STATE, n, IMAGE_STATE_SELFTEST, 0);
  }
  return status;
}

/* All backups are authenticated in full before the first page moves. */
static pc_status verify_backups(struct boot *boot)
{
  pc_status status = PC_OK;
  for (uint32_t n = 1; n <= MAP_IMAGES && status == PC_OK; n++) {
    if ((boot->set & BIT(n)) == 0)
      continue;
    status = engine_call(ENGINE_VERIFY_START, n, ENGINE_SOURCE_BACKUP, (uintptr_t)&boot->old_size);
    if (status == PC_OK)
      status = boot_verify();
    if (status == PC_ERR_TAG) { /* it will never be good: do not try it at every boot */
      const struct flash_area *download = &board_slots[n - 1].download;
      (void)flash_erase(download, download->page, download->page);
    }
  }
  return status;
}

enum boot_state boot_states_rollback(struct boot *boot)
{
  console_state("ROLLBACK PREV USER FIRMWARE");
  pc_status status = verify_backups(boot);
  for (uint32_t n = 1; n <= MAP_IMAGES && status == PC_OK; n++)
    if ((boot->set & BIT(n)) != 0 && state_of(n) == IMAGE_STATE_SELFTEST)
      status = engine_call(ENGINE_SET_STATE, n, IMAGE_STATE_INVALID, 0);
  if (status == PC_OK)
    status = boot_mode_set_run(boot, true);
  if (status == PC_OK) {
    console_note("Rollback succeeded");
    return BOOT_REBOOT;
  }
  return boot_fail(boot, status == PC_ERR_TAG ? BOOT_ERROR_FINGERPRINT : BOOT_ERROR_ROLLBACK);
}
