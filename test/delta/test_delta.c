/* Delta patches: what the encoder makes, the device's decoder turns into the target, however the bytes arrive; and
 * whatever is done to a patch or its source, the decoder reads and writes inside its bounds, ends, and does not call it
 * good. Images here are made up; those of a compiler are in test_firmware.py.
 */
#include "delta/encoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct image {
  uint8_t *bytes;
  size_t size;
};

static uint32_t noise(uint32_t *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static struct image random_image(size_t size, uint32_t seed)
{
  struct image image = {malloc(size + 1), size};
  assert_non_null(image.bytes);
  for (size_t i = 0; i < size; i++)
    image.bytes[i] = (uint8_t)noise(&seed);
  return image;
}

/* Something like code: plain halfwords of a few sorts, calls between functions, loads of words that lie behind them.
 * `grow` halfwords are put in after the first function. */
static struct image code_image(size_t functions, size_t grow, uint32_t base)
{
  size_t each = 128, shift = grow * 2, size = functions * each + shift;
  struct image image = {calloc(size + 4, 1), size};
  assert_non_null(image.bytes);
  uint32_t seed = 5;
  for (size_t f = 0; f < functions; f++) {
    size_t at = f * each + (f ? shift : 0);
    uint8_t *p = image.bytes + at;
    for (size_t i = 0; i < 96; i += 2) {
      uint32_t half = 0x1800u | (noise(&seed) & 0x7ffu);
      p[i] = (uint8_t)half;
      p[i + 1] = (uint8_t)(half >> 8);
    }
    size_t to = noise(&seed) % functions;
    to = to * each + (to ? shift : 0);
    uint32_t distance = (uint32_t)(to - (at + 8 + 4)), s = distance >> 31;
    uint32_t j1 = !(distance >> 23 & 1) ^ s, j2 = !(distance >> 22 & 1) ^ s;
    uint32_t first = 0xf000u | s << 10 | (distance >> 12 & 0x3ffu),
             second = 0xd000u | j1 << 13 | j2 << 11 | (distance >> 1 & 0x7ffu);
    p[8] = (uint8_t)first;
    p[9] = (uint8_t)(first >> 8);
    p[10] = (uint8_t)second;
    p[11] = (uint8_t)(second >> 8);
    p[12] = (uint8_t)((96 - 12 - 4) / 4); /* LDR r1, [pc, ...] */
    p[13] = 0x49;
    uint32_t pointer = base + (uint32_t)((noise(&seed) % functions) * each);
    pointer += pointer > base ? (uint32_t)shift : 0;
    for (size_t i = 0; i < 4; i++)
      p[96 + i] = (uint8_t)(pointer >> (8 * i));
    for (size_t i = 100; i < each; i++)
      p[i] = (uint8_t)(noise(&seed) % 90 + 33);
  }
  for (size_t i = 0; i < shift; i++)
    image.bytes[each + i] = (uint8_t)(i & 1 ? 0x20 : i * 7);
  return image;
}

/* ---------- decoding, watched ---------- */

struct watch {
  const uint8_t *source;
  size_t source_size;
  uint8_t *target;
  size_t written, room;
  int reads_left; /* then the source's memory fails */
  bool short_write;
};

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  struct watch *w = context;
  assert_true(size >= 1 && size <= 32 && offset <= w->source_size && size <= w->source_size - offset);
  if (w->reads_left-- == 0)
    return PC_ERR_ECC;
  memcpy(to, w->source + offset, size);
  return PC_OK;
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  struct watch *w = context;
  assert_true(size >= 1 && size <= DELTA_WRITE && size <= w->room - w->written);
  assert_false(w->short_write); /* only the last write may be short */
  w->short_write = size < DELTA_WRITE;
  memcpy(w->target + w->written, from, size);
  w->written += size;
  return PC_OK;
}

/* chunk 0: of random sizes. */
static pc_status decode(struct watch *w, const uint8_t *patch, size_t size, size_t chunk)
{
  static struct delta_decoder d;
  const struct delta_io io = {w, read_source, write_target};
  uint32_t seed = 77;
  pc_status status = delta_start(&d, &io, (uint32_t)w->source_size, (uint32_t)w->room);
  for (size_t at = 0, n; at < size && status == PC_OK; at += n) {
    n = chunk ? chunk : noise(&seed) % 50;
    n = n < size - at ? n : size - at;
    status = delta_feed(&d, patch + at, (uint32_t)n);
    assert_true(delta_progress(&d) <= w->room || delta_target_size(&d) > w->room);
  }
  if (status == PC_OK)
    status = delta_finish(&d);
  if (status != PC_OK) { /* for good */
    assert_int_equal(delta_feed(&d, patch, 1), status);
    assert_int_equal(delta_finish(&d), status);
  } else {
    assert_int_equal(delta_progress(&d), delta_target_size(&d));
    assert_int_equal(delta_finish(&d), PC_OK);
    assert_int_equal(delta_feed(&d, patch, 1), PC_ERR_FORMAT);
  }
  return status;
}

