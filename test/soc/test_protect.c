/* Read protection levels, PCROP and the debug port: who sees what, and how it ends when the power goes away. */
#include "test/soc/rig.h"

#include <string.h>

#define FACTORY   0xFFEFF8AAu
#define LEVEL0    FACTORY
#define LEVEL1    0xFFEFF8BBu
#define LEVEL2    0xFFEFF8CCu
#define NBOOT1    (1u << 23)
#define PCROP1SR  0x40022024u
#define PCROP1ER  0x40022028u
#define PCROP2SR  0x40022044u
#define PCROP2ER  0x40022048u
#define NO_START  0xFFFFu
#define PCROP_RDP 0x80000000u
#define SR_RDERR  0x4000u
#define SRAM2     0x10000000u
#define BKP       (RTC + 0x50)
#define SECRET    0x5EC4E7D05EC4E7D1ull
#define PLACE     (FLASH_BASE + 0x10000) /* where it lies */

static int set_up(void **state)
{
  struct rig *r = rig_new(NULL);
  rig_power_on(r);
  const uint64_t secret = SECRET;
  assert_true(soc_flash_load(r->soc, PLACE, &secret, 8));
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

struct option {
  uint32_t reg, value;
};

/* Returns SR after programming; launches when that was accepted. */
static uint32_t set_options(struct rig *r, const struct option *o, size_t count)
{
  rig_unlock(r);
  rig_unlock_options(r);
  for (size_t i = 0; i < count; i++)
    rig_write(r, o[i].reg, o[i].value);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
  if (!soc_powered(r->soc))
    return 0;
  uint32_t sr = rig_read(r, FLASH_SR);
  rig_write(r, FLASH_SR, sr);
  if (sr == 0) {
    rig_write(r, FLASH_CR, CR_OBL);
  } else {
    soc_reset_pin(r->soc); /* locks again, forgets the registers */
  }
  rig_us(r, 10);
  return sr;
}

static void set_level(struct rig *r, uint32_t optr)
{
  const struct option o = {FLASH_OPTR, optr};
  assert_int_equal(set_options(r, &o, 1), 0);
}

static void open_backup_domain(struct rig *r)
{
  rig_write(r, RCC_APB1ENR1, 1 << 28);
  rig_write(r, PWR_CR1, 0x300);
}

static void power_cycle(struct rig *r)
{
  soc_power_off(r->soc);
  rig_power_on(r);
}

/* What a debugger on the chip's own port gets. */
static bool dap_reads(struct rig *r, uint32_t addr, uint32_t *value)
{
  return soc_dap_read(r->soc, addr, 4, value);
}

static bool core_reads(struct rig *r, uint32_t addr, enum cpu_access kind, uint32_t *value)
{
  struct soc_access how = {SOC_BY_CPU, kind, kind == CPU_FETCH ? 2 : 4, true};
  return soc_bus_read(r->soc, addr, &how, value);
}

/* ---- levels ---- */
static void level_1_shows_a_debugger_ram_only_and_the_core_everything(void **state)
{
  struct rig *r = *state;
  uint32_t v = 0;
  open_backup_domain(r);
  rig_write(r, BKP, 0xB0);
  assert_true(dap_reads(r, BKP, &v));
  assert_int_equal(v, 0xB0);
  assert_true(dap_reads(r, PLACE, &v));
  assert_int_equal(v, (uint32_t)SECRET);
  assert_int_equal(soc_rdp(r->soc), 0);
  set_level(r, LEVEL1);
  assert_int_equal(soc_rdp(r->soc), 1);
  assert_true(rig_read64(r, PLACE) == SECRET);
  assert_true(rig_read64(r, PLACE - FLASH_BASE) == SECRET);
  rig_write(r, SRAM2, 1);
  assert_int_equal(rig_read(r, BKP), 0xB0);

  for (unsigned attached = 0; attached < 2; attached++) {
    const uint32_t closed[] = {FLASH_BASE, PLACE,          PLACE - FLASH_BASE, BANK2 + 0x7FFFC,
                               SRAM2,      SRAM2 + 0x7FFC, 0x1FFF7000};
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
      v = 0;
      assert_false(dap_reads(r, closed[i], &v));
      assert_int_equal(v, 0);
      assert_false(soc_dap_write(r->soc, closed[i], 4, 0));
    }
    const uint32_t open[] = {SRAM1, FLASH_OPTR, 0x1FFF7800, 0x1FFF7590, 0xE0042000};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
      assert_true(dap_reads(r, open[i], &v));
    assert_true(soc_dap_write(r->soc, SRAM1, 4, 1));
    soc_dap_attach(r->soc, true);
  }
  assert_true(dap_reads(r, BKP, &v));
  assert_int_equal(v, 0);
  soc_dap_attach(r->soc, false); /* too late */
  assert_false(core_reads(r, PLACE, CPU_READ, &v));
}

