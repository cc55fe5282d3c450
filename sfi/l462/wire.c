/* See wire.h. What is marked RAMCODE runs, and what it touches lies, in RAM: while flash is busy nothing else goes on.
 */
#include "sfi/l462/wire.h"

#include "map.h"
#include "port/port.h"
#include "port/stm32l4/clocks.h"
#include "sfi/l462/program.h"

#define RAMCODE __attribute__((section(".ramcode"), noinline))

/* RM0394: DMA1 chapter 11 (request of USART1's receiver: table 44), USART1 chapter 38, SPI1 chapter 40, RCC chapter 6;
 * NVIC: ARMv7-M B3.4 */
#define USART1        0x40013800u
#define SPI1_CR1      REG(0x40013000)
#define SPI1_CR2      REG(0x40013004)
#define SPI1_SR       REG(0x40013008)
#define SPI1_DR       (*(volatile uint8_t *)0x4001300Cu)
#define DMA_CSELR     REG(0x400200A8)
#define DMA_CCR       REG(0x40020058) /* channel 5 */
#define DMA_CNDTR     REG(0x4002005C)
#define DMA_CPAR      REG(0x40020060)
#define DMA_CMAR      REG(0x40020064)
#define DMA_USART1_RX (2u << 16)
#define DMA_RING      (1u << 7 | 1u << 5 | 1u) /* bytes, memory incremented, circular, on */
#define RCC_AHB1RSTR  REG(0x40021028)
#define RCC_AHB1ENR   REG(0x40021048)
#define AHB1_DMA1     (1u << 0)
#define RCC_GPIO_RSTR REG(0x4002102C)
#define RCC_APB2ENR   REG(0x40021060)
#define RCC_APB2RSTR  REG(0x40021040)
#define APB2_SPI1     (1u << 12)
#define APB2_USART1   (1u << 14)
#define NVIC_ISER1    REG(0xE000E104)
#define NVIC_ICER1    REG(0xE000E184)
#define NVIC_ICPR1    REG(0xE000E284)
#define IRQ_SPI1      35u
#define IRQ_BITS      (1u << (IRQ_SPI1 - 32))
#define USART_CR3(b)  REG((b) + 0x08)
#define USART_DMAR    (1u << 6)
#define USART_PCE     (1u << 10)
#define USART_M0      (1u << 12)
#define SPI_SPE       (1u << 6)
#define SPI_SSM       (1u << 9) /* SSI stays 0: selected */
#define SPI_RXNEIE    (1u << 6)
#define SPI_FRXTH     (1u << 12)
#define SPI_8BIT      (7u << 8)
#define SPI_RXNE      (1u << 0)
#define TICKS_PER_S   1000u
#define TICKS_OF_10MS (TICKS_PER_S / 100u)
/* Bytes that come in a tick and a half: for fewer nothing sleeps, so that an answer is never late. */
#define SOON 16u

enum { BUSY = 0xA5 };
enum { RING = 4096, SEND = 2048 }; /* powers of two */

enum wire { NONE, USART, SPI };
static volatile uint8_t chosen;
static volatile uint32_t head, ticks; /* `head`: bytes received, all in all */
static uint32_t tail, last_byte;      /* taken; tick of the last one, or of the last answer */
static uint8_t ring[RING];
/* SPI: what goes out, a byte for each that comes in; and how many of the host's ACKs are still to come. */
static volatile uint32_t send_head, send_tail, echoes;
static uint8_t send[SEND];

/* ---- interrupts ---- */
__attribute__((always_inline)) static inline void push(uint8_t byte)
{
  if (head - tail < RING)
    ring[head % RING] = byte;
  else
    return; /* lost; the frame's check tells */
  head++;
}

/* How far DMA has come. Called in each tick, so that it never goes round unseen: the ring is 390 ms of bytes. */
__attribute__((always_inline)) static inline void follow(void)
{
  if (chosen != SPI)
    head += (RING - DMA_CNDTR - head) % RING;
}

