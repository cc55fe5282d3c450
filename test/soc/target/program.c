/* Programs that run on the simulated chip for test_run.c. The test writes a command and arguments into MAILBOX, the
 * program its results; it ends in WFI with nothing to wake it. */
#include <stdint.h>

#define REG(a) (*(volatile uint32_t *)(a))
enum { COMMAND, ARG0, ARG1, RESULT0 = 8, NMIS = 16, NMI_FIRST = 17, BOOTS = 30 };
static volatile uint32_t *const mailbox = (volatile uint32_t *)0x20017F00;

#define FLASH_KEYR REG(0x40022008)
#define FLASH_SR   REG(0x40022010)
#define FLASH_CR   REG(0x40022014)
#define FLASH_ECCR REG(0x40022018)
#define CYCCNT     REG(0xE0001004)
#define USART2_ISR REG(0x4000441C)
#define USART2_RDR REG(0x40004424)
#define USART2_TDR REG(0x40004428)
#define BSY        0x10000u

__attribute__((noreturn)) static void sleep_for_good(void)
{
  for (;;)
    __asm volatile("wfi");
}

static void count_cycles(void)
{
  REG(0xE000EDFC) |= 1u << 24; /* DEMCR.TRCENA */
  CYCCNT = 0;
  REG(0xE0001000) |= 1;
}

static void unlock(void)
{
  FLASH_KEYR = 0x45670123;
  FLASH_KEYR = 0xCDEF89AB;
}

/* Program the double word at ARG0 and count the times that BSY was seen, and the cycles. */
static void program(void)
{
  uint32_t polls = 0;
  unlock();
  FLASH_CR = 1;
  count_cycles();
  REG(mailbox[ARG0]) = 0x600DF00D;
  REG(mailbox[ARG0] + 4) = 0xCAFEF00D;
  while (FLASH_SR & BSY)
    polls++;
  mailbox[RESULT0 + 1] = CYCCNT;
  mailbox[RESULT0] = polls;
  mailbox[RESULT0 + 2] = REG(mailbox[ARG0] + 4);
}

/* Erase the page of bank 2 at ARG0, then read the word at ARG1; how many cycles that took together. */
static void read_during_erase(void)
{
  unlock();
  mailbox[RESULT0] = REG(mailbox[ARG1]);
  FLASH_CR = 1u << 11 | 2 | (mailbox[ARG0] - 0x08080000) / 2048 << 3;
  count_cycles();
  FLASH_CR |= 1u << 16;
  mailbox[RESULT0] = REG(mailbox[ARG1]);
  mailbox[RESULT0 + 1] = CYCCNT;
}

/* Two versions of a function, one after the other, at page 64 of the bank at ARG1; called at ARG0. */
static void new_code(void)
{
  static const uint32_t versions[] = {0x47702001, 0x47702002}; /* movs r0, #n; bx lr */
  uint32_t at = mailbox[ARG1] + 0x20000, bank = mailbox[ARG1] & 0x80000 ? 1u << 11 : 0;
  unlock();
  for (uint32_t i = 0; i < 2; i++) {
    FLASH_CR = bank | 2 | 64 << 3;
    FLASH_CR |= 1u << 16;
    while (FLASH_SR & BSY) {
    }
    FLASH_CR = 1;
    REG(at) = versions[i];
    REG(at + 4) = 0;
    while (FLASH_SR & BSY) {
    }
    FLASH_CR = 0;
    mailbox[RESULT0 + i] = ((uint32_t(*)(void))(mailbox[ARG0] | 1))();
  }
}

/* Read all words from ARG0 to ARG1. */
static void scan(void)
{
  uint32_t sum = 0;
  for (uint32_t at = mailbox[ARG0]; at < mailbox[ARG1]; at += 4)
    sum += REG(at);
  mailbox[RESULT0] = sum;
}

static void set_up_uart(void)
{
  REG(0x4002104C) |= 1;        /* GPIOA */
  REG(0x40021058) |= 1u << 17; /* USART2 */
  REG(0x48000000) = (REG(0x48000000) & ~0xF0u) | 0xA0u;
  REG(0x48000020) |= 0x7700;
  REG(0x4000440C) = 35; /* 4 MHz / 35 = 114286 */
  REG(0x40004400) = 0xD | (mailbox[ARG0] ? 1u << 5 : 0);
}

/* Send back what comes, until a dot. */
static void echo_polled(void)
{
  set_up_uart();
  for (uint32_t c = 0; c != '.';) {
    while (!(USART2_ISR & 0x20)) {
    }
    c = USART2_RDR;
    while (!(USART2_ISR & 0x80)) {
    }
    USART2_TDR = c + 1;
  }
}

static void usart2_handler(void)
{
  USART2_TDR = USART2_RDR + 1;
  mailbox[RESULT0]++;
}

static void echo_by_interrupt(void)
{
  set_up_uart();
  REG(0xE000E104) = 1u << (38 - 32);
  sleep_for_good();
}

static void start_watchdog(void)
{
  REG(0x40003000) = 0xCCCC;
  REG(0x40003000) = 0x5555;
  REG(0x40003004) = 0; /* /4: 8 kHz */
  REG(0x40003008) = 79;
  while (REG(0x4000300C)) {
  }
  REG(0x40003000) = 0xAAAA;
}

static void crash(void)
{
  ((void (*)(void))0xDEAD0001)();
}

__attribute__((noreturn)) void reset(void)
{
  mailbox[BOOTS]++;
  uint32_t command = mailbox[COMMAND];
  mailbox[COMMAND] = 0;
  switch (command) {
  case 1:
    program();
    break;
  case 2:
    scan();
    break;
  case 3:
    echo_polled();
    break;
  case 4:
    echo_by_interrupt();
    break;
  case 5:
    start_watchdog();
    break;
  case 6:
    start_watchdog();
    crash();
    break;
  case 7:
    crash();
    break;
  case 8:
    REG(0xE000ED0C) = 0x05FA0004; /* SYSRESETREQ */
    for (;;) {
    }
  case 9: /* write anywhere */
    REG(mailbox[ARG0]) = mailbox[ARG1];
    break;
  case 10:
    read_during_erase();
    break;
  case 11:
    new_code();
    break;
  default:
    break;
  }
  sleep_for_good();
}

static void nmi(void)
{
  uint32_t n = mailbox[NMIS];
  if (n < 8)
    mailbox[NMI_FIRST + n] = FLASH_ECCR;
  mailbox[NMIS] = n + 1;
  FLASH_ECCR = 1u << 31;
}

static void hard_fault(void)
{
  mailbox[RESULT0] = 0xFA;
  sleep_for_good();
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector vectors[16 + 39] = {
    (vector)0x20010000, reset, nmi, [3] = hard_fault, [16 + 38] = usart2_handler,
};
