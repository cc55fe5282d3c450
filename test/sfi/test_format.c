/* .sfi descriptors: every field at its extremes, and the rules of their order. */
#include "sfi/format/sfi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void descriptor(uint8_t d[SFI_AREA_SIZE], uint8_t type, uint16_t index, uint16_t areas, uint32_t size,
                       uint32_t address)
{
  const struct sfi_area a = {
      .type = type, .version = 5, .index = index, .areas = areas, .size = size, .address = address};
  sfi_area_build(d, &a);
}

/* One descriptor as the first of `areas`. */
static pc_status first(enum sfi_kind kind, uint8_t type, uint16_t index, uint16_t areas, uint32_t size,
                       uint32_t address)
{
  uint8_t d[SFI_AREA_SIZE];
  struct sfi_order order;
  struct sfi_area a;
  descriptor(d, type, index, areas, size, address);
  sfi_order_start(&order, kind, 2);
  return sfi_order_next(&order, d, &a);
}

static void header_bytes_are_those_of_the_layout(void **state)
{
  (void)state;
  static const uint8_t wanted[12] = {'S', 'F', 'I', 'M', 'A', 'G', 'I', 'C', 1, 0, 0x34, 0x12};
  uint8_t h[SFI_HEADER_SIZE];
  enum sfi_kind kind;
  uint32_t areas;
  sfi_header_build(h, SFI_IMAGE, 0x1234);
  assert_memory_equal(h, wanted, sizeof wanted);
  assert_int_equal(sfi_header_parse(h, &kind, &areas), PC_OK);
  assert_int_equal(kind, SFI_IMAGE);
  assert_int_equal(areas, 0x1234);
  for (unsigned i = 0; i < 10; i++) {
    h[i] ^= 4;
    assert_int_not_equal(sfi_header_parse(h, &kind, &areas), PC_OK);
    h[i] ^= 4;
  }
  h[8] = 2;
  assert_int_equal(sfi_header_parse(h, &kind, &areas), PC_ERR_UNSUPPORTED);
  sfi_header_build(h, SFI_IMAGE, 0);
  assert_int_equal(sfi_header_parse(h, &kind, &areas), PC_ERR_FORMAT);
  sfi_header_build(h, SFI_MODULE_FILE, 1);
  assert_int_equal(sfi_header_parse(h, &kind, &areas), PC_OK);
  assert_int_equal(kind, SFI_MODULE_FILE);
  sfi_header_build(h, SFI_MODULE_FILE, 2);
  assert_int_equal(sfi_header_parse(h, &kind, &areas), PC_ERR_FORMAT);
}

static void descriptor_bytes_are_those_of_the_layout(void **state)
{
  (void)state;
  static const uint8_t wanted[SFI_AREA_SIZE] = {'F', 5, 1, 0, 0x78, 0x56, 0x34, 0x12, 0, 0x10, 0, 8, 2, 0};
  uint8_t d[SFI_AREA_SIZE];
  struct sfi_order order;
  struct sfi_area a;
  descriptor(d, 'F', 1, 2, 0x12345678, 0x08001000);
  assert_memory_equal(d, wanted, sizeof wanted);
  sfi_order_start(&order, SFI_IMAGE, 2);
  assert_int_equal(sfi_order_next(&order, d, &a), PC_OK);
  assert_int_equal(a.type, 'F');
  assert_int_equal(a.version, 5);
  assert_int_equal(a.index, 1);
  assert_int_equal(a.areas, 2);
  assert_int_equal(a.size, 0x12345678);
  assert_int_equal(a.address, 0x08001000);
}

