/* The firewall: what the code behind the gate may do, and that each way past it ends in a reset with its flag. The
 * attacks are in target/firewall.S. */
#include "sim/soc/l4/l4.h"
#include "test/soc/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAILBOX 0x20017F00u
#define CODE    0x08001000u
#define NVDATA  0x08081000u
#define VDATA   0x20000040u
#define SECRET  0x5EC4E7D0u
#define COUNTER 41u

enum attack {
  CALL,
  CALL_MIDDLE,
  WORD1,
  WORD3,
  MIDDLE,
  READ_CODE,
  READ_GATE,
  READ_NV,
  READ_V,
  WRITE_V,
  READ_ALIAS,
  INTERRUPTED,
  REGISTERS,
  SYSCFG_RESET,
  CLOCK_OFF,
  SWITCH_OFF,
  SWAP,
  RUN_V,
  RUN_V_GATE,
  CONTROL,
  RUN_NV,
  CALL_ALIAS,
  BRANCH_GATE,
  NONE
};
enum { FPA = 1, VDS = 2, VDE = 4 };
enum { NO_PRE_ARM = 1, WRITES_CODE = 2, RUNS_V = 4, RUNS_NV = 8 };

static const char *image_path;
static uint8_t image[65536];
static size_t image_size;

struct setup {
  uint32_t code, code_size, nv, nv_size, v, v_size, cr;
};
static const struct setup usual = {0x1000, 0x200, 0x81000, 0x100, 0x40, 0x40, 0};

static struct rig *run_with(enum attack attack, struct setup s, uint32_t argument)
{
  struct rig *r = rig_new(NULL);
  const uint32_t nv[64] = {SECRET}, v[2] = {COUNTER};
  const uint32_t mailbox[17] = {attack, s.code, s.code_size, s.nv, s.nv_size, s.v, s.v_size, s.cr, argument};
  assert_true(soc_flash_load(r->soc, FLASH_BASE, image, image_size));
  assert_true(soc_flash_load(r->soc, NVDATA, nv, sizeof nv));
  soc_power_on(r->soc);
  assert_true(soc_mem_write(r->soc, MAILBOX, mailbox, sizeof mailbox));
  assert_true(soc_mem_write(r->soc, VDATA, v, sizeof v));
  assert_int_equal(soc_run(r->soc, 2000), SOC_STOP_IDLE);
  return r;
}

static uint32_t result(struct rig *r, unsigned i)
{
  uint32_t v;
  assert_true(soc_mem_read(r->soc, MAILBOX + 32 + 4 * i, &v, 4));
  return v;
}

/* The chip was reset once, by the firewall, and says so. */
static void assert_reset(struct rig *r)
{
  assert_int_equal(result(r, 7), 2);
  assert_int_equal(result(r, 8) >> 24, 0x01 | 0x0C); /* FWRSTF; PINRSTF and BORRSTF of power-on */
  assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 1);
  for (unsigned i = 0; i < 7; i++)
    assert_int_not_equal(result(r, i), SECRET);
}

static void assert_no_reset(struct rig *r)
{
  assert_int_equal(result(r, 7), 1);
  assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 0);
}

static void code_behind_the_gate_uses_all_segments_and_returns(void **state)
{
  (void)state;
  const enum attack calls[] = {CALL, CALL_ALIAS, BRANCH_GATE};
  for (unsigned i = 0; i < 3; i++) {
    struct rig *r = run_with(calls[i], usual, 0);
    assert_no_reset(r);
    assert_int_equal(result(r, 0), SECRET);
    if (i == 0) {
      uint32_t word;
      memcpy(&word, image + 0x1020, 4);
      assert_int_equal(result(r, 1), word);
      assert_int_equal(result(r, 2), COUNTER + 1);
    }
    /* closed again */
    assert_false(soc_dap_read(r->soc, NVDATA, 4, &(uint32_t){0}));
    rig_free(r);
  }
}