RAMCODE static void on_spi(void)
{
  while ((SPI1_SR & SPI_RXNE) != 0) {
    uint8_t byte = SPI1_DR;
    SPI1_DR = send_tail != send_head ? send[send_tail++ % SEND] : BUSY;
    if (chosen == NONE && byte == 0x5A) {
      DMA_CCR = 0; /* the ring is this line's now */
      chosen = SPI;
      head = tail;
    }
    if (chosen != SPI)
      continue;
    if (echoes == 0)
      push(byte);
    else if (byte == SFI_ACK)
      echoes--;
  }
}

RAMCODE static void on_tick(void)
{
  ticks++;
  follow();
}

RAMCODE static void on_nmi(void)
{
  uint32_t eccr = FLASH_ECCR;
  if ((eccr & FLASH_ECCR_ECCD) != 0) {
    (*(volatile uint32_t *)&port_shared.ecc)++;
    FLASH_ECCR = eccr;
  }
}

/* A fault: nothing of it is explained to anybody; the reset wipes RAM. */
RAMCODE static void on_fault(void)
{
  REG(0xE000ED0C) = 0x05FA0004u;
  for (;;) {
  }
}

typedef void (*vector)(void);
__attribute__((section(".ramvectors"), used, aligned(512))) static vector table[16 + IRQ_SPI1 + 1] = {
    [2] = on_nmi,    [3] = on_fault,  [4] = on_fault,  [5] = on_fault, [6] = on_fault,
    [11] = on_fault, [12] = on_fault, [14] = on_fault, [15] = on_tick, [16 + IRQ_SPI1] = on_spi,
};

/* ---- answers ---- */
static void put(uint8_t byte)
{
  while ((USART_ISR(USART1) & USART_ISR_TXE) == 0) {
  }
  USART_TDR(USART1) = byte;
}

static void usart_reply(void *ctx, uint8_t code, const uint8_t *data, uint32_t size)
{
  (void)ctx;
  put(code);
  while (size-- != 0)
    put(*data++);
  last_byte = ticks;
}

/* The host reads the code, then sends its ACK, then with data one byte more: what it reads then is filler. What came
 * from the host before was polling for this answer, and is forgotten. */
static void spi_reply(void *ctx, uint8_t code, const uint8_t *data, uint32_t size)
{
  (void)ctx;
  uint32_t fill = size != 0 ? 2 : 1;
  while (SEND - (send_head - send_tail) < 1 + fill + size) {
  }
  uint32_t to = send_head;
  send[to++ % SEND] = code;
  while (fill-- != 0)
    send[to++ % SEND] = BUSY;
  while (size-- != 0)
    send[to++ % SEND] = *data++;
  __asm volatile("cpsid i" ::: "memory");
  tail = head;
  echoes++;
  send_head = to;
  __asm volatile("cpsie i" ::: "memory");
}

static const struct sfi_link usart_link = {.reply = usart_reply}, spi_link = {.framed = true, .reply = spi_reply};

const struct sfi_link *wire_link(void)
{
  __asm volatile("cpsid i" ::: "memory");
  follow();
  while (chosen == NONE && tail != head)
    if (ring[tail % RING] == 0x7F)
      chosen = USART; /* the command layer wants to see it, too */
    else
      tail++;
  __asm volatile("cpsie i" ::: "memory");
  return chosen == USART ? &usart_link : chosen == SPI ? &spi_link : NULL;
}

/* ---- start and stop ---- */
static void alternate(uint32_t pin, uint32_t function)
{
  GPIO_AFR('A', pin) = (GPIO_AFR('A', pin) & ~(15u << (pin % 8 * 4))) | function << (pin % 8 * 4);
  GPIO_MODER('A') = (GPIO_MODER('A') & ~(3u << (pin * 2))) | 2u << (pin * 2);
}

