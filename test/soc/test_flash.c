/* The flash controller keeps the promises of RM0351: keys, locks, every error flag with its condition, times. */
#include "test/soc/rig.h"

#include <string.h>

#define AT (BANK2 + 0x1000)

static int set_up(void **state)
{
  struct rig *r = rig_new(NULL);
  rig_power_on(r);
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

static void keys_in_order_unlock_and_lock_bit_locks(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, FLASH_CR), 0xC0000000);
  rig_write(r, FLASH_CR, CR_PG); /* ignored */
  assert_int_equal(rig_read(r, FLASH_CR), 0xC0000000);
  assert_true(rig_logged(r, "FLASH.CR is written while locked"));
  rig_unlock(r);
  assert_int_equal(rig_read(r, FLASH_CR), 0x40000000);
  rig_unlock_options(r);
  assert_int_equal(rig_read(r, FLASH_CR), 0);
  rig_write(r, FLASH_CR, 0x80000000);
  assert_int_equal(rig_read(r, FLASH_CR), 0xC0000000);
  rig_unlock(r);
  assert_int_equal(rig_read(r, FLASH_CR), 0x40000000);
}

static void a_wrong_key_faults_and_locks_until_reset(void **state)
{
  struct rig *r = *state;
  rig_write(r, FLASH_KEYR, 0x45670123);
  assert_false(rig_try(r, FLASH_KEYR, 4, 0x12345678));
  assert_false(rig_try(r, FLASH_KEYR, 4, 0x45670123));
  assert_false(rig_try(r, FLASH_KEYR, 4, 0xCDEF89AB));
  assert_int_equal(rig_read(r, FLASH_CR), 0xC0000000);
  soc_reset_pin(r->soc);
  rig_unlock(r);
  assert_int_equal(rig_read(r, FLASH_CR), 0x40000000);
  /* keys into an open lock are wrong, too */
  assert_false(rig_try(r, FLASH_KEYR, 4, 0x45670123));
  assert_int_equal(rig_read(r, FLASH_CR) >> 31, 1);
}

static void option_keys_need_the_first_lock_open(void **state)
{
  struct rig *r = *state;
  assert_false(rig_try(r, FLASH_OPTKEYR, 4, 0x08192A3B));
  rig_unlock(r);
  assert_false(rig_try(r, FLASH_OPTKEYR, 4, 0x08192A3B)); /* spoiled until reset */
  assert_int_equal(rig_read(r, FLASH_CR), 0x40000000);
}

static void a_double_word_takes_82_microseconds_and_can_be_read(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG);
  rig_write(r, AT, 0x11223344);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
  rig_write(r, AT + 4, 0x55667788);
  uint64_t begin = soc_now(r->soc);
  assert_int_equal(rig_read(r, FLASH_SR), SR_BSY);
  rig_us(r, 70);
  assert_int_equal(rig_read(r, FLASH_SR), SR_BSY);
  uint64_t value = rig_read64(r, AT); /* the bus waits for the end */
  assert_in_range((soc_now(r->soc) - begin) / 1000, 81690, 82700);
  assert_int_equal(rig_read(r, FLASH_SR), 0); /* no EOP without EOPIE */
  assert_true(value == 0x5566778811223344);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.programs, 1);
}

static void end_of_operation_is_flagged_only_with_its_interrupt_enabled(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG | CR_EOPIE);
  rig_write(r, AT, 1);
  rig_write(r, AT + 4, 2);
  rig_wait_flash(r);
  assert_int_equal(rig_read(r, FLASH_SR), SR_EOP);
  rig_write(r, FLASH_SR, SR_EOP);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
}

static void a_second_program_is_refused_unless_all_zeros(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  assert_int_equal(rig_program(r, AT, 0xFFFFFFFFFFFFFFFE), 0);
  assert_int_equal(rig_program(r, AT, 0xFFFFFFFFFFFFFFFC), SR_PROGERR);
  assert_true(rig_read64(r, AT) == 0xFFFFFFFFFFFFFFFE);
  rig_write(r, FLASH_SR, SR_PROGERR);
  assert_int_equal(rig_program(r, AT, 0), 0);
  assert_true(rig_read64(r, AT) == 0);
}