static void at_level_1_an_attached_debugger_closes_flash_to_the_core_until_power_on(void **state)
{
  struct rig *r = *state;
  uint32_t v = 0;
  open_backup_domain(r);
  rig_write(r, BKP, 0xB0);
  set_level(r, LEVEL1);
  open_backup_domain(r);
  /* a loop in flash, already decoded */
  const uint16_t loop[] = {0xBF00, 0xE7FD};
  assert_true(soc_flash_load(r->soc, PLACE + 0x100, loop, sizeof loop));
  cpu_set(soc_cpu(r->soc), CPU_PC, PLACE + 0x100);
  assert_int_equal(soc_run(r->soc, 100), SOC_STOP_LIMIT);
  soc_dap_attach(r->soc, true);
  assert_int_equal(soc_run(r->soc, 100), SOC_STOP_LOCKUP); /* its handlers are closed as well */
  for (unsigned i = 0; i < 3; i++) {
    assert_false(core_reads(r, PLACE, CPU_READ, &v));
    assert_false(core_reads(r, PLACE, CPU_FETCH, &v));
    assert_false(core_reads(r, SRAM2, CPU_READ, &v));
    assert_false(rig_try(r, SRAM2, 4, 1));
    assert_false(rig_try(r, PLACE, 4, 1));
    open_backup_domain(r);
    assert_int_equal(rig_read(r, BKP), 0);
    rig_write(r, BKP, 1);
    rig_unlock(r);
    assert_int_equal(rig_erase(r, PLACE), SR_WRPERR);
    rig_write(r, FLASH_SR, SR_WRPERR);
    rig_write(r, FLASH_CR, CR_MER1 | CR_START);
    assert_int_equal(rig_read(r, FLASH_SR), SR_WRPERR);
    soc_reset_pin(r->soc);
  }
  power_cycle(r);
  assert_true(rig_read64(r, PLACE) == SECRET);
  open_backup_domain(r);
  assert_int_equal(rig_read(r, BKP), 0xB0);
  rig_write(r, SRAM2, 1);
  /* at level 0 it is nobody's business */
  struct rig *open = rig_new(NULL);
  rig_power_on(open);
  soc_dap_attach(open->soc, true);
  rig_read(open, PLACE);
  set_level(open, LEVEL1); /* set by a debugger: in force with the launch */
  assert_false(core_reads(open, PLACE, CPU_READ, &v));
  rig_free(open);
}

static void starting_from_ram_or_system_memory_closes_flash_at_level_1_and_fails_at_level_2(void **state)
{
  struct rig *r = *state;
  uint32_t v;
  const uint32_t vectors[] = {SRAM1 + 0x1000, SRAM1 + 0x101};
  soc_pin(r->soc, 'H', 3, true);
  set_level(r, LEVEL0 & ~NBOOT1);
  /* what lies in SRAM1 now starts; the alias at 0 shows it */
  assert_true(soc_mem_write(r->soc, SRAM1, vectors, sizeof vectors));
  soc_reset_pin(r->soc);
  assert_int_equal(cpu_get(soc_cpu(r->soc), CPU_PC), SRAM1 + 0x100);
  assert_int_equal(rig_read(r, 4), SRAM1 + 0x101);
  assert_true(rig_read64(r, PLACE) == SECRET);
  set_level(r, LEVEL1 & ~NBOOT1);
  assert_int_equal(cpu_get(soc_cpu(r->soc), CPU_PC), SRAM1 + 0x100);
  assert_false(core_reads(r, PLACE, CPU_READ, &v));
  assert_false(core_reads(r, PLACE, CPU_FETCH, &v));
  assert_false(core_reads(r, SRAM2, CPU_READ, &v));
  soc_pin(r->soc, 'H', 3, false);
  soc_reset_pin(r->soc);
  assert_true(rig_read64(r, PLACE) == SECRET);
  set_level(r, LEVEL1); /* nBOOT1: system memory */
  soc_pin(r->soc, 'H', 3, true);
  soc_reset_pin(r->soc);
  assert_false(core_reads(r, PLACE, CPU_READ, &v));
  soc_pin(r->soc, 'H', 3, false);
  soc_reset_pin(r->soc);
  set_level(r, LEVEL2);
  soc_pin(r->soc, 'H', 3, true);
  soc_reset_pin(r->soc);
  assert_int_equal(rig_read(r, 4), SRAM1 + 0x101); /* flash all the same */
  assert_true(rig_read64(r, PLACE) == SECRET);
}

