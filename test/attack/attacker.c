/* A hostile application: authentic, then taken over. It runs with every privilege an application has, and does on
 * command what its letter stands for; test_attacks.py says how each must end. Whatever it gets hold of, it sends. */
#include "map.h"
#include "port/port.h"
#include "port/start.h"
#include "port/stm32l4/regs.h"
#include "portcullis/engine.h"

#define ENGINE_RAM MAP_ENGINE_RAM_BASE
#define KEYS       (MAP_GATE_BASE + 0x10u)
#define INSIDE     (MAP_GATE_BASE + 0x401u) /* in the middle of the engine's code, Thumb state */
#define APP_RAM    (MAP_RAM_BASE + 0x10000u)

extern char engine_entry[];

void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

static void text(const char *words)
{
  while (*words != 0)
    port_console_put((uint8_t)*words++);
}

static void hex(uint32_t value)
{
  for (uint32_t shift = 32; shift != 0; shift -= 4)
    port_console_put((uint8_t) "0123456789abcdef"[value >> (shift - 4) & 15u]);
}

static void got(const char *what, uint32_t value)
{
  text(what);
  text(" ");
  hex(value);
  text("\r\n");
}

/* Read and send a stretch of memory. */
static void steal(uint32_t from, uint32_t words)
{
  for (uint32_t i = 0; i < words; i++)
    got("stolen", REG(from + 4 * i));
}

static void gate_with_stack(uint32_t stack)
{
  register uint32_t service __asm("r0") = ENGINE_GET_INFO;
  register uint32_t image __asm("r1") = 1;
  register uint32_t out __asm("r2") = APP_RAM;
  register uint32_t sp __asm("r3") = stack;
  __asm volatile("mov r12, sp\n"
                 "push {r4-r11, lr}\n"
                 "ldr r5, =0x20010f00\n" /* a place to keep our stack pointer in */
                 "str sp, [r5]\n"
                 "mrs r4, primask\n"
                 "cpsid i\n"
                 "mov sp, r3\n"
                 "bl engine_entry\n"
                 "ldr r5, =0x20010f00\n"
                 "ldr r6, [r5]\n"
                 "mov sp, r6\n"
                 "msr primask, r4\n"
                 "pop {r4-r11, lr}\n"
                 : "+r"(service), "+r"(image), "+r"(out), "+r"(sp)
                 :
                 : "r12", "memory", "cc");
  got("status", service);
}

/* The gate with a return address inside the engine. */
static void gate_with_return(uint32_t back)
{
  __asm volatile("movs r0, #0x11\n"
                 "movs r1, #1\n"
                 "ldr r2, =0x20010000\n"
                 "movs r4, #1\n"
                 "cpsid i\n"
                 "mov lr, %0\n"
                 "ldr r12, =engine_entry\n"
                 "bx r12\n" ::"r"(back)
                 : "r0", "r1", "r2", "r4", "r12", "lr", "memory");
}

