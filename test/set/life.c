/* See life.h. */
#include "test/set/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct rig_image *life_sets[LIFE_SETS][RIG_IMAGES + 1];
uint32_t life_count;

static const struct life *now;
bool life_verbose;
uint32_t life_wear = 2;
static uint32_t ran, last_set, cuts_here;
static struct life_cuts {
  uint32_t cuts, lives, boots;
} total;

uint32_t life_running(void)
{
  for (uint32_t s = life_count; s-- != 0;) {
    bool all = true;
    for (uint32_t n = 1; n <= RIG_IMAGES && all; n++)
      all = life_sets[s][n] != NULL ? rig_active(n) == life_sets[s][n] : rig_active_blank(n);
    if (all)
      return s;
  }
  rig_fail("images of two sets side by side");
}

static void application(void)
{
  last_set = life_running();
  ran++;
  if (now->application != NULL)
    now->application();
}

/* Boots until two in a row touch nothing. */
static void live(bool random)
{
  const char *show = getenv("LIFE_SHOW"); /* what rig_fail() names: show its boots */
  life_verbose = show != NULL && strcmp(show, rig.note) == 0;
  uint32_t quiet = 0;
  ran = 0;
  for (uint32_t boots = 0; quiet < 2; boots++) {
    if (boots == 400)
      rig_fail("never comes to rest");
    if (random && simflash_random() % 3 != 0 && cuts_here < 100)
      simflash_cut(1 + simflash_random() % 150, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
    const uint32_t before = simflash_counts().operations;
    const enum rig_end how = rig_boot();
    total.boots++;
    if (how == RIG_CUT) {
      cuts_here++;
      total.cuts++;
    } else if (how == RIG_WAITS) {
      rig_fail("lost its firmware");
    }
    if (life_verbose)
      fprintf(stderr, "---- boot %u: %u operations, end %d%s\n", (unsigned)boots,
              (unsigned)(simflash_counts().operations - before), (int)how, rig.console);
    quiet = how == RIG_RUNS && simflash_counts().operations == before ? quiet + 1 : 0;
  }
  simflash_cut(0, SIMFLASH_BEFORE);
}

static void begin(const struct simflash_image *image, uint32_t seed)
{
  simflash_restore(image);
  simflash_seed(seed);
  simflash_refuse_torn((int)(seed % 3) - 1);
  rig.power_on = true;
  rig.resets = 0;
  cuts_here = 0;
  total.lives++;
}

static void check(bool cut, uint32_t seed)
{
  (void)seed;
  if (life_running() != last_set)
    rig_fail("another set than ran last");
  if (now->done != NULL && !now->done(last_set, cut))
    rig_fail("ends with the wrong set");
  /* A page of a slot: once for the install, once for a rollback, once more for each cut. */
  for (uint32_t at = 0x08002000; at < 0x08008000; at += 0x200)
    if (simflash_wear(at) > (now->repeats ? 3 + 4 * cuts_here : life_wear + cuts_here))
      rig_fail("a page wears");
}

static bool one(const struct simflash_image *from, uint32_t seed, uint32_t nth, enum simflash_tear tear)
{
  begin(from, seed);
  (void)snprintf(rig.note, sizeof rig.note, "%.60s: operation %u, %s", now->name, (unsigned)nth,
                 simflash_tear_names[tear]);
  simflash_cut(nth, tear);
  live(false);
  check(cuts_here != 0, seed);
  return cuts_here != 0;
}

/* Boots until the power goes, as armed; false: it did not. */
static bool until_cut(void)
{
  enum rig_end how = RIG_RESET;
  for (uint32_t boots = 0; boots < 20 && how != RIG_CUT; boots++)
    how = rig_boot();
  return how == RIG_CUT;
}

static void prepare(const struct life *life)
{
  now = life;
  rig_reset(7);
  life->prepare();
  rig.application = application;
  simflash_clear_counts();
}

/* The unit or page at operation `nth` left between two values, and then the power gone once more. False: there are no
 * more operations. */
static bool torn_there(const struct simflash_image *start, const struct flash_area *area, uint32_t nth,
                       enum simflash_tear tear, uint32_t *times)
{
  static const uint32_t then[] = {1, 2, 3, 5, 8, 13};
  begin(start, nth);
  simflash_cut(nth, tear);
  if (!until_cut())
    return false;
  if (simflash_cut_place() - area->base >= area->size)
    return true;
  ++*times;
  struct simflash_image *torn = simflash_save();
  for (uint32_t i = 0; i < 6 * (sizeof then / sizeof then[0]); i++) {
    begin(torn, nth * 37 + i);
    cuts_here = 1;
    (void)snprintf(rig.note, sizeof rig.note, "%.50s: operation %u, %s, %u", now->name, (unsigned)nth,
                   simflash_tear_names[tear], (unsigned)i);
    simflash_cut(then[i / 6], SIMFLASH_AFTER);
    live(false);
    check(true, i);
  }
  simflash_free(torn);
  return true;
}

void life_sweep_torn(const struct life *life, const struct flash_area *area)
{
  const struct life_cuts before = total;
  uint32_t times = 0;
  prepare(life);
  struct simflash_image *start = simflash_save();
  for (uint32_t nth = 1; torn_there(start, area, nth, SIMFLASH_TORN_WEAK, &times); nth++)
    (void)torn_there(start, area, nth, SIMFLASH_TORN_FLICKER, &times);
  simflash_free(start);
  printf("%s: torn %u times there; %u lives\n", life->name, (unsigned)times, (unsigned)(total.lives - before.lives));
}

void life_sweep(const struct life *life, uint32_t first, uint32_t random)
{
  static const enum simflash_tear second[] = {SIMFLASH_TORN_WEAK, SIMFLASH_TORN_FLICKER, SIMFLASH_TORN_BITS,
                                              SIMFLASH_TORN_ECC,  SIMFLASH_AFTER,        SIMFLASH_TORN_HALF};
  const struct life_cuts before = total;
  prepare(life);
  struct simflash_image *start = simflash_save();
  begin(start, 1);
  (void)snprintf(rig.note, sizeof rig.note, "%.60s: uncut", now->name);
  live(false);
  check(false, 1);
  const uint32_t operations = simflash_counts().operations;

  for (uint32_t tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t nth = 1; one(start, nth * 7 + tear, nth, (enum simflash_tear)tear); nth++)
      ;
  /* A first cut, and then every operation of what follows it. */
  const uint32_t step = first != 0 ? operations / first + 1 : operations + 1;
  for (uint32_t nth = 1 + operations % step; first != 0 && nth <= operations; nth += step) {
    begin(start, nth);
    simflash_cut(nth, (enum simflash_tear)(1 + nth / step % (SIMFLASH_TEARS - 2)));
    if (!until_cut())
      rig_fail("the first cut did not come");
    total.cuts++;
    struct simflash_image *torn = simflash_save();
    for (uint32_t i = 0; i < 2; i++) {
      for (uint32_t again = 1;; again++) {
        begin(torn, again * 5 + i + nth);
        cuts_here = 1;
        (void)snprintf(rig.note, sizeof rig.note, "%.60s: operation %u, again %u", now->name, (unsigned)nth,
                       (unsigned)again);
        simflash_cut(again, second[(i * 3 + nth) % 6]);
        live(false);
        check(true, again);
        if (cuts_here == 1)
          break;
      }
    }
    simflash_free(torn);
  }
  for (uint32_t i = 0; i < random; i++) {
    begin(start, 1000 + i);
    (void)snprintf(rig.note, sizeof rig.note, "%.60s: random %u", now->name, (unsigned)i);
    live(true);
    check(cuts_here != 0, i);
  }
  simflash_free(start);
  printf("%s: %u operations uncut; %u cuts in %u lives, %u boots\n", life->name, (unsigned)operations,
         (unsigned)(total.cuts - before.cuts), (unsigned)(total.lives - before.lives),
         (unsigned)(total.boots - before.boots));
}

int life_report(void **state)
{
  (void)state;
  printf("power cuts tried: %u, in %u lives of %u boots\n", (unsigned)total.cuts, (unsigned)total.lives,
         (unsigned)total.boots);
  rig_drop_images();
  return 0;
}