static void going_back_to_level_0_erases_flash_sram2_and_backup_registers(void **state)
{
  struct rig *r = *state;
  uint32_t v;
  const struct option closed[] = {{FLASH_OPTR, LEVEL1}, {FLASH_WRP1AR, 0x00200020}};
  assert_int_equal(set_options(r, closed, 2), 0);
  open_backup_domain(r);
  rig_write(r, BKP + 4, 0xB1);
  rig_write(r, SRAM2, 0x5EC4);
  soc_dap_attach(r->soc, true);
  uint64_t ops = soc_flash_ops(r->soc);
  set_level(r, LEVEL0);
  assert_int_equal(soc_flash_ops(r->soc) - ops, 2);
  assert_int_equal(soc_rdp(r->soc), 0);
  for (uint32_t at = 0; at < 0x100000; at += 4) {
    assert_true(soc_mem_read(r->soc, FLASH_BASE + at, &v, 4));
    assert_int_equal(v, 0xFFFFFFFF);
  }
  for (uint32_t at = 0; at < 0x8000; at += 4) {
    assert_true(soc_mem_read(r->soc, SRAM2 + at, &v, 4));
    assert_int_equal(v, 0);
  }
  assert_true(soc_mem_read(r->soc, BKP + 4, &v, 4));
  assert_int_equal(v, 0);
  assert_int_equal(rig_read(r, FLASH_WRP1AR), 0xFF20FF20); /* write protection stays */
}

static void level_2_is_for_good(void **state)
{
  struct rig *r = *state;
  uint32_t v = 0;
  set_level(r, LEVEL2);
  assert_int_equal(soc_rdp(r->soc), 2);
  assert_false(soc_dap_open(r->soc));
  const uint32_t places[] = {SRAM1, FLASH_OPTR, PLACE, 0x1FFF7800, 0xE0042000};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    assert_false(dap_reads(r, places[i], &v));
    assert_false(soc_dap_write(r->soc, places[i], 4, 1));
  }
  const struct option tries[] = {{FLASH_OPTR, LEVEL0}, {FLASH_OPTR, LEVEL1}, {FLASH_WRP1AR, 0}, {PCROP1SR, 0}};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(set_options(r, &tries[i], 1), SR_WRPERR);
  power_cycle(r);
  assert_int_equal(soc_rdp(r->soc), 2);
  assert_true(rig_read64(r, PLACE) == SECRET);
  soc_dap_attach(r->soc, true); /* nobody is there */
  assert_true(rig_read64(r, PLACE) == SECRET);
}

/* The promise of a cut: no device at level 0 that still holds the secret. */
static void a_cut_in_the_way_back_leaves_no_secret_at_level_0(void **state)
{
  (void)state;
  unsigned level0 = 0, level1 = 0;
  for (uint32_t seed = 0; seed < 40; seed++) {
    void *s;
    set_up(&s);
    struct rig *r = s;
    set_level(r, LEVEL1);
    soc_cut(r->soc, 1 + seed % 2, seed & 2 ? SOC_CUT_TORN : SOC_CUT_CLEAN, seed);
    set_level(r, LEVEL0);
    assert_false(soc_powered(r->soc));
    soc_power_on(r->soc);
    uint64_t v = 0;
    assert_true(soc_mem_read(r->soc, PLACE, &v, 8));
    if (soc_rdp(r->soc) == 0)
      assert_true(v == UINT64_MAX);
    level0 += soc_rdp(r->soc) == 0;
    level1 += soc_rdp(r->soc) == 1;
    rig_free(r);
  }
  assert_in_range(level0, 5, 35);
  assert_in_range(level1, 5, 35);
}

