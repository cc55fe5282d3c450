/* Two slots for each of several images, which are installed together, all or none: every image that is asked for at
 * a reset belongs to the set. The whole set is authenticated before anything of it is installed; one that
 * is refused makes all of it refused. Then install/swap.c installs them one after the other, in the order of their
 * numbers, each handing over to the next through the journal. */
#include "boot/mode.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/refusal.h"
#include "boot/services.h"
#include "boot/states.h"
#include "portcullis/update.h"

#define BIT(image) (1u << ((image)-1u))

static const struct install_slot *slot_of(uint32_t image)
{
  return &board_slots[image - 1];
}

static uint32_t journal(void)
{
  uint32_t record = INSTALL_NONE;
  return boot_install_services.journal_get(&record) == PC_OK ? record : INSTALL_NONE;
}

bool boot_mode_may_download(void)
{
  return journal() == INSTALL_NONE;
}

static void drop(uint32_t image)
{
  (void)update_drop(&slot_of(image)->download);
}

/* All images that are asked for, as bits. */
static uint32_t candidates(void)
{
  uint32_t images = 0;
  for (uint32_t n = 1; n <= MAP_IMAGES; n++)
    images |= update_asked_set(&slot_of(n)->download, n);
  return images & (BIT(MAP_IMAGES + 1) - 1);
}

/* The whole set goes, the one that was refused last: as long as it is there, the others are not installed without it.
 * Slots that look blank, too: after a cut a header may come back. */
static void drop_set(uint32_t refused)
{
  for (uint32_t n = 1; n <= MAP_IMAGES; n++)
    if (n != refused)
      drop(n);
  drop(refused);
}

static void name_slot(const char *text, uint32_t image)
{
  console_note(text);
  console_number(image);
}

enum boot_state boot_mode_check(struct boot *boot)
{
  if (journal() != INSTALL_NONE && boot->given_up == 0) {
    console_note("An installation was interrupted: it goes on.");
    return BOOT_RESUME_INSTALL;
  }
  boot->candidates = candidates();
  enum boot_state next = boot_states_check(boot);
  if (next != BOOT_CHECK_USER_FW_STATUS)
    return next;
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    if ((boot->candidates & BIT(n)) == 0)
      continue;
    pc_status status = engine_call(ENGINE_VERIFY_START, n, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&boot->old_size);
    if (status != PC_OK) {
      /* Judged once: whatever it is, it goes, or every boot would judge it again. */
      name_slot("A FW is refused in slot SLOT_DWL_", n);
      drop_set(n);
      if (candidates() == 0)
        return boot_fail(boot, boot_refusal(status));
      console_note("It cannot be erased: the set is passed over.");
      boot->candidates = 0;
    }
  }
  if (boot->candidates == 0)
    return BOOT_VERIFY_USER_FW_SIGNATURE;
  boot->set = boot->candidates;
  for (uint32_t n = 1; n <= MAP_IMAGES; n++)
    if ((boot->set & BIT(n)) != 0)
      name_slot("New FW to be installed from slot SLOT_DWL_", n);
  return BOOT_INSTALL_NEW_USER_FW;
}

static struct install job_of(struct boot *boot, uint32_t image)
{
  return (struct install){&boot_install_services, slot_of(image), image, boot->work.buffer, BOOT_BUFFER};
}

/* One image of a set, authenticated here in full, however often it was before. */
static pc_status one(struct boot *boot, uint32_t image, uint32_t rest, bool first, bool rollback)
{
  const struct install job = job_of(boot, image);
  const struct flash_area *download = &slot_of(image)->download;
  pc_status status = engine_call(ENGINE_VERIFY_START, image, rollback ? ENGINE_SOURCE_BACKUP : ENGINE_SOURCE_DOWNLOAD,
                                 (uintptr_t)&boot->old_size);
  if (status == PC_OK)
    status = boot_verify();
  if (status == PC_OK)
    status = flash_read(download, rollback ? download->page : 0, boot->header, IMAGE_HEADER_SIZE);
  if (status != PC_OK)
    return status;
  if (!boot_slot_used(image))
    boot->old_size = 0; /* wiped: only its header is left */
  return rollback ? install_rollback_set(&job, boot->header, rest, first)
                  : install_run_set(&job, boot->header, boot->old_size, rest, first);
}

/* As long as the journal has a next image. */
static pc_status others(struct boot *boot)
{
  pc_status status = PC_OK;
  uint32_t record = journal();
  while (status == PC_OK && INSTALL_RECORD_STEP(record) == INSTALL_NEXT) {
    const uint32_t image = INSTALL_RECORD_IMAGE(record);
    if (image < 1 || image > MAP_IMAGES)
      return PC_ERR_STATE;
    status = one(boot, image, INSTALL_RECORD_REST(record), false,
                 (INSTALL_RECORD_FLAGS(record) & INSTALL_FLAG_ROLLBACK) != 0);
    record = journal();
  }
  return status;
}

