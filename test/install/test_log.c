/* Promise 2 (docs/threat-model.md) for the record log: whatever a power cut leaves in its two pages, the latest record
 * that was relied upon is read again, and no other value ever appears.
 */
#include "flash/log.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x20000000u

static struct flash_area area;
static struct log logs;

static void make(uint32_t page, uint32_t unit, uint32_t seed)
{
  simflash_reset(seed);
  simflash_add(BASE - page, 4, page, unit);
  area = simflash_area(BASE, 2 * page);
  simflash_allow(BASE, 2 * page);
}

static void session(void (*code)(void *), void *argument)
{
  assert_true(simflash_run(code, argument));
}

static void open_log(void *unused)
{
  (void)unused;
  assert_int_equal(log_open(&logs, &area), PC_OK);
}

static uint32_t latest(void)
{
  session(open_log, NULL);
  return logs.last;
}

static void put_one(void *value)
{
  assert_int_equal(log_open(&logs, &area), PC_OK);
  assert_int_equal(log_put(&logs, *(uint32_t *)value), PC_OK);
}

/* Put values first, first + 1 .. until `last`, in one session. */
static struct range {
  uint32_t first, last;
} range;

static void put_range(void *unused)
{
  (void)unused;
  struct log other;
  assert_int_equal(log_open(&logs, &area), PC_OK);
  for (uint32_t v = range.first; v <= range.last; v++) {
    assert_int_equal(log_put(&logs, v), PC_OK);
    if (v % 37 == 0 || v == range.last) {
      assert_int_equal(log_open(&other, &area), PC_OK);
      assert_int_equal(other.last, v);
    }
  }
}

static const struct {
  uint32_t page, unit;
} shapes[] = {{256, 1},  {256, 2},  {256, 4},   {256, 8},    {256, 16},    {256, 32},  {512, 8},
              {2048, 8}, {4096, 4}, {8192, 32}, {16384, 16}, {131072, 32}, {131072, 8}};

static void every_shape_keeps_the_latest_record_over_page_turns(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    const uint32_t slot = shapes[i].unit > 8 ? shapes[i].unit : 8, room = shapes[i].page / slot - 2;
    make(shapes[i].page, shapes[i].unit, i + 1);
    assert_int_equal(latest(), 0);
    range = (struct range){1, 5};
    session(put_range, NULL);
    assert_int_equal(latest(), 5);
    simflash_clear_counts();
    range = (struct range){6, 5 + room};
    session(put_range, NULL);
    assert_int_equal(latest(), 5 + room);
    assert_int_equal(simflash_counts().erases, 1); /* a session that writes; the page is full now */
    simflash_clear_counts();
    range = (struct range){6 + room, 5 + 3 * room};
    session(put_range, NULL);
    assert_int_equal(latest(), 5 + 3 * room);
    assert_int_equal(simflash_counts().erases, 2);
    assert_int_equal(simflash_max_wear(BASE, area.size), 1);
  }
}

static void reading_writes_nothing(void **state)
{
  (void)state;
  make(2048, 8, 1);
  uint32_t v = 7;
  session(put_one, &v);
  simflash_clear_counts();
  assert_int_equal(latest(), 7);
  assert_int_equal(simflash_counts().operations, 0);
}

static void all_values_are_records(void **state)
{
  (void)state;
  static const uint32_t values[] = {0, 0xFFFFFFFFu, 1, 0x80000000u, 0x7FFFFFFFu, 0, 0xFFFFFFFFu};
  for (unsigned s = 0; s < 6; s++) {
    make(256, shapes[s].unit, 1);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
      uint32_t v = values[i];
      session(put_one, &v);
      assert_int_equal(latest(), v);
    }
  }
}

static void a_wrong_area_is_refused(void **state)
{
  (void)state;
  make(256, 8, 1);
  struct flash_area wrong = area;
  wrong.size = 3 * 256;
  assert_int_equal(log_open(&logs, &wrong), PC_ERR_PARAM);
  wrong = area;
  wrong.unit = 64;
  assert_int_equal(log_open(&logs, &wrong), PC_ERR_PARAM);
  wrong = area;
  wrong.page = 64;
  wrong.size = 128;
  wrong.unit = 32;
  assert_int_equal(log_open(&logs, &wrong), PC_ERR_PARAM);
}

