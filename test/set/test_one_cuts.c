/* Promise 2 for one image with states, whole and partial, on the whole boot loader: as test_set_cuts.c. */
#include "engine/internal.h"
#include "portcullis/engine.h"
#include "test/set/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define P 0x200u

static void update(uint32_t old_size, uint32_t size, uint32_t offset, uint32_t part)
{
  life_count = 2;
  life_sets[0][1] = rig_image_make(1, 0x01000000, old_size);
  life_sets[1][1] = part == size ? rig_image_make(1, 0x02000000, size)
                                 : rig_image_make_partial(life_sets[0][1], 0x02000000, size, offset, part);
  rig_put_active(life_sets[0][1]);
  rig_put_candidate(life_sets[1][1]);
}

static void whole(void)
{
  update(2 * P, 3 * P + 16, 0, 3 * P + 16);
}

static void partial(void)
{
  update(5 * P, 5 * P, 0x2F0, 0x250);
}

static void partial_longer(void)
{
  update(3 * P, 4 * P + 16, 2 * P + 16, 2 * P);
}

static void partial_shorter(void)
{
  update(5 * P, 4 * P - 32, 3 * P - 16, 32);
}

static void partial_under_test(void)
{
  partial();
  while (rig_boot() != RIG_RUNS)
    ;
}

static void validate(void)
{
  (void)engine_call(ENGINE_VALIDATE, 1, 0, 0);
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

/* The application receives a file and asks for it, whenever the power goes. */
static void receive(void)
{
  if (life_running() == 1)
    validate();
  else if (rig_receive(life_sets[1][1]) == PC_OK)
    (void)rig_request(1u << 1);
}

static void received(void)
{
  partial();
  simflash_fill(0x08003000, 0xFF, 0xC00);
}

static const struct life lives[] = {
    {"whole image, not validated", whole, NULL, ends_old, false},
    {"whole image, validated", whole, validate, ends_new_unless_cut, false},
    {"partial image, not validated", partial, NULL, ends_old, false},
    {"partial image, validated", partial, validate, ends_new_unless_cut, false},
    {"partial image, longer", partial_longer, NULL, ends_old, false},
    {"partial image, shorter", partial_shorter, NULL, ends_old, false},
    {"rollback of a partial image", partial_under_test, NULL, ends_old, false},
    {"partial image, received by the application", received, receive, NULL, true},
};

static void one_image_survives_every_cut(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++)
    life_sweep(&lives[i], FIRST_CUTS, RANDOM_LIVES);
}

static void what_reads_as_written_and_then_not_costs_nothing(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof lives / sizeof lives[0]; i++) {
    life_sweep_torn(&lives[i], &engine_board.journal);
    life_sweep_torn(&lives[i], &engine_board.image[0].header);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_image_survives_every_cut),
                                     cmocka_unit_test(what_reads_as_written_and_then_not_costs_nothing)};
  return cmocka_run_group_tests(tests, NULL, life_report);
}
