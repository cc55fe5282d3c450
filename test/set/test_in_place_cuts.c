/* A patch in place, once asked for, ends with the new image, wherever and however often the power goes: the whole boot
 * loader of a board with a single slot, as test_set_cuts.c. */
#include "board/slots.h"
#include "engine/internal.h"
#include "test/set/in_place.h"
#include "test/set/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define P 0x200u

static void patch(const struct rig_image *old, const struct rig_image *new)
{
  static struct in_place_patch made;
  in_place_make(old, new, &made);
  life_count = 2;
  life_sets[0][1] = old;
  life_sets[1][1] = new;
  rig_put_active(old);
  in_place_put(&made);
  printf("[%u bytes, groups of %u, lag %u, shift %u] ", (unsigned)made.size, (unsigned)made.how.group,
         (unsigned)made.how.lag, (unsigned)made.how.shift);
}

static void everything_moves(void)
{
  const struct rig_image *old = rig_image_make(1, 0x01000000, 7 * P);
  patch(old, in_place_edit(old, 0x01010000, 32, 112, 0));
}

/* And it becomes shorter. */
static void few_pages_change(void)
{
  const struct rig_image *old = rig_image_make(1, 0x01000000, 7 * P + 48);
  patch(old, in_place_edit(old, 0x01010000, 5 * P, -(int)P - 64, 16));
}

static void moved_up_first(void)
{
  const struct rig_image *old = rig_image_make(1, 0x01000000, 4 * P - 32);
  patch(old, in_place_edit(old, 0x01010000, 16, 3 * (int)P + 16, 0));
}

static bool ends_new(uint32_t set, bool cut)
{
  (void)cut;
  return set == 1;
}

static const struct life lives[] = {
    {"everything moves", everything_moves, NULL, ends_new, false},
    {"few pages change", few_pages_change, NULL, ends_new, false},
    {"moved up first", moved_up_first, NULL, ends_new, false},
};

static void a_patch_in_place_ends_with_the_new_image(void **state)
{
  (void)state;
  life_wear = 4; /* a scratch page, or a checkpoint's */
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++)
    life_sweep(&lives[i], FIRST_CUTS / 3, RANDOM_LIVES / 2);
}

static void what_reads_as_written_and_then_not_costs_nothing(void **state)
{
  (void)state;
  life_wear = 4;
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++) {
    life_sweep_torn(&lives[i], &engine_board.journal);
    life_sweep_torn(&lives[i], &engine_board.image[0].header);
  }
}

/* The power goes at operation `nth` of the install; false: there are no more. */
static bool cut_at(const struct simflash_image *start, uint32_t nth, enum simflash_tear tear)
{
  simflash_restore(start);
  simflash_seed(nth);
  rig_power_off();
  simflash_cut(nth, tear);
  const bool cut = rig_settle(20) == RIG_CUT;
  simflash_cut(0, SIMFLASH_BEFORE);
  return cut;
}

static void behind_a_record_that_comes_back_the_next_patch_applies(void **state)
{
  (void)state;
  static struct in_place_patch next;
  rig_reset(5);
  few_pages_change();
  const struct rig_image *new = life_sets[1][1], *newer = in_place_edit(new, 0x01020000, 3 * P, 32, 16);
  in_place_make(new, newer, &next);
  struct simflash_image *start = simflash_save();
  for (uint32_t nth = 1; cut_at(start, nth, SIMFLASH_TORN_WEAK); nth++) {
    const bool record = simflash_cut_place() - engine_board.journal.base < engine_board.journal.size;
    struct simflash_image *torn = simflash_save();
    for (uint32_t seed = 0; record && seed < 32; seed++) {
      (void)snprintf(rig.note, sizeof rig.note, "record at operation %u, %u", (unsigned)nth, (unsigned)seed);
      simflash_restore(torn);
      simflash_seed(seed);
      assert_int_equal(rig_settle(20), RIG_RUNS);
      in_place_put(&next);
      assert_int_equal(rig_settle(20), RIG_RUNS);
      if (rig_active(1) != newer)
        rig_fail("the next patch was dropped");
    }
    simflash_free(torn);
  }
  simflash_free(start);
}

/* From the first page that is written on: a download would leave an old image with something behind it. */
static void what_was_begun_goes_before_a_download(void **state)
{
  (void)state;
  const struct flash_area *slot = &board_slots[0].active;
  rig_reset(6);
  moved_up_first();
  struct simflash_image *start = simflash_save();
  for (uint32_t tear = SIMFLASH_BEFORE + 1; tear < SIMFLASH_TEARS; tear++) {
    uint32_t nth = 1;
    while (cut_at(start, nth, (enum simflash_tear)tear) && simflash_cut_place() - slot->base >= slot->size)
      nth++;
    (void)snprintf(rig.note, sizeof rig.note, "%s", simflash_tear_names[tear]);
    rig.button = true;
    assert_int_not_equal(rig_boot(), RIG_WAITS);
    rig.button = false;
    assert_int_equal(rig_settle(20), RIG_RUNS);
    assert_ptr_equal(rig_active(1), life_sets[1][1]);
  }
  simflash_free(start);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_patch_in_place_ends_with_the_new_image),
                                     cmocka_unit_test(behind_a_record_that_comes_back_the_next_patch_applies),
                                     cmocka_unit_test(what_was_begun_goes_before_a_download),
                                     cmocka_unit_test(what_reads_as_written_and_then_not_costs_nothing)};
  return cmocka_run_group_tests(tests, NULL, life_report);
}
