/* The download slot's writer: nothing is erased for a header that is refused, and no header stands before its image. */
#include "loader/download.h"

#include "test/loader/line.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE     0x08008000u
#define PAGE     2048u
#define PAGES    10u
#define SLOT     (PAGES * PAGE)
#define CAPACITY ((PAGES - 2u) * PAGE)

static struct download d;
static struct flash_area slot;
static uint8_t file[IMAGE_FILE_OFFSET + CAPACITY + 4096];
static uint8_t old[SLOT];

/* What the callbacks saw. */
static pc_status verdict;
static unsigned checks;
static uint32_t last_erased, last_pages;
static bool fail_erase;
static uint32_t fail_erase_at;

static pc_status check_header(void *ctx, const uint8_t *header)
{
  assert_ptr_equal(ctx, &slot);
  assert_memory_equal(header, file, IMAGE_HEADER_SIZE);
  assert_int_equal(simflash_counts().operations, 0);
  checks++;
  return verdict;
}

static void progress(void *ctx, uint32_t erased, uint32_t pages)
{
  assert_ptr_equal(ctx, &slot);
  assert_int_equal(erased, last_erased + 1);
  assert_true(erased <= pages && (last_pages == 0 || last_pages == pages));
  last_erased = erased;
  last_pages = pages;
}

static pc_status failing_erase(uint32_t addr)
{
  return fail_erase && addr == fail_erase_at ? PC_ERR_FLASH : simflash_driver.erase(addr);
}

/* Words are taken from memory as words where the core cannot do otherwise (Cortex-M0+). */
static pc_status aligned_program(uint32_t addr, const void *from, uint32_t size)
{
  assert_int_equal((uintptr_t)from & 3u, 0);
  return simflash_driver.program(addr, from, size);
}

static struct flash_driver driver;

static void make_file(uint32_t size)
{
  uint32_t random = size + 99;
  for (size_t i = 0; i < sizeof file; i++) {
    random = random * 1103515245u + 12345u;
    file[i] = (uint8_t)(random >> 16);
  }
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &size, sizeof size);
}

static void prepare(uint32_t page, uint32_t unit)
{
  simflash_reset(7);
  simflash_add(BASE, SLOT / page, page, unit);
  slot = simflash_area(BASE, SLOT);
  driver = (struct flash_driver){simflash_driver.read, aligned_program, failing_erase};
  slot.driver = &driver;
  memset(old, 0x5C, sizeof old);
  simflash_load(BASE, old, sizeof old);
  simflash_clear_counts();
  memset(&d, 0xA5, sizeof d);
  download_init(&d, &slot, check_header, progress, &slot);
  verdict = PC_OK;
  checks = 0;
  last_erased = last_pages = 0;
  fail_erase = false;
}

static int set_up(void **state)
{
  (void)state;
  prepare(PAGE, 8);
  make_file(5000 / 16 * 16);
  return 0;
}

static uint32_t image_size(void)
{
  uint32_t size;
  memcpy(&size, file + IMAGE_AT_PARTIAL_SIZE, sizeof size);
  return size;
}

/* The whole file in pieces of `chunk`; the first result that is not PC_OK. */
static pc_status feed(uint32_t announced, uint32_t length, uint32_t chunk)
{
  pc_status status = download_begin(&d, announced);
  for (uint32_t at = 0; status == PC_OK && at < length;) {
    uint32_t take = length - at < chunk ? length - at : chunk;
    status = download_data(&d, at, file + at, take);
    at += take;
  }
  return status == PC_OK ? download_end(&d) : status;
}

static void assert_untouched(void)
{
  assert_int_equal(simflash_counts().operations, 0);
  assert_true(simflash_equals(BASE, old, SLOT));
  assert_false(download_complete(&d));
}

static void assert_no_candidate(void)
{
  assert_false(download_complete(&d));
  assert_true(simflash_equals(BASE, NULL, slot.page));
  assert_int_equal(download_end(&d), PC_ERR_STATE);
}

