/* USARTs: baud rates, flags, overrun, parity, and that nothing leaves a pin that is not set to the function. */
#include "test/soc/rig.h"

#include <string.h>

enum { CR1 = 0, CR2 = 4, CR3 = 8, BRR = 0xC, RQR = 0x18, ISR = 0x1C, ICR = 0x20, RDR = 0x24, TDR = 0x28 };
enum { UE = 1, RE = 4, TE = 8, IDLEIE = 16, RXNEIE = 32, TCIE = 64, TXEIE = 128, PCE = 1 << 10, M0 = 1 << 12 };
enum { PE = 1, ORE = 8, IDLE = 16, RXNE = 32, TC = 64, TXE = 128 };
#define LPUART 0x40008000u

static int set_up(void **state)
{
  struct rig *r = rig_new(NULL);
  rig_power_on(r);
  rig_write(r, RCC_AHB2ENR, 7);
  rig_write(r, RCC_APB1ENR1, 1 << 17);
  rig_write(r, GPIOA, 0xABFFFFAF); /* PA2, PA3 */
  rig_write(r, GPIOA + 0x20, 0x7700);
  rig_write(r, USART2 + BRR, 400); /* 4 MHz / 400 = 10000: a bit is 100 us, a frame 1 ms */
  *state = r;
  return 0;
}

static int tear_down(void **state)
{
  rig_free(*state);
  return 0;
}

static void send_takes_a_frame_and_flags_follow(void **state)
{
  struct rig *r = *state;
  assert_int_equal(rig_read(r, USART2 + ISR), TXE | TC);
  rig_write(r, USART2 + CR1, UE | TE | RE);
  assert_int_equal(rig_read(r, USART2 + ISR), TXE | TC | 3 << 21); /* TEACK, REACK */
  uint64_t begin = soc_now(r->soc);
  rig_write(r, USART2 + TDR, 'a');
  assert_int_equal(rig_read(r, USART2 + ISR) & (TXE | TC), TXE);
  rig_write(r, USART2 + TDR, 'b');
  assert_int_equal(rig_read(r, USART2 + ISR) & (TXE | TC), 0);
  rig_us(r, 1001);
  assert_int_equal(rig_read(r, USART2 + ISR) & (TXE | TC), TXE);
  rig_us(r, 1000);
  assert_int_equal(rig_read(r, USART2 + ISR) & (TXE | TC), TXE | TC);
  assert_string_equal(r->sent, "ab");
  assert_in_range((r->sent_at[0] - begin) / SOC_PS_PER_US, 1000, 1002);
  assert_in_range((r->sent_at[1] - begin) / SOC_PS_PER_US, 2000, 2002);
}

static void nothing_is_sent_before_the_transmitter_is_on(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + TDR, 'a');
  rig_write(r, USART2 + CR1, UE);
  rig_write(r, USART2 + TDR, 'a');
  rig_us(r, 3000);
  assert_int_equal(r->sent_count, 0);
}

static void bytes_do_not_leave_through_a_pin_with_another_function(void **state)
{
  struct rig *r = *state;
  rig_write(r, GPIOA + 0x20, 0);
  rig_write(r, USART2 + CR1, UE | TE | RE);
  rig_write(r, USART2 + TDR, 'a');
  soc_uart_rx(r->soc, 2, "x", 1);
  rig_us(r, 3000);
  assert_int_equal(r->sent_count, 0);
  assert_int_equal(rig_read(r, USART2 + ISR) & RXNE, 0);
  assert_true(rig_logged(r, "USART2 sends, but no pin"));
  assert_true(rig_logged(r, "USART2 receives, but no pin"));
  rig_write(r, GPIOA + 0x20, 0x7700); /* what waits on the line comes now */
  rig_us(r, 1010);
  assert_int_equal(rig_read(r, USART2 + RDR), 'x');
}

