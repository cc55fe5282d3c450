/* Execution as a fault campaign and a debugger see it: exact stops, skipping, snapshots, time, sleep, interrupts,
 * breakpoints, watchpoints.
 */
#include "test/cpu/fixture.h"

/* A program with everything that could move a boundary: loops, memory, calls, an IT block, SysTick interrupts. */
static void busy_program(struct machine *m)
{
  begin(m);
  PUT(m, CODE, MOVS(0, 200), MOVS(1, 0),             /* 400 */
      LDR(2, 3, 0), ADDS(2, 7), STR(2, 3, 0),        /* 404 loop */
      BLX(4), CMP(2, 40), ITT_EQ, ADDS(1, 1), NOP_W, /* 40a */
      SVC(1), SUBS(0, 1), BCC(NE, -22), B(0));       /* 416 */
  PUT(m, 0x600, 0x1852, 0x1a89, MOVW(5, 0x1234), BX(14));
  PUT(m, HANDLER(15), ADDS(6, 1), BX(14));
  PUT(m, HANDLER(11), ADDS(7, 1), BX(14));
  cpu_set(m->cpu, 3, DATA);
  cpu_set(m->cpu, 4, 0x601);
  cpu_set(m->cpu, 6, 0);
  cpu_scs_write(m->cpu, 0xe000e014, 130);
  cpu_scs_write(m->cpu, 0xe000e018, 0);
  cpu_scs_write(m->cpu, 0xe000e010, 7);
}

struct trace {
  uint32_t r[17];
  uint64_t cycles;
};
static void take_trace(struct machine *m, struct trace *t)
{
  memset(t, 0, sizeof *t);
  for (unsigned i = 0; i < 17; i++) {
    t->r[i] = reg(m, i);
  }
  t->cycles = cpu_cycles(m->cpu);
}

#define STEPS 3000
static struct trace stepped[STEPS + 1];

static void step_through(void)
{
  struct machine m;
  busy_program(&m);
  for (unsigned i = 0; i <= STEPS; i++) {
    take_trace(&m, &stepped[i]);
    assert_int_equal(cpu_instructions(m.cpu), i);
    assert_stop(&m, 1, CPU_STOP_LIMIT);
  }
  assert_true(reg(&m, 6) > 10); /* interrupts did happen */
  machine_free(&m);
}

static void stops_exactly_before_instruction_n(void **state)
{
  (void)state;
  step_through();
  for (unsigned n = 1; n <= STEPS; n += 1 + n / 50) {
    struct machine m;
    struct trace t;
    busy_program(&m);
    assert_stop(&m, n, CPU_STOP_LIMIT);
    assert_int_equal(cpu_instructions(m.cpu), n);
    take_trace(&m, &t);
    assert_memory_equal(&t, &stepped[n], sizeof t);
    machine_free(&m);
  }
}

static void snapshot_returns_to_the_same_state(void **state)
{
  (void)state;
  struct machine m;
  struct trace first, again;
  busy_program(&m);
  assert_stop(&m, 777, CPU_STOP_LIMIT);
  void *saved = test_malloc(cpu_snapshot_size(m.cpu));
  uint32_t memory[64];
  cpu_snapshot_save(m.cpu, saved);
  memcpy(memory, m.ram + 0x1000, sizeof memory);
  assert_stop(&m, 1500, CPU_STOP_LIMIT);
  take_trace(&m, &first);
  for (int round = 0; round < 3; round++) {
    cpu_snapshot_load(m.cpu, saved);
    memcpy(m.ram + 0x1000, memory, sizeof memory);
    assert_int_equal(cpu_instructions(m.cpu), 777);
    assert_stop(&m, 1500, CPU_STOP_LIMIT);
    take_trace(&m, &again);
    assert_memory_equal(&first, &again, sizeof first);
  }
  test_free(saved);
  machine_free(&m);
}

