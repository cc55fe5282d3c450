/* DMA: a bus master that the MPU does not see, and the walls that it does run into. */
#include "test/soc/rig.h"

#include <string.h>

#define DMA1     0x40020000u
#define DMA2     0x40020400u
#define ISR      DMA1
#define IFCR     (DMA1 + 4)
#define CCR(n)   (DMA1 + 8 + 20 * ((n)-1))
#define CNDTR(n) (CCR(n) + 4)
#define CPAR(n)  (CCR(n) + 8)
#define CMAR(n)  (CCR(n) + 12)
#define SRAM2    0x10000000u
#define TO       (SRAM1 + 0x2000)
#define SECRET   0x5EC4E7D0u

enum { EN = 1, TCIE = 2, HTIE = 4, TEIE = 8, DIR = 16, CIRC = 32, PINC = 64, MINC = 128, M2M = 1 << 14 };
enum { GIF = 1, TCIF = 2, HTIF = 4, TEIF = 8 };
#define WORDS      (2u << 8 | 2u << 10)
#define COPY_WORDS (EN | PINC | MINC | M2M | WORDS)

static int set_up(void **state)
{
  struct rig *r = rig_new(NULL);
  rig_power_on(r);
  rig_write(r, RCC_AHB1ENR, rig_read(r, RCC_AHB1ENR) | 3);
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

/* Returns the flags of the channel, which are cleared. */
static uint32_t copy(struct rig *r, unsigned channel, uint32_t from, uint32_t to, unsigned count, uint32_t ccr)
{
  rig_write(r, CCR(channel), 0);
  rig_write(r, CPAR(channel), from);
  rig_write(r, CMAR(channel), to);
  rig_write(r, CNDTR(channel), count);
  rig_write(r, CCR(channel), ccr);
  rig_us(r, 10 + count * 2);
  uint32_t flags = rig_read(r, ISR) >> (4 * (channel - 1)) & 15;
  rig_write(r, IFCR, 15u << (4 * (channel - 1)));
  return flags;
}

static void every_channel_copies_and_tells_when_it_is_done(void **state)
{
  struct rig *r = *state;
  uint32_t data[100], back[101] = {0};
  for (unsigned i = 0; i < 100; i++)
    data[i] = i * 0x01010101u;
  soc_flash_load(r->soc, BANK2, data, sizeof data);
  for (unsigned channel = 1; channel <= 7; channel++) {
    assert_true(soc_mem_write(r->soc, TO, back, sizeof back));
    assert_int_equal(copy(r, channel, BANK2, TO, 100, COPY_WORDS), GIF | TCIF | HTIF);
    assert_true(soc_mem_read(r->soc, TO, back, sizeof back));
    assert_memory_equal(back, data, sizeof data);
    assert_int_equal(back[100], 0);
    assert_int_equal(rig_read(r, CNDTR(channel)), 0);
    assert_int_equal(rig_read(r, ISR), 0);
    memset(back, 0, sizeof back);
  }
  /* half way */
  rig_write(r, CCR(1), 0);
  rig_write(r, CNDTR(1), 1000);
  rig_write(r, CCR(1), COPY_WORDS);
  assert_int_equal(rig_read(r, ISR), 0);
  while (!(rig_read(r, ISR) & HTIF))
    rig_us(r, 1);
  assert_false(rig_read(r, ISR) & TCIF);
  assert_in_range(rig_read(r, CNDTR(1)), 470, 500);
  /* what it works on is fixed meanwhile; switched off, it stops */
  rig_write(r, CMAR(1), 0);
  rig_write(r, CNDTR(1), 5);
  assert_int_equal(rig_read(r, CMAR(1)), TO);
  rig_write(r, CCR(1), COPY_WORDS & ~(uint32_t)EN);
  uint32_t left = rig_read(r, CNDTR(1));
  assert_in_range(left, 400, 500);
  rig_us(r, 5000);
  assert_int_equal(rig_read(r, CNDTR(1)), left);
  /* the second controller, from memory to "peripheral" */
  rig_write(r, DMA2 + 0x10, TO + 0x1000);
  rig_write(r, DMA2 + 0x14, BANK2);
  rig_write(r, DMA2 + 0xC, 2);
  rig_write(r, DMA2 + 8, COPY_WORDS | DIR);
  rig_us(r, 20);
  assert_int_equal(rig_read(r, TO + 0x1004), 0x01010101);
}

static void items_are_cut_and_filled(void **state)
{
  struct rig *r = *state;
  rig_write(r, SRAM1 + 0x1800, 0x44332211);
  rig_write(r, SRAM1 + 0x1804, 0x88776655);
  const struct {
    uint32_t sizes, expected[2];
  } cases[] = {
      {0 << 8 | 2 << 10, {0x11, 0x22}},    /* bytes to words */
      {2 << 8 | 0 << 10, {0x5511, 0}},     /* words to bytes */
      {1 << 8 | 1 << 10, {0x44332211, 0}}, /* halfwords */
      {2 << 8 | 1 << 10, {0x66552211, 0}}, /* words to halfwords */
  };
  for (size_t i = 0; i < 4; i++) {
    rig_write(r, TO, 0);
    rig_write(r, TO + 4, 0);
    copy(r, 1, SRAM1 + 0x1800, TO, 2, EN | PINC | MINC | M2M | cases[i].sizes);
    assert_int_equal(rig_read(r, TO), cases[i].expected[0]);
    assert_int_equal(rig_read(r, TO + 4), cases[i].expected[1]);
  }
  copy(r, 1, SRAM1 + 0x1804, TO, 2, EN | MINC | M2M | WORDS); /* the same item twice */
  assert_int_equal(rig_read(r, TO), 0x88776655);
  assert_int_equal(rig_read(r, TO + 4), 0x88776655);
}

static void flags_become_interrupts(void **state)
{
  struct rig *r = *state;
  const struct {
    uint32_t enable, from;
    bool raised;
  } cases[] = {
      {TCIE, BANK2, true}, {HTIE, BANK2, true}, {TEIE, BANK2, false}, {TEIE, 0x60000000, true}, {0, BANK2, false}};
  for (size_t i = 0; i < 5; i++) {
    cpu_scs_write(soc_cpu(r->soc), 0xE000E280, 1 << 13); /* clear pending */
    rig_write(r, CCR(3), 0);
    rig_write(r, CPAR(3), cases[i].from);
    rig_write(r, CMAR(3), TO);
    rig_write(r, CNDTR(3), 4);
    rig_write(r, CCR(3), COPY_WORDS | cases[i].enable);
    rig_us(r, 20);
    assert_int_equal(cpu_scs_read(soc_cpu(r->soc), 0xE000E200) >> 13 & 1, cases[i].raised);
    rig_write(r, IFCR, GIF << 8); /* clears all of the channel */
    assert_int_equal(rig_read(r, ISR), 0);
  }
}

static void a_bus_error_switches_the_channel_off(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_APB2ENR, 1);
  rig_write(r, SYSCFG + 0x20, 1 << 5); /* SRAM2 page 5 is closed to writes */
  const uint32_t ways[][2] = {{0x60000000, TO}, {TO, 0x60000000},      {0xE000ED00, TO},          {TO, 0xE000ED08},
                              {0xE0042000, TO}, {SRAM1 + 0x18000, TO}, {TO, SRAM2 + 5 * 1024 + 4}};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    assert_int_equal(copy(r, 2, ways[i][0], ways[i][1], 4, COPY_WORDS), GIF | TEIF);
    assert_false(rig_read(r, CCR(2)) & EN);
    assert_int_equal(rig_read(r, CNDTR(2)), 4);
  }
}

