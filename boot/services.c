/* The engine's services as plain functions. */
#include "boot/services.h"

#include "boot/progress.h"
#include "port/port.h"

#define STEP 16384u /* bytes between two refreshes of the watchdog */

static pc_status journal_get(uint32_t *record)
{
  return engine_call(ENGINE_JOURNAL_GET, 0, (uintptr_t)record, 0);
}

static pc_status journal_put(uint32_t record)
{
  return engine_call(ENGINE_JOURNAL_PUT, record, 0, 0);
}

static pc_status journal_confirm(void)
{
  return engine_call(ENGINE_JOURNAL_CONFIRM, 0, 0, 0);
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
  return engine_call(ENGINE_HEADER_WRITE, image, (uintptr_t)header, 0);
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
    port_watchdog_refresh();
    status = engine_call(ENGINE_VERIFY_STEP, STEP, (uintptr_t)&remaining, 0);
    done++;
    boot_progress(done * 100u / (done + (remaining + STEP - 1u) / STEP));
  }
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}
