/* The update functions that the boot loader serves: order, restarts, every status code, and misuse that changes
 * nothing. */
#include "loader/patch_board.h"
#include "loader/update_patch.h"
#include "portcullis/se_patch.h"
#include "test/engine/maker.h"
#include "test/engine/patch_rig.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---------- the board ---------- */

static char printed[200];
static unsigned restarts;
static uint32_t unique;
static bool no_slot;
static void (*in_progress)(void);

void patch_board_text(const char *text)
{
  strncat(printed, text, sizeof printed - strlen(printed) - 1);
}

void patch_board_number(uint32_t number)
{
  char text[12];
  (void)snprintf(text, sizeof text, "%u", number);
  patch_board_text(text);
}

uint32_t patch_board_unique(void)
{
  return unique;
}

const char *patch_board_version(void)
{
  return "1.2.3";
}

pc_status patch_board_user_data(void *to_bytes, uint32_t size)
{
  memset(to_bytes, 0xFF, size);
  return PC_OK;
}

void patch_board_restart(void)
{
  restarts++;
}

static pc_status judge(void *context, const uint8_t *header)
{
  (void)context;
  if (in_progress != NULL)
    in_progress();
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

pc_status update_init_image(struct update *u, uint32_t image)
{
  const struct flash_area *slot = &engine_board.image[0].slots.download;
  const struct update_target target = {slot, image, slot->size - 2 * slot->page, judge, NULL, NULL, &update_patch};
  if (no_slot)
    return PC_ERR_UNSUPPORTED;
  update_init(u, &target);
  return PC_OK;
}

/* ---------- helpers ---------- */

static struct patch_status status;

struct all {
  uint32_t delay, announced, chunk;
  uint32_t result;
};

static void hand_over(void *argument)
{
  struct all *a = argument;
  const struct patch_start_info start = {PATCH_APP, (uint16_t)a->delay, a->announced};
  a->result = patch_start(&status, &start);
  for (uint32_t at = 0; a->result == PATCH_SUCCESS && at < file_size; at += a->chunk)
    a->result = patch_data(&status, file + at, file_size - at < a->chunk ? file_size - at : a->chunk);
}

static void do_abort(void *argument)
{
  *(uint32_t *)argument = patch_abort(&status);
}

static void do_install(void *argument)
{
  *(uint32_t *)argument = patch_install_at_next_reset(&status);
}

/* From nothing: a fresh application. */
static void fresh(void)
{
  uint32_t result;
  no_slot = false;
  in_progress = NULL;
  restarts = 0;
  again();
  assert_true(simflash_run(do_abort, &result));
  again();
  (void)patch_init_status(&status);
}

static uint32_t run(uint32_t delay, uint32_t announced)
{
  struct all a = {delay, announced, 100, 9};
  assert_true(simflash_run(hand_over, &a));
  return a.result;
}

static uint32_t installs(void)
{
  uint32_t result = 9;
  assert_true(simflash_run(do_install, &result));
  return result;
}

static bool asked(void)
{
  return update_asked(&engine_board.image[0].slots.download) == PC_OK;
}

static void sign_again(void)
{
  SHA256(to_header, 128, file + PATCH_AT_TO_DIGEST);
  maker_sign(file);
  memcpy(file + PATCH_HEADER_SIZE, to_header, PATCH_TARGET_SIZE);
}

/* ---------- tests ---------- */

static void on_command_nothing_is_asked_for_before_it(void **state)
{
  (void)state;
  fresh();
  assert_int_equal(run(PATCH_REBOOT_COMMAND, file_size), PATCH_SUCCESS);
  assert_true(status.completed && !status.error);
  assert_int_equal(status.code, PATCH_COMPLETED);
  assert_int_equal(status.stage, PATCH_STAGE_VERIFIED);
  assert_int_equal(status.accumulated_bytes, file_size);
  assert_int_equal(status.total_bytes, file_size);
  assert_false(asked());
  assert_int_equal(patch_poll(&status), PATCH_SUCCESS);
  assert_int_equal(installs(), PATCH_SUCCESS);
  assert_true(asked());
  assert_int_equal(installs(), PATCH_SUCCESS); /* again: nothing done */
  for (unsigned i = 0; i < 100; i++)
    assert_int_equal(patch_poll(&status), PATCH_SUCCESS);
  assert_int_equal(restarts, 0);
}

static void next_asks_at_once_and_immediate_restarts_in_the_poll(void **state)
{
  (void)state;
  fresh();
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_SUCCESS);
  assert_true(asked());
  (void)patch_poll(&status);
  assert_int_equal(restarts, 0);
  fresh();
  assert_int_equal(run(PATCH_REBOOT_IMMEDIATE, file_size), PATCH_SUCCESS);
  assert_true(asked());
  assert_int_equal(restarts, 0);
  (void)patch_poll(&status);
  assert_int_equal(restarts, 1);
}

