/* Whole programs on the simulated chip: stalls, reading while writing, the ECC NMI, watchdog, resets, UART. */
#include "test/soc/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAILBOX 0x20017F00u
enum {
  PROGRAM = 1,
  SCAN,
  ECHO_POLLED,
  ECHO_INTERRUPT,
  WATCHDOG,
  WATCHDOG_CRASH,
  CRASH,
  SOFT_RESET,
  WRITE,
  READ_DURING_ERASE,
  NEW_CODE
};
enum { RESULT0 = 8, NMIS = 16, BOOTS = 30 };

static const char *image_path;

static struct rig *start(uint32_t command, uint32_t arg0, uint32_t arg1)
{
  static uint8_t image[65536];
  FILE *f = fopen(image_path, "rb");
  assert_non_null(f);
  size_t size = fread(image, 1, sizeof image, f);
  fclose(f);
  struct rig *r = rig_new(NULL);
  assert_true(soc_flash_load(r->soc, FLASH_BASE, image, size));
  soc_power_on(r->soc);
  uint32_t mailbox[32] = {command, arg0, arg1};
  assert_true(soc_mem_write(r->soc, MAILBOX, mailbox, sizeof mailbox));
  return r;
}

static uint32_t result(struct rig *r, unsigned i)
{
  uint32_t v;
  assert_true(soc_mem_read(r->soc, MAILBOX + 4 * i, &v, 4));
  return v;
}

static void programming_its_own_bank_stalls_the_core(void **state)
{
  (void)state;
  struct rig *r = start(PROGRAM, FLASH_BASE + 0x8000, 0);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_int_equal(result(r, RESULT0), 0);           /* BSY never seen */
  assert_in_range(result(r, RESULT0 + 1), 326, 380); /* 81.7 us at 4 MHz */
  assert_int_equal(result(r, RESULT0 + 2), 0xCAFEF00D);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.idle, 0);
  assert_true(s.instructions < 100);
  rig_free(r);
}

static void programming_the_other_bank_lets_the_core_run(void **state)
{
  (void)state;
  struct rig *r = start(PROGRAM, BANK2, 0);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_in_range(result(r, RESULT0), 30, 110);
  assert_in_range(result(r, RESULT0 + 1), 326, 380);
  assert_int_equal(result(r, RESULT0 + 2), 0xCAFEF00D);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_in_range(s.idle, 100, s.instructions - 30);
  rig_free(r);
}

static void reading_the_busy_bank_stalls_even_where_it_was_read_before(void **state)
{
  (void)state;
  struct rig *r = start(READ_DURING_ERASE, BANK2 + 0x800, BANK2 + 0x7F000);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_in_range(result(r, RESULT0 + 1), 88080, 88120); /* 22.02 ms at 4 MHz */
  rig_free(r);
  r = start(READ_DURING_ERASE, BANK2 + 0x800, FLASH_BASE + 0x7F000);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_in_range(result(r, RESULT0 + 1), 1, 40);
  rig_free(r);
}

static void code_that_was_replaced_in_flash_is_not_run_again(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 4; i++) {
    uint32_t bank = i & 1 ? BANK2 : FLASH_BASE;
    uint32_t call = bank + 0x20000 - (i & 2 ? FLASH_BASE : 0); /* also where flash is seen at 0 */
    struct rig *r = start(NEW_CODE, call, bank);
    assert_int_equal(soc_run(r->soc, 1000000), SOC_STOP_IDLE);
    assert_int_equal(result(r, RESULT0), 1);
    assert_int_equal(result(r, RESULT0 + 1), 2);
    rig_free(r);
  }
}

