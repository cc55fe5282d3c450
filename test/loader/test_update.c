/* Updates: nothing is erased for a header that is refused, and nothing is a candidate before the wish, which comes
 * after the whole image. */
#include "loader/update_sink.h"

#include "image/header.h"
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

static struct update u;
static struct flash_area slot;
static uint8_t file[IMAGE_FILE_OFFSET + CAPACITY + 4096];
static uint8_t old[SLOT];

/* What the callbacks saw. */
static pc_status verdict;
static unsigned checks;
static uint32_t last_done, last_total;
static const uint8_t mark[] = {'I', 'N', 'S', 'T', 'A', 'L', 'L', '1'};
static bool fail_erase;
static uint32_t fail_erase_at;

static pc_status judge(void *ctx, const uint8_t *header)
{
  assert_ptr_equal(ctx, &slot);
  assert_memory_equal(header, file, IMAGE_HEADER_SIZE);
  assert_int_equal(simflash_counts().operations, 0);
  checks++;
  return verdict;
}

static void progress(void *ctx, uint32_t done, uint32_t total)
{
  assert_ptr_equal(ctx, &slot);
  assert_true(done >= last_done && done <= total && (last_total == 0 || last_total == total));
  last_done = done;
  last_total = total;
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
  memcpy(file, (const char[4]){'S', 'F', 'U', '1'}, 4);
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
  memset(&u, 0xA5, sizeof u);
  const struct update_target target = {&slot, 1, slot.size - 2u * slot.page, judge, progress, &slot, NULL};
  update_init(&u, &target);
  verdict = PC_OK;
  checks = 0;
  last_done = last_total = 0;
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

static bool delivered(void)
{
  return update_delivered(&u);
}

/* The whole file in pieces of `chunk`, and the wish; the first result that is not PC_OK. */
static pc_status feed(uint32_t announced, uint32_t length, uint32_t chunk)
{
  pc_status status = update_begin(&u, announced);
  for (uint32_t at = 0; status == PC_OK && at < length;) {
    uint32_t take = length - at < chunk ? length - at : chunk;
    status = update_write(&u, file + at, take);
    at += take;
  }
  if (status == PC_OK)
    status = update_finish(&u);
  return status == PC_OK ? update_install(&u) : status;
}

static void assert_untouched(void)
{
  assert_int_equal(simflash_counts().operations, 0);
  assert_true(simflash_equals(BASE, old, SLOT));
  assert_false(delivered());
}

static void assert_no_candidate(void)
{
  assert_false(delivered());
  assert_true(simflash_equals(BASE, NULL, slot.page));
  assert_int_equal(update_finish(&u), PC_ERR_STATE);
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
        assert_true(delivered());
        assert_int_equal(checks, 1);
        assert_true(simflash_equals(BASE, file, IMAGE_HEADER_SIZE));
        assert_true(simflash_equals(BASE + IMAGE_HEADER_SIZE, mark, sizeof mark));
        assert_true(simflash_equals(BASE + IMAGE_HEADER_SIZE + 32, NULL, page - IMAGE_HEADER_SIZE - 32));
        assert_true(simflash_equals(BASE + page, file + IMAGE_FILE_OFFSET, sizes[s]));
        assert_true(simflash_equals(BASE + page + sizes[s], NULL, (pages - 1) * page - sizes[s]));
        /* No page but those that were needed, and each once. */
        assert_true(simflash_equals(BASE + pages * page, old, SLOT - pages * page));
        assert_int_equal(simflash_counts().erases, pages);
        assert_int_equal(simflash_max_wear(BASE, SLOT), 1);
        assert_int_equal(last_done, sizes[s]);
        assert_int_equal(last_total, sizes[s]);
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
    assert_int_equal(update_write(&u, file + 1024, 128), PC_ERR_STATE);
    assert_int_equal(update_finish(&u), PC_ERR_STATE);
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
  assert_int_equal(update_begin(&u, IMAGE_FILE_OFFSET + image_size()), PC_OK);
  assert_int_equal(update_write(&u, file, 319), PC_OK);
  assert_int_equal(checks, 0);
  assert_int_equal(update_write(&u, file + 319, 1), PC_ERR_SIGNATURE);
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
      {0xFFFFFFFEu, PC_ERR_SIZE},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    set_up(state);
    assert_int_equal(update_begin(&u, sizes[i].size), sizes[i].status);
    assert_untouched();
    if (sizes[i].status != PC_OK)
      assert_int_equal(update_write(&u, file, 1), PC_ERR_STATE);
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
  assert_int_equal(update_begin(&u, length), PC_OK);
  assert_int_equal(update_write(&u, file, length - 8), PC_OK);
  assert_int_equal(update_write(&u, file + length - 8, 9), PC_ERR_TRANSFER);
  assert_no_candidate();
  set_up(state);
  assert_int_equal(feed(length, length + 16, 16), PC_ERR_TRANSFER);
  assert_no_candidate();
}

static void bytes_out_of_place_leave_no_candidate(void **state)
{
  static const uint32_t at[] = {0, 896, 1023, 1025, 2048, 0xFFFFFFFF};
  struct ymodem_sink sink;
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
    set_up(state);
    update_sink(&sink, &u);
    assert_int_equal(sink.begin(sink.ctx, "name", IMAGE_FILE_OFFSET + image_size()), PC_OK);
    assert_int_equal(sink.data(sink.ctx, 0, file, 1024), PC_OK);
    assert_int_equal(sink.data(sink.ctx, at[i], file, 128), PC_ERR_TRANSFER);
    sink.abort(sink.ctx, PC_ERR_TRANSFER);
    assert_no_candidate();
  }
}