static void bytes_arrive_at_the_baud_rate(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + CR1, UE | RE);
  assert_int_equal(soc_uart_rx(r->soc, 2, "xy", 2), 2);
  rig_us(r, 990);
  assert_int_equal(rig_read(r, USART2 + ISR) & RXNE, 0);
  rig_us(r, 15);
  assert_int_equal(rig_read(r, USART2 + ISR) & RXNE, RXNE);
  assert_int_equal(rig_read(r, USART2 + RDR), 'x');
  assert_int_equal(rig_read(r, USART2 + ISR) & RXNE, 0);
  rig_us(r, 1000);
  assert_int_equal(rig_read(r, USART2 + RDR), 'y');
  assert_int_equal(rig_read(r, USART2 + ISR) & IDLE, 0);
  rig_us(r, 1000);
  assert_int_equal(rig_read(r, USART2 + ISR) & IDLE, IDLE);
  rig_write(r, USART2 + ICR, IDLE);
  assert_int_equal(rig_read(r, USART2 + ISR) & IDLE, 0);
}

static void a_slow_reader_overruns(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + CR1, UE | RE);
  soc_uart_rx(r->soc, 2, "xyz", 3);
  rig_us(r, 3100);
  assert_int_equal(rig_read(r, USART2 + ISR) & (RXNE | ORE), RXNE | ORE);
  assert_int_equal(rig_read(r, USART2 + RDR), 'x'); /* the first stays */
  assert_int_equal(rig_read(r, USART2 + ISR) & (RXNE | ORE), ORE);
  rig_write(r, USART2 + ICR, ORE);
  assert_int_equal(rig_read(r, USART2 + ISR) & ORE, 0);
  /* with OVRDIS the last stays */
  rig_write(r, USART2 + CR3, 1 << 12);
  soc_uart_rx(r->soc, 2, "pq", 2);
  rig_us(r, 2100);
  assert_int_equal(rig_read(r, USART2 + ISR) & (RXNE | ORE), RXNE);
  assert_int_equal(rig_read(r, USART2 + RDR), 'q');
}

static void the_sender_waits_for_the_receiver_and_the_line_is_long(void **state)
{
  struct rig *r = *state;
  char bytes[5000];
  memset(bytes, 'm', sizeof bytes);
  assert_true(soc_uart_rx(r->soc, 2, bytes, sizeof bytes) >= 4096);
  rig_us(r, 3000);
  rig_write(r, USART2 + CR1, UE | RE);
  rig_us(r, 1010);
  assert_int_equal(rig_read(r, USART2 + RDR), 'm');
  while (soc_uart_rx(r->soc, 2, bytes, sizeof bytes) == sizeof bytes) {
  }
  assert_int_equal(soc_uart_rx(r->soc, 2, bytes, 1), 0);
  assert_int_equal(soc_uart_rx(r->soc, 9, bytes, 1), 0);
  soc_power_off(r->soc); /* what was on the line is gone */
  assert_int_equal(soc_uart_rx(r->soc, 2, bytes, 1), 0);
  rig_power_on(r);
  assert_true(soc_uart_rx(r->soc, 2, bytes, sizeof bytes) >= 4096);
}

static void interrupts_follow_the_enabled_flags(void **state)
{
  struct rig *r = *state;
  struct cpu *cpu = soc_cpu(r->soc);
  rig_write(r, USART2 + CR1, UE | RE | TE | RXNEIE);
  assert_int_equal(cpu_scs_read(cpu, 0xE000E204) >> 6 & 1, 0);
  soc_uart_rx(r->soc, 2, "x", 1);
  rig_us(r, 1010);
  assert_int_equal(cpu_scs_read(cpu, 0xE000E204) >> 6 & 1, 1);
  rig_read(r, USART2 + RDR);
  cpu_scs_write(cpu, 0xE000E284, 1 << 6); /* clear pending: the level is low again */
  assert_int_equal(cpu_scs_read(cpu, 0xE000E204) >> 6 & 1, 0);
  rig_write(r, USART2 + CR1, UE | RE | TE | TXEIE);
  assert_int_equal(cpu_scs_read(cpu, 0xE000E204) >> 6 & 1, 1);
}

