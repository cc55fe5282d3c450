/* Power cuts on the ARM boot loader with a single slot: the real binary receives an image over YMODEM straight into the
 * active slot, and the power goes at flash operation after flash operation. After each cut the board must run the old
 * image, or the new one, or wait for a download; the next transfer must bring the new one in.
 *
 * single --boot BOOT.bin --old OLD.sfb OLD.bin --new NEW.sfb NEW.bin --slot ACTIVE SIZE HEADER [--programs N] [--again
 * N]
 */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP  48u /* instructions between two looks at the operation count */
#define LIMIT 1500000000ull

static struct {
  const char *boot;
  uint8_t *old_sfb, *old_image, *new_sfb, *new_image;
  size_t old_sfb_size, old_size, new_sfb_size, new_size;
  uint32_t active, slot_size, header;
  unsigned long programs, again;
} job;
static struct bench_board board;

/* ---- the sender ---- */
enum { SOH = 1, STX = 2, EOT = 4, ACK = 6, NAK = 0x15, CAN = 0x18 };
static enum { ASLEEP, OFFER, OFFERED, TAKEN, DATA, ENDED, NEXT, CLOSED, OVER } step;
static size_t sent;
static bool refused;
static enum { NOTHING, OLD_RUNS, NEW_RUNS, WAITS } seen;

