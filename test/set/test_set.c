/* Sets of images, natively, on the whole boot loader: installed together or not at all, kept together or brought back
 * together. */
#include "test/set/maker.h"
#include "test/set/rig.h"

#include "portcullis/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define P 0x200u

static const struct rig_image *old[RIG_IMAGES + 1], *new[RIG_IMAGES + 1];

static void make_all(uint32_t seed)
{
  rig_reset(seed);
  static const uint32_t sizes[2][3] = {{2 * P, P + 32, P}, {3 * P + 16, 2 * P, 2 * P - 48}};
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    old[n] = rig_image_make(n, 0x01000000 + n, sizes[0][n - 1]);
    new[n] = rig_image_make(n, 0x02000000 + n, sizes[1][n - 1]);
  }
}

static void start(uint32_t present)
{
  make_all(1);
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((present >> n & 1) != 0)
      rig_put_active(old[n]);
}

static void offer(uint32_t which)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((which >> n & 1) != 0)
      rig_put_candidate(new[n]);
}

#define ALL (1u << 1 | 1u << 2 | 1u << 3)

/* The images of `which` are the new ones, the others the old ones, and the application runs. */
static void expect(uint32_t which)
{
  assert_int_equal(rig_settle(12), RIG_RUNS);
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    assert_ptr_equal(rig_active(n), (which >> n & 1) != 0 ? new[n] : old[n]);
}

static uint32_t validated, operations;
static pc_status validation;
static void validate(void)
{
  const uint32_t before = simflash_counts().operations;
  validation = engine_call(ENGINE_VALIDATE, validated, 0, 0);
  operations = simflash_counts().operations - before;
}

static void all_candidates_are_installed_together(void **state)
{
  (void)state;
  for (uint32_t which = 2; which <= ALL; which += 2) {
    start(ALL);
    offer(which);
    expect(which);
    for (uint32_t n = 1; n <= RIG_IMAGES; n++)
      assert_int_equal(rig_state(n), (which >> n & 1) != 0 ? IMAGE_STATE_SELFTEST : IMAGE_STATE_VALID);
  }
}

static void a_set_that_is_not_keepcomes_back_as_a_set(void **state)
{
  (void)state;
  for (uint32_t which = 2; which <= ALL; which += 2) {
    start(ALL);
    offer(which);
    expect(which);
    expect(0);
    for (int i = 0; i < 3; i++) {
      expect(0);
      assert_false(rig_said("ROLLBACK"));
    }
  }
}

static void a_set_that_is_keepby_one_call_stays(void **state)
{
  (void)state;
  rig.application = validate;
  for (uint32_t which = 2; which <= ALL; which += 2) {
    start(ALL);
    offer(which);
    rig.application = validate;
    validated = ENGINE_ALL_IMAGES;
    expect(which);
    assert_int_equal(validation, PC_OK);
    assert_int_equal(operations, 2); /* one field of 32 bytes, however many images */
    validation = 0;
    for (int i = 0; i < 3; i++) {
      expect(which);
      assert_int_equal(validation, PC_OK);
      for (uint32_t n = 1; n <= RIG_IMAGES; n++)
        assert_int_equal(rig_state(n), IMAGE_STATE_VALID);
    }
  }
}

static uint32_t validate_mask;
static void validate_some(void)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    if ((validate_mask >> n & 1) != 0)
      assert_int_equal(engine_call(ENGINE_VALIDATE, n, 0, 0), PC_OK);
}

static void a_set_stays_only_if_all_of_it_is_validated(void **state)
{
  (void)state;
  for (uint32_t mask = 0; mask <= ALL; mask += 2) {
    start(ALL);
    offer(ALL);
    rig.application = validate_some;
    validate_mask = mask;
    expect(ALL);
    rig.application = NULL;
    expect(mask == ALL ? ALL : 0);
    expect(mask == ALL ? ALL : 0);
  }
}

/* ...and then another image's update has nothing to do with it. */
static void a_later_update_of_one_image_is_judged_by_itself(void **state)
{
  (void)state;
  start(ALL);
  offer(1u << 1 | 1u << 2);
  rig.application = validate;
  validated = ENGINE_ALL_IMAGES;
  expect(1u << 1 | 1u << 2);
  rig.application = NULL;
  rig_put_candidate(new[3]);
  expect(ALL);
  expect(1u << 1 | 1u << 2);
  expect(1u << 1 | 1u << 2);
}

