/* The framed protocol against damaged, repeated, missing and foreign frames, with a flash model as the slot. */
#include "app/wire.h"
#include "board/slots.h"
#include "image/header.h"
#include "port/port.h"
#include "portcullis/engine.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct port_shared port_shared;
static pc_status verdict;
static struct wire wire;
static uint8_t file[IMAGE_FILE_OFFSET + 5008];
static uint8_t said[64];
static uint32_t said_size, answers;
static uint32_t sequence;

void port_reset(void)
{
  abort();
}

static pc_status read_port(uint32_t addr, void *to, uint32_t size)
{
  return simflash_driver.read(addr, to, size);
}

static pc_status program_port(uint32_t addr, const void *from, uint32_t size)
{
  return simflash_driver.program(addr, from, size);
}

static pc_status erase_port(uint32_t addr)
{
  return simflash_driver.erase(addr);
}

const struct flash_driver port_flash = {read_port, program_port, erase_port};

pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  assert_int_equal(service, ENGINE_CHECK_CANDIDATE);
  assert_true(b == 0 && c == 0);
  assert_memory_equal((const void *)a, file, IMAGE_HEADER_SIZE);
  return verdict;
}

static void send(void *ctx, const uint8_t *bytes, uint32_t size)
{
  assert_ptr_equal(ctx, &wire);
  assert_true(size <= sizeof said);
  memcpy(said, bytes, size);
  said_size = size;
  answers++;
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < size * 8u; i++) {
    if (i % 8u == 0)
      crc ^= bytes[i / 8u];
    crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

static size_t make(uint8_t *frame, char type, uint32_t number, const void *payload, uint32_t length)
{
  frame[0] = 0x55;
  frame[1] = 0xAA;
  frame[2] = (uint8_t)length;
  frame[3] = (uint8_t)(length >> 8);
  frame[4] = (uint8_t)type;
  frame[5] = (uint8_t)number;
  if (length != 0)
    memcpy(frame + 6, payload, length);
  uint32_t crc = crc32(frame + 2, 4 + length);
  memcpy(frame + 6 + length, &crc, 4);
  return 10 + length;
}

static enum wire_outcome feed(const uint8_t *bytes, size_t size)
{
  enum wire_outcome outcome = WIRE_GOES_ON;
  for (size_t i = 0; i < size; i++) {
    assert_int_equal(outcome, WIRE_GOES_ON);
    outcome = wire_byte(&wire, bytes[i]);
  }
  return outcome;
}

static enum wire_outcome frame(char type, const void *payload, uint32_t length)
{
  uint8_t bytes[WIRE_FRAME];
  return feed(bytes, make(bytes, type, sequence, payload, length));
}

/* The answer to the last frame: its type, which is held against what is wanted, and its status. */
static pc_status answer(char type)
{
  uint32_t status, crc;
  assert_int_equal(said_size, 22);
  assert_int_equal(said[4], type);
  assert_int_equal(said[5], sequence & 255u);
  memcpy(&status, said + 6, 4);
  memcpy(&crc, said + 18, 4);
  assert_int_equal(crc, crc32(said + 2, 16));
  said_size = 0;
  return status;
}

static void done(char type, const void *payload, uint32_t length)
{
  assert_int_equal(frame(type, payload, length), WIRE_GOES_ON);
  assert_int_equal(answer('a'), PC_OK);
  sequence++;
}

static void begin(uint8_t image)
{
  uint8_t payload[5] = {image};
  uint32_t size = sizeof file;
  memcpy(payload + 1, &size, 4);
  (void)frame('B', payload, sizeof payload);
}

static int set_up(void **state)
{
  (void)state;
  simflash_reset(3);
  simflash_add(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE / MAP_FLASH_PAGE, MAP_FLASH_PAGE, MAP_FLASH_UNIT);
  for (size_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * 13 + (i >> 8));
  uint32_t size = sizeof file - IMAGE_FILE_OFFSET;
  memcpy(file, (const char[4]){'S', 'F', 'U', '1'}, 4);
  memcpy(file + IMAGE_AT_PARTIAL_SIZE, &size, 4);
  verdict = PC_OK;
  memset(&wire, 0xA5, sizeof wire);
  wire_init(&wire, 0x01020003, send, &wire);
  said_size = answers = sequence = 0;
  return 0;
}

static void assert_installed(bool asked)
{
  struct flash_area slot = board_slots[0].download;
  assert_int_equal(update_asked(&slot) == PC_OK, asked);
  if (asked)
    assert_true(
        simflash_equals(MAP_DOWNLOAD_BASE + MAP_FLASH_PAGE, file + IMAGE_FILE_OFFSET, sizeof file - IMAGE_FILE_OFFSET));
}

static void data(uint32_t from, uint32_t to, uint32_t chunk)
{
  for (uint32_t at = from; at < to; at += chunk)
    done('D', file + at, to - at < chunk ? to - at : chunk);
}

static void a_file_arrives(void **state)
{
  static const uint32_t chunks[] = {1, 7, 320, 1000, 1024};
  for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++)
    for (uint8_t now = 0; now < 2; now++) {
      set_up(state);
      sequence = 250; /* wraps on the way */
      done('H', NULL, 0);
      begin(1);
      assert_int_equal(answer('a'), PC_OK);
      sequence++;
      data(0, sizeof file, chunks[i]);
      assert_installed(false);
      assert_int_equal(frame('E', &now, 1), now != 0 ? WIRE_NOW : WIRE_AT_NEXT_RESET);
      assert_int_equal(answer('a'), PC_OK);
      assert_installed(true);
    }
}

