/* STM32H753XI: 2 MiB in two banks of 128 KiB sectors; the secure boot loader lies in system memory, so that all of the
 * flash is the firmware's (AN4992, 3.1). Option rows as in the vendor's example (UM2238). */
#include "sfi/devices/device.h"

#include <stdio.h>

static const struct sfi_region boot[] = {{0}};

static const struct sfi_region ram[] = {
    {0x20000000u, 128u * 1024u, "DTCM"},
    {0x24000000u, 512u * 1024u, "AXI SRAM"},
    {0x30000000u, 288u * 1024u, "SRAM1-3"},
    {0x38000000u, 64u * 1024u, "SRAM4"},
    {0},
};

static const char *const options[] = {"FOPTSR_PRG",  "FPRAR_PRG_A", "FPRAR_PRG_B", "FSCAR_PRG_A", "FSCAR_PRG_B",
                                      "FWPSN_PRG_A", "FWPSN_PRG_B", "FBOOT7_PRG",  "RESERVED",    NULL};

static enum sfi_verdict judge(const uint32_t *v, char *why, size_t size)
{
  if ((v[0] >> 8 & 0xFFu) == 0xAAu) {
    snprintf(why, size, "FOPTSR_PRG 0x%08x: RDP 0xaa is level 0, at which anyone can read the installed firmware",
             v[0]);
    return SFI_UNWISE;
  }
  return SFI_FINE;
}

const struct sfi_device sfi_stm32h753xi = {
    .name = "stm32h753xi",
    .title = "STM32H753XI",
    .chip_id = 0x450,
    .flash = {0x08000000u, 2048u * 1024u, "flash"},
    .page = 128u * 1024u,
    .unit = 32,
    .start = 0x08000000u,
    .boot = boot,
    .ram = ram,
    .option_names = options,
    .judge_options = judge,
};