static void every_way_past_the_gate_is_a_reset(void **state)
{
  (void)state;
  const enum attack ways[] = {WORD1, WORD3, MIDDLE, READ_CODE, READ_GATE, READ_NV, READ_V, WRITE_V, READ_ALIAS, RUN_NV};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    struct rig *r = run_with(ways[i], usual, 0);
    assert_reset(r);
    rig_free(r);
  }
}

static void the_gate_must_be_passed_without_another_fetch(void **state)
{
  (void)state;
  struct setup s = usual;
  s.code = 0x2000;
  struct rig *r = run_with(INTERRUPTED, s, 0);
  assert_reset(r);
  assert_true(rig_logged(r, "entered past the gate at 0x08002008"));
  rig_free(r);
}

static void leaving_needs_the_pre_arm_flag(void **state)
{
  (void)state;
  struct rig *r = run_with(CALL_MIDDLE, usual, NO_PRE_ARM);
  assert_reset(r);
  assert_true(rig_logged(r, "left without the pre-arm flag"));
  rig_free(r);
}

static void open_segments_keep_their_own_rules(void **state)
{
  (void)state;
  const uint32_t ways[] = {WRITES_CODE, RUNS_V, RUNS_NV};
  for (unsigned i = 0; i < 3; i++) {
    struct rig *r = run_with(CALL_MIDDLE, usual, ways[i]);
    assert_reset(r);
    rig_free(r);
  }
}

static void it_cannot_be_switched_off_or_moved_before_a_reset(void **state)
{
  (void)state;
  const struct {
    enum attack attack;
    uint32_t read_back;
  } ways[] = {{REGISTERS, 0x200}, {SYSCFG_RESET, 0x7C000000}, {CLOCK_OFF, 0x80}, {SWITCH_OFF, 0}};
  for (unsigned i = 0; i < 4; i++) {
    struct rig *r = run_with(ways[i].attack, usual, 0);
    assert_reset(r);
    assert_int_equal(result(r, 1), ways[i].read_back);
    assert_true(rig_logged(r, "read at 0x08081000"));
    rig_free(r);
  }
}

static void segments_lie_at_their_own_granularity(void **state)
{
  (void)state;
  struct setup s = usual;
  s.nv_size = 0;
  s.v = 0x80; /* the next 64 bytes */
  struct rig *r = run_with(READ_V, s, 0);
  assert_no_reset(r);
  assert_int_equal(result(r, 0), COUNTER);
  rig_free(r);
  const struct {
    uint32_t addr;
    bool open;
  } edges[] = {{0x2000007C, true}, {0x20000080, false}, {0x200000BC, false},   {0x200000C0, true},
               {CODE - 4, true},   {CODE, false},       {CODE + 0x1FC, false}, {CODE + 0x200, true}};
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
    uint32_t word;
    r = run_with(NONE, s, 0);
    assert_int_equal(soc_dap_read(r->soc, edges[i].addr, 4, &word), edges[i].open);
    assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], !edges[i].open);
    rig_free(r);
  }
  r = run_with(READ_NV, s, 0); /* length 0: not protected */
  assert_no_reset(r);
  assert_int_equal(result(r, 0), SECRET);
  rig_free(r);
  /* bits below the granularity do not exist */
  s = usual;
  s.code_size = 0xFF;
  s.nv += 0xFF;
  s.v_size = 0x3F;
  r = run_with(NONE, s, 0);
  assert_int_equal(rig_read(r, 0x40011C04), 0);
  assert_int_equal(rig_read(r, 0x40011C08), 0x81000);
  assert_int_equal(rig_read(r, 0x40011C14), 0);
  rig_free(r);
}

