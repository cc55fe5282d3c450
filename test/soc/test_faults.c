/* Power cuts in the middle of flash operations: what may be left of a double word or a page, and that it repeats. */
#include "test/soc/rig.h"

#include "sim/soc/nvm.h"

#include <stdlib.h>
#include <string.h>

#define AT  (BANK2 + 0x1000)
#define OLD UINT64_C(0x0123456789ABCDEF)
#define NEW UINT64_C(0xFEDC00005A5A0001)

/* A device with OLD in the second double word of the page at AT, unlocked. */
static struct rig *device(void)
{
  struct rig *r = rig_new(NULL);
  const uint64_t old = OLD;
  rig_power_on(r);
  assert_true(soc_flash_load(r->soc, AT + 8, &old, 8));
  rig_unlock(r);
  return r;
}

static void cycle_power(struct rig *r)
{
  assert_false(soc_powered(r->soc));
  rig_power_on(r);
  rig_unlock(r);
}

static void a_cut_before_leaves_everything(void **state)
{
  (void)state;
  struct rig *r = device();
  soc_cut(r->soc, 1, SOC_CUT_BEFORE, 0);
  rig_program(r, AT, NEW);
  assert_int_equal(soc_flash_ops(r->soc), 0);
  cycle_power(r);
  assert_true(rig_read64(r, AT) == UINT64_MAX);
  assert_int_equal(rig_program(r, AT, NEW), 0);
  soc_cut(r->soc, 1, SOC_CUT_BEFORE, 0);
  rig_erase(r, AT);
  cycle_power(r);
  assert_true(rig_read64(r, AT) == NEW);
  assert_true(rig_read64(r, AT + 8) == OLD);
  rig_free(r);
}

static void a_clean_cut_completes_the_operation(void **state)
{
  (void)state;
  struct rig *r = device();
  soc_cut(r->soc, 2, SOC_CUT_CLEAN, 0);
  assert_int_equal(rig_program(r, AT, NEW), 0);
  rig_program(r, AT + 16, NEW);
  assert_int_equal(soc_flash_ops(r->soc), 2);
  cycle_power(r);
  assert_true(rig_read64(r, AT + 16) == NEW);
  soc_cut(r->soc, 1, SOC_CUT_CLEAN, 0);
  rig_erase(r, AT);
  cycle_power(r);
  assert_true(rig_read64(r, AT + 8) == UINT64_MAX);
  assert_int_equal(rig_program(r, AT, NEW), 0);
  rig_free(r);
}

static void a_cancelled_cut_does_nothing(void **state)
{
  (void)state;
  struct rig *r = device();
  soc_cut(r->soc, 1, SOC_CUT_TORN, 0);
  soc_cut(r->soc, 0, SOC_CUT_TORN, 0);
  assert_int_equal(rig_program(r, AT, NEW), 0);
  assert_true(soc_powered(r->soc));
  rig_free(r);
}

struct seen {
  bool old, new, garbage, ecc, corrected, changing, refused;
};

/* Cut a program in the middle and read the double word many times. */
static struct seen torn_program(uint32_t seed, uint64_t *trace)
{
  struct rig *r = device();
  struct seen seen = {0};
  uint64_t first = 0;
  soc_cut(r->soc, 1, SOC_CUT_TORN, seed);
  rig_program(r, AT, NEW);
  cycle_power(r);
  for (unsigned i = 0; i < 200; i++) {
    rig_write(r, FLASH_ECCR, 0xC0000000);
    uint64_t v = rig_read64(r, AT);
    uint32_t eccr = rig_read(r, FLASH_ECCR);
    first = i ? first : v;
    seen.old |= v == UINT64_MAX;
    seen.new |= v == NEW;
    seen.garbage |= v != UINT64_MAX && v != NEW;
    seen.changing |= v != first;
    seen.ecc |= eccr >> 31;
    seen.corrected |= eccr >> 30 & 1;
    *trace = *trace * 31 + (v ^ eccr);
  }
  seen.refused = rig_program(r, AT, NEW & 0xFFFF) == SR_PROGERR;
  rig_write(r, FLASH_SR, SR_PROGERR);
  if (!seen.refused) /* only what was never touched can be programmed */
    assert_false(seen.new || seen.garbage || seen.ecc || seen.changing);
  /* zeros and erasing always help */
  assert_int_equal(rig_program(r, AT, 0), 0);
  assert_true(rig_read64(r, AT) == 0);
  assert_int_equal(rig_erase(r, AT), 0);
  assert_int_equal(rig_program(r, AT, NEW), 0);
  assert_true(rig_read64(r, AT) == NEW);
  rig_free(r);
  return seen;
}

