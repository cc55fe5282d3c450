/* Patches in place that do not apply, on the whole boot loader of a board with a single slot: whatever is wrong with
 * them, received or lying in the patch area, the old image goes on, and no page of it was touched. */
#include "board/slots.h"
#include "delta/encoder.h"
#include "image/patch.h"
#include "loader/update_patch.h"
#include "portcullis/update.h"
#include "test/set/in_place.h"
#include "test/set/maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define P 0x200u

static const struct rig_image *old, *new;
static struct in_place_patch patch;
static struct simflash_image *fresh;

static int setup(void **state)
{
  (void)state;
  rig_reset(11);
  old = rig_image_make(1, 0x01020000, 4 * P + 32);
  new = in_place_edit(old, 0x01030000, 64, 48, 0);
  in_place_make(old, new, &patch);
  rig_put_active(old);
  simflash_clear_counts();
  fresh = simflash_save();
  return 0;
}

static void again(void)
{
  simflash_restore(fresh);
  simflash_clear_counts();
  rig_power_off();
}

static void nothing_touched(const char *what)
{
  (void)snprintf(rig.note, sizeof rig.note, "%s", what);
  if (rig_settle(4) != RIG_RUNS || rig_active(1) != old)
    rig_fail("the old image does not go on");
  if (simflash_max_wear(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE) != 0 || simflash_wear(MAP_HEADER_BASE(1)) != 0)
    rig_fail("the old image was touched");
  if (update_asked(&board_slots[0].download) == PC_OK)
    rig_fail("it is still asked for");
}

/* As it lies in the patch area. */
static void stored(const struct in_place_patch *p, const char *what)
{
  again();
  in_place_put(p);
  nothing_touched(what);
}

/* As it is received: by the boot loader's own way into the area. */
static pc_status received(const uint8_t *bytes, uint32_t size, uint32_t announced)
{
  static struct update u;
  const struct update_target target = {&board_slots[0].download, 1, board_slots[0].download.size, NULL, NULL, NULL,
                                       &update_patch_stored};
  update_init(&u, &target);
  pc_status status = update_begin(&u, announced);
  for (uint32_t at = 0; at < size && status == PC_OK; at += 77)
    status = update_write(&u, bytes + at, size - at < 77 ? size - at : 77);
  if (status == PC_OK)
    status = update_finish(&u);
  return status == PC_OK ? update_install(&u) : status;
}

struct reception {
  const uint8_t *bytes;
  uint32_t size, announced;
  pc_status status;
};

static void session(void *argument)
{
  struct reception *r = argument;
  r->status = received(r->bytes, r->size, r->announced);
}

static pc_status receive(const uint8_t *bytes, uint32_t size, uint32_t announced)
{
  struct reception r = {bytes, size, announced, PC_ERR_STATE};
  (void)simflash_run(session, &r);
  return r.status;
}

static void refused(const struct in_place_patch *p, pc_status expected, const char *what)
{
  pc_status status = PC_OK;
  again();
  (void)rig_settle(4);
  status = receive(p->bytes, p->size, p->size);
  if (status != expected) {
    (void)snprintf(rig.note, sizeof rig.note, "%s: %08x", what, (unsigned)status);
    rig_fail("another answer");
  }
  if (simflash_max_wear(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE) != 0)
    rig_fail("the patch area was erased for it");
  stored(p, what);
}

static void the_patch_itself_applies(void **state)
{
  (void)state;
  again();
  (void)rig_settle(4);
  assert_true(receive(patch.bytes, patch.size, patch.size) == PC_OK);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  assert_ptr_equal(rig_active(1), new);
  /* Once is enough: it is not asked for any more, and its FROM is gone. */
  assert_true(receive(patch.bytes, patch.size, patch.size) == PC_ERR_TAG);
  in_place_put(&patch);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  assert_ptr_equal(rig_active(1), new);
}

static void every_bit_of_it_counts(void **state)
{
  (void)state;
  struct in_place_patch wrong;
  for (uint32_t at = 0; at < patch.size; at++) {
    wrong = patch;
    wrong.bytes[at] ^= (uint8_t)(1u << at % 8);
    char what[32];
    (void)snprintf(what, sizeof what, "byte %u", (unsigned)at);
    stored(&wrong, what);
  }
}

