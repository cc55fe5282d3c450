/* Minimum versions in one-time programmable words: what power cuts, worn cells, forged records and a full area can do
 * to them. Nothing here is ever erased. */
#include "engine/counter.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OTP_AT 0x1FFF7000u
#define SIZE   0x380u
#define SLOTS  (SIZE / 8u)

struct engine_state engine;
static uint8_t key_byte;

static void key(uint8_t out[CRYPTO_KEY_SIZE])
{
  memset(out, key_byte, CRYPTO_KEY_SIZE);
}

static void other_key(uint8_t out[CRYPTO_KEY_SIZE])
{
  memset(out, 0x77, CRYPTO_KEY_SIZE);
}

const struct engine_board engine_board = {
    .images = 2,
    .otp = {&simflash_driver, OTP_AT, SIZE, SIZE, 8},
    .image = {{.encryption_key = key}, {.encryption_key = other_key}},
};

const struct engine_slot *engine_slot(uintptr_t image)
{
  return image >= 1 && image <= engine_board.images ? &engine_board.image[image - 1] : NULL;
}

uint32_t engine_wanted_minimum(const struct image_info *info)
{
  return info->minimum;
}

static pc_status counter_room(void)
{
  const struct image_info candidate = {.image = 1, .minimum = UINT32_MAX};
  return counter_accepts(&candidate);
}

static void power_on(void)
{
  memset(&engine, 0, sizeof engine);
  assert_int_equal(counter_open(), PC_OK);
}

struct raise {
  uint32_t image, value;
  pc_status status;
};

static void raise(void *argument)
{
  struct raise *r = argument;
  r->status = PC_ERR_FLOW;
  power_on();
  r->status = counter_raise(r->image, r->value);
}

/* One session: open, raise. */
static pc_status session(uint32_t image, uint32_t value)
{
  struct raise r = {image, value, PC_ERR_FLOW};
  assert_true(simflash_run(raise, &r));
  return r.status;
}

static void look(void *argument)
{
  power_on();
  memcpy(argument, engine.minimum, sizeof engine.minimum);
}

/* What is stored, as a later start reads it. */
static uint32_t stored(uint32_t image)
{
  uint32_t minimum[ENGINE_IMAGES];
  assert_true(simflash_run(look, minimum));
  return minimum[image - 1];
}

static int set_up(void **state)
{
  (void)state;
  simflash_reset(11);
  simflash_add(OTP_AT & ~(2048u - 1u), 1, 2048, 8);
  simflash_allow(OTP_AT, SIZE); /* the bytes behind are the product's */
  key_byte = 0x42;
  return 0;
}

static void a_blank_area_says_nothing(void **state)
{
  (void)state;
  assert_int_equal(stored(1), 0);
  assert_int_equal(stored(2), 0);
}

static void values_grow_for_each_image_apart(void **state)
{
  (void)state;
  assert_int_equal(session(1, 0x01000000), PC_OK);
  assert_int_equal(session(2, 0x00010000), PC_OK);
  assert_int_equal(stored(1), 0x01000000);
  assert_int_equal(stored(2), 0x00010000);
  assert_int_equal(session(1, 0x00FFFFFF), PC_OK); /* never down */
  assert_int_equal(stored(1), 0x01000000);
  uint32_t programs = simflash_counts().programs;
  assert_int_equal(session(1, 0x01000000), PC_OK); /* and nothing is written for what stands */
  assert_int_equal(simflash_counts().programs, programs);
  assert_int_equal(session(1, UINT32_MAX), PC_OK);
  assert_int_equal(stored(1), UINT32_MAX);
  assert_int_equal(session(1, 1), PC_OK);
  assert_int_equal(stored(1), UINT32_MAX);
  assert_int_equal(stored(2), 0x00010000);
}

static void full_is_told_in_time_and_nothing_is_lost(void **state)
{
  (void)state;
  uint32_t raises = 0;
  for (;;) {
    power_on();
    if (counter_room() != PC_OK)
      break;
    assert_int_equal(session(1, ++raises), PC_OK);
    assert_int_equal(stored(1), raises);
  }
  assert_in_range(raises, SLOTS / 3u - 2u, SLOTS / 3u);
  /* What was accepted before can still be raised; then no more. */
  while (session(1, raises + 1) == PC_OK)
    raises++;
  assert_int_equal(session(1, raises + 1), PC_ERR_LOG_FULL);
  assert_int_equal(session(2, 5), PC_ERR_LOG_FULL);
  assert_int_equal(stored(1), raises);
  assert_int_equal(stored(2), 0);
  power_on();
  assert_int_equal(counter_room(), PC_ERR_LOG_FULL);
  assert_int_equal(simflash_counts().erases, 0);
}

static void whoever_has_not_the_key_makes_no_record(void **state)
{
  (void)state;
  assert_int_equal(session(1, 7), PC_OK);
  /* A copy in another place, another version with the same check value, another image, any check value. */
  uint32_t record[2];
  assert_true(simflash_driver.read(OTP_AT, record, 8) == PC_OK);
  simflash_load(OTP_AT + 32, record, 8);
  record[0] = UINT32_MAX - 1;
  simflash_load(OTP_AT + 40, record, 8);
  record[0] = 7;
  record[1] ^= 3u << 30;
  simflash_load(OTP_AT + 48, record, 8);
  for (uint32_t i = 0; i < 20; i++) {
    const uint32_t forged[2] = {0x7F000000, 1u << 30 | (simflash_random() & 0x2FFFFFFFu)};
    simflash_load(OTP_AT + 56 + 8 * i, forged, 8);
  }
  assert_int_equal(stored(1), 7);
  assert_int_equal(stored(2), 0);
  key_byte = 0x43; /* and a record of a device with other keys is none */
  assert_int_equal(stored(1), 0);
}

