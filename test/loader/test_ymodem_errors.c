/* YMODEM receiver: what ends a session, how the sender learns of it, and that everything ends. */
#include "test/loader/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct line line;
static struct keep keep;
static struct ymodem y;
static uint8_t file[8192];

static int set_up(void **state)
{
  (void)state;
  line_init(&line);
  keep_init(&keep);
  memset(&y, 0xA5, sizeof y);
  ymodem_init(&y, &line.port, &keep.sink);
  for (size_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 7 + (i >> 8));
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  line_free(&line);
  return 0;
}

/* The session fails with `status` after begin(), and both sides are told. */
static void assert_aborted(pc_status status)
{
  assert_int_equal(ymodem_receive(&y), status);
  assert_int_equal(keep.begins, 1);
  assert_int_equal(keep.ends, 0);
  assert_int_equal(keep.aborts, 1);
  assert_int_equal(keep.reason, status);
}

static void assert_cancelled_by_us(void)
{
  assert_non_null(strstr(line.notes, "XX"));
}

static void nobody_there_is_told_apart_from_a_failed_transfer(void **state)
{
  (void)state;
  assert_int_equal(ymodem_receive(&y), PC_ERR_BLANK);
  assert_int_equal(keep.begins, 0);
  assert_int_equal(strspn(line.notes, "C"), line.noted);
  assert_true(line.now_ms >= 60000 && line.now_ms < 62000);
}

static void typing_does_not_count_as_a_failed_transfer(void **state)
{
  (void)state;
  y.starts = 9;
  for (int i = 0; i < 50; i++)
    line_send(&line, "hello\r", 6);
  assert_int_equal(ymodem_receive(&y), PC_ERR_BLANK);
  assert_int_equal(keep.begins, 0);
}

static void three_errors_in_a_row_end_the_session(void **state)
{
  uint8_t damaged[133], wrong_number[133];
  make_packet(damaged, 2, 128, file, 128);
  damaged[77] ^= 4;
  make_packet(wrong_number, 3, 128, file, 128);
  const struct {
    const void *bytes;
    size_t size;
    const char *notes;
  } errors[] = {
      {"", 0, "C.AC.A.N.N.XXXXX"},
      {"z", 1, "C.AC.A.N.N.XXXXX"},
      {damaged, 133, "C.AC.A.N.N.XXXXX"},
      {damaged, 60, "C.AC.A.N.N.XXXXX"},
      {wrong_number, 133, "C.AC.A.N.N.XXXXX"},
      {"\x02\x05\x05", 3, "C.AC.A.N.N.XXXXX"},
      {"\x18", 1, "C.AC.A.N.N.XXXXX"},
  };
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
    for (uint8_t limit = 1; limit <= 5; limit++) {
      set_up(state);
      y.errors = limit;
      line_block0(&line, "fw", 1000);
      line_packet(&line, 1, 128, file, 128);
      for (int j = 0; j < limit; j++)
        line_send(&line, errors[i].bytes, errors[i].size);
      assert_aborted(PC_ERR_TRANSFER);
      if (limit == 3)
        assert_string_equal(line.notes, errors[i].notes);
      assert_int_equal(line.next, line.items);
      line_free(&line);
    }
  }
}

static void a_broken_line_before_block_0_ends_the_session_too(void **state)
{
  (void)state;
  for (int i = 0; i < 3; i++) {
    line_block0(&line, "fw", 1000);
    line.item[i].bytes[50] ^= 0x80;
  }
  assert_int_equal(ymodem_receive(&y), PC_ERR_TRANSFER);
  assert_int_equal(keep.begins, 0);
  assert_cancelled_by_us();
}

static void a_session_cannot_begin_in_the_middle(void **state)
{
  (void)state;
  for (int i = 0; i < 3; i++)
    line_packet(&line, 1, 128, file, 128);
  assert_int_equal(ymodem_receive(&y), PC_ERR_TRANSFER);
  assert_int_equal(keep.begins, 0);
}

static void the_same_packet_for_ever_ends_the_session(void **state)
{
  (void)state;
  line_block0(&line, "fw", 1000);
  for (int i = 0; i < 10; i++)
    line_packet(&line, 1, 128, file, 128);
  assert_aborted(PC_ERR_TRANSFER);
  assert_int_equal(keep.received, 128);
}

