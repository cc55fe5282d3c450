/* Faults that QEMU cannot judge: lockup, reports, and what ARMv6-M does not have. */
#include "test/cpu/fixture.h"

static void assert_text(struct machine *m, const char *part)
{
  char text[200];
  cpu_fault_text(cpu_last_fault(m->cpu), text, sizeof text);
  if (!strstr(text, part)) {
    fail_msg("'%s' does not say '%s'", text, part);
  }
}

static void fault_in_hardfault_locks_up(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0));
  PUT(&m, HANDLER(3), MOVS(4, 4), UDF(1));
  assert_stop(&m, 0, CPU_STOP_LOCKUP);
  assert_int_equal(reg(&m, 4), 4);
  assert_int_equal(cpu_instructions(m.cpu), 3); /* both attempts count */
  assert_true(cpu_last_fault(m.cpu)->lockup);
  assert_int_equal(cpu_last_fault(m.cpu)->pc, HANDLER(3) + 2);
  assert_int_equal(m.faults, 2);
  assert_text(&m, "lockup in HardFault");
  assert_text(&m, "undefined instruction");
  assert_stop(&m, 0, CPU_STOP_LOCKUP); /* for good */
  cpu_reset(m.cpu, 0);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  machine_free(&m);
}

static void svc_and_faultmask_lock_up(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0));
  PUT(&m, HANDLER(3), SVC(0));
  assert_stop(&m, 0, CPU_STOP_LOCKUP);
  assert_text(&m, "SVC");
  cpu_reset(m.cpu, 0);
  PUT(&m, CODE, CPSID_F, UDF(0));
  cpu_flush(m.cpu);
  assert_stop(&m, 0, CPU_STOP_LOCKUP);
  assert_int_equal(cpu_instructions(m.cpu), 4);
  machine_free(&m);
}

static void unusable_stack_locks_up_in_hardfault(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0));
  cpu_set(m.cpu, CPU_SP, 0x90000000);
  assert_stop(&m, 0, CPU_STOP_LOCKUP);
  assert_text(&m, "stacking at exception entry ended in a bus error");
  machine_free(&m);
}

static void unreadable_reset_vector_locks_up(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  cpu_reset(m.cpu, 0x90000000);
  assert_stop(&m, 10, CPU_STOP_LOCKUP);
  assert_text(&m, "reset vector");
  machine_free(&m);
}

static void unreadable_vector_becomes_hardfault(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, SVC(0));
  cpu_scs_write(m.cpu, 0xe000ed08, 0x90000000);
  assert_stop(&m, 0, CPU_STOP_LOCKUP);
  cpu_reset(m.cpu, 0);
  put_word(&m, 11 * 4, HANDLER(11));            /* no Thumb bit */
  cpu_scs_write(m.cpu, 0xe000ed1c, 0x80000000); /* SVC below UsageFault */
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 6);
  assert_text(&m, "bit 0 clear");
  machine_free(&m);
}

static void reports_say_what_happened(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, LDR(0, 1, 0));
  cpu_set(m.cpu, 1, 0x90000004);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  const struct cpu_fault *f = cpu_last_fault(m.cpu);
  assert_int_equal(f->exception, 3);
  assert_int_equal(f->pc, CODE);
  assert_true(f->has_addr);
  assert_int_equal(f->addr, 0x90000004);
  assert_int_equal(f->cfsr, 0x8200);
  assert_int_equal(f->hfsr, 0x40000000);
  assert_false(f->lockup);
  assert_text(&m, "HardFault at pc 0x00000400: data read from 0x90000004 ended in a bus error");
  char small[8];
  cpu_fault_text(f, small, sizeof small);
  assert_string_equal(small, "HardFau");
  machine_free(&m);
}