static void skip_passes_one_instruction(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 1), MOVS(0, 2), MOVW(0, 0x333), MOVS(1, 5), B(0));
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  cpu_skip(m.cpu);
  assert_int_equal(reg(&m, 0), 1);
  assert_pc(&m, CODE + 4);
  cpu_skip(m.cpu); /* four bytes */
  assert_pc(&m, CODE + 8);
  assert_int_equal(cpu_instructions(m.cpu), 3); /* a skipped instruction took its time */
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 0), 1);
  assert_int_equal(reg(&m, 1), 5);
  machine_free(&m);
}

/* Without its IT instruction a conditional block runs whatever the flags say, although it was decoded as conditional.
 */
static void skipping_it_frees_the_block(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 1), CMP(0, 2), ITT_EQ, MOVS(1, 11), MOVS(2, 22), MOVS(3, 33), B(-12));
  assert_stop(&m, 7, CPU_STOP_LIMIT); /* once round: everything is decoded now */
  assert_int_equal(reg(&m, 1), 0);
  assert_int_equal(reg(&m, 2), 0);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  cpu_skip(m.cpu); /* IT */
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 11);
  assert_int_equal(reg(&m, 2), 22);
  assert_int_equal(reg(&m, 3), 33);
  cpu_set(m.cpu, 1, 0);
  cpu_set(m.cpu, 2, 0);
  assert_stop(&m, 1 + 2 + 1, CPU_STOP_LIMIT);
  cpu_skip(m.cpu); /* first in the block: the second stays conditional */
  cpu_set(m.cpu, 3, 0);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 0);
  assert_int_equal(reg(&m, 2), 0);
  assert_int_equal(reg(&m, 3), 33); /* and what comes behind the block is free */
  machine_free(&m);
}

/* ---- time ---- */
static uint64_t ticked_at, ticked_before, ticked_count, next_deadline;
static void tick(struct machine *m)
{
  ticked_before = ticked_at;
  ticked_at = cpu_cycles(m->cpu);
  ticked_count++;
  if (next_deadline) {
    cpu_set_deadline(m->cpu, next_deadline);
    next_deadline = 0;
  }
}

static void deadline_comes_at_the_first_boundary(void **state)
{
  (void)state;
  step_through();
  for (uint64_t deadline = 1; deadline < 2500; deadline += 1 + deadline / 60) {
    struct machine m;
    busy_program(&m);
    m.tick = tick;
    ticked_count = 0;
    cpu_set_deadline(m.cpu, deadline);
    assert_stop(&m, 2000, CPU_STOP_LIMIT);
    assert_int_equal(ticked_count, 1);
    assert_true(ticked_at >= deadline);
    /* no boundary lies between the deadline and the tick; exception entry is one with what comes before it */
    unsigned i = 0;
    while (stepped[i].cycles < deadline) {
      i++;
    }
    assert_true(ticked_at <= stepped[i].cycles);
    assert_true(i == 0 || ticked_at > stepped[i - 1].cycles);
    machine_free(&m);
  }
}

static void deadline_in_the_past_waits_for_the_next_boundary(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, NOP, NOP, NOP, NOP, B(-8));
  m.tick = tick;
  ticked_count = 0;
  next_deadline = 1;
  cpu_set_deadline(m.cpu, 5);
  assert_stop(&m, 100, CPU_STOP_LIMIT);
  assert_int_equal(ticked_count, 2);
  assert_true(ticked_at > ticked_before);
  machine_free(&m);
}

static bool stalling_device(struct machine *m, uint32_t addr, unsigned size, uint32_t *value)
{
  (void)size;
  if (addr != 0x40000000) {
    return false;
  }
  *value = (uint32_t)cpu_instructions(m->cpu);
  cpu_stall(m->cpu, 1000);
  return true;
}

