/* A small program for the simulated NUCLEO-L476RG, with one command a byte, so that one build serves most tests of
 * stm32sim. Bare registers (RM0351), 4 MHz MSI, USART2 at 115200 on PA2 and PA3. Anything that is not a command is
 * echoed. */
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define RCC_AHB2ENR  REG(0x4002104C)
#define RCC_APB1ENR1 REG(0x40021058)
#define GPIOA_MODER  REG(0x48000000)
#define GPIOA_PUPDR  REG(0x4800000C)
#define GPIOA_IDR    REG(0x48000010)
#define GPIOA_AFRL   REG(0x48000020)
#define GPIOC_MODER  REG(0x48000800)
#define GPIOC_IDR    REG(0x48000810)
#define USART_CR1    REG(0x40004400)
#define USART_BRR    REG(0x4000440C)
#define USART_ISR    REG(0x4000441C)
#define USART_RDR    REG(0x40004424)
#define USART_TDR    REG(0x40004428)
#define FLASH_KEYR   REG(0x40022008)
#define FLASH_SR     REG(0x40022010)
#define FLASH_CR     REG(0x40022014)
#define SYST_CSR     REG(0xE000E010)
#define SYST_RVR     REG(0xE000E014)
#define AIRCR        REG(0xE000ED0C)

#define TEST_PAGE 0x08040000u

extern uint32_t stack_top[];
volatile uint32_t counter; /* watched and counted by the tests */
volatile uint32_t ticks;
float scale = 1.5f;

void put(char c)
{
  while (!(USART_ISR & 1u << 7)) {
  }
  USART_TDR = (uint8_t)c;
}

void print(const char *s)
{
  while (*s)
    put(*s++);
}

static char get(void)
{
  while (!(USART_ISR & 1u << 5)) {
  }
  return (char)USART_RDR;
}

static void print_hex(uint32_t value)
{
  for (int shift = 28; shift >= 0; shift -= 4)
    put("0123456789abcdef"[value >> shift & 15]);
}

__attribute__((noinline)) uint32_t count_up(uint32_t by)
{
  counter += by;
  return counter;
}

__attribute__((noinline)) void break_it(void)
{
  *(volatile uint32_t *)0xC0000000 = 1; /* nothing is there */
}

static void flash_wait(void)
{
  while (FLASH_SR & 1u << 16) {
  }
}

static void flash_open(void)
{
  FLASH_KEYR = 0x45670123;
  FLASH_KEYR = 0xCDEF89AB;
}

/* Page TEST_PAGE of bank 1: erase it, then program four double words. */
__attribute__((noinline)) static void flash_write(void)
{
  flash_open();
  FLASH_CR = 1u << 1 | ((TEST_PAGE - 0x08000000u) / 2048) << 3;
  FLASH_CR |= 1u << 16;
  flash_wait();
  FLASH_CR = 1;
  for (uint32_t i = 0; i < 4; i++) {
    REG(TEST_PAGE + 8 * i) = 0x11111111u * (i + 1);
    REG(TEST_PAGE + 8 * i + 4) = i;
    flash_wait();
  }
  FLASH_CR = 1u << 31;
  print("written\n");
}

static void sleep(void)
{
  print("sleeping\n");
  while (!(USART_ISR & 1u << 6)) {
  }
  __asm volatile("cpsid i");
  for (;;)
    __asm volatile("wfi");
}

/* Half a second of SysTick interrupts, asleep in between. */
static void tick(void)
{
  ticks = 0;
  SYST_RVR = 4000 - 1;
  SYST_CSR = 7;
  while (ticks < 500)
    __asm volatile("wfi");
  SYST_CSR = 0;
  print("ticked\n");
}

/* Three tries of a tenth of a second to get a byte: what a polling time-out looks like from outside. */
static void time_out(void)
{
  for (int i = 0; i < 3; i++) {
    print("waiting\n");
    for (uint32_t n = 0; n < 40000; n++) {
      if (USART_ISR & 1u << 5) {
        print("got ");
        put((char)USART_RDR);
        put('\n');
        return;
      }
    }
  }
  print("timed out\n");
}

/* ---- YMODEM, just enough to be a partner for `sb`: one file, its bytes summed up ---- */