static void areas_have_bounds(void **state)
{
  (void)state;
  make(256, 8, 1);
  uint8_t bytes[64];
  memset(bytes, 0, sizeof bytes);
  assert_int_equal(flash_read(&area, 511, bytes, 1), PC_OK);
  assert_int_equal(flash_read(&area, 512, bytes, 0), PC_OK);
  assert_int_equal(flash_read(&area, 512, bytes, 1), PC_ERR_PARAM);
  assert_int_equal(flash_read(&area, 0xFFFFFFFFu, bytes, 2), PC_ERR_PARAM);
  assert_int_equal(flash_read(&area, 2, bytes, 0xFFFFFFFFu), PC_ERR_PARAM);
  assert_int_equal(flash_program(&area, 4, bytes, 8), PC_ERR_PARAM);
  assert_int_equal(flash_program(&area, 8, bytes, 4), PC_ERR_PARAM);
  assert_int_equal(flash_program(&area, 512, bytes, 8), PC_ERR_PARAM);
  assert_int_equal(flash_program(&area, 0xFFFFFFF8u, bytes, 16), PC_ERR_PARAM);
  assert_int_equal(flash_erase(&area, 128, 256), PC_ERR_PARAM);
  assert_int_equal(flash_erase(&area, 0, 128), PC_ERR_PARAM);
  assert_int_equal(flash_erase(&area, 512, 256), PC_ERR_PARAM);
  assert_int_equal(flash_erase(&area, 256, 512), PC_ERR_PARAM);
  assert_int_equal(flash_erase(&area, 0xFFFFFF00u, 0x200), PC_ERR_PARAM);
  assert_int_equal(simflash_counts().operations, 0);
  assert_int_equal(flash_is_blank(&area, 0, 512), PC_OK);
  assert_int_equal(flash_is_blank(&area, 512, 0), PC_OK);
  assert_int_equal(flash_is_blank(&area, 0, 513), PC_ERR_NOT_BLANK);
  for (uint32_t at = 0; at < 512; at += 13) {
    const uint8_t almost = 0xFE;
    simflash_load(BASE + at, &almost, 1);
    assert_int_equal(flash_is_blank(&area, 0, 512), PC_ERR_NOT_BLANK);
    assert_int_equal(flash_is_blank(&area, at, 1), PC_ERR_NOT_BLANK);
    assert_int_equal(flash_is_blank(&area, 0, at), PC_OK);
    assert_int_equal(flash_is_blank(&area, at + 1, 511 - at), PC_OK);
    simflash_fill(BASE + at, 0xFF, 1);
  }
  simflash_break(BASE + 64);
  assert_int_equal(flash_is_blank(&area, 0, 256), PC_ERR_NOT_BLANK);
  assert_int_equal(flash_read(&area, 64, bytes, 4), PC_ERR_ECC);
}

/* Every way in which a record of 8 bytes can be half there: any set of its bytes programmed, any one bit wrong. It is
 * absent then; and so is a good record in another place, or in the other page. */
static void a_torn_or_moved_record_is_absent(void **state)
{
  (void)state;
  static const uint32_t units[] = {1, 2, 4, 8, 16, 32};
  for (unsigned s = 0; s < sizeof units / sizeof units[0]; s++) {
    make(256, units[s], 1);
    const uint32_t slot = units[s] > 8 ? units[s] : 8;
    range = (struct range){0x5A000001u, 0x5A000002u};
    session(put_range, NULL);
    const uint32_t place = BASE + logs.page * 256 + logs.next - slot;
    uint8_t record[8], torn[8], page[256];
    assert_int_equal(simflash_driver.read(place, record, sizeof record), PC_OK);
    for (unsigned mask = 0; mask < 256; mask++) {
      for (unsigned i = 0; i < 8; i++)
        torn[i] = mask >> i & 1 ? record[i] : 0xFF;
      simflash_load(place, torn, sizeof torn);
      assert_int_equal(latest(), memcmp(torn, record, 8) == 0 ? 0x5A000002u : 0x5A000001u);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
      memcpy(torn, record, sizeof torn);
      torn[bit / 8] ^= (uint8_t)(1u << bit % 8);
      simflash_load(place, torn, sizeof torn);
      assert_int_equal(latest(), 0x5A000001u);
    }
    memset(torn, 0xFF, sizeof torn);
    simflash_load(place, torn, sizeof torn);
    simflash_load(place + slot, record, sizeof record);
    assert_int_equal(latest(), 0x5A000001u);
    simflash_load(place + slot, torn, sizeof torn);
    assert_int_equal(simflash_driver.read(BASE + logs.page * 256, page, sizeof page), PC_OK);
    simflash_fill(BASE + logs.page * 256, 0xFF, 256);
    simflash_load(BASE + (logs.page ^ 1) * 256, page, sizeof page);
    assert_int_equal(latest(), 0);
  }
}