static void shared_and_executable_volatile_data(void **state)
{
  (void)state;
  const uint16_t code[] = {0xDE00, 0xDE00, 0xBF00, 0xBF00, 0xE7FF, 0xBF00, 0x207B, 0x2107, 0x6219, 0x4770};
  const struct {
    uint32_t cr;
    enum attack attack;
    bool reset;
  } cases[] = {
      {VDS, READ_V, false},  {VDS, WRITE_V, false},    {VDS | VDE, READ_V, false},
      {VDE, READ_V, true},   {VDE, RUN_V, true},       {0, RUN_V, true},
      {0, RUN_V_GATE, true}, {VDE, RUN_V_GATE, false}, {VDS, RUN_V_GATE, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    /* what the program finds in volatile data: a gate, then r0 = 123, FW_CR = 7 (r3: the firewall), return */
    struct rig *r = rig_new(NULL);
    struct setup s = usual;
    const uint32_t mailbox[17] = {
        cases[i].attack, s.code, s.code_size, s.nv, cases[i].cr & VDS ? 0 : s.nv_size, s.v, s.v_size, cases[i].cr};
    assert_true(soc_flash_load(r->soc, FLASH_BASE, image, image_size));
    soc_power_on(r->soc);
    cpu_set(soc_cpu(r->soc), 3, 0x40011C00);
    assert_true(soc_mem_write(r->soc, MAILBOX, mailbox, sizeof mailbox));
    assert_true(soc_mem_write(r->soc, VDATA, code, sizeof code));
    assert_int_equal(soc_run(r->soc, 2000), SOC_STOP_IDLE);
    if (cases[i].reset) {
      assert_reset(r);
    } else {
      assert_no_reset(r);
      if (cases[i].attack == RUN_V_GATE)
        assert_int_equal(result(r, 0), 123);
    }
    rig_free(r);
  }
}

static void its_control_register_is_behind_the_gate_with_a_non_volatile_segment(void **state)
{
  (void)state;
  struct rig *r = run_with(CONTROL, usual, 0);
  assert_reset(r);
  rig_free(r);
  struct setup s = usual;
  s.nv_size = 0;
  r = run_with(CONTROL, s, 0);
  assert_no_reset(r);
  assert_int_equal(result(r, 0), 1);
  rig_free(r);
}

/* The attack that makes firmware cover both banks: the firewall watches addresses. */
static void a_bank_swap_lays_the_code_open_unless_its_mirror_is_covered(void **state)
{
  (void)state;
  uint32_t word;
  memcpy(&word, image + 0x1020, 4);
  struct setup s = usual;
  s.nv = 0x82000;
  struct rig *r = run_with(SWAP, s, 0);
  assert_no_reset(r);
  assert_int_equal(result(r, 0), word);
  rig_free(r);
  s.nv = 0x81000; /* the mirror of the code */
  r = run_with(SWAP, s, 0);
  assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 1);
  assert_int_not_equal(result(r, 0), word);
  rig_free(r);
}

static bool by(struct rig *r, enum soc_master master, uint32_t addr, enum cpu_access kind)
{
  struct soc_access how = {master, kind, 4, true};
  uint32_t v = 0;
  bool ok = kind == CPU_WRITE ? soc_bus_write(r->soc, addr, &how, 1) : soc_bus_read(r->soc, addr, &how, &v);
  assert_int_not_equal(v, SECRET);
  return ok;
}

static void dma_and_debuggers_are_watched_as_well(void **state)
{
  (void)state;
  const uint32_t places[] = {CODE, CODE + 0x1FC, NVDATA, VDATA, VDATA + 0x3C};
  for (unsigned i = 0; i < 20; i++) {
    struct rig *r = run_with(NONE, usual, 0);
    enum soc_master master = i & 1 ? SOC_BY_DMA : SOC_BY_DAP;
    uint32_t addr = places[i / 4];
    if (i & 2 && addr >= FLASH_BASE && addr < 0x10000000)
      addr -= FLASH_BASE; /* the alias */
    bool ok = by(r, master, addr, i & 2 && addr >= SRAM1 ? CPU_WRITE : CPU_READ);
    assert_int_equal(ok, master == SOC_BY_DMA);
    soc_run(r->soc, 100);
    assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 1);
    rig_free(r);
  }
  for (unsigned i = 0; i < 3; i++) { /* and while the code behind the gate works */
    struct rig *r = run_with(NONE, usual, 0);
    struct l4 *l4 = r->soc->chip;
    l4->firewall.state = L4_FW_OPEN;
    by(r, SOC_BY_DMA, places[2 * i], CPU_READ);
    l4->firewall.state = L4_FW_CLOSED;
    soc_run(r->soc, 100);
    assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 1);
    rig_free(r);
  }
  struct rig *r = run_with(NONE, usual, 0);
  assert_true(by(r, SOC_BY_DMA, VDATA - 4, CPU_WRITE));
  assert_true(by(r, SOC_BY_DAP, VDATA + 0x40, CPU_READ));
  soc_run(r->soc, 100);
  assert_no_reset(r);
  rig_free(r);
}

