/* Power cuts on the ARM boot loader while a patch is applied in place: the patch lies in its area, the power goes at
 * flash operation after flash operation, and again on the way back. After each cut the board must get to the new image
 * by itself; neither the old one runs again nor does it wait for a download.
 *
 * in_place --boot BOOT.bin --old OLD.sfb OLD.bin --new NEW.sfb NEW.bin --patch PATCH.sfbp --slot ACTIVE SIZE HEADER
 *   --area AREA PAGE [--programs N] [--again N]
 */
#include "image/patch.h"
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP  48u /* instructions between two looks at the operation count */
#define LIMIT 1500000000ull

static struct {
  const char *boot;
  uint8_t *old_sfb, *old_image, *new_sfb, *new_image, *patch;
  size_t old_sfb_size, old_size, new_sfb_size, new_size, patch_size;
  uint32_t active, slot_size, header, area, page;
  unsigned long programs, again;
} job;
static struct bench_board board;
static enum { NOTHING, OLD_RUNS, NEW_RUNS, WAITS } seen;

static bool ends_with(const char *text)
{
  const size_t size = strlen(text);
  return board.length >= size && memcmp(board.console + board.length - size, text, size) == 0;
}

static void listen(uint8_t byte)
{
  (void)byte;
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

static bool go_on(void)
{
  seen = NOTHING;
  return soc_run(board.soc, LIMIT) == SOC_STOP_REQUEST && seen != NOTHING;
}

static void power_on(void)
{
  bench_clear(&board);
  soc_power_on(board.soc);
}

static void set_up(void)
{
  bench_open(&board, "stm32l476");
  board.listener = listen;
  bench_load_file(&board, job.boot, 0x08000000, 0);
  bench_load(&board, job.header, job.old_sfb, 320);
  bench_load(&board, job.active, job.old_image, job.old_size);
  bench_load(&board, job.area, job.patch + PATCH_HEADER_SIZE, PATCH_TARGET_SIZE);
  bench_load(&board, job.area + IMAGE_HEADER_SIZE, "INSTALL1", 8);
  bench_load(&board, job.area + job.page, job.patch, PATCH_HEADER_SIZE);
  bench_load(&board, job.area + job.page + PATCH_HEADER_SIZE, job.patch + PATCH_FILE_OFFSET,
             job.patch_size - PATCH_FILE_OFFSET);
  soc_skip_idle(board.soc, true);
  power_on();
}

static const char *judge(unsigned cuts)
{
  struct soc_stats stats;
  static uint8_t now[1 << 20];
  soc_get_stats(board.soc, &stats);
  if (stats.max_page_erases > 8 + 3 * cuts) /* scratch, checkpoints; a cut does a group over again */
    return "a page was erased too often";
  if (!soc_mem_read(board.soc, job.active, now, job.slot_size) || memcmp(now, job.new_image, job.new_size) != 0)
    return "the slot is not the new image";
  for (size_t i = job.new_size; i < job.slot_size; i++)
    if (now[i] != 0xFF)
      return "something lies behind the new image";
  if (!soc_mem_read(board.soc, job.header, now, 192) || memcmp(now, job.new_sfb, 192) != 0)
    return "the active header is not the new one";
  if (!soc_mem_read(board.soc, job.area + IMAGE_HEADER_SIZE, now, 8) || memcmp(now, "INSTALL1", 8) == 0)
    return "the patch is still asked for";
  return NULL;
}

/* From a switched-off board to the new image. */
static const char *recover(unsigned *cuts, bool again, uint32_t random)
{
  for (unsigned tries = 0; tries < 12; tries++) {
    power_on();
    if (again && *cuts < 4) {
      random = random * 1664525u + 1013904223u;
      soc_cut(board.soc, 1 + (random >> 16) % 900, (enum soc_cut_mode)(random >> 8 & 3), random);
    }
    const bool running = go_on();
    if (running && seen == NEW_RUNS)
      return judge(*cuts);
    if (running)
      return seen == WAITS ? "the board waits for a download" : "the old image runs";
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

static int uncut(void)
{
  const char *wrong = go_on() && seen == NEW_RUNS ? judge(0) : "the board does not get there";
  const uint64_t operations = soc_flash_ops(board.soc);
  if (write(total[1], &operations, sizeof operations) != sizeof operations)
    wrong = "pipe";
  if (wrong != NULL)
    printf("FAILED without a cut: %s\n%s\n", wrong, board.console);
  (void)fflush(stdout);
  return wrong != NULL;
}

static uint32_t number(const char *text)
{
  return (uint32_t)strtoul(text, NULL, 0);
}

static void arguments(int count, char **values)
{
  job.programs = ~0ul;
  for (int i = 1; i < count; i++) {
    const int left = count - i - 1;
    if (strcmp(values[i], "--boot") == 0 && left >= 1) {
      job.boot = values[++i];
    } else if (strcmp(values[i], "--old") == 0 && left >= 2) {
      job.old_sfb = bench_read_file(values[++i], &job.old_sfb_size);
      job.old_image = bench_read_file(values[++i], &job.old_size);
    } else if (strcmp(values[i], "--new") == 0 && left >= 2) {
      job.new_sfb = bench_read_file(values[++i], &job.new_sfb_size);
      job.new_image = bench_read_file(values[++i], &job.new_size);
    } else if (strcmp(values[i], "--patch") == 0 && left >= 1) {
      job.patch = bench_read_file(values[++i], &job.patch_size);
    } else if (strcmp(values[i], "--slot") == 0 && left >= 3) {
      job.active = number(values[++i]);
      job.slot_size = number(values[++i]);
      job.header = number(values[++i]);
    } else if (strcmp(values[i], "--area") == 0 && left >= 2) {
      job.area = number(values[++i]);
      job.page = number(values[++i]);
    } else if (strcmp(values[i], "--programs") == 0 && left >= 1) {
      job.programs = number(values[++i]);
    } else if (strcmp(values[i], "--again") == 0 && left >= 1) {
      job.again = number(values[++i]);
    } else {
      fprintf(stderr, "in_place: what is '%s'?\n", values[i]);
      exit(2);
    }
  }
  if (job.boot == NULL || job.old_sfb == NULL || job.new_sfb == NULL || job.patch == NULL || job.slot_size == 0 ||
      job.slot_size > 1 << 20 || job.page == 0 || job.patch_size < PATCH_FILE_OFFSET) {
    fprintf(stderr, "usage: see the top of test/sweep/in_place.c\n");
    exit(2);
  }
}

int main(int count, char **values)
{
  arguments(count, values);
  set_up();
  if (pipe(total) != 0)
    return 2;
  pid_t child = fork();
  if (child == 0)
    _exit(uncut());
  running = 1;
  collect(0);
  uint64_t all = 0;
  if (failed != 0 || read(total[0], &all, sizeof all) != sizeof all)
    return 1;
  /* Walk the uncut run operation by operation; before each, fork the case. Erases and what follows them (records, the
   * beginnings of pages), which are few, are cut in all ways, other programs in turn. */
  const unsigned long operations = (unsigned long)(all - soc_flash_ops(board.soc));
  const unsigned long every = job.programs >= operations ? 1 : (operations + job.programs - 1) / job.programs;
  const unsigned long again_every = job.again == 0 ? 0 : operations / (job.again + 1) + 1;
  const uint64_t first = soc_flash_ops(board.soc);
  const bool exhaustive = every == 1;
  uint64_t last_erases = 0;
  unsigned long at = 0;
  while (at < operations && failed == 0) {
    struct soc_stats stats;
    soc_get_stats(board.soc, &stats);
    const bool few = at < 4 || stats.erases != last_erases || at + 3 >= operations;
    last_erases = stats.erases;
    const bool again = again_every != 0 && at % again_every == 0;
    if (few && exhaustive)
      for (unsigned way = 0; way < 4; way++)
        fork_case(at, (enum soc_cut_mode)way, (uint32_t)(at * 4 + way + 1), again);
    else if (few || at % every == 0)
      fork_case(at, (enum soc_cut_mode)((few ? at : at / every) % 4), (uint32_t)at + 1, again);
    at++;
    while (soc_flash_ops(board.soc) < first + at) {
      enum soc_stop stop = soc_run(board.soc, STEP);
      if (stop != SOC_STOP_LIMIT && stop != SOC_STOP_REQUEST) {
        fprintf(stderr, "in_place: the uncut run ended early:\n%s\n", board.console);
        return 1;
      }
    }
  }
  collect(0);
  printf("%lu flash operations, %u cuts tried, %u failed\n", at, cases, failed);
  return failed != 0;
}