static void bus_sees_exact_counts_and_can_stall(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, NOP, NOP, NOP, LDR(0, 1, 0), LDR(2, 1, 0), B(0));
  m.device_read = stalling_device;
  m.tick = tick;
  ticked_count = 0;
  cpu_set(m.cpu, 1, 0x40000000);
  cpu_set_deadline(m.cpu, 100);
  assert_stop(&m, 4, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 0), 3); /* executed before the load */
  assert_true(cpu_cycles(m.cpu) >= 1004 && cpu_cycles(m.cpu) < 1010);
  assert_int_equal(ticked_count, 1);
  assert_true(ticked_at == cpu_cycles(m.cpu));
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 2), 4);
  machine_free(&m);
}

static void cycle_counter_follows_time(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, LDR(0, 1, 4), NOP, NOP, LDR(2, 1, 4), B(0));
  cpu_set(m.cpu, 1, 0xe0001000);
  cpu_scs_write(m.cpu, 0xe000edfc, 1u << 24);
  cpu_set(m.cpu, 3, 1);
  PUT(&m, 0x600, STR(3, 1, 0), BX(14)); /* DWT_CTRL */
  cpu_set(m.cpu, CPU_PC, 0x600);
  cpu_set(m.cpu, CPU_LR, CODE | 1);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  uint64_t before = cpu_cycles(m.cpu);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  uint64_t between = cpu_cycles(m.cpu) - before;
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 2) - reg(&m, 0), between);
  machine_free(&m);
}

static void systick_period_is_exact(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, NOP, B(-2));
  PUT(&m, HANDLER(15), LDR(4, 5, 4), STR(4, 6, 0), ADDS(6, 4), BX(14)); /* CYCCNT into memory */
  cpu_set(m.cpu, 5, 0xe0001000);
  cpu_set(m.cpu, 6, DATA);
  cpu_scs_write(m.cpu, 0xe000edfc, 1u << 24);
  cpu_scs_write(m.cpu, 0xe000e014, 999);
  cpu_scs_write(m.cpu, 0xe000e018, 0);
  cpu_scs_write(m.cpu, 0xe000e010, 7);
  assert_stop(&m, 1000000, CPU_STOP_LIMIT);
  uint64_t expected = cpu_cycles(m.cpu) / 1000;
  assert_true(reg(&m, 6) - DATA >= (expected - 1) * 4 && reg(&m, 6) - DATA <= (expected + 1) * 4);
  machine_free(&m);
}

/* ---- sleep ---- */
static void irq_at_tick(struct machine *m)
{
  cpu_irq_pend(m->cpu, 3);
}

static void sleep_jumps_to_the_deadline(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, WFI, MOVS(1, 1), B(0));
  PUT(&m, HANDLER(19), MOVS(4, 2), BX(14));
  cpu_scs_write(m.cpu, 0xe000e100, 8);
  assert_stop(&m, 0, CPU_STOP_IDLE);
  assert_int_equal(cpu_instructions(m.cpu), 1);
  m.tick = irq_at_tick;
  cpu_set_deadline(m.cpu, 1000000000);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_true(cpu_cycles(m.cpu) >= 1000000000 && cpu_cycles(m.cpu) < 1000000100);
  assert_int_equal(reg(&m, 1), 0);
  assert_int_equal(reg(&m, 4), 2);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 1);
  machine_free(&m);
}

static void wfi_wakes_without_taking_a_masked_interrupt(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, CPSID_I, WFI, MOVS(1, 1), B(0));
  cpu_scs_write(m.cpu, 0xe000e100, 8);
  assert_stop(&m, 0, CPU_STOP_IDLE);
  cpu_irq_pend(m.cpu, 3);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 1);
  assert_int_equal(ipsr(&m), 0);
  machine_free(&m);
}

static void wfe_waits_for_an_event(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, SEV, WFE, WFE, MOVS(1, 1), B(0));
  assert_stop(&m, 0, CPU_STOP_IDLE); /* the first WFE consumed the event */
  assert_int_equal(cpu_instructions(m.cpu), 3);
  cpu_event(m.cpu);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 1);
  machine_free(&m);
}