static void two_cancels_end_the_session(void **state)
{
  (void)state;
  line_block0(&line, "fw", 1000);
  line_packet(&line, 1, 128, file, 128);
  line_send(&line, "\x18\x18\x18\x18\b\b\b\b", 8);
  line_byte(&line, '1'); /* not before we answer; and we do not */
  assert_aborted(PC_ERR_CANCELLED);
  assert_string_equal(line.notes, "C.AC.A.");
  assert_int_equal(line.at, 8); /* what a cancelling sender adds reaches no menu */
}

static void two_cancels_instead_of_a_file_end_the_session(void **state)
{
  (void)state;
  line_send(&line, "\x18\x18", 2);
  assert_int_equal(ymodem_receive(&y), PC_ERR_CANCELLED);
  assert_int_equal(keep.begins, 0);
}

static void a_batch_without_a_file_delivers_nothing(void **state)
{
  (void)state;
  uint8_t empty[128] = {0};
  line_packet(&line, 0, 128, empty, sizeof empty);
  assert_int_equal(ymodem_receive(&y), PC_ERR_CANCELLED);
  assert_int_equal(keep.begins, 0);
  assert_string_equal(line.notes, "C.A");
}

static void more_bytes_than_announced_are_refused(void **state)
{
  static const uint32_t announced[] = {0, 1, 128, 1000, 1024};
  for (size_t i = 0; i < sizeof announced / sizeof announced[0]; i++) {
    set_up(state);
    line_block0(&line, "fw", announced[i]);
    uint32_t packets = (announced[i] + 127) / 128;
    for (uint32_t n = 0; n <= packets; n++)
      line_packet(&line, n + 1, 128, file, 128);
    assert_aborted(PC_ERR_TRANSFER);
    assert_int_equal(keep.received, announced[i]);
    assert_cancelled_by_us();
    line_free(&line);
  }
}

static void an_end_of_file_before_the_last_byte_is_refused(void **state)
{
  for (int nak = 0; nak < 2; nak++) {
    set_up(state);
    y.nak_first_eot = nak != 0;
    line_block0(&line, "fw", 129);
    line_packet(&line, 1, 128, file, 128);
    line_byte(&line, 0x04);
    line_byte(&line, 0x04);
    assert_aborted(PC_ERR_TRANSFER);
    assert_cancelled_by_us();
    line_free(&line);
  }
}

static void a_block_0_without_a_clear_name_and_size_is_refused(void **state)
{
  static const char *const sizes[] = {
      "", "x12", " 12", "-1", "12x", "12\t", "4294967290", "4294967296", "99999999999999999999",
  };
  for (size_t i = 0; i <= sizeof sizes / sizeof sizes[0]; i++) {
    set_up(state);
    uint8_t block[128] = "name";
    if (i < sizeof sizes / sizeof sizes[0])
      memcpy(block + 5, sizes[i], strlen(sizes[i]));
    else
      memset(block, 'n', sizeof block); /* a name without an end */
    line_packet(&line, 0, 128, block, sizeof block);
    assert_int_equal(ymodem_receive(&y), PC_ERR_FORMAT);
    assert_int_equal(keep.begins, 0);
    assert_string_equal(line.notes, "C.XXXXX");
    line_free(&line);
  }
  /* The NUL is the packet's last byte: no size, and nothing behind it is read. */
  set_up(state);
  uint8_t block[128];
  memset(block, 'n', sizeof block);
  block[127] = 0;
  line_packet(&line, 0, 128, block, sizeof block);
  assert_int_equal(ymodem_receive(&y), PC_ERR_FORMAT);
}

static void the_largest_size_is_understood(void **state)
{
  (void)state;
  line_block0(&line, "fw", 4294967289u);
  keep.refuse_begin = PC_ERR_SIZE;
  assert_aborted(PC_ERR_SIZE);
  assert_int_equal(keep.size, 4294967289u);
}