pc_status boot_mode_set_run(struct boot *boot, bool rollback)
{
  uint32_t image = 1;
  while ((boot->set & BIT(image)) == 0)
    image++;
  pc_status status = one(boot, image, boot->set >> image, true, rollback);
  return status == PC_OK ? others(boot) : status;
}

/* It can never be ended (a header is lost, or the flash failed twice): rather no firmware than a boot loop, or than
 * images of two sets side by side. */
static void give_up(struct boot *boot)
{
  const uint32_t image = INSTALL_RECORD_IMAGE(journal());
  boot->given_up = 1;
  if (image >= 1 && image <= MAP_IMAGES) {
    drop(image);
    boot_wipe(image);
  }
  (void)boot_install_services.journal_put(INSTALL_NONE);
}

enum boot_state boot_mode_resume(struct boot *boot)
{
  const uint32_t record = journal(), step = INSTALL_RECORD_STEP(record);
  uint32_t image = INSTALL_RECORD_IMAGE(record);
  console_state("RESUME INSTALL NEW USER FIRMWARE");
  if (step == INSTALL_SEAL)
    return boot_states_seal(INSTALL_RECORD_PAGE(record), (INSTALL_RECORD_FLAGS(record) & INSTALL_FLAG_VALID) != 0) ==
                   PC_OK
               ? BOOT_CHECK_USER_FW_STATUS
               : boot_fail(boot, BOOT_ERROR_HEADER_WRITE);
  if (image < 1 || image > MAP_IMAGES)
    image = 1; /* no record of ours: refused below */
  const struct install job = job_of(boot, image);
  pc_status status = PC_OK;
  if (step != INSTALL_NEXT) {
    /* The header that the rest of the install needs; near the end it may be gone, and is then not needed. */
    pc_status authentic = install_header(&job, record, boot->header);
    if (authentic == PC_OK)
      authentic = engine_call(ENGINE_HEADER_CHECK, (uintptr_t)boot->header, 0, 0);
    status = install_resume(&job, authentic == PC_OK ? boot->header : NULL);
  }
  if (status == PC_OK)
    status = others(boot);
  if (status == PC_OK) {
    boot_install_done();
    return BOOT_REBOOT;
  }
  if (status == PC_ERR_BLANK && journal() == INSTALL_NONE)
    return BOOT_CHECK_USER_FW_STATUS; /* nothing had been moved yet */
  const bool flash = status == PC_ERR_FLASH || status == PC_ERR_ECC;
  const enum boot_error error = boot_install_error();
  if (!flash || boot_install_failed(boot->last))
    give_up(boot);
  return boot_fail(boot, error);
}

enum boot_state boot_mode_install(struct boot *boot)
{
  console_state("INSTALL NEW USER FIRMWARE");
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    if ((boot->set & BIT(n)) == 0)
      continue;
    pc_status status = engine_call(ENGINE_VERIFY_START, n, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&boot->old_size);
    if (status == PC_OK)
      status = boot_verify();
    if (status != PC_OK) {
      name_slot("A FW is refused in slot SLOT_DWL_", n);
      drop_set(n);
      return boot_fail(boot, boot_refusal(status));
    }
  }
  console_note("Image verified; installing.");
  if (boot_mode_set_run(boot, false) != PC_OK) {
    const enum boot_error error = boot_install_error();
    /* Nothing was moved, twice in a row (a download slot is worn out): what is there is better than a boot loop. */
    const uint32_t step = INSTALL_RECORD_STEP(journal());
    if ((step == INSTALL_NONE || step == INSTALL_BEGIN) && boot_install_failed(boot->last)) {
      (void)boot_install_services.journal_put(INSTALL_NONE);
      drop_set(1);
    }
    return boot_fail(boot, error);
  }
  console_note("FW installation succeeded");
  boot_install_done();
  return BOOT_REBOOT;
}

/* A local download: which slot it goes to, its header says. */
static pc_status judge(void *ctx, const uint8_t *header)
{
  struct update *update = ctx;
  pc_status status = boot_download_check(NULL, header);
  if (status == PC_OK)
    status = update_init_target(&update->target, header[IMAGE_AT_MAGIC + 3] - (uint32_t)'0');
  return status;
}

void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink)
{
  struct update *update = &boot->work.loader.update;
  struct update_target target = {0};
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    const struct update_target before = target;
    (void)update_init_target(&target, n);
    if (before.capacity > target.capacity) /* what is announced is held against the largest slot first */
      target = before;
  }
  target.image = 0;
  target.judge = judge;
  target.ctx = update;
  update_init(update, &target);
  update_sink(sink, update);
}

bool boot_mode_received(const struct boot *boot)
{
  return update_delivered(&boot->work.loader.update);
}
