/* The boot loader's state machine: see boot.h. */
#include "boot/boot.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/services.h"
#include "boot/states.h"
#include "install/install.h"
#include "port/port.h"
#include "port/start.h"

#define IMAGE BOOT_IMAGE
#define SLOT  (&board_slots[IMAGE - 1])

static void banner(void)
{
  static const char rule[] = "\r\n======================================================================";
  console_text(rule);
  console_text("\r\n=                     Portcullis  " BOARD_NAME
               "\r\n=            Secure Boot and Secure Firmware Update");
  console_text(rule);
  console_text("\r\n");
}

static enum boot_state fail(struct boot *boot, enum boot_error error)
{
  boot->error = error;
  return BOOT_HANDLE_CRITICAL_FAILURE;
}

static enum boot_state check_status_on_reset(struct boot *boot)
{
  /* In the order of enum port_reset. */
  static const char causes[][16] = {"Power-on", "Hardware",     "Software",  "Watchdog",
                                    "Firewall", "Option bytes", "Low power", "Unknown"};
  console_state("CHECK STATUS ON RESET");
  console_note("INFO: A Reboot has been triggered by a ");
  boot->cause = port_reset_cause();
  console_text(causes[boot->cause]);
  console_text(" reset!");
  boot->last = boot_error_take();
  if (boot->last != BOOT_ERROR_NONE) {
    console_note("INFO: Last execution status before Reboot was: ");
    console_text(boot_error_text(boot->last));
  }
  return BOOT_CHECK_NEW_FW_TO_DOWNLOAD;
}

static uint32_t journal_step(void)
{
  uint32_t record = INSTALL_NONE;
  if (boot_install_services.journal_get(&record) != PC_OK)
    return INSTALL_NONE;
  return INSTALL_RECORD_STEP(record);
}

static enum boot_state check_new_fw_to_download(struct boot *boot)
{
  (void)boot;
  console_state("CHECK NEW FIRMWARE TO DOWNLOAD");
  if (!port_button())
    return BOOT_CHECK_USER_FW_STATUS;
  if (journal_step() != INSTALL_NONE) {
    /* The slots hold parts of both images: a download now would destroy them. */
    console_note("An installation has to be ended first.");
    return BOOT_CHECK_USER_FW_STATUS;
  }
  console_note("Download requested with the user button.");
  return BOOT_DOWNLOAD_NEW_USER_FW;
}

/* Does anything lie at the start of the active slot? A wiped image leaves its header, for anti-rollback. */
static bool image_present(void)
{
  return flash_is_blank(&SLOT->active, 0, MAP_FLASH_UNIT) != PC_OK;
}

static void drop_candidate(void)
{
  (void)flash_erase(&SLOT->download, 0, SLOT->download.page);
}

static enum boot_error install_error(pc_status status)
{
  switch (status) {
  case PC_ERR_VERSION:
    return BOOT_ERROR_VERSION;
  case PC_ERR_TAG:
    return BOOT_ERROR_DECRYPT;
  case PC_ERR_SIZE:
    return BOOT_ERROR_TOO_BIG;
  case PC_ERR_FLASH:
  case PC_ERR_ECC:
    return BOOT_ERROR_FLASH;
  default:
    return BOOT_ERROR_HEADER_AUTH;
  }
}

