/* The engine's services as plain functions. */
#include "boot/services.h"

#include "boot/console.h"
#include "boot/progress.h"
#include "port/port.h"

#define STEP      16384u /* bytes between two refreshes of the watchdog */
#define STEPS_MAX 4096u  /* far more than any image has */

static pc_status journal_get(uint32_t *record)
{
  return engine_call(ENGINE_JOURNAL_GET, 0, (uintptr_t)record, 0);
}

/* Where an install met its fault, for the message of table 6. */
static enum boot_error met;
static bool keeps_old;

static pc_status failed(enum boot_error where)
{
  met = where;
  return PC_ERR_FLASH;
}

/* The manual's trailer is our journal, its magic tag the records that close it. The first record of a boot comes with
 * the erase of a page (flash/log.h). */
static pc_status journal_result(pc_status status, uint32_t step)
{
  if (status == PC_OK || status == PC_ERR_STATE)
    return status;
  if (step == INSTALL_BEGIN)
    return failed(BOOT_ERROR_TRAILER_ERASE);
  return failed(step == INSTALL_END || step == INSTALL_NONE ? BOOT_ERROR_MAGIC : BOOT_ERROR_TRAILER_WRITE);
}

static pc_status journal_put(uint32_t record)
{
  const uint32_t step = INSTALL_RECORD_STEP(record);
  const bool keeps = (INSTALL_RECORD_FLAGS(record) & INSTALL_FLAG_KEEP_OLD) != 0;
  if (keeps_old && !keeps && step >= INSTALL_COPIED && step <= INSTALL_HEADER)
    met = BOOT_ERROR_BACKUP; /* the installer has given the old image up, and goes on */
  keeps_old = keeps;
  return journal_result(engine_call(ENGINE_JOURNAL_PUT, record, 0, 0), step);
}

static pc_status journal_confirm(void)
{
  return journal_result(engine_call(ENGINE_JOURNAL_CONFIRM, 0, 0, 0), INSTALL_BEGIN);
}

static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  return engine_call(ENGINE_DECRYPT_START, image, (uintptr_t)iv, 0);
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  return engine_call(ENGINE_DECRYPT, (uintptr_t)from, (uintptr_t)to, size);
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  return engine_call(ENGINE_HEADER_READ, image, (uintptr_t)header, 0);
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  const pc_status status = engine_call(ENGINE_HEADER_WRITE, image, (uintptr_t)header, 0);
  if (status == PC_ERR_NOT_BLANK)
    return failed(BOOT_ERROR_HEADER_ERASE);
  return status == PC_ERR_FLASH ? failed(BOOT_ERROR_HEADER_WRITE) : status;
}

static pc_status candidate(const uint8_t header[IMAGE_HEADER_SIZE])
{
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

static void progress(uint32_t percent)
{
  boot_progress(percent);
  port_watchdog_refresh();
}

const struct install_services boot_install_services = {
    .journal_get = journal_get,
    .journal_put = journal_put,
    .journal_confirm = journal_confirm,
    .decrypt_start = decrypt_start,
    .decrypt = decrypt,
    .header_read = header_read,
    .header_write = header_write,
    .candidate = candidate,
    .progress = progress,
};

pc_status boot_verify(void)
{
  uint32_t remaining = 1, done = 0;
  pc_status status = PC_OK;
  boot_progress(0);
  while (status == PC_OK && remaining != 0) {
    if (done == STEPS_MAX)
      return PC_ERR_FLOW; /* a fault has it go round for ever: the watchdog would be refreshed for ever, too */
    port_watchdog_refresh();
    status = engine_call(ENGINE_VERIFY_STEP, STEP, (uintptr_t)&remaining, 0);
    done++;
    boot_progress(done * 100u / (done + (remaining + STEP - 1u) / STEP));
  }
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

enum boot_error boot_install_error(void)
{
  uint32_t record = INSTALL_NONE;
  const enum boot_error error = met;
  met = BOOT_ERROR_NONE;
  if (error != BOOT_ERROR_NONE && error != BOOT_ERROR_BACKUP)
    return error;
  /* With the header in place, what is left is to erase the candidate. */
  return journal_get(&record) == PC_OK && INSTALL_RECORD_STEP(record) == INSTALL_HEADER ? BOOT_ERROR_DOWNLOAD_ERASE
                                                                                        : BOOT_ERROR_SWAP;
}

bool boot_install_failed(enum boot_error error)
{
  return error == BOOT_ERROR_SWAP || error == BOOT_ERROR_HEADER_ERASE || error == BOOT_ERROR_HEADER_WRITE ||
         (error >= BOOT_ERROR_DOWNLOAD_ERASE && error <= BOOT_ERROR_MAGIC);
}

void boot_install_done(void)
{
  if (met == BOOT_ERROR_BACKUP) {
    console_note("The firmware before it could not be kept.");
    boot_error_store(met);
  }
  met = BOOT_ERROR_NONE;
}
