/* Clocks, gating, reset flags, backup domain, tamper, pins, EXTI, CRC, RNG, watchdog, SRAM2, identity. */
#include "test/soc/rig.h"

#include <string.h>

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

static bool irq_pending(struct rig *r, unsigned irq)
{
  return cpu_scs_read(soc_cpu(r->soc), 0xE000E200 + 4 * (irq / 32)) >> (irq % 32) & 1;
}

static void open_backup_domain(struct rig *r)
{
  rig_set(r, RCC_APB1ENR1, 1 << 28);
  rig_set(r, PWR_CR1, 1 << 8);
}

/* ---- clocks ---- */
static void the_chip_starts_at_4_mhz_and_follows_the_msi_range(void **state)
{
  struct rig *r = *state;
  assert_int_equal(r->soc->hz, 4000000);
  assert_int_equal(rig_read(r, RCC_CR), 0x63);
  rig_write(r, RCC_CR, 0x63 | 8); /* range from CR: 4 MHz, too */
  rig_write(r, RCC_CR, 0x9B | 8); /* 24 MHz */
  assert_int_equal(r->soc->hz, 24000000);
  rig_write(r, RCC_CFGR, 8 << 4); /* HPRE /2 */
  assert_int_equal(r->soc->hz, 12000000);
  rig_write(r, RCC_CR, 0); /* the source of SYSCLK cannot be switched off */
  assert_int_equal(rig_read(r, RCC_CR) & 3, 3);
}

static void the_pll_makes_80_mhz_from_hsi(void **state)
{
  struct rig *r = *state;
  rig_write(r, FLASH_ACR, 4);
  rig_set(r, RCC_CR, 1 << 8);
  assert_int_equal(rig_read(r, RCC_CR) >> 10 & 1, 0);
  rig_us(r, 10);
  assert_int_equal(rig_read(r, RCC_CR) >> 10 & 1, 1);
  rig_write(r, RCC_PLLCFGR, 2 | 10 << 8 | 1 << 24); /* 16 MHz / 1 * 10 / 2 */
  rig_set(r, RCC_CR, 1 << 24);
  rig_write(r, RCC_CFGR, 3); /* waits for the lock */
  assert_int_equal(rig_read(r, RCC_CFGR) >> 2 & 3, 0);
  rig_us(r, 40);
  assert_int_equal(rig_read(r, RCC_CFGR) >> 2 & 3, 3);
  assert_int_equal(r->soc->hz, 80000000);
  rig_write(r, RCC_PLLCFGR, 1 << 24); /* cannot change while it runs */
  assert_int_equal(rig_read(r, RCC_PLLCFGR), 2 | 10 << 8 | 1 << 24);
  assert_int_equal(r->soc->hz, 80000000);
  assert_false(rig_logged(r, "clock:"));
  assert_false(rig_logged(r, "wait states"));
  soc_reset_pin(r->soc);
  assert_int_equal(r->soc->hz, 4000000);
}

static void limits_of_the_silicon_are_reported(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_CR, 0x63 | 8);
  rig_write(r, RCC_CR, 0xBB | 8); /* 48 MHz with no wait states */
  assert_true(rig_logged(r, "0 wait states are set, HCLK of 48000000 Hz needs 2"));
  rig_write(r, RCC_PLLCFGR, 1 | 86 << 8 | 1 << 24);
  rig_set(r, RCC_CR, 1 << 24);
  rig_us(r, 40);
  assert_true(rig_logged(r, "PLL input of 48000000 Hz"));
  rig_write(r, RCC_CFGR, 3);
  assert_true(rig_logged(r, "above the limit of 80000000 Hz"));
}

static void time_goes_on_evenly_when_the_clock_changes(void **state)
{
  struct rig *r = *state;
  rig_us(r, 1000);
  double before = soc_seconds(r->soc);
  rig_write(r, FLASH_ACR, 4);
  rig_write(r, RCC_CR, 0x63 | 8);
  rig_write(r, RCC_CR, 0xBB | 8);
  assert_true(soc_seconds(r->soc) >= before && soc_seconds(r->soc) - before < 1e-7);
  uint64_t cycles = cpu_cycles(soc_cpu(r->soc)), now = soc_now(r->soc);
  soc_run(r->soc, 100000);
  cycles = cpu_cycles(soc_cpu(r->soc)) - cycles;
  now = soc_now(r->soc) - now;
  assert_in_range(now, cycles * 62500 / 3 - 100, cycles * 62500 / 3 + 100);
}

