/* Option bytes, write protection, and the state folder that keeps them. */
#include "test/soc/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FACTORY 0xFFEFF8AAu
#define IWDG_SW (1u << 16)

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

static void open_options(struct rig *r)
{
  rig_unlock(r);
  rig_unlock_options(r);
}

static void store_options(struct rig *r)
{
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
}

static void launch(struct rig *r)
{
  rig_write(r, FLASH_CR, CR_OBL);
  rig_us(r, 100);
}

static void option_registers_need_the_option_lock_open(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, FLASH_OPTR), FACTORY);
  rig_unlock(r);
  rig_write(r, FLASH_OPTR, 0);
  assert_int_equal(rig_read(r, FLASH_OPTR), FACTORY);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_write(r, FLASH_CR, CR_OBL);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
  assert_int_equal(soc_flash_ops(r->soc), 0);
  rig_unlock_options(r);
  rig_write(r, FLASH_OPTR, 0);
  assert_int_equal(rig_read(r, FLASH_OPTR), 0xFC408800); /* reserved bits stay */
}

static void options_take_effect_at_launch_and_reset_with_their_flag(void **state)
{
  struct rig *r = *state;
  open_options(r);
  rig_write(r, FLASH_WRP1AR, 0x00030002);
  rig_write(r, FLASH_OPTR, FACTORY & ~IWDG_SW);
  uint64_t begin = soc_now(r->soc);
  store_options(r);
  assert_in_range((soc_now(r->soc) - begin) / SOC_PS_PER_US, 22700, 22800);
  assert_int_equal(rig_erase(r, FLASH_BASE + 0x1000), 0); /* not yet */
  rig_write(r, RCC_CSR, 1 << 23);
  launch(r);
  assert_int_equal(rig_read(r, RCC_CSR) >> 24, 1 << 2 | 1 << 1); /* PIN, OBL */
  assert_int_equal(rig_read(r, FLASH_OPTR), FACTORY & ~IWDG_SW);
  assert_int_equal(rig_read(r, FLASH_WRP1AR), 0xFF03FF02);
  assert_int_equal(rig_read(r, 0x1FFF7800), FACTORY & ~IWDG_SW);
  assert_int_equal(rig_read(r, 0x1FFF7804), ~(FACTORY & ~IWDG_SW));
  /* the watchdog has been started by hardware: 4096 ticks of 8 kHz */
  rig_us(r, 511000);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 0);
  rig_us(r, 2000);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 1);
  assert_int_equal(rig_read(r, FLASH_OPTR), FACTORY & ~IWDG_SW);
}

static void a_reset_forgets_option_registers_that_were_not_stored(void **state)
{
  struct rig *r = *state;
  open_options(r);
  rig_write(r, FLASH_OPTR, FACTORY & ~IWDG_SW);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, FLASH_OPTR), FACTORY);
}

static void protected_pages_refuse_program_and_erase(void **state)
{
  struct rig *r = *state;
  open_options(r);
  rig_write(r, FLASH_WRP1AR, 0x00030002); /* pages 2 and 3 of bank 1 */
  rig_write(r, 0x40022030, 0x000A000A);   /* WRP1BR: page 10 of bank 1 */
  rig_write(r, 0x4002204C, 0x00010000);   /* WRP2AR: pages 0 and 1 of bank 2 */
  rig_write(r, 0x40022050, 0x00FF00FF);   /* WRP2BR: page 255 of bank 2 */
  store_options(r);
  launch(r);
  rig_unlock(r);
  const uint32_t closed[] = {FLASH_BASE + 0x1000, FLASH_BASE + 0x1FF8, FLASH_BASE + 0x5000, BANK2,
                             BANK2 + 0xFF8,       BANK2 + 0x7F800};
  for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
    assert_int_equal(rig_program(r, closed[i], 1), SR_WRPERR);
    rig_write(r, FLASH_SR, SR_WRPERR);
    assert_int_equal(rig_erase(r, closed[i]), SR_WRPERR);
    rig_write(r, FLASH_SR, SR_WRPERR);
    assert_true(rig_read64(r, closed[i]) == UINT64_MAX);
  }
  const uint32_t open[] = {FLASH_BASE + 0xFF8,  FLASH_BASE + 0x2000, FLASH_BASE + 0x4FF8,
                           FLASH_BASE + 0x5800, BANK2 + 0x7F7F8,     BANK2 + 0x1000};
  for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
    assert_int_equal(rig_program(r, open[i], 1), 0);
    assert_int_equal(rig_erase(r, open[i]), 0);
  }
  const uint32_t mass[] = {CR_MER1, CR_MER2, CR_MER1 | CR_MER2};
  for (size_t i = 0; i < 3; i++) {
    rig_write(r, FLASH_CR, mass[i] | CR_START);
    assert_int_equal(rig_read(r, FLASH_SR), SR_WRPERR);
    rig_write(r, FLASH_SR, SR_WRPERR);
  }
}

