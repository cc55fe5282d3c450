/* Fuzz the download slot's writer: the input says what is announced, what the header holds, in what pieces the bytes
 * come, when the flash fails and when the transfer ends. Whatever comes: no flash operation before the header was
 * accepted, no header in the slot unless the image behind it is whole, nothing outside the slot (the flash model ends
 * the program).
 */
#include "loader/download.h"

#include "test/support/simflash.h"

#include <stdlib.h>
#include <string.h>

#define BASE 0x08008000u
#define PAGE 512u
#define SLOT (8u * PAGE)

static const uint8_t *at, *end;
static uint8_t file[2u * SLOT];
static bool accepted;
static struct flash_area slot;

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

static pc_status check_header(void *ctx, const uint8_t *header)
{
  (void)ctx;
  require(!accepted && simflash_counts().operations == 0);
  require(memcmp(header, file, IMAGE_HEADER_SIZE) == 0);
  if (take(1) & 1)
    return PC_ERR_SIGNATURE;
  accepted = true;
  return PC_OK;
}

static void run(void *argument)
{
  (void)argument;
  static struct download d;
  memset(&d, 0xA5, sizeof d);
  download_init(&d, &slot, check_header, NULL, NULL);

  uint32_t partial = take(2);
  uint32_t announced = take(1) & 3 ? IMAGE_FILE_OFFSET + partial : take(4);
  if (take(1) & 1)
    simflash_worn(BASE + take(2) % SLOT / 8u * 8u, 1);
  memset(file, 0, sizeof file);
  for (uint32_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 5u + (i >> 8) + partial);
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &partial, sizeof partial);

  (void)download_begin(&d, announced);
  uint32_t offset = 0;
  while (at < end) {
    uint32_t op = take(1);
    if (op == 255)
      download_abort(&d);
    uint32_t length = op < 128 ? op : (op - 127u) * 8u;
    uint32_t where = op == 254 ? take(4) : offset;
    if (offset + length > sizeof file)
      break;
    /* Misaligned, too: the piece begins where it begins in the file. */
    pc_status status = download_data(&d, where, file + offset, length);
    require(accepted || simflash_counts().operations == 0);
    if (status == PC_OK)
      offset += length;
    else
      require(download_data(&d, offset, file, 1) == PC_ERR_STATE);
  }
  pc_status status = download_end(&d);
  require((status == PC_OK) == download_complete(&d));
  uint8_t header[IMAGE_HEADER_SIZE];
  require(flash_read(&slot, 0, header, sizeof header) == PC_OK);
  bool there = memcmp(header, file, sizeof header) == 0;
  require(there == (status == PC_OK));
  if (there)
    require(accepted && announced == offset && offset == IMAGE_FILE_OFFSET + partial &&
            simflash_equals(BASE + PAGE, file + IMAGE_FILE_OFFSET, partial));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  at = data;
  end = data + size;
  accepted = false;
  simflash_reset(1);
  simflash_add(BASE, SLOT / PAGE, PAGE, 8);
  slot = simflash_area(BASE, SLOT);
  simflash_fill(BASE, 0x5C, SLOT);
  simflash_clear_counts();
  require(simflash_run(run, NULL));
  return 0;
}
