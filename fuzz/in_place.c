/* Fuzz patches in place, in the engine: the input is the head and the bare patch (well signed: what an attacker could
 * not bring in, a defective encoder could), the old image's size, and when the power goes. Tags are called equal
 * whatever they are, so that every patch that decodes is applied. Whatever comes: nothing is written outside the slot,
 * scratch, checkpoints and journal (the flash model ends the program); it ends; as long as the journal says that
 * nothing was begun, the slot was not touched; and what is applied, with power cuts in between, gives what the same
 * patch gives in memory.
 *
 * byte 0: seed of the cuts; 1: how many; 2: blocks of 16 bytes of the old image; 3-10: head; from 11 on: the patch.
 */
#include "board/slots.h"
#include "delta/encoder.h"
#include "engine/internal.h"
#include "image/patch.h"
#include "test/set/maker.h"
#include "test/support/simflash.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 11u

pc_status engine_dispatch(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of crypto/memory.c. */
pc_status crypto_compare(const void *a, const void *b, size_t size, pc_status error)
{
  (void)a;
  (void)b;
  (void)size;
  (void)error;
  return PC_OK;
}

void crypto_wipe(void *bytes, size_t size)
{
  memset(bytes, 0, size);
}

void mbedtls_platform_zeroize(void *bytes, size_t size);
void mbedtls_platform_zeroize(void *bytes, size_t size)
{
  memset(bytes, 0, size);
}

static pc_status read_(uint32_t addr, void *to, uint32_t size)
{
  return simflash_driver.read(addr, to, size);
}
static pc_status program_(uint32_t addr, const void *from, uint32_t size)
{
  return simflash_driver.program(addr, from, size);
}
static pc_status erase_(uint32_t addr)
{
  return simflash_driver.erase(addr);
}
const struct flash_driver port_flash = {read_, program_, erase_};

static void require(int condition)
{
  if (!condition)
    abort();
}

static uint32_t step(void)
{
  return INSTALL_RECORD_STEP(engine.journal.last);
}

static void session(void *result)
{
  pc_status *status = result;
  uint32_t left = 1;
  memset(&engine, 0, sizeof engine);
  *status = engine_dispatch(ENGINE_INIT, 0, 0, 0);
  if (*status == PC_OK && step() == INSTALL_BEGIN) /* as the boot loader does */
    *status = engine_dispatch(ENGINE_JOURNAL_PUT, INSTALL_NONE, 0, 0);
  if (*status == PC_OK)
    *status = engine_dispatch(ENGINE_IN_PLACE_START, 1, 0, 0);
  for (uint32_t steps = 0; *status == PC_OK && left != 0; steps++) {
    require(steps < 1000);
    *status = engine_dispatch(ENGINE_IN_PLACE_STEP, (uintptr_t)&left, 0, 0);
  }
}

static void fill(uint8_t *bytes, uint32_t size)
{
  for (uint32_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(i % 7 == 3 ? 0xBF : (i * i >> 6 ^ i * 5) & 0x7Fu);
}

static void prepare(const uint8_t *old, uint32_t old_size, uint32_t new_size, const uint8_t *how, const uint8_t *patch,
                    uint32_t patch_size)
{
  static const uint8_t tag[32] = {1}, iv[16] = {2};
  static uint8_t cipher[MAP_DOWNLOAD_SIZE];
  uint8_t header[PATCH_HEADER_SIZE], to[IMAGE_HEADER_SIZE];
  const uint32_t padded = (patch_size + 15u) & ~15u, at = MAP_DOWNLOAD_BASE + MAP_FLASH_PAGE;
  struct patch_info info = {.image = 1, .size = patch_size, .from_size = old_size, .in_place = 1};
  const struct image_info image = {
      .image = 1, .protocol = IMAGE_PROTOCOL, .size = new_size, .partial_size = new_size, .product = BOARD_PRODUCT};
  simflash_reset(1);
  simflash_add(MAP_FLASH_BASE, RIG_FLASH_SIZE / MAP_FLASH_PAGE, MAP_FLASH_PAGE, MAP_FLASH_UNIT);
  simflash_allow(MAP_JOURNAL_BASE, 2 * MAP_FLASH_PAGE);
  simflash_allow(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE);
  simflash_allow(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE);
  simflash_allow(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE);
  memcpy(info.how, how, sizeof info.how);
  if (patch_header_build(header, &info, tag, tag, iv) != PC_OK || image_header_build(to, &image, tag, tag, iv) != PC_OK)
    memset(header, 0, sizeof header); /* refused */
  maker_sign(header);
  maker_sign(to);
  memset(cipher, 0, sizeof cipher);
  memcpy(cipher, patch, patch_size);
  maker_encrypt(cipher, iv, padded);
  if (old_size != 0)
    simflash_load(MAP_ACTIVE_BASE, old, old_size);
  simflash_load(MAP_DOWNLOAD_BASE, to, PATCH_TARGET_SIZE);
  simflash_load(at, header, sizeof header);
  simflash_load(at + sizeof header, cipher, padded);
  simflash_clear_counts();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static bool keys;
  static uint8_t old[MAP_ACTIVE_SIZE];
  struct delta_in_place how;
  uint8_t *expected = NULL;
  size_t expected_size = 0;
  pc_status status = PC_ERR_STATE, in_memory = PC_ERR_FORMAT;
  if (!keys)
    maker_new_keys();
  keys = true;
  if (size <= HEAD || size - HEAD > MAP_DOWNLOAD_SIZE - MAP_FLASH_PAGE - PATCH_HEADER_SIZE - 16)
    return 0;
  const uint32_t old_size = (uint32_t)data[2] * 16u % (MAP_ACTIVE_SIZE + 16u);
  fill(old, sizeof old);
  if (delta_in_place_parse(data + 3, &how) == PC_OK && how.slot * how.page == MAP_ACTIVE_SIZE)
    in_memory = delta_apply_in_place(old, old_size, &how, data + HEAD, size - HEAD, &expected, &expected_size);
  uint32_t new_size = in_memory == PC_OK ? (uint32_t)expected_size : 1024u;
  prepare(old, old_size, new_size, data + 3, data + HEAD, (uint32_t)(size - HEAD));
  for (uint32_t cuts = data[1] % 4u, i = 0; i <= cuts; i++) {
    simflash_seed(data[0] + i);
    simflash_cut(i < cuts ? 1 + simflash_random() % 900 : 0, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
    if (simflash_run(session, &status))
      break;
    status = PC_ERR_STATE;
  }
  if (status == PC_OK) {
    require(in_memory == PC_OK);
    require(simflash_equals(MAP_ACTIVE_BASE, expected, new_size));
    require(simflash_equals(MAP_ACTIVE_BASE + new_size, NULL, MAP_ACTIVE_SIZE - new_size));
  } else {
    /* Once begun it ends: nothing fails here but the patch. */
    require(step() == INSTALL_NONE);
    require(simflash_max_wear(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE) == 0);
  }
  if (in_memory == PC_OK)
    free(expected);
  return 0;
}
