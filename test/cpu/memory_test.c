/* What the core does with memory: granules that are not plain, code that changes, the MPU down to its last 32 bytes.
 */
#include "test/cpu/fixture.h"

static uint32_t log_[256];
static unsigned logged;
static void note(uint32_t v)
{
  if (logged < 256) {
    log_[logged++] = v;
  }
}
static void assert_log(const uint32_t *expected, unsigned count)
{
  assert_int_equal(logged, count);
  assert_memory_equal(log_, expected, count * 4);
}
#define ASSERT_LOG(...)                                                                                                \
  do {                                                                                                                 \
    const uint32_t expected_[] = {__VA_ARGS__};                                                                        \
    assert_log(expected_, sizeof expected_ / 4);                                                                       \
  } while (0)

/* ---- instruction fetch through the bus ---- */
static bool refuse_fetch_500(struct machine *m, uint32_t addr, enum cpu_access access)
{
  (void)m;
  return access == CPU_FETCH && addr == 0x500;
}
static void note_fetch(struct machine *m, uint32_t addr)
{
  (void)m;
  note(addr);
}

static void every_execution_is_fetched_in_order(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  m.refuse = refuse_fetch_500;
  m.on_fetch = note_fetch;
  logged = 0;
  PUT(&m, CODE, MOVS(0, 2), BLX(4), B(0));
  PUT(&m, 0x510, MOVS(1, 1), MOVW(2, 0x222), SUBS(0, 1), BCC(NE, -8), BX(14));
  cpu_set(m.cpu, 4, 0x511);
  assert_stop(&m, 2 + 8 + 1, CPU_STOP_LIMIT);
  ASSERT_LOG(0x510, 0x512, 0x514, 0x516, 0x518, 0x510, 0x512, 0x514, 0x516, 0x518, 0x51a);
  assert_pc(&m, CODE + 4);
  machine_free(&m);
}

static void an_instruction_across_the_border_is_fetched_on_that_side(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  m.refuse = refuse_fetch_500;
  m.on_fetch = note_fetch;
  logged = 0;
  PUT(&m, 0x4fc, MOVS(0, 1), MOVW(2, 0x222), MOVS(1, 1), B(-8)); /* MOVW at 0x4fe */
  cpu_set(m.cpu, CPU_PC, 0x4fc);
  assert_stop(&m, 8, CPU_STOP_LIMIT);
  ASSERT_LOG(0x500, 0x502, 0x504, 0x500, 0x502, 0x504);
  assert_int_equal(reg(&m, 2), 0x222);
  m.refuse = NULL; /* plain from now on */
  cpu_invalidate(m.cpu, 0x500, 1);
  assert_stop(&m, 8, CPU_STOP_LIMIT);
  assert_int_equal(logged, 6);
  m.refuse = refuse_fetch_500;
  cpu_invalidate(m.cpu, 0x500, 1);
  assert_stop(&m, 4, CPU_STOP_LIMIT);
  assert_int_equal(logged, 9);
  machine_free(&m);
}

static bool refuse_once_closed(struct machine *m, uint32_t addr, enum cpu_access access)
{
  return access == CPU_FETCH && m->user && addr == 0x400;
}
static bool closing_device(struct machine *m, uint32_t addr, unsigned size, uint32_t value)
{
  (void)size;
  if (addr != 0x40000000) {
    return false;
  }
  m->user = m; /* the granule that runs now is closed by its own store */
  if (value == 1) {
    cpu_invalidate(m->cpu, 0x400, 0x100);
  } else {
    cpu_flush(m->cpu);
  }
  return true;
}

static void the_running_granule_can_be_closed(void **state)
{
  (void)state;
  for (uint32_t way = 1; way <= 2; way++) { /* by cpu_invalidate, by cpu_flush */
    struct machine m;
    begin(&m);
    m.refuse = refuse_once_closed;
    m.on_fetch = note_fetch;
    m.device_write = closing_device;
    logged = 0;
    PUT(&m, CODE, STR(2, 1, 4), STR(0, 1, 0), MOVS(2, 2), MOVS(3, 3), B(-4));
    cpu_set(m.cpu, CPU_PC, CODE + 4); /* everything behind the store is decoded already */
    assert_stop(&m, 10, CPU_STOP_LIMIT);
    cpu_set(m.cpu, CPU_PC, CODE + 2);
    cpu_set(m.cpu, 0, way);
    cpu_set(m.cpu, 1, 0x40000000);
    assert_stop(&m, 3, CPU_STOP_LIMIT);
    ASSERT_LOG(0x404, 0x406);
    machine_free(&m);
  }
}