/* The manual's warning. */
static void the_mpu_does_not_see_it(void **state)
{
  struct rig *r = *state;
  struct cpu *cpu = soc_cpu(r->soc);
  rig_write(r, SRAM1 + 0x3000, SECRET);
  cpu_scs_write(cpu, 0xE000ED98, 0);
  cpu_scs_write(cpu, 0xE000ED9C, SRAM1 + 0x3000);
  cpu_scs_write(cpu, 0xE000EDA0, 0x10000000 | 4 << 1 | 1); /* 32 bytes, no access at all */
  cpu_scs_write(cpu, 0xE000ED94, 5);                       /* on, with the default map */
  const uint16_t load[] = {0x6800, 0xE7FE};                /* ldr r0, [r0] */
  assert_true(soc_mem_write(r->soc, SRAM1 + 0x200, load, sizeof load));
  cpu_set(cpu, 0, SRAM1 + 0x3000);
  cpu_set(cpu, CPU_PC, SRAM1 + 0x200);
  soc_run(r->soc, 3);
  assert_int_equal(cpu_get(cpu, 0), SRAM1 + 0x3000);
  assert_true(rig_logged(r, "data read from 0x20003000 refused by the MPU"));
  assert_int_equal(copy(r, 1, SRAM1 + 0x3000, TO, 2, COPY_WORDS), GIF | TCIF | HTIF);
  assert_int_equal(rig_read(r, TO), SECRET);
}