static void the_sink_may_refuse_at_any_call_and_the_sender_is_told(void **state)
{
  /* Also with results that mean something else when they are the receiver's own. */
  static const pc_status why[] = {PC_ERR_SIGNATURE, PC_ERR_BLANK, PC_ERR_CANCELLED, PC_ERR_TRANSFER, 1};
  for (uint32_t at = 0; at <= 4; at++) {
    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
      set_up(state);
      keep.refuse_begin = at == 0 ? why[i] : 0;
      keep.refuse_data = at != 0 && at != 4 ? why[i] : 0;
      keep.refuse_at = (at - 1) * 1024;
      keep.refuse_end = at == 4 ? why[i] : 0;
      line_file(&line, file, 3072, 1024);
      assert_aborted(why[i]);
      static const char *const notes[] = {"C.XXXXX", "C.AC.XXXXX", "C.AC.A.XXXXX", "C.AC.A.A.XXXXX",
                                          "C.AC.A.A.A.N.XXXXX"};
      /* One more item goes out: what the sender was about to send before it looked. It is drained. */
      assert_int_equal(strncmp(line.notes, notes[at], strlen(notes[at])), 0);
      assert_int_equal(line.at, line.item[line.next - 1].size);
      line_free(&line);
    }
  }
}

static void a_second_file_that_is_refused_is_an_error(void **state)
{
  (void)state;
  line_block0(&line, "one", 5);
  line_packet(&line, 1, 128, file, 5);
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_block0(&line, "two", 2000);
  line_packet(&line, 1, 1024, file, 1024);
  line_packet(&line, 2, 1024, file, 976);
  keep.refuse_data = PC_ERR_STATE;
  keep.refuse_at = 1024;
  assert_int_equal(ymodem_receive(&y), PC_ERR_STATE);
  assert_int_equal(keep.ends, 1);
  assert_int_equal(keep.aborts, 1);
}

/* ---- whatever comes, for ever ---- */

static int32_t endless_byte(struct line *l)
{
  return (int32_t)(l->counter & 0xFF);
}

static int32_t endless_random(struct line *l)
{
  l->counter = l->counter * 1664525u + 1013904223u;
  uint32_t r = l->counter >> 24;
  return r < 4 ? -1 : (int32_t)r;
}

static int32_t endless_cancel_pairs(struct line *l)
{
  return l->counter++ & 1 ? 'x' : 0x18;
}

static int32_t endless_packets(struct line *l)
{
  static uint8_t packet[133];
  if (l->counter % 133 == 0)
    make_packet(packet, 1, 128, file, 128);
  return packet[l->counter++ % 133];
}

static void everything_ends(void **state)
{
  for (uint32_t byte = 0; byte < 256; byte++) {
    set_up(state);
    line.endless = endless_byte;
    line.counter = byte;
    pc_status status = ymodem_receive(&y);
    assert_true(status == PC_ERR_BLANK || status == PC_ERR_TRANSFER || status == PC_ERR_CANCELLED);
    assert_true(line.gets < 2000000);
  }
  for (uint32_t seed = 0; seed < 50; seed++) {
    set_up(state);
    line.endless = endless_random;
    line.counter = seed;
    assert_int_not_equal(ymodem_receive(&y), PC_OK);
    assert_true(line.gets < 2000000);
  }
  set_up(state);
  line.endless = endless_cancel_pairs;
  assert_int_equal(ymodem_receive(&y), PC_ERR_BLANK);
  set_up(state);
  line.endless = endless_packets;
  assert_int_equal(ymodem_receive(&y), PC_ERR_TRANSFER);
}

static void endless_repeats_after_the_start_end_the_session(void **state)
{
  (void)state;
  uint8_t block[128] = "a\0"
                       "99";
  line_packet(&line, 0, 128, block, sizeof block);
  for (int i = 0; i < 100; i++)
    line_packet(&line, 0, 128, block, sizeof block);
  assert_aborted(PC_ERR_TRANSFER);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(nobody_there_is_told_apart_from_a_failed_transfer),
      T(typing_does_not_count_as_a_failed_transfer),
      T(three_errors_in_a_row_end_the_session),
      T(a_broken_line_before_block_0_ends_the_session_too),
      T(a_session_cannot_begin_in_the_middle),
      T(the_same_packet_for_ever_ends_the_session),
      T(two_cancels_end_the_session),
      T(two_cancels_instead_of_a_file_end_the_session),
      T(a_batch_without_a_file_delivers_nothing),
      T(more_bytes_than_announced_are_refused),
      T(an_end_of_file_before_the_last_byte_is_refused),
      T(a_block_0_without_a_clear_name_and_size_is_refused),
      T(the_largest_size_is_understood),
      T(the_sink_may_refuse_at_any_call_and_the_sender_is_told),
      T(a_second_file_that_is_refused_is_an_error),
      T(everything_ends),
      T(endless_repeats_after_the_start_end_the_session),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