/* ---- data through the bus ---- */
static bool refuse_write_3000(struct machine *m, uint32_t addr, enum cpu_access access)
{
  (void)m;
  return access == CPU_WRITE && addr == 0x3000;
}
static bool note_write(struct machine *m, uint32_t addr, unsigned size, uint32_t value)
{
  (void)m;
  note(addr);
  note(size);
  note(value);
  return true;
}

static void refused_granules_are_written_through_the_bus(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  m.refuse = refuse_write_3000;
  m.device_write = note_write;
  logged = 0;
  PUT(&m, CODE, STR(0, 1, 0), STRB(0, 1, 5), LDR(2, 1, 0), STR(0, 3, 0), STR(0, 4, 0), B(0));
  put_word(&m, 0x3000, 0xabcdef01);
  cpu_set(m.cpu, 0, 0x12345678);
  cpu_set(m.cpu, 1, 0x3000);
  cpu_set(m.cpu, 3, 0x30fe); /* unaligned and half inside: halfwords */
  cpu_set(m.cpu, 4, 0x3101); /* not refused */
  assert_stop(&m, 5, CPU_STOP_LIMIT);
  ASSERT_LOG(0x3000, 4, 0x12345678, 0x3005, 1, 0x78, 0x30fe, 2, 0x5678);
  assert_int_equal(reg(&m, 2), 0xabcdef01); /* reading was plain */
  assert_memory_equal(FLASH(&m, 0x3100), "\x34\x78\x56\x34\x12", 5);
  machine_free(&m);
}

static void invalidate_makes_new_contents_and_rights_seen(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, LDR(0, 1, 0), MOVS(2, 2), B(-4));
  cpu_set(m.cpu, 1, 0x3000);
  assert_stop(&m, 30, CPU_STOP_LIMIT);
  PUT(&m, CODE + 2, MOVS(2, 77)); /* as a flash controller or a debugger does */
  cpu_invalidate(m.cpu, CODE, 4);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 2), 77);
  m.refuse = refuse_write_3000;
  m.device_write = note_write;
  logged = 0;
  PUT(&m, CODE, STR(0, 1, 0));
  m.refuse = NULL;
  cpu_flush(m.cpu);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(logged, 0);
  m.refuse = refuse_write_3000;
  cpu_invalidate(m.cpu, 0x30ff, 1);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(logged, 3);
  machine_free(&m);
}

/* ---- code that writes code ---- */
static void code_in_ram_may_change_itself(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  const uint16_t code[] = {STRH(0, 1, 6), NOP, ADDS(2, 1), MOVS(3, 3), B(-8)};
  memcpy(m.ram, code, sizeof code);
  cpu_set(m.cpu, 0, MOVS(3, 99));
  cpu_set(m.cpu, 1, MACHINE_RAM);
  cpu_set(m.cpu, CPU_PC, MACHINE_RAM);
  assert_stop(&m, 4, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 99); /* two instructions ahead, decoded for the first time */
  cpu_set(m.cpu, 0, MOVS(3, 42));
  assert_stop(&m, 5, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 42);
  /* the same through the other address of this memory, which the core has not executed from */
  cpu_set(m.cpu, 1, MACHINE_ALIAS);
  for (uint32_t i = 1; i < 20; i++) {
    cpu_set(m.cpu, 0, MOVS(3, i));
    assert_stop(&m, 5, CPU_STOP_LIMIT);
    assert_int_equal(reg(&m, 3), i);
  }
  machine_free(&m);
}

static void the_second_half_of_an_instruction_may_change(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  /* MOVW r3 across a granule border; its second halfword is written */
  const uint16_t code[] = {STRH(0, 1, 0), NOP, NOP, MOVW(3, 0x111), B(-10)};
  memcpy(m.ram + 0xf8, code, sizeof code);
  cpu_set(m.cpu, 1, MACHINE_RAM + 0x100);
  cpu_set(m.cpu, CPU_PC, MACHINE_RAM + 0xf8);
  for (uint32_t i = 1; i < 20; i++) {
    cpu_set(m.cpu, 0, 0x300 | i);
    assert_stop(&m, 5, CPU_STOP_LIMIT);
    assert_int_equal(reg(&m, 3), i);
  }
  machine_free(&m);
}

