/* The boot loader's state machine: see boot.h. */
#include "boot/boot.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/drive.h"
#include "boot/loader.h"
#include "boot/mode.h"
#include "boot/protect.h"
#include "boot/services.h"
#include "boot/states.h"
#include "boot/trigger.h"
#include "port/port.h"
#include "port/start.h"
#include "portcullis/handover.h"

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

enum boot_state boot_fail(struct boot *boot, enum boot_error error)
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

static enum boot_state check_new_fw_to_download(struct boot *boot)
{
  console_state("CHECK NEW FIRMWARE TO DOWNLOAD");
  const enum handover asked = handover_take();
  if (asked == HANDOVER_INSTALL) {
    console_note("Installation requested by the application.");
    return BOOT_CHECK_USER_FW_STATUS;
  }
  if (LOADER_STANDALONE && asked == HANDOVER_BYPASS)
    console_note("Standalone loader requested by the application.");
  else if (asked != HANDOVER_NONE)
    console_note("Download requested by the application.");
  else if (!boot_trigger(boot))
    return BOOT_CHECK_USER_FW_STATUS;
  if (!boot_mode_may_download()) {
    console_note("An installation has to be ended first.");
    return BOOT_CHECK_USER_FW_STATUS;
  }
  return BOOT_DOWNLOAD_NEW_USER_FW;
}

bool boot_slot_used(uint32_t image)
{
  const struct flash_area *active = &board_slots[image - 1].active;
  /* A vector table does not begin blank; what other images begin with, nobody knows. */
  return flash_is_blank(active, 0, MAP_IMAGES > 1 ? active->size : MAP_FLASH_UNIT) != PC_OK;
}

bool boot_image_present(void)
{
  return boot_slot_used(IMAGE);
}

static enum boot_state check_user_fw_status(struct boot *boot)
{
  console_state("CHECK USER FW STATUS");
  enum boot_state next = boot_mode_check(boot);
  if (next != BOOT_VERIFY_USER_FW_SIGNATURE)
    return next;
  if (boot_drive(boot) == PC_OK)
    return BOOT_REBOOT;
  if (boot_image_present()) {
    console_note("A FW is detected in the slot SLOT_ACTIVE_1");
    return BOOT_VERIFY_USER_FW_SIGNATURE;
  }
  console_note("No valid FW found in the active slots nor new FW to be installed");
  if (!LOADER_STANDALONE)
    console_note("Waiting for the local download to start...");
  return BOOT_DOWNLOAD_NEW_USER_FW;
}

static enum boot_state download_new_user_fw(struct boot *boot)
{
  if (LOADER_STANDALONE)
    return boot_loader(boot);
  console_state("DOWNLOAD NEW USER FIRMWARE");
  console_note("File> Transfer> YMODEM> Send .. ");
  pc_status status = boot_download(boot);
  if (status == PC_ERR_BLANK)
    return BOOT_CHECK_USER_FW_STATUS; /* nobody sent anything: look again */
  if (status != PC_OK) {
    console_note("Download refused: ");
    console_text(boot_download_text(status));
    return boot_fail(boot, boot_download_error(status));
  }
  console_note("Download complete.");
  return BOOT_REBOOT;
}

/* An image that is not authentic must not stay where it could be started: its code goes, from the end, so that the
 * first page, which says that there is an image, goes last. A second segment stays, to be compared with the next
 * image's: without the first nothing starts there, and erasing megabytes outside takes minutes. */
void boot_wipe(uint32_t image)
{
  const struct install_slot *slot = &board_slots[image - 1];
  const struct flash_area *active = &slot->active;
  for (uint32_t at = slot->segment != 0 ? slot->segment : active->size; at != 0;) {
    at -= active->page;
    /* Blank pages too: after a cut one may only look blank. No progress, no refresh: a fault may have it go on for
     * ever. */
    if (flash_erase(active, at, active->page) == PC_OK)
      port_watchdog_refresh();
  }
}

static pc_status verify_active(struct boot *boot, uint32_t image)
{
  pc_status status = engine_call(ENGINE_VERIFY_START, image, ENGINE_SOURCE_ACTIVE, (uintptr_t)&boot->old_size);
  return status == PC_OK ? boot_verify() : status;
}