static void calls_out_of_order_do_nothing(void **state)
{
  (void)state;
  assert_int_equal(update_write(&u, file, 128), PC_ERR_STATE);
  assert_int_equal(update_finish(&u), PC_ERR_STATE);
  assert_int_equal(update_begin(&u, 1024), PC_OK);
  assert_int_equal(update_begin(&u, 1024), PC_ERR_STATE);
  update_abort(&u);
  assert_int_equal(update_write(&u, file, 128), PC_ERR_STATE);
  assert_untouched();
}

static void nothing_is_asked_for_before_the_wish(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(update_begin(&u, length), PC_OK);
  assert_int_equal(update_install(&u), PC_ERR_STATE);
  assert_int_equal(update_write(&u, file, length), PC_OK);
  assert_int_equal(update_install(&u), PC_ERR_STATE);
  assert_int_equal(update_finish(&u), PC_OK);
  assert_int_equal(update_finish(&u), PC_ERR_STATE);
  assert_true(simflash_equals(BASE, NULL, PAGE));
  assert_int_equal(update_asked(&slot), PC_ERR_BLANK);
  assert_int_equal(update_install(&u), PC_OK);
  assert_int_equal(update_asked(&slot), PC_OK);
  uint32_t operations = simflash_counts().operations;
  assert_int_equal(update_install(&u), PC_OK);
  assert_int_equal(simflash_counts().operations, operations);
}

static void a_wish_can_be_taken_back(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 1000), PC_OK);
  assert_int_equal(update_abort(&u), PC_OK);
  assert_int_equal(update_asked(&slot), PC_ERR_BLANK);
  assert_no_candidate();
  assert_int_equal(update_install(&u), PC_ERR_STATE);
  set_up(state);
  assert_int_equal(feed(length, length, 1000), PC_OK);
  fail_erase = true;
  fail_erase_at = BASE;
  assert_int_equal(update_abort(&u), PC_OK); /* a page that cannot be erased: the mark is struck out */
  assert_int_equal(update_asked(&slot), PC_ERR_BLANK);
  assert_int_equal(update_drop(&slot), PC_OK);
}

