/* The user application's menu over a scripted console, with a flash model as the download slot and an engine that
 * answers what the test says. */
#include "app/menu.h"
#include "board/slots.h"
#include "port/port.h"
#include "port/wire.h"
#include "portcullis/engine.h"
#include "test/loader/line.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum outcome { WAITS = 1, RESET };

static struct line line;
static char said[64 * 1024];
static size_t said_size;
static unsigned silent;
static jmp_buf out;
static uint8_t file[IMAGE_FILE_OFFSET + 6000];
static uint32_t file_size;

static struct {
  pc_status info_status, verdict, validate_status;
  struct engine_image_info info;
  uint32_t info_image, validated, validations, checks;
} fake;

/* ---- what the application stands on ---- */

void port_console_put(uint8_t byte)
{
  if (line.endless != NULL)
    return; /* more than can be kept */
  assert_true(said_size + 1 < sizeof said);
  said[said_size++] = (char)byte;
  said[said_size] = 0;
  line.port.put(&line, byte);
}

int port_console_get(uint32_t timeout_ms)
{
  int byte = line.port.get(&line, timeout_ms);
  silent = byte < 0 ? silent + 1 : 0;
  if (silent > 2000)
    longjmp(out, WAITS);
  return byte;
}

struct port_shared port_shared;

void port_wire_open(void) {}

void port_wire_put(uint8_t byte)
{
  (void)byte;
}

int port_wire_get(uint32_t timeout_ms)
{
  (void)timeout_ms;
  return -1;
}

void port_watchdog_refresh(void) {}

void port_reset(void)
{
  longjmp(out, RESET);
}

static pc_status flash_read_port(uint32_t addr, void *to, uint32_t size)
{
  return simflash_driver.read(addr, to, size);
}

static pc_status flash_program_port(uint32_t addr, const void *from, uint32_t size)
{
  return simflash_driver.program(addr, from, size);
}

static pc_status flash_erase_port(uint32_t addr)
{
  return simflash_driver.erase(addr);
}

const struct flash_driver port_flash = {flash_read_port, flash_program_port, flash_erase_port};

pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  assert_int_equal(c, 0);
  switch (service) {
  case ENGINE_GET_INFO:
    fake.info_image = (uint32_t)a;
    if (fake.info_status == PC_OK)
      *(struct engine_image_info *)b = fake.info;
    return fake.info_status;
  case ENGINE_CHECK_CANDIDATE:
    fake.checks++;
    assert_int_equal(simflash_counts().operations, 0);
    assert_memory_equal((const void *)a, file, IMAGE_HEADER_SIZE);
    return fake.verdict;
  case ENGINE_VALIDATE:
    fake.validated = (uint32_t)a;
    fake.validations++;
    return fake.validate_status;
  default:
    fail_msg("the application asks for service %x", (unsigned)service);
    return PC_ERR_PARAM;
  }
}

/* ---- tests ---- */

static int set_up(void **state)
{
  (void)state;
  line_init(&line);
  said_size = 0;
  said[0] = 0;
  silent = 0;
  simflash_reset(3);
  simflash_add(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE / MAP_FLASH_PAGE, MAP_FLASH_PAGE, MAP_FLASH_UNIT);
  memset(&fake, 0, sizeof fake);
  fake.info_status = fake.verdict = PC_OK;
  fake.validate_status = PC_ERR_UNSUPPORTED;
  fake.info = (struct engine_image_info){.version = 1u << 24 | 22u << 16 | 333u, .size = 12345, .protocol = 2};
  memset(fake.info.tag, 0xA7, sizeof fake.info.tag);
  for (size_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 11 + (i >> 8));
  uint32_t size = 5008;
  static const uint8_t magic[] = {'S', 'F', 'U', '1'};
  memcpy(file, magic, sizeof magic);
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &size, sizeof size);
  file_size = IMAGE_FILE_OFFSET + size;
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  line_free(&line);
  return 0;
}

static void application(void *argument)
{
  enum outcome *outcome = argument;
  int how = setjmp(out);
  if (how != 0) {
    *outcome = (enum outcome)how;
    return;
  }
  menu_banner();
  for (;;)
    menu_step();
}

