/* The firmware header: bounds of every field, both protocols, states. */
#include "image/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 487424u

static struct image_info good_info(void)
{
  return (struct image_info){.image = 1,
                             .protocol = 2,
                             .version = 0x01020304,
                             .size = 4096,
                             .partial_size = 4096,
                             .product = 0x4C343736,
                             .minimum = 0x01000000,
                             .flags = IMAGE_FLAG_RAISE_MINIMUM};
}

static void build(uint8_t *header, const struct image_info *info)
{
  uint8_t tag[32], iv[16];
  memset(tag, 0xA5, sizeof tag);
  memset(iv, 0x5A, sizeof iv);
  assert_true(image_header_build(header, info, tag, tag, iv) == PC_OK);
}

static void what_is_built_reads_back(void **state)
{
  (void)state;
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info info = good_info(), back;
  build(header, &info);
  assert_true(image_header_parse(header, CAPACITY, &back) == PC_OK);
  assert_memory_equal(&info, &back, sizeof info);
  info = (struct image_info){
      .image = 3, .protocol = 1, .version = 0xFFFF, .size = 32, .partial_offset = 16, .partial_size = 16};
  build(header, &info);
  assert_true(image_header_parse(header, CAPACITY, &back) == PC_OK);
  assert_memory_equal(&info, &back, sizeof info);
}

/* The layout is the vendor's (reference: X-CUBE-SBSFU): offsets written here by hand, not taken from the header file.
 */
static void the_bytes_are_where_the_vendor_has_them(void **state)
{
  (void)state;
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info info = {.image = 2,
                            .protocol = 1,
                            .version = 0x0102,
                            .size = 0x00030410,
                            .partial_offset = 0x10,
                            .partial_size = 0x00030400};
  build(header, &info);
  static const uint8_t start[20] = {'S',  'F',  'U',  '2',  1,    0, 0x02, 0x01, 0x10, 0x04,
                                    0x03, 0x00, 0x10, 0x00, 0x00, 0, 0x00, 0x04, 0x03, 0x00};
  assert_memory_equal(header, start, sizeof start);
  assert_int_equal(header[20], 0xA5);
  assert_int_equal(header[83], 0xA5);
  assert_int_equal(header[84], 0x5A);
  assert_int_equal(header[99], 0x5A);
  assert_int_equal(header[100], 0);
  assert_int_equal(header[127], 0);
  for (unsigned i = 128; i < IMAGE_HEADER_SIZE; i++)
    assert_int_equal(header[i], 0xFF);
}

static void set32(uint8_t *at, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> 8 * i);
}

static void each_field_is_refused_outside_its_bounds(void **state)
{
  (void)state;
  static const struct {
    unsigned at;
    uint32_t value;
    pc_status expect;
  } cases[] = {{0, 0x31554652, PC_ERR_FORMAT}, /* "RFU1" */
               {0, 0x30554653, PC_ERR_FORMAT}, /* "SFU0" */
               {0, 0x34554653, PC_ERR_FORMAT}, /* "SFU4" */
               {0, 0xFF554653, PC_ERR_FORMAT},
               {4, 0x01020000, PC_ERR_FORMAT}, /* protocol 0, */
               {4, 0x01020003, PC_ERR_FORMAT},
               {4, 0x0102FFFF, PC_ERR_FORMAT},
               {4, 0x01030002, PC_ERR_FORMAT}, /* the two versions differ */
               {8, 0, PC_ERR_FORMAT},
               {8, 4095, PC_ERR_FORMAT},
               {8, 4080, PC_ERR_FORMAT},
               {8, 0xFFFFFFF0, PC_ERR_SIZE},
               {8, 0xFFFFFFFF, PC_ERR_FORMAT},
               {8, CAPACITY + 16, PC_ERR_SIZE},
               {12, 16, PC_ERR_FORMAT},
               {12, 0xFFFFF000, PC_ERR_FORMAT},
               {12, 0xFFFFFFFF, PC_ERR_FORMAT},
               {16, 0, PC_ERR_FORMAT},
               {16, 4112, PC_ERR_FORMAT},
               {16, 8, PC_ERR_FORMAT},
               {16, 0xFFFFFFF0, PC_ERR_FORMAT},
               {108 + 4, 2, PC_ERR_FORMAT},
               {112, 0x80000001, PC_ERR_FORMAT},
               {116, 4096, PC_ERR_FORMAT},
               {116, 0xFFFFFFFF, PC_ERR_FORMAT},
               {120, 1, PC_ERR_FORMAT},
               {124, 0x01000000, PC_ERR_FORMAT},
               {8, 4096, PC_OK}};
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t header[IMAGE_HEADER_SIZE];
    struct image_info info = good_info(), back;
    build(header, &info);
    set32(header + cases[i].at, cases[i].value);
    pc_status status = image_header_parse(header, CAPACITY, &back);
    if (status != cases[i].expect)
      fail_msg("case %u (offset %u = 0x%08x): 0x%08x", i, cases[i].at, cases[i].value, status);
  }
}