static void the_file_arrives_in_pieces_of_any_size(void **state)
{
  (void)state;
  static const uint32_t chunks[] = {1, 3, 7, 16, 31, 128, 319, 320, 321, 511, 512, 513, 1024, 100000};
  static const uint32_t sizes[] = {16, 48, PAGE - 16, PAGE, PAGE + 16, 3 * PAGE, CAPACITY};
  static const uint32_t geometry[][2] = {{2048, 8}, {1024, 4}, {4096, 32}, {512, 1}, {2048, 16}};
  for (size_t g = 0; g < sizeof geometry / sizeof geometry[0]; g++) {
    uint32_t page = geometry[g][0];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
      if (sizes[s] > SLOT - 2 * page)
        continue;
      make_file(sizes[s]);
      for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
        prepare(page, geometry[g][1]);
        uint32_t length = IMAGE_FILE_OFFSET + sizes[s];
        uint32_t pages = 1 + (sizes[s] + page - 1) / page;
        assert_int_equal(feed(length, length, chunks[c]), PC_OK);
        assert_true(download_complete(&d));
        assert_int_equal(checks, 1);
        assert_true(simflash_equals(BASE, file, IMAGE_HEADER_SIZE));
        assert_true(simflash_equals(BASE + IMAGE_HEADER_SIZE, NULL, page - IMAGE_HEADER_SIZE));
        assert_true(simflash_equals(BASE + page, file + IMAGE_FILE_OFFSET, sizes[s]));
        assert_true(simflash_equals(BASE + page + sizes[s], NULL, (pages - 1) * page - sizes[s]));
        /* No page but those that were needed, and each once. */
        assert_true(simflash_equals(BASE + pages * page, old, SLOT - pages * page));
        assert_int_equal(simflash_counts().erases, pages);
        assert_int_equal(simflash_max_wear(BASE, SLOT), 1);
        assert_int_equal(last_erased, pages);
        assert_int_equal(last_pages, pages);
      }
    }
  }
}

static void a_refused_header_touches_nothing(void **state)
{
  static const pc_status why[] = {PC_ERR_FORMAT, PC_ERR_SIZE, PC_ERR_SIGNATURE, PC_ERR_PRODUCT, PC_ERR_VERSION, 0, 1,
                                  0xFFFFFFFFu};
  for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
    set_up(state);
    verdict = why[i];
    uint32_t length = IMAGE_FILE_OFFSET + image_size();
    assert_int_equal(feed(length, length, 1024), why[i]);
    assert_untouched();
    assert_int_equal(download_data(&d, 1024, file + 1024, 128), PC_ERR_STATE);
    assert_int_equal(download_end(&d), PC_ERR_STATE);
    assert_untouched();
  }
}

static void a_blank_header_is_no_header(void **state)
{
  (void)state;
  verdict = PC_ERR_BLANK;
  assert_int_equal(feed(1024, 1024, 128), PC_ERR_FORMAT);
  assert_untouched();
}

static void the_header_is_judged_as_soon_as_it_is_complete(void **state)
{
  (void)state;
  verdict = PC_ERR_SIGNATURE;
  assert_int_equal(download_begin(&d, IMAGE_FILE_OFFSET + image_size()), PC_OK);
  assert_int_equal(download_data(&d, 0, file, 319), PC_OK);
  assert_int_equal(checks, 0);
  assert_int_equal(download_data(&d, 319, file + 319, 1), PC_ERR_SIGNATURE);
  assert_int_equal(checks, 1);
}

static void a_file_whose_length_is_not_its_headers_touches_nothing(void **state)
{
  static const int32_t differ[] = {-1024, -16, -1, 1, 8, 16, 512, 2048};
  for (size_t i = 0; i < sizeof differ / sizeof differ[0]; i++) {
    set_up(state);
    uint32_t length = (uint32_t)((int32_t)(IMAGE_FILE_OFFSET + image_size()) + differ[i]);
    assert_int_equal(feed(length, length, 128), PC_ERR_FORMAT);
    assert_untouched();
  }
}

static void a_header_with_an_extreme_length_touches_nothing(void **state)
{
  static const uint32_t sizes[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFE00, 0xFFFFFFF0, 0xFFFFFFFF};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    set_up(state);
    make_file(sizes[i]);
    assert_int_equal(feed(IMAGE_FILE_OFFSET + 4096, IMAGE_FILE_OFFSET + 4096, 128), PC_ERR_FORMAT);
    assert_untouched();
  }
}

static void a_file_too_large_or_too_short_is_refused_at_its_first_word(void **state)
{
  static const struct {
    uint32_t size;
    pc_status status;
  } sizes[] = {
      {0, PC_ERR_FORMAT},
      {1, PC_ERR_FORMAT},
      {320, PC_ERR_FORMAT},
      {512, PC_ERR_FORMAT},
      {527, PC_ERR_FORMAT},
      {528, PC_OK},
      {IMAGE_FILE_OFFSET + CAPACITY, PC_OK},
      {IMAGE_FILE_OFFSET + CAPACITY + 1, PC_ERR_SIZE},
      {SLOT, PC_ERR_SIZE},
      {0x80000000u, PC_ERR_SIZE},
      {0xFFFFFFFFu, PC_ERR_SIZE},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    set_up(state);
    assert_int_equal(download_begin(&d, sizes[i].size), sizes[i].status);
    assert_untouched();
    if (sizes[i].status != PC_OK)
      assert_int_equal(download_data(&d, 0, file, 1), PC_ERR_STATE);
  }
}

