/* Records of an install: see record.h. Shared by the secure boot and its boot loader. */
#include "sfi/device/record.h"

#include <stdbool.h>
#include <string.h>

static uint32_t check_of(const struct sfi_record *record)
{
  const uint8_t *bytes = (const uint8_t *)record;
  uint32_t crc = 0xFFFFFFFFu;
  for (uint32_t i = 0; i < SFI_RECORD_SIZE - 4; i++) {
    crc ^= bytes[i];
    for (unsigned bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

_Static_assert(sizeof(struct sfi_record) == SFI_RECORD_SIZE, "layout of a record");

static bool known(uint32_t type)
{
  return type == SFI_BEGIN || type == (uint32_t)SFI_CLEAN || type == (uint32_t)SFI_READY;
}

void sfi_records_read(const struct flash_area *page, struct sfi_records *records)
{
  struct sfi_record record;
  memset(records, 0, sizeof *records);
  for (uint32_t slot = 0; slot < page->size / SFI_RECORD_SIZE; slot++) {
    if (flash_is_blank(page, slot * SFI_RECORD_SIZE, SFI_RECORD_SIZE) == PC_OK)
      continue;
    records->free = slot + 1;
    if (flash_read(page, slot * SFI_RECORD_SIZE, &record, SFI_RECORD_SIZE) != PC_OK || !known(record.type) ||
        record.count > SFI_RECORD_OPTIONS || record.check != check_of(&record))
      continue;
    records->copies = memcmp(&record, &records->last, sizeof record) == 0 ? records->copies + 1 : 1;
    records->last = record;
  }
}

pc_status sfi_records_add(const struct flash_area *page, struct sfi_records *records, const struct sfi_record *record,
                          uint32_t copies)
{
  struct sfi_record checked = *record;
  checked.check = check_of(&checked);
  while (copies != 0 && records->free < page->size / SFI_RECORD_SIZE) {
    uint32_t at = records->free++ * SFI_RECORD_SIZE;
    if (flash_program(page, at, &checked, SFI_RECORD_SIZE) == PC_OK) {
      records->copies = memcmp(&checked, &records->last, sizeof checked) == 0 ? records->copies + 1 : 1;
      records->last = checked;
      copies--;
    }
  }
  return copies == 0 ? PC_OK : PC_ERR_LOG_FULL;
}