/* With the log as it is, not opened again. */
static void put_open(void *value)
{
  assert_int_equal(log_put(&logs, *(uint32_t *)value), PC_OK);
}

/* The check value as docs/install.md has it, byte by byte. */
static uint32_t documented_check(uint32_t sequence, uint32_t place, uint32_t value)
{
  const uint32_t words[3] = {sequence, place, value};
  uint32_t crc = 0xFFFFFFFFu;
  for (unsigned i = 0; i < 12; i++) {
    crc ^= words[i / 4] >> i % 4 * 8 & 0xFFu;
    for (unsigned bit = 0; bit < 8; bit++)
      crc = crc & 1u ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return crc ^ 0xFFFFFFFFu;
}

static void pages_are_as_documented(void **state)
{
  (void)state;
  static const uint8_t example[] = {0x01, 0x00, 0x00, 0x00, 0x0A, 0xA1, 0x69, 0x43, 0x00, 0x00, 0x00, 0x00,
                                    0xB5, 0x91, 0x95, 0x33, 0x11, 0x11, 0x11, 0x11, 0x74, 0x41, 0xE3, 0x50};
  uint32_t value = 0x11111111u;
  make(256, 8, 1);
  session(put_one, &value);
  assert_true(simflash_equals(BASE, example, sizeof example));
  for (unsigned s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    make(shapes[s].page, shapes[s].unit, 1);
    const uint32_t slot = shapes[s].unit > 8 ? shapes[s].unit : 8;
    range = (struct range){0x11111111u, 0x11111113u};
    session(put_range, NULL);
    range = (struct range){0x22222222u, 0x22222222u};
    session(put_range, NULL);
    const uint32_t records[2][5] = {{1, 0, 0x11111111u, 0x11111112u, 0x11111113u}, {2, 0x11111113u, 0x22222222u}};
    for (uint32_t p = 0; p < 2; p++) {
      for (uint32_t i = 0; i < (p ? 3 : 5); i++) {
        const uint32_t place = p * shapes[s].page + i * slot;
        const uint32_t words[2] = {records[p][i],
                                   documented_check(i == 0 ? 0 : p + 1, place, records[p][i]) & 0x7FFFFFFFu};
        assert_true(simflash_equals(BASE + place, words, sizeof words));
        assert_true(slot == 8 || simflash_equals(BASE + place + 8, NULL, slot - 8));
      }
    }
    /* The copy behind the last record, with which the second session made the first page sure. */
    assert_true(simflash_equals(BASE + 6 * slot, NULL, shapes[s].page - 6 * slot));
    assert_true(simflash_equals(BASE + shapes[s].page + 3 * slot, NULL, shapes[s].page - 3 * slot));
  }
}

/* For every place there is a sequence number with which a record of all FF would have a CRC of all FF: a blank slot. */
static void a_blank_slot_is_never_a_record(void **state)
{
  (void)state;
  for (uint32_t i = 2; i < 6; i++) {
    const uint32_t place = i * 8, none = documented_check(0, place, 0xFFFFFFFFu);
    /* CRC is linear: Gauss-Jordan over the bits of the sequence number. */
    uint32_t rows[32], from[32], wanted = none ^ 0xFFFFFFFFu, sequence = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
      rows[bit] = documented_check(1u << bit, place, 0xFFFFFFFFu) ^ none;
      from[bit] = 1u << bit;
    }
    for (unsigned bit = 0; bit < 32; bit++) {
      unsigned pivot = bit;
      while (!(rows[pivot] >> bit & 1u))
        assert_true(++pivot < 32);
      uint32_t row = rows[pivot], source = from[pivot];
      rows[pivot] = rows[bit];
      from[pivot] = from[bit];
      rows[bit] = row;
      from[bit] = source;
      for (unsigned other = 0; other < 32; other++) {
        if (other != bit && rows[other] >> bit & 1u) {
          rows[other] ^= row;
          from[other] ^= source;
        }
      }
    }
    for (unsigned bit = 0; bit < 32; bit++)
      if (wanted >> bit & 1u)
        sequence ^= from[bit];
    assert_int_equal(documented_check(sequence, place, 0xFFFFFFFFu), 0xFFFFFFFFu);
    const uint32_t header[4] = {sequence, documented_check(0, 0, sequence) & 0x7FFFFFFFu, 0x12345678u,
                                documented_check(sequence, 8, 0x12345678u) & 0x7FFFFFFFu};
    make(256, 8, 1);
    simflash_load(BASE, header, sizeof header);
    assert_int_equal(latest(), 0x12345678u);
  }
}