static void the_length_may_be_left_to_the_header(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(UPDATE_ANY_SIZE, length, 100), PC_OK);
  assert_true(delivered());
  set_up(state);
  assert_int_equal(feed(UPDATE_ANY_SIZE, length + 1, length + 1), PC_ERR_TRANSFER);
  assert_no_candidate();
  set_up(state);
  assert_int_equal(feed(UPDATE_ANY_SIZE, length - 1, 100), PC_ERR_TRANSFER);
  assert_no_candidate();
  set_up(state);
  make_file(CAPACITY + 16);
  assert_int_equal(feed(UPDATE_ANY_SIZE, 600, 100), PC_ERR_SIZE);
  assert_untouched();
  set_up(state);
  make_file(0);
  assert_int_equal(feed(UPDATE_ANY_SIZE, 600, 100), PC_ERR_SIZE);
  assert_untouched();
}

static void an_image_for_another_slot_touches_nothing(void **state)
{
  (void)state;
  file[IMAGE_AT_MAGIC + 3] = '2';
  assert_int_equal(feed(IMAGE_FILE_OFFSET + image_size(), 512, 512), PC_ERR_PARAM);
  assert_untouched();
  checks = 0;
  update_init(&u, &(const struct update_target){&slot, 0, CAPACITY, judge, NULL, &slot, NULL});
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 512), PC_OK);
}

static void a_struct_that_was_never_initialised_is_refused(void **state)
{
  (void)state;
  struct update_state told;
  for (unsigned fill = 0; fill < 256; fill += 51) {
    memset(&u, (int)fill, sizeof u);
    assert_int_equal(update_begin(&u, 1024), PC_ERR_STATE);
    assert_int_equal(update_write(&u, file, 1), PC_ERR_STATE);
    assert_int_equal(update_finish(&u), PC_ERR_STATE);
    assert_int_equal(update_install(&u), PC_ERR_STATE);
    assert_int_equal(update_abort(&u), PC_ERR_STATE);
    assert_int_equal(update_status(&u, &told), PC_ERR_STATE);
  }
  assert_int_equal(simflash_counts().operations, 0);
}

static void misuse_within_an_update_is_an_error_and_changes_nothing(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(update_write(&u, file, 1), PC_ERR_STATE);
  assert_int_equal(update_begin(&u, length), PC_OK);
  assert_int_equal(update_write(&u, NULL, 1), PC_ERR_PARAM);
  assert_int_equal(update_write(&u, NULL, 0), PC_OK);
  assert_int_equal(update_write(&u, file, 0), PC_OK);
  assert_int_equal(update_begin(&u, length), PC_ERR_STATE);
  assert_int_equal(update_write(&u, file, length), PC_OK);
  assert_int_equal(update_finish(&u), PC_OK);
  assert_int_equal(update_write(&u, file, 1), PC_ERR_STATE);
  assert_int_equal(update_install(&u), PC_OK);
}

static unsigned nested;

static void reenter(void *ctx, uint32_t done, uint32_t total)
{
  struct update_state told;
  (void)ctx;
  nested++;
  assert_int_equal(update_write(&u, file, 16), PC_ERR_STATE);
  assert_int_equal(update_begin(&u, 1024), PC_ERR_STATE);
  assert_int_equal(update_finish(&u), PC_ERR_STATE);
  assert_int_equal(update_install(&u), PC_ERR_STATE);
  assert_int_equal(update_abort(&u), PC_ERR_STATE);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(done <= total && told.size == total + IMAGE_FILE_OFFSET);
}

static void a_call_from_within_a_call_is_refused_and_harms_nothing(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  u.target.progress = reenter;
  nested = 0;
  assert_int_equal(feed(length, length, 100), PC_OK);
  assert_int_equal(nested, 1 + 3 + 1); /* header page, image pages, end */
  assert_true(simflash_equals(BASE + PAGE, file + IMAGE_FILE_OFFSET, image_size()));
}