/* ---- random programs: with direct pointers as with none ---- */
static const struct soc_guard *real_guard;

static bool never_direct(struct soc *soc, uint32_t granule, enum cpu_access kind)
{
  (void)soc, (void)granule, (void)kind;
  return false;
}

static bool really_allows(struct soc *soc, uint32_t addr, const struct soc_access *how)
{
  return real_guard->allows(soc, addr, how);
}

static const struct soc_guard slow_guard = {never_direct, really_allows};

static uint32_t pick(uint64_t *random, const uint32_t *from, unsigned count)
{
  return from[soc_random(random) % count];
}

/* Loads and stores through r0-r3, jumps through r4-r7, short branches, a long instruction, nothing. */
static void random_code(struct rig *r, uint64_t *random, uint32_t at, uint32_t size)
{
  for (uint32_t i = 0; i < size; i += 4) {
    uint32_t x = (uint32_t)soc_random(random), base = x >> 8 & 3, imm = x >> 12 & 7;
    uint32_t code = 0xBF00BF00;
    switch (x & 15) {
    case 0:
    case 1:
    case 2:
      code = 0xBF006800 | imm << 6 | base << 3 | (x >> 16 & 3); /* ldr */
      break;
    case 3:
    case 4:
      code = 0xBF006000 | imm << 6 | base << 3 | (x >> 16 & 3); /* str */
      break;
    case 5:
      code = 0x7800BF00 | (base << 3 | (x >> 16 & 3)) << 16; /* ldrb in the second half */
      break;
    case 6:
    case 7:
      code = 0xBF004700 | (4 + (x >> 16 & 3)) << 3; /* bx */
      break;
    case 8:
      code = 0xBF00E000 | (x >> 16 & 15); /* b forward */
      break;
    case 9:
      code = 0xBF00E7F0 | (x >> 16 & 15); /* b backward */
      break;
    case 10:
      code = 0x8000F3AF; /* nop.w */
      break;
    default:
      break;
    }
    if (at >= FLASH_BASE && at < 0x10000000)
      assert_true(soc_flash_load(r->soc, at + i, &code, 4));
    else
      assert_true(soc_mem_write(r->soc, at + i, &code, 4));
  }
}