static void a_double_word_programmed_with_ff_counts_as_programmed(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  assert_int_equal(rig_program(r, AT, UINT64_MAX), 0);
  assert_true(rig_read64(r, AT) == UINT64_MAX);
  assert_int_equal(rig_program(r, AT, 5), SR_PROGERR);
  rig_write(r, FLASH_SR, SR_PROGERR);
  assert_int_equal(rig_erase(r, AT), 0);
  assert_int_equal(rig_program(r, AT, 5), 0);
}

static void wrong_sizes_and_alignments_are_flagged(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG);
  assert_true(rig_try(r, AT, 1, 0));
  assert_int_equal(rig_read(r, FLASH_SR), SR_SIZERR);
  rig_write(r, FLASH_SR, SR_SIZERR);
  assert_true(rig_try(r, AT, 2, 0));
  assert_int_equal(rig_read(r, FLASH_SR), SR_SIZERR);
  rig_write(r, FLASH_SR, SR_SIZERR);
  rig_write(r, AT + 4, 0); /* second word first */
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGAERR);
  rig_write(r, FLASH_SR, SR_PGAERR);
  rig_write(r, AT, 0);
  rig_write(r, AT + 12, 0); /* second word of another double word */
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGAERR);
  rig_write(r, FLASH_SR, SR_PGAERR);
  assert_true(rig_read64(r, AT) == UINT64_MAX);
  assert_int_equal(soc_flash_ops(r->soc), 0);
}

static void sequence_errors_are_flagged(void **state)
{
  struct rig *r = *state;
  rig_write(r, AT, 0); /* locked, no PG */
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGSERR);
  rig_write(r, FLASH_SR, SR_PGSERR);
  rig_unlock(r);
  const uint32_t wrong[] = {CR_PG | CR_PER, CR_PG | CR_MER1, CR_PG | CR_FSTPG, CR_FSTPG /* no mass erase before */};
  for (size_t i = 0; i < 4; i++) {
    rig_write(r, FLASH_CR, wrong[i]);
    rig_write(r, AT, 0);
    assert_int_equal(rig_read(r, FLASH_SR), SR_PGSERR);
    rig_write(r, FLASH_SR, SR_PGSERR);
  }
  const uint32_t erases[] = {CR_PER | CR_PG, CR_PER | CR_MER1, CR_MER2 | CR_FSTPG};
  for (size_t i = 0; i < 3; i++) {
    rig_write(r, FLASH_CR, erases[i] | CR_START);
    assert_int_equal(rig_read(r, FLASH_SR), SR_PGSERR);
    assert_int_equal(rig_read(r, FLASH_CR) & CR_START, 0);
    rig_write(r, FLASH_SR, SR_PGSERR);
  }
  assert_int_equal(soc_flash_ops(r->soc), 0);
}

static void stale_error_flags_refuse_the_next_operation(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG);
  rig_write(r, AT + 4, 0);
  assert_int_equal(rig_program(r, AT, 7), SR_PGAERR | SR_PGSERR);
  assert_int_equal(rig_erase(r, AT), SR_PGAERR | SR_PGSERR);
  assert_int_equal(soc_flash_ops(r->soc), 0);
  rig_write(r, FLASH_SR, SR_PGAERR | SR_PGSERR);
  assert_int_equal(rig_program(r, AT, 7), 0);
}

static void operr_follows_errors_with_errie(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG | CR_ERRIE);
  rig_write(r, AT + 4, 0);
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGAERR | SR_OPERR);
  rig_write(r, FLASH_SR, SR_PGAERR | SR_OPERR);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
}