static void a_torn_double_word_raises_the_nmi_with_its_address(void **state)
{
  (void)state;
  unsigned raised = 0;
  for (uint32_t seed = 0; seed < 40; seed++) {
    struct rig *r = start(PROGRAM, BANK2 + 0x2008, 0);
    soc_cut(r->soc, 1, SOC_CUT_TORN, seed);
    assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_POWER);
    soc_power_on(r->soc);
    uint32_t mailbox[32] = {SCAN, BANK2 + 0x2000, BANK2 + 0x2018};
    soc_mem_write(r->soc, MAILBOX, mailbox, sizeof mailbox);
    assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
    uint32_t nmis = result(r, NMIS);
    if (nmis) {
      raised++;
      assert_in_range(nmis, 1, 2);
      assert_int_equal(result(r, NMIS + 1) & ~(1u << 30), 1u << 31 | 1u << 19 | 0x2008);
      assert_true(rig_logged(r, "uncorrectable ECC error of the flash double word at 0x08082008"));
    }
    rig_free(r);
  }
  assert_in_range(raised, 5, 30);
}

static void the_watchdog_resets_and_says_so(void **state)
{
  (void)state;
  struct rig *r = start(WATCHDOG, 0, 0);
  uint64_t begin = soc_now(r->soc);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 10000, 10700); /* 80 ticks of 8 kHz */
  assert_int_equal(result(r, BOOTS), 2);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 5 | 1 << 3 | 1 << 2); /* IWDG, and POR from before */
  assert_true(rig_logged(r, "reset: iwdg"));
  rig_free(r);
}

static void lockup_ends_the_run_unless_a_watchdog_is_on(void **state)
{
  (void)state;
  struct rig *r = start(CRASH, 0, 0);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE); /* the HardFault handler */
  assert_int_equal(result(r, RESULT0), 0xFA);
  assert_true(rig_logged(r, "HardFault at pc 0xdead0000"));
  /* without a handler */
  const uint32_t none = 0xFFFFFFFF;
  soc_flash_load(r->soc, FLASH_BASE + 12, &none, 4);
  const uint32_t again = CRASH, bite = WATCHDOG_CRASH;
  soc_mem_write(r->soc, MAILBOX, &again, 4);
  soc_reset_pin(r->soc);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_LOCKUP);
  assert_true(rig_logged(r, "lockup"));
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_LOCKUP);
  soc_mem_write(r->soc, MAILBOX, &bite, 4);
  soc_reset_pin(r->soc);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 1);
  rig_free(r);
}

static void a_software_reset_is_flagged_and_flags_add_up(void **state)
{
  (void)state;
  struct rig *r = start(SOFT_RESET, 0, 0);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 3 | 1 << 2); /* power-on */
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 4 | 1 << 3 | 1 << 2);
  rig_write(r, RCC_CSR, 1 << 23);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 0);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 2);
  assert_int_equal(result(r, BOOTS), 2);
  const uint32_t again = SOFT_RESET;
  soc_mem_write(r->soc, MAILBOX, &again, 4);
  soc_reset_pin(r->soc);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 4 | 1 << 2);
  soc_power_off(r->soc);
  assert_int_equal(soc_run(r->soc, 1000), SOC_STOP_POWER);
  soc_power_on(r->soc);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 3 | 1 << 2);
  rig_free(r);
}

static void a_fault_is_reported_with_its_cause(void **state)
{
  (void)state;
  struct rig *r = start(WRITE, 0x90000000, 1);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_true(rig_logged(r, "HardFault at pc 0x0800"));
  assert_true(rig_logged(r, "0x90000000"));
  rig_free(r);
}

static void an_unmodelled_register_is_reported_once_by_name(void **state)
{
  (void)state;
  struct rig *r = start(WRITE, 0x40000024, 7);
  for (unsigned i = 0; i < 3; i++) {
    const uint32_t again[] = {WRITE, 0x40000024, 7};
    soc_mem_write(r->soc, MAILBOX, again, sizeof again);
    soc_reset_pin(r->soc);
    assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  }
  assert_int_equal(rig_log_count(r, "not modelled: write of 0x7 to TIM2.CNT ignored (pc 0x0800"), 1);
  rig_free(r);
}

static void a_polled_receiver_echoes_at_the_baud_rate(void **state)
{
  (void)state;
  struct rig *r = start(ECHO_POLLED, 0, 0);
  r->reply = "Hello";
  assert_int_equal(soc_run(r->soc, 200000), SOC_STOP_LIMIT);
  assert_string_equal(r->sent, "Ifmmp");
  /* ten bits of 35 cycles at 4 MHz */
  for (unsigned i = 1; i < 5; i++)
    assert_in_range((r->sent_at[i] - r->sent_at[i - 1]) / 1000, 85000, 90000);
  assert_in_range(r->idle_calls, 20, 1000);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_in_range(s.idle, 199000, 199990);
  soc_uart_rx(r->soc, 2, ".", 1);
  assert_int_equal(soc_run(r->soc, 200000), SOC_STOP_IDLE);
  rig_free(r);
}

