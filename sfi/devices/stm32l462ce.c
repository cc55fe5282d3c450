/* STM32L462CE: 512 KiB in one bank of 2 KiB pages. The secure boot has the first 4 KiB, for good; the secure boot
 * loader has the last 42 KiB during the install (AN4992, 3.2). Registers: RM0394, and
 * ../shared/registers/stm32l462.txt. */
#include "sfi/devices/device.h"

#include <stdio.h>

#define FLASH      0x08000000u
#define FLASH_SIZE (512u * 1024u)
#define SECURE     4096u
#define LOADER     (42u * 1024u)

static const struct sfi_region boot[] = {
    {FLASH, SECURE, "the secure boot"},
    {FLASH + FLASH_SIZE - LOADER, LOADER, "the secure boot loader (the last 42 KiB)"},
    {0},
};

static const struct sfi_region ram[] = {
    {0x20000000u, 160u * 1024u, "SRAM1, and SRAM2 behind it"},
    {0x10000000u, 32u * 1024u, "SRAM2"},
    {0},
};

enum { OPTR, PCROP1SR, PCROP1ER, WRP1AR, WRP1BR };
static const char *const options[] = {"OPTR", "PCROP1SR", "PCROP1ER", "WRP1AR", "WRP1BR", NULL};

#define NSWBOOT0 (1u << 26)
#define NBOOT0   (1u << 27)

/* Pages from bits 7:0 to bits 23:16, nothing if the end lies before the start. */
static bool covers_secure_boot(uint32_t wrp)
{
  uint32_t last = SECURE / 2048u - 1u;
  return (wrp & 0xFFu) == 0 && (wrp >> 16 & 0xFFu) >= last;
}

static enum sfi_verdict judge(const uint32_t *v, char *why, size_t size)
{
  if ((v[OPTR] & 0xFFu) == 0xAAu) {
    snprintf(why, size,
             "OPTR 0x%08x: RDP 0xaa is level 0, at which anyone can read the installed firmware; the secure boot wants "
             "level 1 (0xbb) or 2 (0xcc)",
             v[OPTR]);
    return SFI_WRONG;
  }
  if (!covers_secure_boot(v[WRP1AR]) && !covers_secure_boot(v[WRP1BR])) {
    snprintf(why, size,
             "WRP1AR 0x%08x, WRP1BR 0x%08x: neither protects the secure boot, pages 0 to 1 (for instance WRP1AR "
             "0xff01ff00); it would refuse to start",
             v[WRP1AR], v[WRP1BR]);
    return SFI_WRONG;
  }
  if ((v[OPTR] & NSWBOOT0) != 0 || (v[OPTR] & NBOOT0) == 0) {
    snprintf(why, size,
             "OPTR 0x%08x: nSWBOOT0 (bit 26) should be 0 and nBOOT0 (bit 27) should be 1, so that the device always "
             "boots in its flash",
             v[OPTR]);
    return SFI_UNWISE;
  }
  return SFI_FINE;
}

/* Read-out level 1, SRAM2 erased at reset, boot from flash, the secure boot write-protected. */
static const uint32_t factory_options[] = {0xF9EFF8BBu, 0xFFFFFFFFu, 0x0FFF0000u, 0xFF01FF00u, 0xFF00FFFFu};
static const uint32_t option_masks[] = {0x0F8F77FFu, 0x0000FFFFu, 0x8000FFFFu, 0x00FF00FFu, 0x00FF00FFu};
_Static_assert(sizeof option_masks == sizeof factory_options, "a mask for each register");
static const struct sfi_maker maker = {
    .secure_boot = FLASH,
    .secure_boot_size = SECURE,
    .loader = FLASH + FLASH_SIZE - LOADER,
    .loader_size = LOADER - 2u * 2048u,
    .identity = FLASH + FLASH_SIZE - 2u * 2048u,
    .uid = 0x1FFF7590u,
    .option_bytes = 0x1FFF7800u,
    .options = factory_options,
    .option_masks = option_masks,
    .option_count = sizeof factory_options / sizeof factory_options[0],
};

const struct sfi_device sfi_stm32l462ce = {
    .name = "stm32l462ce",
    .title = "STM32L462CE",
    .chip_id = 0x462,
    .flash = {FLASH, FLASH_SIZE, "flash"},
    .page = 2048,
    .unit = 8,
    .start = FLASH + SECURE,
    .boot = boot,
    .ram = ram,
    .option_names = options,
    .judge_options = judge,
    .maker = &maker,
};
