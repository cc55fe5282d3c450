/* The last boot error: kept in checked no-init RAM, and put into words. */
#include "boot/errors.h"

#include "port/port.h"

#define CHECK 0x4C617374u

void boot_error_store(enum boot_error error)
{
  port_shared.error[0] = (uint32_t)error;
  port_shared.error[1] = ~(uint32_t)error ^ CHECK;
}

enum boot_error boot_error_take(void)
{
  uint32_t error = port_shared.error[0];
  if (port_shared.error[1] != (~error ^ CHECK) || error > BOOT_ERROR_UNKNOWN)
    error = BOOT_ERROR_NONE; /* garbage after power-on is no message */
  port_shared.error[0] = port_shared.error[1] = 0;
  return (enum boot_error)error;
}

/* One string, in the order of enum boot_error: half the size of a table of pointers. */
static const char texts[] = "No error. Success\0"
                            "Memory fault\0"
                            "Hard fault\0"
                            "Tampering fault\0"
                            "SE lock cannot be set.\0"
                            "FW too big\0"
                            "File not correctly received\0"
                            "Firmware header authentication error\0"
                            "Firmware decryption error\0"
                            "Firmware signature check error\0"
                            "Flash error\0"
                            "External Flash configuration error\0"
                            "Header erasing error\0"
                            "Header validation error\0"
                            "Additional code detected beyond firmware\0"
                            "Error during swap process\0"
                            "Error during rollback process\0"
                            "Backed-up firmware not identified\0"
                            "Backup copy error\0"
                            "Download slot erasing error\0"
                            "Trailer erasing error\0"
                            "Trailer update error\0"
                            "Magic tag update error\0"
                            "Firmware version rejected (anti-rollback)\0"
                            "CM0 update process error\0"
                            "Unknown error.";

const char *boot_error_text(enum boot_error error)
{
  const char *text = texts;
  for (uint32_t i = error > BOOT_ERROR_UNKNOWN ? BOOT_ERROR_UNKNOWN : (uint32_t)error; i != 0; i--) {
    while (*text != 0)
      text++;
    text++;
  }
  return text;
}