/* The same inside a granule, and from outside with the other granule executed first. */
static void second_halves_are_told_by_invalidate_and_store(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  const uint16_t code[] = {STRH(0, 1, 0), NOP, MOVW(3, 0x111), B(-8)};
  memcpy(m.ram, code, sizeof code);
  cpu_set(m.cpu, 1, MACHINE_RAM + 6);
  cpu_set(m.cpu, CPU_PC, MACHINE_RAM);
  for (uint32_t i = 1; i < 5; i++) {
    cpu_set(m.cpu, 0, 0x300 | i);
    assert_stop(&m, 4, CPU_STOP_LIMIT);
    assert_int_equal(reg(&m, 3), i);
  }
  PUT(&m, 0x4fe, MOVW(3, 0x111), BX(14), NOP, BX(14)); /* MOVW across the border at 0x500 */
  PUT(&m, 0x600, BLX(4), BLX(5), B(-4));
  cpu_set(m.cpu, 4, 0x505);
  cpu_set(m.cpu, 5, 0x4ff);
  cpu_set(m.cpu, CPU_PC, 0x600);
  assert_stop(&m, 7, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 0x111);
  PUT(&m, 0x500, 0x322);
  cpu_invalidate(m.cpu, 0x500, 2);
  assert_stop(&m, 7, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 0x22);
  machine_free(&m);
}

/* Code changed itself, then memory and core go back to a snapshot: the old code runs again. */
static void going_back_undoes_changed_code(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  const uint16_t code[] = {STRH(0, 1, 4), NOP, MOVS(3, 3), B(-6)};
  memcpy(m.ram, code, sizeof code);
  cpu_set(m.cpu, 1, MACHINE_RAM);
  cpu_set(m.cpu, CPU_PC, MACHINE_RAM);
  void *saved = test_malloc(cpu_snapshot_size(m.cpu));
  cpu_snapshot_save(m.cpu, saved);
  cpu_set(m.cpu, 0, MOVS(3, 99));
  assert_stop(&m, 8, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 99);
  memcpy(m.ram, code, sizeof code);
  cpu_snapshot_load(m.cpu, saved);
  cpu_set(m.cpu, CPU_PC, MACHINE_RAM + 2);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 3);
  test_free(saved);
  machine_free(&m);
}

static void an_overwritten_it_block_is_forgotten(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, CMP(0, 1), ITT_EQ, ADDS(1, 1), ADDS(2, 1), B(-8));
  assert_stop(&m, 15, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1) + reg(&m, 2), 0);
  PUT(&m, CODE + 2, NOP); /* only this halfword is told to the core */
  cpu_invalidate(m.cpu, CODE + 2, 2);
  assert_stop(&m, 5, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 1);
  assert_int_equal(reg(&m, 2), 1);
  PUT(&m, CODE + 2, IT_EQ);
  cpu_invalidate(m.cpu, CODE + 2, 2);
  assert_stop(&m, 5, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 1);
  assert_int_equal(reg(&m, 2), 2);
  machine_free(&m);
}

/* ---- MPU ---- */
#define XN      (1u << 28)
#define AP(n)   ((uint32_t)(n) << 24)
#define SRD(n)  ((uint32_t)(n) << 8)
#define SIZE(n) ((uint32_t)((n)-1) << 1 | 1u)

static void region(struct machine *m, uint32_t n, uint32_t base, uint32_t rasr)
{
  cpu_scs_write(m->cpu, 0xe000ed98, n);
  cpu_scs_write(m->cpu, 0xe000ed9c, base);
  cpu_scs_write(m->cpu, 0xe000eda0, rasr);
}