/* The image that is started at this reset. */
static inline uint32_t started(void)
{
  return LOADER_STANDALONE ? boot_loader_starts() : IMAGE;
}

static enum boot_state verify_user_fw_signature(struct boot *boot)
{
  console_state("VERIFY USER FW SIGNATURE");
  volatile pc_status status = PC_OK;
  uint32_t image = started();
  /* Others first, the one that is started last: its verification is what ENGINE_LAUNCH looks at. */
  for (uint32_t n = 1; MAP_IMAGES > 1 && n <= MAP_IMAGES && status == PC_OK; n++) {
    if (n == started() || !boot_slot_used(n))
      continue;
    image = n;
    status = verify_active(boot, n);
    if (status == PC_OK && engine_call(ENGINE_RAISE_MINIMUM, n, 0, 0) != PC_OK)
      return boot_fail(boot, BOOT_ERROR_HEADER_WRITE);
  }
  if (status == PC_OK) {
    image = started();
    status = PC_ERR_SIGNATURE;
    status = verify_active(boot, image);
  }
  if (status == PC_OK)
    return BOOT_EXECUTE_USER_FW;
  boot_wipe(image);
  if (boot_slot_used(image))
    console_note("The refused image cannot be erased; it will not be started.");
  return boot_fail(boot, status == PC_ERR_NOT_BLANK                       ? BOOT_ERROR_EXTRA_CODE
                         : status == PC_ERR_FLASH || status == PC_ERR_ECC ? BOOT_ERROR_FLASH
                         : status == PC_ERR_VERSION                       ? BOOT_ERROR_VERSION
                                                                          : BOOT_ERROR_SIGNATURE);
}

static enum boot_state execute_user_fw(struct boot *boot)
{
  uint32_t vectors = 0;
  console_state("EXECUTE USER FIRMWARE");
  console_text("\r\n");
  volatile pc_status status = PC_ERR_STATE;
  if ((started() == IMAGE ? boot_states_launch(boot) : boot_loader_launch()) != PC_OK)
    return boot_fail(boot, BOOT_ERROR_HEADER_WRITE);
  status = engine_call(ENGINE_LAUNCH, started(), (uintptr_t)&vectors, 0);
  if (status != PC_OK)
    return boot_fail(boot, BOOT_ERROR_LOCK);
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

/* A device whose static protections are not those of its table: nothing is started, nothing received. */
static _Noreturn void refuse_to_work(void)
{
  console_line("System Security Check failed: a static protection is missing. Nothing will be started.");
  for (;;)
    __asm volatile("" ::: "memory");
}

_Noreturn void boot_run(struct boot *boot)
{
  /* In the order of enum boot_state. */
  static enum boot_state (*const steps[])(struct boot *) = {check_status_on_reset,
                                                            check_new_fw_to_download,
                                                            check_user_fw_status,
                                                            download_new_user_fw,
                                                            boot_states_rollback,
                                                            boot_mode_resume,
                                                            boot_mode_install,
                                                            verify_user_fw_signature,
                                                            execute_user_fw,
                                                            handle_critical_failure,
                                                            reboot};
  enum boot_state state = BOOT_CHECK_STATUS_ON_RESET;
  if (protect_static() != PC_OK)
    refuse_to_work();
  console_line("System Security Check successfully passed. Starting...");
  banner();
  if (engine_call(ENGINE_INIT, 0, 0, 0) == PC_OK) {
    console_line("SECURE ENGINE INITIALIZATION SUCCESSFUL");
  } else {
    console_line("SECURE ENGINE INITIALIZATION CRITICAL FAILURE!");
    state = boot_fail(boot, BOOT_ERROR_UNKNOWN);
  }
  for (;;) {
    if (protect_check() != PC_OK)
      port_reset();
    state = (uint32_t)state < sizeof steps / sizeof steps[0] ? steps[state](boot) : boot_fail(boot, BOOT_ERROR_UNKNOWN);
  }
}

void start_on_fault(enum start_fault fault)
{
  boot_error_store(fault == START_MEMORY_FAULT ? BOOT_ERROR_MEMORY_FAULT : BOOT_ERROR_HARD_FAULT);
}

static struct boot boot_memory;

int main(void)
{
  protect_begin();
  port_init();
  boot_run(&boot_memory);
}