static void pages_of_both_banks_erase_in_22_ms(void **state)
{
  struct rig *r = *state;
  uint8_t page[2048];
  memset(page, 0x5A, sizeof page);
  const uint32_t pages[] = {FLASH_BASE + 0x800, FLASH_BASE + 255 * 0x800, BANK2, BANK2 + 255 * 0x800};
  rig_unlock(r);
  for (size_t i = 0; i < 4; i++) {
    soc_flash_load(r->soc, pages[i], page, sizeof page);
    uint64_t begin = soc_now(r->soc);
    assert_int_equal(rig_erase(r, pages[i]), 0);
    assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 22020, 22060);
    soc_mem_read(r->soc, pages[i], page, sizeof page);
    for (size_t k = 0; k < sizeof page; k++)
      assert_int_equal(page[k], 0xFF);
    memset(page, 0x5A, sizeof page);
  }
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.erases, 4);
  assert_int_equal(s.max_page_erases, 1);
}

static void mass_erase_takes_one_bank_or_both(void **state)
{
  struct rig *r = *state;
  const uint64_t data = 0;
  soc_flash_load(r->soc, FLASH_BASE + 0x4000, &data, 8);
  soc_flash_load(r->soc, BANK2 + 0x4000, &data, 8);
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_MER2 | CR_START);
  rig_wait_flash(r);
  assert_true(rig_read64(r, FLASH_BASE + 0x4000) == 0);
  assert_true(rig_read64(r, BANK2 + 0x4000) == UINT64_MAX);
  rig_write(r, FLASH_CR, CR_MER1 | CR_MER2 | CR_START);
  rig_wait_flash(r);
  assert_true(rig_read64(r, FLASH_BASE + 0x4000) == UINT64_MAX);
  assert_int_equal(soc_flash_ops(r->soc), 2);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.erases, 256 + 512);
}

static void fast_programming_writes_a_row_after_a_mass_erase(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_MER2 | CR_START);
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, CR_FSTPG | CR_EOPIE);
  uint64_t begin = soc_now(r->soc);
  for (uint32_t i = 0; i < 64; i++) {
    rig_write(r, AT + 4 * i, i);
    assert_int_equal(rig_read(r, FLASH_SR), SR_BSY);
  }
  rig_wait_flash(r);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 1890, 1930);
  assert_int_equal(rig_read(r, FLASH_SR), SR_EOP);
  for (uint32_t i = 0; i < 64; i++)
    assert_int_equal(rig_read(r, AT + 4 * i), i);
}

static void fast_programming_errors(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_MER2 | CR_START);
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, CR_FSTPG);
  rig_write(r, AT + 8, 0); /* not the start of a row */
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGAERR | SR_FASTERR);
  rig_write(r, FLASH_SR, 0x3FA);
  rig_write(r, AT, 0);
  rig_write(r, AT + 8, 0); /* out of order */
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGAERR | SR_FASTERR);
  rig_write(r, FLASH_SR, 0x3FA);
  rig_write(r, AT, 0);
  rig_write(r, AT + 4, 0);
  rig_us(r, 100); /* the next word is late */
  assert_int_equal(rig_read(r, FLASH_SR), SR_MISERR | SR_FASTERR);
  rig_write(r, FLASH_SR, 0x3FA);
  assert_true(rig_try(r, AT + 256, 2, 0));
  assert_int_equal(rig_read(r, FLASH_SR), SR_SIZERR);
}

static void otp_double_words_program_once(void **state)
{
  struct rig *r = *state;
  const uint32_t otp = 0x1FFF7000 + 0x3F8;
  rig_unlock(r);
  assert_int_equal(rig_program(r, otp, 0x0123456789ABCDEF), 0);
  assert_true(rig_read64(r, otp) == 0x0123456789ABCDEF);
  assert_int_equal(rig_program(r, otp, 0), SR_PROGERR); /* not even zeros */
  rig_write(r, FLASH_SR, SR_PROGERR);
  rig_write(r, FLASH_CR, CR_MER1 | CR_MER2 | CR_START);
  rig_wait_flash(r);
  assert_true(rig_read64(r, otp) == 0x0123456789ABCDEF);
}