static void without_clock_a_peripheral_reads_0_and_ignores_writes(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, GPIOA), 0);
  rig_write(r, GPIOA, 0);
  rig_write(r, GPIOA, 0);
  rig_set(r, RCC_AHB2ENR, 1);
  assert_int_equal(rig_read(r, GPIOA), 0xABFFFFFF);
  assert_int_equal(rig_log_count(r, "GPIOA is used without its clock"), 1);
  rig_write(r, GPIOA, 0x12345678);
  rig_write(r, RCC_AHB2ENR, 0);
  assert_int_equal(rig_read(r, GPIOA), 0);
  rig_write(r, RCC_AHB2ENR, 1);
  assert_int_equal(rig_read(r, GPIOA), 0x12345678);
  rig_write(r, 0x4002102C, 1); /* AHB2RSTR */
  assert_int_equal(rig_read(r, GPIOA), 0);
  rig_write(r, 0x4002102C, 0);
  assert_int_equal(rig_read(r, GPIOA), 0xABFFFFFF);
}

static void ports_have_their_reset_values(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_AHB2ENR, 0xFF);
  assert_int_equal(rig_read(r, GPIOA), 0xABFFFFFF);
  assert_int_equal(rig_read(r, GPIOA + 0x400), 0xFFFFFEBF);
  for (unsigned i = 2; i < 8; i++)
    assert_int_equal(rig_read(r, GPIOA + 0x400 * i), 0xFFFFFFFF);
}

static void unmodelled_registers_are_named_once_each(void **state)
{
  struct rig *r = *state;
  for (unsigned i = 0; i < 2; i++) {
    assert_int_equal(rig_read(r, 0x40022004), 0); /* FLASH.PDKEYR */
    assert_int_equal(rig_read(r, 0x40003808), 0); /* SPI2.SR */
    rig_write(r, 0x40003800, 1);
    assert_int_equal(rig_read(r, 0x40006404), 0); /* inside CAN1 */
    assert_int_equal(rig_read(r, 0x400210FC), 0); /* hole in RCC */
    assert_int_equal(rig_read(r, 0x40021100), 0);
  }
  assert_int_equal(rig_log_count(r, "not modelled"), 6);
  assert_int_equal(rig_log_count(r, "not modelled: FLASH.PDKEYR reads as 0"), 1);
  assert_int_equal(rig_log_count(r, "not modelled: SPI2.SR reads as 0"), 1);
  assert_int_equal(rig_log_count(r, "not modelled: write of 0x1 to SPI2.CR1 ignored"), 1);
  assert_int_equal(rig_log_count(r, "not modelled: CAN1+0x004 reads as 0"), 1);
  assert_int_equal(rig_log_count(r, "not modelled: RCC+0x0fc reads as 0"), 1);
  struct soc_access how = {SOC_BY_CPU, CPU_READ, 4, true};
  uint32_t value;
  assert_false(soc_bus_read(r->soc, 0x60000000, &how, &value)); /* nothing there: bus fault */
}

/* ---- backup domain ---- */
static void backup_registers_need_dbp_and_survive_reset_and_power_off(void **state)
{
  struct rig *r = *state;
  rig_write(r, RTC + 0x50, 1);
  assert_int_equal(rig_read(r, RTC + 0x50), 0);
  assert_true(rig_logged(r, "DBP is clear"));
  open_backup_domain(r);
  for (uint32_t i = 0; i < 32; i++)
    rig_write(r, RTC + 0x50 + 4 * i, 0xA000 + i);
  rig_write(r, RCC_BDCR, 0x8200);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, RCC_BDCR), 0x8200);
  soc_power_off(r->soc);
  rig_power_on(r);
  for (uint32_t i = 0; i < 32; i++)
    assert_int_equal(rig_read(r, RTC + 0x50 + 4 * i), 0xA000 + i);
  rig_write(r, RTC + 0x54, 1); /* DBP is clear again */
  assert_int_equal(rig_read(r, RTC + 0x54), 0xA001);
  open_backup_domain(r);
  rig_write(r, RCC_BDCR, 1 << 16);
  rig_write(r, RCC_BDCR, 0);
  assert_int_equal(rig_read(r, RTC + 0x50), 0);
  assert_int_equal(rig_read(r, RCC_BDCR), 0);
}

