/* The flash holds anything at all when the boot loader starts: journal, headers, slots, counters. It never crashes,
 * never starts what nobody signed (test/set/rig.c looks at every start), never writes outside its areas, and comes to
 * an end: an application that runs, or the loader that waits.
 *
 * Input: a byte that picks a start (blank, installed, asked for, under test, half installed), then changes to it, a
 * kind byte each: raw bytes, a good journal record with any value, a good header of any image anywhere, a page erased
 * or filled, a good counter record.
 */
#include "board/slots.h"
#include "engine/internal.h"
#include "test/set/rig.h"

#include <stdlib.h>
#include <string.h>

#define STARTS 5u
#define P      0x200u

static struct simflash_image *starts[STARTS];
static const struct rig_image *images[2][RIG_IMAGES + 1];
static const uint8_t *at, *end;

static uint32_t take(uint32_t bytes)
{
  uint32_t value = 0;
  for (uint32_t i = 0; i < bytes && at < end; i++)
    value = value << 8 | *at++;
  return value;
}

static void prepare(void)
{
  rig_reset(1);
  starts[0] = simflash_save();
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    images[0][n] = rig_image_make(n, 0x01000000, n == 1 ? 3 * P : P + 32);
    rig_put_active(images[0][n]);
  }
  images[1][1] = rig_image_make_partial(images[0][1], 0x02000000, 3 * P, 0x100, P);
  images[1][2] = rig_image_make(2, 0x02000000, 2 * P);
  images[1][3] = rig_image_make(3, 0x02000000 | RIG_RAISES, P);
  starts[1] = simflash_save();
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    rig_put_candidate(images[1][n]);
  starts[2] = simflash_save();
  (void)rig_settle(12);
  starts[3] = simflash_save();
  simflash_restore(starts[2]);
  simflash_cut(200, SIMFLASH_AFTER);
  (void)rig_settle(12);
  starts[4] = simflash_save();
}

static struct flash_area area;
static uint32_t value;

static void put(void *unused)
{
  struct log log;
  (void)unused;
  if (log_open(&log, &area) == PC_OK)
    (void)log_put(&log, value);
}

static void change(void)
{
  const uint32_t kind = take(1);
  const uint32_t where = MAP_FLASH_BASE + take(2) % RIG_FLASH_SIZE / MAP_FLASH_UNIT * MAP_FLASH_UNIT;
  const uint32_t page = where & ~(P - 1u);
  switch (kind % 6) {
  case 0: {
    uint8_t bytes[64];
    uint32_t size = 1 + take(1) % sizeof bytes;
    if (size > MAP_FLASH_BASE + RIG_FLASH_SIZE - where)
      size = MAP_FLASH_BASE + RIG_FLASH_SIZE - where;
    for (uint32_t i = 0; i < size; i++)
      bytes[i] = (uint8_t)take(1);
    simflash_load(where, bytes, size);
    break;
  }
  case 1:
  case 2:
    area = kind % 6 == 1 ? engine_board.journal : engine_board.counter[where / P % RIG_IMAGES];
    value = take(4);
    (void)simflash_run(put, NULL);
    break;
  case 3: {
    uint8_t header[IMAGE_HEADER_SIZE];
    const struct rig_image *image = images[where / MAP_FLASH_UNIT % 2][1 + take(1) % RIG_IMAGES];
    memcpy(header, image->header, sizeof header);
    for (uint32_t field = 0; field < 4; field++) {
      const uint32_t how = take(1);
      memset(header + IMAGE_AT_STATE + field * 32, how < 64 ? 0 : how < 128 ? 0x55 : (int)how, 32);
    }
    simflash_load(page, header, sizeof header);
    break;
  }
  case 4:
    simflash_fill(page, (uint8_t)take(1), P);
    break;
  default:
    simflash_load(page + IMAGE_HEADER_SIZE, "INSTALL1", 7);
    simflash_load(page + IMAGE_HEADER_SIZE + 7, &(uint8_t){(uint8_t)take(1)}, 1);
    break;
  }
}

static void application(void)
{
  static uint32_t turn;
  (void)engine_call(ENGINE_VALIDATE, turn++ % 2 != 0 ? ENGINE_ALL_IMAGES : turn % 4, 0, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (starts[0] == NULL)
    prepare();
  at = data;
  end = data + size;
  simflash_restore(starts[take(1) % STARTS]);
  simflash_seed((uint32_t)size);
  simflash_cut(0, SIMFLASH_BEFORE);
  while (at < end)
    change();
  rig.application = application;
  rig.power_on = true;
  for (int i = 0; i < 3; i++)
    (void)rig_settle(16);
  return 0;
}
