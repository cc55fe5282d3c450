/* The names of the Secure Patching Bootloader for portcullis/patch.h: an application that was written for it compiles
 * with this. The linker gets the functions' addresses from portcullis.ld. Differences: a reboot delay between NEXT and
 * COMMAND is a random window (the vendor refuses it), the texts of the codes are exported, and the CRC unit is left
 * alone.
 */
#ifndef PORTCULLIS_SE_PATCH_H
#define PORTCULLIS_SE_PATCH_H

#include "portcullis/patch.h"

typedef enum { SE_ERROR = 0, SE_SUCCESS = 1 } SE_ErrorStatus;
typedef struct patch_status SE_PATCH_Status;
typedef struct patch_start_info SE_PATCH_StartInfo;
typedef struct patch_firmware_info SE_APP_ActiveFwInfo;

#define SE_PATCH_TYPE_NONE        PATCH_NONE_TYPE
#define SE_PATCH_TYPE_APP         PATCH_APP
#define SE_PATCH_REBOOT_IMMEDIATE PATCH_REBOOT_IMMEDIATE
#define SE_PATCH_REBOOT_NEXT      PATCH_REBOOT_NEXT
#define SE_PATCH_REBOOT_COMMAND   PATCH_REBOOT_COMMAND

uint32_t SE_PATCH_InitStatus(SE_PATCH_Status *status);
uint32_t SE_PATCH_PrintStatus(const SE_PATCH_Status *status);
uint32_t SE_PATCH_Init(SE_PATCH_Status *status, const SE_PATCH_StartInfo *info);
uint32_t SE_PATCH_Data(SE_PATCH_Status *status, const uint8_t *bytes, uint32_t length);
uint32_t SE_PATCH_InstallAtNextReset(SE_PATCH_Status *status);
uint32_t SE_PATCH_Abort(SE_PATCH_Status *status);
uint32_t SE_PATCH_Poll(SE_PATCH_Status *status);
const char *SE_PATCH_GetStatusCodeString(uint32_t code);
uint32_t SE_APP_GetActiveFwInfo(SE_PATCH_Status *status, SE_APP_ActiveFwInfo *info);
uint32_t SE_APP_GetBootVer(SE_PATCH_Status *status, char *text, uint32_t length);
uint32_t SE_APP_GetSecureUserData(SE_PATCH_Status *status, void *data, uint32_t length);

#endif
