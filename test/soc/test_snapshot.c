/* Snapshots, the hash of a state, skipping and tracing: what campaigns rest on. */
#include "sim/soc/nvm.h"
#include "test/soc/rig.h"

#include <string.h>

#define PROGRAM (SRAM1 + 0x200)
#define DATA    (SRAM1 + 0x800)

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

/* r0 = 1, r0 = 1, r2 = sum of 10 ... 1, stored at r1; then it stays. */
static void load_program(struct rig *r)
{
  const uint16_t code[] = {0x2001, 0x2001, 0x200A, 0x2200, 0x1812, 0x1E40, 0xD1FC, 0x600A, 0xE7FE};
  assert_true(soc_mem_write(r->soc, PROGRAM, code, sizeof code));
  cpu_set(soc_cpu(r->soc), 1, DATA);
  cpu_set(soc_cpu(r->soc), CPU_PC, PROGRAM);
}

/* Everything that a chip can be busy with. */
static void make_trouble(struct rig *r, uint32_t seed)
{
  const struct soc_host keep = r->soc->host;
  rig_unlock(r);
  rig_erase(r, BANK2);
  rig_program(r, BANK2 + 0x1000, seed);
  rig_program(r, 0x1FFF7000, seed);
  rig_write(r, SRAM1 + 0x4000, seed);
  rig_write(r, 0x10000000, seed);
  rig_write(r, IWDG, 0xCCCC);
  rig_unlock_options(r);
  rig_write(r, FLASH_WRP1AR, seed & 0x00FF00FF);
  rig_write(r, FLASH_CR, CR_OPTSTRT);
  rig_wait_flash(r);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 8 << 3);
  rig_write(r, FLASH_CR, CR_PER | CR_BKER | 8 << 3 | CR_START); /* stays under way */
  rig_us(r, 10);
  assert_memory_equal(&keep, &r->soc->host, sizeof keep);
}

static void a_snapshot_brings_everything_back_as_often_as_wanted(void **state)
{
  struct rig *r = *state;
  const uint64_t old = 0x1122334455667788;
  soc_flash_load(r->soc, BANK2, &old, 8);
  soc_flash_load(r->soc, BANK2 + 0x4000, &old, 8);
  soc_cut(r->soc, 1, SOC_CUT_TORN, 3);
  rig_unlock(r);
  rig_program(r, BANK2 + 0x2000, 1); /* a damaged cell */
  rig_power_on(r);
  uint64_t hash0 = soc_hash(r->soc, NULL, 0), count0 = cpu_instructions(soc_cpu(r->soc)), now0 = soc_now(r->soc);
  struct soc_snapshot *s0 = soc_save_snapshot(r->soc);
  uint64_t ops0 = soc_flash_ops(r->soc);

  make_trouble(r, 0x12340056);
  uint64_t hash1 = soc_hash(r->soc, NULL, 0), now1 = soc_now(r->soc);
  assert_true(hash1 != hash0);
  struct soc_snapshot *s1 = soc_save_snapshot(r->soc);
  rig_us(r, 30000);
  assert_true(rig_read64(r, BANK2 + 0x4000) == UINT64_MAX); /* the erase has ended */
  uint64_t hash2 = soc_hash(r->soc, NULL, 0);
  for (unsigned i = 0; i < 3; i++) {
    soc_load_snapshot(r->soc, s0);
    assert_true(soc_hash(r->soc, NULL, 0) == hash0);
    assert_true(cpu_instructions(soc_cpu(r->soc)) == count0 && soc_now(r->soc) == now0);
    assert_true(soc_flash_ops(r->soc) == ops0);
    assert_true(rig_read64(r, BANK2) == old);
    assert_int_equal(r->soc->model->array(r->soc, 0)->cell_count, 1);
    make_trouble(r, 0x12340056);
    assert_true(soc_hash(r->soc, NULL, 0) == hash1 && soc_now(r->soc) == now1);
    rig_write(r, SRAM1 + 0x5000, 5);
    rig_us(r, 50000);
    soc_load_snapshot(r->soc, s1);
    assert_true(soc_hash(r->soc, NULL, 0) == hash1 && soc_now(r->soc) == now1);
    uint64_t v;
    assert_true(soc_mem_read(r->soc, BANK2 + 0x4000, &v, 8));
    assert_true(v == old); /* under way again */
    rig_us(r, 30000);
    assert_true(rig_read64(r, BANK2 + 0x4000) == UINT64_MAX);
    assert_true(soc_hash(r->soc, NULL, 0) == hash2);
  }
  soc_free_snapshot(r->soc, s1);
  soc_free_snapshot(r->soc, s0);
}

/* Without its power, in a reset asked for, with a watchdog running: a snapshot is a snapshot. */
static void life_is_part_of_a_snapshot(void **state)
{
  struct rig *r = *state;
  rig_write(r, IWDG, 0xCCCC);
  struct soc_snapshot *on = soc_save_snapshot(r->soc);
  soc_power_off(r->soc);
  struct soc_snapshot *off = soc_save_snapshot(r->soc);
  const struct soc_host other = {.ctx = state, .log = r->soc->host.log}, old = r->soc->host;
  soc_attach(r->soc, &other); /* the host is not part of it */
  soc_load_snapshot(r->soc, on);
  assert_ptr_equal(r->soc->host.ctx, state);
  soc_attach(r->soc, &old);
  soc_load_snapshot(r->soc, on);
  assert_true(soc_powered(r->soc));
  rig_us(r, 513000);
  assert_int_equal(r->soc->resets[SOC_CAUSE_IWDG], 1);
  soc_load_snapshot(r->soc, off);
  assert_false(soc_powered(r->soc));
  assert_int_equal(soc_run(r->soc, 1), SOC_STOP_POWER);
  soc_load_snapshot(r->soc, on);
  rig_us(r, 511000);
  assert_int_equal(r->soc->resets[SOC_CAUSE_IWDG], 0);
  soc_free_snapshot(r->soc, on);
  soc_free_snapshot(r->soc, off);
}