static void jump(uint32_t to)
{
  __asm volatile("blx %0" ::"r"(to) : "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

static volatile uint32_t ticks, latest;
static void on_tick(void)
{
  uint32_t late = SYST_RVR - SYST_CVR;
  if (late > latest)
    latest = late;
  ticks++;
}

/* A vector table of our own, in RAM; 128 entries. */
static uint32_t table[128] __attribute__((aligned(512)));
static void own_vectors(uint32_t tick)
{
  const volatile uint32_t *now = &REG(SCB_VTOR);
  for (uint32_t i = 0; i < 128; i++)
    table[i] = i < 19 ? now[i] : 0;
  table[15] = tick;
  SCB_VTOR = (uint32_t)(uintptr_t)table;
}

static void tick_every(uint32_t cycles)
{
  SYST_CSR = 0;
  SYST_RVR = cycles;
  SYST_CVR = 0;
  SYST_CSR = 7;
}

/* A header that passes the bounds, so that its signature is looked at: long enough for many interrupts. */
static uint8_t header[320] __attribute__((aligned(4)));
static pc_status long_call(void)
{
  static const uint8_t start[] = {'S', 'F', 'U', '1', 2, 0, 0, 9, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0x00, 0x10, 0, 0};
  for (uint32_t i = 0; i < sizeof header; i++)
    header[i] = i < sizeof start ? start[i] : i < 100 ? (uint8_t)(i * 7) : 0;
  header[103] = 9; /* version 9.0.0 */
  for (uint32_t i = 128; i < 192; i++)
    header[i] = (uint8_t)(i * 31);
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

static void storm(void)
{
  own_vectors((uint32_t)(uintptr_t)on_tick);
  ticks = latest = 0;
  tick_every(4000);
  pc_status status = long_call();
  SYST_CSR = 5;
  got("status", status);
  got("ticks", ticks);
  got("latest", latest);
}

/* The vector table is said to lie in the engine: an interrupt inside would fetch its handler from there. */
static void vectors_inside(void)
{
  own_vectors((uint32_t)(uintptr_t)on_tick);
  tick_every(100000);
  SCB_VTOR = ENGINE_RAM + 0x400u;
  (void)long_call();
  text("survived\r\n");
}

static volatile uint32_t resumed;
static void resume_again(void)
{
  /* From an interrupt that did not come from inside: there is nothing to go back to. */
  __asm volatile("push {r4-r11, lr}\n"
                 "ldr r0, =0x7E5A0001\n"
                 "mrs r4, primask\n"
                 "cpsid i\n"
                 "bl engine_entry\n"
                 "msr primask, r4\n"
                 "ldr r1, =resumed\n"
                 "str r0, [r1]\n"
                 "pop {r4-r11, lr}\n" ::
                     : "r0", "r1", "r2", "r3", "r12", "memory");
}

/* Unprivileged callers cannot mask interrupts: refused. */
static void unprivileged(void)
{
  struct engine_image_info info;
  __asm volatile("mrs r0, control\n orr r0, r0, #1\n msr control, r0\n isb" ::: "r0");
  pc_status status = engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&info, 0);
  got("status", status);
}

/* Everything that only the boot loader may ask for. */
static void locked(void)
{
  for (uint32_t service = 0x20; service < 0x40; service++)
    got("status", engine_call(service, 1, APP_RAM, APP_RAM + 0x1000u));
}

static void pointers(void)
{
  static const uint32_t bad[] = {ENGINE_RAM,
                                 ENGINE_RAM + MAP_ENGINE_RAM_SIZE - 4,
                                 ENGINE_RAM - 4,
                                 KEYS,
                                 MAP_GATE_BASE - 4,
                                 MAP_ENGINE_DATA_BASE,
                                 MAP_ENGINE_DATA_BASE - 16,
                                 0xFFFFFFF0u,
                                 0xFFFFFFFCu,
                                 0};
  for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    got("status", engine_call(ENGINE_GET_INFO, 1, bad[i], 0));
    got("status", engine_call(ENGINE_CHECK_CANDIDATE, bad[i], 0, 0));
  }
  /* Outside the engine, but nowhere: a fault inside, which must not become a reset. */
  got("nowhere", engine_call(ENGINE_GET_INFO, 1, 0x60000000u, 0));
  got("nowhere", engine_call(ENGINE_CHECK_CANDIDATE, 0x30000000u, 0, 0));
}

/* DMA1 channel 1, memory to memory: RM0351 section 11.6. */
static void dma(uint32_t from)
{
  REG(0x40021048) |= 1u; /* DMA1EN */
  REG(0x40020008) = 0;
  REG(0x40020010) = from;
  REG(0x40020014) = APP_RAM;
  REG(0x4002000C) = 64;
  REG(0x40020008) = 1u << 14 | 1u << 10 | 1u << 8 | 1u << 7 | 1u << 6 | 1u;
  for (volatile uint32_t i = 0; i < 10000; i++) {
  }
  steal(APP_RAM, 64);
}

static void unlock_options(void)
{
  FLASH_KEYR = 0x45670123u;
  FLASH_KEYR = 0xCDEF89ABu;
  FLASH_OPTKEYR = 0x08192A3Bu;
  FLASH_OPTKEYR = 0x4C5D6E7Fu;
  FLASH_SR = FLASH_SR_ERRORS;
}

static void launch_options(void)
{
  FLASH_CR = FLASH_CR_OPTSTRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  FLASH_CR = FLASH_CR_LAUNCH;
}

static void options_off(void)
{
  unlock_options();
  FLASH_OPTION(OPTION_WRP1AR) = 0xFF00FFFFu;
  FLASH_OPTION(OPTION_OPTR) |= OPTR_BFB2;
  launch_options();
}

static void regression(void)
{
  unlock_options();
  FLASH_OPTION(OPTION_OPTR) = (FLASH_OPTION(OPTION_OPTR) & ~OPTR_RDP) | 0xAAu;
  launch_options();
}

static void write_boot(void)
{
  unlock_options();
  FLASH_CR = 1u; /* PG */
  REG(MAP_BOOT_BASE + 0x7FF0u) = 0;
  REG(MAP_BOOT_BASE + 0x7FF4u) = 0;
  got("write", FLASH_SR & FLASH_SR_ERRORS);
  FLASH_SR = FLASH_SR_ERRORS;
  for (uint32_t page = 0; page < 16; page++) {
    FLASH_CR = FLASH_CR_PER | page << 3;
    FLASH_CR = FLASH_CR_PER | page << 3 | FLASH_CR_STRT;
    while ((FLASH_SR & FLASH_SR_BSY) != 0) {
    }
    got("erase", FLASH_SR & FLASH_SR_ERRORS);
    FLASH_SR = FLASH_SR_ERRORS;
  }
  FLASH_CR = 1u << 2; /* MER1 */
  FLASH_CR = 1u << 2 | FLASH_CR_STRT;
  while ((FLASH_SR & FLASH_SR_BSY) != 0) {
  }
  got("mass", FLASH_SR & FLASH_SR_ERRORS);
}

static void stop_watchdog(void)
{
  IWDG_KR = 0;
  REG(0x40021094) &= ~1u; /* LSION */
  IWDG_KR = IWDG_KR_ACCESS;
  IWDG_RLR = 0xFFF;
  REG(0x40021058) &= ~(1u << 11);
  text("spins\r\n");
  for (;;) {
  }
}

/* From RAM, with the MPU off: the banks swapped, the keys would lie in bank 2's place. */
static void swap_banks(uint32_t where)
{
  static const uint16_t code[] = {
      0x6001,                                 /* str r1, [r0] */
      0xf3bf, 0x8f4f, 0xf3bf, 0x8f6f,         /* dsb, isb */
      0x6813,                                 /* ldr r3, [r2] */
      0x2100,                                 /* movs r1, #0 */
      0x6001,                                 /* str r1, [r0] */
      0xf3bf, 0x8f4f, 0xf3bf, 0x8f6f, 0x4618, /* mov r0, r3 */
      0x4770                                  /* bx lr */
  };
  volatile uint16_t *ram = (volatile uint16_t *)(uintptr_t)APP_RAM;
  for (uint32_t i = 0; i < sizeof code / 2; i++)
    ram[i] = code[i];
  MPU_CTRL = 0;
  RCC_APB2ENR |= RCC_APB2_SYSCFG;
  __asm volatile("dsb\n isb\n cpsid i");
  uint32_t (*run)(uint32_t, uint32_t, uint32_t) = (uint32_t(*)(uint32_t, uint32_t, uint32_t))(uintptr_t)(APP_RAM + 1u);
  uint32_t value = run(0x40010000u, 1u << 8, where);
  got("stolen", value);
}

static void firewall_off(void)
{
  RCC_APB2ENR &= ~RCC_APB2_FW;
  FW_CSL = 0;
  FW_NVDSL = 0;
  FW_VDSL = 0;
  SYSCFG_CFGR1 |= SYSCFG_CFGR1_FWDIS;
  REG(0x40021080) |= 1u; /* reset of SYSCFG */
  REG(0x40021080) &= ~1u;
  steal(ENGINE_RAM, 16);
}

static void debug_pins(void)
{
  RCC_AHB2ENR |= 3u;
  got("pins", GPIO_MODER('A') >> 26 & 0x3Fu);
  got("trace", GPIO_MODER('B') >> 6 & 0xFu);
}

static void run_ram(void)
{
  volatile uint16_t *ram = (volatile uint16_t *)(uintptr_t)APP_RAM;
  ram[0] = 0x4770;
  jump(APP_RAM + 1u);
  text("RAM runs\r\n");
}

/* What is left in the registers when a request is over: nothing but the status, and what the caller keeps in r4. */
static void registers(void)
{
  uint32_t left;
  __asm volatile("push {r4-r11, lr}\n"
                 "movs r0, #0x11\n"
                 "movs r1, #1\n"
                 "ldr r2, =0x20010000\n"
                 "mrs r4, primask\n"
                 "cpsid i\n"
                 "bl engine_entry\n"
                 "msr primask, r4\n"
                 "orrs r1, r2\n orrs r1, r3\n orrs r1, r5\n orrs r1, r6\n orrs r1, r7\n"
                 "orr r1, r8\n orr r1, r9\n orr r1, r10\n orr r1, r11\n orr r12, r1\n"
                 "pop {r4-r11, lr}\n"
                 "mov %0, r12\n"
                 : "=r"(left)
                 :
                 : "r0", "r1", "r2", "r3", "r12", "memory", "cc");
  got("left", left);
}

/* A process stack for the engine to work on: it must not be touched. */
static void own_process_stack(void)
{
  volatile uint32_t *const stack = (volatile uint32_t *)(uintptr_t)APP_RAM;
  uint32_t touched = 0;
  for (uint32_t i = 0; i < 512; i++)
    stack[i] = 0;
  __asm volatile("movs r0, #0x11\n"
                 "movs r1, #1\n"
                 "ldr r2, =0x20012200\n"
                 "mrs r4, primask\n"
                 "cpsid i\n"
                 "msr psp, %0\n"
                 "mrs r12, control\n"
                 "orr r12, r12, #2\n"
                 "msr control, r12\n"
                 "isb\n"
                 "bl engine_entry\n"
                 "movs r1, #0\n"
                 "msr control, r1\n"
                 "isb\n"
                 "msr primask, r4\n" ::"r"(APP_RAM + 2048u)
                 : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc");
  for (uint32_t i = 0; i < 512; i++)
    touched += stack[i] != 0;
  got("touched", touched);
}

static void alive(void)
{
  struct engine_image_info info;
  got("status", engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&info, 0));
  got("version", info.version);
}

/* The code of the other image of the board, authentic, but not the one that was started. */
static void run_other(void)
{
#ifdef OTHER
  jump(REG(OTHER + 4u));
#endif
  text("other ran\r\n");
}

/* ---- at the gate, while something of ours is still in use and the firewall already open, or open still ----
 * A header that was handed in lies in the engine's RAM; every word of it is the address of the code that writes a key
 * out, and our vector table is said to lie there. Or our stack does, and registers are pushed into the engine. The test
 * has put table and address at MAILBOX. */
#define MAILBOX (MAP_RAM_BASE + 0x12000u)
#define LOOT    (MAP_RAM_BASE + 0x12100u)

static void hand_in(void)
{
  for (uint32_t i = 0; i < sizeof header; i += 4)
    *(volatile uint32_t *)(header + i) = REG(MAILBOX + 4u);
  got("status", engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0));
}