static struct watch watch(struct image source, size_t room)
{
  struct watch w = {.source = source.bytes, .source_size = source.size, .room = room, .reads_left = -1};
  w.target = malloc(room + 1);
  assert_non_null(w.target);
  return w;
}

static void check(struct image source, struct image target, const struct delta_result *patch, size_t chunk)
{
  struct watch w = watch(source, target.size);
  assert_int_equal(decode(&w, patch->bytes, patch->size, chunk), PC_OK);
  assert_int_equal(w.written, target.size);
  if (target.size)
    assert_memory_equal(w.target, target.bytes, target.size);
  free(w.target);
}

static struct delta_result make(struct image source, struct image target)
{
  struct delta_result patch;
  const struct delta_options options = {DELTA_BASE_UNKNOWN, DELTA_BASE_UNKNOWN, 1, NULL, NULL};
  assert_int_equal(delta_make(source.bytes, source.size, target.bytes, target.size, &options, &patch), DELTA_MADE);
  assert_int_equal(patch.bytes[0], patch.mode);
  return patch;
}

/* Makes, checks, frees both images; returns the patch's size. */
static size_t round_trip(struct image source, struct image target)
{
  struct delta_result patch = make(source, target);
  check(source, target, &patch, 1);
  check(source, target, &patch, 0);
  check(source, target, &patch, 1u << 20);
  uint8_t *applied = NULL;
  size_t applied_size = 0, size = patch.size;
  assert_int_equal(delta_apply(source.bytes, source.size, patch.bytes, patch.size, &applied, &applied_size), PC_OK);
  assert_int_equal(applied_size, target.size);
  if (target.size)
    assert_memory_equal(applied, target.bytes, target.size);
  free(applied);
  delta_result_free(&patch);
  free(source.bytes);
  free(target.bytes);
  return size;
}

/* ---------- good patches ---------- */

static void images_of_all_sizes_come_back(void **state)
{
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 3, 5, 8, 31, 32, 33, 65, 257, 1001};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
      round_trip(random_image(sizes[i], 1), random_image(sizes[k], i & 1 ? 1 : 2));
}

static void equal_images_cost_a_few_bytes(void **state)
{
  (void)state;
  assert_in_range(round_trip(code_image(200, 0, 0x08010000), code_image(200, 0, 0x08010000)), 1, 16);
  assert_in_range(round_trip(random_image(40000, 3), random_image(40000, 3)), 1, 16);
}

static void moved_code_costs_little_more_than_what_is_new(void **state)
{
  (void)state;
  for (size_t grow = 2; grow < 9; grow += 6)
    assert_in_range(round_trip(code_image(300, 0, 0x08010000), code_image(300, grow, 0x08010000)), 1, 150);
}

static void random_data_grows_by_little(void **state)
{
  (void)state;
  assert_in_range(round_trip(random_image(10000, 1), random_image(10000, 2)), 10000, 10400);
  assert_in_range(round_trip(random_image(0, 1), random_image(70000, 2)), 70000, 73000);
}

static void large_images_come_back(void **state)
{
  (void)state;
  struct image target = random_image(300000, 9), source = random_image(300000, 9);
  for (size_t i = 0; i < 3000; i++)
    target.bytes[150000 + i] ^= 0x55;
  assert_in_range(round_trip(source, target), 3000, 4500);
}

static void a_source_that_does_not_help_gives_a_compressed_image(void **state)
{
  (void)state;
  struct image source = random_image(100, 4), target = code_image(40, 0, 0x08010000);
  struct delta_result patch = make(source, target);
  assert_int_equal(patch.mode, DELTA_MODE_IMAGE);
  assert_true(patch.image_size <= patch.patch_size && patch.size == patch.image_size);
  assert_true(patch.size < target.size);
  /* and any source will do */
  source.bytes[99] ^= 1;
  check(source, target, &patch, 1);
  check((struct image){source.bytes, 0}, target, &patch, 1);
  delta_result_free(&patch);
  free(source.bytes);
  free(target.bytes);
}