static void a_protected_page_keeps_its_own_bank_from_mass_erase_only(void **state)
{
  struct rig *r = *state;
  open_options(r);
  rig_write(r, FLASH_WRP1AR, 0x00FF00FF);
  store_options(r);
  launch(r);
  rig_unlock(r);
  const uint32_t places[] = {FLASH_BASE + 0x10000, BANK2 + 0x10000};
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(rig_program(r, places[i], 1), 0);
  rig_write(r, FLASH_CR, CR_MER1 | CR_MER2 | CR_START);
  assert_int_equal(rig_read(r, FLASH_SR), SR_WRPERR);
  rig_write(r, FLASH_SR, SR_WRPERR);
  assert_true(rig_read64(r, places[1]) == 1);
  rig_write(r, FLASH_CR, CR_MER2 | CR_START);
  rig_wait_flash(r);
  assert_int_equal(rig_read(r, FLASH_SR), 0);
  assert_true(rig_read64(r, places[0]) == 1);
  assert_true(rig_read64(r, places[1]) == UINT64_MAX);
}

static void torn_option_bytes_load_safe_values(void **state)
{
  (void)state;
  unsigned level1 = 0, verr = 0;
  for (uint32_t seed = 0; seed < 24; seed++) {
    struct rig *r = rig_new(NULL);
    rig_power_on(r);
    open_options(r);
    rig_write(r, FLASH_OPTR, FACTORY & ~IWDG_SW);
    soc_cut(r->soc, 1, SOC_CUT_TORN, seed);
    store_options(r);
    assert_false(soc_powered(r->soc));
    rig_power_on(r);
    uint32_t optr = rig_read(r, FLASH_OPTR);
    bool error = rig_read(r, FLASH_SR) & SR_OPTVERR;
    assert_true((optr & 0xFF) == 0xAA || (error && optr == 0xFFFFF800)); /* BFB2 set */
    level1 += (optr & 0xFF) == 0;
    verr += error;
    if ((rig_read(r, 0x40022024) & 0xFFFF) == 0) /* PCROP1SR */
      assert_int_equal(rig_read(r, 0x40022028), 0x8FFFFFFF);
    rig_free(r);
  }
  assert_in_range(level1, 3, 20);
  assert_in_range(verr, 12, 24);
}

static void sram2_is_kept_or_erased_at_reset_as_the_option_says(void **state)
{
  struct rig *r = *state;
  rig_write(r, 0x10000000, 0x12345678);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, 0x10000000), 0x12345678);
  open_options(r);
  rig_write(r, FLASH_OPTR, FACTORY & ~(1u << 25));
  store_options(r);
  launch(r);
  assert_int_equal(rig_read(r, 0x10000000), 0);
  rig_write(r, 0x10007FFC, 0x12345678);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, 0x10007FFC), 0);
}

