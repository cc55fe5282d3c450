/* Patches through the update core and the engine, natively: what comes to lie in the download slot is what a download
 * of the whole .sfb leaves there, byte for byte; and whatever is wrong leaves everything as it was.
 */
#include "loader/update_patch.h"
#include "test/engine/maker.h"
#include "test/engine/patch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---------- a download ---------- */

static struct update update;

static pc_status judge(void *context, const uint8_t *header)
{
  (void)context;
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

struct download {
  uint32_t size, chunk, announced;
  pc_status status;
};

static void receive(void *argument)
{
  struct download *d = argument;
  const struct flash_area *slot = &engine_board.image[0].slots.download;
  const struct update_target target = {slot, 1, slot->size - 2 * slot->page, judge, NULL, NULL, &update_patch};
  update_init(&update, &target);
  d->status = update_begin(&update, d->announced);
  for (uint32_t at = 0; d->status == PC_OK && at < d->size; at += d->chunk)
    d->status = update_write(&update, file + at, d->size - at < d->chunk ? d->size - at : d->chunk);
  if (d->status == PC_OK)
    d->status = update_finish(&update);
  if (d->status == PC_OK)
    d->status = update_install(&update);
}

static pc_status download(uint32_t size, uint32_t chunk)
{
  struct download d = {size, chunk, size, PC_ERR_FLOW};
  assert_true(simflash_run(receive, &d));
  return d.status;
}

static bool active_as_it_was(void)
{
  return simflash_equals(HEADER_AT, from_header, sizeof from_header) && simflash_equals(ACTIVE_AT, from, FROM_SIZE);
}

/* Header, mark and ciphertext as after the download of the whole .sfb. */
static void assert_new_image_lies_there(void)
{
  assert_true(simflash_equals(DOWNLOAD_AT, to_header, 192));
  assert_true(simflash_equals(DOWNLOAD_AT + PAGE, to_cipher, TO_SIZE));
  assert_int_equal(update_asked(&engine_board.image[0].slots.download), PC_OK);
  assert_true(active_as_it_was());
  uint32_t remaining = 1, old_size;
  reset();
  assert_int_equal(engine_call(ENGINE_VERIFY_START, 1, ENGINE_SOURCE_DOWNLOAD, (uintptr_t)&old_size), PC_OK);
  while (remaining != 0)
    assert_int_equal(engine_call(ENGINE_VERIFY_STEP, 1000, (uintptr_t)&remaining, 0), PC_OK);
  assert_int_equal(engine_call(ENGINE_VERIFY_END, 0, 0, 0), PC_OK);
}

/* ---------- tests ---------- */

static void a_patch_leaves_what_the_whole_image_would_have_left(void **state)
{
  (void)state;
  static const uint32_t chunks[] = {1, 7, 16, 100, 191, 193, 1000, 8192};
  for (uint32_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    again();
    assert_int_equal(download(file_size, chunks[i]), PC_OK);
    assert_new_image_lies_there();
  }
  again();
  struct download d = {file_size, 33, UPDATE_ANY_SIZE, PC_ERR_FLOW};
  assert_true(simflash_run(receive, &d));
  assert_int_equal(d.status, PC_OK);
  assert_new_image_lies_there();
}

static void a_compressed_image_fits_any_version(void **state)
{
  (void)state;
  make_patch(DELTA_MODE_IMAGE);
  simflash_fill(ACTIVE_AT, 0x11, 64);
  struct download d = {file_size, 64, file_size, PC_ERR_FLOW};
  assert_true(simflash_run(receive, &d));
  assert_int_equal(d.status, PC_OK);
  assert_true(simflash_equals(DOWNLOAD_AT + PAGE, to_cipher, TO_SIZE));
}

static void a_patch_for_another_image_is_told_as_such(void **state)
{
  (void)state;
  file[3]++;
  assert_int_equal(download(file_size, 64), PC_ERR_PARAM);
  assert_true(active_as_it_was());
}

/* The active image passes through the engine's RAM while it is held against the patch. */
static void nothing_of_the_active_image_stays_in_the_engine(void **state)
{
  (void)state;
  static const uint8_t zeros[ENGINE_CHUNK];
  memset(engine.chunk, 0x5A, sizeof engine.chunk);
  assert_int_equal(engine_call(ENGINE_PATCH_BEGIN, (uintptr_t)file, 0, 0), PC_OK);
  assert_memory_equal(engine.chunk, zeros, sizeof engine.chunk);
}

static void every_changed_byte_is_refused(void **state)
{
  (void)state;
  for (uint32_t at = 0; at < file_size; at++) {
    again();
    file[at] ^= (uint8_t)(1u << (at & 7u));
    pc_status status = download(file_size, 64);
    assert_int_not_equal(status, PC_OK);
    assert_int_not_equal(update_asked(&engine_board.image[0].slots.download), PC_OK);
    assert_true(active_as_it_was());
    if (at < PATCH_FILE_OFFSET) /* nothing was erased for it */
      assert_int_equal(simflash_counts().operations, 0);
  }
}

static void a_file_cut_short_or_extended_is_refused(void **state)
{
  (void)state;
  for (uint32_t size = 0; size < file_size; size++) {
    again();
    struct download d = {size, 64, size & 1 ? file_size : size, PC_ERR_FLOW};
    assert_true(simflash_run(receive, &d));
    assert_int_not_equal(d.status, PC_OK);
    assert_int_not_equal(update_asked(&engine_board.image[0].slots.download), PC_OK);
    assert_true(active_as_it_was());
  }
  for (uint32_t more = 1; more < 40; more++) {
    again();
    assert_int_not_equal(download(file_size + more, 64), PC_OK);
    assert_int_equal(simflash_counts().operations, 0);
  }
}

static void another_active_image_is_refused_before_anything_is_erased(void **state)
{
  (void)state;
  for (uint32_t at = 0; at < FROM_SIZE; at += 97) {
    uint8_t byte = (uint8_t)(from[at] ^ 1u << (at & 7u));
    again();
    simflash_load(ACTIVE_AT + at / 8 * 8, from + at / 8 * 8, 8);
    uint8_t unit[8];
    memcpy(unit, from + at / 8 * 8, 8);
    unit[at % 8] = byte;
    simflash_load(ACTIVE_AT + at / 8 * 8, unit, 8);
    assert_int_equal(download(file_size, 64), PC_ERR_TAG);
    assert_int_equal(simflash_counts().operations, 0);
  }
  again();
  simflash_break(ACTIVE_AT + 1024);
  assert_int_equal(download(file_size, 64), PC_ERR_ECC);
  assert_int_equal(simflash_counts().operations, 0);
}

static void older_versions_other_products_and_other_keys_are_refused(void **state)
{
  setup(state);
  pack(0x02000000, 0x01050000);
  make_patch(DELTA_MODE_PATCH);
  assert_int_equal(download(file_size, 64), PC_ERR_VERSION);
  assert_int_equal(simflash_counts().operations, 0);

  setup(state);
  struct image_info t = info(0x01010000, TO_SIZE);
  t.product = 0x1234;
  maker_pack(&t, to, to_header, to_cipher);
  make_patch(DELTA_MODE_PATCH);
  assert_int_equal(download(file_size, 64), PC_ERR_PRODUCT);
  assert_int_equal(simflash_counts().operations, 0);

  setup(state);
  maker_new_keys();
  assert_int_equal(download(file_size, 64), PC_ERR_SIGNATURE);
  assert_int_equal(simflash_counts().operations, 0);
}

static void a_to_header_that_was_not_signed_along_is_refused(void **state)
{
  setup(state);
  const struct image_info t = info(0x01020000, TO_SIZE);
  maker_pack(&t, to, to_header, to_cipher); /* as good as the other, but another */
  memcpy(file + PATCH_HEADER_SIZE, to_header, PATCH_TARGET_SIZE);
  assert_int_equal(download(file_size, 64), PC_ERR_TAG);
  assert_int_equal(simflash_counts().operations, 0);
}

static void power_cuts_leave_no_candidate_and_the_next_attempt_succeeds(void **state)
{
  (void)state;
  again();
  assert_int_equal(download(file_size, 64), PC_OK);
  const uint32_t operations = simflash_counts().operations;
  for (uint32_t n = 1; n <= operations; n += n > 4 && n + 60 < operations ? 13 : 1) {
    again();
    struct download d = {file_size, 64, file_size, PC_ERR_FLOW};
    simflash_clear_counts();
    simflash_cut(n, (enum simflash_tear)(n % SIMFLASH_TEARS));
    assert_false(simflash_run(receive, &d));
    simflash_cut(0, SIMFLASH_BEFORE);
    assert_true(active_as_it_was());
    if (n < operations) /* the last one is the wish itself */
      assert_int_not_equal(update_asked(&engine_board.image[0].slots.download), PC_OK);
    reset();
    assert_int_equal(download(file_size, 64), PC_OK);
    assert_new_image_lies_there();
  }
}

static void services_out_of_order_are_refused(void **state)
{
  (void)state;
  uint8_t block[16] = {0};
  assert_int_equal(engine_call(ENGINE_PATCH_DATA, (uintptr_t)block, 16, 0), PC_ERR_STATE);
  assert_int_equal(engine_call(ENGINE_PATCH_END, 0, 0, 0), PC_ERR_STATE);
  assert_int_equal(engine_call(ENGINE_PATCH_TARGET, (uintptr_t)to_header, 0, 0), PC_ERR_STATE);
  assert_int_equal(engine_call(ENGINE_PATCH_BEGIN, (uintptr_t)file, 0, 0), PC_OK);
  assert_int_equal(engine_call(ENGINE_PATCH_DATA, (uintptr_t)block, 16, 0), PC_ERR_STATE);
  assert_int_equal(engine_call(ENGINE_PATCH_TARGET, (uintptr_t)to_header, 0, 0), PC_OK);
  assert_int_equal(engine_call(ENGINE_PATCH_TARGET, (uintptr_t)to_header, 0, 0), PC_ERR_STATE);
  assert_int_equal(engine_call(ENGINE_PATCH_DATA, (uintptr_t)block, 15, 0), PC_ERR_PARAM);
  assert_int_equal(engine_call(ENGINE_PATCH_DATA, (uintptr_t)secret_ram, 16, 0), PC_ERR_PARAM);
  assert_int_equal(engine_call(ENGINE_PATCH_BEGIN, (uintptr_t)secret_ram, 0, 0), PC_ERR_PARAM);
  assert_int_equal(engine_call(ENGINE_PATCH_END, 0, 0, 0), PC_ERR_TRANSFER);
  assert_int_equal(engine_call(ENGINE_PATCH_END, 0, 0, 0), PC_ERR_STATE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_patch_leaves_what_the_whole_image_would_have_left, setup),
      cmocka_unit_test_setup(a_compressed_image_fits_any_version, setup),
      cmocka_unit_test_setup(a_patch_for_another_image_is_told_as_such, setup),
      cmocka_unit_test_setup(nothing_of_the_active_image_stays_in_the_engine, setup),
      cmocka_unit_test_setup(every_changed_byte_is_refused, setup),
      cmocka_unit_test_setup(a_file_cut_short_or_extended_is_refused, setup),
      cmocka_unit_test_setup(another_active_image_is_refused_before_anything_is_erased, setup),
      cmocka_unit_test_setup(older_versions_other_products_and_other_keys_are_refused, setup),
      cmocka_unit_test_setup(a_to_header_that_was_not_signed_along_is_refused, setup),
      cmocka_unit_test_setup(power_cuts_leave_no_candidate_and_the_next_attempt_succeeds, setup),
      cmocka_unit_test_setup(services_out_of_order_are_refused, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