/* Nothing of a set is installed if one of it is refused, whichever it is and whyever. */
static void one_refused_image_refuses_the_set(void **state)
{
  (void)state;
  for (uint32_t bad = 1; bad <= RIG_IMAGES; bad++)
    for (unsigned kind = 0; kind < 3; kind++) {
      start(ALL);
      offer(ALL);
      const struct rig_image *image = new[bad];
      static const uint32_t download[] = {0, 0x08003000, 0x08004800, 0x08006800};
      if (kind == 0) { /* header */
        uint8_t byte = (uint8_t)(image->header[40] ^ 1);
        simflash_load(download[bad] + 40, &byte, 1);
      } else if (kind == 1) { /* body */
        uint8_t byte = (uint8_t)(image->cipher[image->part - 1] ^ 1);
        simflash_load(download[bad] + P + image->part - 1, &byte, 1);
      } else { /* version */
        rig_put_candidate(rig_image_make(bad, 0x00FF0000, P));
      }
      const struct simflash_counts before = simflash_counts();
      assert_int_equal(rig_boot(), RIG_RESET);
      assert_true(rig_said("refused"));
      assert_int_equal(simflash_counts().programs, before.programs);
      for (uint32_t n = 1; n <= RIG_IMAGES; n++)
        assert_true(simflash_equals(download[n], NULL, P));
      expect(0);
      assert_int_equal(simflash_counts().erases, before.erases + 3);
    }
}

/* An image for a slot that was empty; the others of its set have nothing to go back to together with it, and stay. */
static void a_first_image_in_an_empty_slot_stays(void **state)
{
  (void)state;
  start(1u << 1);
  offer(1u << 1 | 1u << 2);
  assert_int_equal(rig_settle(12), RIG_RUNS);
  for (int i = 0; i < 3; i++) {
    assert_ptr_equal(rig_active(1), new[1]);
    assert_ptr_equal(rig_active(2), new[2]);
    assert_true(rig_active_blank(3));
    assert_int_equal(rig_settle(12), RIG_RUNS);
    assert_int_equal(rig_said("none to go back to"), i == 0);
  }
}

static void first_images_of_all_slots(void **state)
{
  (void)state;
  start(0);
  offer(ALL);
  for (int i = 0; i < 3; i++)
    expect(ALL);
}

static uint32_t info_status[RIG_IMAGES + 1];
static void ask_info(void)
{
  struct engine_image_info info;
  for (uint32_t n = 1; n <= RIG_IMAGES; n++) {
    info_status[n] = engine_call(ENGINE_GET_INFO, n, (uintptr_t)&info, 0);
    if (info_status[n] == PC_OK)
      assert_int_equal(info.version, old[n]->version);
  }
}

/* Every image is authenticated before anything runs; a damaged one is wiped, and the application is told. */
static void a_damaged_image_of_any_slot_is_found_before_anything_runs(void **state)
{
  (void)state;
  static const uint32_t active[] = {0, 0x08002000, 0x08004000, 0x08006000};
  for (uint32_t bad = 1; bad <= RIG_IMAGES; bad++)
    for (unsigned kind = 0; kind < 2; kind++) {
      start(ALL);
      uint8_t byte = kind == 0 ? (uint8_t)(old[bad]->clear[100] ^ 4) : 0x7F;
      simflash_load(active[bad] + (kind == 0 ? 100 : old[bad]->size + 64), &byte, 1);
      rig.application = ask_info;
      assert_int_equal(rig_boot(), RIG_RESET);
      assert_true(rig_active_blank(bad));
      assert_int_equal(rig_boot(), bad == 1 ? RIG_WAITS : RIG_RUNS);
      if (bad != 1)
        for (uint32_t n = 1; n <= RIG_IMAGES; n++)
          assert_int_equal(info_status[n], n == bad ? PC_ERR_BLANK : PC_OK);
    }
}

static void rubbish_in_an_empty_slot_is_wiped_before_anything_runs(void **state)
{
  (void)state;
  start(1u << 1);
  uint8_t byte = 0;
  simflash_load(0x08004000 + 0x500, &byte, 1); /* its first page looks blank */
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_true(rig_active_blank(2));
  assert_int_equal(rig_boot(), RIG_RUNS);
}