static void direct_pointers_never_change_what_happens(void **state)
{
  (void)state;
  static const uint32_t data[] = {CODE,      CODE + 0x1F0, 0x08000FF0,    NVDATA, NVDATA - 16, VDATA,
                                  VDATA - 8, VDATA + 0x3C, SRAM1 + 0x200, 0x1020, 0x40011C20,  0x10000000};
  static const uint32_t jumps[] = {CODE | 1,     CODE + 5,      CODE + 7,      CODE + 9,  CODE + 0x41,
                                   CODE + 0x1F1, SRAM1 + 0x401, SRAM1 + 0x441, VDATA + 5, VDATA + 1,
                                   0x1005,       0x08000F01,    NVDATA + 1,    0x10000101};
  struct rig *r = rig_new(NULL);
  uint64_t random = 20260101, opened = 0, violations = 0;
  rig_power_on(r);
  for (unsigned round = 0; round < 60; round++) {
    random_code(r, &random, CODE, 0x200);
    random_code(r, &random, CODE - 0x100, 0x100);
    random_code(r, &random, NVDATA, 0x40);
    random_code(r, &random, SRAM1 + 0x400, 0x80);
    random_code(r, &random, 0x10000100, 0x40);
    rig_power_on(r);
    soc_reset_pin(r->soc);
    random_code(r, &random, VDATA, 0x80);
    rig_write(r, RCC_APB2ENR, 0x81);
    const uint32_t regs[] = {0x1000, 0x200, 0x81000, round & 1 ? 0x100 : 0, 0x40, 0x40u << (round & 2)};
    for (unsigned i = 0; i < 6; i++)
      rig_write(r, 0x40011C00 + 4 * i, regs[i]);
    rig_write(r, 0x40011C20, soc_random(&random) & 7);
    rig_write(r, SYSCFG + 4, 0);
    real_guard = r->soc->guard;
    for (unsigned run = 0; run < 40; run++) {
      struct cpu *cpu = soc_cpu(r->soc);
      for (unsigned i = 0; i < 4; i++)
        cpu_set(cpu, i, pick(&random, data, sizeof data / sizeof data[0]));
      for (unsigned i = 4; i < 8; i++)
        cpu_set(cpu, i, pick(&random, jumps, sizeof jumps / sizeof jumps[0]));
      cpu_set(cpu, 7, CODE + 5);
      cpu_set(cpu, CPU_SP, SRAM1 + 0x2000);
      cpu_set(cpu, CPU_PC, SRAM1 + 0x400);
      struct soc_snapshot *s = soc_save_snapshot(r->soc);
      uint64_t resets = r->soc->resets[SOC_CAUSE_FIREWALL];
      soc_run(r->soc, 200);
      uint64_t hash = soc_hash(r->soc, NULL, 0), count = cpu_instructions(cpu);
      violations += r->soc->resets[SOC_CAUSE_FIREWALL] - resets;
      soc_load_snapshot(r->soc, s);
      r->soc->guard = &slow_guard;
      soc_run(r->soc, 200);
      assert_true(soc_hash(r->soc, NULL, 0) == hash);
      assert_true(cpu_instructions(cpu) == count);
      soc_load_snapshot(r->soc, s);
      /* how often does it open? */
      uint32_t pcs[200];
      enum soc_stop stop;
      size_t n = soc_trace(r->soc, pcs, 200, &stop);
      for (size_t i = 0; i < n; i++)
        if (pcs[i] >= CODE + 8 && pcs[i] < CODE + 12) {
          opened++;
          break;
        }
      assert_true(soc_hash(r->soc, NULL, 0) == hash);
      soc_load_snapshot(r->soc, s);
      soc_free_snapshot(r->soc, s);
      r->log[0] = 0;
    }
  }
  assert_in_range(violations, 400, 2300);
  assert_in_range(opened, 200, 2400);
  rig_free(r);
}

int main(int argc, char **argv)
{
  assert_int_equal(argc, 2);
  image_path = argv[1];
  FILE *f = fopen(image_path, "rb");
  assert_non_null(f);
  image_size = fread(image, 1, sizeof image, f);
  fclose(f);
  image_size = (image_size + 7) & ~(size_t)7;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(code_behind_the_gate_uses_all_segments_and_returns),
      cmocka_unit_test(every_way_past_the_gate_is_a_reset),
      cmocka_unit_test(the_gate_must_be_passed_without_another_fetch),
      cmocka_unit_test(leaving_needs_the_pre_arm_flag),
      cmocka_unit_test(open_segments_keep_their_own_rules),
      cmocka_unit_test(it_cannot_be_switched_off_or_moved_before_a_reset),
      cmocka_unit_test(segments_lie_at_their_own_granularity),
      cmocka_unit_test(shared_and_executable_volatile_data),
      cmocka_unit_test(its_control_register_is_behind_the_gate_with_a_non_volatile_segment),
      cmocka_unit_test(a_bank_swap_lays_the_code_open_unless_its_mirror_is_covered),
      cmocka_unit_test(dma_and_debuggers_are_watched_as_well),
      cmocka_unit_test(direct_pointers_never_change_what_happens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
