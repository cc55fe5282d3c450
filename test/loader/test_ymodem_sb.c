/* YMODEM receiver against the real `sb` of lrzsz over a pseudo-terminal. */
#include "test/loader/line.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static struct keep keep;
static struct ymodem y;
static uint8_t file[400 * 1024];

static int master;
static size_t flip_at; /* nth byte from the sender that gets one bit wrong; 0: none */
static size_t lose_at; /* nth answer to the sender that gets lost; 0: none */
static size_t received, sent;
static size_t interrupt_at; /* nth byte from the sender after which it gets SIGINT; 0: none */
static pid_t sender;

static int32_t pty_get(void *ctx, uint32_t timeout_ms)
{
  (void)ctx;
  static uint8_t buffer[4096];
  static ssize_t have, at;
  if (at == have) {
    struct pollfd wait = {.fd = master, .events = POLLIN};
    at = have = 0;
    if (poll(&wait, 1, (int)timeout_ms) <= 0)
      return -1;
    have = read(master, buffer, sizeof buffer);
    if (have <= 0) {
      have = 0;
      return -1;
    }
  }
  uint8_t byte = buffer[at++];
  if (received + 1 == interrupt_at)
    kill(sender, SIGINT);
  return ++received == flip_at ? byte ^ 0x10 : byte;
}

static void pty_put(void *ctx, uint8_t byte)
{
  (void)ctx;
  if (++sent != lose_at)
    assert_int_equal(write(master, &byte, 1), 1);
}

static const struct ymodem_line port = {pty_get, pty_put, NULL};

static pid_t start(char *const arguments[])
{
  int slave;
  struct termios raw;
  assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
  tcgetattr(slave, &raw);
  cfmakeraw(&raw);
  tcsetattr(slave, TCSANOW, &raw);
  received = sent = flip_at = lose_at = interrupt_at = 0;
  keep_init(&keep);
  ymodem_init(&y, &port, &keep.sink);
  y.first_ms = 500;
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGINT, SIG_DFL); /* a shell's background job ignores it */
    dup2(slave, 0);
    dup2(slave, 1);
    if (freopen("/dev/null", "w", stderr) == NULL)
      _exit(98);
    close(master);
    close(slave);
    execvp(arguments[0], arguments);
    _exit(99);
  }
  close(slave);
  sender = child;
  return child;
}

static int ended(pid_t child)
{
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(master);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void save(const char *name, size_t size)
{
  FILE *out = fopen(name, "wb");
  assert_non_null(out);
  assert_int_equal(fwrite(file, 1, size, out), size);
  fclose(out);
}

static char *const sb_1k[] = {"sb", "-k", "fw.sfb", NULL};
static char *const sb_128[] = {"sb", "fw.sfb", NULL};

static void files_of_all_lengths_arrive(void **state)
{
  (void)state;
  static const size_t sizes[] = {1, 127, 128, 129, 1023, 1024, 1025, 1152, 1153, 66000, sizeof file};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    save("fw.sfb", sizes[i]);
    pid_t child = start(sizes[i] % 2 ? sb_128 : sb_1k);
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_int_equal(ended(child), 0);
    assert_int_equal(keep.size, sizes[i]);
    assert_memory_equal(keep.data, file, sizes[i]);
    assert_string_equal(keep.name, "fw.sfb");
  }
}

static void a_batch_of_two_files_arrives(void **state)
{
  (void)state;
  static char *const two[] = {"sb", "-k", "fw.sfb", "second", NULL};
  save("fw.sfb", 3000);
  save("second", 5555);
  pid_t child = start(two);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_int_equal(ended(child), 0);
  assert_int_equal(keep.ends, 2);
  assert_string_equal(keep.name, "second");
  assert_memory_equal(keep.data, file, 5555);
}

static void a_wrong_bit_anywhere_is_repaired(void **state)
{
  (void)state;
  static const size_t at[] = {1, 2, 50, 133, 134, 135, 136, 700, 1162, 1163};
  save("fw.sfb", 2500);
  for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
    pid_t child = start(sb_1k);
    flip_at = at[i];
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_int_equal(ended(child), 0);
    assert_memory_equal(keep.data, file, 2500);
  }
}

static void a_sender_that_finds_old_invitations_on_the_line_succeeds(void **state)
{
  (void)state;
  save("fw.sfb", 20000);
  pid_t child = start(sb_1k);
  assert_int_equal(write(master, "CCCCCCCCCC", 10), 10);
  assert_int_equal(ymodem_receive(&y), PC_OK);
  assert_int_equal(ended(child), 0);
  assert_memory_equal(keep.data, file, 20000);
}

static void a_lost_answer_is_made_good(void **state)
{
  (void)state;
  save("fw.sfb", 5000);
  for (size_t at = 2; at <= 8; at++) {
    pid_t child = start(sb_1k);
    lose_at = at;
    assert_int_equal(ymodem_receive(&y), PC_OK);
    assert_int_equal(ended(child), 0);
    assert_memory_equal(keep.data, file, 5000);
  }
}

static void a_refusal_ends_the_sender_at_once(void **state)
{
  (void)state;
  save("fw.sfb", 66000);
  for (uint32_t at = 0; at <= 65536; at += 32768) {
    pid_t child = start(sb_1k);
    keep.refuse_data = PC_ERR_SIGNATURE;
    keep.refuse_at = at;
    assert_int_equal(ymodem_receive(&y), PC_ERR_SIGNATURE);
    assert_int_equal(ended(child), 128);
    assert_int_equal(keep.aborts, 1);
  }
}

static void a_sender_that_is_interrupted_cancels_us(void **state)
{
  (void)state;
  save("fw.sfb", sizeof file);
  pid_t child = start(sb_1k);
  interrupt_at = 50000;
  pc_status status = ymodem_receive(&y);
  assert_true(status == PC_ERR_CANCELLED || status == PC_ERR_TRANSFER);
  ended(child);
  assert_int_equal(keep.ends, 0);
}

int main(void)
{
  for (size_t i = 0; i < sizeof file; i++)
    file[i] = (uint8_t)(i * i >> 7 ^ i);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_of_all_lengths_arrive),
      cmocka_unit_test(a_batch_of_two_files_arrives),
      cmocka_unit_test(a_wrong_bit_anywhere_is_repaired),
      cmocka_unit_test(a_sender_that_finds_old_invitations_on_the_line_succeeds),
      cmocka_unit_test(a_lost_answer_is_made_good),
      cmocka_unit_test(a_refusal_ends_the_sender_at_once),
      cmocka_unit_test(a_sender_that_is_interrupted_cancels_us),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