/* Without a chance to validate, a download is a sign of life: what it does not replace stays. */
static void a_download_on_top_of_an_unkeepset_keeps_it(void **state)
{
  (void)state;
  start(ALL);
  offer(1u << 1 | 1u << 2);
  expect(1u << 1 | 1u << 2);
  const struct rig_image *newer = rig_image_make(2, 0x03000000, P);
  rig_put_candidate(newer);
  assert_int_equal(rig_settle(12), RIG_RUNS);
  assert_ptr_equal(rig_active(1), new[1]);
  assert_ptr_equal(rig_active(2), newer);
  expect(1u << 1 | 1u << 2); /* newer was not validated: back to the pair before */
  expect(1u << 1 | 1u << 2);
}

static void each_image_has_a_minimum_version_of_its_own(void **state)
{
  (void)state;
  start(ALL);
  const struct rig_image *high = rig_image_make(1, 0x07000000 | RIG_RAISES, P);
  rig_put_candidate(high);
  rig.application = validate;
  validated = ENGINE_ALL_IMAGES;
  assert_int_equal(rig_settle(12), RIG_RUNS);
  assert_int_equal(rig_settle(12), RIG_RUNS); /* raises it now */
  rig_put_candidate(new[2]);
  assert_int_equal(rig_settle(12), RIG_RUNS);
  assert_ptr_equal(rig_active(2), new[2]);
  /* Both slots of image 1 erased: still nothing older. */
  simflash_fill(0x08002000, 0xFF, 0xA00);
  simflash_fill(0x08000000, 0xFF, P);
  rig_put_candidate(new[1]);
  assert_int_equal(rig_settle(12), RIG_WAITS);
  rig_put_candidate(high);
  assert_int_equal(rig_settle(12), RIG_RUNS);
}

/* Each image has keys of its own: one that is signed for another slot is nobody's. */
static void an_image_for_another_slot_is_refused(void **state)
{
  (void)state;
  start(ALL);
  struct rig_image *image = rig_image_make(2, 0x02000000, P);
  simflash_load(0x08003000, image->header, IMAGE_HEADER_SIZE);
  simflash_load(0x08003000 + IMAGE_HEADER_SIZE, "INSTALL1", 8);
  simflash_load(0x08003000 + P, image->cipher, image->part);
  assert_int_equal(rig_boot(), RIG_RESET);
  expect(0);
  uint8_t header[IMAGE_HEADER_SIZE];
  memcpy(header, image->header, sizeof header);
  header[3] = '1'; /* another key's signature */
  simflash_load(0x08003000, header, IMAGE_HEADER_SIZE);
  simflash_load(0x08003000 + IMAGE_HEADER_SIZE, "INSTALL1", 8);
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_true(rig_said("authentication"));
  expect(0);
}

static void the_cost_of_a_set_is_that_of_its_images(void **state)
{
  (void)state;
  start(ALL);
  offer(ALL);
  simflash_clear_counts();
  expect(ALL);
  /* Pages in both slots, a header page each twice, the journal's. */
  assert_in_range(simflash_max_wear(0x08002000, 0x6000), 1, 1);
  assert_in_range(simflash_max_wear(0x08000000, 3 * P), 1, 1);
}

/* The application's "multiple download": all files, then one request. */
static void receive_all(void)
{
  for (uint32_t n = 1; n <= RIG_IMAGES; n++)
    assert_int_equal(rig_receive(new[n]), PC_OK);
  assert_int_equal(rig_request(ALL), PC_OK);
}

/* However the power goes while a set is asked for: all of it is installed, or none. */
static void one_request_for_several_images_is_whole_or_not_there(void **state)
{
  (void)state;
  start(ALL);
  rig.application = receive_all;
  struct simflash_image *before = simflash_save();
  simflash_clear_counts();
  assert_int_equal(rig_boot(), RIG_RUNS);
  const uint32_t all = simflash_counts().operations;
  rig.application = NULL;
  expect(ALL);
  uint32_t seen = 0;
  for (uint32_t nth = all - 70; nth <= all; nth++)
    for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++) {
      simflash_restore(before);
      simflash_seed(nth);
      rig.application = receive_all;
      rig.power_on = true;
      simflash_cut(nth, (enum simflash_tear)tear);
      assert_int_equal(rig_boot(), RIG_CUT);
      rig.application = NULL;
      assert_int_equal(rig_settle(12), RIG_RUNS);
      const bool installed = rig_active(1) == new[1];
      for (uint32_t n = 1; n <= RIG_IMAGES; n++)
        assert_ptr_equal(rig_active(n), installed ? new[n] : old[n]);
      expect(0); /* not validated */
      seen |= installed ? 1u : 2u;
    }
  assert_int_equal(seen, 3);
  simflash_free(before);
}