/* A record that stands in its place, but was left from an earlier use of the page. */
static void a_stale_record_is_absent(void **state)
{
  (void)state;
  make(256, 8, 1);
  range = (struct range){1, 9};
  session(put_range, NULL);
  uint8_t stale[8];
  const uint32_t place = BASE + logs.page * 256 + logs.next - 8;
  assert_int_equal(simflash_driver.read(place, stale, sizeof stale), PC_OK);
  range = (struct range){10, 10};
  session(put_range, NULL);
  session(put_range, NULL);
  assert_true(logs.page * 256 < place - BASE && place - BASE < logs.page * 256 + 256);
  simflash_load(place, stale, sizeof stale);
  assert_int_equal(latest(), 10);
}

static void the_sequence_number_wraps(void **state)
{
  (void)state;
  make(256, 8, 1);
  uint32_t value = 1;
  session(open_log, NULL);
  logs.sequence = 0xFFFFFFFCu; /* as if it had turned that often */
  session(put_open, &value);
  for (value = 2; value < 20; value++) {
    session(put_one, &value);
    assert_int_equal(latest(), value);
  }
  assert_true(logs.sequence < 100);
}

static void worn_units_are_left_behind(void **state)
{
  (void)state;
  make(256, 8, 1);
  uint32_t v = 1;
  session(put_one, &v);
  session(put_one, &v); /* page 1 now; the next session writes page 0 */
  simflash_worn(BASE + 2 * 8, 200);
  simflash_worn(BASE + 5 * 8, 200);
  range = (struct range){2, 5};
  session(put_range, NULL);
  assert_int_equal(latest(), 5);
  assert_int_equal(logs.page, 0);
  assert_int_equal(logs.next, 8 * 8);
  /* A header or first record that fails once is written again after another erase. */
  simflash_worn(BASE + 256, 1);
  simflash_worn(BASE + 256 + 8, 1);
  v = 6;
  session(put_one, &v);
  assert_int_equal(latest(), 6);
  assert_int_equal(logs.page, 1);
}

static void put_fails(void *value)
{
  assert_int_equal(log_open(&logs, &area), PC_OK);
  assert_int_equal(log_put(&logs, *(uint32_t *)value), PC_ERR_FLASH);
}

static void a_dead_page_is_an_error_and_loses_nothing(void **state)
{
  (void)state;
  make(256, 8, 1);
  uint32_t v = 1;
  session(put_one, &v);
  session(put_one, &v);
  simflash_worn(BASE, 255);
  v = 2;
  for (int i = 0; i < 5; i++) {
    session(put_fails, &v);
    assert_int_equal(latest(), 1);
  }
}

/* Power cuts. The model: `sure` is what was relied upon, i.e. what log_put() or log_confirm() said is there; `maybe`
 * are values that were being written when the power went. Reading gives one of them, nothing else, and what was relied
 * upon buries the others for ever. */
#define MAX_MAYBE 64
static struct model {
  uint32_t sure, maybe[MAX_MAYBE], count, next;
  uint32_t puts; /* in this session */
  bool confirm;
} model;

static void be_sure(uint32_t value)
{
  model.sure = value;
  model.count = 0;
}