static void sleep_on_exit_sleeps(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(1, 1), MOVS(1, 2), B(0));
  PUT(&m, HANDLER(16), ADDS(4, 1), BX(14));
  cpu_scs_write(m.cpu, 0xe000ed10, 2);
  cpu_scs_write(m.cpu, 0xe000e100, 1);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  cpu_irq_pend(m.cpu, 0);
  assert_stop(&m, 0, CPU_STOP_IDLE);
  assert_int_equal(reg(&m, 1), 1);
  assert_int_equal(reg(&m, 4), 1);
  cpu_irq_pend(m.cpu, 0);
  assert_stop(&m, 0, CPU_STOP_IDLE);
  assert_int_equal(reg(&m, 4), 2);
  machine_free(&m);
}

/* ---- interrupts ---- */
static void a_level_pends_again_until_it_falls(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(1, 1), B(0));
  PUT(&m, HANDLER(18), ADDS(4, 1), BX(14));
  cpu_irq_level(m.cpu, 2, true);
  cpu_scs_write(m.cpu, 0xe000e280, 4); /* the line still asks */
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000e200) & 4, 4);
  cpu_scs_write(m.cpu, 0xe000e100, 4);
  assert_stop(&m, 6, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 4), 3);
  assert_int_equal(reg(&m, 1), 0); /* the interrupted program gets nowhere */
  cpu_irq_level(m.cpu, 2, false);
  assert_stop(&m, 3, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 4), 4);
  assert_int_equal(reg(&m, 1), 1);
  machine_free(&m);
}

static void priority_bits_are_limited(void **state)
{
  (void)state;
  static const struct cpu_bus none;
  struct machine m;
  begin_arch(&m, CPU_ARCH_V6M); /* two bits */
  cpu_scs_write(m.cpu, 0xe000e400, 0xffffffff);
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000e400), 0xc0c0c0c0);
  assert_null(cpu_new(CPU_ARCH_V7EM, 600, 4, false, &none));
  assert_null(cpu_new(CPU_ARCH_V7EM, 60, 0, false, &none));
  machine_free(&m);
}

/* QEMU 7.2 takes this interrupt late; the core takes it right after the store. */
static void interrupt_pended_by_a_store_is_taken_next(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, STR(0, 1, 0), MOVS(2, 1), B(0));
  cpu_set(m.cpu, 0, 1);
  cpu_set(m.cpu, 1, 0xe000e200);
  cpu_scs_write(m.cpu, 0xe000e100, 1);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 16);
  assert_pc(&m, HANDLER(16));
  assert_int_equal(ram_word(&m, reg(&m, CPU_SP) + 24), CODE + 2);
  machine_free(&m);
}

static void nmi_preempts_hardfault(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, UDF(0), B(0));
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 3);
  cpu_nmi(m.cpu);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 2);
  assert_int_equal(cpu_last_fault(m.cpu)->exception, 2);
  machine_free(&m);
}

static void reset_request_stops(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, STR(0, 1, 0), MOVS(2, 1), B(0));
  cpu_set(m.cpu, 0, 0x05fa0004);
  cpu_set(m.cpu, 1, 0xe000ed0c);
  assert_stop(&m, 0, CPU_STOP_RESET);
  assert_int_equal(cpu_instructions(m.cpu), 1);
  put_word(&m, 0x1000, STACK - 64);
  put_word(&m, 0x1004, 0x601);
  PUT(&m, 0x600, MOVS(3, 3), B(0));
  cpu_reset(m.cpu, 0x1000);
  assert_int_equal(reg(&m, CPU_SP), STACK - 64);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 3), 3);
  assert_int_equal(cpu_instructions(m.cpu), 2); /* counts go on */
  assert_int_equal(cpu_scs_read(m.cpu, 0xe000ed08), 0x1000);
  machine_free(&m);
}

static bool stopping_device(struct machine *m, uint32_t addr, unsigned size, uint32_t value)
{
  (void)size;
  (void)value;
  if (addr == 0x40000000) {
    cpu_stop(m->cpu);
  }
  return addr == 0x40000000;
}

