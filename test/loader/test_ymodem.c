/* YMODEM receiver: what a well-behaved sender gets, and what is repaired on the way. */
#include "test/loader/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct line line;
static struct keep keep;
static struct ymodem y;
static uint8_t file[400 * 1024];

static int set_up(void **state)
{
  (void)state;
  line_init(&line);
  keep_init(&keep);
  memset(&y, 0xA5, sizeof y);
  ymodem_init(&y, &line.port, &keep.sink);
  uint32_t random = 12345;
  for (size_t i = 0; i < sizeof file; i++) {
    random = random * 1103515245u + 12345u;
    file[i] = (uint8_t)(random >> 16);
  }
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  line_free(&line);
  return 0;
}

static void assert_delivered(uint32_t length)
{
  assert_int_equal(keep.begins, 1);
  assert_int_equal(keep.ends, 1);
  assert_int_equal(keep.aborts, 0);
  assert_int_equal(keep.size, length);
  assert_memory_equal(keep.data, file, length);
}

static void end_of_batch(void)
{
  uint8_t empty[128] = {0};
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_packet(&line, 0, 128, empty, sizeof empty);
}

static void a_file_of_any_length_arrives_without_its_padding(void **state)
{
  static const uint32_t lengths[] = {0, 1, 127, 128, 129, 896, 1023, 1024, 1025, 1152, 2047, 2048, 5000};
  static const size_t sizes[] = {0, 128, 1024};
  for (size_t s = 0; s < 3; s++) {
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
      set_up(state);
      line_file(&line, file, lengths[i], sizes[s]);
      assert_int_equal(ymodem_receive(&y), PC_OK);
      assert_delivered(lengths[i]);
      assert_string_equal(keep.name, "fw.sfb");
      assert_int_equal(line.next, line.items);
      line_free(&line);
    }
  }
}

static void the_answers_are_those_that_sb_waits_for(void **state)
{
  (void)state;
  line_file(&line, file, 1100, 0);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_string_equal(line.notes, "C.AC.A.A.N.AC.A");
}

static void packets_of_both_sizes_may_be_mixed(void **state)
{
  (void)state;
  line_block0(&line, "mixed", 128 + 1024 + 128 + 1024 + 5);
  line_packet(&line, 1, 128, file, 128);
  line_packet(&line, 2, 1024, file + 128, 1024);
  line_packet(&line, 3, 128, file + 1152, 128);
  line_packet(&line, 4, 1024, file + 1280, 1024);
  line_packet(&line, 5, 1024, file + 2304, 5);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(2309);
}

static void packet_numbers_wrap_around(void **state)
{
  (void)state;
  line_file(&line, file, 700 * 128 + 3, 128);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(700 * 128 + 3);
}

static void block_0_may_come_in_a_large_packet_with_a_long_name(void **state)
{
  (void)state;
  uint8_t block[1024];
  memset(block, 'n', sizeof block);
  block[1021] = 0;
  block[1022] = block[1023] = '7'; /* the size ends with the packet */
  line_packet(&line, 0, 1024, block, sizeof block);
  line_packet(&line, 1, 128, file, 77);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(77);
  assert_int_equal(strlen(keep.name), 1021);
}

static void the_size_may_stand_alone(void **state)
{
  (void)state;
  uint8_t block[128] = "a\0"
                       "300";
  line_packet(&line, 0, 128, block, sizeof block);
  line_packet(&line, 1, 1024, file, 300);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(300);
}

static void a_repeated_packet_is_acknowledged_and_delivered_once(void **state)
{
  (void)state;
  line_block0(&line, "fw", 1024 + 128 + 128);
  line_block0(&line, "fw", 1024 + 128 + 128);
  line_packet(&line, 1, 1024, file, 1024);
  line_packet(&line, 1, 1024, file, 1024);
  line_packet(&line, 1, 1024, file, 1024);
  line_packet(&line, 2, 128, file + 1024, 128);
  line_packet(&line, 3, 128, file + 1152, 128);
  line_packet(&line, 3, 128, file + 1152, 128);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(1280);
  assert_string_equal(line.notes, "C.AC.A.A.A.A.A.A.A.N.AC.A");
}