static void execute_never_ends_at_the_byte(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  for (uint32_t a = CODE; a < CODE + 0x100; a += 2) {
    PUT(&m, a, NOP);
  }
  region(&m, 0, 0, AP(6) | SIZE(20));
  region(&m, 1, 0x20000000, XN | AP(3) | SIZE(17));
  region(&m, 2, CODE + 0x60, XN | AP(6) | SIZE(5)); /* 32 bytes in the middle of a granule */
  cpu_scs_write(m.cpu, 0xe000ed94, 1);
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  assert_stop(&m, 0x30 + 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 4);
  assert_int_equal(cpu_last_fault(m.cpu)->pc, CODE + 0x60);
  assert_int_equal(cpu_last_fault(m.cpu)->cause, 1);
  /* the part behind it runs */
  cpu_reset(m.cpu, 0);
  region(&m, 0, 0, AP(6) | SIZE(20));
  region(&m, 2, CODE + 0x60, XN | AP(6) | SIZE(5));
  cpu_scs_write(m.cpu, 0xe000ed94, 1);
  cpu_set(m.cpu, CPU_PC, CODE + 0x80);
  assert_stop(&m, 0x30, CPU_STOP_LIMIT);
  assert_pc(&m, CODE + 0x80 + 0x60);
  /* a 32-bit instruction that reaches into it does not */
  PUT(&m, CODE + 0x5e, NOP_W);
  cpu_invalidate(m.cpu, CODE + 0x5e, 4);
  region(&m, 1, 0x20000000, XN | AP(3) | SIZE(17));
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  cpu_set(m.cpu, CPU_PC, CODE + 0x5c);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 4);
  assert_int_equal(cpu_last_fault(m.cpu)->pc, CODE + 0x5e);
  machine_free(&m);
}

/* Every 32-byte block of a small region with disabled subregions, privileged and not (QEMU gets this one wrong). */
static void small_subregions_are_exact(void **state)
{
  (void)state;
  static const uint32_t ldrt[] = {0xf851, 0x0e00}, strt[] = {0xf841, 0x0e00};
  for (unsigned srd = 0; srd < 256; srd += 37) {
    struct machine m;
    begin(&m);
    PUT(&m, CODE, LDR(0, 1, 0), (uint16_t)ldrt[0], (uint16_t)ldrt[1], (uint16_t)strt[0], (uint16_t)strt[1],
        STR(0, 1, 0));
    PUT(&m, HANDLER(4), B(0));
    region(&m, 0, 0, AP(6) | SIZE(20));
    region(&m, 1, 0x20000000, XN | AP(2) | SIZE(17)); /* unprivileged: read only */
    region(&m, 2, DATA, XN | AP(1) | SRD(srd) | SIZE(8));
    cpu_scs_write(m.cpu, 0xe000ed94, 1);
    cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
    void *saved = test_malloc(cpu_snapshot_size(m.cpu));
    cpu_snapshot_save(m.cpu, saved);
    for (uint32_t addr = DATA; addr < DATA + 256; addr += 4) {
      bool outside = srd >> ((addr - DATA) / 32) & 1;
      const bool allowed[4] = {true, outside, false, true};
      static const uint32_t pc[4] = {CODE, CODE + 2, CODE + 6, CODE + 10};
      for (int i = 0; i < 4; i++) {
        cpu_set(m.cpu, CPU_PC, pc[i]);
        cpu_set(m.cpu, 1, addr);
        assert_stop(&m, 1, CPU_STOP_LIMIT);
        assert_int_equal(ipsr(&m), allowed[i] ? 0 : 4);
        if (!allowed[i]) {
          assert_int_equal(cpu_last_fault(m.cpu)->addr, addr);
          assert_int_equal(cpu_last_fault(m.cpu)->access, i == 1 ? CPU_READ : CPU_WRITE);
          cpu_snapshot_load(m.cpu, saved);
        }
      }
    }
    test_free(saved);
    machine_free(&m);
  }
}

static void privilege_change_is_seen_at_once(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  /* r5 = 1; loop: load, drop privilege, load */
  PUT(&m, CODE, LDR(0, 1, 0), 0xf385, 0x8814, LDR(2, 1, 0), B(0));
  region(&m, 0, 0, AP(6) | SIZE(20));
  region(&m, 1, 0x20000000, XN | AP(3) | SIZE(17));
  region(&m, 2, DATA, XN | AP(1) | SIZE(5));
  cpu_scs_write(m.cpu, 0xe000ed94, 1);
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  cpu_set(m.cpu, 1, DATA);
  cpu_set(m.cpu, 5, 1);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 4);
  assert_int_equal(cpu_last_fault(m.cpu)->pc, CODE + 6);
  machine_free(&m);
}