/* A byte within about a second, or -1. */
static int get_soon(void)
{
  for (uint32_t n = 0; n < 500000; n++)
    if (USART_ISR & 1u << 5)
      return (uint8_t)USART_RDR;
  return -1;
}

static uint8_t block[1024];

/* Returns the length of a good block, 0 for EOT, -1 for anything else. */
static int get_block(void)
{
  int c = get_soon(), length = c == 1 ? 128 : 1024;
  uint32_t crc = 0;
  if (c == 4)
    return 0;
  if (c != 1 && c != 2)
    return -1;
  get_soon();
  get_soon();
  for (int i = 0; i < length + 2; i++) {
    if ((c = get_soon()) < 0)
      return -1;
    if (i < length)
      block[i] = (uint8_t)c;
    crc ^= (uint32_t)c << 8;
    for (int bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1;
  }
  return crc == 0 ? length : -1;
}

static void ymodem(void)
{
  uint32_t sum = 0, blocks = 0, retries = 0;
  int length;
  print("send now\n");
  do /* the name's block */
    put('C');
  while (get_block() != 128);
  put(6);
  put('C');
  while ((length = get_block()) != 0) {
    if (length < 0) {
      retries++;
      put(21);
      continue;
    }
    for (int i = 0; i < length; i++)
      sum += block[i];
    blocks++;
    put(6);
  }
  put(6);
  do
    put('C');
  while (get_block() != 128);
  put(6);
  print("received ");
  print_hex(blocks);
  put(' ');
  print_hex(sum);
  put(' ');
  print_hex(retries);
  put('\n');
}

static void command(char c)
{
  switch (c) {
  case 'B':
    print(GPIOC_IDR & 1u << 13 ? "button up\n" : "button down\n");
    break;
  case 'O':
    for (uint32_t i = 0; i < 20000; i++)
      print("0123456789abcd\n");
    break;
  case 'P':
    print(GPIOA_IDR & 1 ? "PA0 high\n" : "PA0 low\n");
    break;
  case 'C':
    print("count ");
    print_hex(count_up(1));
    put('\n');
    break;
  case 'D':
    __asm volatile("bkpt 0");
    print("after bkpt\n");
    break;
  case 'F':
    break_it();
    break;
  case 'L':
    __asm volatile("cpsid i\n .short 0xde00"); /* undefined instruction: HardFault, whose handler does it again */
    break;
  case 'R':
    AIRCR = 0x05FA0004;
    break;
  case 'S':
    sleep();
    break;
  case 'T':
    tick();
    break;
  case 'W':
    flash_write();
    break;
  case 'X':
    print("page ");
    print_hex(REG(TEST_PAGE));
    put('\n');
    break;
  case 'Y':
    ymodem();
    break;
  case 'Z':
    time_out();
    break;
  default:
    put(c);
  }
}

int main(void)
{
  RCC_AHB2ENR = 1 | 1u << 2;
  RCC_APB1ENR1 = 1u << 17;
  GPIOA_MODER = (GPIOA_MODER & ~0xF3u) | 0xA0u; /* PA0 input; PA2, PA3 to USART2 */
  GPIOA_PUPDR = (GPIOA_PUPDR & ~3u) | 2u;       /* PA0 pulled down */
  GPIOA_AFRL = 0x7700;
  GPIOC_MODER &= ~(3u << 26);
  USART_BRR = 35;
  USART_CR1 = 1 | 1u << 2 | 1u << 3;
  scale *= 2;
  print(GPIOC_IDR & 1u << 13 ? "ready\n" : "ready, button down\n");
  for (;;)
    command(get());
}

void SysTick_Handler(void)
{
  ticks++;
}

__attribute__((noreturn)) void Reset_Handler(void)
{
  extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[];
  REG(0xE000ED88) = 15u << 20; /* FPU on */
  __asm volatile("dsb\n isb");
  uint32_t *from = data_load;
  for (uint32_t *to = data_start; to != data_end;)
    *to++ = *from++;
  for (uint32_t *to = bss_start; to != bss_end;)
    *to++ = 0;
  main();
  for (;;) {
  }
}

void HardFault_Handler(void)
{
  print("fault\n");
  while (!(USART_ISR & 1u << 6)) {
  }
  __asm volatile(".short 0xde00");
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top, (void *)Reset_Handler,  0, (void *)HardFault_Handler, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0,         (void *)SysTick_Handler};