/* The partial range: every combination of offset, size and whole size near the edges, against 64-bit arithmetic. */
static void the_partial_range_never_leaves_the_image(void **state)
{
  (void)state;
  static const uint32_t values[] = {0,    1,          15,         16,         17,         32,        4080,
                                    4096, 0x7FFFFFF0, 0x80000000, 0xFFFFFFE0, 0xFFFFFFF0, 0xFFFFFFFF};
  const unsigned n = sizeof values / sizeof values[0];
  for (unsigned s = 0; s < n; s++)
    for (unsigned o = 0; o < n; o++)
      for (unsigned p = 0; p < n; p++) {
        uint8_t header[IMAGE_HEADER_SIZE];
        struct image_info info = good_info(), back;
        build(header, &info);
        set32(header + 8, values[s]);
        set32(header + 12, values[o]);
        set32(header + 16, values[p]);
        int good = values[s] != 0 && values[s] % 16 == 0 && values[p] != 0 && values[p] % 16 == 0 &&
                   (uint64_t)values[o] + values[p] <= values[s];
        assert_int_equal(image_header_parse(header, UINT32_MAX, &back) == PC_OK, good);
      }
}

static void erased_flash_is_no_header(void **state)
{
  (void)state;
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info back;
  memset(header, 0xFF, sizeof header);
  assert_true(image_header_parse(header, CAPACITY, &back) == PC_ERR_BLANK);
  header[319] = 0xFE;
  assert_true(image_header_parse(header, CAPACITY, &back) == PC_ERR_FORMAT);
  memset(header, 0, sizeof header);
  assert_true(image_header_parse(header, CAPACITY, &back) == PC_ERR_FORMAT);
}

static void states_are_told_apart_and_torn_ones_are_none(void **state)
{
  (void)state;
  static const enum image_state all[] = {IMAGE_STATE_NEW, IMAGE_STATE_SELFTEST, IMAGE_STATE_VALID_ALL,
                                         IMAGE_STATE_VALID, IMAGE_STATE_INVALID};
  uint8_t header[IMAGE_HEADER_SIZE];
  struct image_info info = good_info();
  build(header, &info);
  assert_true(image_header_state(header) == IMAGE_STATE_NEW);
  for (unsigned i = 0; i < 5; i++) {
    image_header_set_state(header, all[i]);
    assert_true(image_header_state(header) == all[i]);
    for (unsigned bit = 0; bit < 96 * 8; bit++) {
      header[192 + bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_true(image_header_state(header) == IMAGE_STATE_TORN);
      header[192 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_built_reads_back),
      cmocka_unit_test(the_bytes_are_where_the_vendor_has_them),
      cmocka_unit_test(each_field_is_refused_outside_its_bounds),
      cmocka_unit_test(the_partial_range_never_leaves_the_image),
      cmocka_unit_test(erased_flash_is_no_header),
      cmocka_unit_test(states_are_told_apart_and_torn_ones_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