static void missing_bytes_leave_no_candidate(void **state)
{
  uint32_t length = IMAGE_FILE_OFFSET + 4992;
  for (uint32_t missing = 1; missing < 4992; missing += 37) {
    set_up(state);
    assert_int_equal(feed(length, length - missing, 1024), PC_ERR_TRANSFER);
    assert_no_candidate();
  }
  /* Even before the header was complete. */
  set_up(state);
  assert_int_equal(feed(length, 319, 1024), PC_ERR_TRANSFER);
  assert_untouched();
}

static void more_bytes_than_announced_leave_no_candidate(void **state)
{
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(download_begin(&d, length), PC_OK);
  assert_int_equal(download_data(&d, 0, file, length - 8), PC_OK);
  assert_int_equal(download_data(&d, length - 8, file + length - 8, 9), PC_ERR_TRANSFER);
  assert_no_candidate();
  set_up(state);
  assert_int_equal(feed(length, length + 16, 16), PC_ERR_TRANSFER);
  assert_no_candidate();
}

static void bytes_out_of_place_leave_no_candidate(void **state)
{
  static const uint32_t at[] = {0, 896, 1023, 1025, 2048, 0xFFFFFFFF};
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
    set_up(state);
    assert_int_equal(download_begin(&d, IMAGE_FILE_OFFSET + image_size()), PC_OK);
    assert_int_equal(download_data(&d, 0, file, 1024), PC_OK);
    assert_int_equal(download_data(&d, at[i], file, 128), PC_ERR_TRANSFER);
    assert_no_candidate();
  }
  set_up(state);
  assert_int_equal(download_begin(&d, IMAGE_FILE_OFFSET + image_size()), PC_OK);
  assert_int_equal(download_data(&d, 1, file, 128), PC_ERR_TRANSFER);
  assert_untouched();
}

static void calls_out_of_order_do_nothing(void **state)
{
  (void)state;
  assert_int_equal(download_data(&d, 0, file, 128), PC_ERR_STATE);
  assert_int_equal(download_end(&d), PC_ERR_STATE);
  assert_int_equal(download_begin(&d, 1024), PC_OK);
  assert_int_equal(download_begin(&d, 1024), PC_ERR_STATE);
  download_abort(&d);
  assert_int_equal(download_data(&d, 0, file, 128), PC_ERR_STATE);
  assert_untouched();
}

static void a_complete_download_stays_complete(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 1024), PC_OK);
  struct simflash_counts before = simflash_counts();
  assert_int_equal(download_begin(&d, length), PC_ERR_STATE);
  assert_int_equal(download_data(&d, length, file, 1), PC_ERR_STATE);
  assert_int_equal(download_end(&d), PC_ERR_STATE);
  download_abort(&d);
  assert_true(download_complete(&d));
  assert_int_equal(simflash_counts().operations, before.operations);
}

static void a_page_that_cannot_be_erased_leaves_no_candidate(void **state)
{
  for (uint32_t page = 0; page < 4; page++) {
    set_up(state);
    fail_erase = true;
    fail_erase_at = BASE + page * PAGE;
    uint32_t length = IMAGE_FILE_OFFSET + image_size();
    assert_int_equal(feed(length, length, 128), PC_ERR_FLASH);
    assert_int_equal(simflash_counts().programs, 0);
    if (page == 0)
      assert_untouched();
    else
      assert_no_candidate();
  }
}

static void a_cell_that_does_not_take_its_value_leaves_no_candidate(void **state)
{
  for (uint32_t offset = 0; offset < 4992; offset += 136) {
    set_up(state);
    simflash_worn(BASE + PAGE + offset, 1);
    uint32_t length = IMAGE_FILE_OFFSET + image_size();
    assert_int_equal(feed(length, length, offset % 3 ? 1024 : 100), PC_ERR_FLASH);
    assert_no_candidate();
  }
  set_up(state);
  simflash_worn(BASE + 24, 1); /* of the header itself */
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 1024), PC_ERR_FLASH);
  assert_false(download_complete(&d));
}

static void download_all(void *argument)
{
  (void)argument;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 1024), PC_OK);
}