static void every_packet_may_be_repeated(void **state)
{
  (void)state;
  line_block0(&line, "fw", 600 * 128);
  for (uint32_t i = 0; i < 600; i++) {
    line_packet(&line, i + 1, 128, file + i * 128, 128);
    line_packet(&line, i + 1, 128, file + i * 128, 128);
  }
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(600 * 128);
  assert_string_equal(strchr(line.notes, 'N'), "N.AC.A"); /* none was taken for an error */
}

static void block_0_for_each_of_many_old_invitations_is_acknowledged_once(void **state)
{
  (void)state;
  uint8_t block[133];
  uint8_t name[128] = "fw\0"
                      "300";
  make_packet(block, 0, 128, name, sizeof name);
  line_send(&line, block, sizeof block);
  for (int i = 0; i < 100; i++)
    line_append(&line, block, sizeof block);
  line_packet(&line, 1, 1024, file, 300);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(300);
  assert_string_equal(line.notes, "C.AC.A.N.AC.A");
}

static void a_damaged_packet_is_asked_for_again_whatever_bit_it_was(void **state)
{
  uint8_t packet[133];
  for (size_t byte = 0; byte < sizeof packet; byte++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      set_up(state);
      make_packet(packet, 1, 128, file, 128);
      packet[byte] ^= (uint8_t)(1u << bit);
      line_block0(&line, "fw", 128);
      line_send(&line, packet, sizeof packet);
      line_packet(&line, 1, 128, file, 128);
      end_of_batch();
      assert_int_equal(ymodem_receive(&y), PC_OK);
      assert_delivered(128);
      /* Without its first byte it is no packet, but noise where the receiver still invites. */
      assert_string_equal(line.notes, byte == 0 ? "C.AC.C.A.N.AC.A" : "C.AC.N.A.N.AC.A");
      line_free(&line);
    }
  }
}

static void a_packet_that_stops_half_way_is_asked_for_again(void **state)
{
  uint8_t packet[1029];
  make_packet(packet, 1, 1024, file, 1024);
  for (size_t size = 1; size < sizeof packet; size += 17) {
    set_up(state);
    line_block0(&line, "fw", 1024);
    line_send(&line, packet, size);
    line_packet(&line, 1, 1024, file, 1024);
    end_of_batch();
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_delivered(1024);
    assert_string_equal(line.notes, "C.AC.N.A.N.AC.A");
    line_free(&line);
  }
}

static void a_damaged_block_0_is_asked_for_again(void **state)
{
  (void)state;
  line_block0(&line, "fw", 10);
  line.item[0].bytes[20] ^= 1;
  line_block0(&line, "fw", 10);
  line_packet(&line, 1, 128, file, 10);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(10);
  assert_string_equal(line.notes, "C.N.AC.A.N.AC.A");
}

static void two_errors_in_a_row_are_forgiven_again_and_again(void **state)
{
  (void)state;
  for (int i = 0; i < 3; i++)
    line_block0(&line, "fw", 40 * 128);
  line.item[0].bytes[9] ^= 1;
  line.item[1].bytes[99] ^= 1;
  for (uint32_t i = 0; i < 40; i++) {
    line_silence(&line);
    line_byte(&line, 'z');
    line_packet(&line, i + 1, 128, file + 128 * i, 128);
  }
  line_silence(&line);
  line_silence(&line);
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_silence(&line);
  line_silence(&line);
  uint8_t empty[128] = {0};
  line_packet(&line, 0, 128, empty, sizeof empty);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(40 * 128);
  assert_int_equal(line.next, line.items);
}

static void a_sender_that_is_not_there_yet_is_invited_until_it_comes(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++)
    line_silence(&line);
  line_send(&line, "help\r\n", 6);
  line_file(&line, file, 1000, 1024);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(1000);
  assert_true(line.now_ms >= 20000 && line.now_ms < 22000);
}

static void one_cancel_is_no_cancel(void **state)
{
  (void)state;
  uint8_t packet[133];
  line_byte(&line, 0x18);
  line_block0(&line, "fw", 128 + 1024);
  line_byte(&line, 0x18); /* then silence */
  make_packet(packet, 1, 128, file, 128);
  line_byte(&line, 0x18); /* in front of a packet */
  line_append(&line, packet, sizeof packet);
  line_packet(&line, 2, 1024, file + 128, 1024);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(1152);
}

