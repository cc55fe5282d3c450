/* Why a candidate is not installed, as a person reads it: of what the engine said when it judged it. */
#ifndef BOOT_REFUSAL_H
#define BOOT_REFUSAL_H

#include "boot/errors.h"
#include "portcullis/status.h"

static inline enum boot_error boot_refusal(pc_status status)
{
  switch (status) {
  case PC_ERR_VERSION:
  case PC_ERR_LOG_FULL:
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

#endif