static void modelled_session(void *unused)
{
  (void)unused;
  assert_int_equal(log_open(&logs, &area), PC_OK);
  bool known = logs.last == model.sure;
  for (uint32_t i = 0; i < model.count; i++)
    known |= logs.last == model.maybe[i];
  if (!known)
    fail_msg("reads %u, but %u was relied upon", (unsigned)logs.last, (unsigned)model.sure);
  if (model.confirm) {
    assert_int_equal(log_confirm(&logs), PC_OK);
    be_sure(logs.last);
  }
  for (uint32_t i = 0; i < model.puts; i++) {
    assert_true(model.count < MAX_MAYBE);
    model.maybe[model.count++] = ++model.next;
    assert_int_equal(log_put(&logs, model.next), PC_OK);
    be_sure(model.next);
  }
}

static void no_cut_loses_what_was_relied_upon(void **state)
{
  (void)state;
  uint32_t cuts = 0, sessions = 0;
  for (uint32_t seed = 0; seed < 600; seed++) {
    static const uint32_t units[] = {8, 32, 4, 1, 16, 8};
    make(256, units[seed % 6], seed);
    simflash_refuse_torn((int)(seed / 6 % 3) - 1);
    memset(&model, 0, sizeof model);
    for (unsigned i = 0; i < 60; i++) {
      model.confirm = simflash_random() % 4 != 0;
      model.puts = simflash_random() % 3 == 0 ? simflash_random() % 40 : simflash_random() % 3;
      if (simflash_random() % 8 != 0)
        simflash_cut(1 + simflash_random() % 12, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
      cuts += !simflash_run(modelled_session, NULL);
      sessions++;
      simflash_cut(0, SIMFLASH_BEFORE);
    }
  }
  print_message("log: %u cuts in %u sessions\n", cuts, sessions);
}

/* Three sessions in a row, each cut at every operation in every way (flickering cells choose at random), then a whole
 * one. */
#define DEPTH 3
static uint32_t tree_cuts;

static void cut_tree(unsigned depth)
{
  if (depth == DEPTH) {
    for (int i = 0; i < 2; i++)
      session(modelled_session, NULL);
    return;
  }
  struct simflash_image *before = simflash_save();
  const struct model kept = model;
  for (uint32_t nth = 1;; nth++) {
    bool done = false;
    for (int tear = 0; tear < SIMFLASH_TEARS && !done; tear++) {
      simflash_restore(before);
      model = kept;
      simflash_cut(nth, (enum simflash_tear)tear);
      done = simflash_run(modelled_session, NULL);
      simflash_cut(0, SIMFLASH_BEFORE);
      if (!done) {
        tree_cuts++;
        cut_tree(depth + 1);
      }
    }
    if (done)
      break;
  }
  simflash_restore(before);
  simflash_free(before);
  model = kept;
}

static void three_cuts_in_a_row_anywhere_lose_nothing(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 7; seed++) {
    make(256, 32, seed);
    simflash_refuse_torn(seed % 2 ? 0 : -1);
    memset(&model, 0, sizeof model);
    model.puts = 1;
    model.confirm = true;
    if (seed <= 2) /* the others from an empty log on */
      session(modelled_session, NULL);
    cut_tree(0);
  }
  print_message("log: %u cuts in nested sessions\n", tree_cuts);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(areas_have_bounds),
      cmocka_unit_test(a_wrong_area_is_refused),
      cmocka_unit_test(every_shape_keeps_the_latest_record_over_page_turns),
      cmocka_unit_test(reading_writes_nothing),
      cmocka_unit_test(all_values_are_records),
      cmocka_unit_test(a_torn_or_moved_record_is_absent),
      cmocka_unit_test(pages_are_as_documented),
      cmocka_unit_test(a_blank_slot_is_never_a_record),
      cmocka_unit_test(a_stale_record_is_absent),
      cmocka_unit_test(the_sequence_number_wraps),
      cmocka_unit_test(worn_units_are_left_behind),
      cmocka_unit_test(a_dead_page_is_an_error_and_loses_nothing),
      cmocka_unit_test(no_cut_loses_what_was_relied_upon),
      cmocka_unit_test(three_cuts_in_a_row_anywhere_lose_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