static void firewall_pcrop_and_read_protection_do(void **state)
{
  (void)state;
  const uint64_t secret = SECRET;
  const uint32_t place = FLASH_BASE + 0x10000;
  for (unsigned way = 0; way < 5; way++) {
    void *s;
    set_up(&s);
    struct rig *r = s;
    uint32_t v;
    soc_flash_load(r->soc, place, &secret, 8);
    if (way < 3) { /* the firewall, to read and to write */
      rig_write(r, RCC_APB2ENR, 0x81);
      rig_write(r, 0x40011C08, 0x10000);
      rig_write(r, 0x40011C0C, 0x100);
      rig_write(r, 0x40011C10, 0x3000);
      rig_write(r, 0x40011C14, 0x40);
      rig_write(r, 0x40011C20, 2); /* even shared */
      rig_write(r, SYSCFG + 4, 0);
      const uint32_t ways[][2] = {{place, TO}, {SRAM1 + 0x3000, TO}, {SRAM1, SRAM1 + 0x3000}};
      copy(r, 1, ways[way][0], ways[way][1], 2, COPY_WORDS);
      assert_int_equal(r->soc->resets[SOC_CAUSE_FIREWALL], 1);
    } else {
      rig_unlock(r);
      rig_unlock_options(r);
      rig_write(r, FLASH_OPTR, 0xFFEFF8BB);
      if (way == 3) {
        rig_write(r, 0x40022024, 0x2000);
        rig_write(r, 0x40022028, 0x2000);
      }
      rig_write(r, FLASH_CR, CR_OPTSTRT);
      rig_wait_flash(r);
      rig_write(r, FLASH_CR, CR_OBL);
      rig_us(r, 10);
      rig_write(r, RCC_AHB1ENR, rig_read(r, RCC_AHB1ENR) | 3);
      if (way == 4)
        soc_dap_attach(r->soc, true);
      uint32_t flags = copy(r, 1, place, TO, 2, COPY_WORDS);
      assert_int_equal(flags, way == 3 ? GIF | TCIF | HTIF : GIF | TEIF);
      if (way == 3)
        assert_int_equal(rig_read(r, FLASH_SR), 0x4000); /* RDERR */
    }
    assert_true(soc_mem_read(r->soc, TO, &v, 4));
    assert_int_not_equal(v, SECRET);
    rig_free(r);
  }
}

/* The core would refuse the key; so does flash. */
static void writes_to_flash_program_it_by_the_rules(void **state)
{
  struct rig *r = *state;
  rig_write(r, SRAM1 + 0x1800, 1);
  rig_write(r, SRAM1 + 0x1804, 2);
  copy(r, 1, SRAM1 + 0x1800, BANK2, 2, COPY_WORDS);
  assert_int_equal(rig_read(r, FLASH_SR), SR_PGSERR);
  rig_write(r, FLASH_SR, SR_PGSERR);
  rig_unlock(r);
  rig_write(r, FLASH_CR, CR_PG);
  copy(r, 1, SRAM1 + 0x1800, BANK2, 2, COPY_WORDS);
  rig_wait_flash(r);
  assert_true(rig_read64(r, BANK2) == 0x200000001);
  /* code that it replaces in RAM is not run from memory of old */
  const uint16_t old[] = {0x2001, 0xE7FD}, new[] = {0x2002, 0xE7FD};
  assert_true(soc_mem_write(r->soc, SRAM1 + 0x200, old, 4));
  assert_true(soc_mem_write(r->soc, SRAM1 + 0x1800, new, 4));
  cpu_set(soc_cpu(r->soc), CPU_PC, SRAM1 + 0x200);
  soc_run(r->soc, 10);
  assert_int_equal(cpu_get(soc_cpu(r->soc), 0), 1);
  copy(r, 1, SRAM1 + 0x1800, SRAM1 + 0x200, 1, COPY_WORDS);
  assert_int_equal(cpu_get(soc_cpu(r->soc), 0), 2);
}

/* ---- requests of peripherals ---- */
enum {
  U_CR1 = 0,
  U_CR3 = 8,
  U_BRR = 0xC,
  U_ISR = 0x1C,
  U_RDR = 0x24,
  U_ON = 1 | 4,
  U_DMAR = 1 << 6,
  U_ORE = 8,
  U_RXNE = 32
};
#define CSELR   (DMA1 + 0xA8)
#define RING    (EN | MINC | CIRC)
#define CHANNEL 6 /* USART2's receiver, if CSELR says 2 there */

/* USART2 at 1 ms a byte, its receiver on with DMA; the channel is not on yet. */
static void receiver(struct rig *r, unsigned ring)
{
  const uint32_t filling[4] = {0x2E2E2E2E, 0x2E2E2E2E, 0x2E2E2E2E, 0x2E2E2E2E};
  rig_write(r, RCC_AHB2ENR, 7);
  rig_write(r, RCC_APB1ENR1, 1 << 17);
  rig_write(r, GPIOA, 0xABFFFFAF);
  rig_write(r, GPIOA + 0x20, 0x7700);
  rig_write(r, USART2 + U_BRR, 400);
  rig_write(r, USART2 + U_CR3, U_DMAR);
  rig_write(r, USART2 + U_CR1, U_ON);
  assert_true(soc_mem_write(r->soc, TO, filling, sizeof filling));
  rig_write(r, CPAR(CHANNEL), USART2 + U_RDR);
  rig_write(r, CMAR(CHANNEL), TO);
  rig_write(r, CNDTR(CHANNEL), ring);
  rig_write(r, CSELR, 2 << (4 * (CHANNEL - 1)));
}

