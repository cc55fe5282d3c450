/* A board without a USB drive. */
#include "boot/drive.h"

pc_status boot_drive(struct boot *boot)
{
  (void)boot;
  return PC_ERR_BLANK;
}