static void the_control_register_waits_for_the_operation(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | CR_START);
  uint64_t begin = soc_now(r->soc);
  rig_write(r, FLASH_CR, 0x80000000);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 22020, 22021);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
}

static void the_other_bank_can_be_read_meanwhile(void **state)
{
  struct rig *r = *state;
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | CR_START);
  uint64_t begin = soc_now(r->soc);
  assert_int_equal(rig_read(r, FLASH_BASE), SRAM1 + 0x1000);
  assert_int_equal(rig_read(r, 0), SRAM1 + 0x1000);
  assert_true(soc_now(r->soc) == begin);
  rig_read(r, BANK2 + 0x40000);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 22020, 22021);
}

static void swapped_banks_move_addresses_but_not_page_numbers(void **state)
{
  struct rig *r = *state;
  const uint64_t one = 1, two = 2;
  soc_flash_load(r->soc, FLASH_BASE + 0x800, &one, 8);
  soc_flash_load(r->soc, BANK2 + 0x800, &two, 8);
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, SYSCFG, 0x100);
  assert_true(rig_read64(r, FLASH_BASE + 0x800) == 2);
  assert_true(rig_read64(r, 0x800) == 2);
  assert_true(rig_read64(r, BANK2 + 0x800) == 1);
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 1 << 3);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 1 << 3 | CR_START);
  rig_wait_flash(r);
  assert_true(rig_read64(r, FLASH_BASE + 0x800) == UINT64_MAX);
  assert_true(rig_read64(r, BANK2 + 0x800) == 1);
  assert_int_equal(rig_program(r, FLASH_BASE + 0x800, 3), 0);
  rig_write(r, SYSCFG, 0);
  assert_true(rig_read64(r, BANK2 + 0x800) == 3);
}

static void debugger_sees_flash_without_time_or_flags(void **state)
{
  struct rig *r = *state;
  uint8_t bytes[7];
  uint64_t now = soc_now(r->soc);
  const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7};
  assert_true(soc_flash_load(r->soc, AT + 1, data, 7));
  assert_true(soc_mem_read(r->soc, AT + 1, bytes, 7));
  assert_memory_equal(bytes, data, 7);
  assert_false(soc_mem_write(r->soc, AT, bytes, 4));
  assert_int_equal(rig_read(r, FLASH_SR), 0);
  assert_true(soc_now(r->soc) == now);
  assert_false(soc_flash_load(r->soc, FLASH_BASE + 0x100000 - 4, data, 7));
  assert_false(soc_flash_load(r->soc, 0xFFFFFFFF, data, 7));
  assert_false(soc_flash_erase(r->soc, AT + 1, 2048));
  assert_true(soc_flash_erase(r->soc, AT, 2048));
  assert_true(soc_mem_read(r->soc, AT + 1, bytes, 7));
  assert_int_equal(bytes[0], 0xFF);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(keys_in_order_unlock_and_lock_bit_locks),
      T(a_wrong_key_faults_and_locks_until_reset),
      T(option_keys_need_the_first_lock_open),
      T(a_double_word_takes_82_microseconds_and_can_be_read),
      T(end_of_operation_is_flagged_only_with_its_interrupt_enabled),
      T(a_second_program_is_refused_unless_all_zeros),
      T(a_double_word_programmed_with_ff_counts_as_programmed),
      T(wrong_sizes_and_alignments_are_flagged),
      T(sequence_errors_are_flagged),
      T(stale_error_flags_refuse_the_next_operation),
      T(operr_follows_errors_with_errie),
      T(pages_of_both_banks_erase_in_22_ms),
      T(mass_erase_takes_one_bank_or_both),
      T(fast_programming_writes_a_row_after_a_mass_erase),
      T(fast_programming_errors),
      T(otp_double_words_program_once),
      T(the_control_register_waits_for_the_operation),
      T(the_other_bank_can_be_read_meanwhile),
      T(swapped_banks_move_addresses_but_not_page_numbers),
      T(debugger_sees_flash_without_time_or_flags),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