static enum boot_state check_user_fw_status(struct boot *boot)
{
  console_state("CHECK USER FW STATUS");
  if (journal_step() != INSTALL_NONE && boot->given_up == 0) {
    console_note("An installation was interrupted: it goes on.");
    return BOOT_RESUME_INSTALL;
  }
  const bool candidate = flash_is_blank(&SLOT->download, 0, IMAGE_HEADER_SIZE) != PC_OK;
  if (!candidate && image_present() && boot_states_check(boot) == BOOT_ROLLBACK_PREV_USER_FW)
    return BOOT_ROLLBACK_PREV_USER_FW;
  if (candidate) {
    pc_status status = engine_call(ENGINE_VERIFY_START, IMAGE, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&boot->old_size);
    if (status == PC_OK) {
      console_note("New FW to be installed from slot SLOT_DWL_1");
      return BOOT_INSTALL_NEW_USER_FW;
    }
    /* Judged once: whatever it is, it goes, or every boot would judge it again. */
    drop_candidate();
    if (flash_is_blank(&SLOT->download, 0, IMAGE_HEADER_SIZE) == PC_OK)
      return fail(boot, install_error(status));
    console_note("A refused header cannot be erased from slot SLOT_DWL_1: it is passed over.");
  }
  if (image_present()) {
    console_note("A FW is detected in the slot SLOT_ACTIVE_1");
    return BOOT_VERIFY_USER_FW_SIGNATURE;
  }
  console_note("No valid FW found in the active slots nor new FW to be installed");
  console_note("Waiting for the local download to start...");
  return BOOT_DOWNLOAD_NEW_USER_FW;
}

static enum boot_state download_new_user_fw(struct boot *boot)
{
  console_state("DOWNLOAD NEW USER FIRMWARE");
  console_note("File> Transfer> YMODEM> Send .. ");
  pc_status status = boot_download(boot);
  if (status == PC_ERR_BLANK)
    return BOOT_CHECK_USER_FW_STATUS; /* nobody sent anything: look again */
  if (status != PC_OK) {
    console_note("Download refused: ");
    console_text(status == PC_ERR_PRODUCT ? "firmware for another product"
                                          : boot_error_text(boot_download_error(status)));
    return fail(boot, boot_download_error(status));
  }
  console_note("Download complete.");
  return BOOT_REBOOT;
}

static struct install install_job(struct boot *boot)
{
  return (struct install){&boot_install_services, SLOT, IMAGE, boot->work.buffer, BOOT_BUFFER};
}

static enum boot_state resume_install(struct boot *boot)
{
  uint32_t record = 0;
  const struct install job = install_job(boot);
  console_state("RESUME INSTALL NEW USER FIRMWARE");
  pc_status status = boot_install_services.journal_get(&record);
  if (status == PC_OK) {
    /* The header that the rest of the install needs; near the end it may be gone, and is then not needed. */
    pc_status authentic =
        flash_read(&SLOT->download, install_header_offset(&job, record), boot->header, IMAGE_HEADER_SIZE);
    if (authentic == PC_OK)
      authentic = engine_call(ENGINE_HEADER_CHECK, (uintptr_t)boot->header, 0, 0);
    status = install_resume(&job, authentic == PC_OK ? boot->header : NULL);
  }
  if (status == PC_OK)
    return BOOT_REBOOT;
  if (status == PC_ERR_BLANK && journal_step() == INSTALL_NONE)
    return BOOT_CHECK_USER_FW_STATUS; /* nothing had been moved yet */
  if (status == PC_ERR_BLANK || status == PC_ERR_STATE || boot->last == BOOT_ERROR_SWAP) {
    /* It can never be ended (its header is lost, or the flash failed twice): rather no firmware than a boot loop. */
    boot->given_up = 1;
    (void)boot_install_services.journal_put(INSTALL_NONE);
    drop_candidate();
  }
  return fail(boot, BOOT_ERROR_SWAP);
}

