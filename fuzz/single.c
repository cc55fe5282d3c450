/* Fuzz the reception into a single slot: the input says what the journal holds, what is announced, what the header is,
 * in what pieces the bytes come, what the engine answers, when the flash fails and when the power goes. Whatever comes:
 * no flash operation before the header was accepted, no header written unless the engine authenticated the slot with
 * it, nothing outside the areas (the flash model ends the program), and after a power cut a next boot that ends.
 */
#include "install/single.h"

#include "flash/log.h"
#include "test/support/simflash.h"

#include <stdlib.h>
#include <string.h>

#define JOURNAL 0x10001000u
#define HEADER  0x20001000u
#define ACTIVE  0x30001000u
#define PAGE    512u
#define SLOT    (6u * PAGE)

static const uint8_t *at, *end;
static uint8_t file[IMAGE_FILE_OFFSET + 2 * SLOT];
static struct flash_area active, journal_area, header_area;
static struct log journal;
static bool accepted, authenticated;

static void require(int condition)
{
  if (!condition)
    abort();
}

static uint32_t take(uint32_t bytes)
{
  uint32_t value = 0;
  for (uint32_t i = 0; i < bytes && at < end; i++)
    value = value << 8 | *at++;
  return value;
}

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
  require(image == 1 && accepted);
  return iv[0] == 0x77 ? PC_ERR_STATE : PC_OK;
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  require(size != 0 && size % 16 == 0);
  for (uint32_t i = 0; i < size; i++)
    to[i] = (uint8_t)(from[i] ^ 0x3C);
  return PC_OK;
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  require(image == 1);
  return flash_read(&header_area, 0, header, IMAGE_HEADER_SIZE);
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  require(image == 1 && authenticated);
  pc_status status = flash_erase(&header_area, 0, PAGE);
  return status == PC_OK ? flash_program(&header_area, 0, header, IMAGE_HEADER_SIZE) : status;
}

static pc_status candidate(const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)header;
  accepted = (take(1) & 3u) != 0;
  return accepted ? PC_OK : PC_ERR_VERSION;
}

static pc_status verify(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  require(image == 1 && header != NULL);
  authenticated = (take(1) & 1u) != 0;
  return authenticated ? PC_OK : PC_ERR_TAG;
}

static const struct install_services services = {journal_get, journal_put,  journal_confirm, decrypt_start, decrypt,
                                                 header_read, header_write, candidate,       NULL};
static const struct single_target target = {&services, &active, 1, verify, NULL};

static void run(void *unused)
{
  static struct single s;
  uint8_t header[IMAGE_HEADER_SIZE];
  (void)unused;
  accepted = authenticated = false;
  require(log_open(&journal, &journal_area) == PC_OK);
  (void)single_resume(&target, header);
  authenticated = false;
  const uint32_t before = simflash_counts().operations;
  memset(&s, 0xA5, sizeof s);
  single_init(&s, &target);
  const uint32_t size = take(1) & 3u ? IMAGE_FILE_OFFSET + take(2) : take(4);
  uint32_t sent = 0;
  pc_status status;
  (void)single_begin(&s, size);
  while (at < end) {
    uint32_t piece = take(1) & 1u ? take(1) : take(2) % 1100u;
    const uint32_t offset = take(1) == 0x55 ? take(2) : sent;
    if (piece > sizeof file - sent % sizeof file)
      piece = (uint32_t)(sizeof file - sent % sizeof file);
    status = single_data(&s, offset, file + sent % sizeof file, piece);
    require(accepted || simflash_counts().operations == before);
    sent += piece;
    if (status != PC_OK && (take(1) & 1u) != 0)
      break;
    if (status == PC_OK && sent >= size)
      break;
  }
  status = single_end(&s);
  require(single_complete(&s) == (status == PC_OK));
  require(status != PC_OK || (authenticated && journal.last == INSTALL_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const uint32_t units[] = {8, 1, 16, 32};
  at = data;
  end = data + size;
  const uint32_t unit = units[take(1) % 4u];
  simflash_reset(data[0]);
  simflash_add(JOURNAL - PAGE, 4, PAGE, 8);
  simflash_add(HEADER - PAGE, 3, PAGE, unit);
  simflash_add(ACTIVE - PAGE, 8, PAGE, unit);
  journal_area = simflash_area(JOURNAL, 2 * PAGE);
  header_area = simflash_area(HEADER, PAGE);
  active = simflash_area(ACTIVE, SLOT);
  simflash_allow(JOURNAL, 2 * PAGE);
  simflash_allow(HEADER, PAGE);
  simflash_allow(ACTIVE, SLOT);
  for (uint32_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 37u + (i >> 8));
  memcpy(file, (const char[4]){'S', 'F', 'U', '1'}, 4);
  const uint32_t image = take(1) & 7u ? take(2) & 0xFF0u : take(4), offset = take(1) & 15u ? 0 : take(4);
  memcpy(file + IMAGE_AT_SIZE, &image, 4);
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &image, 4);
  memcpy(file + IMAGE_AT_PARTIAL_OFFSET, &offset, 4);
  simflash_fill(ACTIVE, (uint8_t)take(1), 900);
  if (take(1) & 1u) {
    for (uint32_t i = 0; i < 2 * PAGE; i += 4) { /* the journal's bytes, as far as the input goes */
      const uint32_t word = at < end ? take(4) : 0xFFFFFFFFu;
      simflash_load(JOURNAL + i, &word, 4);
      if (i > 96)
        break;
    }
  }
  if (take(1) & 1u)
    simflash_worn(ACTIVE + take(2) % SLOT / 32u * 32u, take(1) % 4u);
  if (take(1) & 1u)
    simflash_cut(1 + take(1), (enum simflash_tear)(take(1) % SIMFLASH_TEARS));
  const uint8_t *again = at;
  if (!simflash_run(run, NULL)) {
    at = again;
    (void)simflash_run(run, NULL);
  }
  return 0;
}