static void cancel_bytes_inside_a_packet_are_data(void **state)
{
  (void)state;
  memset(file, 0x18, 1024);
  line_file(&line, file, 1024, 1024);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(1024);
}

static void a_lone_end_of_file_in_the_middle_is_taken_for_noise(void **state)
{
  (void)state;
  line_block0(&line, "fw", 384);
  line_packet(&line, 1, 128, file, 128);
  line_byte(&line, 0x04);
  line_packet(&line, 2, 128, file + 128, 128);
  line_byte(&line, 0x04);
  line_packet(&line, 3, 128, file + 256, 128);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(384);
}

static void the_second_end_of_file_can_be_done_without(void **state)
{
  (void)state;
  uint8_t empty[128] = {0};
  y.nak_first_eot = false;
  line_block0(&line, "fw", 5);
  line_packet(&line, 1, 128, file, 5);
  line_byte(&line, 0x04);
  line_packet(&line, 0, 128, empty, sizeof empty);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(5);
  assert_string_equal(line.notes, "C.AC.A.AC.A");
}

static void an_end_of_file_whose_acknowledge_was_lost_is_acknowledged_again(void **state)
{
  (void)state;
  uint8_t empty[128] = {0};
  line_block0(&line, "fw", 5);
  line_packet(&line, 1, 128, file, 5);
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_packet(&line, 0, 128, empty, sizeof empty);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(5);
  assert_string_equal(line.notes, "C.AC.A.N.AC.AC.A");
}

static void a_lost_invitation_after_block_0_is_repeated(void **state)
{
  (void)state;
  line_block0(&line, "fw", 5);
  line_silence(&line);
  line_packet(&line, 1, 128, file, 5);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_delivered(5);
  assert_string_equal(line.notes, "C.AC.C.A.N.AC.A");
}

static void a_batch_may_hold_several_files(void **state)
{
  (void)state;
  line_block0(&line, "one", 5);
  line_packet(&line, 1, 128, file, 5);
  line_byte(&line, 0x04);
  line_byte(&line, 0x04);
  line_block0(&line, "two", 2000);
  line_packet(&line, 1, 1024, file, 1024);
  line_packet(&line, 2, 1024, file + 1024, 976);
  end_of_batch();
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_int_equal(keep.begins, 2);
  assert_int_equal(keep.ends, 2);
  assert_string_equal(keep.name, "two");
  assert_memory_equal(keep.data, file, 2000);
}

static void what_was_delivered_stays_delivered_when_the_batch_does_not_end(void **state)
{
  static const char *const ends[] = {"", "\x18\x18", "zz"};
  for (size_t i = 0; i < 3; i++) {
    set_up(state);
    line_block0(&line, "fw", 5);
    line_packet(&line, 1, 128, file, 5);
    line_byte(&line, 0x04);
    line_byte(&line, 0x04);
    line_send(&line, ends[i], strlen(ends[i]));
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_delivered(5);
    line_free(&line);
  }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(a_file_of_any_length_arrives_without_its_padding),
      T(the_answers_are_those_that_sb_waits_for),
      T(packets_of_both_sizes_may_be_mixed),
      T(packet_numbers_wrap_around),
      T(block_0_may_come_in_a_large_packet_with_a_long_name),
      T(the_size_may_stand_alone),
      T(a_repeated_packet_is_acknowledged_and_delivered_once),
      T(every_packet_may_be_repeated),
      T(block_0_for_each_of_many_old_invitations_is_acknowledged_once),
      T(a_damaged_packet_is_asked_for_again_whatever_bit_it_was),
      T(a_packet_that_stops_half_way_is_asked_for_again),
      T(a_damaged_block_0_is_asked_for_again),
      T(two_errors_in_a_row_are_forgiven_again_and_again),
      T(a_sender_that_is_not_there_yet_is_invited_until_it_comes),
      T(one_cancel_is_no_cancel),
      T(cancel_bytes_inside_a_packet_are_data),
      T(a_lone_end_of_file_in_the_middle_is_taken_for_noise),
      T(the_second_end_of_file_can_be_done_without),
      T(an_end_of_file_whose_acknowledge_was_lost_is_acknowledged_again),
      T(a_lost_invitation_after_block_0_is_repeated),
      T(a_batch_may_hold_several_files),
      T(what_was_delivered_stays_delivered_when_the_batch_does_not_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