static void stop_request_ends_after_the_instruction(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, STR(0, 1, 0), MOVS(2, 1), B(0));
  m.device_write = stopping_device;
  cpu_set(m.cpu, 1, 0x40000000);
  assert_stop(&m, 0, CPU_STOP_REQUEST);
  assert_pc(&m, CODE + 2);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 2), 1);
  machine_free(&m);
}

/* ---- debugging ---- */
static void breakpoints_stop_before_the_instruction(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 0), ADDS(0, 1), ADDS(1, 1), B(-4));
  assert_stop(&m, 10, CPU_STOP_LIMIT); /* decoded before the breakpoint is set */
  assert_true(cpu_breakpoint(m.cpu, CODE + 4, true));
  assert_stop(&m, 0, CPU_STOP_BREAKPOINT);
  assert_pc(&m, CODE + 4);
  uint32_t n = reg(&m, 1);
  for (uint32_t i = 1; i < 5; i++) { /* going on passes it once */
    assert_stop(&m, 0, CPU_STOP_BREAKPOINT);
    assert_int_equal(reg(&m, 1), n + i);
  }
  assert_stop(&m, 1, CPU_STOP_LIMIT); /* a single step over it */
  assert_int_equal(reg(&m, 1), n + 5);
  assert_true(cpu_breakpoint(m.cpu, CODE + 4, false));
  assert_false(cpu_breakpoint(m.cpu, CODE + 4, false));
  assert_stop(&m, 100, CPU_STOP_LIMIT);
  machine_free(&m);
}

static void breakpoints_work_inside_it_blocks(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 1), CMP(0, 2), ITT_EQ, MOVS(1, 11), MOVS(2, 22), MOVS(3, 33), B(-12));
  assert_true(cpu_breakpoint(m.cpu, CODE + 8, true));
  for (int i = 0; i < 3; i++) {
    assert_stop(&m, 0, CPU_STOP_BREAKPOINT);
    assert_pc(&m, CODE + 8);
    assert_int_equal(reg(&m, 1), 0);
    assert_int_equal(reg(&m, 2), 0);
  }
  assert_int_equal(reg(&m, 3), 33);
  machine_free(&m);
}

static void watchpoints_stop_after_the_access(void **state)
{
  (void)state;
  struct machine m;
  uint32_t addr = 0;
  begin(&m);
  PUT(&m, CODE, STR(0, 1, 0), LDR(2, 1, 0), STR(0, 1, 4), STRB(0, 1, 6), B(0));
  cpu_set(m.cpu, 1, DATA);
  cpu_set(m.cpu, 0, 0x55);
  assert_stop(&m, 3, CPU_STOP_LIMIT); /* the granule is in the TLB */
  cpu_set(m.cpu, CPU_PC, CODE);
  assert_true(cpu_watchpoint(m.cpu, DATA, 4, true, false, true));
  assert_true(cpu_watchpoint(m.cpu, DATA + 6, 1, false, true, true));
  assert_stop(&m, 0, CPU_STOP_WATCHPOINT);
  assert_pc(&m, CODE + 4);
  assert_true(cpu_watch_hit(m.cpu, &addr));
  assert_int_equal(addr, DATA);
  assert_stop(&m, 0, CPU_STOP_WATCHPOINT);
  assert_pc(&m, CODE + 6); /* the word store touches the byte */
  assert_stop(&m, 0, CPU_STOP_WATCHPOINT);
  assert_pc(&m, CODE + 8);
  assert_true(cpu_watch_hit(m.cpu, &addr));
  assert_int_equal(addr, DATA + 6);
  assert_true(cpu_watchpoint(m.cpu, DATA + 6, 1, false, true, false));
  assert_true(cpu_watchpoint(m.cpu, DATA, 4, true, false, false));
  assert_false(cpu_watchpoint(m.cpu, DATA, 4, true, false, false));
  cpu_set(m.cpu, CPU_PC, CODE);
  assert_stop(&m, 10, CPU_STOP_LIMIT);
  assert_false(cpu_watch_hit(m.cpu, &addr));
  machine_free(&m);
}