static void parity_is_made_and_checked(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + CR1, UE | RE | TE | PCE); /* 7 bits and even parity */
  rig_write(r, USART2 + TDR, 'a');                /* 0x61: three ones */
  soc_uart_rx(r->soc, 2, "\xE1\x61", 2);
  rig_us(r, 1010);
  assert_int_equal((uint8_t)r->sent[0], 0xE1);
  assert_int_equal(rig_read(r, USART2 + ISR) & PE, 0);
  assert_int_equal(rig_read(r, USART2 + RDR), 0xE1);
  rig_us(r, 1000);
  assert_int_equal(rig_read(r, USART2 + ISR) & PE, PE);
  rig_write(r, USART2 + CR1, 0);
  rig_write(r, USART2 + CR1, UE | RE | TE | PCE | M0); /* 8 bits and parity: the host sees the 8 bits */
  rig_write(r, USART2 + TDR, 0x80);
  rig_us(r, 1110);
  assert_int_equal((uint8_t)r->sent[1], 0x80);
}

static void the_rate_is_fixed_while_the_usart_is_on(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + CR1, UE | TE);
  rig_write(r, USART2 + BRR, 40);
  assert_int_equal(rig_read(r, USART2 + BRR), 400);
  assert_true(rig_logged(r, "BRR is written while UE is set"));
  rig_write(r, USART2 + CR1, 0);
  rig_write(r, USART2 + BRR, 0);
  rig_write(r, USART2 + CR1, UE | TE);
  rig_write(r, USART2 + TDR, 'a');
  rig_us(r, 5000);
  assert_true(rig_logged(r, "USART2: sends without a clock or baud rate"));
}

static void oversampling_by_8_and_other_clocks_change_the_rate(void **state)
{
  struct rig *r = *state;
  rig_write(r, USART2 + CR2, 2 << 12); /* two stop bits: eleven bits */
  rig_write(r, RCC_CCIPR, 2 << 2);     /* HSI16 */
  rig_set(r, RCC_CR, 1 << 8);
  rig_us(r, 10);
  rig_write(r, USART2 + CR1, 0);
  rig_write(r, USART2 + BRR, 0x4E4); /* OVER8: divider 0x4E8 = 1256 */
  rig_write(r, USART2 + CR1, UE | TE | 1 << 15);
  uint64_t begin = soc_now(r->soc);
  rig_write(r, USART2 + TDR, 'a');
  rig_us(r, 1000);
  assert_in_range((r->sent_at[0] - begin) / 1000, 431700, 433500); /* 11 * 1256 / 32 MHz */
}

static void the_low_power_uart_has_its_own_divider(void **state)
{
  struct rig *r = *state;
  rig_write(r, RCC_APB1ENR2, 1);
  rig_write(r, GPIOC, 0xFFFFFFFA); /* PC0, PC1 */
  rig_write(r, GPIOC + 0x20, 0x88);
  rig_write(r, LPUART + BRR, 106667); /* 256 * 4 MHz / 9600 */
  rig_write(r, LPUART + CR1, UE | TE | RE);
  uint64_t begin = soc_now(r->soc);
  rig_write(r, LPUART + TDR, 'l');
  soc_uart_rx(r->soc, SOC_LPUART1, "p", 1);
  rig_us(r, 1100);
  assert_in_range((r->sent_at[0] - begin) / 1000, 1041000, 1043000);
  assert_int_equal(rig_read(r, LPUART + RDR), 'p');
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      T(send_takes_a_frame_and_flags_follow),
      T(nothing_is_sent_before_the_transmitter_is_on),
      T(bytes_do_not_leave_through_a_pin_with_another_function),
      T(bytes_arrive_at_the_baud_rate),
      T(a_slow_reader_overruns),
      T(the_sender_waits_for_the_receiver_and_the_line_is_long),
      T(interrupts_follow_the_enabled_flags),
      T(parity_is_made_and_checked),
      T(the_rate_is_fixed_while_the_usart_is_on),
      T(oversampling_by_8_and_other_clocks_change_the_rate),
      T(the_low_power_uart_has_its_own_divider),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
