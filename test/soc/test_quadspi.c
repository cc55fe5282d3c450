/* QUADSPI and the NOR flash behind it: commands as the datasheet has them, and everything that a careless driver would
 * get away with nowhere: busy, write enable, lines, dummy cycles, clock, page wrap, torn operations. */
#include "sim/soc/l4/l4.h"
#include "test/soc/rig.h"

#include <string.h>

#define CR          0xA0001000u
#define DCR         0xA0001004u
#define SR          0xA0001008u
#define FCR         0xA000100Cu
#define DLR         0xA0001010u
#define CCR         0xA0001014u
#define AR          0xA0001018u
#define DR          0xA0001020u
#define PSMKR       0xA0001024u
#define PSMAR       0xA0001028u
#define PIR         0xA000102Cu
#define MEM         0x90000000u
#define RCC_AHB3ENR 0x40021050u
#define GPIOE       0x48001000u

enum { TEF = 1, TCF = 2, FTF = 4, SMF = 8, BUSY = 32 };
enum { EN = 1, ABORT = 2 };
#define WRITE    0u
#define READ     (1u << 26)
#define POLL     (2u << 26)
#define MAPPED   (3u << 26)
#define I1       (1u << 8)
#define A1       (1u << 10 | 2u << 12) /* three bytes */
#define A4       (3u << 10 | 2u << 12)
#define ALT4     (3u << 14) /* one byte */
#define DUMMY(n) ((uint32_t)(n) << 18)
#define D1       (1u << 24)
#define D2       (2u << 24)
#define D4       (3u << 24)

static void pins(struct rig *r)
{
  rig_set(r, RCC_AHB2ENR, 1u << 4);
  rig_set(r, RCC_AHB3ENR, 1u << 8);
  rig_write(r, GPIOE, 0xAAAFFFFF); /* PE10-15 alternate */
  rig_write(r, GPIOE + 0x24, 0xAAAAAA00);
}