static enum outcome run(void)
{
  enum outcome outcome = WAITS;
  assert_true(simflash_run(application, &outcome));
  return outcome;
}

static void type(const char *keys)
{
  line_send(&line, keys, strlen(keys));
}

static unsigned count(const char *words)
{
  unsigned n = 0;
  for (const char *at = said; (at = strstr(at, words)) != NULL; at++)
    n++;
  return n;
}

static void assert_said(const char *words)
{
  if (strstr(said, words) == NULL)
    fail_msg("'%s' is not in:\n%s", words, said);
}

static void assert_untouched(void)
{
  assert_int_equal(simflash_counts().operations, 0);
}

static void the_banner_tells_which_application_and_version_runs(void **state)
{
  (void)state;
  assert_int_equal(run(), WAITS);
  assert_said("User App #A");
  assert_said("Version 1.22.333");
  assert_int_equal(fake.info_image, 1);
}

static void the_banner_shows_the_vendors_version_as_one_number(void **state)
{
  (void)state;
  fake.info.protocol = 1;
  fake.info.version = 4711;
  run();
  assert_said("Version 4711\r\n");
}

static void the_menu_has_the_manuals_entries(void **state)
{
  static const char *const entries[] = {
      "Main Menu",
      "Download a new Fw Image ------------------------------- 1\r\n",
      "Test Protections -------------------------------------- 2\r\n",
      "Test SE User Code ------------------------------------- 3\r\n",
      "Multiple download ------------------------------------- 4\r\n",
      "Validate a FW Image ----------------------------------- 5\r\n",
      "Test KMS ---------------------------------------------- a\r\n",
      "Selection : ",
  };
  (void)state;
  run();
  for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
    assert_said(entries[i]);
  assert_int_equal(count("Main Menu"), 1);
}

static void a_downloaded_image_becomes_the_candidate_and_the_board_is_reset(void **state)
{
  (void)state;
  type("1");
  line_file(&line, file, file_size, 0);
  assert_int_equal(run(), RESET);
  assert_int_equal(fake.checks, 1);
  assert_said("Programming Completed Successfully!");
  assert_said("Bytes: 5520");
  assert_said("Image correctly downloaded - reboot");
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE, file, IMAGE_HEADER_SIZE));
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE + MAP_FLASH_PAGE, file + IMAGE_FILE_OFFSET, file_size - 512));
}

static void a_refused_header_erases_nothing_and_the_menu_says_why(void **state)
{
  static const struct {
    pc_status status;
    const char *words;
  } refusals[] = {
      {PC_ERR_FORMAT, "no firmware file, or its header is damaged"},
      {PC_ERR_SIZE, "FW too big"},
      {PC_ERR_SIGNATURE, "Firmware header authentication error"},
      {PC_ERR_PRODUCT, "firmware for another product"},
      {PC_ERR_VERSION, "Firmware version rejected (anti-rollback)"},
      {PC_ERR_UNSUPPORTED, "partial images are not in this build"},
      {PC_ERR_STATE, "Unknown error."},
      {0, "Unknown error."},
      {1, "Unknown error."},
  };
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    set_up(state);
    fake.verdict = refusals[i].status;
    type("1");
    line_file(&line, file, file_size, 1024);
    size_t items = line.items;
    line.items = 4; /* the first packet is refused, the second is under way then */
    assert_int_equal(run(), WAITS);
    assert_int_equal(line.next, 4);
    line.items = items;
    assert_said(refusals[i].words);
    assert_int_equal(count("Main Menu"), 2); /* and what the sender sent on is no selection */
    assert_int_equal(count("no image now"), 0);
    assert_untouched();
    line_free(&line);
  }
}

static void an_image_for_another_slot_is_refused(void **state)
{
  (void)state;
  file[3] = '2';
  type("1");
  line_file(&line, file, file_size, 1024);
  assert_int_equal(run(), WAITS);
  assert_said("firmware for another slot");
  assert_untouched();
}

