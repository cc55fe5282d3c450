/* The simulator's block device, in place of the USB host controller (sim/soc/drive.h of the simulator describes its
 * registers; they are repeated here because the device includes nothing of the simulator). On silicon nothing answers
 * with this id: there is no drive. */
#include "port/drive.h"

#include "port/port.h"

#include <stddef.h>
#include <string.h>

#define DRIVE         0x50010000u
#define REG(offset)   (*(volatile uint32_t *)(DRIVE + (offset)))
#define DRIVE_ID      REG(0x00)
#define DRIVE_SECTORS REG(0x04)
#define DRIVE_SECTOR  REG(0x08)
#define DRIVE_COMMAND REG(0x0C)
#define DRIVE_STATUS  REG(0x10)
#define DRIVE_DATA    REG(0x14)

#define ID_DRIVE     0x56495244u
#define COMMAND_READ 1u
#define STATUS_DONE  0u
#define STATUS_BUSY  1u
#define TIMEOUT_MS   10u

static uint32_t sectors(void *ctx)
{
  (void)ctx;
  return DRIVE_ID == ID_DRIVE ? DRIVE_SECTORS : 0;
}

static pc_status read_sector(void *ctx, uint32_t sector, uint8_t *to)
{
  (void)ctx;
  const uint32_t start = port_milliseconds();
  port_watchdog_refresh();
  DRIVE_SECTOR = sector;
  DRIVE_COMMAND = COMMAND_READ;
  while (DRIVE_STATUS == STATUS_BUSY)
    if (port_milliseconds() - start > TIMEOUT_MS)
      return PC_ERR_TRANSFER;
  if (DRIVE_STATUS != STATUS_DONE)
    return PC_ERR_TRANSFER;
  for (uint32_t i = 0; i < FAT_SECTOR; i += 4) {
    const uint32_t word = DRIVE_DATA;
    memcpy(to + i, &word, sizeof word);
  }
  return PC_OK;
}

const struct fat_disk port_drive = {read_sector, sectors, NULL};