static void a_window_spreads_the_restarts(void **state)
{
  (void)state;
  uint32_t seen[20] = {0}, places = 0;
  for (unique = 1; unique < 40; unique++) {
    fresh();
    assert_int_equal(run(20, file_size), PATCH_SUCCESS);
    uint32_t polls = 0;
    while (restarts == 0 && polls < 20) {
      (void)patch_poll(&status);
      polls++;
    }
    assert_int_equal(restarts, 1);
    places += seen[polls - 1]++ == 0;
  }
  assert_in_range(places, 10, 20);
}

/* As the vendor's start has it: totalLength 0. */
static void the_length_of_the_file_need_not_be_known(void **state)
{
  (void)state;
  const struct patch_start_info start = {PATCH_NONE_TYPE, PATCH_REBOOT_NEXT, 0};
  fresh();
  assert_int_equal(run(PATCH_REBOOT_NEXT, 0), PATCH_SUCCESS);
  assert_true(asked() && status.completed);
  assert_int_equal(status.accumulated_bytes, file_size);
  assert_int_equal(status.total_bytes, file_size);
  fresh();
  assert_int_equal(patch_start(&status, &start), PATCH_SUCCESS);
  assert_int_equal(status.total_bytes, 0);
  assert_int_equal(patch_data(&status, file, 50), PATCH_SUCCESS);
  assert_int_equal(status.total_bytes, 0);
  assert_int_equal(patch_install_at_next_reset(&status), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_TOO_FEW_BYTES);
  assert_int_equal(patch_data(&status, file + 50, PATCH_HEADER_SIZE), PATCH_SUCCESS);
  assert_int_equal(status.total_bytes, file_size);
  /* more than the headers say */
  fresh();
  assert_int_equal(patch_start(&status, &start), PATCH_SUCCESS);
  assert_int_equal(patch_data(&status, file, file_size + 1), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_IMAGE_TOO_LARGE);
  assert_false(asked());
}

static void abort_takes_everything_back(void **state)
{
  (void)state;
  uint32_t result = 9;
  fresh();
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_SUCCESS);
  assert_true(asked());
  assert_true(simflash_run(do_abort, &result));
  assert_int_equal(result, PATCH_SUCCESS);
  assert_false(asked());
  assert_int_equal(status.code, PATCH_NONE);
  assert_int_equal(installs(), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_STATE);
}

static void expect(uint32_t code)
{
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_ERROR);
  assert_string_equal(patch_code_text(status.code), patch_code_text(code));
  assert_true(status.error && !status.completed);
  assert_false(asked());
  if (code != PATCH_INVALID_SOURCE_IMAGE && code != PATCH_FLASH_ERROR) /* where the test itself did it */
    assert_true(simflash_equals(ACTIVE_AT, from, FROM_SIZE));
}

