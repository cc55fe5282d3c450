/* The names of the Secure Patching Bootloader for portcullis/patch.h: an application that was written for it compiles
 * with this, unchanged. The linker gets the functions' addresses from portcullis.ld, or from the kit's linker file.
 * What is different: a reboot delay between NEXT and COMMAND is a random window (the vendor refuses it), the texts of
 * the codes are exported, the CRC unit is left alone, and a version's fields are 8, 8 and 16 bits wide: take them apart
 * with FW_VERSION_MAJOR(), FW_VERSION_MINOR() and FW_VERSION_PATCH(). */
#ifndef PORTCULLIS_SE_PATCH_H
#define PORTCULLIS_SE_PATCH_H

#include "portcullis/patch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Enumerations are bytes here, whatever the compiler would make of them: they lie in the structs. */
enum { SE_ERROR = 0, SE_SUCCESS = 1 };
typedef uint32_t SE_ErrorStatus;

/* What SE_APP_...() write through their first argument: SE_OK or SE_KO. NULL: nothing is written. */
enum { SE_OK = 0, SE_KO = 1 };
typedef uint8_t SE_StatusTypeDef;

enum { SE_PATCH_ImageType_NONE = PATCH_NONE_TYPE, SE_PATCH_ImageType_APP = PATCH_APP };
typedef uint8_t SE_PATCH_ImageType;

#define SE_PATCH_RebootDelay_IMMEDIATE ((uint32_t)PATCH_REBOOT_IMMEDIATE)
#define SE_PATCH_RebootDelay_NEXT      ((uint32_t)PATCH_REBOOT_NEXT)
#define SE_PATCH_RebootDelay_COMMAND   ((uint32_t)PATCH_REBOOT_COMMAND)

enum {
  SE_PATCH_Stage_IDLE = PATCH_STAGE_IDLE,
  SE_PATCH_Stage_UPDATE = PATCH_STAGE_UPDATE,
  SE_PATCH_Stage_VERIFIED = PATCH_STAGE_VERIFIED
};
typedef uint8_t SE_PATCH_Stage;

enum {
  SE_PATCH_StatusCode_NONE = PATCH_NONE,
  SE_PATCH_StatusCode_COMPLETED = PATCH_COMPLETED,
  SE_PATCH_StatusCode_INVALID_ARG = PATCH_INVALID_ARG,
  SE_PATCH_StatusCode_INVALID_PATCH_IMAGE = PATCH_INVALID_PATCH_IMAGE,
  SE_PATCH_StatusCode_INVALID_SOURCE_IMAGE = PATCH_INVALID_SOURCE_IMAGE,
  SE_PATCH_StatusCode_INVALID_TARGET_IMAGE = PATCH_INVALID_TARGET_IMAGE,
  SE_PATCH_StatusCode_INVALID_PATCH_TAG = PATCH_INVALID_PATCH_TAG,
  SE_PATCH_StatusCode_IMAGE_TOO_LARGE = PATCH_IMAGE_TOO_LARGE,
  SE_PATCH_StatusCode_IMAGE_TOO_SMALL = PATCH_IMAGE_TOO_SMALL,
  SE_PATCH_StatusCode_SECTION_NOT_AVAILABLE = PATCH_SECTION_NOT_AVAILABLE,
  SE_PATCH_StatusCode_SECTION_ERASE_FAILURE = PATCH_SECTION_ERASE_FAILURE,
  SE_PATCH_StatusCode_SECTION_WRITE_FAILURE = PATCH_SECTION_WRITE_FAILURE,
  SE_PATCH_StatusCode_IMAGE_VERSION_FAILURE = PATCH_IMAGE_VERSION_FAILURE,
  SE_PATCH_StatusCode_INVALID_SECTION_KEY = PATCH_INVALID_SECTION_KEY,
  SE_PATCH_StatusCode_IMAGE_VERIFY_TAG_FAILURE = PATCH_IMAGE_VERIFY_TAG_FAILURE,
  SE_PATCH_StatusCode_IMAGE_VERIFY_ALG_FAILURE = PATCH_IMAGE_VERIFY_ALG_FAILURE,
  SE_PATCH_StatusCode_IMAGE_DECRYPT_FAILURE = PATCH_IMAGE_DECRYPT_FAILURE,
  SE_PATCH_StatusCode_INVALID_STATE = PATCH_INVALID_STATE,
  SE_PATCH_StatusCode_INVALID_ORDER = PATCH_INVALID_ORDER,
  SE_PATCH_StatusCode_TOO_FEW_BYTES = PATCH_TOO_FEW_BYTES,
  SE_PATCH_StatusCode_PARSER_ERROR = PATCH_PARSER_ERROR,
  SE_PATCH_StatusCode_DECRYPTION_ERROR = PATCH_DECRYPTION_ERROR,
  SE_PATCH_StatusCode_INSTALL_ERROR = PATCH_INSTALL_ERROR,
  SE_PATCH_StatusCode_FLASH_ERROR = PATCH_FLASH_ERROR,
  SE_PATCH_StatusCode_FLASH_SEGMENT_ERROR = PATCH_FLASH_SEGMENT_ERROR,
  SE_PATCH_StatusCode_FLASH_CIPHER_ERROR = PATCH_FLASH_CIPHER_ERROR,
  SE_PATCH_StatusCode__MAX__ = PATCH_CODES
};
typedef uint8_t SE_PATCH_StatusCode;