static void the_state_tells_version_progress_and_reason(void **state)
{
  struct update_state told;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  struct image_info info = {
      .image = 1, .protocol = 2, .version = 0x01160007, .size = image_size(), .partial_size = image_size()};
  static const uint8_t tag[32];
  assert_int_equal(image_header_build(file, &info, tag, tag, tag), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_IDLE && told.size == UPDATE_ANY_SIZE && told.percent == 0 && told.version == 0);
  assert_int_equal(update_begin(&u, length), PC_OK);
  assert_int_equal(update_write(&u, file, 319), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_HEADER && told.received == 319 && told.version == 0 && told.slot_erased == 0);
  assert_int_equal(update_write(&u, file + 319, length / 2 - 319), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_IMAGE && told.percent == length / 2 * 100 / length && told.version == 0x01160007);
  assert_true(told.slot_erased != 0);
  assert_int_equal(update_write(&u, file + length / 2, length - length / 2), PC_OK);
  assert_int_equal(update_finish(&u), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_READY && told.percent == 100 && told.reason == PC_OK);
  assert_int_equal(update_install(&u), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_REQUESTED && told.version == 0x01160007);
  set_up(state);
  verdict = PC_ERR_VERSION;
  assert_int_equal(feed(length, 512, 512), PC_ERR_VERSION);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_FAILED && told.reason == PC_ERR_VERSION && told.version == 0);
  set_up(state);
  assert_int_equal(update_abort(&u), PC_OK);
  assert_int_equal(update_status(&u, &told), PC_OK);
  assert_true(told.step == UPDATE_FAILED && told.reason == PC_ERR_CANCELLED);
}

static void a_call_erases_no_more_pages_than_its_bytes_begin(void **state)
{
  (void)state;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(update_begin(&u, length), PC_OK);
  assert_int_equal(update_write(&u, file, 512), PC_OK);
  assert_int_equal(simflash_counts().erases, 1);
  for (uint32_t at = 512; at < length; at++) {
    uint32_t before = simflash_counts().erases;
    assert_int_equal(update_write(&u, file + at, 1), PC_OK);
    assert_true(simflash_counts().erases - before <= 1);
  }
  assert_int_equal(update_finish(&u), PC_OK);
  assert_int_equal(simflash_counts().erases, 1 + 3);
}

static void a_second_file_of_a_batch_does_not_undo_the_first(void **state)
{
  (void)state;
  struct ymodem_sink sink;
  uint32_t length = IMAGE_FILE_OFFSET + image_size();
  assert_int_equal(feed(length, length, 1024), PC_OK);
  update_sink(&sink, &u);
  struct simflash_counts before = simflash_counts();
  assert_int_equal(sink.begin(sink.ctx, "second", length), PC_ERR_STATE);
  sink.abort(sink.ctx, PC_ERR_STATE);
  assert_true(delivered());
  assert_int_equal(update_asked(&slot), PC_OK);
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
    if (page == 0)
      assert_true(simflash_equals(BASE, old, SLOT));
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
  assert_false(delivered());
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
        if (update_asked(&slot) == PC_OK) /* then nothing of the header can have been torn */
          assert_true(simflash_equals(BASE, file, IMAGE_HEADER_SIZE));
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
    update_sink(&sink, &u);
    ymodem_init(&y, &line.port, &sink);
    line_file(&line, file, IMAGE_FILE_OFFSET + image_size(), packets[i]);
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_true(delivered());
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
  update_sink(&sink, &u);
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
  update_sink(&sink, &u);
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
      T(nothing_is_asked_for_before_the_wish),
      T(a_wish_can_be_taken_back),
      T(the_length_may_be_left_to_the_header),
      T(an_image_for_another_slot_touches_nothing),
      T(a_struct_that_was_never_initialised_is_refused),
      T(misuse_within_an_update_is_an_error_and_changes_nothing),
      T(a_call_from_within_a_call_is_refused_and_harms_nothing),
      T(the_state_tells_version_progress_and_reason),
      T(a_call_erases_no_more_pages_than_its_bytes_begin),
      T(a_second_file_of_a_batch_does_not_undo_the_first),
      T(a_page_that_cannot_be_erased_leaves_no_candidate),
      T(a_cell_that_does_not_take_its_value_leaves_no_candidate),
      T_UNPOWERED(a_power_cut_anywhere_leaves_the_old_candidate_whole_or_none_or_the_new_one_whole),
      T(ymodem_delivers_into_the_slot),
      T(ymodem_is_cancelled_when_the_header_is_refused),
      T(a_line_that_breaks_leaves_no_candidate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