static void every_flipped_bit_makes_a_record_none(void **state)
{
  (void)state;
  uint8_t good[8];
  assert_int_equal(session(1, 0x12345678), PC_OK);
  assert_true(simflash_driver.read(OTP_AT, good, 8) == PC_OK);
  for (unsigned bit = 0; bit < 64; bit++) {
    uint8_t bad[8];
    set_up(state);
    memcpy(bad, good, 8);
    bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
    simflash_load(OTP_AT, bad, 8);
    assert_int_equal(stored(1), 0);
  }
}

static void worn_cells_are_passed_over(void **state)
{
  for (uint32_t worn = 0; worn < 4; worn++) {
    set_up(state);
    simflash_worn(OTP_AT + 8 * worn, 1);
    assert_int_equal(session(1, 3), PC_OK);
    assert_int_equal(session(1, 4), PC_OK);
    assert_int_equal(stored(1), 4);
  }
  set_up(state);
  assert_int_equal(session(1, 3), PC_OK);
  for (uint32_t i = 0; i < 3; i++) { /* records that cannot be read any more are written again */
    simflash_break(OTP_AT + 8 * i);
    assert_int_equal(stored(1), i < 2 ? 3 : 0);
  }
  assert_int_equal(session(1, 3), PC_OK);
  assert_int_equal(stored(1), 3);
}

/* Two raises, with a cut in every operation in every way, and in every operation of the session after it. */
static void power_cuts_leave_the_old_or_the_new_value_and_it_ends_as_the_new_one(void **state)
{
  (void)state;
  unsigned cuts = 0;
  for (uint32_t first = 1; first <= 3; first++)
    for (int tear = 0; tear < SIMFLASH_TEARS; tear++)
      for (uint32_t second = 0; second <= 4; second++)
        for (int again = 0; again < (second == 0 ? 1 : SIMFLASH_TEARS); again++)
          for (uint32_t seed = 0; seed < 2; seed++) {
            set_up(state);
            simflash_seed(seed * 1000u + first * 100u + (uint32_t)tear * 10u + second);
            assert_int_equal(session(1, 5), PC_OK);
            assert_int_equal(session(2, 6), PC_OK);
            struct raise r = {1, 9, PC_ERR_FLOW};
            simflash_cut(first, (enum simflash_tear)tear);
            assert_false(simflash_run(raise, &r));
            cuts++;
            if (second != 0) {
              simflash_cut(second, (enum simflash_tear)again);
              cuts += !simflash_run(raise, &r);
            }
            simflash_cut(0, SIMFLASH_BEFORE);
            for (unsigned i = 0; i < 4; i++) {
              const uint32_t value = stored(1);
              assert_true(value == 5 || value == 9);
              assert_int_equal(stored(2), 6);
            }
            /* The image asks again at its next start; after that, nothing is lost any more. */
            assert_int_equal(session(1, 9), PC_OK);
            for (unsigned i = 0; i < 8; i++)
              assert_int_equal(stored(1), 9);
            /* Another image asks for more. */
            assert_int_equal(session(1, 11), PC_OK);
            for (unsigned i = 0; i < 8; i++)
              assert_int_equal(stored(1), 11);
            assert_int_equal(simflash_counts().erases, 0);
          }
  print_message("%u cuts\n", cuts);
}

/* The one after the cut asks for something else: a slot that was begun for another value is no lasting place. */
static void a_cut_followed_by_another_value_is_no_loss(void **state)
{
  for (int tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t seed = 0; seed < 200; seed++) {
      set_up(state);
      simflash_refuse_torn(0);
      simflash_seed(seed);
      struct raise r = {1, 0x01020304, PC_ERR_FLOW};
      simflash_cut(1, (enum simflash_tear)tear);
      assert_false(simflash_run(raise, &r));
      simflash_cut(0, SIMFLASH_BEFORE);
      assert_int_equal(session(1, 0xF1F2F3F4), PC_OK);
      for (unsigned i = 0; i < 16; i++)
        assert_int_equal(stored(1), 0xF1F2F3F4);
      simflash_refuse_torn(-1);
    }
}

/* Any number of cuts, any values: what a raise that ended has stored is there at every later start. */
static void random_lives(void **state)
{
  unsigned cuts = 0;
  for (uint32_t life = 0; life < 800; life++) {
    uint32_t sure = 0, most = 0;
    set_up(state);
    simflash_seed(life);
    for (unsigned step = 0; step < 12; step++) {
      struct raise r = {1, sure + 1u + simflash_random() % 3u, PC_ERR_FLOW};
      if (simflash_random() % 3u != 0)
        simflash_cut(1u + simflash_random() % 3u, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
      if (r.value > most)
        most = r.value;
      if (simflash_run(raise, &r)) {
        assert_int_equal(r.status, PC_OK);
        if (r.value > sure)
          sure = r.value;
      } else {
        cuts++;
      }
      simflash_cut(0, SIMFLASH_BEFORE);
      for (unsigned i = 0; i < 3; i++)
        assert_in_range(stored(1), sure, most);
    }
  }
  print_message("%u cuts\n", cuts);
}

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
  const struct CMUnitTest tests[] = {
      T(a_blank_area_says_nothing),
      T(values_grow_for_each_image_apart),
      T(full_is_told_in_time_and_nothing_is_lost),
      T(whoever_has_not_the_key_makes_no_record),
      T(every_flipped_bit_makes_a_record_none),
      T(worn_cells_are_passed_over),
      T(power_cuts_leave_the_old_or_the_new_value_and_it_ends_as_the_new_one),
      T(a_cut_followed_by_another_value_is_no_loss),
      T(random_lives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
