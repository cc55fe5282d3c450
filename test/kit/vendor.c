/* What a project that was written for the vendor's kit has besides its start-up (application.c): its names, its include
 * file. Takes the update that the test has put into flash, in pieces, as a transport would bring it. */
#include "stm32_secure_patching_bootloader_interface_v1.4.0.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define FILE_AT      0x08060000u /* size, bytes */

enum vendor_enumeration { VENDOR_ENUMERATION };
_Static_assert(sizeof(enum vendor_enumeration) == sizeof(SE_PATCH_Stage),
               "the vendor's structs have enumerations there");

void say(const char *text);
void number(uint32_t value);
void after(void);

static void reboot(void)
{
  REG(0xE000ED0C) = 0x05FA0004;
  for (;;) {
  }
}

void after(void)
{
  SE_StatusTypeDef se_status = SE_KO;
  SE_APP_ActiveFwInfo info = {0};
  char boot[16];
  if (SE_APP_GetActiveFwInfo(&se_status, &info) != SE_SUCCESS || se_status != SE_OK)
    say("bootloader interface access failed\r\n");
  say("firmware ");
  number(FW_VERSION_MAJOR(info.ActiveFwVersion));
  say(".");
  number(FW_VERSION_MINOR(info.ActiveFwVersion));
  say(".");
  number(FW_VERSION_PATCH(info.ActiveFwVersion));
  if (SE_APP_GetBootVer(&se_status, boot, sizeof boot) == SE_SUCCESS) {
    say(", boot loader ");
    say(boot);
  }
  say("\r\n");
  if (REG(FILE_AT) == 0xFFFFFFFF || FW_VERSION_MINOR(info.ActiveFwVersion) != 0)
    return;
  const SE_PATCH_StartInfo start = {SE_PATCH_ImageType_APP, SE_PATCH_RebootDelay_COMMAND, 0};
  SE_PATCH_Status status;
  SE_PATCH_InitStatus(&status);
  SE_ErrorStatus result = SE_PATCH_Init(&status, &start);
  const uint8_t *file = (const uint8_t *)(FILE_AT + 4);
  for (uint32_t at = 0, size = REG(FILE_AT); at < size && result == SE_SUCCESS; at += 100)
    result = SE_PATCH_Data(&status, file + at, size - at < 100 ? size - at : 100);
  say(SE_PATCH_GetStatusCodeString(status.code));
  if (result == SE_SUCCESS && status.stage == SE_PATCH_Stage_VERIFIED && status.accumBytes == status.totalBytes &&
      SE_PATCH_InstallAtNextReset(&status) == SE_SUCCESS) {
    say(", rebooting\r\n");
    reboot();
  }
  say("\r\n");
}