static void a_torn_program_leaves_anything_and_repeats_exactly(void **state)
{
  (void)state;
  unsigned old = 0, new = 0, garbage = 0, ecc = 0, changing = 0, refused = 0, looks_blank_but_is_not = 0;
  for (uint32_t seed = 0; seed < 60; seed++) {
    uint64_t a = 0, b = 0;
    struct seen s = torn_program(seed, &a);
    if (seed < 20) {
      torn_program(seed, &b);
      assert_true(a == b);
    }
    old += s.old && !s.changing;
    new += s.new && !s.changing;
    garbage += s.garbage;
    ecc += s.ecc;
    changing += s.changing;
    refused += s.refused;
    looks_blank_but_is_not += s.refused && s.old && !s.changing;
  }
  assert_true(old >= 3 && new >= 3 && garbage >= 10 && ecc >= 10 && changing >= 10);
  assert_true(refused >= 40 && refused < 60);
  assert_true(looks_blank_but_is_not >= 1);
}

static void a_torn_erase_leaves_a_mixture(void **state)
{
  (void)state;
  unsigned kept = 0, erased = 0, other = 0, ecc = 0;
  for (uint32_t seed = 0; seed < 16; seed++) {
    struct rig *r = device();
    uint8_t page[2048];
    memset(page, 0x3C, sizeof page);
    soc_flash_load(r->soc, AT, page, sizeof page);
    soc_cut(r->soc, 1, SOC_CUT_TORN, seed);
    rig_erase(r, AT);
    cycle_power(r);
    for (uint32_t at = AT; at < AT + 2048; at += 8) {
      rig_write(r, FLASH_ECCR, 0xC0000000);
      uint64_t v = rig_read64(r, at);
      kept += v == 0x3C3C3C3C3C3C3C3C;
      erased += v == UINT64_MAX;
      other += v != UINT64_MAX && v != 0x3C3C3C3C3C3C3C3C;
      assert_true((v | 0xC3C3C3C3C3C3C3C3) == UINT64_MAX); /* an erase only sets bits */
      ecc += rig_read(r, FLASH_ECCR) >> 31;
    }
    assert_int_equal(rig_erase(r, AT), 0);
    for (uint32_t at = AT; at < AT + 2048; at += 8)
      assert_true(rig_read64(r, at) == UINT64_MAX);
    assert_int_equal(rig_program(r, AT, NEW), 0);
    rig_free(r);
  }
  assert_true(kept > 300 && erased > 300 && other > 50 && ecc > 50);
}

static void a_weak_erase_looks_done_but_shows_the_old_bits_now_and_then(void **state)
{
  (void)state;
  struct rig *r = device();
  uint8_t page[2048];
  memset(page, 0, sizeof page);
  soc_flash_load(r->soc, AT, page, sizeof page);
  soc_cut(r->soc, 1, SOC_CUT_WEAK, 7);
  rig_erase(r, AT);
  cycle_power(r);
  unsigned blank = 0, wrong = 0;
  for (unsigned pass = 0; pass < 20; pass++)
    for (uint32_t at = AT; at < AT + 2048; at += 8) {
      bool is = rig_read64(r, at) == UINT64_MAX;
      blank += is;
      wrong += !is;
    }
  assert_true(blank > 4500 && wrong > 50);
  rig_free(r);
}

static void a_weak_program_reads_right_most_of_the_time(void **state)
{
  (void)state;
  struct rig *r = device();
  soc_cut(r->soc, 1, SOC_CUT_WEAK, 7);
  rig_program(r, AT, NEW);
  cycle_power(r);
  unsigned right = 0;
  for (unsigned i = 0; i < 200; i++)
    right += rig_read64(r, AT) == NEW;
  assert_in_range(right, 120, 195);
  assert_int_equal(rig_program(r, AT, NEW), SR_PROGERR);
  rig_free(r);
}

static void programming_over_a_weak_erase_stays_weak(void **state)
{
  (void)state;
  struct nvm n;
  uint8_t zeros[8] = {0}, data[8] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}, out[8];
  unsigned weak = 0;
  assert_true(nvm_init(&n, 2048, 8, 2048, 0xFF));
  for (uint32_t u = 0; u < 256; u++)
    nvm_program(&n, u, zeros, SOC_FATE_NORMAL, 0);
  nvm_erase(&n, 0, 2048, SOC_FATE_WEAK, 3);
  for (uint32_t u = 0; u < 256; u++) {
    nvm_program(&n, u, data, SOC_FATE_NORMAL, 0);
    for (unsigned i = 0; i < 60; i++) {
      nvm_read(&n, u, out);
      if (memcmp(out, data, 8) != 0) {
        weak++;
        break;
      }
    }
  }
  assert_in_range(weak, 30, 100);
  nvm_free(&n);
}

