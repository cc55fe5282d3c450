/* An application that updates itself through the functions that the boot loader serves, under the vendor's names: what
 * the test has put into the flash at JOB is handed over, and what comes of it is told.
 */
#include "port/port.h"
#include "port/start.h"
#include "portcullis/se_patch.h"

#include <string.h>

struct job {
  uint32_t magic, size, chunk, delay,
      mode; /* mode 0: all; 1: abort in the middle, then all; 2: misuse; 3: all, no length told */
  uint8_t file[];
};
#ifndef JOB_AT
#define JOB_AT 0x08060000u
#endif
#define JOB   ((const struct job *)JOB_AT)
#define MAGIC 0x4A4F4231u

#define FILL_1(n)   ((n)*2654435761u ^ TINY_SEED)
#define FILL_4(n)   FILL_1(n), FILL_1((n) + 1), FILL_1((n) + 2), FILL_1((n) + 3)
#define FILL_16(n)  FILL_4(n), FILL_4((n) + 4), FILL_4((n) + 8), FILL_4((n) + 12)
#define FILL_64(n)  FILL_16(n), FILL_16((n) + 16), FILL_16((n) + 32), FILL_16((n) + 48)
#define FILL_KIB(n) FILL_64(n), FILL_64((n) + 64), FILL_64((n) + 128), FILL_64((n) + 192)
__attribute__((section(".rodata.fill"), used)) static const uint32_t fill[] = {TINY_FILL};

void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

static void text(const char *words)
{
  while (*words != 0)
    port_console_put((uint8_t)*words++);
}

static SE_PATCH_Status status;

static uint32_t send(uint32_t bytes)
{
  uint32_t result = SE_SUCCESS;
  for (uint32_t at = 0; at < bytes && result == SE_SUCCESS; at += JOB->chunk)
    result = SE_PATCH_Data(&status, JOB->file + at, bytes - at < JOB->chunk ? bytes - at : JOB->chunk);
  return result;
}

static void update(void)
{
  const SE_PATCH_StartInfo info = {SE_PATCH_ImageType_APP, (uint16_t)JOB->delay, JOB->mode == 3 ? 0 : JOB->size};
  SE_APP_ActiveFwInfo active;
  char version[16];
  uint8_t user[128];
  SE_StatusTypeDef firmware = SE_KO, boot = SE_KO, data = SE_KO, wrong = SE_OK;
  SE_PATCH_InitStatus(&status);
  if (SE_APP_GetActiveFwInfo(&firmware, &active) == SE_SUCCESS && FW_VERSION_MAJOR(active.ActiveFwVersion) == 1 &&
      SE_APP_GetBootVer(&boot, version, sizeof version) == SE_SUCCESS &&
      SE_APP_GetBootVer(NULL, version, sizeof version) == SE_SUCCESS &&
      SE_APP_GetSecureUserData(&data, user, sizeof user) == SE_SUCCESS &&
      SE_APP_GetSecureUserData(&wrong, user, sizeof user + 1) == SE_ERROR && firmware == SE_OK && boot == SE_OK &&
      data == SE_OK && wrong == SE_KO) {
    text("\r\nboot loader ");
    text(version);
    text(user[0] == 0xFF ? ", no user data" : ", user data");
  }
  if (JOB->mode == 2 &&
      (SE_PATCH_Data(&status, JOB->file, 16) == SE_SUCCESS || SE_PATCH_InstallAtNextReset(&status) == SE_SUCCESS))
    text("\r\nMISUSE WENT THROUGH");
  if (SE_PATCH_Init(&status, &info) != SE_SUCCESS)
    text("\r\nnot begun");
  if (JOB->mode == 1) {
    (void)send(JOB->size / 2);
    text(SE_PATCH_Abort(&status) == SE_SUCCESS ? "\r\naborted" : "\r\nABORT FAILED");
    (void)SE_PATCH_Init(&status, &info);
  }
  uint32_t result = send(JOB->size);
  SE_PATCH_PrintStatus(&status);
  text(result == SE_SUCCESS ? "\r\nhanded over" : "\r\nrefused: ");
  if (result != SE_SUCCESS)
    text(SE_PATCH_GetStatusCodeString(status.code));
  text("\r\n");
  if (result == SE_SUCCESS && JOB->delay == SE_PATCH_RebootDelay_COMMAND)
    text(SE_PATCH_InstallAtNextReset(&status) == SE_SUCCESS ? "asked for\r\n" : "ASKING FAILED\r\n");
}

int main(void)
{
  volatile const uint32_t *keep = fill;
  (void)*keep;
  port_init();
  text("\r\nTINY " TINY_NAME " runs");
  if (JOB->magic == MAGIC)
    update();
  for (uint32_t polls = 0;; polls++) {
    (void)port_console_get(10);
    (void)SE_PATCH_Poll(&status);
    if (polls == 20 && (JOB->delay == SE_PATCH_RebootDelay_NEXT || JOB->delay == SE_PATCH_RebootDelay_COMMAND))
      port_reset();
  }
}