static void a_second_file_does_not_undo_the_first(void **state)
{
  (void)state;
  type("1");
  line_file(&line, file, file_size, 1024);
  line.items--; /* instead of the end of the batch: another file */
  free(line.item[line.items].bytes);
  line_block0(&line, "second.sfb", 4096);
  assert_int_equal(run(), RESET);
  assert_said("Bytes: 5520");
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE, file, IMAGE_HEADER_SIZE));
}

static void without_a_sender_the_menu_comes_back(void **state)
{
  (void)state;
  type("1");
  assert_int_equal(run(), WAITS);
  assert_said("nobody sent anything");
  assert_int_equal(count("Main Menu"), 2);
  assert_untouched();
}

static void a_broken_transfer_leaves_no_candidate_and_says_so(void **state)
{
  (void)state;
  type("1");
  line_file(&line, file, file_size, 1024);
  size_t items = line.items;
  line.items -= 5;
  assert_int_equal(run(), WAITS);
  line.items = items;
  assert_said("File not correctly received");
  assert_said("The slot holds no image now.");
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE, NULL, MAP_FLASH_PAGE));
}

static void a_flash_error_is_told(void **state)
{
  (void)state;
  simflash_worn(MAP_DOWNLOAD_BASE + MAP_FLASH_PAGE + 64, 1);
  type("1");
  line_file(&line, file, file_size, 1024);
  assert_int_equal(run(), WAITS);
  assert_said("Flash error");
  assert_said("The slot holds no image now.");
}

static void what_comes_later_says_that_it_is_not_in_this_build(void **state)
{
  (void)state;
  type("2");
  type("a");
  assert_int_equal(run(), WAITS);
  assert_said("Protection tests: not in this build.");
  assert_said("Key management services: not in this build.");
  assert_int_equal(count("Main Menu"), 3);
}

static void the_engine_tells_version_and_size_of_the_running_firmware(void **state)
{
  (void)state;
  type("3");
  assert_int_equal(run(), WAITS);
  assert_said("Firmware Current Version : 1.22.333\r\n");
  assert_said("Firmware Current Size    : 12345 bytes\r\n");
  assert_said("a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7\r\n");
}

static void an_engine_that_does_not_tell_is_no_crash(void **state)
{
  (void)state;
  fake.info_status = PC_ERR_BLANK;
  type("3");
  assert_int_equal(run(), WAITS);
  assert_said("unknown");
  assert_said("The secure engine does not tell");
  assert_int_equal(count("Firmware Current"), 0);
}

static void multiple_download_waits_for_the_trigger(void **state)
{
  (void)state;
  type("4");
  type("4"); /* nothing there yet */
  type("2"); /* this board has one slot */
  type("1");
  line_file(&line, file, file_size, 128);
  assert_int_equal(run(), WAITS);
  assert_said("Download a new Fw Image in SLOT_DWL_1 --------------- 1");
  assert_int_equal(count("SLOT_DWL_2"), 0);
  assert_said("Nothing was downloaded yet.");
  assert_said("No such slot on this board.");
  assert_said("Programming Completed Successfully!");
  assert_int_equal(count("reboot"), 0);
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE, NULL, IMAGE_HEADER_SIZE + 8)); /* received, not asked for */
  line_free(&line);
  line_init(&line);
  simflash_clear_counts();
  type("4");
  type("1");
  line_file(&line, file, file_size, 128);
  type("4");
  assert_int_equal(run(), RESET);
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE, file, IMAGE_HEADER_SIZE));
  assert_true(simflash_equals(MAP_DOWNLOAD_BASE + IMAGE_HEADER_SIZE, "INSTALL1", 8));
}

static void multiple_download_can_be_left(void **state)
{
  (void)state;
  type("4");
  type("x");
  assert_int_equal(run(), WAITS);
  assert_int_equal(count("Main Menu"), 2);
  assert_int_equal(count("Multiple Download Menu"), 1);
}