static void a_power_cut_anywhere_leaves_the_old_candidate_whole_or_none_or_the_new_one_whole(void **state)
{
  set_up(state);
  make_file(3 * PAGE - 48);
  assert_true(simflash_run(download_all, NULL));
  uint32_t operations = simflash_counts().operations;
  for (uint32_t cut = 1; cut <= operations; cut++) {
    for (int tear = 0; tear < SIMFLASH_TEARS; tear++) {
      prepare(PAGE, 8);
      simflash_seed(cut * 31u + (uint32_t)tear);
      simflash_cut(cut, (enum simflash_tear)tear);
      assert_false(simflash_run(download_all, NULL));
      simflash_cut(0, SIMFLASH_BEFORE);
      uint8_t header[IMAGE_HEADER_SIZE];
      for (int look = 0; look < 4; look++) {
        if (flash_read(&slot, 0, header, sizeof header) != PC_OK)
          continue;
        if (memcmp(header, old, sizeof header) == 0)
          assert_true(simflash_equals(BASE + PAGE, old + PAGE, SLOT - PAGE));
        if (memcmp(header, file, IMAGE_SIGNED_SIZE + IMAGE_SIGNATURE_SIZE) == 0)
          assert_true(simflash_equals(BASE + PAGE, file + IMAGE_FILE_OFFSET, image_size()));
      }
    }
  }
}

static void ymodem_delivers_into_the_slot(void **state)
{
  static const size_t packets[] = {0, 128, 1024};
  for (size_t i = 0; i < 3; i++) {
    set_up(state);
    static struct line line;
    static struct ymodem y;
    struct ymodem_sink sink;
    line_init(&line);
    download_sink(&sink, &d);
    ymodem_init(&y, &line.port, &sink);
    line_file(&line, file, IMAGE_FILE_OFFSET + image_size(), packets[i]);
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_true(download_complete(&d));
    assert_true(simflash_equals(BASE, file, IMAGE_HEADER_SIZE));
    assert_true(simflash_equals(BASE + PAGE, file + IMAGE_FILE_OFFSET, image_size()));
    line_free(&line);
  }
}

static void ymodem_is_cancelled_when_the_header_is_refused(void **state)
{
  (void)state;
  static struct line line;
  static struct ymodem y;
  struct ymodem_sink sink;
  verdict = PC_ERR_VERSION;
  line_init(&line);
  download_sink(&sink, &d);
  ymodem_init(&y, &line.port, &sink);
  line_file(&line, file, IMAGE_FILE_OFFSET + image_size(), 128);
  assert_int_equal(ymodem_receive(&y), PC_ERR_VERSION);
  assert_string_equal(line.notes, "C.AC.A.A.XXXXX."); /* the third packet completes the header */
  assert_untouched();
  line_free(&line);
}

static void a_line_that_breaks_leaves_no_candidate(void **state)
{
  (void)state;
  static struct line line;
  static struct ymodem y;
  struct ymodem_sink sink;
  line_init(&line);
  download_sink(&sink, &d);
  ymodem_init(&y, &line.port, &sink);
  line_file(&line, file, IMAGE_FILE_OFFSET + image_size(), 1024);
  line.items -= 4;
  assert_int_equal(ymodem_receive(&y), PC_ERR_TRANSFER);
  assert_no_candidate();
  line.items += 4;
  line_free(&line);
}

/* The flash model works only while it has power. */
struct body {
  void (*test)(void **state);
};

static void run_body(void *state)
{
  const struct body *body = *(void **)state;
  body->test(state);
}

static void powered(void **state)
{
  assert_true(simflash_run(run_body, state));
}

#define T(name)                                                                                                        \
  {                                                                                                                    \
#name, powered, set_up, NULL, &(struct body)                                                                       \
    {                                                                                                                  \
      name                                                                                                             \
    }                                                                                                                  \
  }
#define T_UNPOWERED(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(the_file_arrives_in_pieces_of_any_size),
      T(a_refused_header_touches_nothing),
      T(a_blank_header_is_no_header),
      T(the_header_is_judged_as_soon_as_it_is_complete),
      T(a_file_whose_length_is_not_its_headers_touches_nothing),
      T(a_header_with_an_extreme_length_touches_nothing),
      T(a_file_too_large_or_too_short_is_refused_at_its_first_word),
      T(missing_bytes_leave_no_candidate),
      T(more_bytes_than_announced_leave_no_candidate),
      T(bytes_out_of_place_leave_no_candidate),
      T(calls_out_of_order_do_nothing),
      T(a_complete_download_stays_complete),
      T(a_page_that_cannot_be_erased_leaves_no_candidate),
      T(a_cell_that_does_not_take_its_value_leaves_no_candidate),
      T_UNPOWERED(a_power_cut_anywhere_leaves_the_old_candidate_whole_or_none_or_the_new_one_whole),
      T(ymodem_delivers_into_the_slot),
      T(ymodem_is_cancelled_when_the_header_is_refused),
      T(a_line_that_breaks_leaves_no_candidate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
