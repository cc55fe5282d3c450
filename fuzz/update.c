/* Fuzz the download slot's writer: the input says what is announced, what the header holds, in what pieces the bytes
 * come, when the flash fails and when the transfer ends. Whatever comes: no flash operation before the header was
 * accepted, no header in the slot unless the image behind it is whole, nothing outside the slot (the flash model ends
 * the program).
 */
#include "portcullis/update.h"
#include "flash/flash.h"
#include "image/header.h"

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
  static struct update u;
  const struct update_target target = {&slot, 1, SLOT - 2u * PAGE, check_header, NULL, NULL, NULL};
  memset(&u, 0xA5, sizeof u);
  update_init(&u, &target);

  uint32_t partial = take(2);
  uint32_t announced = take(1) & 3 ? IMAGE_FILE_OFFSET + partial : take(4);
  if (take(1) & 1)
    simflash_worn(BASE + take(2) % SLOT / 8u * 8u, 1);
  memset(file, 0, sizeof file);
  for (uint32_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 5u + (i >> 8) + partial);
  memcpy(file, "SFU1", 4);
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &partial, sizeof partial);

  (void)update_begin(&u, announced);
  uint32_t offset = 0;
  while (at < end) {
    uint32_t op = take(1);
    if (op == 255)
      (void)update_abort(&u);
    uint32_t length = op < 128 ? op : (op - 127u) * 8u;
    if (op == 254) /* finish, and possibly begin again: refused if not all there */
      (void)(take(1) & 1 ? update_finish(&u) : update_install(&u));
    if (offset + length > sizeof file)
      break;
    /* Misaligned, too: the piece begins where it begins in the file. */
    pc_status status = update_write(&u, file + offset, length);
    require(accepted || simflash_counts().operations == 0);
    if (status == PC_OK)
      offset += length;
    else
      require(update_write(&u, file, 1) == PC_ERR_STATE);
  }
  if (u.step != UPDATE_READY && u.step != UPDATE_REQUESTED)
    (void)update_finish(&u);
  pc_status status = update_install(&u);
  bool asked = update_asked(&slot) == PC_OK;
  require((status == PC_OK) == (u.step == UPDATE_REQUESTED) && (status == PC_OK) == asked);
  uint8_t header[IMAGE_HEADER_SIZE];
  require(flash_read(&slot, 0, header, sizeof header) == PC_OK);
  if (asked)
    require(memcmp(header, file, sizeof header) == 0 && accepted &&
            (announced == offset || announced == UPDATE_ANY_SIZE) && offset == IMAGE_FILE_OFFSET + partial &&
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