static enum boot_state install_new_user_fw(struct boot *boot)
{
  const struct install job = install_job(boot);
  console_state("INSTALL NEW USER FIRMWARE");
  pc_status status = boot_verify(); /* begun when the header was looked at */
  if (status != PC_OK) {
    drop_candidate();
    return fail(boot, install_error(status));
  }
  console_note("Image verified; installing.");
  if (!image_present())
    boot->old_size = 0; /* wiped: only its header is left */
  status = flash_read(&SLOT->download, 0, boot->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = install_run(&job, boot->header, boot->old_size);
  if (status == PC_OK) {
    console_note("FW installation succeeded");
    return BOOT_REBOOT;
  }
  return fail(boot, BOOT_ERROR_SWAP);
}

/* An image that is not authentic must not stay where it could be started: its code goes, from the end, so that the
 * first page, which says that there is an image, goes last. */
static void wipe_active(void)
{
  for (uint32_t at = SLOT->active.size; at != 0;) {
    at -= SLOT->active.page;
    (void)flash_erase(&SLOT->active, at, SLOT->active.page); /* blank pages too: after a cut one may only look blank */
    port_watchdog_refresh();
  }
}

static enum boot_state verify_user_fw_signature(struct boot *boot)
{
  console_state("VERIFY USER FW SIGNATURE");
  volatile pc_status status = PC_ERR_SIGNATURE;
  status = engine_call(ENGINE_VERIFY_START, IMAGE, ENGINE_SOURCE_ACTIVE, (uintptr_t)&boot->old_size);
  if (status == PC_OK)
    status = boot_verify();
  if (status == PC_OK)
    return BOOT_EXECUTE_USER_FW;
  wipe_active();
  if (image_present())
    console_note("The refused image cannot be erased; it will not be started.");
  return fail(boot, status == PC_ERR_NOT_BLANK                       ? BOOT_ERROR_EXTRA_CODE
                    : status == PC_ERR_FLASH || status == PC_ERR_ECC ? BOOT_ERROR_FLASH
                                                                     : BOOT_ERROR_SIGNATURE);
}

static enum boot_state execute_user_fw(struct boot *boot)
{
  uint32_t vectors = 0;
  console_state("EXECUTE USER FIRMWARE");
  console_text("\r\n");
  volatile pc_status status = PC_ERR_STATE;
  if (boot_states_launch(boot) != PC_OK)
    return fail(boot, BOOT_ERROR_HEADER_WRITE);
  status = engine_call(ENGINE_LAUNCH, IMAGE, (uintptr_t)&vectors, 0);
  if (status != PC_OK)
    return fail(boot, BOOT_ERROR_LOCK);
  port_launch(vectors); /* worthless unless the engine authenticated the image at this reset */
}

static enum boot_state handle_critical_failure(struct boot *boot)
{
  console_state("HANDLE CRITICAL FAILURE");
  console_note(boot_error_text(boot->error));
  boot_error_store(boot->error);
  return BOOT_REBOOT;
}

static enum boot_state reboot(struct boot *boot)
{
  (void)boot;
  console_state("REBOOT STATE MACHINE");
  console_text("\r\n========= End of Execution ==========\r\n\r\n\r\n");
  port_reset();
}

_Noreturn void boot_run(struct boot *boot)
{
  /* In the order of enum boot_state. */
  static enum boot_state (*const steps[])(struct boot *) = {check_status_on_reset,
                                                            check_new_fw_to_download,
                                                            check_user_fw_status,
                                                            download_new_user_fw,
                                                            boot_states_rollback,
                                                            resume_install,
                                                            install_new_user_fw,
                                                            verify_user_fw_signature,
                                                            execute_user_fw,
                                                            handle_critical_failure,
                                                            reboot};
  enum boot_state state = BOOT_CHECK_STATUS_ON_RESET;
  console_line("System Security Check successfully passed. Starting...");
  banner();
  if (engine_call(ENGINE_INIT, 0, 0, 0) == PC_OK) {
    console_line("SECURE ENGINE INITIALIZATION SUCCESSFUL");
  } else {
    console_line("SECURE ENGINE INITIALIZATION CRITICAL FAILURE!");
    state = fail(boot, BOOT_ERROR_UNKNOWN);
  }
  for (;;)
    state = (uint32_t)state < sizeof steps / sizeof steps[0] ? steps[state](boot) : fail(boot, BOOT_ERROR_UNKNOWN);
}

void start_on_fault(enum start_fault fault)
{
  boot_error_store(fault == START_MEMORY_FAULT ? BOOT_ERROR_MEMORY_FAULT : BOOT_ERROR_HARD_FAULT);
}

static struct boot boot_memory;

int main(void)
{
  port_init();
  boot_run(&boot_memory);
}