static void cut_short_or_extended(void **state)
{
  (void)state;
  uint8_t longer[sizeof patch.bytes + 16] = {0};
  memcpy(longer, patch.bytes, patch.size);
  again();
  (void)rig_settle(4);
  for (uint32_t size = 0; size < patch.size; size += size < 400 ? 1 : 16) {
    assert_true(receive(patch.bytes, size, patch.size) != PC_OK);
    assert_true(receive(patch.bytes, size, size) != PC_OK);
  }
  assert_true(receive(longer, patch.size + 16, patch.size + 16) == PC_ERR_FORMAT);
  assert_true(receive(longer, patch.size + 16, patch.size) == PC_ERR_TRANSFER);
  nothing_touched("cut short or extended");
}

static void another_board_or_format(void **state)
{
  (void)state;
  static const struct {
    uint32_t at;
    uint8_t value;
    pc_status status;
    const char *what;
  } cases[] = {
      {PATCH_AT_IN_PLACE, 0, PC_ERR_FORMAT, "for two slots, with a head"},
      {PATCH_AT_IN_PLACE, 2, PC_ERR_FORMAT, "unknown kind"},
      {PATCH_AT_HOW, 10, PC_ERR_UNSUPPORTED, "other pages"},
      {PATCH_AT_HOW, 7, PC_ERR_FORMAT, "impossible pages"},
      {PATCH_AT_HOW + 1, 0, PC_ERR_FORMAT, "no group"},
      {PATCH_AT_HOW + 1, 3, PC_ERR_UNSUPPORTED, "more scratch than there is"},
      {PATCH_AT_HOW + 2, 2, PC_ERR_UNSUPPORTED, "more lag than there is scratch"},
      {PATCH_AT_HOW + 2, 255, PC_ERR_FORMAT, "endless lag"},
      {PATCH_AT_HOW + 3, 1, PC_ERR_FORMAT, "a reserved byte"},
      {PATCH_AT_HOW + 4, 9, PC_ERR_UNSUPPORTED, "another slot"},
      {PATCH_AT_HOW + 6, 5, PC_ERR_SIZE, "moved out of the slot"},
      {PATCH_AT_HOW + 7, 255, PC_ERR_FORMAT, "moved far"},
      {PATCH_AT_ZERO, 1, PC_ERR_FORMAT, "a byte behind the head"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct in_place_patch wrong = patch;
    wrong.bytes[cases[i].at] = cases[i].value;
    in_place_sign(&wrong);
    refused(&wrong, cases[i].status, cases[i].what);
  }
}

static void from_to_and_product(void **state)
{
  (void)state;
  struct in_place_patch wrong;
  const struct rig_image *other = rig_image_make(1, 0x01020000, 4 * P + 32);
  in_place_make(other, in_place_edit(other, 0x01030000, 64, 48, 0), &wrong);
  refused(&wrong, PC_ERR_TAG, "another FROM");
  in_place_make(old, in_place_edit(old, 0x01010000, 64, 48, 0), &wrong);
  stored(&wrong, "an older TO");
  again();
  (void)rig_settle(4);
  assert_true(receive(wrong.bytes, wrong.size, wrong.size) == PC_ERR_VERSION);
  assert_int_equal(simflash_max_wear(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE), 0);
  /* Headers of two patches put together. */
  struct in_place_patch mixed = patch;
  in_place_make(old, in_place_edit(old, 0x01040000, 64, 48, 0), &wrong);
  memcpy(mixed.bytes + PATCH_HEADER_SIZE, wrong.bytes + PATCH_HEADER_SIZE, PATCH_TARGET_SIZE);
  refused(&mixed, PC_ERR_TAG, "another TO header");
  /* The active image altered by a bit: it does not run, and the patch is not for it. */
  again();
  (void)rig_settle(4);
  uint8_t byte = old->clear[100] ^ 4;
  simflash_load(MAP_ACTIVE_BASE + 100, &byte, 1);
  assert_true(receive(patch.bytes, patch.size, patch.size) == PC_ERR_TAG);
}

/* Signed, and it gives the right image; but on a device it would read pages that are gone. */
static void a_patch_that_reads_what_is_overwritten(void **state)
{
  (void)state;
  struct in_place_patch wrong = {0};
  const struct delta_options options = {MAP_ACTIVE_BASE, MAP_ACTIVE_BASE, 1, NULL, NULL};
  const struct rig_image *grown = in_place_edit(old, 0x01030000, 16, 2 * P + 32, 0);
  struct delta_result delta;
  assert_int_equal(delta_make(old->clear, old->size, grown->clear, grown->size, &options, &delta), DELTA_MADE);
  assert_true(delta.mode == DELTA_MODE_PATCH && delta.behind > 2 * P);
  for (uint32_t shift = 0; shift < 2; shift++) {
    const struct delta_in_place how = {P, MAP_ACTIVE_SIZE / P, 2, 1, shift};
    in_place_pack(old, grown, &how, delta.bytes, (uint32_t)delta.size, &wrong);
    if (shift == 0) {
      stored(&wrong, "reads what is overwritten");
      continue;
    }
    again(); /* moved up by a page it is a good one */
    in_place_put(&wrong);
    assert_int_equal(rig_settle(4), RIG_RUNS);
    assert_ptr_equal(rig_active(1), grown);
  }
  delta_result_free(&delta);
}

/* Signed, and what it gives is not what its headers say; only the tags tell. */
static void tags_that_do_not_agree(void **state)
{
  (void)state;
  struct in_place_patch wrong = patch;
  struct delta_in_place how;
  uint32_t size;
  bool whole;
  wrong.bytes[PATCH_AT_FROM_TAG] ^= 1;
  in_place_sign(&wrong);
  refused(&wrong, PC_ERR_TAG, "FROM tag of nothing");
  /* The patch to another image of the same size. */
  uint8_t *delta = in_place_delta(old, in_place_edit(old, 0x01030000, 64, 48, 0), &how, &size, &whole);
  in_place_pack(old, new, &how, delta, size, &wrong);
  stored(&wrong, "TO tag of another");
  free(delta);
  /* Bytes behind the patch, beyond the four that a decoder looks ahead, signed along. */
  delta = in_place_delta(old, new, &how, &size, &whole);
  uint8_t longer[2048] = {0};
  memcpy(longer, delta, size);
  for (uint32_t more = 6; more < 60; more += 13) {
    longer[size + more - 1] = 0x31;
    in_place_pack(old, new, &how, longer, size + more, &wrong);
    stored(&wrong, "bytes behind the patch");
  }
  free(delta);
}

/* The new image ends in the same page, 16 bytes before the old one did, and that page is the same but for them. */
static void what_lies_behind_in_the_last_page_goes(void **state)
{
  (void)state;
  struct in_place_patch shorter;
  again();
  const struct rig_image *target = in_place_edit(old, 0x01030000, old->size - 16, -16, 0);
  in_place_make(old, target, &shorter);
  in_place_put(&shorter);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  assert_ptr_equal(rig_active(1), target);
}

static void a_compressed_image_fits_any(void **state)
{
  (void)state;
  struct in_place_patch whole;
  again();
  struct rig_image *plain = rig_image_make(1, 0x01030000, 3 * P);
  memset(plain->clear, 0x5A, plain->size);
  const struct rig_image *target = in_place_edit(plain, 0x01040000, 0, 0, 0);
  in_place_make(NULL, target, &whole);
  in_place_put(&whole);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  assert_ptr_equal(rig_active(1), target);
}

/* A page that does not take its bytes: tried again, then given up; then a whole image is waited for, never a boot loop.
 */
static uint32_t bad_page;
static bool fault(bool erase, uint32_t addr)
{
  return !erase && addr / P == bad_page / P;
}

static void flash_that_fails_for_good(void **state)
{
  (void)state;
  const uint32_t pages[] = {MAP_ACTIVE_BASE, MAP_SCRATCH_BASE, MAP_CHECKPOINT_BASE, MAP_HEADER_BASE(1)};
  for (unsigned i = 0; i < sizeof pages / sizeof *pages; i++) {
    again();
    in_place_put(&patch);
    bad_page = pages[i];
    rig.flash_fault = fault;
    const enum rig_end end = rig_settle(12);
    rig.flash_fault = NULL;
    (void)snprintf(rig.note, sizeof rig.note, "bad page %08x", (unsigned)pages[i]);
    if (end != RIG_WAITS && (end != RIG_RUNS || rig_active(1) != old))
      rig_fail("neither the old image nor waiting");
    /* The page takes bytes again, and the same update comes. */
    if (end == RIG_RUNS) {
      in_place_put(&patch);
      if (rig_settle(4) != RIG_RUNS || rig_active(1) != new)
        rig_fail("no way on");
    }
  }
}

static int report(void **state)
{
  (void)state;
  simflash_free(fresh);
  rig_drop_images();
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_patch_itself_applies),    cmocka_unit_test(every_bit_of_it_counts),
      cmocka_unit_test(cut_short_or_extended),       cmocka_unit_test(another_board_or_format),
      cmocka_unit_test(from_to_and_product),         cmocka_unit_test(a_patch_that_reads_what_is_overwritten),
      cmocka_unit_test(tags_that_do_not_agree),      cmocka_unit_test(what_lies_behind_in_the_last_page_goes),
      cmocka_unit_test(a_compressed_image_fits_any), cmocka_unit_test(flash_that_fails_for_good),
  };
  return cmocka_run_group_tests(tests, setup, report);
}