static void pulling_the_plug_tears_the_operation_under_way(void **state)
{
  (void)state;
  unsigned changed = 0;
  for (unsigned i = 0; i < 12; i++) {
    struct rig *r = device();
    rig_write(r, FLASH_CR, CR_PG);
    rig_write(r, AT, (uint32_t)NEW);
    rig_write(r, AT + 4, (uint32_t)(NEW >> 32));
    rig_us(r, 5 * i);
    soc_power_off(r->soc);
    cycle_power(r);
    changed += rig_read64(r, AT) != UINT64_MAX;
    rig_free(r);
  }
  assert_in_range(changed, 3, 12);
}

static void a_reset_tears_the_operation_under_way(void **state)
{
  (void)state;
  struct rig *r = device();
  uint8_t page[2048];
  memset(page, 0, sizeof page);
  soc_flash_load(r->soc, AT, page, sizeof page);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 2 << 3);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 2 << 3 | CR_START);
  rig_us(r, 1000);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
  unsigned not_blank = 0;
  for (uint32_t at = AT; at < AT + 2048; at += 8)
    not_blank += rig_read64(r, at) != UINT64_MAX;
  assert_in_range(not_blank, 1, 256);
  rig_free(r);
}

static void nothing_happens_after_the_power_went(void **state)
{
  (void)state;
  struct rig *r = device();
  soc_cut(r->soc, 1, SOC_CUT_BEFORE, 0);
  rig_program(r, AT, NEW);
  rig_program(r, AT + 16, NEW);
  assert_int_equal(soc_run(r->soc, 10), SOC_STOP_POWER);
  cycle_power(r);
  assert_true(rig_read64(r, AT + 16) == UINT64_MAX);
  rig_free(r);
}

static void cells_survive_packing_and_damaged_bytes_are_refused(void **state)
{
  (void)state;
  struct nvm a, b;
  uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, blank[8], x[8], y[8], *packed;
  size_t size;
  memset(blank, 0xFF, 8);
  assert_true(nvm_init(&a, 4096, 8, 2048, 0xFF) && nvm_init(&b, 4096, 8, 2048, 0xFF));
  for (uint32_t u = 0; u < 256; u++)
    nvm_program(&a, u, data, SOC_FATE_TORN, u);
  nvm_program(&a, 300, blank, SOC_FATE_NORMAL, 0);
  assert_true(nvm_pack(&a, &packed, &size));
  memcpy(b.bytes, a.bytes, 4096);
  assert_true(nvm_unpack(&b, packed, size));
  for (uint32_t u = 0; u < 512; u++)
    for (unsigned i = 0; i < 20; i++) {
      enum nvm_ecc e = nvm_read(&a, u, x);
      assert_int_equal(e, nvm_read(&b, u, y));
      assert_memory_equal(x, y, 8);
    }
  assert_false(nvm_is_blank(&b, 300));
  for (size_t cut = 0; cut < size; cut++)
    nvm_unpack(&b, packed, cut);
  assert_false(nvm_unpack(&b, packed, size - 1));
  assert_true(nvm_is_direct(&b, 0)); /* refused: no damaged cells at all */
  packed[8 + 3] = 0xFF;              /* a unit out of range */
  assert_false(nvm_unpack(&b, packed, size));
  free(packed);
  nvm_free(&a);
  nvm_free(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cut_before_leaves_everything),
      cmocka_unit_test(a_clean_cut_completes_the_operation),
      cmocka_unit_test(a_cancelled_cut_does_nothing),
      cmocka_unit_test(a_torn_program_leaves_anything_and_repeats_exactly),
      cmocka_unit_test(a_torn_erase_leaves_a_mixture),
      cmocka_unit_test(a_weak_erase_looks_done_but_shows_the_old_bits_now_and_then),
      cmocka_unit_test(a_weak_program_reads_right_most_of_the_time),
      cmocka_unit_test(programming_over_a_weak_erase_stays_weak),
      cmocka_unit_test(pulling_the_plug_tears_the_operation_under_way),
      cmocka_unit_test(a_reset_tears_the_operation_under_way),
      cmocka_unit_test(nothing_happens_after_the_power_went),
      cmocka_unit_test(cells_survive_packing_and_damaged_bytes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