/* struct patch_start_info, patch_status and patch_firmware_info under other names, member by member. */
typedef struct {
  SE_PATCH_ImageType type;
  uint16_t rebootDelay;
  uint32_t totalLength;
} SE_PATCH_StartInfo;

typedef struct {
  bool completed, error;
  SE_PATCH_StatusCode code;
  SE_PATCH_Stage stage;
  uint32_t accumBytes, totalBytes;
} SE_PATCH_Status;

#define SE_TAG_LEN 32
typedef struct {
  uint32_t ActiveFwVersion, ActiveFwSize;
  uint8_t ActiveFwTag[SE_TAG_LEN];
} SE_APP_ActiveFwInfo;

#define FW_VERSION_MAJOR(version) ((uint32_t)(version) >> 24 & 0xFFu)
#define FW_VERSION_MINOR(version) ((uint32_t)(version) >> 16 & 0xFFu)
#define FW_VERSION_PATCH(version) ((uint32_t)(version)&0xFFFFu)

SE_ErrorStatus SE_PATCH_InitStatus(SE_PATCH_Status *status);
SE_ErrorStatus SE_PATCH_PrintStatus(SE_PATCH_Status *status);
SE_ErrorStatus SE_PATCH_Init(SE_PATCH_Status *status, const SE_PATCH_StartInfo *info);
SE_ErrorStatus SE_PATCH_Data(SE_PATCH_Status *status, const uint8_t *bytes, uint32_t length);
SE_ErrorStatus SE_PATCH_InstallAtNextReset(SE_PATCH_Status *status);
SE_ErrorStatus SE_PATCH_Abort(SE_PATCH_Status *status);
SE_ErrorStatus SE_PATCH_Poll(SE_PATCH_Status *status);
const char *SE_PATCH_GetStatusCodeString(SE_PATCH_StatusCode code);
SE_ErrorStatus SE_APP_GetActiveFwInfo(SE_StatusTypeDef *status, SE_APP_ActiveFwInfo *info);
SE_ErrorStatus SE_APP_GetBootVer(SE_StatusTypeDef *status, char *text, uint32_t length);
SE_ErrorStatus SE_APP_GetSecureUserData(SE_StatusTypeDef *status, void *data, uint32_t length);

#ifdef __cplusplus
}
#else
#define SE_PATCH_SAME(type, member, of, other)                                                                         \
  _Static_assert(offsetof(type, member) == offsetof(struct of, other) && sizeof(type) == sizeof(struct of),            \
                 "the same in memory under either name")
SE_PATCH_SAME(SE_PATCH_StartInfo, rebootDelay, patch_start_info, reboot_delay);
SE_PATCH_SAME(SE_PATCH_StartInfo, totalLength, patch_start_info, length);
SE_PATCH_SAME(SE_PATCH_Status, code, patch_status, code);
SE_PATCH_SAME(SE_PATCH_Status, stage, patch_status, stage);
SE_PATCH_SAME(SE_PATCH_Status, totalBytes, patch_status, total_bytes);
SE_PATCH_SAME(SE_APP_ActiveFwInfo, ActiveFwTag, patch_firmware_info, tag);
#undef SE_PATCH_SAME
#endif

#endif
