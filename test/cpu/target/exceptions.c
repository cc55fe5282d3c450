/* Exceptions, privilege, stacks, faults and the MPU on ARMv7E-M: what happened is logged and printed, and must be the
 * same on QEMU. Stores to the NVIC are followed by DSB and ISB, because QEMU 7.2 takes such interrupts late.
 */
#include "semihost.h"

#define NAKED    __attribute__((naked))
#define NOINLINE __attribute__((noinline))

static volatile uint32_t entry[512];
static volatile unsigned entries;
static void record(uint32_t v)
{
  if (entries < 512) {
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
#define SVC(n)                 __asm__ volatile("mov r0, #0x55\n svc %0" ::"i"(n) : "r0", "memory")

#define ICSR        REG(0xe000ed04)
#define SHCSR       REG(0xe000ed24)
#define CFSR        REG(0xe000ed28)
#define HFSR        REG(0xe000ed2c)
#define CCR         REG(0xe000ed14)
#define MPU_CTRL    REG(0xe000ed94)
#define MPU_RNR     REG(0xe000ed98)
#define MPU_RBAR    REG(0xe000ed9c)
#define MPU_RASR    REG(0xe000eda0)
#define PRIORITY(n) REG8((n) < 16 ? 0xe000ed14u + (n) : 0xe000e400u + (n)-16)
#define PENDSVSET   (1u << 28)

static uint32_t process_stack[128] __attribute__((aligned(8)));
static uint32_t secret[64] __attribute__((aligned(256)));
static uint32_t arena[2048] __attribute__((aligned(8192)));

/* ---- handlers ---- */
static volatile enum { SKIP, RETURN, RETURN_NO_THUMB, RESCUE, AGAIN } recovery;
static uint32_t rescue_frame[8] __attribute__((aligned(8)));

NAKED void svc_handler(void)
{
  __asm__ volatile("mov r0, lr\n mrs r1, msp\n mrs r2, psp\n push {r4, lr}\n bl svc_body\n cbz r0, 1f\n"
                   " str r0, [sp, #4]\n 1: pop {r4, pc}");
}
/* Returns the EXC_RETURN to use, or 0 for the one that came. */
__attribute__((used)) static uint32_t svc_body(uint32_t lr, uint32_t *msp, uint32_t *psp)
{
  uint32_t *frame = lr & 4 ? psp : msp;
  if (recovery == RESCUE && frame == psp && frame != process_stack + 119) {
    record(0x5c0000ffu);
    record(SHCSR);
    rescue_frame[7] = 0x01000000;
    WRITE_SPECIAL("psp", (uint32_t)rescue_frame);
    return 0;
  }
  uint32_t number = ((uint8_t *)frame[6])[-2];
  record(0x5c000000u | number);
  record(lr);
  record(READ_SPECIAL("ipsr"));
  record(READ_SPECIAL("control"));
  record(frame[0]);
  record(frame[6]);
  record(frame[7]);
  record((uint32_t)frame);
  switch (number) {
  case 1:
    frame[0] = 0x1234;
    break;
  case 2:
    ICSR = PENDSVSET;
    BARRIER();
    record(0xa1);
    break;
  case 3: /* back to privileged Thread mode */
    WRITE_SPECIAL("control", READ_SPECIAL("control") & ~1u);
    break;
  case 4:
    REG(0xe000e200) = 3;
    BARRIER();
    record(0xa4);
    break;
  case 5:
    record(ICSR);
    record(SHCSR);
    break;
  case 6: /* return through a stack that cannot be read */
    WRITE_SPECIAL("psp", 0x90000200);
    break;
#ifdef TEST_FPU
  case 7: { /* a handler that uses the FPU: the registers are stored first */
    uint32_t fpscr;
    record(REG(0xe000ef34) & ~0x400u);
    record(REG(0xe000ef38));
    __asm__ volatile("vmov.f32 s0, #7.0\n vmov.f32 s15, #8.0\n vmrs %0, fpscr" : "=r"(fpscr)::"s0", "s15");
    record(fpscr);
    record(REG(0xe000ef34) & ~0x400u);
    record(READ_SPECIAL("control"));
    record(frame[8]);
    record(frame[23]);
    record(frame[24]);
    break;
  }
#endif
  case 10:
    frame[7] |= frame[1]; /* IPSR of the frame */
    return frame[2];
  default:
    break;
  }
  return 0;
}

NAKED static void fault_entry(void)
{
  __asm__ volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n mov r1, lr\n push {r4, lr}\n bl fault_body\n"
                   " cbz r0, 1f\n str r0, [sp, #4]\n 1: pop {r4, pc}");
}
__attribute__((used)) static uint32_t fault_body(uint32_t *frame, uint32_t lr)
{
  record(0xfa000000u | READ_SPECIAL("ipsr"));
  record(lr);
  record(CFSR);
  record(HFSR);
  if (recovery == RESCUE) { /* the frame is out of reach: return through one made here */
    record(SHCSR);
    record(READ_SPECIAL("psp"));
    CFSR = CFSR;
    HFSR = HFSR;
    rescue_frame[7] = 0x01000000;
    WRITE_SPECIAL("psp", (uint32_t)rescue_frame);
    return 0;
  }
  if (CFSR & 0x80) {
    record(REG(0xe000ed34));
  }
  if (CFSR & 0x8000) {
    record(REG(0xe000ed38));
  }
  record(SHCSR);
  record(ICSR);
  record(frame[6]);
  record(frame[7]);
  record(READ_SPECIAL("control"));
  CFSR = CFSR;
  HFSR = HFSR;
  if (recovery == SKIP) {
    frame[6] += *(uint16_t *)(frame[6] & ~1u) >= 0xe800 ? 4 : 2;
  } else if (recovery == RETURN_NO_THUMB) {
    frame[7] &= ~(1u << 24);
    recovery = RETURN;
  } else if (recovery == RETURN) {
    frame[6] = frame[5] & ~1u;
    frame[7] |= 1u << 24;
    frame[7] &= ~0x0600fc00u;
  } else { /* the frame belongs to Thread mode, whatever it says */
    frame[7] &= ~0x1ffu;
    return 0xfffffff9;
  }
  frame[0] = 0xdead;
  return 0;
}
void hardfault_handler(void) __attribute__((alias("fault_entry")));
void memmanage_handler(void) __attribute__((alias("fault_entry")));
void busfault_handler(void) __attribute__((alias("fault_entry")));
void usagefault_handler(void) __attribute__((alias("fault_entry")));

void pendsv_handler(void)
{
  record(0xbe000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
}
void irq0_handler(void)
{
  record(0x10000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
  REG(0xe000e200) = 2;
  BARRIER();
  record(REG(0xe000e300));
  record(0x1000ffffu);
}
void irq1_handler(void)
{
  record(0x11000000u | READ_SPECIAL("ipsr"));
  record((uint32_t)__builtin_return_address(0));
  record(ICSR);
}
void irq2_handler(void)
{
  record(0x12000000u | READ_SPECIAL("ipsr"));
}
static volatile uint32_t ticks;
void systick_handler(void)
{
  if (ticks < 3 && ++ticks == 3) {
    REG(0xe000e010) = 0;
  }
}

/* ---- single accesses whose fault is to be seen; r0 is what the handler may change ---- */
static NOINLINE uint32_t load(uint32_t addr)
{
  register uint32_t r0 __asm__("r0") = 0;
  __asm__ volatile("ldr.n r0, [%1]" : "+l"(r0) : "l"(addr) : "memory");
  return r0;
}
static NOINLINE void store(uint32_t addr, uint32_t v)
{
  __asm__ volatile("str.n %1, [%0]" ::"l"(addr), "l"(v) : "memory", "r0");
}
static NOINLINE uint32_t load_unprivileged(uint32_t addr)
{
  register uint32_t r0 __asm__("r0") = 0;
  __asm__ volatile("ldrt r0, [%1]" : "+l"(r0) : "l"(addr) : "memory");
  return r0;
}
static NOINLINE void store_unprivileged(uint32_t addr, uint32_t v)
{
  __asm__ volatile("strt %1, [%0]" ::"l"(addr), "l"(v) : "memory", "r0");
}
static NOINLINE void call(uint32_t addr)
{
  ((void (*)(void))addr)();
}

static void region(uint32_t n, uint32_t base, uint32_t rasr)
{
  MPU_RNR = n;
  MPU_RBAR = base;
  MPU_RASR = rasr;
}
#define XN      (1u << 28)
#define AP(n)   ((uint32_t)(n) << 24)
#define SRD(n)  ((uint32_t)(n) << 8)
#define SIZE(n) ((uint32_t)((n)-1) << 1 | 1u) /* 2^n bytes, enabled */

/* ---- the sections ---- */
/* Regions that let the program itself run: code, stack and data, at the lowest and highest numbers. */
static void base_regions(void)
{
  region(0, 0, AP(6) | SIZE(20));
  region(1, 0x20000000, XN | AP(3) | SIZE(16));
}

static void calls_and_preemption(void)
{
  SVC(1);
  __asm__ volatile("sub sp, #4\n mov r0, #0x55\n svc 1\n add sp, #4" ::: "r0", "memory");
  SVC(5);
  section("svc");
  SVC(2);
  section("svc, then PendSV by tail-chaining");
  SVC(4);
  section("interrupts of higher and lower priority inside svc");
  __asm__ volatile("cpsid i");
  REG(0xe000e200) = 1;
  BARRIER();
  record(ICSR);
  __asm__ volatile("cpsie i\n isb");
  record(1);
  section("PRIMASK");
  WRITE_SPECIAL("basepri", 0x60);
  REG(0xe000e200) = 1;
  BARRIER();
  record(2);
  REG(0xe000e200) = 2;
  BARRIER();
  record(ICSR);
  WRITE_SPECIAL("basepri", 0);
  record(3);
  section("BASEPRI");
  PRIORITY(16) = 0x68; /* same group as 0x60 with PRIGROUP 4: no preemption */
  PRIORITY(17) = 0x60;
  REG(0xe000ed0c) = 0x05fa0400;
  REG(0xe000e200) = 1;
  BARRIER();
  section("priority groups");
  REG(0xe000ed0c) = 0x05fa0000;
  PRIORITY(16) = 0x60;
  PRIORITY(17) = 0x20;
  REG(0xe000e180) = 1;
  REG(0xe000e200) = 1;
  BARRIER();
  record(REG(0xe000e200));
  record(ICSR);
  REG(0xe000e280) = 1;
  REG(0xe000e100) = 1;
  BARRIER();
  record(ICSR);
  REG(0xe000ef00) = 2; /* STIR */
  BARRIER();
  record(REG(0xe000e400));
  section("disabled, cleared, software-triggered");
  uint32_t flags;
  __asm__ volatile("movs r0, #1\n cmp r0, #1\n itttt eq\n moveq r1, #1\n svceq 1\n moveq r1, #3\n addeq r1, #4\n"
                   " mrs %0, apsr\n orr %0, r1"
                   : "=r"(flags)::"r0", "r1", "cc", "memory");
  record(flags);
  section("svc inside an IT block");
}

static void process_stack_and_privilege(void)
{
  WRITE_SPECIAL("psp", (uint32_t)(process_stack + 127));
  __asm__ volatile("mov r4, #2\n msr control, r4\n isb\n mov r0, #0x55\n svc 1\n mov r3, sp\n mov r4, #0\n"
                   " msr control, r4\n isb\n mov r5, r3" ::
                       : "r0", "r3", "r4", "r5", "memory");
  record(READ_SPECIAL("psp"));
  section("svc from the process stack");
  WRITE_SPECIAL("control", 1);
  record(READ_SPECIAL("control"));
  recovery = SKIP;
  WRITE_SPECIAL("control", 0); /* ignored */
  record(READ_SPECIAL("control"));
  __asm__ volatile("cpsid i");
  record(READ_SPECIAL("primask"));
  record(READ_SPECIAL("psp"));
  record(load(0xe000ed94));
  store(0xe000e100, 1);
  WRITE_SPECIAL("apsr_nzcvq", 0x80000000u);
  record(READ_SPECIAL("apsr"));
  SVC(3);
  record(READ_SPECIAL("control"));
  section("unprivileged");
}

static void usage_faults(void)
{
  recovery = SKIP;
  __asm__ volatile("udf #1");
  __asm__ volatile("udf.w #1");
  section("undefined");
  CCR |= 0x10;
  __asm__ volatile("mov r1, #0\n sdiv r0, r1, r1\n udiv r0, r1, r1" ::: "r0", "r1");
  CCR &= ~0x10u;
  __asm__ volatile("mov r1, #0\n sdiv r0, r1, r1" ::: "r0", "r1");
  section("division by zero");
  __asm__ volatile(
      "ldrd r0, r1, [%0]\n ldmia %0, {r0, r1}\n strd r0, r1, [%0]\n stmia %0, {r0, r1}\n ldrex r0, [%0]" ::"r"(
          0x20000002)
      : "r0", "r1", "memory");
  section("unaligned double and multiple");
  load(0x90000000);
  store(0x90000000, 1);
  section("bus faults");
  recovery = RETURN;
  call((uint32_t)section & ~1u);
  call(0x90000001);
  call(0x40000001);
  section("jumps to nowhere");
  recovery = SKIP;
  /* the handler does not advance ITSTATE, so the block ends one instruction late */
  uint32_t v;
  __asm__ volatile("movs r0, #1\n movs r1, #0\n cmp r0, #2\n ittee ne\n addne r1, #1\n udfne #2\n addeq r1, #4\n"
                   " addeq r1, #8\n add.w r1, #16\n mov %0, r1"
                   : "=r"(v)::"r0", "r1", "cc");
  record(v);
  section("undefined inside an IT block");
  recovery = RETURN_NO_THUMB;
  __asm__ volatile("adr lr, 1f\n orr lr, #1\n .align 2\n udf #3\n nop\n 1: nop" ::: "lr", "r0");
  section("return without Thumb state");
  recovery = SKIP;
  __asm__ volatile("cpsid i\n mov r0, #0x55\n svc 1\n nop\n udf #4\n cpsie i" ::: "r0", "memory");
  section("svc and udf with PRIMASK set");
  SHCSR &= ~0x70000u;
  __asm__ volatile("udf #5");
  load(0x90000000);
  SHCSR |= 0x70000u;
  section("disabled fault handlers");
  PRIORITY(6) = 0x80;
  WRITE_SPECIAL("basepri", 0x40);
  __asm__ volatile("udf #6");
  WRITE_SPECIAL("basepri", 0);
  PRIORITY(6) = 0;
  section("fault handler of too low priority");
}

/* Run the asm with the process stack at sp; the fault handler comes back to its end. */
#define ON_STACK(sp, code)                                                                                             \
  __asm__ volatile("adr r4, 1f\n str r4, [%1, #24]\n msr psp, %0\n mov r4, #2\n msr control, r4\n isb\n" code          \
                   "\n .align 2\n1: mov r4, #0\n msr control, r4\n isb" ::"r"(sp),                                     \
                   "r"(rescue_frame)                                                                                   \
                   : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "cc", "memory")

/* Entry and return with a stack that cannot be used, and returns that make no sense. */
static void stacking_faults(void)
{
  recovery = RESCUE;
  ON_STACK(0x90000100, "svc 9");
  section("stacking: bus error on svc");
  ON_STACK(0x90000100, "udf #8");
  section("stacking: bus error on a fault");
  ON_STACK(0x90000100, "movw r0, 0xe200\n movt r0, 0xe000\n mov r1, #4\n str r1, [r0]\n dsb\n isb\n nop");
  section("stacking: bus error on an interrupt");
  PRIORITY(5) = 0x80;
  ON_STACK(0x90000100, "svc 9");
  section("stacking: derived fault of lower priority than the svc");
  PRIORITY(5) = 0;
  SHCSR &= ~0x20000u;
  ON_STACK(0x90000100, "svc 9");
  SHCSR |= 0x20000u;
  section("stacking: derived fault disabled");
  ON_STACK((uint32_t)(process_stack + 127), "svc 6");
  section("unstacking: bus error");
  base_regions();
  region(2, (uint32_t)arena, XN | AP(5) | SIZE(8));
  MPU_CTRL = 5;
  BARRIER();
  ON_STACK((uint32_t)(arena + 32), "svc 9");
  section("stacking: MPU");
  region(2, (uint32_t)arena, XN | SIZE(8));
  ON_STACK((uint32_t)(arena + 68), "mov r0, #0x55\n svc 9"); /* the upper half of the frame fits */
  section("stacking: MPU, half way");
  MPU_CTRL = 0;
  BARRIER();
}

/* Exception returns that fail the checks: from a handler, with a value of its own. */
NAKED static void return_with(uint32_t value, uint32_t ipsr_in_frame)
{
  __asm__ volatile("push {r4, lr}\n mov r2, r0\n svc 10\n pop {r4, pc}");
}
static void bad_returns(void)
{
  recovery = AGAIN;
  return_with(0xfffffff1, 0); /* to Handler mode, and there is none */
  section("return: handler mode that is not there");
  return_with(0xfffffff5, 0);
  section("return: reserved value");
  return_with(0xfffffff9, 3); /* the frame says Handler mode */
  section("return: frame of another mode");
}

static uint32_t random_state = 1;
static uint32_t next_random(void)
{
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}

static void protection(void)
{
  recovery = SKIP;
  base_regions();
  region(2, (uint32_t)secret, XN | AP(1) | SIZE(8));
  MPU_CTRL = 5;
  BARRIER();
  record(MPU_RASR);
  record(MPU_RBAR);
  load((uint32_t)secret);
  store((uint32_t)secret, 0x11);
  store(0x100, 1);
  load_unprivileged((uint32_t)secret);
  store_unprivileged((uint32_t)secret, 0x22);
  load_unprivileged((uint32_t)secret - 4);
  load_unprivileged((uint32_t)secret + 256);
  record(secret[0]);
  section("mpu: privileged and unprivileged data");
  recovery = RETURN;
  call((uint32_t)process_stack | 1u);
  call(0xe000e001);
  region(7, 0x80000000, AP(3) | SIZE(31));
  call(0xe0100001);
  call(0x90000001); /* allowed, but nothing is there */
  MPU_RASR = 0;
  section("mpu: execution of data");
  recovery = SKIP;
  WRITE_SPECIAL("control", 1);
  load((uint32_t)secret);
  load(0x40000000);
  store((uint32_t)secret + 255, 1); /* unaligned across the end */
  SVC(3);
  section("mpu: unprivileged code");
  MPU_CTRL = 4;
  BARRIER();
  load((uint32_t)secret);
  MPU_CTRL = 0;
  section("mpu: off");
}

/* Random regions over the arena; every probe says what it did. Subregions of 1 KiB and more: QEMU leaves a page open
 * after an unprivileged access through a smaller disabled one. */
static void random_regions(void)
{
  recovery = SKIP;
  for (int config = 0; config < 60; config++) {
    base_regions();
    for (uint32_t n = 2; n < 8; n++) {
      static const uint8_t permissions[] = {0, 1, 2, 3, 5, 6};
      uint32_t bits = 5 + next_random() % 9;
      uint32_t base = (uint32_t)arena + (next_random() % sizeof arena & ~((1u << bits) - 1));
      uint32_t rasr =
          XN | AP(permissions[next_random() % 6]) | SIZE(bits) | (bits >= 13 ? SRD(next_random() & 0xff) : 0);
      region(n, base, next_random() % 4 ? rasr : 0);
    }
    MPU_CTRL = 1 | (next_random() & 4);
    BARRIER();
    uint32_t hash = 0;
    for (int probe = 0; probe < 40; probe++) {
      uint32_t addr = (uint32_t)arena + (next_random() % sizeof arena & ~3u);
      unsigned before = entries;
      switch (next_random() & 3) {
      case 0:
        load(addr);
        break;
      case 1:
        store(addr, addr);
        break;
      case 2:
        load_unprivileged(addr);
        break;
      default:
        store_unprivileged(addr, addr);
        break;
      }
      hash = hash * 33 + (entries - before) + addr;
      for (unsigned i = before; i < entries; i++) {
        hash = hash * 31 + entry[i];
      }
      entries = before;
    }
    MPU_CTRL = 0;
    BARRIER();
    record(hash);
  }
  section("mpu: random regions");
}

static void sleep_and_systick(void)
{
  REG(0xe000e014) = 1000;
  REG(0xe000e018) = 0;
  REG(0xe000e010) = 7;
  __asm__ volatile("cpsid i");
  while (ticks < 3) { /* masked, so that the last tick cannot come between the look and the sleep */
    __asm__ volatile("wfi\n cpsie i\n isb\n cpsid i" ::: "memory");
  }
  __asm__ volatile("cpsie i");
  record(ticks);
  record(REG(0xe000e010) & 7);
  REG(0xe000ed10) = 0x10; /* SEVONPEND */
  REG(0xe000e180) = 4;
  REG(0xe000e200) = 4;
  BARRIER();
  __asm__ volatile("wfe");
  REG(0xe000e280) = 4;
  record(READ_SPECIAL("primask"));
  section("sleep and systick");
}

#ifdef TEST_FPU
static void fpu_context(void)
{
  uint32_t a, b, c;
  record(REG(0xe000ef34) & ~0x400u); /* QEMU sets a bit of ARMv8-M */
  WRITE_SPECIAL("control", 0);
  SVC(1);
  record(READ_SPECIAL("control"));
  __asm__ volatile("vmov.f32 s0, #1.0\n vmov.f32 s15, #2.0\n vmov.f32 s16, #3.0" ::: "s0", "s15", "s16");
  record(READ_SPECIAL("control"));
  SVC(1);
  __asm__ volatile("vmov %0, s0\n vmov %1, s15\n vmov %2, s16" : "=r"(a), "=r"(b), "=r"(c));
  record(a);
  record(b);
  record(c);
  record(READ_SPECIAL("control"));
  section("fpu: lazy stacking that never happens");
  recovery = SKIP;
  __asm__ volatile("vmov.f32 s1, #4.0\n udf #7\n vmov %0, s1" : "=r"(a)::"s1", "r0");
  record(a);
  section("fpu: fault with context");
  REG(0xe000ef3c) = 0x02c00000u;
  __asm__ volatile("mov r0, #0\n movt r0, 0x0040\n vmsr fpscr, r0\n vmov.f32 s0, #1.0\n vmov.f32 s15, #1.5\n"
                   " vmov.f32 s31, #2.5\n svc 7\n vmov %0, s0\n vmov %1, s15\n vmov %2, s31"
                   : "=r"(a), "=r"(b), "=r"(c)::"r0", "s0", "s15", "s31", "memory");
  record(a);
  record(b);
  record(c);
  __asm__ volatile("vmrs %0, fpscr" : "=r"(a));
  record(a);
  REG(0xe000ef3c) = 0;
  section("fpu: lazy stacking that happens");
  REG(0xe000ef34) = 0x80000000u; /* no lazy stacking */
  BARRIER();
  SVC(1);
  __asm__ volatile("vmov %0, s0" : "=r"(a));
  record(a);
  REG(0xe000ef34) = 0x40000000u; /* no automatic context */
  BARRIER();
  SVC(1);
  REG(0xe000ef34) = 0xc0000000u;
  section("fpu: other stacking modes");
  REG(0xe000ed88) = 0;
  BARRIER();
  WRITE_SPECIAL("control", 0);
  __asm__ volatile("vmov.f32 s0, #1.0");
  __asm__ volatile("vldr s0, [sp]");
  REG(0xe000ed88) = 5u << 20; /* privileged only */
  BARRIER();
  __asm__ volatile("vmov.f32 s0, #1.0" ::: "s0");
  WRITE_SPECIAL("control", 1);
  __asm__ volatile("vmov.f32 s0, #1.0" ::: "s0");
  SVC(3);
  REG(0xe000ed88) = 0xfu << 20;
  BARRIER();
  section("fpu: access control");
}
#endif

int main(void)
{
  PRIORITY(11) = 0x40;
  PRIORITY(14) = 0xe0;
  PRIORITY(15) = 0xc0;
  PRIORITY(16) = 0x60;
  PRIORITY(17) = 0x20;
  PRIORITY(18) = 0xa0;
  SHCSR |= 0x70000u;
  REG(0xe000e100) = 7;
  calls_and_preemption();
  process_stack_and_privilege();
  usage_faults();
  protection();
  random_regions();
  sleep_and_systick();
#ifdef TEST_FPU
  fpu_context();
#endif
  stacking_faults();
  bad_returns();
  return 0;
}