/* Partial images: base and new of these sizes, and the range. Slot 1 takes 5 pages; its download slot keeps 4. */
static const struct {
  uint32_t old, new, offset, part;
} parts[] = {
    {5 * P, 5 * P, 0x2F0, 0x250},           /* in the middle, across pages, aligned to nothing */
    {5 * P, 5 * P, 0x240, 0x10},            /* one block */
    {5 * P, 5 * P, 0x400, P},               /* one whole page */
    {5 * P, 5 * P, 0, 0x20},                /* the beginning */
    {5 * P, 5 * P - 32, 5 * P - 64, 32},    /* the end, shorter */
    {3 * P, 4 * P + 16, 2 * P, 2 * P + 16}, /* longer */
    {3 * P, 5 * P, 3 * P, 2 * P},           /* only more of it */
    {5 * P, 3 * P + 32, 3 * P, 32},         /* shorter by pages */
    {5 * P, 4 * P, 2 * P + 16, 16},         /* shorter, though the range does not reach its end */
    {2 * P, 2 * P, 0, 2 * P - 16},          /* nearly all */
};

static void partial_images_are_installed_and_brought_back(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
    for (unsigned keep = 0; keep < 2; keep++) {
      rig_reset(i);
      const struct rig_image *base = rig_image_make(1, 0x01000000, parts[i].old);
      const struct rig_image *part =
          rig_image_make_partial(base, 0x01000001, parts[i].new, parts[i].offset, parts[i].part);
      rig_put_active(base);
      rig_put_candidate(part);
      rig.application = keep ? validate : NULL;
      validated = 1;
      simflash_clear_counts();
      assert_int_equal(rig_settle(12), RIG_RUNS);
      assert_ptr_equal(rig_active(1), part);
      /* Pages outside the changed ones are not touched. */
      for (uint32_t page = 0; page < parts[i].offset / P; page++)
        assert_int_equal(simflash_wear(0x08002000 + page * P), 0);
      assert_in_range(simflash_max_wear(0x08002000, 0x2000), 1, 1);
      for (int again = 0; again < 3; again++) {
        assert_int_equal(rig_settle(12), RIG_RUNS);
        assert_ptr_equal(rig_active(1), keep ? part : base);
      }
    }
}

/* Both tags are checked before anything is erased: a partial image for another base costs nothing but itself. */
static void a_partial_image_for_another_base_is_refused_and_nothing_is_lost(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    rig_reset(i);
    const struct rig_image *base = rig_image_make(1, 0x01000000, parts[i].old);
    const struct rig_image *other = rig_image_make(1, 0x01000000, parts[i].old);
    const struct rig_image *part =
        rig_image_make_partial(base, 0x01000001, parts[i].new, parts[i].offset, parts[i].part);
    if (parts[i].part + 16 >= parts[i].new)
      continue; /* hardly anything of the base is in it */
    rig_put_active(other);
    rig_put_candidate(part);
    simflash_clear_counts();
    assert_int_equal(rig_boot(), RIG_RESET);
    assert_true(rig_said("Firmware decryption error"));
    assert_int_equal(rig_settle(3), RIG_RUNS);
    assert_ptr_equal(rig_active(1), other);
    assert_int_equal(simflash_max_wear(0x08002000, 0x1000), 0);
  }
}

static void a_partial_image_without_a_base_or_room_is_refused(void **state)
{
  (void)state;
  rig_reset(1);
  const struct rig_image *base = rig_image_make(1, 0x01000000, 5 * P);
  const struct rig_image *part = rig_image_make_partial(base, 0x01000001, 5 * P, 0x200, 0x10);
  rig_put_candidate(part);
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_int_equal(rig_boot(), RIG_WAITS);
  rig_put_active(base);
  rig_put_candidate(rig_image_make_partial(base, 0x01000002, 5 * P, 0, 5 * P - 16)); /* five pages to keep */
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_true(rig_said("FW too big"));
  assert_int_equal(rig_boot(), RIG_RUNS);
  rig_put_candidate(rig_image_make(1, 0x02000000, 2 * P)); /* the base itself could not be kept */
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_true(rig_said("FW too big"));
  assert_int_equal(rig_boot(), RIG_RUNS);
  assert_ptr_equal(rig_active(1), base);
}