static void the_mpu_is_off_in_hardfault_unless_asked(void **state)
{
  (void)state;
  for (uint32_t hfnmiena = 0; hfnmiena < 2; hfnmiena++) {
    struct machine m;
    begin(&m);
    PUT(&m, CODE, UDF(0));
    PUT(&m, HANDLER(3), LDR(4, 5, 0), B(0));
    region(&m, 0, 0, AP(6) | SIZE(20));
    region(&m, 1, 0x20000000, XN | AP(3) | SIZE(17));
    region(&m, 2, DATA, XN | AP(0) | SIZE(5));
    cpu_scs_write(m.cpu, 0xe000ed94, 1 | hfnmiena << 1);
    cpu_set(m.cpu, 5, DATA);
    m.ram[0x1000] = 9;
    if (hfnmiena) {
      assert_stop(&m, 2, CPU_STOP_LOCKUP);
    } else {
      assert_stop(&m, 2, CPU_STOP_LIMIT);
      assert_int_equal(reg(&m, 4), 9);
    }
    machine_free(&m);
  }
}

/* ---- details of accesses ---- */
static void unaligned_trap_is_obeyed(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, LDR(0, 1, 0), LDR(0, 1, 0), B(0));
  cpu_set(m.cpu, 1, DATA + 2);
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  cpu_scs_write(m.cpu, 0xe000ed14, 0x208);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 6);
  assert_int_equal(cpu_last_fault(m.cpu)->cause, 0x1000000);
  machine_free(&m);
}

static void bit_band_reaches_single_bits(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, STR(0, 1, 0), LDR(2, 1, 0), LDR(3, 1, 4), B(0));
  m.ram[0x1001] = 0x81;
  cpu_set(m.cpu, 0, 0xff);
  cpu_set(m.cpu, 1, 0x22000000 + 0x1001 * 32 + 6 * 4);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(m.ram[0x1001], 0xc1);
  assert_int_equal(reg(&m, 2), 1);
  assert_int_equal(reg(&m, 3), 1);
  machine_free(&m);
}

static void exclusive_store_needs_its_load(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  /* LDREX r0,[r1]; STREX r2,r3,[r1]; STREX r4,r3,[r1]; LDREX; SVC; STREX r5,r3,[r1] */
  PUT(&m, CODE, 0xe851, 0x0f00, 0xe841, 0x3200, 0xe841, 0x3400, 0xe851, 0x0f00, SVC(0), 0xe841, 0x3500, B(0));
  PUT(&m, HANDLER(11), 0xe841, 0x3600, BX(14));
  cpu_set(m.cpu, 1, DATA);
  cpu_set(m.cpu, 3, 0x77);
  assert_stop(&m, 8, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 2), 0);
  assert_int_equal(reg(&m, 4), 1);
  assert_int_equal(reg(&m, 5), 1); /* an exception came between */
  assert_int_equal(reg(&m, 6), 1); /* and its handler does not inherit the reservation */
  assert_int_equal(ram_word(&m, DATA), 0x77);
  machine_free(&m);
}

static void hardfault_may_probe_with_bfhfnmign(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0));
  PUT(&m, HANDLER(3), LDR(4, 5, 0), MOVS(6, 6), B(0));
  cpu_scs_write(m.cpu, 0xe000ed14, 0x300);
  cpu_set(m.cpu, 4, 1);
  cpu_set(m.cpu, 5, 0x90000000);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 4), 0);
  assert_int_equal(reg(&m, 6), 6);
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000ed28) & 0xff00, 0x8200);
  machine_free(&m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_execution_is_fetched_in_order),
      cmocka_unit_test(an_instruction_across_the_border_is_fetched_on_that_side),
      cmocka_unit_test(the_running_granule_can_be_closed),
      cmocka_unit_test(refused_granules_are_written_through_the_bus),
      cmocka_unit_test(invalidate_makes_new_contents_and_rights_seen),
      cmocka_unit_test(code_in_ram_may_change_itself),
      cmocka_unit_test(the_second_half_of_an_instruction_may_change),
      cmocka_unit_test(second_halves_are_told_by_invalidate_and_store),
      cmocka_unit_test(going_back_undoes_changed_code),
      cmocka_unit_test(an_overwritten_it_block_is_forgotten),
      cmocka_unit_test(execute_never_ends_at_the_byte),
      cmocka_unit_test(small_subregions_are_exact),
      cmocka_unit_test(privilege_change_is_seen_at_once),
      cmocka_unit_test(the_mpu_is_off_in_hardfault_unless_asked),
      cmocka_unit_test(unaligned_trap_is_obeyed),
      cmocka_unit_test(bit_band_reaches_single_bits),
      cmocka_unit_test(exclusive_store_needs_its_load),
      cmocka_unit_test(hardfault_may_probe_with_bfhfnmign),
  };
  return cmocka_run_group_tests_name("cpu memory", tests, NULL, NULL);
}
