/* The engine of a board with a single slot: an image that lies in the active slot is authenticated against a header
 * that is in RAM only, and judged like a candidate. */
#include "engine/internal.h"
#include "test/engine/maker.h"
#include "test/engine/open_gate.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PAGE      2048u
#define BASE      0x08000000u
#define HEADER_AT BASE
#define ACTIVE_AT (BASE + 8 * PAGE)
#define PAGES     8u
#define PRODUCT   0x4C343736u

#define AREA(at, pages) TEST_AREA(at, pages, PAGE)
const struct engine_board engine_board = {
    .images = 1,
    .product = PRODUCT,
    .accept_vendor = ENGINE_NO,
    .journal = AREA(BASE + PAGE, 2),
    .counter = {AREA(BASE + 3 * PAGE, 2)},
    .own = {{(uintptr_t)secret_ram, sizeof secret_ram}},
    .image = {{.header = AREA(HEADER_AT, 1),
               .slots = {.active = AREA(ACTIVE_AT, PAGES), .image_max = PAGES * PAGE},
               .encryption_key = engine_key_aes_1,
               .public_key = engine_key_pub_1}},
};

static uint8_t clear_image[PAGES * PAGE], cipher[PAGES * PAGE], header[IMAGE_HEADER_SIZE];

static int setup(void **state)
{
  (void)state;
  simflash_reset(1);
  simflash_add(BASE, 32, PAGE, 8);
  maker_new_keys();
  memset(&engine, 0, sizeof engine);
  assert_true(engine_call(ENGINE_INIT, 0, 0, 0) == PC_OK);
  return 0;
}

static void pack(uint32_t version, uint32_t product, uint32_t size)
{
  const struct image_info info = {
      .image = 1, .protocol = 2, .version = version, .size = size, .partial_size = size, .product = product};
  for (uint32_t i = 0; i < size; i++)
    clear_image[i] = (uint8_t)(i * 7 + version);
  maker_pack(&info, clear_image, header, cipher);
}

static void received(uint32_t version, uint32_t product, uint32_t size)
{
  pack(version, product, size);
  simflash_fill(ACTIVE_AT, 0xFF, PAGES * PAGE);
  simflash_load(ACTIVE_AT, clear_image, size);
}

static pc_status verify(void)
{
  uint32_t remaining = 1;
  pc_status status = engine_call(ENGINE_VERIFY_RECEIVED, (uintptr_t)header, 0, 0);
  while (status == PC_OK && remaining != 0)
    status = engine_call(ENGINE_VERIFY_STEP, 1000, (uintptr_t)&remaining, 0);
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

static void a_whole_image_is_authenticated(void **state)
{
  (void)state;
  received(0x01000000, PRODUCT, 3 * PAGE + 48);
  assert_true(verify() == PC_OK);
  received(0x01000000, PRODUCT, PAGES * PAGE);
  assert_true(verify() == PC_OK);
}

static void a_flipped_bit_in_the_image_or_behind_it_is_refused(void **state)
{
  (void)state;
  received(0x01000000, PRODUCT, 3 * PAGE);
  uint8_t byte = (uint8_t)(clear_image[1234] ^ 4);
  simflash_load(ACTIVE_AT + 1234, &byte, 1);
  assert_true(verify() == PC_ERR_TAG);
  received(0x01000000, PRODUCT, 3 * PAGE);
  byte = 0xFE;
  simflash_load(ACTIVE_AT + 5 * PAGE, &byte, 1);
  assert_true(verify() == PC_ERR_NOT_BLANK);
}

static void a_header_is_judged_like_a_candidates(void **state)
{
  (void)state;
  received(0x02000000, PRODUCT, PAGE);
  simflash_load(HEADER_AT, header, sizeof header); /* 2.0.0 is active */
  received(0x01000000, PRODUCT, PAGE);
  assert_true(verify() == PC_ERR_VERSION);
  received(0x02000001, PRODUCT + 1, PAGE);
  assert_true(verify() == PC_ERR_PRODUCT);
  received(0x02000001, PRODUCT, PAGE);
  header[50] ^= 1;
  assert_true(verify() == PC_ERR_SIGNATURE);
  header[50] ^= 1;
  assert_true(verify() == PC_OK);
  memset(header, 0xFF, sizeof header);
  assert_true(verify() == PC_ERR_BLANK);
  assert_true(engine_call(ENGINE_VERIFY_RECEIVED, (uintptr_t)secret_ram, 0, 0) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_VERIFY_RECEIVED, 0, 0, 0) == PC_ERR_PARAM);
}

/* The header that was authenticated is the engine's copy: changing the caller's on the way changes nothing. */
static void the_callers_header_is_read_once(void **state)
{
  (void)state;
  uint32_t remaining = 1;
  received(0x01000000, PRODUCT, PAGE);
  assert_true(engine_call(ENGINE_VERIFY_RECEIVED, (uintptr_t)header, 0, 0) == PC_OK);
  memset(header, 0, sizeof header);
  while (remaining != 0)
    assert_true(engine_call(ENGINE_VERIFY_STEP, 1000, (uintptr_t)&remaining, 0) == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_END, 0, 0, 0) == PC_OK);
}

static void there_is_no_download_slot_to_look_at(void **state)
{
  (void)state;
  uint32_t old_size;
  received(0x01000000, PRODUCT, PAGE);
  assert_true(engine_call(ENGINE_VERIFY_START, 1, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&old_size) != PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_START, 1, ENGINE_SOURCE_BACKUP, (uintptr_t)&old_size) != PC_OK);
  assert_true(engine_call(ENGINE_LOCK, 0, 0, 0) == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_RECEIVED, (uintptr_t)header, 0, 0) == PC_ERR_STATE); /* not for applications */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_whole_image_is_authenticated, setup),
      cmocka_unit_test_setup(a_flipped_bit_in_the_image_or_behind_it_is_refused, setup),
      cmocka_unit_test_setup(a_header_is_judged_like_a_candidates, setup),
      cmocka_unit_test_setup(the_callers_header_is_read_once, setup),
      cmocka_unit_test_setup(there_is_no_download_slot_to_look_at, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