static void a_tamper_edge_erases_the_backup_registers_and_interrupts(void **state)
{
  struct rig *r = *state;
  open_backup_domain(r);
  rig_write(r, RTC + 0x50, 0x5EC2E7);
  soc_pin(r->soc, 'A', 0, false);
  rig_write(r, EXTI + 8, 1 << 19);
  rig_set(r, EXTI, 1 << 19);
  rig_write(r, RTC + 0x40, 1 << 3 | 1 << 2); /* TAMP2 rising, interrupt */
  assert_int_equal(rig_read(r, RTC + 0x50), 0x5EC2E7);
  soc_pin(r->soc, 'A', 0, true);
  assert_int_equal(rig_read(r, RTC + 0x50), 0);
  assert_int_equal(rig_read(r, RTC + 0xC), 7 | 1 << 14);
  assert_true(irq_pending(r, 2));
  assert_true(rig_logged(r, "tamper event on RTC_TAMP2"));
  rig_write(r, RTC + 0xC, ~(uint32_t)(1 << 14));
  assert_int_equal(rig_read(r, RTC + 0xC), 7);
}

static void a_tamper_pin_already_active_fires_when_enabled(void **state)
{
  struct rig *r = *state;
  open_backup_domain(r);
  soc_pin(r->soc, 'C', 13, true);
  rig_write(r, RTC + 0x50, 1);
  rig_write(r, RTC + 0x40, 1);
  assert_int_equal(rig_read(r, RTC + 0x50), 0);
  /* falling edge, without erasing */
  rig_write(r, RTC + 0x40, 0);
  rig_write(r, RTC + 0xC, 0);
  rig_write(r, RTC + 0x50, 2);
  rig_write(r, RTC + 0x40, 3 | 1 << 17);
  soc_pin(r->soc, 'C', 13, false);
  assert_int_equal(rig_read(r, RTC + 0x50), 2);
  assert_int_equal(rig_read(r, RTC + 0xC) >> 13 & 1, 1);
}

static void a_filtered_tamper_pin_acts_on_its_level(void **state)
{
  struct rig *r = *state;
  open_backup_domain(r);
  rig_write(r, RTC + 0x50, 3);
  rig_write(r, RCC_BDCR, 0x8200);
  rig_write(r, RTC + 0x40, 1 << 3 | 1 << 11); /* TAMP2 low level, the pull-up holds it high */
  assert_int_equal(rig_read(r, RTC + 0x50), 3);
  soc_pin(r->soc, 'A', 0, false);
  assert_int_equal(rig_read(r, RTC + 0x50), 0);
}

/* ---- pins ---- */
static void pins_read_what_drives_or_pulls_them(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_AHB2ENR, 4);
  soc_pin(r->soc, 'C', 13, true);
  assert_int_equal(rig_read(r, GPIOC + 0x10), 0); /* analog */
  rig_write(r, GPIOC, 0xF3FFFFFF);
  assert_int_equal(rig_read(r, GPIOC + 0x10), 0x2000);
  soc_pin(r->soc, 'C', 13, false);
  assert_int_equal(rig_read(r, GPIOC + 0x10), 0);
  rig_write(r, GPIOC, 0xF3FFFFF5); /* 0 and 1 outputs */
  rig_write(r, GPIOC + 0x18, 0x3);
  rig_write(r, GPIOC + 0x28, 0x1);
  assert_int_equal(rig_read(r, GPIOC + 0x10), 2);
  rig_write(r, GPIOC, 0xF3FFFFC5); /* 2 input */
  rig_write(r, GPIOC + 0xC, 1 << 4);
  assert_int_equal(rig_read(r, GPIOC + 0x10), 6);
}

static void a_locked_pin_keeps_its_mode(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_AHB2ENR, 4);
  rig_write(r, GPIOC, 0);
  rig_write(r, GPIOC + 0x1C, 0x10002);
  rig_write(r, GPIOC + 0x1C, 0x00002);
  rig_write(r, GPIOC + 0x1C, 0x10002);
  assert_int_equal(rig_read(r, GPIOC + 0x1C), 0x10002);
  rig_write(r, GPIOC, 0xFFFFFFFF);
  assert_int_equal(rig_read(r, GPIOC), 0xFFFFFFF3);
}

