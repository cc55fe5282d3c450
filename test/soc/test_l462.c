/* The STM32L462 where it differs from the STM32L476, and SPI1 as a slave. */
#include "test/soc/rig.h"

#include <string.h>

#define SPI1 0x40013000u
enum { CR1 = 0, CR2 = 4, SR = 8, DR = 0xC, SPE = 1 << 6, FRXTH = 1 << 12, DS8 = 0x700 };

static int set_up(void **state)
{
  struct rig *r = rig_new_chip("stm32l462", NULL);
  rig_power_on(r);
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

static bool readable(struct rig *r, uint32_t addr)
{
  uint32_t value;
  struct soc_access how = {SOC_BY_CPU, CPU_READ, 4, true};
  return soc_bus_read(r->soc, addr, &how, &value);
}

static void the_map_is_the_chips_own(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, 0xE0042000) & 0xFFF, 0x462);
  assert_int_equal(rig_read(r, 0x1FFF75E0) & 0xFFFF, 512);
  assert_true(readable(r, 0x0807FFFC));
  assert_false(readable(r, 0x08080000));
  assert_false(readable(r, 0x1FFFF808)); /* option bytes of a second bank */
  assert_true(readable(r, 0x20027FFC));
  assert_false(readable(r, 0x20028000));
  rig_write(r, 0x10000010, 0x12345678); /* SRAM2 is seen twice */
  assert_int_equal(rig_read(r, 0x20020010), 0x12345678);
  rig_set(r, SYSCFG, 0x100); /* no banks to swap */
  assert_true(readable(r, 0x08000000));
}

static void all_flash_waits_for_an_operation(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PER | 255 << 3);
  uint64_t before = soc_now(r->soc);
  rig_write(r, FLASH_CR, CR_PER | 255 << 3 | CR_START);
  assert_int_equal(rig_read64(r, 0x08001000), UINT64_MAX);
  assert_true(soc_now(r->soc) - before > 20 * SOC_PS_PER_MS);
}

static void bits_of_a_second_bank_do_nothing(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_program(r, 0x08000800, 0x1122334455667788);
  rig_write(r, FLASH_CR, CR_PER | 1 << 3 | CR_BKER);
  rig_write(r, FLASH_CR, CR_PER | 1 << 3 | CR_BKER | CR_START);
  rig_wait_flash(r);
  assert_int_equal(rig_read64(r, 0x08000800), UINT64_MAX);
  rig_write(r, FLASH_CR, 0);
  rig_program(r, 0x08000800, 0x1122334455667788);
  rig_write(r, FLASH_CR, CR_MER2);
  rig_write(r, FLASH_CR, CR_MER2 | CR_START);
  rig_wait_flash(r);
  assert_int_equal(rig_read64(r, 0x08000800), 0x1122334455667788);
}

static void boot_bits_can_be_programmed(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, FLASH_OPTR), 0xFFEFF8AA);
  rig_unlock(r);
  rig_unlock_options(r);
  rig_write(r, FLASH_OPTR, 0xFBEFF8AA);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, CR_OBL);
  rig_us(r, 100);
  assert_int_equal(rig_read(r, FLASH_OPTR), 0xFBEFF8AA);
}

static void manufacture_sets_option_bytes_and_the_id(void **state)
{
  struct rig *r = *state;
  const uint32_t wrp[2] = {0xFF01FF00, ~0xFF01FF00u};
  assert_true(soc_factory_load(r->soc, 0x1FFF7818, wrp, sizeof wrp));
  assert_true(soc_factory_load(r->soc, 0x1FFF7590, "abcdefghijkl", 12));
  assert_false(soc_factory_load(r->soc, 0x20000000, wrp, sizeof wrp));
  assert_false(soc_factory_load(r->soc, 0x1FFF7594, "abcdefghijkl", 12));
  soc_power_off(r->soc);
  rig_power_on(r);
  assert_int_equal(rig_read(r, FLASH_WRP1AR), 0xFF01FF00);
  assert_int_equal(rig_read(r, 0x1FFF7594), 0x68676665);
  rig_unlock(r);
  assert_int_equal(rig_program(r, 0x08000FF8, 0) & SR_WRPERR, SR_WRPERR);
  assert_int_equal(rig_program(r, 0x08001000, 0) & SR_WRPERR, SR_WRPERR); /* the error must be cleared first */
  rig_write(r, FLASH_SR, 0xC3FA);
  assert_int_equal(rig_program(r, 0x08001000, 0) & SR_WRPERR, 0);
}

/* ---- SPI1 ---- */
static void spi_on(struct rig *r)
{
  rig_set(r, RCC_AHB2ENR, 1);
  rig_set(r, RCC_APB2ENR, 1 << 12);
  rig_write(r, GPIOA + 0x20, 0x55500000);
  rig_write(r, GPIOA, 0xABFFABFF); /* PA5 to PA7: alternate function */
  rig_write(r, SPI1 + CR2, DS8 | FRXTH);
}

static void put(struct rig *r, uint8_t byte)
{
  assert_true(rig_try(r, SPI1 + DR, 1, byte));
}

static void for_each_byte_in_one_comes_out(void **state)
{
  struct rig *r = *state;
  spi_on(r);
  put(r, 0xA5);
  put(r, 0x5A);
  assert_int_equal(soc_uart_rx(r->soc, SOC_SPI1, "xyw", 3), 3);
  rig_us(r, 50);
  assert_int_equal(r->sent_count, 0); /* not switched on */
  rig_write(r, SPI1 + CR1, SPE);
  rig_us(r, 9);
  assert_int_equal(rig_read(r, SPI1 + SR) & 0x601, 0x201); /* one byte received */
  put(r, 0x79);
  rig_us(r, 50);
  assert_int_equal(r->sent_count, 3);
  assert_memory_equal(r->sent, "\xA5\x5A\x79", 3);
  assert_false(rig_logged(r, "nothing to send"));
  assert_int_equal(rig_read(r, SPI1 + DR), 'x');
  assert_int_equal(rig_read(r, SPI1 + DR), 'y');
  assert_int_equal(rig_read(r, SPI1 + DR), 'w');
  assert_int_equal(rig_read(r, SPI1 + SR) & 1, 0);
  soc_uart_rx(r->soc, SOC_SPI1, "z", 1);
  rig_us(r, 9);
  assert_int_equal((uint8_t)r->sent[3], 0x79); /* the last one again */
  assert_true(rig_logged(r, "nothing to send"));
}

static void a_slave_that_does_not_read_loses_bytes(void **state)
{
  struct rig *r = *state;
  spi_on(r);
  rig_write(r, SPI1 + CR1, SPE);
  soc_uart_rx(r->soc, SOC_SPI1, "abcdef", 6);
  rig_us(r, 100);
  assert_int_equal(rig_read(r, SPI1 + SR) & 0x640, 0x640);
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(rig_read(r, SPI1 + DR), 'a' + i);
  assert_int_equal(rig_read(r, SPI1 + SR) & 0x41, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_map_is_the_chips_own, set_up, tear_down),
      cmocka_unit_test_setup_teardown(all_flash_waits_for_an_operation, set_up, tear_down),
      cmocka_unit_test_setup_teardown(bits_of_a_second_bank_do_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(boot_bits_can_be_programmed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(manufacture_sets_option_bytes_and_the_id, set_up, tear_down),
      cmocka_unit_test_setup_teardown(for_each_byte_in_one_comes_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_slave_that_does_not_read_loses_bytes, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