static unsigned last_percent;
static void progress(void *context, unsigned percent)
{
  assert_ptr_equal(context, &last_percent);
  assert_in_range(percent, last_percent, 100);
  last_percent = percent;
}

static void the_same_input_gives_the_same_patch_and_progress_never_falls(void **state)
{
  (void)state;
  struct image source = code_image(60, 0, 0x08010000), target = code_image(60, 4, 0x08010000);
  const struct delta_options options = {0x08010000, 0x08010000, 2, progress, &last_percent};
  struct delta_result a, b;
  last_percent = 0;
  assert_int_equal(delta_make(source.bytes, source.size, target.bytes, target.size, &options, &a), DELTA_MADE);
  assert_int_equal(last_percent, 100);
  last_percent = 0;
  assert_int_equal(delta_make(source.bytes, source.size, target.bytes, target.size, &options, &b), DELTA_MADE);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.bytes, b.bytes, a.size);
  delta_result_free(&a);
  delta_result_free(&b);
  free(source.bytes);
  free(target.bytes);
}

static void options_outside_their_range_are_refused(void **state)
{
  (void)state;
  static const uint8_t byte;
  struct delta_result r;
  struct delta_options o = {DELTA_BASE_UNKNOWN, DELTA_BASE_UNKNOWN, 10, NULL, NULL};
  assert_int_equal(delta_make(&byte, 1, &byte, 1, &o, &r), DELTA_BAD_OPTIONS);
  o = (struct delta_options){0x08000010, DELTA_BASE_UNKNOWN, 1, NULL, NULL};
  assert_int_equal(delta_make(&byte, 1, &byte, 1, &o, &r), DELTA_BAD_OPTIONS);
  assert_int_equal(delta_make(&byte, 1, &byte, DELTA_MAX_SIZE + 1, NULL, &r), DELTA_TOO_LARGE);
  static struct delta_decoder d;
  assert_int_equal(delta_start(&d, NULL, DELTA_MAX_SIZE + 1, 1), PC_ERR_PARAM);
}

/* ---------- damage ---------- */

static struct image small_source, small_target;
static struct delta_result small_patch;

static int make_small(void **state)
{
  (void)state;
  small_source = code_image(12, 0, 0x08010000);
  small_target = code_image(12, 4, 0x08010000);
  small_target.bytes[700] ^= 0x13;
  small_patch = make(small_source, small_target);
  return small_patch.mode == DELTA_MODE_PATCH ? 0 : -1;
}

static int free_small(void **state)
{
  (void)state;
  delta_result_free(&small_patch);
  free(small_source.bytes);
  free(small_target.bytes);
  return 0;
}

/* Decode within `room`; the callbacks assert the bounds. True: called good, with a wrong result. The 16-bit check value
 * lets one wrong result of 65536 pass: the caller's tags are there for those. */
static bool deceives(const uint8_t *patch, size_t size, size_t room)
{
  struct watch w = watch(small_source, room);
  bool wrong = decode(&w, patch, size, 13) == PC_OK &&
               (w.written != small_target.size || memcmp(w.target, small_target.bytes, w.written) != 0);
  free(w.target);
  return wrong;
}

static void no_flipped_bit_and_no_other_byte_deceives(void **state)
{
  (void)state;
  uint8_t patch[512];
  unsigned deceived = 0;
  assert_in_range(small_patch.size, 20, sizeof patch);
  for (size_t i = 0; i < small_patch.size; i++)
    for (unsigned by = 1; by < 256; by++) {
      memcpy(patch, small_patch.bytes, small_patch.size);
      patch[i] ^= (uint8_t)by;
      deceived += deceives(patch, small_patch.size, small_target.size + 100);
    }
  assert_in_range(deceived, 0, 2);
}

static void a_patch_cut_short_at_any_length_or_extended_is_refused(void **state)
{
  (void)state;
  uint8_t patch[600] = {0};
  memcpy(patch, small_patch.bytes, small_patch.size);
  for (size_t size = 0; size < small_patch.size; size++)
    assert_false(deceives(patch, size, small_target.size));
  /* A decoder reads zeros behind the end, and looks 4 bytes ahead: so many may come too much, and change nothing. */
  for (size_t size = small_patch.size + 1; size < small_patch.size + 70; size++) {
    struct watch w = watch(small_source, small_target.size);
    pc_status status = decode(&w, patch, size, 1);
    assert_true(status == PC_ERR_FORMAT || (size <= small_patch.size + 4 && status == PC_OK &&
                                            memcmp(w.target, small_target.bytes, w.written) == 0));
    free(w.target);
  }
}