static void every_code_is_told(void **state)
{
  (void)state;
  struct patch_start_info start = {PATCH_APP + 1, 0, 1000};

  fresh();
  assert_int_equal(patch_start(&status, NULL), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_ARG);
  assert_int_equal(patch_start(&status, &start), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_ARG);
  start = (struct patch_start_info){PATCH_APP, 0, 100};
  assert_int_equal(patch_start(&status, &start), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_IMAGE_TOO_SMALL);
  start.length = 1000000;
  assert_int_equal(patch_start(&status, &start), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_IMAGE_TOO_LARGE);
  no_slot = true;
  start.length = file_size;
  assert_int_equal(patch_start(&status, &start), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_SECTION_NOT_AVAILABLE);
  no_slot = false;
  assert_int_equal(patch_data(&status, file, 1), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_STATE);
  assert_int_equal(patch_start(&status, &start), PATCH_SUCCESS);
  assert_int_equal(patch_start(&status, &start), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_ORDER);
  assert_int_equal(patch_data(&status, file, file_size + 1), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_INVALID_ARG);
  assert_int_equal(patch_install_at_next_reset(&status), PATCH_ERROR);
  assert_int_equal(status.code, PATCH_TOO_FEW_BYTES);

  fresh();
  file[130] ^= 1;
  expect(PATCH_INVALID_PATCH_IMAGE);
  fresh();
  simflash_fill(ACTIVE_AT + 100, 0x77, 8);
  expect(PATCH_INVALID_SOURCE_IMAGE);
  fresh();
  file[PATCH_AT_FROM_TAG] ^= 1;
  maker_sign(file);
  expect(PATCH_INVALID_PATCH_TAG);
  fresh();
  file[200] ^= 1;
  expect(PATCH_INVALID_TARGET_IMAGE);
  fresh();
  simflash_break(ACTIVE_AT + 8);
  expect(PATCH_FLASH_ERROR);
  fresh();
  file[file_size - 20] ^= 1;
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_ERROR);
  assert_true(status.code == PATCH_PARSER_ERROR || status.code == PATCH_IMAGE_VERIFY_TAG_FAILURE);
  fresh();
  file[PATCH_FILE_OFFSET] ^= 1;
  expect(PATCH_DECRYPTION_ERROR);
  fresh();
  simflash_worn(DOWNLOAD_AT + PAGE + 64, 1);
  expect(PATCH_SECTION_WRITE_FAILURE);
  fresh();
  simflash_worn(DOWNLOAD_AT, 1);
  expect(PATCH_INSTALL_ERROR);
  fresh();
  simflash_refuse_erase(DOWNLOAD_AT + PAGE, 1);
  expect(PATCH_SECTION_WRITE_FAILURE);
  fresh();
  simflash_refuse_erase(DOWNLOAD_AT, 1);
  expect(PATCH_SECTION_ERASE_FAILURE);
  const uint8_t filling[16] = {[0 ... 15] = 0x42};
  assert_true(simflash_equals(DOWNLOAD_AT, filling, sizeof filling)); /* as it was found */

  fresh();
  to_header[IMAGE_AT_TAG] ^= 1; /* a whole header of an image that is another */
  memcpy(to_header + IMAGE_AT_PARTIAL_TAG, to_header + IMAGE_AT_TAG, 32);
  maker_sign(to_header);
  sign_again();
  expect(PATCH_IMAGE_VERIFY_TAG_FAILURE);
  to_header[IMAGE_AT_TAG] ^= 1;
  memcpy(to_header + IMAGE_AT_PARTIAL_TAG, to_header + IMAGE_AT_TAG, 32);

  fresh();
  to_header[IMAGE_AT_PRODUCT] ^= 1;
  maker_sign(to_header);
  sign_again();
  expect(PATCH_INVALID_SECTION_KEY);
  to_header[IMAGE_AT_PRODUCT] ^= 1;

  fresh();
  to_header[IMAGE_AT_VERSION + 3] = 0;
  to_header[IMAGE_AT_VERSION16 + 1] = 0;
  maker_sign(to_header);
  sign_again();
  expect(PATCH_IMAGE_VERSION_FAILURE);
  to_header[IMAGE_AT_VERSION + 3] = to_header[IMAGE_AT_VERSION16 + 1] = 1;

  fresh();
  to_header[IMAGE_AT_PARTIAL_OFFSET + 1] = 0x10; /* its last KiB only */
  to_header[IMAGE_AT_PARTIAL_SIZE + 1] = 0x04;
  maker_sign(to_header);
  sign_again();
  expect(PATCH_IMAGE_VERIFY_ALG_FAILURE);
  to_header[IMAGE_AT_PARTIAL_OFFSET + 1] = 0;
  to_header[IMAGE_AT_PARTIAL_SIZE + 1] = TO_SIZE >> 8;

  fresh();
  to_header[IMAGE_AT_EXTERNAL] = 16;
  maker_sign(to_header);
  sign_again();
  expect(PATCH_FLASH_SEGMENT_ERROR);
  to_header[IMAGE_AT_EXTERNAL] = 0;

  for (uint32_t code = 0; code < PATCH_CODES; code++)
    for (uint32_t other = 0; other < code; other++)
      assert_string_not_equal(patch_code_text(code), patch_code_text(other));
  assert_string_equal(patch_code_text(PATCH_CODES), "unknown");
}

static void hand_over_engine_memory(void *argument)
{
  const struct patch_start_info start = {PATCH_APP, 0, file_size};
  assert_int_equal(patch_start(&status, &start), PATCH_SUCCESS);
  assert_int_equal(patch_data(&status, file, PATCH_FILE_OFFSET), PATCH_SUCCESS);
  *(uint32_t *)argument = patch_data(&status, secret_ram, 16);
}

static void bytes_out_of_the_engine_are_not_taken(void **state)
{
  (void)state;
  uint32_t result = 9;
  fresh();
  assert_true(simflash_run(hand_over_engine_memory, &result));
  assert_int_equal(result, PATCH_ERROR);
  assert_int_equal(status.code, PATCH_IMAGE_DECRYPT_FAILURE);
  assert_false(asked());
}

/* The wish is taken back by erasing the header page; where that fails, zeros over the mark do it as well; and only when
 * these fail, too, it still stands, and the caller is told. */