/* Nobody has access to this; a hard fault's handler has. What is in no region is as it is by default. */
static void closed_region(uint32_t base, uint32_t size_log2)
{
  __asm volatile("cpsid i");
  MPU_CTRL = 0;
  MPU_RNR = 7;
  MPU_RBAR = base;
  MPU_RASR = (size_log2 - 1u) << 1 | 1u;
  MPU_CTRL = 5;
  __asm volatile("dsb\n isb");
}

static void enter_with(uint32_t stack)
{
  __asm volatile("mov r0, %0\n"
                 "movs r4, #1\n"
                 "mov sp, %1\n"
                 "bl engine_entry\n"
                 "mov sp, %2\n" ::"r"(LOOT),
                 "r"(stack), "r"(MAP_RAM_BASE + MAP_RAM_SIZE - 0x100u)
                 : "r0", "r1", "r2", "r3", "r4", "lr", "memory");
  text("survived\r\n");
}

static void vectors_in_engine(uint32_t closed, uint32_t size_log2)
{
  closed_region(closed, size_log2);
  SCB_VTOR = REG(MAILBOX);
  enter_with(APP_RAM);
}

static void out_of_gate(void)
{
  text("survived\r\n");
  for (;;) {
  }
}

static __attribute__((naked)) void on_hard_fault(void)
{
  __asm volatile("ldr sp, =0x20010f00\n b %0" ::"i"(out_of_gate));
}