static void validate_hands_the_slot_number_to_the_engine(void **state)
{
  static const struct {
    const char *keys;
    uint32_t slot; /* 0: not asked */
  } numbers[] = {
      {"1\r", 1},          {"2\n", 2},       {"3\r\n", 3},
      {"255\r", 255},      {"25\b\b1\r", 1}, {"0255\r", 255},
      {"0\r", 0},          {"4\r", 0},       {"254\r", 0},
      {"256\r", 0},        {"\r", 0},        {"x\r", 0},
      {"1x\r", 0},         {"-1\r", 0},      {"4294967297\r", 0},
      {"65537\r", 0},      {"\b\b2\r", 2},   {"9999999999999999\r", 0},
      {"0000000001\r", 0},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    set_up(state);
    type("5");
    type(numbers[i].keys);
    assert_int_equal(run(), WAITS);
    assert_int_equal(fake.validations, numbers[i].slot != 0);
    assert_int_equal(fake.validated, numbers[i].slot);
    assert_said(numbers[i].slot != 0 ? "not in this build" : "The number should be 1, 2, 3 or 255.");
    assert_int_equal(count("Main Menu"), 2);
    line_free(&line);
  }
}

static void the_second_uart_can_be_left(void **state)
{
  (void)state;
  type("6");
  type("x");
  assert_int_equal(run(), WAITS);
  assert_said("Waiting for frames on the second UART");
  assert_said("Left.");
  assert_int_equal(count("Main Menu"), 2);
  assert_untouched();
}

static void the_engines_answer_to_validate_is_shown(void **state)
{
  static const struct {
    pc_status status;
    const char *words;
  } answers[] = {
      {PC_OK, "Firmware image validated."},          {PC_ERR_UNSUPPORTED, "(image states): not in this build."},
      {PC_ERR_PARAM, "No such slot on this board."}, {PC_ERR_STATE, "Refused by the secure engine."},
      {1, "Refused by the secure engine."},
  };
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    set_up(state);
    fake.validate_status = answers[i].status;
    type("5");
    type("1\r");
    assert_int_equal(run(), WAITS);
    assert_said(answers[i].words);
    line_free(&line);
  }
}

static void a_wrong_selection_brings_the_menu_again(void **state)
{
  (void)state;
  type("\r\n\b\x18\x18 \xff\x7f"); /* no selections at all */
  assert_int_equal(run(), WAITS);
  assert_int_equal(count("Main Menu"), 1);
  line_free(&line);
  line_init(&line);
  said_size = 0;
  type("9");
  assert_int_equal(run(), WAITS);
  assert_said("Invalid selection");
  assert_int_equal(count("Main Menu"), 2);
}

static int32_t random_bytes(struct line *l)
{
  l->counter = l->counter * 1664525u + 1013904223u;
  return l->gets < 20000 ? (int32_t)(l->counter >> 24) : -1;
}

static void noise_on_the_console_changes_nothing(void **state)
{
  for (uint32_t seed = 1; seed <= 20; seed++) {
    set_up(state);
    line.endless = random_bytes;
    line.counter = seed;
    assert_int_equal(run(), WAITS);
    assert_untouched();
  }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(the_banner_tells_which_application_and_version_runs),
      T(the_banner_shows_the_vendors_version_as_one_number),
      T(the_menu_has_the_manuals_entries),
      T(a_downloaded_image_becomes_the_candidate_and_the_board_is_reset),
      T(a_refused_header_erases_nothing_and_the_menu_says_why),
      T(an_image_for_another_slot_is_refused),
      T(a_second_file_does_not_undo_the_first),
      T(without_a_sender_the_menu_comes_back),
      T(a_broken_transfer_leaves_no_candidate_and_says_so),
      T(a_flash_error_is_told),
      T(what_comes_later_says_that_it_is_not_in_this_build),
      T(the_engine_tells_version_and_size_of_the_running_firmware),
      T(an_engine_that_does_not_tell_is_no_crash),
      T(multiple_download_waits_for_the_trigger),
      T(multiple_download_can_be_left),
      T(validate_hands_the_slot_number_to_the_engine),
      T(the_second_uart_can_be_left),
      T(the_engines_answer_to_validate_is_shown),
      T(a_wrong_selection_brings_the_menu_again),
      T(noise_on_the_console_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