static void bkpt_stops_only_under_a_debugger(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 1), BKPT(3), B(0));
  assert_stop(&m, 0, CPU_STOP_BKPT);
  assert_pc(&m, CODE + 2);
  assert_int_equal(cpu_instructions(m.cpu), 1);
  cpu_set_debug(m.cpu, false);
  assert_stop(&m, 1, CPU_STOP_LIMIT);
  assert_int_equal(ipsr(&m), 3);
  assert_int_equal(cpu_last_fault(m.cpu)->hfsr, 0x80000000u);
  assert_int_equal(cpu_last_fault(m.cpu)->pc, CODE + 2);
  machine_free(&m);
}

static void registers_can_be_corrupted(void **state)
{
  (void)state;
  struct machine m;
  begin(&m);
  PUT(&m, CODE, MOVS(0, 1), CMP(0, 1), BCC(NE, 4), MOVS(1, 1), MOVS(2, 2), B(0));
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  cpu_set(m.cpu, CPU_XPSR, reg(&m, CPU_XPSR) ^ 0x40000000u);
  assert_stop(&m, 2, CPU_STOP_LIMIT);
  assert_int_equal(reg(&m, 1), 0);
  assert_int_equal(reg(&m, 2), 2);
  for (unsigned i = 0; i < 13; i++) {
    cpu_set(m.cpu, i, 0x1000 + i);
    assert_int_equal(reg(&m, i), 0x1000 + i);
  }
  for (unsigned i = 0; i < 32; i++) {
    cpu_set(m.cpu, CPU_S0 + i, i);
    assert_int_equal(reg(&m, CPU_S0 + i), i);
  }
  cpu_set(m.cpu, CPU_PSP, 0x20000101);
  assert_int_equal(reg(&m, CPU_PSP), 0x20000100);
  assert_int_equal(reg(&m, CPU_MSP), STACK);
  cpu_set(m.cpu, CPU_CONTROL, 2);
  assert_int_equal(reg(&m, CPU_SP), 0x20000100);
  assert_int_equal(reg(&m, CPU_MSP), STACK);
  machine_free(&m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stops_exactly_before_instruction_n),
      cmocka_unit_test(snapshot_returns_to_the_same_state),
      cmocka_unit_test(skip_passes_one_instruction),
      cmocka_unit_test(skipping_it_frees_the_block),
      cmocka_unit_test(deadline_comes_at_the_first_boundary),
      cmocka_unit_test(deadline_in_the_past_waits_for_the_next_boundary),
      cmocka_unit_test(bus_sees_exact_counts_and_can_stall),
      cmocka_unit_test(cycle_counter_follows_time),
      cmocka_unit_test(systick_period_is_exact),
      cmocka_unit_test(sleep_jumps_to_the_deadline),
      cmocka_unit_test(wfi_wakes_without_taking_a_masked_interrupt),
      cmocka_unit_test(wfe_waits_for_an_event),
      cmocka_unit_test(sleep_on_exit_sleeps),
      cmocka_unit_test(a_level_pends_again_until_it_falls),
      cmocka_unit_test(priority_bits_are_limited),
      cmocka_unit_test(interrupt_pended_by_a_store_is_taken_next),
      cmocka_unit_test(nmi_preempts_hardfault),
      cmocka_unit_test(reset_request_stops),
      cmocka_unit_test(stop_request_ends_after_the_instruction),
      cmocka_unit_test(breakpoints_stop_before_the_instruction),
      cmocka_unit_test(breakpoints_work_inside_it_blocks),
      cmocka_unit_test(watchpoints_stop_after_the_access),
      cmocka_unit_test(bkpt_stops_only_under_a_debugger),
      cmocka_unit_test(registers_can_be_corrupted),
  };
  return cmocka_run_group_tests_name("cpu core", tests, NULL, NULL);
}