void wire_start(void)
{
  clocks_up();
  SCB_VTOR = (uint32_t)(uintptr_t)table;
  RCC_AHB2ENR |= 1u;
  RCC_AHB1ENR |= AHB1_DMA1;
  RCC_APB2ENR |= APB2_SPI1 | APB2_USART1;
  (void)RCC_APB2ENR; /* two cycles until the clocks are there */
  for (uint32_t pin = 4; pin <= 7; pin++)
    alternate(pin, 5);                                          /* NSS, SCK, MISO, MOSI */
  GPIO_PUPDR('A') = (GPIO_PUPDR('A') & ~(3u << 20)) | 1u << 20; /* an open line is idle */
  alternate(9, 7);
  alternate(10, 7);
  SPI1_CR2 = SPI_8BIT | SPI_FRXTH | SPI_RXNEIE;
  SPI1_DR = BUSY; /* two ahead: the next byte must be there when one ends */
  SPI1_DR = BUSY;
  SPI1_CR1 = SPI_SSM | SPI_SPE;
  USART_BRR(USART1) = (CLOCKS_HCLK + 115200u / 2) / 115200u;
  DMA_CPAR = (uint32_t)(uintptr_t)&USART_RDR(USART1);
  DMA_CMAR = (uint32_t)(uintptr_t)ring;
  DMA_CNDTR = RING;
  DMA_CSELR = DMA_USART1_RX;
  DMA_CCR = DMA_RING;
  USART_CR3(USART1) = USART_DMAR;
  USART_CR1(USART1) = USART_M0 | USART_PCE | USART_CR1_TE | USART_CR1_RE | USART_CR1_UE;
  SYST_RVR = CLOCKS_HCLK / TICKS_PER_S - 1;
  SYST_CVR = 0;
  SYST_CSR = 7; /* core clock, interrupt */
  NVIC_ISER1 = IRQ_BITS;
  __asm volatile("cpsie i" ::: "memory");
}

/* Bytes that wait. */
static uint32_t waiting(void)
{
  __asm volatile("cpsid i" ::: "memory");
  follow();
  uint32_t n = head - tail;
  __asm volatile("cpsie i" ::: "memory");
  return n;
}

int wire_get(void)
{
  uint32_t n = head - tail;
  if (n == 0 && (n = waiting()) == 0)
    return -1;
  if (n > RING) { /* the oldest are overwritten: all are lost, the frame's check or its end tells */
    tail += n;
    return -1;
  }
  uint8_t byte = ring[tail % RING];
  tail++;
  last_byte = ticks;
  return byte;
}

void wire_sleep(uint32_t wanted)
{
  if (wanted < SOON && ticks - last_byte < 4) {
    uint32_t left = DMA_CNDTR;
    for (uint32_t now = ticks; chosen == USART && DMA_CNDTR == left && ticks == now;) {
    }
    if (chosen == USART)
      return;
  }
  __asm volatile("cpsid i" ::: "memory");
  if (tail == head)
    __asm volatile("dsb\n wfi");
  __asm volatile("cpsie i" ::: "memory");
}

uint32_t wire_ticks(void)
{
  return ticks / TICKS_OF_10MS;
}

void wire_stop(void)
{
  uint32_t start = ticks;
  while (chosen == SPI && (echoes != 0 || send_head != send_tail) && ticks - start < TICKS_PER_S) {
  }
  while (chosen == USART && (USART_ISR(USART1) & USART_ISR_TC) == 0 && ticks - start < TICKS_PER_S) {
  }
  __asm volatile("cpsid i" ::: "memory");
  SYST_CSR = 0;
  NVIC_ICER1 = IRQ_BITS;
  RCC_APB2RSTR = APB2_SPI1 | APB2_USART1;
  RCC_APB2RSTR = 0;
  NVIC_ICPR1 = IRQ_BITS;
  RCC_AHB1RSTR = AHB1_DMA1;
  RCC_AHB1RSTR = 0;
  RCC_AHB1ENR &= ~AHB1_DMA1;
  RCC_GPIO_RSTR = 1u;
  RCC_GPIO_RSTR = 0;
  RCC_APB2ENR &= ~(APB2_SPI1 | APB2_USART1);
  RCC_AHB2ENR &= ~1u;
  clocks_down();
}