static void stack_in_engine(uint32_t closed, uint32_t size_log2)
{
  own_vectors(0);
  table[3] = (uint32_t)(uintptr_t)on_hard_fault;
  closed_region(closed, size_log2);
  enter_with(ENGINE_RAM + 0x400u);
}

/* A tick as soon as the gate is open: one cycle earlier each time, until one comes before the gate. */
static void tick_in_gate(void)
{
  __asm volatile("cpsid i");
  const uint32_t own = SCB_VTOR;
  for (uint32_t cycles = 40; cycles != 0; cycles--) {
    SCB_VTOR = REG(MAILBOX);
    SYST_CSR = 0;
    SYST_RVR = cycles;
    SYST_CVR = 0;
    __asm volatile("mov r0, %0\n"
                   "movs r4, #1\n"
                   "movs r2, #7\n"
                   "ldr r1, =0xe000e010\n"
                   "dsb\n"
                   "str r2, [r1]\n"
                   "cpsie i\n"
                   "bl engine_entry\n"
                   "cpsid i\n" ::"r"(LOOT)
                   : "r0", "r1", "r2", "r3", "r4", "lr", "memory");
    SYST_CSR = 0;
    REG(0xE000ED04u) = 1u << 25; /* no longer pending */
    SCB_VTOR = own;
  }
  text("survived\r\n");
}

