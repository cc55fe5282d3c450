/* Promise 2 for sets of images, natively, on the whole boot loader: a power cut at any operation of an update, a
 * rollback or a validation of a set, in any way, and once more during what follows, leaves a device that boots, with
 * all images of one set, never of two; and it comes to rest. */
#include "engine/internal.h"
#include "portcullis/engine.h"
#include "test/set/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define P   0x200u
#define ALL (1u << 1 | 1u << 2 | 1u << 3)

static const struct rig_image *image(uint32_t set, uint32_t n)
{
  return life_sets[set][n];
}

/* Two sets; the new one has the images of `changed`. */
static void two_sets(uint32_t changed)
{
  static const uint32_t sizes[2][3] = {{2 * P, P + 32, P}, {3 * P + 16, 2 * P, 2 * P - 48}};
  life_count = 2;
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    life_sets[0][n] = life_sets[1][n] = rig_image_make(n, 0x01000000, sizes[0][n - 1]);
    if ((changed >> n & 1) != 0)
      life_sets[1][n] = rig_image_make(n, 0x02000000, sizes[1][n - 1]);
    rig_put_active(image(0, n));
  }
}

static void offer(uint32_t changed)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((changed >> n & 1) != 0)
      rig_put_candidate(image(1, n));
}

static void update_of_all(void)
{
  two_sets(ALL);
  offer(ALL);
}

static void update_of_two(void)
{
  two_sets(1u << 2 | 1u << 3);
  offer(1u << 2 | 1u << 3);
}

static void set_under_test(void)
{
  update_of_all();
  while (rig_boot() != RIG_RUNS)
    ;
}

static void two_under_test(void)
{
  two_sets(1u << 1 | 1u << 3);
  offer(1u << 1 | 1u << 3);
  while (rig_boot() != RIG_RUNS)
    ;
}

/* A partial image of one, a whole one of another; the first one's slot is larger than what it is downloaded to. */
static void with_partial(uint32_t size, uint32_t new_size, uint32_t offset, uint32_t part)
{
  two_sets(1u << 1 | 1u << 2);
  life_sets[0][1] = rig_image_make(1, 0x01000000, size);
  life_sets[1][1] = rig_image_make_partial(life_sets[0][1], 0x01000001, new_size, offset, part);
  rig_put_active(life_sets[0][1]);
  offer(1u << 1 | 1u << 2);
}

static void partial_and_whole(void)
{
  with_partial(5 * P, 5 * P, 0x2F0, 0x250);
}

static void partial_longer(void)
{
  with_partial(3 * P, 4 * P + 16, 2 * P + 16, 2 * P);
}

static void partial_shorter(void)
{
  with_partial(5 * P, 4 * P - 32, 3 * P - 16, 32);
}

static void refused_set(void)
{
  update_of_all();
  life_count = 1; /* the new one never runs */
  const uint8_t byte = (uint8_t)(image(1, 2)->cipher[8] ^ 1);
  simflash_load(0x08004800 + P + 8, &byte, 1);
}

/* A third set comes on top of one that was not validated: back, if at all, to the second. */
static void on_top(void)
{
  set_under_test();
  life_count = 3;
  memcpy(life_sets[2], life_sets[1], sizeof life_sets[2]);
  life_sets[2][2] = rig_image_make(2, 0x03000000, P + 16);
  rig_put_candidate(life_sets[2][2]);
}

static void validate_all(void)
{
  (void)engine_call(ENGINE_VALIDATE, ENGINE_ALL_IMAGES, 0, 0);
}

static void validate_each(void)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    (void)engine_call(ENGINE_VALIDATE, n, 0, 0);
}

/* Validates the set that is new, not what was there before. */
static void validate_newest(void)
{
  if (life_running() == 2)
    validate_all();
}

/* The application receives all files and asks for them by one request. */
static void receive_all(void)
{
  if (life_running() == 1) {
    validate_all();
    return;
  }
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if (rig_receive(image(1, n)) != PC_OK)
      return;
  (void)rig_request(ALL);
}

static void received(void)
{
  two_sets(ALL);
}

static bool ends_new_unless_cut(uint32_t set, bool cut)
{
  return set == 1 || cut;
}

static bool ends_old(uint32_t set, bool cut)
{
  (void)cut;
  return set == 0;
}

static bool ends_on_top(uint32_t set, bool cut)
{
  return set == 2 || (cut && set == 1);
}

static bool ends_below(uint32_t set, bool cut)
{
  (void)cut;
  return set == 1;
}

static const struct life lives[] = {
    {"three images, not validated", update_of_all, NULL, ends_old, false},
    {"three images, validated at once", update_of_all, validate_all, ends_new_unless_cut, false},
    {"three images, validated one by one", update_of_all, validate_each, ends_new_unless_cut, false},
    {"two images, validated at once", update_of_two, validate_all, ends_new_unless_cut, false},
    {"two images, not validated", update_of_two, NULL, ends_old, false},
    {"partial and whole, not validated", partial_and_whole, NULL, ends_old, false},
    {"partial and whole, validated", partial_and_whole, validate_all, ends_new_unless_cut, false},
    {"partial longer, not validated", partial_longer, NULL, ends_old, false},
    {"partial shorter, not validated", partial_shorter, NULL, ends_old, false},
    {"three images, received by the application", received, receive_all, NULL, true},
    {"rollback of three", set_under_test, NULL, ends_old, false},
    {"rollback of two", two_under_test, NULL, ends_old, false},
    {"a refused set", refused_set, NULL, ends_old, false},
    {"on top of an unvalidated set, validated", on_top, validate_newest, ends_on_top, false},
    {"on top of an unvalidated set, not validated", on_top, NULL, ends_below, false},
};

static void a_set_survives_every_cut(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++)
    life_sweep(&lives[i], FIRST_CUTS, RANDOM_LIVES);
}

static void what_reads_as_written_and_then_not_costs_nothing(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++)
    life_sweep_torn(&lives[i], &engine_board.journal);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_set_survives_every_cut),
                                     cmocka_unit_test(what_reads_as_written_and_then_not_costs_nothing)};
  return cmocka_run_group_tests(tests, NULL, life_report);
}