static void a_pin_edge_raises_its_exti_line(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_AHB2ENR, 4);
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, GPIOC, 0xF3FFFFFF);
  soc_pin(r->soc, 'C', 13, true);
  rig_write(r, SYSCFG + 0x14, 2 << 4);
  rig_write(r, EXTI + 0xC, 1 << 13);
  rig_set(r, EXTI, 1 << 13);
  assert_false(irq_pending(r, 40));
  soc_pin(r->soc, 'C', 13, false);
  assert_true(irq_pending(r, 40));
  assert_int_equal(rig_read(r, EXTI + 0x14), 1 << 13);
  rig_write(r, EXTI + 0x14, 1 << 13);
  assert_int_equal(rig_read(r, EXTI + 0x14), 0);
  rig_write(r, EXTI + 0x10, 1 << 13); /* by software */
  assert_int_equal(rig_read(r, EXTI + 0x14), 1 << 13);
}

/* ---- CRC: values of the catalogue of parametrised CRC algorithms for "123456789" ---- */
static void crc_unit_computes_known_checksums(void **state)
{
  struct rig *r = *state;
  static const struct {
    uint32_t cr, init, poly, final, expected;
  } cases[] = {
      {0, 0xFFFFFFFF, 0x04C11DB7, 0, 0x0376E6E7},                        /* CRC-32/MPEG-2 */
      {1 << 5 | 1 << 7, 0xFFFFFFFF, 0x04C11DB7, 0xFFFFFFFF, 0xCBF43926}, /* CRC-32 */
      {1 << 3, 0, 0x1021, 0, 0x31C3},                                    /* CRC-16/XMODEM */
      {1 << 3 | 1 << 5 | 1 << 7, 0xFFFF, 0x8005, 0, 0x4B37},             /* CRC-16/MODBUS */
      {2 << 3, 0, 0x07, 0, 0xF4},                                        /* CRC-8 */
      {3 << 3, 0, 0x09, 0, 0x75},                                        /* CRC-7/MMC */
  };
  rig_set(r, RCC_AHB1ENR, 1 << 12);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rig_write(r, CRC + 0x14, cases[i].poly);
    rig_write(r, CRC + 0x10, cases[i].init);
    rig_write(r, CRC + 8, cases[i].cr | 1);
    for (const char *p = "123456789"; *p; p++)
      assert_true(rig_try(r, CRC, 1, (uint32_t)*p));
    assert_int_equal(rig_read(r, CRC) ^ cases[i].final, cases[i].expected);
  }
  /* a word is fed from its top; reversal by word reverses all of it */
  rig_write(r, CRC + 0x14, 0x04C11DB7);
  rig_write(r, CRC + 0x10, 0xFFFFFFFF);
  rig_write(r, CRC + 8, 1);
  rig_write(r, CRC, 0x31323334);
  uint32_t plain = rig_read(r, CRC);
  rig_write(r, CRC + 0x10, 0xFFFFFFFF); /* INIT loads DR */
  assert_int_equal(rig_read(r, CRC), 0xFFFFFFFF);
  rig_write(r, CRC + 8, 3 << 5);
  rig_write(r, CRC, 0x2CCC4C8C); /* 0x31323334 reversed */
  assert_int_equal(rig_read(r, CRC), plain);
  /* halfwords are reversed over no more than themselves */
  rig_write(r, CRC + 8, 3 << 5 | 1);
  assert_true(rig_try(r, CRC, 2, 0x4C8C));
  assert_true(rig_try(r, CRC, 2, 0x2CCC));
  assert_int_equal(rig_read(r, CRC), plain);
}