static void bfb2_boots_bank_2_when_it_holds_a_program(void **state)
{
  struct rig *r = *state;
  const uint32_t vectors[] = {SRAM1 + 0x1000, SRAM1 + 0x101};
  open_options(r);
  rig_write(r, FLASH_OPTR, FACTORY | 1u << 20);
  store_options(r);
  launch(r);
  rig_write(r, RCC_APB2ENR, 1);
  assert_int_equal(rig_read(r, SYSCFG), 0);
  soc_flash_load(r->soc, BANK2, vectors, sizeof vectors);
  soc_reset_pin(r->soc);
  rig_write(r, RCC_APB2ENR, 1);
  assert_int_equal(rig_read(r, SYSCFG), 0x100);
  /* its program runs, at the addresses of bank 1 */
  const uint32_t program[] = {SRAM1 + 0x1000, FLASH_BASE + 0x101};
  const uint16_t code[] = {0x204D, 0xE7FE};
  soc_flash_load(r->soc, FLASH_BASE, program, sizeof program);
  soc_flash_load(r->soc, FLASH_BASE + 0x100, code, sizeof code);
  soc_reset_pin(r->soc);
  soc_run(r->soc, 2);
  assert_int_equal(cpu_get(soc_cpu(r->soc), 0), 0x4D);
  assert_int_equal(cpu_get(soc_cpu(r->soc), CPU_PC), FLASH_BASE + 0x102);
}

/* What a program does at run time with FB_MODE moves addresses and nothing else: protection, page numbers and damage
 * stay with the cells. */
static void swapped_banks_keep_their_protection_and_their_page_numbers(void **state)
{
  struct rig *r = *state;
  const uint64_t one = 1, two = 2;
  open_options(r);
  rig_write(r, FLASH_WRP1AR, 0x00090008); /* pages 8 and 9 of bank 1 */
  store_options(r);
  launch(r);
  assert_true(soc_flash_load(r->soc, FLASH_BASE + 0x4000, &one, 8));
  assert_true(soc_flash_load(r->soc, BANK2 + 0x4000, &two, 8));
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, SYSCFG, 0x100);
  assert_true(rig_read64(r, FLASH_BASE + 0x4000) == two);
  assert_true(rig_read64(r, 0x4000) == two); /* the alias as well */
  assert_true(rig_read64(r, BANK2 + 0x4000) == one);
  rig_unlock(r);
  assert_int_equal(rig_program(r, BANK2 + 0x4008, 3), SR_WRPERR); /* still bank 1 */
  rig_write(r, FLASH_SR, SR_WRPERR);
  assert_int_equal(rig_program(r, FLASH_BASE + 0x4008, 3), 0);
  assert_int_equal(rig_erase(r, FLASH_BASE + 0x4000), SR_WRPERR); /* page 8 of bank 1, wherever it is seen */
  rig_write(r, FLASH_SR, SR_WRPERR);
  assert_int_equal(rig_erase(r, BANK2 + 0x4000), 0); /* BKER: bank 2, seen at the bottom */
  assert_true(rig_read64(r, FLASH_BASE + 0x4000) == UINT64_MAX);
  assert_true(rig_read64(r, BANK2 + 0x4000) == one);
  soc_reset_pin(r->soc);
  assert_true(rig_read64(r, FLASH_BASE + 0x4000) == one);
}

/* ---- the state folder ---- */
static void a_device_can_be_put_away_and_taken_out(void **state)
{
  (void)state;
  struct rig *r = rig_new("device");
  rig_power_on(r);
  open_options(r);
  rig_write(r, FLASH_WRP1AR, 0x00030002);
  store_options(r);
  assert_int_equal(rig_program(r, BANK2, 0x1122334455667788), 0);
  assert_int_equal(rig_program(r, BANK2 + 8, UINT64_MAX), 0);
  assert_int_equal(rig_program(r, 0x1FFF7008, 42), 0);
  rig_write(r, RCC_APB1ENR1, 1 << 28);
  rig_write(r, PWR_CR1, 0x300);
  rig_write(r, RTC + 0x50, 0xB0B0);
  rig_write(r, RTC + 0xCC, 0xB31B31);
  soc_cut(r->soc, 1, SOC_CUT_TORN, 2); /* this one flickers: NEW_OFTEN or the like */
  rig_program(r, BANK2 + 0x800, 0x77);
  assert_true(soc_save(r->soc));

  /* the same reads follow in both */
  uint64_t before[50], after[50];
  rig_power_on(r);
  for (unsigned i = 0; i < 50; i++)
    before[i] = rig_read64(r, BANK2 + 0x800);
  rig_free(r);

  r = rig_new("device");
  rig_power_on(r);
  for (unsigned i = 0; i < 50; i++)
    after[i] = rig_read64(r, BANK2 + 0x800);
  assert_memory_equal(before, after, sizeof before);
  assert_true(rig_read64(r, BANK2) == 0x1122334455667788);
  assert_true(rig_read64(r, 0x1FFF7008) == 42);
  assert_int_equal(rig_read(r, FLASH_WRP1AR), 0xFF03FF02);
  assert_int_equal(rig_read(r, RTC + 0x50), 0xB0B0);
  assert_int_equal(rig_read(r, RTC + 0xCC), 0xB31B31);
  rig_unlock(r);
  assert_int_equal(rig_program(r, BANK2 + 8, 1), SR_PROGERR); /* still programmed */
  rig_free(r);
}