/* A flipped bit anywhere in its cipher text or its signed header. */
static void a_damaged_partial_image_is_refused(void **state)
{
  (void)state;
  rig_reset(1);
  const struct rig_image *base = rig_image_make(1, 0x01000000, 5 * P);
  const struct rig_image *part = rig_image_make_partial(base, 0x01000001, 5 * P, 0x2F0, 0x250);
  rig_put_active(base);
  for (uint32_t at = 0; at < 192 + part->part; at += 7) {
    rig_put_candidate(part);
    uint8_t byte = (uint8_t)((at < 192 ? part->header[at] : part->cipher[at - 192]) ^ 1u << at % 8);
    simflash_load(0x08003000 + (at < 192 ? at : P + at - 192), &byte, 1);
    assert_int_equal(rig_boot(), RIG_RESET);
    assert_true(rig_said("CRITICAL FAILURE"));
    assert_int_equal(rig_settle(3), RIG_RUNS);
    assert_ptr_equal(rig_active(1), base);
  }
}

/* A partial image needs the old one to the end: a worn download slot costs the update, not the firmware, nor for ever.
 */
static void a_partial_image_is_given_up_before_the_old_one_where_the_download_slot_is_worn(void **state)
{
  (void)state;
  rig_reset(1);
  const struct rig_image *base = rig_image_make(1, 0x01000000, 5 * P);
  rig_put_active(base);
  rig_put_candidate(rig_image_make_partial(base, 0x01000001, 5 * P, 0x2F0, 0x250));
  simflash_worn(0x08003000 + 3 * P + 64, 250); /* where the last of the changed pages is to be kept */
  assert_int_equal(rig_settle(6), RIG_RUNS);
  assert_ptr_equal(rig_active(1), base);
  const struct simflash_counts before = simflash_counts();
  assert_int_equal(rig_settle(2), RIG_RUNS);
  assert_int_equal(simflash_counts().operations, before.operations);
}

/* The partial tag counts by itself, even if the whole image comes out right. */
static void a_partial_image_with_a_wrong_partial_tag_is_refused(void **state)
{
  (void)state;
  rig_reset(1);
  const struct rig_image *base = rig_image_make(1, 0x01000000, 5 * P);
  maker_partial_tag_error = 0x10;
  const struct rig_image *part = rig_image_make_partial(base, 0x01000001, 5 * P, 0x2F0, 0x250);
  maker_partial_tag_error = 0;
  rig_put_active(base);
  rig_put_candidate(part);
  assert_int_equal(rig_boot(), RIG_RESET);
  assert_true(rig_said("Firmware decryption error"));
  assert_int_equal(rig_settle(3), RIG_RUNS);
  assert_ptr_equal(rig_active(1), base);
}

static void a_set_of_whole_and_partial_images(void **state)
{
  (void)state;
  start(ALL);
  const struct rig_image *part = rig_image_make_partial(old[1], 0x02000000, 2 * P, 0x180, 0x100);
  new[1] = part;
  offer(ALL);
  expect(ALL);
  expect(0);
}

/* Only image 1 begins with a vector table; one that begins with blank bytes is there all the same. */
static void an_image_that_begins_blank_is_one_of_the_set(void **state)
{
  (void)state;
  start(ALL);
  new[2] = rig_image_make(2, 0x020000FF, 2 * P); /* the version's last byte is the first of the image */
  assert_int_equal(new[2]->clear[0], 0xFF);
  offer(ALL);
  expect(ALL);
  assert_int_equal(rig_state(2), IMAGE_STATE_SELFTEST);
  expect(0);
}

static const uint32_t download_slots[] = {0, 0x08003000, 0x08004800, 0x08006800};

/* A denied rollback is said once and not tried for ever; the set stays as it is, all of it. */
static void a_damaged_backup_of_one_image_keeps_the_set(void **state)
{
  (void)state;
  for (uint32_t bad = 1; bad <= RIG_IMAGES; bad++)
    for (unsigned kind = 0; kind < 2; kind++) {
      start(ALL);
      offer(ALL);
      expect(ALL);
      const uint8_t byte = kind == 0 ? 0x33 : (uint8_t)(old[bad]->clear[200] ^ 2);
      simflash_load(download_slots[bad] + (kind == 0 ? P + 130 : 2 * P + 200), &byte, 1); /* header or image */
      const struct simflash_counts before = simflash_counts();
      expect(ALL);
      const uint32_t cost = simflash_counts().erases - before.erases;
      assert_in_range(cost, 1, 2); /* the journal's, and the header of a backup that will never be good */
      for (int i = 0; i < 3; i++) {
        expect(ALL);
        assert_false(rig_said("ROLLBACK") || rig_said("none to go back to"));
      }
      assert_int_equal(simflash_counts().erases, before.erases + cost);
    }
}