/* ---- PCROP ---- */
static void execute_only_flash_can_be_fetched_and_nothing_else(void **state)
{
  struct rig *r = *state;
  uint32_t v;
  /* movs r0, #7; ldr r1, [pc, #0]; b .; its literal, in one double word and the next */
  const uint16_t code[] = {0x2007, 0x4901, 0xBF00, 0xE7FE, 0x1234, 0x5678, 0xFFFF, 0xFFFF};
  const uint32_t at = PLACE + 0x100, first = (at - FLASH_BASE) / 8;
  assert_true(soc_flash_load(r->soc, at, code, sizeof code));
  const struct option area[] = {{PCROP1SR, first}, {PCROP1ER, first + 1}};
  assert_int_equal(set_options(r, area, 2), 0);

  rig_write(r, FLASH_CR, 0);
  cpu_set(soc_cpu(r->soc), 1, 99);
  cpu_set(soc_cpu(r->soc), CPU_PC, at);
  assert_int_equal(soc_run(r->soc, 5), SOC_STOP_LIMIT);
  assert_int_equal(cpu_get(soc_cpu(r->soc), 0), 7);
  assert_int_equal(cpu_get(soc_cpu(r->soc), 1), 0);
  assert_int_equal(rig_read(r, FLASH_SR), SR_RDERR);
  rig_write(r, FLASH_SR, SR_RDERR);
  for (uint32_t offset = 0; offset < 16; offset += 4) {
    assert_true(core_reads(r, at + offset, CPU_READ, &v));
    assert_int_equal(v, 0);
    assert_true(core_reads(r, at - FLASH_BASE + offset, CPU_READ, &v));
    assert_int_equal(v, 0);
    assert_true(dap_reads(r, at + offset, &v));
    assert_int_equal(v, 0);
  }
  assert_int_equal(rig_read(r, FLASH_SR), SR_RDERR);
  rig_write(r, FLASH_SR, SR_RDERR);
  rig_read(r, at - 4);
  rig_read(r, at + 16);
  assert_int_equal(rig_read(r, FLASH_SR), 0);

  rig_unlock(r);
  assert_int_equal(rig_program(r, at + 8, 0), SR_WRPERR);
  rig_write(r, FLASH_SR, SR_WRPERR);
  assert_int_equal(rig_program(r, at + 16, 0), 0);
  assert_int_equal(rig_erase(r, at + 0x400), SR_WRPERR); /* the page that holds it */
  rig_write(r, FLASH_SR, SR_WRPERR);
  assert_int_equal(rig_erase(r, at + 0x800), 0);
  rig_write(r, FLASH_CR, CR_MER1 | CR_START);
  assert_int_equal(rig_read(r, FLASH_SR), SR_WRPERR);
  rig_write(r, FLASH_SR, SR_WRPERR);
  rig_write(r, FLASH_CR, 0);

  /* the interrupt: RDERRIE */
  rig_write(r, FLASH_CR, 1 << 26);
  assert_false(cpu_scs_read(soc_cpu(r->soc), 0xE000E200) >> 4 & 1);
  rig_read(r, at);
  assert_true(cpu_scs_read(soc_cpu(r->soc), 0xE000E200) >> 4 & 1);
}

static void a_pcrop_area_lies_in_its_bank_wherever_that_is_mapped(void **state)
{
  struct rig *r = *state;
  const uint32_t first = 0x10000 / 8;
  const struct option area[] = {{PCROP2SR, first}, {PCROP2ER, first}};
  const uint64_t other = 0x1122334455667788;
  assert_true(soc_flash_load(r->soc, BANK2 + 0x10000, &other, 8));
  assert_int_equal(set_options(r, area, 2), 0);
  assert_true(rig_read64(r, PLACE) == SECRET);
  assert_true(rig_read64(r, BANK2 + 0x10000) == 0);
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, SYSCFG, 0x100);
  assert_true(rig_read64(r, PLACE) == 0);
  assert_true(rig_read64(r, BANK2 + 0x10000) == SECRET);
}

static void a_pcrop_area_can_only_grow_and_its_fate_only_tighten(void **state)
{
  struct rig *r = *state;
  const struct option area[] = {{PCROP1SR, 0x2000}, {PCROP1ER, 0x2FFF | PCROP_RDP}};
  assert_int_equal(set_options(r, area, 2), 0);
  const struct option worse[][2] = {
      {{PCROP1SR, 0x2001}, {PCROP1ER, 0x2FFF | PCROP_RDP}},
      {{PCROP1SR, 0x2000}, {PCROP1ER, 0x2FFE | PCROP_RDP}},
      {{PCROP1SR, NO_START}, {PCROP1ER, PCROP_RDP}},
      {{PCROP1SR, 0x2000}, {PCROP1ER, 0x2FFF}},
  };
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(set_options(r, worse[i], 2), SR_WRPERR);
    assert_int_equal(rig_read(r, PCROP1SR) & 0xFFFF, 0x2000);
    assert_int_equal(rig_read(r, PCROP1ER) & 0x8000FFFF, 0x2FFF | PCROP_RDP);
  }
  const struct option larger[] = {{PCROP1SR, 0x1FFF}, {PCROP1ER, 0x3000 | PCROP_RDP}};
  assert_int_equal(set_options(r, larger, 2), 0);
  /* Stored is stored, before it is loaded, too. */
  rig_unlock(r);
  rig_unlock_options(r);
  rig_write(r, PCROP1ER, 0x3100 | PCROP_RDP);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
  assert_int_equal(rig_read(r, FLASH_SR) & SR_WRPERR, 0);
  rig_write(r, PCROP1ER, 0x3000 | PCROP_RDP);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
  assert_int_equal(rig_read(r, FLASH_SR) & SR_WRPERR, SR_WRPERR);
}