static void packet(uint8_t number, const uint8_t *bytes, size_t count, size_t size)
{
  uint8_t p[1024 + 5];
  uint16_t crc = 0;
  p[0] = size == 128 ? SOH : STX;
  p[1] = number;
  p[2] = (uint8_t)~number;
  memset(p + 3, number == 0 ? 0 : 0x1A, size);
  memcpy(p + 3, bytes, count);
  for (size_t i = 0; i < size; i++) {
    crc ^= (uint16_t)(p[3 + i] << 8);
    for (int bit = 0; bit < 8; bit++)
      crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  p[3 + size] = (uint8_t)(crc >> 8);
  p[4 + size] = (uint8_t)crc;
  soc_uart_rx(board.soc, 2, p, size + 5);
}

static void data(void)
{
  size_t left = job.new_sfb_size - sent;
  if (left == 0) {
    const uint8_t eot = EOT;
    step = ENDED;
    soc_uart_rx(board.soc, 2, &eot, 1);
    return;
  }
  packet((uint8_t)(sent / 1024 + 1), job.new_sfb + sent, left < 1024 ? left : 1024, 1024);
  step = DATA;
}

static void answer(uint8_t byte)
{
  const uint8_t eot = EOT;
  char name[64];
  if (byte == CAN && step > OFFER && step < OVER) {
    refused = true;
    step = OVER;
  }
  switch (step) {
  case OFFER:
    if (byte == 'C') {
      int length = snprintf(name, sizeof name, "fw.sfb%c%zu ", 0, job.new_sfb_size);
      packet(0, (const uint8_t *)name, (size_t)length, 128);
      step = OFFERED;
    }
    break;
  case OFFERED:
    if (byte == ACK)
      step = TAKEN;
    break;
  case TAKEN:
    if (byte == 'C') {
      sent = 0;
      data();
    }
    break;
  case DATA:
    if (byte == ACK)
      sent = sent + 1024 < job.new_sfb_size ? sent + 1024 : job.new_sfb_size;
    if (byte == ACK || byte == NAK)
      data();
    break;
  case ENDED:
    if (byte == NAK)
      soc_uart_rx(board.soc, 2, &eot, 1);
    else if (byte == ACK)
      step = NEXT;
    break;
  case NEXT:
    if (byte == 'C') {
      packet(0, (const uint8_t *)"", 0, 128);
      step = CLOSED;
    }
    break;
  case CLOSED:
    if (byte == ACK)
      step = OVER;
    break;
  default:
    break;
  }
}

static bool ends_with(const char *text)
{
  const size_t size = strlen(text);
  return board.length >= size && memcmp(board.console + board.length - size, text, size) == 0;
}

static void listen(uint8_t byte)
{
  answer(byte);
  if (ends_with("YMODEM> Send .. "))
    seen = WAITS;
  else if (ends_with("TINY old runs, engine answers"))
    seen = OLD_RUNS;
  else if (ends_with("TINY new runs, engine answers"))
    seen = NEW_RUNS;
  else
    return;
  soc_stop(board.soc);
}

/* Run to the next of these sights; false if it does not come. */
static bool go_on(void)
{
  seen = NOTHING;
  return soc_run(board.soc, LIMIT) == SOC_STOP_REQUEST && seen != NOTHING;
}

static void power_on(void)
{
  bench_clear(&board);
  step = ASLEEP;
  soc_power_on(board.soc);
}

static void set_up(void)
{
  bench_open(&board, "stm32l476");
  board.listener = listen;
  bench_load_file(&board, job.boot, 0x08000000, 0);
  bench_load(&board, job.header, job.old_sfb, 320);
  bench_load(&board, job.active, job.old_image, job.old_size);
  soc_pin(board.soc, 'C', 13, false);
  soc_skip_idle(board.soc, true);
  power_on();
  if (!go_on() || seen != WAITS) {
    fprintf(stderr, "single: the boot loader does not wait for a download:\n%s\n", board.console);
    exit(1);
  }
  soc_pin(board.soc, 'C', 13, true);
}

static const char *judge(unsigned cuts)
{
  struct soc_stats stats;
  static uint8_t now[1 << 20];
  soc_get_stats(board.soc, &stats);
  if (stats.max_page_erases > 1 + 2 * cuts)
    return "a page was erased too often";
  if (!soc_mem_read(board.soc, job.active, now, job.slot_size) || memcmp(now, job.new_image, job.new_size) != 0)
    return "the slot is not the new image";
  for (size_t i = job.new_size; i < job.slot_size; i++)
    if (now[i] != 0xFF)
      return "something lies behind the new image";
  if (!soc_mem_read(board.soc, job.header, now, 192) || memcmp(now, job.new_sfb, 192) != 0)
    return "the active header is not the new one";
  return NULL;
}

/* From a switched-off board to the new image. */
static const char *recover(unsigned *cuts, bool again, uint32_t random)
{
  for (unsigned tries = 0; tries < 12; tries++) {
    power_on();
    if (again && *cuts < 4) {
      random = random * 1664525u + 1013904223u;
      soc_cut(board.soc, 1 + (random >> 16) % 400, (enum soc_cut_mode)(random >> 8 & 3), random);
    }
    bool running = go_on();
    if (running && seen == OLD_RUNS) {
      soc_pin(board.soc, 'C', 13, false);
      soc_reset_pin(board.soc);
      running = go_on();
      soc_pin(board.soc, 'C', 13, true);
    }
    if (running && seen == WAITS) {
      step = OFFER;
      running = go_on();
    }
    if (running && seen == NEW_RUNS)
      return judge(*cuts);
    if (soc_powered(board.soc))
      return "the board does not get there";
    ++*cuts;
  }
  return "the power goes for ever";
}

static int one(unsigned long at, enum soc_cut_mode mode, uint32_t seed, bool again)
{
  unsigned cuts = 1;
  soc_cut(board.soc, 1, mode, seed);
  const char *wrong = NULL;
  if (go_on() || soc_powered(board.soc))
    wrong = "the power did not go";
  else
    wrong = recover(&cuts, again, seed * 2654435761u);
  if (wrong != NULL)
    printf("FAILED: operation %lu, mode %d, seed %u, %u cuts: %s\n%s\n", at, mode, seed, cuts, wrong, board.console);
  (void)fflush(stdout);
  return wrong != NULL;
}

static unsigned running, failed, cases;

static void collect(unsigned at_most)
{
  while (running > at_most) {
    int status = 0;
    if (wait(&status) < 0)
      exit(2);
    running--;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      failed++;
  }
}

static void fork_case(unsigned long at, enum soc_cut_mode mode, uint32_t seed, bool again)
{
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  collect((unsigned)(cores > 1 ? cores - 1 : 0));
  (void)fflush(stdout);
  pid_t child = fork();
  if (child < 0)
    exit(2);
  if (child == 0)
    _exit(one(at, mode, seed, again));
  running++;
  cases++;
}

static int total[2]; /* pipe: how many operations the uncut run had */

/* Without a cut; and a file whose body is damaged, which must be wiped and leave the device waiting. */
static int uncut(bool damaged)
{
  if (damaged)
    job.new_sfb[1000] ^= 1;
  step = OFFER;
  const char *wrong = NULL;
  if (!go_on() || (damaged ? seen != WAITS || !refused : seen != NEW_RUNS))
    wrong = "the board does not get there";
  static uint8_t now[1 << 20];
  for (size_t i = 0; damaged && wrong == NULL && i < job.slot_size; i++)
    if (!soc_mem_read(board.soc, job.active, now, job.slot_size) || now[i] != 0xFF)
      wrong = "the damaged image was not wiped";
  if (damaged && wrong == NULL) {
    if (strstr(board.console, "Firmware signature check error") == NULL)
      wrong = "the reason is not told";
    job.new_sfb[1000] ^= 1;
    step = OFFER;
    refused = false;
    if (wrong == NULL && (!go_on() || seen != NEW_RUNS))
      wrong = "the right image does not come in afterwards";
  }
  if (wrong == NULL)
    wrong = judge(damaged);
  const uint64_t operations = soc_flash_ops(board.soc);
  if (!damaged && write(total[1], &operations, sizeof operations) != sizeof operations)
    wrong = "pipe";
  if (wrong != NULL)
    printf("FAILED without a cut: %s\n%s\n", wrong, board.console);
  (void)fflush(stdout);
  return wrong != NULL;
}

static void arguments(int count, char **values)
{
  job.programs = ~0ul;
  for (int i = 1; i < count; i++) {
    if (strcmp(values[i], "--boot") == 0 && i + 1 < count) {
      job.boot = values[++i];
    } else if (strcmp(values[i], "--old") == 0 && i + 2 < count) {
      job.old_sfb = bench_read_file(values[i + 1], &job.old_sfb_size);
      job.old_image = bench_read_file(values[i + 2], &job.old_size);
      i += 2;
    } else if (strcmp(values[i], "--new") == 0 && i + 2 < count) {
      job.new_sfb = bench_read_file(values[i + 1], &job.new_sfb_size);
      job.new_image = bench_read_file(values[i + 2], &job.new_size);
      i += 2;
    } else if (strcmp(values[i], "--slot") == 0 && i + 3 < count) {
      job.active = (uint32_t)strtoul(values[i + 1], NULL, 0);
      job.slot_size = (uint32_t)strtoul(values[i + 2], NULL, 0);
      job.header = (uint32_t)strtoul(values[i + 3], NULL, 0);
      i += 3;
    } else if (strcmp(values[i], "--programs") == 0 && i + 1 < count) {
      job.programs = strtoul(values[++i], NULL, 0);
    } else if (strcmp(values[i], "--again") == 0 && i + 1 < count) {
      job.again = strtoul(values[++i], NULL, 0);
    } else {
      fprintf(stderr, "single: what is '%s'?\n", values[i]);
      exit(2);
    }
  }
  if (job.boot == NULL || job.old_sfb == NULL || job.new_sfb == NULL || job.slot_size == 0 || job.slot_size > 1 << 20 ||
      job.new_sfb_size < 1024) {
    fprintf(stderr, "usage: see the top of test/sweep/single.c\n");
    exit(2);
  }
}

int main(int count, char **values)
{
  arguments(count, values);
  set_up();
  if (pipe(total) != 0)
    return 2;
  for (int damaged = 0; damaged < 2; damaged++) {
    pid_t child = fork();
    if (child == 0)
      _exit(uncut(damaged));
    running = 1;
    collect(0);
  }
  if (failed != 0)
    return 1;
  /* Walk the uncut run operation by operation; before each, fork the case. Erases and records, which are few, are cut
   * in all ways, data programs in turn. */
  uint64_t all = 0;
  if (read(total[0], &all, sizeof all) != sizeof all)
    return 2;
  const unsigned long operations = (unsigned long)(all - soc_flash_ops(board.soc));
  const unsigned long every = job.programs >= operations ? 1 : (operations + job.programs - 1) / job.programs;
  const unsigned long again_every = job.again == 0 ? 0 : operations / (job.again + 1) + 1;
  uint64_t first = soc_flash_ops(board.soc), last_erases = 0;
  struct soc_stats stats;
  unsigned long at = 0;
  soc_get_stats(board.soc, &stats);
  last_erases = stats.erases;
  step = OFFER;
  seen = NOTHING;
  while (at < operations && failed == 0) {
    /* The operation that comes next is not known yet: all ways for the first and the last, where the records are, and
     * behind each erase. */
    soc_get_stats(board.soc, &stats);
    const bool few = at < 8 || stats.erases != last_erases || at + 3 >= operations;
    last_erases = stats.erases;
    const bool again = again_every != 0 && at % again_every == 0;
    if (few)
      for (unsigned way = 0; way < 4; way++)
        fork_case(at, (enum soc_cut_mode)way, (uint32_t)(at * 4 + way + 1), again);
    else if (at % every == 0)
      fork_case(at, (enum soc_cut_mode)(at / every % 4), (uint32_t)at + 1, again);
    at++;
    while (soc_flash_ops(board.soc) < first + at) {
      enum soc_stop stop = soc_run(board.soc, STEP);
      if (stop != SOC_STOP_LIMIT && stop != SOC_STOP_REQUEST) {
        fprintf(stderr, "single: the uncut run ended early:\n%s\n", board.console);
        return 1;
      }
    }
  }
  collect(0);
  printf("%lu flash operations, %u cuts tried, %u failed\n", at, cases, failed);
  return failed != 0;
}