static void in_memory(struct rig *r, const char *expected)
{
  char bytes[17] = {0};
  assert_true(soc_mem_read(r->soc, TO, bytes, 16));
  assert_string_equal(bytes, expected);
}

static void a_receivers_bytes_go_round_in_memory(void **state)
{
  struct rig *r = *state;
  receiver(r, 8);
  rig_write(r, CCR(CHANNEL), RING);
  soc_uart_rx(r->soc, 2, "abc", 3);
  rig_us(r, 3100);
  in_memory(r, "abc.............");
  assert_int_equal(rig_read(r, CNDTR(CHANNEL)), 5);
  assert_int_equal(rig_read(r, USART2 + U_ISR) & (U_RXNE | U_ORE), 0);
  assert_int_equal(rig_read(r, ISR), 0);
  soc_uart_rx(r->soc, 2, "defghij", 7);
  rig_us(r, 7100);
  in_memory(r, "ijcdefgh........");
  assert_int_equal(rig_read(r, CNDTR(CHANNEL)), 6);
  assert_int_equal(rig_read(r, ISR) >> (4 * (CHANNEL - 1)) & 15, GIF | HTIF | TCIF);
  /* once only */
  rig_write(r, CCR(CHANNEL), 0);
  rig_write(r, CNDTR(CHANNEL), 2);
  rig_write(r, CCR(CHANNEL), EN | MINC);
  soc_uart_rx(r->soc, 2, "klm", 3);
  rig_us(r, 3100);
  in_memory(r, "klcdefgh........");
  assert_int_equal(rig_read(r, CNDTR(CHANNEL)), 0);
  assert_int_equal(rig_read(r, USART2 + U_ISR) & U_RXNE, U_RXNE);
}

static void a_request_waits_for_a_channel_that_listens(void **state)
{
  struct rig *r = *state;
  receiver(r, 8);
  rig_write(r, CSELR, 0);
  rig_write(r, CCR(CHANNEL), RING);
  soc_uart_rx(r->soc, 2, "ab", 2);
  rig_us(r, 1100);
  in_memory(r, "................");
  assert_int_equal(rig_read(r, USART2 + U_ISR) & (U_RXNE | U_ORE), U_RXNE);
  rig_write(r, CCR(CHANNEL), 0);
  rig_write(r, CSELR, 2 << (4 * (CHANNEL - 1)));
  rig_write(r, CCR(CHANNEL), RING);
  in_memory(r, "a...............");
  rig_us(r, 1000);
  in_memory(r, "ab..............");
}

/* The core runs in the bank that is erased: for 22 ms it fetches nothing. */
static void the_core_waits_for_flash_and_dma_goes_on(void **state)
{
  struct rig *r = *state;
  for (unsigned dma = 0; dma < 2; dma++) {
    receiver(r, 16);
    if (dma)
      rig_write(r, CCR(CHANNEL), RING);
    soc_uart_rx(r->soc, 2, "0123456789abcdef", 16);
    cpu_set(soc_cpu(r->soc), CPU_PC, FLASH_BASE + 0x200);
    uint64_t before = soc_now(r->soc);
    if (!dma)
      rig_unlock(r);
    rig_write(r, FLASH_CR, 2 | 100 << 3);
    rig_write(r, FLASH_CR, 2 | 100 << 3 | 1 << 16);
    assert_in_range((soc_now(r->soc) - before) / SOC_PS_PER_MS, 20, 24);
    in_memory(r, dma ? "0123456789abcdef" : "................");
    assert_int_equal(rig_read(r, USART2 + U_ISR) & (U_RXNE | U_ORE), dma ? 0 : U_RXNE | U_ORE);
    (void)rig_read(r, USART2 + U_RDR);
    rig_write(r, USART2 + 0x20, U_ORE);
  }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(every_channel_copies_and_tells_when_it_is_done),
      T(items_are_cut_and_filled),
      T(flags_become_interrupts),
      T(a_bus_error_switches_the_channel_off),
      T(the_mpu_does_not_see_it),
      T(a_receivers_bytes_go_round_in_memory),
      T(a_request_waits_for_a_channel_that_listens),
      T(the_core_waits_for_flash_and_dma_goes_on),
      cmocka_unit_test(firewall_pcrop_and_read_protection_do),
      T(writes_to_flash_program_it_by_the_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