static void the_rng_needs_its_clock_and_repeats_from_run_to_run(void **state)
{
  struct rig *r = *state;
  uint32_t first[2];
  rig_set(r, RCC_AHB2ENR, 1 << 18);
  rig_write(r, RNG, 4);
  rig_us(r, 100);
  assert_int_equal(rig_read(r, RNG + 4) & 1, 0);
  assert_int_equal(rig_read(r, RNG + 4) >> 5 & 1, 1); /* CEIS */
  rig_write(r, RNG, 0);
  rig_write(r, RNG + 4, 0);
  rig_write(r, RCC_CCIPR, 3u << 26); /* MSI */
  for (unsigned run = 0; run < 2; run++) {
    rig_write(r, RNG, 4);
    uint32_t numbers[3];
    for (unsigned i = 0; i < 3; i++) {
      while (!(rig_read(r, RNG + 4) & 1))
        rig_us(r, 1);
      numbers[i] = rig_read(r, RNG + 8);
    }
    assert_true(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
    first[run] = numbers[0];
    struct rig *other = rig_new(NULL);
    rig_free(r);
    *state = r = other;
    rig_power_on(r);
    rig_set(r, RCC_AHB2ENR, 1 << 18);
    rig_write(r, RCC_CCIPR, 3u << 26);
  }
  assert_int_equal(first[0], first[1]);
}

/* ---- watchdog ---- */
static void a_refreshed_watchdog_does_not_bite_and_cannot_be_stopped(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, RCC_CSR) & 3, 0);
  rig_write(r, IWDG + 4, 0); /* locked: ignored */
  rig_write(r, IWDG, 0xCCCC);
  rig_write(r, RCC_CSR, 0);
  assert_int_equal(rig_read(r, RCC_CSR) & 3, 2); /* its oscillator runs without LSION and cannot be switched off */
  rig_write(r, IWDG, 0x5555);
  rig_write(r, IWDG + 4, 1); /* /8: 4 kHz */
  rig_write(r, IWDG + 8, 39);
  assert_int_equal(rig_read(r, IWDG + 0xC), 3);
  rig_write(r, IWDG + 8, 500); /* not before the last value has arrived */
  assert_int_equal(rig_read(r, IWDG + 8), 39);
  rig_us(r, 200);
  assert_int_equal(rig_read(r, IWDG + 0xC), 0);
  rig_write(r, RCC_CSR, 1 << 23);
  for (unsigned i = 0; i < 20; i++) {
    rig_write(r, IWDG, 0xAAAA);
    rig_us(r, 9000);
  }
  rig_write(r, IWDG, 0);
  rig_write(r, IWDG + 4, 6); /* any other key has locked it again */
  rig_write(r, IWDG + 8, 0xFFF);
  assert_int_equal(rig_read(r, IWDG + 4), 1);
  assert_int_equal(rig_read(r, IWDG + 8), 39);
  rig_write(r, RCC_CSR, 0); /* LSI off does not help */
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 0);
  rig_us(r, 1500);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 1);
  soc_clear_stats(r->soc);
  rig_us(r, 100000); /* the reset has stopped it */
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.resets, 0);
}

static void the_watchdog_window_refuses_an_early_refresh(void **state)
{
  struct rig *r = *state;
  rig_write(r, IWDG, 0xCCCC);
  rig_write(r, IWDG, 0x5555);
  rig_write(r, IWDG + 8, 100);
  rig_write(r, IWDG + 0x10, 50);
  rig_us(r, 8000); /* 64 ticks of 8 kHz */
  rig_write(r, IWDG, 0xAAAA);
  rig_us(r, 10);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 0);
  rig_write(r, IWDG, 0xAAAA);
  rig_us(r, 10);
  assert_int_equal(rig_read(r, RCC_CSR) >> 29 & 1, 1);
}

/* ---- memory ---- */
static void sram2_can_be_erased_and_write_protected(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, 0x10000400, 5);
  rig_write(r, SYSCFG + 0x18, 1); /* no key */
  assert_int_equal(rig_read(r, 0x10000400), 5);
  rig_write(r, SYSCFG + 0x24, 0xCA);
  rig_write(r, SYSCFG + 0x24, 0x53);
  rig_write(r, SYSCFG + 0x18, 1);
  assert_int_equal(rig_read(r, SYSCFG + 0x18), 2);
  assert_int_equal(rig_read(r, 0x10000400), 0);
  rig_write(r, SYSCFG + 0x20, 2);
  rig_write(r, SYSCFG + 0x20, 0); /* only set */
  assert_int_equal(rig_read(r, SYSCFG + 0x20), 2);
  assert_false(rig_try(r, 0x10000400, 4, 1));
  assert_null(soc_bus_direct(r->soc, 0x10000400, CPU_WRITE));
  assert_non_null(soc_bus_direct(r->soc, 0x10000400, CPU_READ));
  assert_true(rig_try(r, 0x10000800, 4, 1));
  soc_reset_pin(r->soc);
  assert_true(rig_try(r, 0x10000400, 4, 1));
}

