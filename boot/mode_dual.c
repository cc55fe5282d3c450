/* Two slots for an image: a candidate is received into the download slot, authenticated there, and installed by
 * install/swap.c or install/overwrite.c, at the next reset. */
#include "boot/mode.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/refusal.h"
#include "boot/services.h"
#include "boot/states.h"

#define IMAGE BOOT_IMAGE
#define SLOT  (&board_slots[IMAGE - 1])

static uint32_t journal_step(void)
{
  uint32_t record = INSTALL_NONE;
  if (boot_install_services.journal_get(&record) != PC_OK)
    return INSTALL_NONE;
  return INSTALL_RECORD_STEP(record);
}

bool boot_mode_may_download(void)
{
  /* The slots hold parts of both images: a download now would destroy them. */
  return journal_step() == INSTALL_NONE;
}

static void drop_candidate(void)
{
  (void)update_drop(&SLOT->download);
}

enum boot_state boot_mode_check(struct boot *boot)
{
  if (journal_step() != INSTALL_NONE && boot->given_up == 0) {
    console_note("An installation was interrupted: it goes on.");
    return BOOT_RESUME_INSTALL;
  }
  const pc_status asked = update_asked(&SLOT->download);
  const bool candidate = asked == PC_OK;
  if (asked == PC_ERR_FLASH) /* it lies outside, and does not answer: what is installed goes on */
    console_note(boot_error_text(BOOT_ERROR_EXTERNAL_FLASH));
  if (!candidate && boot_image_present() && boot_states_check(boot) == BOOT_ROLLBACK_PREV_USER_FW)
    return BOOT_ROLLBACK_PREV_USER_FW;
  if (candidate) {
    pc_status status = engine_call(ENGINE_VERIFY_START, IMAGE, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&boot->old_size);
    if (status == PC_OK) {
      console_note("New FW to be installed from slot SLOT_DWL_1");
      return BOOT_INSTALL_NEW_USER_FW;
    }
    /* Judged once: whatever it is, it goes, or every boot would judge it again. */
    drop_candidate();
    if (update_asked(&SLOT->download) != PC_OK)
      return boot_fail(boot, boot_refusal(status));
    console_note("A refused header cannot be erased from slot SLOT_DWL_1: it is passed over.");
  }
  return BOOT_VERIFY_USER_FW_SIGNATURE;
}

static struct install install_job(struct boot *boot)
{
  return (struct install){&boot_install_services, SLOT, IMAGE, boot->work.buffer, BOOT_BUFFER};
}

enum boot_state boot_mode_resume(struct boot *boot)
{
  uint32_t record = 0;
  const struct install job = install_job(boot);
  console_state("RESUME INSTALL NEW USER FIRMWARE");
  pc_status status = boot_install_services.journal_get(&record);
  if (status == PC_OK) {
    /* The header that the rest of the install needs; near the end it may be gone, and is then not needed. */
    pc_status authentic = install_header(&job, record, boot->header);
    if (authentic == PC_OK)
      authentic = engine_call(ENGINE_HEADER_CHECK, (uintptr_t)boot->header, 0, 0);
    status = install_resume(&job, authentic == PC_OK ? boot->header : NULL);
  }
  if (status == PC_OK) {
    boot_install_done();
    return BOOT_REBOOT;
  }
  if (status == PC_ERR_BLANK && journal_step() == INSTALL_NONE)
    return BOOT_CHECK_USER_FW_STATUS; /* nothing had been moved yet */
  const enum boot_error error = boot_install_error();
  if (status == PC_ERR_BLANK || status == PC_ERR_STATE || boot_install_failed(boot->last)) {
    /* It can never be ended (its header is lost, or the flash failed twice): rather no firmware than a boot loop. */
    boot->given_up = 1;
    drop_candidate();
    if (boot_install_services.journal_put(INSTALL_NONE) != PC_OK) {
      boot_error_store(error);
      return BOOT_CHECK_USER_FW_STATUS; /* the journal is as it is; go on without it */
    }
  }
  return boot_fail(boot, error);
}

enum boot_state boot_mode_install(struct boot *boot)
{
  const struct install job = install_job(boot);
  console_state("INSTALL NEW USER FIRMWARE");
  pc_status status = boot_verify(); /* begun when the header was looked at */
  if (status != PC_OK) {
    drop_candidate();
    return boot_fail(boot, boot_refusal(status));
  }
  console_note("Image verified; installing.");
  if (!boot_image_present())
    boot->old_size = 0; /* wiped: only its header is left */
  status = flash_read(&SLOT->download, 0, boot->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = install_run(&job, boot->header, boot->old_size);
  if (status == PC_OK) {
    console_note("FW installation succeeded");
    boot_install_done();
    return BOOT_REBOOT;
  }
  const enum boot_error error = boot_install_error();
  /* It cannot even begin, twice in a row: what is there is better than a boot loop. */
  const uint32_t step = journal_step();
  if ((step == INSTALL_NONE || step == INSTALL_BEGIN) && boot_install_failed(boot->last)) {
    if (step == INSTALL_BEGIN) /* a partial image: the first page that it changes cannot be kept */
      (void)boot_install_services.journal_put(INSTALL_NONE);
    drop_candidate();
  }
  return boot_fail(boot, error);
}

void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink)
{
  struct update *update = &boot->work.loader.update;
  (void)update_init_image(update, IMAGE);
  update_sink(sink, update);
}

bool boot_mode_received(const struct boot *boot)
{
  return update_delivered(&boot->work.loader.update);
}
