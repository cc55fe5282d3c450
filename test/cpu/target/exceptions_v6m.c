/* Exceptions, stacks and faults on ARMv6-M: what happened is logged and printed, and must be the same on QEMU. Every
 * instruction that ARMv6-M does not have must end in HardFault.
 */
#include "semihost.h"

#define NAKED    __attribute__((naked))
#define NOINLINE __attribute__((noinline))

static volatile uint32_t entry[256];
static volatile unsigned entries;
static void record(uint32_t v)
{
  if (entries < 256) {
    entry[entries++] = v;
  }
}
static void section(const char *name)
{
  put(name);
  put("\n");
  for (unsigned i = 0; i < entries; i++) {
    put_hex(" ", entry[i]);
  }
  entries = 0;
}

#define READ_SPECIAL(name)                                                                                             \
  ({                                                                                                                   \
    uint32_t v_;                                                                                                       \
    __asm__ volatile("mrs %0, " name : "=r"(v_));                                                                      \
    v_;                                                                                                                \
  })
#define WRITE_SPECIAL(name, v) __asm__ volatile("msr " name ", %0\n isb" ::"r"(v) : "memory")
#define BARRIER()              __asm__ volatile("dsb\n isb" ::: "memory")
#define ICSR                   REG(0xe000ed04)

static uint32_t process_stack[64] __attribute__((aligned(8)));

NAKED void svc_handler(void)
{
  __asm__ volatile("mov r0, lr\n mrs r1, msp\n mrs r2, psp\n push {r4, lr}\n bl svc_body\n pop {r4, pc}");
}
__attribute__((used)) static void svc_body(uint32_t lr, uint32_t *msp, uint32_t *psp)
{
  uint32_t *frame = lr & 4 ? psp : msp;
  uint32_t number = *(volatile uint16_t *)(frame[6] - 2) & 0xffu;
  record(0x5c000000u | number);
  record(lr);
  record(READ_SPECIAL("ipsr"));
  record(READ_SPECIAL("control"));
  record(frame[0]);
  record(frame[6]);
  record(frame[7]);
  record((uint32_t)frame);
  if (number == 2) {
    ICSR = 1u << 28;
    BARRIER();
    record(0xa1);
  } else if (number == 4) {
    REG(0xe000e200) = 3;
    BARRIER();
    record(ICSR & 0x1ff);
  }
}

NAKED void hardfault_handler(void)
{
  __asm__ volatile("mov r0, lr\n mrs r1, msp\n mrs r2, psp\n push {r4, lr}\n bl fault_body\n pop {r4, pc}");
}
static volatile uint32_t resume; /* where to go on, or 0: two or four bytes on */
__attribute__((used)) static void fault_body(uint32_t lr, uint32_t *msp, uint32_t *psp)
{
  uint32_t *frame = lr & 4 ? psp : msp;
  record(0xfa000000u | READ_SPECIAL("ipsr"));
  record(lr);
  record(frame[6]);
  record(frame[7]);
  if (resume) {
    frame[6] = resume & ~1u;
    frame[7] |= 1u << 24;
    resume = 0;
  } else {
    frame[6] += *(volatile uint16_t *)(frame[6] & ~1u) >= 0xe800 ? 4 : 2;
  }
}
void pendsv_handler(void)
{
  record(0xbe000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
}
void irq0_handler(void)
{
  record(0x10000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
}
void irq1_handler(void)
{
  record(0x11000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
}
static volatile uint32_t ticks;
void systick_handler(void)
{
  if (ticks < 3 && ++ticks == 3) {
    REG(0xe000e010) = 0;
  }
}

#define SVC(n) __asm__ volatile("movs r0, #0x55\n svc %0" ::"i"(n) : "r0", "memory")

static NOINLINE void load(uint32_t addr)
{
  __asm__ volatile("ldr r0, [%0]" ::"l"(addr) : "r0", "memory");
}

#define WORD(w)                                                                                                        \
  __asm__ volatile(".inst.w " #w "\n nop" ::: "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory")
#define HALF(h)                                                                                                        \
  __asm__ volatile(".inst.n " #h "\n nop" ::: "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory")

static void missing_instructions(void)
{
  WORD(0xf0000001); /* AND.W */
  WORD(0xf1100001); /* ADDS.W */
  WORD(0xea400001); /* ORR.W */
  WORD(0xf2401234); /* MOVW */
  WORD(0xf2c01234); /* MOVT */
  WORD(0xf3c00107); /* UBFX */
  WORD(0xfbb0f0f1); /* UDIV */
  WORD(0xfb90f0f1); /* SDIV */
  WORD(0xfb000101); /* MLA */
  WORD(0xfba01202); /* UMULL */
  WORD(0xfab0f080); /* CLZ */
  WORD(0xfa90f0a0); /* RBIT */
  WORD(0xf8d00000); /* LDR.W */
  WORD(0xf8c00000); /* STR.W */
  WORD(0xe8900006); /* LDM.W */
  WORD(0xe8501f00); /* LDREX */
  WORD(0xe8d0f001); /* TBB */
  WORD(0xf000b800); /* B.W */
  WORD(0xf0008000); /* BEQ.W */
  WORD(0xee000a00); /* coprocessor */
  WORD(0xf7f0a000); /* UDF.W */
  HALF(0xde01);     /* UDF; CBZ, CBNZ and IT are in core_test.c: QEMU's Cortex-M0 executes them */
  HALF(0xbab8);     /* hole between REV16 and REVSH */
  section("instructions that do not exist");
}

int main(void)
{
  REG(0xe000ed1c) = 0x40000000u; /* SVC */
  REG(0xe000ed20) = 0x80c00000u; /* SysTick, PendSV */
  REG(0xe000e400) = 0x4080u;
  record(REG(0xe000e400));
  record(REG(0xe000ed1c));
  record(REG(0xe000ed20));
  REG(0xe000e100) = 3;
  section("priorities");
  SVC(1);
  __asm__ volatile("sub sp, #4\n movs r0, #0x55\n svc 1\n add sp, #4" ::: "r0", "memory");
  section("svc");
  SVC(2);
  section("svc, then PendSV by tail-chaining");
  SVC(4);
  section("interrupts inside svc");
  __asm__ volatile("cpsid i");
  REG(0xe000e200) = 3;
  BARRIER();
  record(REG(0xe000e200));
  __asm__ volatile("cpsie i\n isb");
  record(1);
  section("PRIMASK");
  WRITE_SPECIAL("psp", (uint32_t)(process_stack + 63));
  __asm__ volatile(
      "movs r4, #2\n msr control, r4\n isb\n movs r0, #0x55\n svc 1\n movs r4, #0\n msr control, r4\n isb" ::
          : "r0", "r4", "memory");
  record(READ_SPECIAL("psp"));
  section("process stack");
  load(0x20000001);
  load(0x90000000);
  resume = (uint32_t) && after;
  ((void (*)(void))((uint32_t)section & ~1u))();
after:
  section("faults");
  __asm__ volatile("cpsid i\n movs r0, #0x55\n svc 1\n nop\n cpsie i" ::: "r0", "memory");
  section("svc with PRIMASK set");
  missing_instructions();
  REG(0xe000e014) = 1000;
  REG(0xe000e018) = 0;
  REG(0xe000e010) = 7;
  __asm__ volatile("cpsid i");
  while (ticks < 3) { /* masked, so that the last tick cannot come between the look and the sleep */
    __asm__ volatile("wfi\n cpsie i\n isb\n cpsid i" ::: "memory");
  }
  __asm__ volatile("cpsie i");
  record(ticks);
  section("sleep and systick");
  return 0;
}