static void ram_holds_the_same_noise_at_every_power_on_and_survives_resets(void **state)
{
  struct rig *r = *state;
  uint32_t noise = rig_read(r, SRAM1 + 0x8000);
  assert_true(noise != 0 && noise != rig_read(r, SRAM1 + 0x8004));
  rig_write(r, SRAM1 + 0x8000, 77);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, SRAM1 + 0x8000), 77);
  soc_power_off(r->soc);
  rig_power_on(r);
  assert_int_equal(rig_read(r, SRAM1 + 0x8000), noise);
}

static void sram1_can_be_seen_at_0(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, SRAM1 + 0x40, 0xAB);
  rig_write(r, SYSCFG, 3);
  assert_int_equal(rig_read(r, 0x40), 0xAB);
  rig_write(r, 0x44, 0xCD);
  assert_int_equal(rig_read(r, SRAM1 + 0x44), 0xCD);
  struct soc_access how = {SOC_BY_CPU, CPU_READ, 4, true};
  uint32_t value;
  assert_false(soc_bus_read(r->soc, 0x18000, &how, &value));
}

static void the_chip_knows_who_it_is(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, 0x1FFF75E0) & 0xFFFF, 1024);
  assert_true(rig_read(r, 0x1FFF7590) != 0xFFFFFFFF);
  assert_true(rig_read(r, 0x1FFF7598) != 0xFFFFFFFF);
  assert_int_equal(rig_read(r, 0xE0042000), 0x10076415);
}

static void figures_are_printed_as_json(void **state)
{
  struct rig *r = *state;
  char text[4096];
  rig_unlock(r);
  rig_erase(r, BANK2 + 0x800);
  rig_erase(r, BANK2 + 0x800);
  rig_erase(r, FLASH_BASE + 0x800);
  rig_program(r, FLASH_BASE + 0x800, 1);
  soc_reset_pin(r->soc);
  FILE *f = fmemopen(text, sizeof text, "w");
  soc_print_stats(r->soc, f);
  fclose(f);
  assert_non_null(strstr(text, "\"page_erases\":{\"0x08000800\":1,\"0x08080800\":2}"));
  assert_non_null(strstr(text, "\"programs\":1,\"erases\":3,\"max_page_erases\":2"));
  assert_non_null(strstr(text, "\"resets\":2,\"resets_by_cause\":{\"por\":1,\"nrst\":1,\"software\":0"));
  soc_clear_stats(r->soc);
  struct soc_stats s;
  soc_get_stats(r->soc, &s);
  assert_int_equal(s.instructions + s.idle + s.cycles + s.programs + s.erases + s.resets + s.max_page_erases, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(the_chip_starts_at_4_mhz_and_follows_the_msi_range),
      T(the_pll_makes_80_mhz_from_hsi),
      T(limits_of_the_silicon_are_reported),
      T(time_goes_on_evenly_when_the_clock_changes),
      T(without_clock_a_peripheral_reads_0_and_ignores_writes),
      T(ports_have_their_reset_values),
      T(unmodelled_registers_are_named_once_each),
      T(backup_registers_need_dbp_and_survive_reset_and_power_off),
      T(a_tamper_edge_erases_the_backup_registers_and_interrupts),
      T(a_tamper_pin_already_active_fires_when_enabled),
      T(a_filtered_tamper_pin_acts_on_its_level),
      T(pins_read_what_drives_or_pulls_them),
      T(a_locked_pin_keeps_its_mode),
      T(a_pin_edge_raises_its_exti_line),
      T(crc_unit_computes_known_checksums),
      T(the_rng_needs_its_clock_and_repeats_from_run_to_run),
      T(a_refreshed_watchdog_does_not_bite_and_cannot_be_stopped),
      T(the_watchdog_window_refuses_an_early_refresh),
      T(sram2_can_be_erased_and_write_protected),
      T(ram_holds_the_same_noise_at_every_power_on_and_survives_resets),
      T(sram1_can_be_seen_at_0),
      T(the_chip_knows_who_it_is),
      T(figures_are_printed_as_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