/* The header of an image that is gone is no place for a validation, and none to find one in. */
static void validation_works_while_an_image_is_missing(void **state)
{
  (void)state;
  start(ALL);
  offer(1u << 2 | 1u << 3);
  expect(1u << 2 | 1u << 3);
  rig_put_candidate(new[1]); /* on top: image 2 stays unvalidated */
  simflash_fill(0x08004000, 0xFF, 0x600);
  rig.application = validate;
  validated = ENGINE_ALL_IMAGES;
  assert_int_equal(rig_settle(12), RIG_RUNS);
  assert_int_equal(validation, PC_OK);
  rig.application = NULL;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(rig_settle(12), RIG_RUNS);
    assert_ptr_equal(rig_active(1), new[1]);
    assert_int_equal(rig_state(1), IMAGE_STATE_VALID);
  }
}

/* The minimum version is raised by a set that stays, not by one that goes back. */
static void a_set_that_is_brought_back_has_not_raised_the_minimum(void **state)
{
  (void)state;
  for (unsigned kept = 0; kept < 2; kept++) {
    start(ALL);
    new[1] = rig_image_make(1, 0x05000000 | RIG_RAISES, P);
    new[2] = rig_image_make(2, 0x05000000 | RIG_RAISES, P);
    offer(1u << 1 | 1u << 2);
    rig.application = kept ? validate : validate_some;
    validated = ENGINE_ALL_IMAGES;
    validate_mask = 1u << 1; /* one of the two says yes */
    expect(1u << 1 | 1u << 2);
    rig.application = NULL;
    expect(kept ? 1u << 1 | 1u << 2 : 0);
    expect(kept ? 1u << 1 | 1u << 2 : 0);
    /* The active header of image 2 gone: now only the minimum speaks. */
    simflash_fill(0x08004000, 0xFF, 0x600);
    simflash_fill(0x08000000 + P, 0xFF, P);
    rig_put_candidate(old[2]);
    assert_int_equal(rig_boot(), RIG_RESET);
    assert_int_equal(rig_settle(12), RIG_RUNS);
    assert_ptr_equal(rig_active(2), kept ? NULL : old[2]);
  }
}

static int done(void **state)
{
  (void)state;
  rig_drop_images();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_candidates_are_installed_together),
      cmocka_unit_test(a_set_that_is_not_keepcomes_back_as_a_set),
      cmocka_unit_test(a_set_that_is_keepby_one_call_stays),
      cmocka_unit_test(a_set_stays_only_if_all_of_it_is_validated),
      cmocka_unit_test(a_later_update_of_one_image_is_judged_by_itself),
      cmocka_unit_test(one_refused_image_refuses_the_set),
      cmocka_unit_test(a_first_image_in_an_empty_slot_stays),
      cmocka_unit_test(first_images_of_all_slots),
      cmocka_unit_test(a_damaged_image_of_any_slot_is_found_before_anything_runs),
      cmocka_unit_test(rubbish_in_an_empty_slot_is_wiped_before_anything_runs),
      cmocka_unit_test(a_download_on_top_of_an_unkeepset_keeps_it),
      cmocka_unit_test(each_image_has_a_minimum_version_of_its_own),
      cmocka_unit_test(an_image_for_another_slot_is_refused),
      cmocka_unit_test(one_request_for_several_images_is_whole_or_not_there),
      cmocka_unit_test(partial_images_are_installed_and_brought_back),
      cmocka_unit_test(a_partial_image_for_another_base_is_refused_and_nothing_is_lost),
      cmocka_unit_test(a_partial_image_without_a_base_or_room_is_refused),
      cmocka_unit_test(a_damaged_partial_image_is_refused),
      cmocka_unit_test(a_partial_image_is_given_up_before_the_old_one_where_the_download_slot_is_worn),
      cmocka_unit_test(a_partial_image_with_a_wrong_partial_tag_is_refused),
      cmocka_unit_test(a_set_of_whole_and_partial_images),
      cmocka_unit_test(an_image_that_begins_blank_is_one_of_the_set),
      cmocka_unit_test(a_damaged_backup_of_one_image_keeps_the_set),
      cmocka_unit_test(validation_works_while_an_image_is_missing),
      cmocka_unit_test(a_set_that_is_brought_back_has_not_raised_the_minimum),
      cmocka_unit_test(the_cost_of_a_set_is_that_of_its_images),
  };
  return cmocka_run_group_tests(tests, NULL, done);
}
