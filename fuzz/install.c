/* The journal and slots hold anything at all, and so does the header that is said to be authentic: opening the log,
 * resuming, installing and rolling back never crash, always end, and never write outside their four areas (the flash
 * model ends the program then).
 *
 * Input: byte 0: shape; byte 1: what is done (bits) ; 2-5: a record that is put into the journal (if asked for); 6-325:
 * the header; then the journal's two pages, the header page and the slots, as far as the input goes, the rest blank.
 */
#include "install/install.h"
#include "flash/log.h"
#include "test/support/simflash.h"

#include <stdlib.h>
#include <string.h>

#define JOURNAL_BASE  0x10000000u
#define HEADER_BASE   0x20001000u
#define ACTIVE_BASE   0x30001000u
#define DOWNLOAD_BASE 0x40001000u

enum { PUT_RECORD = 1, NO_HEADER = 2, RUN = 4, ROLLBACK = 8, OLD_IMAGE = 16, BROKEN = 32, CUT = 64 };
#define FIXED_INPUT (6u + IMAGE_HEADER_SIZE)

static struct log journal;
static struct flash_area journal_area, header_area;
static struct install_slot slot;

static pc_status journal_get(uint32_t *record)
{
  *record = journal.last;
  return PC_OK;
}

static pc_status journal_put(uint32_t record)
{
  return log_put(&journal, record);
}

static pc_status journal_confirm(void)
{
  return log_confirm(&journal);
}

static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  uint8_t copy[16];
  (void)image;
  memcpy(copy, iv, sizeof copy); /* must be readable */
  return copy[0] == 0x77 ? PC_ERR_STATE : PC_OK;
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  if (size == 0 || size % 16 != 0)
    abort();
  for (uint32_t i = 0; i < size; i++)
    to[i] = (uint8_t)(from[i] ^ 0x3C);
  return PC_OK;
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  return flash_read(&header_area, 0, header, IMAGE_HEADER_SIZE);
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  pc_status status = flash_erase(&header_area, 0, header_area.page);
  return status == PC_OK ? flash_program(&header_area, 0, header, IMAGE_HEADER_SIZE) : status;
}

static void progress(uint32_t percent)
{
  if (percent > 100)
    abort();
}

static pc_status candidate(const uint8_t of[IMAGE_HEADER_SIZE])
{
  return of[0] == 0xFF ? PC_ERR_SIGNATURE : PC_OK;
}

static const struct install_services services = {journal_get, journal_put,  journal_confirm, decrypt_start, decrypt,
                                                 header_read, header_write, candidate,       progress};

static uint8_t actions;
static uint8_t header[IMAGE_HEADER_SIZE];
static uint32_t record, old_size;
static struct install install;

static void must_be_idle(pc_status status)
{
  if (status == PC_OK && journal.last != INSTALL_NONE)
    abort();
}

static void boot(void *unused)
{
  uint8_t stored[IMAGE_HEADER_SIZE];
  (void)unused;
  if (log_open(&journal, &journal_area) != PC_OK)
    abort();
  if (actions & PUT_RECORD) {
    (void)log_put(&journal, record);
    if (log_open(&journal, &journal_area) != PC_OK)
      abort();
  }
  (void)install_header(&install, journal.last, stored);
  must_be_idle(install_resume(&install, actions & NO_HEADER ? NULL : header));
  if (actions & RUN)
    must_be_idle(install_run(&install, header, actions & OLD_IMAGE ? old_size : 0));
#ifndef FUZZ_OVERWRITE /* which has no rollback, and a stage behind the active slot */
  if (actions & ROLLBACK)
    must_be_idle(install_rollback(&install, header));
#endif
}

static const uint8_t *fill(uint32_t base, uint32_t size, const uint8_t *data, const uint8_t *end)
{
  uint32_t n = (uint32_t)(end - data) < size ? (uint32_t)(end - data) : size;
  simflash_load(base, data, n);
  return data + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct {
    uint32_t page, unit, journal, active, download, buffer;
  } shapes[] = {{512, 8, 256, 4, 5, 512}, {512, 32, 256, 4, 3, 64},  {1024, 1, 512, 2, 4, 256},
                {512, 16, 512, 1, 2, 16}, {512, 4, 256, 5, 4, 4096}, {2048, 8, 512, 2, 4, 2048},
                {512, 8, 256, 4, 1, 512}, {512, 8, 256, 3, 5, 24}};
  static uint8_t *buffer;
  if (size < FIXED_INPUT)
    return 0;
  const unsigned s = data[0] % 8;
  const uint32_t page = shapes[s].page, journal_page = shapes[s].journal;
  const uint8_t *end = data + size;
  actions = data[1];
  memcpy(&record, data + 2, sizeof record);
  memcpy(header, data + 6, sizeof header);
  memcpy(&old_size, header + IMAGE_AT_MAGIC, sizeof old_size);
  simflash_reset(data[0]);
  simflash_add(JOURNAL_BASE - journal_page, 4, journal_page, shapes[s].unit);
  simflash_add(HEADER_BASE - page, 3, page, shapes[s].unit);
  simflash_add(ACTIVE_BASE - page, shapes[s].active + 2, page, shapes[s].unit);
  simflash_add(DOWNLOAD_BASE - page, shapes[s].download + 2, page, shapes[s].unit);
  journal_area = simflash_area(JOURNAL_BASE, 2 * journal_page);
  header_area = simflash_area(HEADER_BASE, page);
  slot.active = simflash_area(ACTIVE_BASE, shapes[s].active * page);
  slot.download = simflash_area(DOWNLOAD_BASE, shapes[s].download * page);
  simflash_allow(JOURNAL_BASE, 2 * journal_page);
  simflash_allow(HEADER_BASE, page);
#ifdef FUZZ_OVERWRITE
  simflash_allow(ACTIVE_BASE + slot.active.size, page);
#endif
  simflash_allow(ACTIVE_BASE, slot.active.size);
  simflash_allow(DOWNLOAD_BASE, slot.download.size);

  const uint8_t *at = fill(JOURNAL_BASE, 2 * journal_page, data + FIXED_INPUT, end);
  at = fill(HEADER_BASE, page, at, end);
  at = fill(ACTIVE_BASE, slot.active.size, at, end);
  (void)fill(DOWNLOAD_BASE, slot.download.size, at, end);
  if (actions & BROKEN) {
    simflash_break(JOURNAL_BASE + header[1] * 4u % (2 * journal_page));
    simflash_break(DOWNLOAD_BASE + header[2] * 16u % slot.download.size);
    simflash_break(ACTIVE_BASE + header[3] * 16u % slot.active.size);
    simflash_worn(ACTIVE_BASE + header[4] * 16u % slot.active.size, header[5]);
  }
  free(buffer);
  buffer = malloc(shapes[s].buffer);
  if (buffer == NULL)
    abort();
  install = (struct install){&services, &slot, 1 + (header[0] & 1u), buffer, shapes[s].buffer};
  if (actions & CUT) {
    simflash_cut(1 + header[6], (enum simflash_tear)(header[7] % SIMFLASH_TEARS));
    if (!simflash_run(boot, NULL)) {
      actions &= (uint8_t)~PUT_RECORD;
      simflash_cut(0, SIMFLASH_BEFORE);
      (void)simflash_run(boot, NULL);
    }
  } else {
    (void)simflash_run(boot, NULL);
  }
  return 0;
}