static void an_interrupt_driven_receiver_sleeps_and_echoes(void **state)
{
  (void)state;
  struct rig *r = start(ECHO_INTERRUPT, 1, 0);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_int_equal(soc_uart_rx(r->soc, 2, "abc", 3), 3);
  assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
  assert_string_equal(r->sent, "bcd");
  assert_int_equal(result(r, RESULT0), 3);
  assert_true(r->idle_calls > 0);
  rig_free(r);
}

static void a_stop_request_ends_the_run(void **state)
{
  (void)state;
  struct rig *r = start(ECHO_POLLED, 0, 0);
  soc_run(r->soc, 1000);
  soc_stop(r->soc);
  uint64_t before = cpu_instructions(soc_cpu(r->soc));
  soc_run(r->soc, 1234);
  assert_in_range(cpu_instructions(soc_cpu(r->soc)) - before, 0, 1234);
  before = cpu_instructions(soc_cpu(r->soc));
  assert_int_equal(soc_run(r->soc, 1234), SOC_STOP_LIMIT);
  assert_int_equal(cpu_instructions(soc_cpu(r->soc)) - before, 1234);
  rig_free(r);
}

static void skipping_idle_loops_changes_instructions_but_not_time(void **state)
{
  (void)state;
  struct soc_stats s[2];
  uint64_t now[2];
  for (unsigned i = 0; i < 2; i++) {
    struct rig *r = start(PROGRAM, BANK2, 0);
    soc_skip_idle(r->soc, i);
    assert_int_equal(soc_run(r->soc, 100000), SOC_STOP_IDLE);
    soc_get_stats(r->soc, &s[i]);
    now[i] = soc_now(r->soc);
    assert_in_range(result(r, RESULT0 + 1), 326, 380);
    rig_free(r);
  }
  assert_in_range(s[1].instructions, 1, s[0].instructions - 100);
  assert_int_equal(s[0].programs, s[1].programs);
  assert_in_range(now[1], now[0] - 5 * SOC_PS_PER_US, now[0] + 5 * SOC_PS_PER_US);
  assert_in_range(s[0].instructions - s[0].idle, s[1].instructions - s[1].idle - 10, s[1].instructions);
  struct rig *r = start(ECHO_POLLED, 0, 0);
  soc_skip_idle(r->soc, true);
  r->reply = "Hello.";
  assert_int_equal(soc_run(r->soc, 20000), SOC_STOP_IDLE);
  assert_string_equal(r->sent, "Ifmmp/");
  rig_free(r);
}

int main(int argc, char **argv)
{
  image_path = argc == 2 ? argv[1] : "program.bin";
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(programming_its_own_bank_stalls_the_core),
      cmocka_unit_test(programming_the_other_bank_lets_the_core_run),
      cmocka_unit_test(reading_the_busy_bank_stalls_even_where_it_was_read_before),
      cmocka_unit_test(code_that_was_replaced_in_flash_is_not_run_again),
      cmocka_unit_test(a_torn_double_word_raises_the_nmi_with_its_address),
      cmocka_unit_test(the_watchdog_resets_and_says_so),
      cmocka_unit_test(lockup_ends_the_run_unless_a_watchdog_is_on),
      cmocka_unit_test(a_software_reset_is_flagged_and_flags_add_up),
      cmocka_unit_test(a_fault_is_reported_with_its_cause),
      cmocka_unit_test(an_unmodelled_register_is_reported_once_by_name),
      cmocka_unit_test(a_polled_receiver_echoes_at_the_baud_rate),
      cmocka_unit_test(an_interrupt_driven_receiver_sleeps_and_echoes),
      cmocka_unit_test(skipping_idle_loops_changes_instructions_but_not_time),
      cmocka_unit_test(a_stop_request_ends_the_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