static void a_wish_that_cannot_be_taken_back_is_told(void **state)
{
  (void)state;
  uint32_t result = 9;
  fresh();
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_SUCCESS);
  simflash_refuse_erase(DOWNLOAD_AT, 2); /* both times */
  simflash_worn(DOWNLOAD_AT + IMAGE_HEADER_SIZE, 1);
  assert_true(simflash_run(do_abort, &result));
  assert_int_equal(result, PATCH_ERROR);
  assert_int_equal(status.code, PATCH_SECTION_ERASE_FAILURE);
  assert_true(asked());
  assert_true(simflash_run(do_abort, &result)); /* by zeros */
  assert_int_equal(result, PATCH_SUCCESS);
  assert_false(asked());
}

static void from_within(void)
{
  struct patch_status inner;
  const struct patch_start_info start = {PATCH_APP, 0, file_size};
  (void)patch_init_status(&inner);
  assert_int_equal(patch_start(&inner, &start), PATCH_ERROR);
  assert_int_equal(inner.code, PATCH_INVALID_STATE);
  assert_int_equal(patch_data(&inner, file, 16), PATCH_ERROR);
  assert_int_equal(patch_abort(&inner), PATCH_ERROR);
  assert_int_equal(patch_install_at_next_reset(&inner), PATCH_ERROR);
  assert_int_equal(patch_poll(&inner), PATCH_ERROR);
  assert_int_equal(inner.code, PATCH_INVALID_STATE);
}

static void a_call_from_within_another_changes_nothing(void **state)
{
  (void)state;
  fresh();
  in_progress = from_within;
  assert_int_equal(run(PATCH_REBOOT_NEXT, file_size), PATCH_SUCCESS);
  assert_true(asked());
  assert_true(simflash_equals(DOWNLOAD_AT + PAGE, to_cipher, TO_SIZE));
}

static void what_runs_is_told_and_null_is_an_error(void **state)
{
  (void)state;
  struct patch_firmware_info active;
  uint8_t tag[32], user[128];
  char text[4];
  fresh();
  assert_int_equal(patch_active_info(&active), PATCH_SUCCESS);
  SHA256(from, FROM_SIZE, tag);
  assert_int_equal(active.version, 0x01000000);
  assert_int_equal(active.size, FROM_SIZE);
  assert_memory_equal(active.tag, tag, 32);
  assert_int_equal(patch_boot_version(text, sizeof text), PATCH_SUCCESS);
  assert_string_equal(text, "1.2");
  assert_int_equal(patch_user_data(user, 128), PATCH_SUCCESS);
  assert_int_equal(patch_user_data(user, 129), PATCH_ERROR);
  assert_int_equal(patch_user_data(NULL, 1), PATCH_ERROR);
  assert_int_equal(patch_boot_version(text, 0), PATCH_ERROR);
  assert_int_equal(patch_active_info(NULL), PATCH_ERROR);
  assert_int_equal(patch_init_status(NULL), PATCH_ERROR);
  assert_int_equal(patch_print_status(NULL), PATCH_ERROR);
  assert_int_equal(patch_start(NULL, NULL), PATCH_ERROR);
  assert_int_equal(patch_start(&status, NULL), PATCH_ERROR);
  assert_int_equal(patch_data(NULL, file, 1), PATCH_ERROR);
  assert_int_equal(patch_poll(NULL), PATCH_ERROR);
  assert_int_equal(patch_abort(NULL), PATCH_ERROR);
  assert_int_equal(patch_install_at_next_reset(NULL), PATCH_ERROR);
  printed[0] = 0;
  status.code = PATCH_COMPLETED;
  status.accumulated_bytes = status.total_bytes = 12;
  assert_int_equal(patch_print_status(&status), PATCH_SUCCESS);
  assert_string_equal(printed, "\r\n= [PATCH] completed, 12 of 12 bytes");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(on_command_nothing_is_asked_for_before_it, setup),
      cmocka_unit_test_setup(next_asks_at_once_and_immediate_restarts_in_the_poll, setup),
      cmocka_unit_test_setup(a_window_spreads_the_restarts, setup),
      cmocka_unit_test_setup(the_length_of_the_file_need_not_be_known, setup),
      cmocka_unit_test_setup(abort_takes_everything_back, setup),
      cmocka_unit_test_setup(every_code_is_told, setup),
      cmocka_unit_test_setup(bytes_out_of_the_engine_are_not_taken, setup),
      cmocka_unit_test_setup(a_wish_that_cannot_be_taken_back_is_told, setup),
      cmocka_unit_test_setup(a_call_from_within_another_changes_nothing, setup),
      cmocka_unit_test_setup(what_runs_is_told_and_null_is_an_error, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
