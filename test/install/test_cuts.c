/* Promise 2 (docs/threat-model.md), natively: a power cut at any operation of a swap, a first install or a rollback, in
 * any way, and once more at any operation of the recovery, leaves a device that ends the install it began, with the old
 * image kept; and promise 7: each cut costs no page more than one further erase.
 *
 * device_settle() fails the test if ever there is neither an image that boots nor one to install, nor an install to
 * resume.
 */
#include "test/install/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct scenario {
  const char *name;
  struct device_shape shape;
  uint32_t old_size, new_size; /* old 0: none */
  bool blank_page, rubbish, rollback;
};

#define SHAPE(unit, journal)                                                                                           \
  {                                                                                                                    \
    512, unit, 6, 7, journal, unit, 512                                                                                \
  }
#define P 512u

static const struct scenario scenarios[] = {
    {"equal", SHAPE(8, 2048), 2 * P, 2 * P, false, true, false},
    {"old larger", SHAPE(16, 2048), 4 * P, 2 * P - 16, false, true, false},
    {"new larger", SHAPE(16, 2048), P + 16, 4 * P, false, false, false},
    {"one page, small buffer", {512, 8, 6, 7, 2048, 8, 64}, 16, 48, false, true, false},
    {"full slot", {512, 32, 7, 9, 2048, 32, 256}, 7 * P, 7 * P, false, true, false},
    {"blank pages", SHAPE(16, 2048), 4 * P, 4 * P, true, true, false},
    {"small journal", SHAPE(32, 256), 4 * P, 4 * P, false, true, false},
    {"bytes as units", SHAPE(1, 2048), P / 4, P / 2, false, false, false},
    {"no old image", SHAPE(16, 2048), 0, 3 * P + 16, false, true, false},
    {"rollback, old larger", SHAPE(16, 2048), 4 * P, 2 * P, false, true, true},
    {"rollback, new larger", SHAPE(16, 2048), 2 * P - 32, 4 * P, false, true, true},
};

#define FIRST_CUTS 28u /* that are followed by all second ones */

static struct simflash_image *start, *torn;
static uint32_t cuts, runs;

static void prepare(const struct scenario *s)
{
  device_drop_images();
  device_make(&s->shape, 1);
  if (s->old_size != 0)
    device_put_active(device_image_make(s->old_size, s->blank_page));
  device_put_candidate(device_image_make(s->new_size, s->blank_page), s->rubbish);
  if (s->old_size == 0) { /* what a wiped or never used slot may hold */
    simflash_fill(ACTIVE_BASE + P, 0x5A, 40);
    simflash_fill(ACTIVE_BASE + 5 * P, 0x5A, 40);
    simflash_fill(HEADER_BASE, 0x5A, 40);
  }
  if (s->rollback) {
    device_settle();
    device_check_installed();
    device.rollback_wanted = true;
  }
  simflash_clear_counts();
  start = simflash_save();
}

static void begin_run(uint32_t seed)
{
  device.boots = 0;
  simflash_seed(seed);
  simflash_refuse_torn((int)(seed % 3) - 1);
  runs++;
}

/* All is as it must be after `cuts_here` cuts. Sessions beyond the first turn a small journal's page once more each. */
static void check(const struct scenario *s, uint32_t cuts_here)
{
  simflash_cut(0, SIMFLASH_BEFORE);
  device_settle();
  const uint32_t journal = s->shape.journal_page < 2048 ? 2 : 0;
  device_check_wear(1 + cuts_here + journal);
  if (s->rollback)
    device_check_rolled_back();
  else
    device_check_installed();
}

/* Boot, with the power going at operation `nth`: false if the boot ended before. */
static bool cut_boot(uint32_t nth, enum simflash_tear tear)
{
  simflash_cut(nth, tear);
  if (simflash_run(device_boot, NULL))
    return false;
  cuts++;
  return true;
}

static void sweep_single(const struct scenario *s)
{
  prepare(s);
  for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++) {
    for (uint32_t nth = 1;; nth++) {
      simflash_restore(start);
      begin_run(nth * 7 + tear);
      bool cut = cut_boot(nth, (enum simflash_tear)tear);
      check(s, cut);
      if (!cut)
        break;
    }
  }
  simflash_free(start);
}

/* For some first cuts, each torn in another way: all second cuts, in two ways each. */
static void sweep_double(const struct scenario *s)
{
  static const enum simflash_tear second[] = {SIMFLASH_TORN_WEAK, SIMFLASH_TORN_FLICKER, SIMFLASH_TORN_BITS,
                                              SIMFLASH_TORN_ECC, SIMFLASH_AFTER};
  prepare(s);
  device_settle();
  const uint32_t step = simflash_counts().operations / FIRST_CUTS + 1;
  for (uint32_t nth = 1;; nth += step) {
    simflash_restore(start);
    begin_run(nth);
    if (!cut_boot(nth, (enum simflash_tear)(1 + nth / step % (SIMFLASH_TEARS - 2))))
      break;
    torn = simflash_save();
    for (unsigned i = 0; i < 2; i++) {
      for (uint32_t again = 1;; again++) {
        simflash_restore(torn);
        begin_run(again * 5 + i + nth);
        bool cut = cut_boot(again, second[(i + nth) % 5]);
        check(s, 1 + cut);
        if (!cut)
          break;
      }
    }
    simflash_free(torn);
  }
  simflash_free(start);
}

static void any_cut_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    const uint32_t before = cuts;
    sweep_single(&scenarios[i]);
    print_message("%s: %u cuts\n", scenarios[i].name, cuts - before);
  }
}

static void any_second_cut_during_recovery_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    const uint32_t before = cuts;
    sweep_double(&scenarios[i]);
    print_message("%s, again during recovery: %u cuts\n", scenarios[i].name, cuts - before);
  }
}

/* As long as it takes: cuts at random until an install gets through. */
static void any_number_of_cuts_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
    const struct scenario *s = &scenarios[i];
    prepare(s);
    for (uint32_t seed = 0; seed < 60; seed++) {
      simflash_restore(start);
      begin_run(seed);
      uint32_t here = 0;
      while (here < 200 &&
             cut_boot(1 + simflash_random() % 90, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS)))
        here++;
      check(s, here);
    }
    simflash_free(start);
  }
}

static int report(void **state)
{
  (void)state;
  print_message("power cuts tried: %u, in %u installs and rollbacks\n", cuts, runs);
  device_drop_images();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_cut_is_survived),
      cmocka_unit_test(any_second_cut_during_recovery_is_survived),
      cmocka_unit_test(any_number_of_cuts_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