static void a_device_is_used_by_one_simulator_at_a_time(void **state)
{
  (void)state;
  char err[256] = "";
  struct rig *r = rig_new("locked");
  assert_null(soc_new("stm32l476", "locked", err, sizeof err));
  assert_non_null(strstr(err, "in use"));
  rig_free(r);
  r = rig_new("locked");
  rig_free(r);
}

static void a_damaged_state_folder_is_refused_with_the_file_name(void **state)
{
  (void)state;
  static const char *const files[] = {"flash.bin", "otp.bin",   "options.bin",  "backup.bin",
                                      "uid.bin",   "cells.bin", "otp-cells.bin"};
  char path[64], err[512];
  for (size_t i = 0; i < 7; i++) {
    struct rig *r = rig_new("damaged");
    assert_true(soc_save(r->soc));
    rig_free(r);
    snprintf(path, sizeof path, "damaged/%s", files[i]);
    FILE *f = fopen(path, "ab");
    fputc(0, f);
    fclose(f);
    err[0] = 0;
    assert_null(soc_new("stm32l476", "damaged", err, sizeof err));
    assert_non_null(strstr(err, files[i]));
    assert_int_equal(unlink(path), 0);
  }
  assert_null(soc_new("stm32l476", "no/such/folder", err, sizeof err));
  assert_non_null(strstr(err, "no/such/folder"));
  assert_null(soc_new("stm32f103", NULL, err, sizeof err));
  assert_non_null(strstr(err, "stm32l476"));
}

static void a_failed_save_keeps_the_old_state(void **state)
{
  (void)state;
  struct rig *r = rig_new("kept");
  rig_power_on(r);
  const uint64_t one = 1, two = 2;
  soc_flash_load(r->soc, BANK2, &one, 8);
  assert_true(soc_save(r->soc));
  soc_flash_load(r->soc, BANK2, &two, 8);
  assert_int_equal(mkdir("kept/uid.bin.new", 0777), 0); /* the last file cannot be written */
  assert_false(soc_save(r->soc));
  assert_non_null(strstr(soc_error(r->soc), "uid.bin"));
  rig_free(r);
  r = rig_new("kept");
  rig_power_on(r);
  assert_true(rig_read64(r, BANK2) == 1);
  rig_free(r);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(option_registers_need_the_option_lock_open),
      T(options_take_effect_at_launch_and_reset_with_their_flag),
      T(a_reset_forgets_option_registers_that_were_not_stored),
      T(protected_pages_refuse_program_and_erase),
      T(a_protected_page_keeps_its_own_bank_from_mass_erase_only),
      cmocka_unit_test(torn_option_bytes_load_safe_values),
      T(sram2_is_kept_or_erased_at_reset_as_the_option_says),
      T(bfb2_boots_bank_2_when_it_holds_a_program),
      T(swapped_banks_keep_their_protection_and_their_page_numbers),
      cmocka_unit_test(a_device_can_be_put_away_and_taken_out),
      cmocka_unit_test(a_device_is_used_by_one_simulator_at_a_time),
      cmocka_unit_test(a_damaged_state_folder_is_refused_with_the_file_name),
      cmocka_unit_test(a_failed_save_keeps_the_old_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