static int set_up(void **state)
{
  struct rig *r = rig_new_chip("stm32l475", NULL);
  rig_power_on(r);
  pins(r);
  rig_write(r, DCR, 22u << 16);
  rig_write(r, CR, EN); /* 4 MHz: no mode is too slow */
  rig_us(r, 1000);
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

static void done(struct rig *r)
{
  while (rig_read(r, SR) & BUSY)
    rig_us(r, 1);
  rig_write(r, FCR, 0x1F);
}

static void command(struct rig *r, uint8_t instruction)
{
  rig_write(r, CCR, WRITE | I1 | instruction);
  done(r);
}

static void read_into(struct rig *r, uint32_t ccr, uint32_t at, uint8_t *to, uint32_t size)
{
  rig_write(r, DLR, size - 1);
  rig_write(r, CCR, READ | ccr);
  if (ccr & (3u << 10))
    rig_write(r, AR, at);
  for (uint32_t i = 0; i < size; i++) {
    uint32_t value;
    assert_true(soc_bus_read(r->soc, DR, &(struct soc_access){SOC_BY_CPU, CPU_READ, 1, true}, &value));
    to[i] = (uint8_t)value;
  }
  done(r);
}

static uint8_t status(struct rig *r)
{
  uint8_t s;
  read_into(r, I1 | D1 | 0x05, 0, &s, 1);
  return s;
}

static void wait(struct rig *r)
{
  for (int i = 0; i < 200000 && status(r) & 1; i++)
    rig_us(r, 100);
  assert_int_equal(status(r) & 1, 0);
}

static void write_data(struct rig *r, uint32_t ccr, uint32_t at, const uint8_t *from, uint32_t size)
{
  rig_write(r, DLR, size - 1);
  rig_write(r, CCR, WRITE | ccr);
  if (ccr & (3u << 10))
    rig_write(r, AR, at);
  for (uint32_t i = 0; i < size; i++)
    assert_true(rig_try(r, DR, 1, from[i]));
  done(r);
}

static void program(struct rig *r, uint32_t at, const uint8_t *from, uint32_t size)
{
  command(r, 0x06);
  write_data(r, I1 | A1 | D1 | 0x02, at, from, size);
}

static void erase(struct rig *r, uint8_t instruction, uint32_t at)
{
  command(r, 0x06);
  rig_write(r, CCR, WRITE | I1 | A1 | instruction);
  rig_write(r, AR, at);
  done(r);
}

static uint8_t *bytes(struct rig *r)
{
  return r->soc->model->array(r->soc, 2)->bytes;
}

static void identification(void **state)
{
  struct rig *r = *state;
  uint8_t id[3];
  read_into(r, I1 | D1 | 0x9F, 0, id, 3);
  assert_memory_equal(id, "\xC2\x28\x17", 3);
  assert_false(rig_logged(r, "MX25R") || rig_logged(r, "QUADSPI"));
}

static void programs_are_read_in_every_way(void **state)
{
  struct rig *r = *state;
  uint8_t data[256], back[256], qe = 0x40;
  for (unsigned i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 7 + 1);
  program(r, 0x123400, data, sizeof data);
  assert_int_equal(status(r) & 3, 3); /* busy, and the latch is still set */
  wait(r);
  assert_int_equal(status(r) & 3, 0);
  assert_memory_equal(bytes(r) + 0x123400, data, sizeof data);
  read_into(r, I1 | A1 | D1 | 0x03, 0x123400, back, 256);
  assert_memory_equal(back, data, 256);
  read_into(r, I1 | A1 | DUMMY(8) | D1 | 0x0B, 0x123400, back, 256);
  assert_memory_equal(back, data, 256);
  read_into(r, I1 | A1 | DUMMY(8) | D2 | 0x3B, 0x123401, back, 200);
  assert_memory_equal(back, data + 1, 200);
  command(r, 0x06);
  write_data(r, I1 | D1 | 0x01, 0, &qe, 1);
  wait(r);
  assert_int_equal(status(r), 0x40);
  read_into(r, I1 | A1 | DUMMY(8) | D4 | 0x6B, 0x123400, back, 256);
  assert_memory_equal(back, data, 256);
  read_into(r, I1 | A4 | ALT4 | DUMMY(4) | D4 | 0xEB, 0x123400, back, 256);
  assert_memory_equal(back, data, 256);
  command(r, 0x06);
  write_data(r, I1 | A4 | D4 | 0x38, 0x200000, data, 16);
  wait(r);
  assert_memory_equal(bytes(r) + 0x200000, data, 16);
  assert_false(rig_logged(r, "MX25R") || rig_logged(r, "QUADSPI"));
}

static void bits_only_fall_and_an_erase_lifts_them(void **state)
{
  struct rig *r = *state;
  program(r, 0x1000, (const uint8_t *)"\xF0\x0F", 2);
  wait(r);
  program(r, 0x1000, (const uint8_t *)"\xCC\xCC", 2);
  wait(r);
  assert_memory_equal(bytes(r) + 0x1000, "\xC0\x0C", 2);
  program(r, 0x2000, (const uint8_t *)"\x00", 1);
  wait(r);
  erase(r, 0x20, 0x1ABC); /* any address in the sector */
  assert_int_equal(status(r) & 1, 1);
  wait(r);
  assert_int_equal(bytes(r)[0x1000], 0xFF);
  assert_int_equal(bytes(r)[0x2000], 0);
  erase(r, 0xD8, 0x5000);
  wait(r);
  assert_int_equal(bytes(r)[0x2000], 0xFF);
}

static void a_program_wraps_in_its_page(void **state)
{
  struct rig *r = *state;
  uint8_t data[300];
  for (unsigned i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)i;
  program(r, 0x30F0, data, 32); /* crosses the page's end */
  wait(r);
  assert_memory_equal(bytes(r) + 0x30F0, data, 16);
  assert_memory_equal(bytes(r) + 0x3000, data + 16, 16);
  assert_int_equal(bytes(r)[0x3100], 0xFF);
  program(r, 0x4000, data, 300); /* the last 256 count */
  wait(r);
  assert_memory_equal(bytes(r) + 0x4000, data + 256, 44);
  assert_true(rig_logged(r, "more than a page in one program"));
}

static void nothing_without_write_enable_nor_while_busy(void **state)
{
  struct rig *r = *state;
  uint8_t byte = 0;
  write_data(r, I1 | A1 | D1 | 0x02, 0, &byte, 1);
  assert_int_equal(status(r), 0);
  assert_true(rig_logged(r, "0x02 without write enable: ignored"));
  command(r, 0x06);
  command(r, 0x04);
  assert_int_equal(status(r), 0);
  program(r, 0, &byte, 1);
  read_into(r, I1 | A1 | D1 | 0x03, 0, &byte, 1); /* busy */
  assert_int_equal(byte, 0xFF);
  assert_true(rig_logged(r, "0x03 while busy: ignored"));
  wait(r);
  read_into(r, I1 | A1 | D1 | 0x03, 0, &byte, 1);
  assert_int_equal(byte, 0);
  /* the latch falls with every program */
  rig_write(r, CCR, WRITE | I1 | A1 | 0x20);
  rig_write(r, AR, 0);
  done(r);
  assert_int_equal(status(r), 0);
  assert_int_equal(bytes(r)[0], 0);
}

static void wrong_lines_dummies_clocks_and_modes_spoil(void **state)
{
  struct rig *r = *state;
  uint8_t byte;
  memset(bytes(r), 0, 64);
  read_into(r, I1 | A1 | D1 | 0x0B, 0, &byte, 1);
  assert_int_equal(byte, 0xFF);
  assert_true(rig_logged(r, "0x0b with the wrong number of dummy cycles"));
  read_into(r, I1 | A1 | DUMMY(8) | D1 | 0x3B, 0, &byte, 1);
  assert_int_equal(byte, 0xFF);
  assert_true(rig_logged(r, "0x3b with the wrong number of lines"));
  read_into(r, I1 | A1 | DUMMY(8) | D4 | 0x6B, 0, &byte, 1);
  assert_true(rig_logged(r, "0x6b without the QE bit"));
  rig_write(r, CCR, WRITE | I1 | 0xB9);
  done(r);
  read_into(r, I1 | A1 | D1 | 0x03, 0, &byte, 1);
  assert_true(rig_logged(r, "0x03 in deep power-down"));
  command(r, 0xAB);
  read_into(r, I1 | A1 | D1 | 0x03, 0, &byte, 1);
  assert_int_equal(byte, 0);
  command(r, 0x77);
  assert_true(rig_logged(r, "0x77 is not modelled"));
}

static void a_fast_clock_needs_the_fast_mode(void **state)
{
  struct rig *r = *state;
  uint8_t byte;
  bytes(r)[0] = 0;
  rig_write(r, RCC_CR, 0xB1 | 8); /* MSI at 48 MHz */
  rig_us(r, 100);
  read_into(r, I1 | A1 | DUMMY(8) | D1 | 0x0B, 0, &byte, 1);
  assert_int_equal(byte, 0xFF);
  assert_true(rig_logged(r, "0x0b with a clock that is too fast"));
  rig_write(r, CR, EN | 1u << 24);
  read_into(r, I1 | A1 | DUMMY(8) | D1 | 0x0B, 0, &byte, 1);
  assert_int_equal(byte, 0);
  command(r, 0x06);
  write_data(r, I1 | D1 | 0x01, 0, (const uint8_t *)"\x00\x00\x02", 3);
  wait(r);
  rig_write(r, CR, EN);
  read_into(r, I1 | A1 | DUMMY(8) | D1 | 0x0B, 0, &byte, 1);
  assert_int_equal(byte, 0);
}

static void the_memory_map_reads_and_never_writes(void **state)
{
  struct rig *r = *state;
  uint32_t value;
  const struct soc_access how = {SOC_BY_CPU, CPU_READ, 4, true};
  memcpy(bytes(r) + 0x7FFFF8, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  assert_false(soc_bus_read(r->soc, MEM, &how, &value)); /* not mapped yet: a bus fault */
  rig_write(r, CCR, MAPPED | I1 | A1 | DUMMY(8) | D2 | 0x3B);
  assert_int_equal(rig_read(r, MEM + 0x7FFFF8), 0x04030201);
  assert_int_equal(rig_read(r, MEM + 0x7FFFFC), 0x08070605);
  assert_int_equal(rig_read(r, SR) & BUSY, BUSY);
  assert_false(rig_try(r, MEM, 4, 0));
  rig_write(r, CCR, READ | I1 | D1 | 0x9F); /* ignored until it is aborted */
  assert_true(rig_logged(r, "written while it is busy"));
  rig_write(r, CR, EN | ABORT);
  assert_int_equal(rig_read(r, SR) & BUSY, 0);
  uint8_t id[3];
  read_into(r, I1 | D1 | 0x9F, 0, id, 3);
  assert_int_equal(id[0], 0xC2);
}

static void an_address_beyond_the_size_is_an_error(void **state)
{
  struct rig *r = *state;
  rig_write(r, DCR, 11u << 16); /* 4 KiB */
  rig_write(r, DLR, 1);
  rig_write(r, CCR, READ | I1 | A1 | D1 | 0x03);
  rig_write(r, AR, 0xFFF);
  assert_int_equal(rig_read(r, SR) & (TEF | BUSY), TEF);
}

static void the_controller_polls_by_itself(void **state)
{
  struct rig *r = *state;
  erase(r, 0x20, 0);
  uint64_t begin = soc_now(r->soc);
  rig_write(r, PSMKR, 1);
  rig_write(r, PSMAR, 0);
  rig_write(r, PIR, 16);
  rig_write(r, CR, EN | 1u << 22);
  rig_write(r, DLR, 0);
  rig_write(r, CCR, POLL | I1 | D1 | 0x05);
  while (!(rig_read(r, SR) & SMF))
    rig_us(r, 10);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_MS, 57, 59);
  assert_int_equal(rig_read(r, SR) & BUSY, 0);
}

static void a_reset_of_the_chip_does_not_stop_the_flash(void **state)
{
  struct rig *r = *state;
  program(r, 0x100, (const uint8_t *)"\x12", 1);
  soc_reset_pin(r->soc);
  pins(r);
  rig_write(r, DCR, 22u << 16);
  rig_write(r, CR, EN);
  assert_int_equal(status(r) & 1, 1);
  wait(r);
  assert_int_equal(bytes(r)[0x100], 0x12);
}

static void power_cuts_tear_its_operations(void **state)
{
  struct rig *r = *state;
  uint8_t data[256], old[256];
  memset(data, 0x5A, sizeof data);
  unsigned untouched = 0, whole = 0, torn = 0;
  for (uint32_t seed = 0; seed < 60; seed++) {
    const uint32_t at = 0x10000 + seed * 256;
    soc_cut(r->soc, 1, SOC_CUT_TORN, seed);
    program(r, at, data, sizeof data);
    for (int i = 0; i < 10000 && soc_powered(r->soc); i++)
      rig_us(r, 10);
    assert_false(soc_powered(r->soc));
    memset(old, 0xFF, sizeof old);
    if (memcmp(bytes(r) + at, old, 256) == 0)
      untouched++;
    else if (memcmp(bytes(r) + at, data, 256) == 0)
      whole++;
    else
      torn++;
    assert_true(at == 0x10000 || bytes(r)[at + 256] == 0xFF);
    rig_power_on(r);
    pins(r);
    rig_write(r, DCR, 22u << 16);
    rig_write(r, CR, EN);
    rig_us(r, 1000);
  }
  assert_true(torn > 20 && untouched + whole < 40);
  soc_cut(r->soc, 1, SOC_CUT_BEFORE, 0);
  command(r, 0x06);
  write_data(r, I1 | A1 | D1 | 0x02, 0x40000, data, 4);
  assert_false(soc_powered(r->soc));
  assert_int_equal(bytes(r)[0x40000], 0xFF);
}

static void right_after_power_on_it_does_not_listen(void **state)
{
  struct rig *r = *state;
  uint8_t id;
  soc_power_off(r->soc);
  rig_power_on(r);
  pins(r);
  rig_write(r, DCR, 22u << 16);
  rig_write(r, CR, EN);
  read_into(r, I1 | D1 | 0x9F, 0, &id, 1);
  assert_int_equal(id, 0xFF);
  assert_true(rig_logged(r, "within 800 us of power-on"));
}

static void unrouted_pins_are_told(void **state)
{
  struct rig *r = *state;
  uint8_t id;
  rig_write(r, GPIOE, 0xFFFFFFFF);
  read_into(r, I1 | D1 | 0x9F, 0, &id, 1);
  assert_int_equal(id, 0xFF);
  assert_true(rig_logged(r, "pins are not set"));
}

static void it_lives_in_the_state_folder(void **state)
{
  (void)state;
  struct rig *r = rig_new_chip("stm32l475", "device");
  rig_power_on(r);
  memcpy(bytes(r) + 0x7FFF00, "kept", 4);
  assert_true(soc_save(r->soc));
  rig_free(r);
  r = rig_new_chip("stm32l475", "device");
  assert_memory_equal(bytes(r) + 0x7FFF00, "kept", 4);
  assert_true(soc_flash_load(r->soc, MEM + 0x1000, "probe", 5));
  assert_memory_equal(bytes(r) + 0x1000, "probe", 5);
  assert_true(soc_flash_erase(r->soc, MEM + 0x1000, 0x1000));
  assert_int_equal(bytes(r)[0x1000], 0xFF);
  assert_false(soc_flash_load(r->soc, MEM + MX25R_SIZE - 2, "probe", 5));
  rig_free(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(identification),
      TEST(programs_are_read_in_every_way),
      TEST(bits_only_fall_and_an_erase_lifts_them),
      TEST(a_program_wraps_in_its_page),
      TEST(nothing_without_write_enable_nor_while_busy),
      TEST(wrong_lines_dummies_clocks_and_modes_spoil),
      TEST(a_fast_clock_needs_the_fast_mode),
      TEST(the_memory_map_reads_and_never_writes),
      TEST(an_address_beyond_the_size_is_an_error),
      TEST(the_controller_polls_by_itself),
      TEST(a_reset_of_the_chip_does_not_stop_the_flash),
      TEST(power_cuts_tear_its_operations),
      TEST(right_after_power_on_it_does_not_listen),
      TEST(unrouted_pins_are_told),
      cmocka_unit_test(it_lives_in_the_state_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