static void fields_beyond_their_bounds_are_refused(void **state)
{
  (void)state;
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 2, 1, 0xFFFFFFFF), PC_OK);
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 2, 0xFFFFFFFF, 1), PC_OK);
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 2, 2, 0xFFFFFFFF), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 2, 0xFFFFFFFF, 2), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 2, 0, 0), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'F', 0, 2, 4, 0), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'F', 2, 2, 4, 0), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'F', 1, 3, 4, 0), PC_ERR_FORMAT);
  assert_int_equal(first(SFI_IMAGE, 'C', 1, 2, 4, 0), PC_OK);
  for (uint32_t size = 0; size < 4; size++)
    assert_int_equal(first(SFI_IMAGE, 'C', 1, 2, size, 0), PC_ERR_FORMAT);
  for (unsigned type = 0; type < 256; type++) {
    pc_status wanted = strchr("FMC", (int)type) && type ? PC_OK : PC_ERR_FORMAT;
    if (type != 0 && strchr("EKPR", (int)type))
      wanted = PC_ERR_UNSUPPORTED;
    assert_int_equal(first(SFI_IMAGE, (uint8_t)type, 1, 2, 4, 0), wanted);
    assert_int_equal(first(SFI_MODULE_FILE, (uint8_t)type, 1, 2, 4, 0), type == 'M' ? PC_OK : PC_ERR_FORMAT);
  }
}

static void areas_come_in_order_and_the_configuration_last(void **state)
{
  (void)state;
  uint8_t f1[SFI_AREA_SIZE], f2[SFI_AREA_SIZE], c2[SFI_AREA_SIZE], f3[SFI_AREA_SIZE], c3[SFI_AREA_SIZE];
  struct sfi_order order;
  struct sfi_area a;
  descriptor(f1, 'F', 1, 3, 4, 0);
  descriptor(f2, 'F', 2, 3, 4, 8);
  descriptor(c2, 'C', 2, 3, 4, 0);
  descriptor(f3, 'F', 3, 3, 4, 16);
  descriptor(c3, 'C', 3, 3, 4, 0);

  sfi_order_start(&order, SFI_IMAGE, 3);
  assert_int_equal(sfi_order_next(&order, f1, &a), PC_OK);
  assert_int_equal(sfi_order_next(&order, f1, &a), PC_ERR_FORMAT); /* again */
  assert_int_equal(sfi_order_next(&order, c3, &a), PC_ERR_FORMAT); /* one left out */
  assert_int_equal(sfi_order_next(&order, f2, &a), PC_OK);
  assert_false(sfi_order_complete(&order));
  f3[1]++;
  assert_int_equal(sfi_order_next(&order, f3, &a), PC_ERR_FORMAT); /* another image's version */
  assert_int_equal(sfi_order_next(&order, c3, &a), PC_OK);
  assert_true(sfi_order_complete(&order));
  assert_int_equal(sfi_order_next(&order, c3, &a), PC_ERR_FORMAT);

  f3[1]--;
  sfi_order_start(&order, SFI_IMAGE, 3);
  assert_int_equal(sfi_order_next(&order, f1, &a), PC_OK);
  assert_int_equal(sfi_order_next(&order, c2, &a), PC_OK);
  assert_int_equal(sfi_order_next(&order, f3, &a), PC_ERR_FORMAT); /* after the configuration */
  assert_int_equal(sfi_order_next(&order, c3, &a), PC_ERR_FORMAT);
}

static void the_iv_is_the_nonce_plus_the_index(void **state)
{
  (void)state;
  uint8_t nonce[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0xFF, 0xFE}, iv[12];
  static const uint8_t plus1[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0xFF, 0xFF};
  static const uint8_t plus2[12] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 0, 0, 0};
  static const uint8_t plus65535[12] = {1, 2, 3, 4, 5, 6, 7, 8, 10, 0, 0xFF, 0xFD};
  sfi_iv(nonce, 0, iv);
  assert_memory_equal(iv, nonce, 12);
  sfi_iv(nonce, 1, iv);
  assert_memory_equal(iv, plus1, 12);
  sfi_iv(nonce, 2, iv);
  assert_memory_equal(iv, plus2, 12);
  sfi_iv(nonce, 65535, iv);
  assert_memory_equal(iv, plus65535, 12);
  memset(nonce, 0xFF, 12);
  sfi_iv(nonce, 1, iv);
  memset(nonce, 0, 12);
  assert_memory_equal(iv, nonce, 12);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(header_bytes_are_those_of_the_layout),
      cmocka_unit_test(descriptor_bytes_are_those_of_the_layout),
      cmocka_unit_test(fields_beyond_their_bounds_are_refused),
      cmocka_unit_test(areas_come_in_order_and_the_configuration_last),
      cmocka_unit_test(the_iv_is_the_nonce_plus_the_index),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