static void the_hash_sees_state_and_not_time(void **state)
{
  struct rig *r = *state;
  load_program(r);
  struct soc_snapshot *s = soc_save_snapshot(r->soc);
  soc_run(r->soc, 60);
  uint64_t end = soc_hash(r->soc, NULL, 0);
  soc_run(r->soc, 1000);
  assert_true(soc_hash(r->soc, NULL, 0) == end);

  /* the first instruction makes no difference; the fourth does */
  soc_load_snapshot(r->soc, s);
  soc_skip(r->soc);
  soc_run(r->soc, 60);
  assert_true(soc_hash(r->soc, NULL, 0) == end);
  soc_load_snapshot(r->soc, s);
  cpu_set(soc_cpu(r->soc), 2, 5);
  soc_run(r->soc, 3);
  soc_skip(r->soc);
  soc_run(r->soc, 60);
  assert_true(soc_hash(r->soc, NULL, 0) != end);
  uint32_t v;
  assert_true(soc_mem_read(r->soc, DATA, &v, 4));
  assert_int_equal(v, 60);

  /* each kind of state */
  const struct {
    uint32_t addr, value;
  } pokes[] = {{DATA, 1}, {0x10007FFC, 1}, {SRAM1 + 0x17FFC, 1}, {RCC_AHB1ENR, 1}, {EXTI, 1}};
  for (size_t i = 0; i < 5; i++) {
    soc_load_snapshot(r->soc, s);
    uint64_t before = soc_hash(r->soc, NULL, 0);
    rig_write(r, pokes[i].addr, pokes[i].value);
    assert_true(soc_hash(r->soc, NULL, 0) != before);
  }
  const unsigned regs[] = {0, 12, CPU_SP, CPU_LR, CPU_PC, CPU_PSP, CPU_PRIMASK, CPU_BASEPRI, CPU_CONTROL, CPU_S0 + 31};
  for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++) {
    soc_load_snapshot(r->soc, s);
    uint64_t before = soc_hash(r->soc, NULL, 0);
    cpu_set(soc_cpu(r->soc), regs[i], regs[i] >= CPU_PRIMASK && regs[i] < CPU_S0 ? 0x10 | 1 : 0x20000F00);
    assert_true(soc_hash(r->soc, NULL, 0) != before);
  }
  soc_load_snapshot(r->soc, s);
  uint64_t before = soc_hash(r->soc, NULL, 0), one = 1;
  soc_flash_load(r->soc, BANK2 + 0x7FFF8, &one, 8);
  assert_true(soc_hash(r->soc, NULL, 0) != before);
  one = UINT64_MAX;
  soc_flash_load(r->soc, BANK2 + 0x7FFF8, &one, 8);
  assert_true(soc_hash(r->soc, NULL, 0) == before); /* contents count, not history */

  /* what may be left out */
  const struct soc_range ignored[] = {{DATA, 8}, {SRAM1 + 0x10, 4}};
  before = soc_hash(r->soc, ignored, 2);
  rig_write(r, DATA + 4, 77);
  rig_write(r, SRAM1 + 0x10, 77);
  assert_true(soc_hash(r->soc, ignored, 2) == before);
  rig_write(r, DATA + 8, 77);
  assert_true(soc_hash(r->soc, ignored, 2) != before);
  rig_write(r, DATA + 8, 0);
  soc_free_snapshot(r->soc, s);
}

static void a_trace_holds_each_executed_address(void **state)
{
  struct rig *r = *state;
  load_program(r);
  uint32_t pcs[64];
  enum soc_stop stop;
  struct soc_snapshot *s = soc_save_snapshot(r->soc);
  assert_int_equal(soc_trace(r->soc, pcs, 64, &stop), 64);
  assert_int_equal(stop, SOC_STOP_LIMIT);
  assert_int_equal(cpu_instructions(soc_cpu(r->soc)), 64);
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(pcs[i], PROGRAM + 2 * i);
  for (unsigned i = 0; i < 30; i++)
    assert_int_equal(pcs[4 + i], PROGRAM + 8 + 2 * (i % 3));
  assert_int_equal(pcs[34], PROGRAM + 14);
  for (unsigned i = 35; i < 64; i++)
    assert_int_equal(pcs[i], PROGRAM + 16);
  uint64_t end = soc_hash(r->soc, NULL, 0);
  soc_load_snapshot(r->soc, s);
  soc_run(r->soc, 64);
  assert_true(soc_hash(r->soc, NULL, 0) == end);
  soc_free_snapshot(r->soc, s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(a_snapshot_brings_everything_back_as_often_as_wanted),
      T(life_is_part_of_a_snapshot),
      T(the_hash_sees_state_and_not_time),
      T(a_trace_holds_each_executed_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