static void attack(int letter)
{
  switch (letter) {
  case 'a':
    steal(KEYS, 16);
    break;
  case 'b':
    steal(ENGINE_RAM, 16);
    break;
  case 'c':
    steal(MAP_ENGINE_DATA_BASE, 16);
    break;
  case 'd':
    jump(INSIDE);
    break;
  case 'e':
    jump(MAP_GATE_BASE + 1u);
    break;
  case 'f':
    jump(MAP_GATE_BASE + 9u);
    break;
  case 'g':
    pointers();
    break;
  case 'h':
    locked();
    break;
  case 'i':
    gate_with_stack(ENGINE_RAM + 0x800u);
    break;
  case 'j':
    gate_with_return(INSIDE);
    break;
  case 'k':
    gate_with_return(0xFFFFFFF9u);
    break;
  case 'l':
    dma(ENGINE_RAM);
    break;
  case 'm':
    dma(KEYS);
    break;
  case 'n':
    write_boot();
    break;
  case 'o':
    options_off();
    break;
  case 'p':
    regression();
    break;
  case 'q':
    stop_watchdog();
    break;
  case 'r':
    swap_banks(0x08080214u);
    break;
  case 's':
    swap_banks(0x08000300u);
    break;
  case 't':
    firewall_off();
    break;
  case 'u':
    storm();
    break;
  case 'v':
    vectors_inside();
    break;
  case 'w':
    resume_again();
    got("status", resumed);
    break;
  case 'x':
    unprivileged();
    break;
  case 'y':
    run_ram();
    break;
  case 'z':
    debug_pins();
    break;
  case 'A':
    steal(0x08000214u - 0x08000000u, 16);
    break; /* by the alias at 0 */
  case 'B':
    jump(0x08006000u + 1u);
    break; /* the boot loader's own code */
  case 'C':
    alive();
    break;
  case 'D':
    FW_CR = 4u;
    text("survived\r\n");
    break;
  case 'E':
    got("option", REG(0x1FFF7800u));
    break;
  case 'F':
    run_other();
    break;
  case 'G':
    hand_in();
    break;
  case 'H':
    vectors_in_engine(ENGINE_RAM, 12);
    break;
  case 'I':
    vectors_in_engine(0x40011C00u, 10); /* the firewall's registers */
    break;
  case 'J':
    tick_in_gate();
    break;
  case 'K':
    stack_in_engine(0x40011C00u, 10);
    break;
  case 'L':
    stack_in_engine(MAP_BOOT_BASE, 9); /* where the engine leaves for */
    break;
  case 'M':
    steal(REG(MAILBOX), 1);
    break;
  case 'N':
    registers();
    break;
  case 'O':
    own_process_stack();
    break;
  default:
    text("?\r\n");
    break;
  }
}

int main(void)
{
  port_init();
  text("\r\nATTACKER runs\r\n");
  for (;;) {
    port_watchdog_refresh();
    int letter = port_console_get(100);
    if (letter < 0)
      continue;
    text("attack\r\n");
    attack(letter);
    text("over\r\n");
  }
}
