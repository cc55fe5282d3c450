/* What the engine guards beside images: each pointer of each service, the order of services, and how long a secret or
 * a verdict lives. Small and fast: one check of engine/gate.c or engine/verify.c taken away fails here. */
#include "engine/counter.h"
#include "test/engine/maker.h"
#include "test/engine/open_gate.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGE         2048u
#define BASE         0x08000000u
#define HEADER_AT    BASE
#define HEADER_2_AT  (BASE + PAGE)
#define COUNTER_AT   (BASE + 4 * PAGE)
#define ACTIVE_AT    (BASE + 8 * PAGE)
#define ACTIVE_PAGES 3u
#define ACTIVE_2_AT  (ACTIVE_AT + ACTIVE_PAGES * PAGE)
#define DOWNLOAD_AT  (BASE + 16 * PAGE)
#define IMAGE_MAX    ((ACTIVE_PAGES - 1) * PAGE)
#define PRODUCT      0x4C343736u

#define AREA(at, pages) TEST_AREA(at, pages, PAGE)
#define IMAGE(n, header_at, active_at, download_at)                                                                    \
  {                                                                                                                    \
    .header = AREA(header_at, 1),                                                                                      \
    .slots = {AREA(active_at, ACTIVE_PAGES), AREA(download_at, ACTIVE_PAGES + 1), IMAGE_MAX, 0},                       \
    .encryption_key = engine_key_aes_1, .public_key = engine_key_pub_1                                                 \
  }
const struct engine_board engine_board = {
    .images = 2,
    .product = PRODUCT,
    .accept_vendor = ENGINE_NO,
    .journal = AREA(BASE + 2 * PAGE, 2),
    .counter = {AREA(COUNTER_AT, 2), AREA(COUNTER_AT + 2 * PAGE, 2)},
    .own = {{(uintptr_t)secret_ram, sizeof secret_ram}},
    .image = {IMAGE(1, HEADER_AT, ACTIVE_AT, DOWNLOAD_AT), IMAGE(2, HEADER_2_AT, ACTIVE_2_AT, DOWNLOAD_AT + 4 * PAGE)},
};

static uint8_t clear_image[ACTIVE_PAGES * PAGE], cipher[ACTIVE_PAGES * PAGE], header[IMAGE_HEADER_SIZE];
static const uint8_t zeros[sizeof(struct crypto_cbc) > ENGINE_CHUNK ? sizeof(struct crypto_cbc) : ENGINE_CHUNK];

static void pack_image(uint32_t image, uint32_t version, uint32_t size)
{
  const struct image_info info = {
      .image = image, .protocol = 2, .version = version, .size = size, .partial_size = size, .product = PRODUCT};
  for (uint32_t i = 0; i < size; i++)
    clear_image[i] = (uint8_t)(i * 7 + (i >> 8) + 1);
  maker_pack(&info, clear_image, header, cipher);
}

static void pack(uint32_t version, uint32_t size)
{
  pack_image(1, version, size);
}

static pc_status start(uint32_t source)
{
  uint32_t old_size;
  return engine_call(ENGINE_VERIFY_START, 1, source, (uintptr_t)&old_size);
}

static pc_status step(void)
{
  uint32_t remaining = 1;
  pc_status status = PC_OK;
  while (status == PC_OK && remaining != 0)
    status = engine_call(ENGINE_VERIFY_STEP, 1000, (uintptr_t)&remaining, 0);
  return status;
}

static pc_status verify(uint32_t source)
{
  pc_status status = start(source);
  if (status == PC_OK)
    status = step();
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

static pc_status launch(void)
{
  uint32_t vectors = 0;
  return engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0);
}

static void put_record(void *status)
{
  *(pc_status *)status = engine_call(ENGINE_JOURNAL_PUT, 0x01000001u, 0, 0);
}

static void put_minimum(void *version)
{
  assert_true(counter_raise(1, *(uint32_t *)version) == PC_OK);
}

/* A board with an active image, and a newer one to be installed; the engine is open. */
static int setup(void **state)
{
  (void)state;
  simflash_reset(1);
  simflash_add(BASE, 32, PAGE, 8);
  maker_new_keys();
  pack(0x01000000, PAGE);
  simflash_load(HEADER_AT, header, sizeof header);
  simflash_load(ACTIVE_AT, clear_image, PAGE);
  pack(0x02000000, PAGE);
  simflash_load(DOWNLOAD_AT, header, sizeof header);
  simflash_load(DOWNLOAD_AT + PAGE, cipher, PAGE);
  memset(&engine, 0, sizeof engine);
  memset(&engine_cbc, 0, sizeof engine_cbc);
  assert_true(engine_call(ENGINE_INIT, 0, 0, 0) == PC_OK);
  return 0;
}