static void a_target_larger_than_its_room_is_refused_before_a_byte_is_written(void **state)
{
  (void)state;
  struct watch w = watch(small_source, small_target.size - 1);
  assert_int_equal(decode(&w, small_patch.bytes, small_patch.size, 1), PC_ERR_SIZE);
  assert_int_equal(w.written, 0);
  free(w.target);
}

static void another_source_is_noticed(void **state)
{
  (void)state;
  struct image other = {malloc(small_source.size), small_source.size};
  unsigned same = 0;
  assert_non_null(other.bytes);
  for (size_t i = 0; i < small_source.size; i++) {
    memcpy(other.bytes, small_source.bytes, small_source.size);
    other.bytes[i] ^= (uint8_t)(1u << (i & 7u));
    struct watch w = watch(other, small_target.size + 100);
    same += decode(&w, small_patch.bytes, small_patch.size, 64) == PC_OK &&
            memcmp(w.target, small_target.bytes, small_target.size) != 0;
    free(w.target);
  }
  /* The check value covers what was written, so a changed byte that was copied shows, but for one of 65536. */
  assert_in_range(same, 0, 2);
  free(other.bytes);
}

static void errors_of_the_memories_end_it_and_are_handed_on(void **state)
{
  (void)state;
  for (int reads = 0; reads < 20; reads++) {
    struct watch w = watch(small_source, small_target.size);
    w.reads_left = reads;
    assert_int_equal(decode(&w, small_patch.bytes, small_patch.size, 1), PC_ERR_ECC);
    free(w.target);
  }
}

static void other_modes_are_refused(void **state)
{
  (void)state;
  uint8_t patch[600] = {0};
  memcpy(patch, small_patch.bytes, small_patch.size);
  for (unsigned mode = 0; mode < 256; mode++) {
    if (mode == DELTA_MODE_PATCH || mode == DELTA_MODE_IMAGE)
      continue;
    patch[0] = (uint8_t)mode;
    struct watch w = watch(small_source, small_target.size);
    assert_int_equal(decode(&w, patch, small_patch.size, 7), PC_ERR_UNSUPPORTED);
    free(w.target);
  }
}

static void noise_as_a_patch_ends_within_its_bounds(void **state)
{
  (void)state;
  uint8_t patch[400];
  uint32_t seed = 4711;
  for (unsigned i = 0; i < 4000; i++) {
    for (size_t k = 0; k < sizeof patch; k++)
      patch[k] = (uint8_t)(i & 1 ? noise(&seed) : noise(&seed) & noise(&seed) & noise(&seed));
    patch[0] = i % 8 ? DELTA_MODE_PATCH : DELTA_MODE_IMAGE;
    (void)deceives(patch, i % sizeof patch, 3000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(images_of_all_sizes_come_back),
      cmocka_unit_test(equal_images_cost_a_few_bytes),
      cmocka_unit_test(moved_code_costs_little_more_than_what_is_new),
      cmocka_unit_test(random_data_grows_by_little),
      cmocka_unit_test(large_images_come_back),
      cmocka_unit_test(a_source_that_does_not_help_gives_a_compressed_image),
      cmocka_unit_test(the_same_input_gives_the_same_patch_and_progress_never_falls),
      cmocka_unit_test(options_outside_their_range_are_refused),
      cmocka_unit_test_setup_teardown(no_flipped_bit_and_no_other_byte_deceives, make_small, free_small),
      cmocka_unit_test_setup_teardown(a_patch_cut_short_at_any_length_or_extended_is_refused, make_small, free_small),
      cmocka_unit_test_setup_teardown(a_target_larger_than_its_room_is_refused_before_a_byte_is_written, make_small,
                                      free_small),
      cmocka_unit_test_setup_teardown(another_source_is_noticed, make_small, free_small),
      cmocka_unit_test_setup_teardown(errors_of_the_memories_end_it_and_are_handed_on, make_small, free_small),
      cmocka_unit_test_setup_teardown(other_modes_are_refused, make_small, free_small),
      cmocka_unit_test(noise_as_a_patch_ends_within_its_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
