/* The last error, remembered across a reset in checked RAM and shown at the next boot: table 6 of X-CUBE-SBSFU (UM2262,
 * section 9). */
#ifndef BOOT_ERRORS_H
#define BOOT_ERRORS_H

#include "portcullis/status.h"

enum boot_error {
  BOOT_ERROR_NONE,
  BOOT_ERROR_MEMORY_FAULT,
  BOOT_ERROR_HARD_FAULT,
  BOOT_ERROR_TAMPER,
  BOOT_ERROR_LOCK,
  BOOT_ERROR_TOO_BIG,
  BOOT_ERROR_TRANSFER,
  BOOT_ERROR_HEADER_AUTH,
  BOOT_ERROR_DECRYPT,
  BOOT_ERROR_SIGNATURE,
  BOOT_ERROR_FLASH,
  BOOT_ERROR_EXTERNAL_FLASH,
  BOOT_ERROR_HEADER_ERASE,
  BOOT_ERROR_HEADER_WRITE,
  BOOT_ERROR_EXTRA_CODE,
  BOOT_ERROR_SWAP,
  BOOT_ERROR_ROLLBACK,
  BOOT_ERROR_FINGERPRINT,
  BOOT_ERROR_BACKUP,
  BOOT_ERROR_DOWNLOAD_ERASE,
  BOOT_ERROR_TRAILER_ERASE,
  BOOT_ERROR_TRAILER_WRITE,
  BOOT_ERROR_MAGIC,
  BOOT_ERROR_VERSION,
  BOOT_ERROR_CM0,
  BOOT_ERROR_UNKNOWN
};

/* Keep for the next boot. */
void boot_error_store(enum boot_error error);
/* What was kept (BOOT_ERROR_NONE when nothing was, or when the check fails), and forget it. */
enum boot_error boot_error_take(void);
/* The words of table 6. */
const char *boot_error_text(enum boot_error error);

#endif