static void pcrop_rdp_says_whether_the_area_survives_going_back_to_level_0(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    void *s;
    set_up(&s);
    struct rig *r = s;
    uint32_t first = (PLACE - FLASH_BASE) / 8;
    const uint64_t other = 1;
    uint64_t v = 0;
    assert_true(soc_flash_load(r->soc, PLACE + 0x800, &other, 8));
    const struct option area[] = {{PCROP1SR, first}, {PCROP1ER, first | (i ? PCROP_RDP : 0)}, {FLASH_OPTR, LEVEL1}};
    assert_int_equal(set_options(r, area, 3), 0);
    set_level(r, LEVEL0);
    assert_true(soc_mem_read(r->soc, PLACE + 0x800, &v, 8));
    assert_true(v == UINT64_MAX);
    assert_true(soc_mem_read(r->soc, PLACE, &v, 8));
    assert_true(v == (i ? UINT64_MAX : SECRET));
    assert_true(rig_read64(r, PLACE) == (i ? UINT64_MAX : 0)); /* no area any more; still closed */
    rig_free(r);
  }
}

/* ---- the debug port ---- */
static void the_debug_port_is_where_its_pins_are(void **state)
{
  const struct {
    uint32_t reg, mask, value;
  } ways[] = {{GPIOA, 3u << 26, 1u << 26},           /* PA13: output */
              {GPIOA, 3u << 28, 0},                  /* PA14: input */
              {GPIOA, 3u << 30, 3u << 30},           /* PA15: analog */
              {GPIOA + 0x24, 15u << 20, 1u << 20},   /* PA13: another function */
              {GPIOA + 0x400, 3u << 6, 3u << 6},     /* PB3: analog */
              {GPIOA + 0x420, 15u << 12, 1u << 12}}; /* PB3: another function */
  struct rig *r = *state;
  uint32_t v;
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    assert_true(soc_dap_open(r->soc));
    assert_true(dap_reads(r, SRAM1, &v));
    rig_write(r, RCC_AHB2ENR, 3);
    rig_write(r, ways[i].reg, (rig_read(r, ways[i].reg) & ~ways[i].mask) | ways[i].value);
    assert_false(soc_dap_open(r->soc));
    assert_false(dap_reads(r, SRAM1, &v));
    soc_reset_pin(r->soc);
  }
  soc_power_off(r->soc);
  assert_false(soc_dap_open(r->soc));
}

/* soc_mem_read() and soc_flash_load() are the judge's. */
static void the_simulators_window_sees_past_every_protection(void **state)
{
  struct rig *r = *state;
  uint64_t v = 0, w = 42;
  set_level(r, LEVEL2);
  assert_true(soc_mem_read(r->soc, PLACE, &v, 8));
  assert_true(v == SECRET);
  assert_true(soc_flash_load(r->soc, PLACE, &w, 8));
  assert_true(rig_read64(r, PLACE) == 42);
  assert_true(soc_mem_write(r->soc, SRAM2 + 0x7FF8, &w, 8));
  assert_true(rig_read64(r, SRAM2 + 0x7FF8) == 42);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(level_1_shows_a_debugger_ram_only_and_the_core_everything),
      T(at_level_1_an_attached_debugger_closes_flash_to_the_core_until_power_on),
      T(starting_from_ram_or_system_memory_closes_flash_at_level_1_and_fails_at_level_2),
      T(going_back_to_level_0_erases_flash_sram2_and_backup_registers),
      T(level_2_is_for_good),
      cmocka_unit_test(a_cut_in_the_way_back_leaves_no_secret_at_level_0),
      T(execute_only_flash_can_be_fetched_and_nothing_else),
      T(a_pcrop_area_lies_in_its_bank_wherever_that_is_mapped),
      T(a_pcrop_area_can_only_grow_and_its_fate_only_tighten),
      cmocka_unit_test(pcrop_rdp_says_whether_the_area_survives_going_back_to_level_0),
      T(the_debug_port_is_where_its_pins_are),
      T(the_simulators_window_sees_past_every_protection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
