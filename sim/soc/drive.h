/* A block device on the chip's bus: in place of the USB host controller with a flash drive behind it, which is not
 * modelled yet. What stands on the drive is a file of the PC, read only. There is no such block in any STM32: it lies
 * where the USB OTG FS of the STM32L4 has its registers.
 *
 *   0x00 ID       "DRIV" when a drive is in, else 0
 *   0x04 SECTORS  of 512 bytes
 *   0x08 SECTOR   to read (read and write)
 *   0x0C COMMAND  1: read it (write only); DATA starts again
 *   0x10 STATUS   0 done, 1 busy, 2 failed: no such sector, no drive, or the file cannot be read
 *   0x14 DATA     the sector's next 4 bytes; 0 while busy, after a failure, and behind the last
 *
 * A sector takes half a millisecond, as on a full-speed USB. A drive that is taken out in the middle of a command makes
 * it fail.
 */
#ifndef SIM_SOC_DRIVE_H
#define SIM_SOC_DRIVE_H

#include "sim/soc/model.h"

#define SOC_DRIVE_BASE   0x50010000u
#define SOC_DRIVE_SECTOR 512u

struct soc_drive {
  struct soc_block block; /* first */
  int file;               /* -1: no drive */
  uint32_t sectors;
  uint8_t bytes[SOC_DRIVE_SECTOR];
  unsigned at; /* of DATA */
  struct soc_event done;
};

void soc_drive_init(struct soc_drive *drive, struct soc *soc);
void soc_drive_end(struct soc_drive *drive);

#endif
