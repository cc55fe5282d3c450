/* What survives a reset during an install: records in one flash page of the device.
 *
 *  off size
 *    0    4  type, little-endian as all words
 *    4    4  number of option words
 *    8   36  option words, the rest zero
 *   44   16  zero
 *   60    4  CRC-32 (IEEE, reflected) over bytes 0-59
 *
 * The last valid record counts; a slot that does not read, or whose check is wrong, is not there. A slot that looks
 * free may refuse its record (a torn cell): the next one is tried. A record that a power cut hit may read today and not
 * tomorrow, so every record that something destructive relies on is written twice, and a secure boot that finds one
 * copy only writes another one before it goes on.
 *
 *  BEGIN  from here on firmware flash may hold anything
 *  CLEAN  firmware flash is erased
 *  READY  the firmware is complete and authentic; the option words are what the device shall have. What is left to do
 *         (erase the boot loader, set the options) is done by the secure boot, as often as it takes.
 */
#ifndef SFI_DEVICE_RECORD_H
#define SFI_DEVICE_RECORD_H

#include "flash/flash.h"

#define SFI_RECORD_SIZE    64u
#define SFI_RECORD_OPTIONS 9u

enum { SFI_BEGIN = 0x4E494753, SFI_CLEAN = 0xC1EAA533, SFI_READY = 0x9D3C5AE6 };

struct sfi_record {
  uint32_t type, count;
  uint32_t options[SFI_RECORD_OPTIONS];
  uint32_t zero[4];
  uint32_t check;
};

struct sfi_records {
  struct sfi_record last; /* type 0: none */
  uint32_t copies;        /* of the last record, one after another */
  uint32_t free;          /* first slot behind everything that is not blank */
};

/* Scan the page. Never fails: what cannot be read is not there. */
void sfi_records_read(const struct flash_area *page, struct sfi_records *records);
/* Append `copies` copies. PC_ERR_LOG_FULL: the page is full (some copies may be there). */
pc_status sfi_records_add(const struct flash_area *page, struct sfi_records *records, const struct sfi_record *record,
                          uint32_t copies);

#endif