static void a_pointer_that_reaches_into_the_engine_is_refused_by_each_service(void **state)
{
  (void)state;
  const uintptr_t own = (uintptr_t)secret_ram & ~(uintptr_t)3;
  const struct {
    uint32_t service;
    uintptr_t a, b, c;
  } calls[] = {{ENGINE_GET_INFO, 1, own - 4, 0}, /* only its last bytes */
               {ENGINE_GET_STATE, 1, own, 0},
               {ENGINE_DECRYPT_START, 1, own, 0},
               {ENGINE_DECRYPT_START, 1, own - CRYPTO_BLOCK + 1, 0},
               {ENGINE_VERIFY_START, 1, ENGINE_SOURCE_ACTIVE, own},
               {ENGINE_VERIFY_RECEIVED, own, 0, 0},
               {ENGINE_VERIFY_RECEIVED, own - IMAGE_HEADER_SIZE + 1, 0, 0}};
  memset(secret_ram, 0x5A, sizeof secret_ram);
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
    if (engine_call(calls[i].service, calls[i].a, calls[i].b, calls[i].c) != PC_ERR_PARAM)
      fail_msg("call %u", i);
  /* and while a verification is under way, when there would be something to write */
  assert_true(start(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_STEP, 16, own, 0) == PC_ERR_PARAM);
  for (unsigned i = 0; i < sizeof secret_ram; i++)
    assert_int_equal(secret_ram[i], 0x5A);
}

static void nothing_is_decrypted_before_it_was_begun(void **state)
{
  (void)state;
  uint8_t block[CRYPTO_BLOCK] = {0};
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, sizeof block) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_DECRYPT_START, 1, (uintptr_t)block, 0) == PC_OK);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, sizeof block) == PC_OK);
  /* A verification's key is not for callers. */
  assert_true(start(ENGINE_SOURCE_DOWNLOAD) == PC_OK);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, sizeof block) == PC_ERR_PARAM);
}

static void no_key_schedule_and_no_clear_text_stays_behind(void **state)
{
  (void)state;
  uint8_t block[CRYPTO_BLOCK] = {0};
  assert_true(verify(ENGINE_SOURCE_DOWNLOAD) == PC_OK);
  assert_memory_equal(&engine_cbc, zeros, sizeof engine_cbc);
  assert_memory_equal(engine.chunk, zeros, sizeof engine.chunk);
  assert_true(engine_call(ENGINE_DECRYPT_START, 1, (uintptr_t)block, 0) == PC_OK);
  assert_memory_not_equal(&engine_cbc, zeros, sizeof engine_cbc);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(launch() == PC_OK);
  assert_memory_equal(&engine_cbc, zeros, sizeof engine_cbc);
  assert_memory_equal(engine.chunk, zeros, sizeof engine.chunk);
}

static void locking_wipes_the_key_schedule_and_closes(void **state)
{
  (void)state;
  uint8_t block[CRYPTO_BLOCK] = {0};
  assert_true(engine_call(ENGINE_DECRYPT_START, 1, (uintptr_t)block, 0) == PC_OK);
  assert_true(engine_call(ENGINE_LOCK, 0, 0, 0) == PC_OK);
  assert_memory_equal(&engine_cbc, zeros, sizeof engine_cbc);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, sizeof block) == PC_ERR_STATE);
  assert_true(launch() == PC_ERR_STATE);
}

/* The port's gate calls it where a request ended in a fault. */
static void what_a_fault_ended_counts_for_nothing(void **state)
{
  (void)state;
  uint8_t block[CRYPTO_BLOCK] = {0};
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(engine_call(ENGINE_DECRYPT_START, 1, (uintptr_t)block, 0) == PC_OK);
  assert_true(engine_abort() == PC_ERR_PARAM);
  assert_memory_equal(&engine_cbc, zeros, sizeof engine_cbc);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, sizeof block) == PC_ERR_PARAM);
  assert_true(launch() == PC_ERR_STATE);
}

/* The key schedule lies in RAM that is the application's then. */
static void a_fault_behind_the_lock_leaves_the_applications_ram_alone(void **state)
{
  (void)state;
  struct crypto_cbc was;
  assert_true(engine_call(ENGINE_LOCK, 0, 0, 0) == PC_OK);
  memset(&engine_cbc, 0xA5, sizeof engine_cbc);
  was = engine_cbc;
  assert_true(engine_abort() == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_LOCK, 0, 0, 0) == PC_ERR_STATE);
  assert_memory_equal(&engine_cbc, &was, sizeof was);
  memset(&engine_cbc, 0, sizeof engine_cbc);
}