static void a_frame_that_comes_again_is_done_once(void **state)
{
  (void)state;
  uint8_t now = 1;
  done('H', NULL, 0);
  begin(1);
  begin(1);
  assert_int_equal(answer('a'), PC_OK);
  sequence++;
  for (uint32_t at = 0; at < sizeof file; at += 512) {
    uint32_t length = sizeof file - at < 512 ? (uint32_t)sizeof file - at : 512;
    for (unsigned again = 0; again < 3; again++) {
      assert_int_equal(frame('D', file + at, length), WIRE_GOES_ON);
      assert_int_equal(answer('a'), PC_OK);
    }
    sequence++;
  }
  assert_int_equal(frame('E', &now, 1), WIRE_NOW);
  assert_installed(true);
}

static void a_damaged_frame_is_sent_again(void **state)
{
  (void)state;
  uint8_t bytes[WIRE_FRAME];
  done('H', NULL, 0);
  begin(1);
  sequence++;
  for (uint32_t at = 0; at < sizeof file; at += 1024) {
    uint32_t length = sizeof file - at < 1024 ? (uint32_t)sizeof file - at : 1024;
    size_t size = make(bytes, 'D', sequence, file + at, length);
    for (size_t i = 4; i < size; i += i < 12 ? 1 : 97) {
      if (i == 5)
        continue; /* the answer then has another number */
      bytes[i] ^= 0x40;
      assert_int_equal(feed(bytes, size), WIRE_GOES_ON);
      assert_int_equal(answer('n'), PC_ERR_TRANSFER);
      bytes[i] ^= 0x40;
    }
    /* Half of it, then silence, then the whole. */
    (void)feed(bytes, size / 2);
    wire_silence(&wire);
    assert_int_equal(feed(bytes, size), WIRE_GOES_ON);
    assert_int_equal(answer('a'), PC_OK);
    sequence++;
  }
  uint8_t now = 0;
  assert_int_equal(frame('E', &now, 1), WIRE_AT_NEXT_RESET);
  assert_installed(true);
}

static void a_gap_is_refused_until_it_is_filled(void **state)
{
  (void)state;
  done('H', NULL, 0);
  begin(1);
  sequence++;
  data(0, 1024, 512);
  for (uint32_t ahead = 1; ahead < 255; ahead++) {
    sequence += ahead;
    (void)frame('D', file, 512);
    assert_int_equal(answer('n'), PC_ERR_STATE);
    sequence -= ahead;
  }
  data(1024, sizeof file, 512);
  uint8_t now = 1;
  assert_int_equal(frame('E', &now, 1), WIRE_NOW);
}

static void nothing_is_done_before_hello(void **state)
{
  (void)state;
  uint8_t now = 1;
  for (sequence = 0; sequence < 256; sequence += 5) {
    begin(1);
    assert_int_equal(answer('n'), PC_ERR_STATE);
    (void)frame('E', &now, 1);
    assert_int_equal(answer('n'), PC_ERR_STATE);
  }
  assert_int_equal(simflash_counts().operations, 0);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
  (void)state;
  done('H', NULL, 0);
  begin(4);
  assert_int_equal(answer('r'), PC_ERR_PARAM);
  sequence++;
  begin(1);
  assert_int_equal(answer('a'), PC_OK);
  sequence++;
  verdict = PC_ERR_VERSION;
  (void)frame('D', file, 320);
  assert_int_equal(answer('r'), PC_ERR_VERSION);
  sequence++;
  (void)frame('D', file + 320, 320);
  assert_int_equal(answer('r'), PC_ERR_STATE);
  sequence++;
  uint8_t now = 1;
  assert_int_equal(frame('E', &now, 1), WIRE_GOES_ON);
  assert_int_equal(answer('r'), PC_ERR_STATE);
  sequence++;
  (void)frame('X', NULL, 0);
  assert_int_equal(answer('r'), PC_ERR_UNSUPPORTED);
  assert_int_equal(simflash_counts().operations, 0);
}

static void abort_and_begin_again(void **state)
{
  (void)state;
  done('H', NULL, 0);
  begin(1);
  sequence++;
  data(0, 2048, 256);
  done('A', NULL, 0);
  begin(1);
  assert_int_equal(answer('a'), PC_OK);
  sequence++;
  data(0, 1024, 256);
  begin(1); /* without an abort */
  assert_int_equal(answer('a'), PC_OK);
  sequence++;
  data(0, sizeof file, 256);
  uint8_t now = 0;
  assert_int_equal(frame('E', &now, 1), WIRE_AT_NEXT_RESET);
  assert_installed(true);
}

static void garbage_changes_nothing(void **state)
{
  (void)state;
  uint32_t random = 1;
  for (uint32_t i = 0; i < 300000; i++) {
    random = random * 1664525u + 1013904223u;
    uint8_t byte = (uint8_t)(random >> 24);
    if (i % 100 == 0)
      wire_silence(&wire);
    assert_int_equal(wire_byte(&wire, i % 100 < 2 ? (i % 100 == 0 ? 0x55 : 0xAA) : byte), WIRE_GOES_ON);
  }
  assert_int_equal(simflash_counts().operations, 0);
}

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

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(a_file_arrives),
      T(a_frame_that_comes_again_is_done_once),
      T(a_damaged_frame_is_sent_again),
      T(a_gap_is_refused_until_it_is_filled),
      T(nothing_is_done_before_hello),
      T(a_refusal_is_told_with_its_reason),
      T(abort_and_begin_again),
      T(garbage_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