/* An older cause that nobody cleared does not name a new fault. */
static void old_causes_are_not_reported(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0), LDR(0, 1, 0));
  PUT(&m, HANDLER(6), LDR(4, 5, 24), ADDS(4, 2), STR(4, 5, 24), BX(14)); /* skip it, leave CFSR alone */
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000);
  cpu_set(m.cpu, 1, 0x90000000);
  cpu_set(m.cpu, 5, STACK - 32);
  assert_stop(&m, 6, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 5);
  assert_int_equal(cpu_last_fault(m.cpu)->cfsr, 0x18200);
  assert_text(&m, "BusFault at pc 0x00000402: data read from 0x90000000 ended in a bus error");
  machine_free(&m);
}

/* ---- ARMv6-M ---- */
static void v6m_has_no_compare_and_branch_and_no_it(void **state)
{
  (void)state;
  static const uint16_t missing[] = {0xb108, 0xb908, IT_EQ, 0xbf1c, CPSID_F, 0xba80};
  for (unsigned i = 0; i < sizeof missing / 2; i++) {
    struct machine m;
    begin_arch(&m, CPU_ARCH_V6M);
    PUT(&m, CODE, NOP, missing[i], NOP);
    assert_stop(&m, 2, CPU_STOP_LIMIT);
    assert_int_equal(ipsr(&m), 3);
    assert_text(&m, "undefined");
    machine_free(&m);
  }
}

static void v6m_faults_are_hardfaults_and_leave_no_status(void **state)
{
  (void)state;
  struct machine m;
  begin_arch(&m, CPU_ARCH_V6M);
  PUT(&m, CODE, LDR(0, 1, 0));
  cpu_set(m.cpu, 1, DATA + 2);
  cpu_scs_write(m.cpu, 0xe000ed24, 0x70000); /* no fault handlers to enable */
  cpu_scs_write(m.cpu, 0xe000ed14, 0);       /* CCR is fixed */
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 3);
  assert_text(&m, "unaligned access");
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000ed28), 0);
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000ed14), 0x208);
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000ed00), 0x410cc601);
  machine_free(&m);
}

static void v6m_privilege_and_mpu_work_as_on_the_m0plus(void **state)
{
  (void)state;
  struct machine m;
  begin_arch(&m, CPU_ARCH_V6M);
  PUT(&m, CODE, 0xf385, 0x8814, LDR(0, 1, 0), LDR(0, 2, 0), B(0)); /* MSR CONTROL, r5 */
  cpu_set(m.cpu, 5, 1);
  cpu_set(m.cpu, 1, DATA);
  cpu_set(m.cpu, 2, DATA + 256);
  cpu_scs_write(m.cpu, 0xe000ed9c, 0x10);
  cpu_scs_write(m.cpu, 0xe000eda0, 6u << 24 | 19u << 1 | 1);
  cpu_scs_write(m.cpu, 0xe000ed9c, 0x20000011);
  cpu_scs_write(m.cpu, 0xe000eda0, 1u << 28 | 3u << 24 | 16u << 1 | 1);
  cpu_scs_write(m.cpu, 0xe000ed9c, (DATA + 256) | 0x12);
  cpu_scs_write(m.cpu, 0xe000eda0, 1u << 28 | 1u << 24 | 7u << 1 | 1);
  cpu_scs_write(m.cpu, 0xe000ed94, 1);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 0);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 3);
  assert_text(&m, "data read from 0x20001100 refused by the MPU");
  machine_free(&m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fault_in_hardfault_locks_up),
      cmocka_unit_test(svc_and_faultmask_lock_up),
      cmocka_unit_test(unusable_stack_locks_up_in_hardfault),
      cmocka_unit_test(unreadable_reset_vector_locks_up),
      cmocka_unit_test(unreadable_vector_becomes_hardfault),
      cmocka_unit_test(reports_say_what_happened),
      cmocka_unit_test(old_causes_are_not_reported),
      cmocka_unit_test(v6m_has_no_compare_and_branch_and_no_it),
      cmocka_unit_test(v6m_faults_are_hardfaults_and_leave_no_status),
      cmocka_unit_test(v6m_privilege_and_mpu_work_as_on_the_m0plus),
  };
  return cmocka_run_group_tests_name("cpu faults", tests, NULL, NULL);
}