static void a_verdict_is_forgotten_as_soon_as_anything_may_have_changed(void **state)
{
  (void)state;
  pc_status put = PC_ERR_FLOW;
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(simflash_run(put_record, &put));
  assert_true(put == PC_OK);
  assert_true(launch() == PC_ERR_STATE);
  setup(state);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(start(ENGINE_SOURCE_ACTIVE) == PC_OK); /* begun again, and not ended */
  assert_true(launch() == PC_ERR_STATE);
}

/* The header that a tag is held against is the one whose signature was looked at. */
static void a_verification_does_not_survive_another_header(void **state)
{
  (void)state;
  struct engine_image_info told;
  uint32_t image_state;
  for (unsigned i = 0; i < 5; i++) {
    setup(state);
    pack(0x03000000, PAGE);
    assert_true(start(ENGINE_SOURCE_ACTIVE) == PC_OK);
    assert_true(step() == PC_OK);
    if (i == 0)
      assert_true(engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0) == PC_OK);
    else if (i == 1)
      assert_true(engine_call(ENGINE_HEADER_CHECK, (uintptr_t)header, 0, 0) == PC_OK);
    else if (i == 2)
      assert_true(engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&told, 0) == PC_OK);
    else if (i == 3)
      assert_true(engine_call(ENGINE_GET_STATE, 1, (uintptr_t)&image_state, 0) == PC_OK);
    else
      assert_true(engine_call(ENGINE_VERIFY_END, 0, 0, 0) == PC_OK);
    if (engine_call(ENGINE_VERIFY_END, 0, 0, 0) != PC_ERR_STATE)
      fail_msg("case %u", i);
    assert_true((launch() == PC_OK) == (i == 4));
  }
}

static void an_active_image_below_the_minimum_is_not_verified(void **state)
{
  (void)state;
  uint32_t minimum = 0x01000001;
  assert_true(simflash_run(put_minimum, &minimum));
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_ERR_VERSION);
  assert_true(launch() == PC_ERR_STATE);
}

static void what_is_larger_than_the_board_takes_is_no_candidate(void **state)
{
  (void)state;
  pack(0x02000000, IMAGE_MAX);
  assert_true(engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0) == PC_OK);
  pack(0x02000000, IMAGE_MAX + 16);
  assert_true(engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0) == PC_ERR_SIZE);
}

static void each_image_is_verified_for_itself(void **state)
{
  (void)state;
  uint32_t old_size;
  pack(0x01000000, PAGE); /* image 1, where image 2 belongs */
  simflash_load(HEADER_2_AT, header, sizeof header);
  simflash_load(ACTIVE_2_AT, clear_image, PAGE);
  assert_true(engine_call(ENGINE_VERIFY_START, 2, ENGINE_SOURCE_ACTIVE, (uintptr_t)&old_size) == PC_ERR_FORMAT);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(launch() == PC_ERR_STATE); /* something lies in the other slot that was not verified */
  /* Raised is the minimum of the image that was verified last, to the end. */
  setup(state);
  assert_true(start(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(step() == PC_OK);
  assert_true(engine_call(ENGINE_RAISE_MINIMUM, 1, 0, 0) == PC_ERR_STATE);
  pack_image(2, 0x01000000, PAGE);
  simflash_load(HEADER_2_AT, header, sizeof header);
  simflash_load(ACTIVE_2_AT, clear_image, PAGE);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_START, 2, ENGINE_SOURCE_ACTIVE, (uintptr_t)&old_size) == PC_OK);
  assert_true(step() == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_END, 0, 0, 0) == PC_OK);
  assert_true(engine_call(ENGINE_RAISE_MINIMUM, 1, 0, 0) == PC_ERR_STATE);
  assert_true(launch() == PC_ERR_STATE); /* image 1 was not the last */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_pointer_that_reaches_into_the_engine_is_refused_by_each_service, setup),
      cmocka_unit_test_setup(nothing_is_decrypted_before_it_was_begun, setup),
      cmocka_unit_test_setup(no_key_schedule_and_no_clear_text_stays_behind, setup),
      cmocka_unit_test_setup(locking_wipes_the_key_schedule_and_closes, setup),
      cmocka_unit_test_setup(what_a_fault_ended_counts_for_nothing, setup),
      cmocka_unit_test_setup(a_fault_behind_the_lock_leaves_the_applications_ram_alone, setup),
      cmocka_unit_test_setup(a_verdict_is_forgotten_as_soon_as_anything_may_have_changed, setup),
      cmocka_unit_test_setup(a_verification_does_not_survive_another_header, setup),
      cmocka_unit_test_setup(an_active_image_below_the_minimum_is_not_verified, setup),
      cmocka_unit_test_setup(what_is_larger_than_the_board_takes_is_no_candidate, setup),
      cmocka_unit_test_setup(each_image_is_verified_for_itself, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
