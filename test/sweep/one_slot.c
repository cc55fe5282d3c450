/* See one_slot.h. */
#include "test/sweep/one_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP  48u /* instructions between two looks at the operation count */
#define LIMIT 1500000000ull

struct one_slot one_slot;
static struct bench_board *const board = &one_slot.board;

/* ---- the board ---- */

static bool ends_with(const char *text)
{
  const size_t size = strlen(text);
  return board->length >= size && memcmp(board->console + board->length - size, text, size) == 0;
}

static void listen(uint8_t byte)
{
  if (one_slot.answer != NULL)
    one_slot.answer(byte);
  if (ends_with("YMODEM> Send .. "))
    one_slot.seen = WAITS;
  else if (ends_with("TINY old runs, engine answers"))
    one_slot.seen = OLD_RUNS;
  else if (ends_with("TINY new runs, engine answers"))
    one_slot.seen = NEW_RUNS;
  else
    return;
  soc_stop(board->soc);
}

bool one_slot_go_on(void)
{
  one_slot.seen = NOTHING;
  return soc_run(board->soc, LIMIT) == SOC_STOP_REQUEST && one_slot.seen != NOTHING;
}

void one_slot_power_on(void)
{
  bench_clear(board);
  if (one_slot.prepare != NULL)
    one_slot.prepare();
  soc_power_on(board->soc);
}

void one_slot_open(void)
{
  bench_open(board, "stm32l476");
  board->listener = listen;
  bench_load_file(board, one_slot.boot, 0x08000000, 0);
  bench_load(board, one_slot.header, one_slot.old_sfb, 320);
  bench_load(board, one_slot.active, one_slot.old_image, one_slot.old_size);
  soc_skip_idle(board->soc, true);
}

const char *one_slot_judge(unsigned cuts)
{
  struct soc_stats stats;
  static uint8_t now[ONE_SLOT_MAX];
  soc_get_stats(board->soc, &stats);
  if (stats.max_page_erases > one_slot.worn + one_slot.worn_by_cut * cuts)
    return "a page was erased too often";
  if (!soc_mem_read(board->soc, one_slot.active, now, one_slot.slot_size) ||
      memcmp(now, one_slot.new_image, one_slot.new_size) != 0)
    return "the slot is not the new image";
  for (size_t i = one_slot.new_size; i < one_slot.slot_size; i++)
    if (now[i] != 0xFF)
      return "something lies behind the new image";
  if (!soc_mem_read(board->soc, one_slot.header, now, 192) || memcmp(now, one_slot.new_sfb, 192) != 0)
    return "the active header is not the new one";
  return one_slot.judge != NULL ? one_slot.judge(cuts) : NULL;
}

/* ---- one case ---- */

/* From a switched-off board to the new image. */
static const char *recover(unsigned *cuts, bool again, uint32_t random)
{
  for (unsigned tries = 0; tries < 12; tries++) {
    one_slot_power_on();
    if (again && *cuts < 4) {
      random = random * 1664525u + 1013904223u;
      soc_cut(board->soc, 1 + (random >> 16) % one_slot.way_back, (enum soc_cut_mode)(random >> 8 & 3), random);
    }
    const char *wrong = one_slot.pursue(one_slot_go_on());
    if (wrong != NULL)
      return wrong;
    if (soc_powered(board->soc))
      return one_slot.seen == NEW_RUNS ? one_slot_judge(*cuts) : "the board does not get there";
    ++*cuts;
  }
  return "the power goes for ever";
}

static int try(const struct cut *cut)
{
  unsigned cuts = 1;
  soc_cut(board->soc, 1, cut->mode, cut->seed);
  const char *wrong = NULL;
  if (one_slot_go_on() || soc_powered(board->soc))
    wrong = "the power did not go";
  else
    wrong = recover(&cuts, cut->again, cut->seed * 2654435761u);
  if (wrong != NULL)
    printf("FAILED: operation %lu, mode %d, seed %u, %u cuts: %s\n%s\n", cut->at, cut->mode, cut->seed, cuts, wrong,
           board->console);
  return wrong != NULL;
}

/* ---- the run without a cut ---- */

int one_slot_report(const char *wrong)
{
  if (wrong != NULL)
    printf("FAILED without a cut: %s\n%s\n", wrong, board->console);
  return wrong != NULL;
}

static int total[2]; /* pipe: how many operations the uncut run had */
static const char *(*run_uncut)(void);

static int uncut(const struct cut *cut)
{
  (void)cut;
  const char *wrong = run_uncut();
  const uint64_t operations = soc_flash_ops(board->soc);
  if (write(total[1], &operations, sizeof operations) != sizeof operations)
    wrong = "pipe";
  return one_slot_report(wrong);
}

uint64_t one_slot_count(const char *(*run)(void))
{
  uint64_t all = 0;
  run_uncut = run;
  if (pipe(total) != 0)
    exit(2);
  cases_alone(uncut, NULL);
  if (cases_failed != 0)
    exit(1);
  if (read(total[0], &all, sizeof all) != sizeof all)
    exit(2);
  return all;
}

/* Operation by operation; before each, the case is forked. The first and the last operations (records), and what
 * follows an erase, are few and cut always, in all ways; other programs in turn. */
int one_slot_sweep(uint64_t all)
{
  const uint64_t first = soc_flash_ops(board->soc);
  const unsigned long operations = (unsigned long)(all - first);
  const unsigned long every =
      one_slot.programs >= operations ? 1 : (operations + one_slot.programs - 1) / one_slot.programs;
  const unsigned long again_every = one_slot.again == 0 ? 0 : operations / (one_slot.again + 1) + 1;
  const unsigned ways = every == 1 ? 4 : one_slot.ways;
  struct soc_stats stats;
  soc_get_stats(board->soc, &stats);
  uint64_t erases = stats.erases;
  unsigned long at = 0;
  while (at < operations && cases_failed == 0) {
    soc_get_stats(board->soc, &stats);
    const bool few = at < one_slot.beginning || stats.erases != erases || at + 3 >= operations;
    const unsigned long turn = few ? at : at / every;
    erases = stats.erases;
    for (unsigned way = 0; few ? way < ways : way < 1 && at % every == 0; way++) {
      const struct cut cut = {at, (enum soc_cut_mode)((turn + way) % 4), (uint32_t)(at * 4 + way + 1),
                              again_every != 0 && at % again_every == 0};
      cases_fork(try, &cut);
    }
    at++;
    while (soc_flash_ops(board->soc) < first + at) {
      const enum soc_stop stop = soc_run(board->soc, STEP);
      if (stop != SOC_STOP_LIMIT && stop != SOC_STOP_REQUEST) {
        fprintf(stderr, "%s: the uncut run ended early:\n%s\n", one_slot.name, board->console);
        return 1;
      }
    }
  }
  cases_collect();
  printf("%lu flash operations, %u cuts tried, %u failed\n", at, cases_tried, cases_failed);
  return cases_failed != 0;
}

/* ---- options ---- */

uint32_t one_slot_number(const char *text)
{
  return (uint32_t)strtoul(text, NULL, 0);
}

/* As many values as it took; -1: not ours. */
static int option(int left, char **values)
{
  struct one_slot *o = &one_slot;
  const char *name = values[0];
  if (strcmp(name, "--boot") == 0 && left >= 1) {
    o->boot = values[1];
    return 1;
  }
  if (strcmp(name, "--old") == 0 && left >= 2) {
    o->old_sfb = bench_read_file(values[1], &o->old_sfb_size);
    o->old_image = bench_read_file(values[2], &o->old_size);
    return 2;
  }
  if (strcmp(name, "--new") == 0 && left >= 2) {
    o->new_sfb = bench_read_file(values[1], &o->new_sfb_size);
    o->new_image = bench_read_file(values[2], &o->new_size);
    return 2;
  }
  if (strcmp(name, "--slot") == 0 && left >= 3) {
    o->active = one_slot_number(values[1]);
    o->slot_size = one_slot_number(values[2]);
    o->header = one_slot_number(values[3]);
    return 3;
  }
  if (strcmp(name, "--programs") == 0 && left >= 1)
    o->programs = one_slot_number(values[1]);
  else if (strcmp(name, "--again") == 0 && left >= 1)
    o->again = one_slot_number(values[1]);
  else
    return -1;
  return 1;
}

void one_slot_arguments(int count, char **values, int (*other)(int left, char **values))
{
  one_slot.programs = ~0ul;
  for (int i = 1; i < count; i++) {
    int took = option(count - i - 1, values + i);
    if (took < 0 && other != NULL)
      took = other(count - i - 1, values + i);
    if (took < 0) {
      fprintf(stderr, "%s: what is '%s'?\n", one_slot.name, values[i]);
      exit(2);
    }
    i += took;
  }
  if (one_slot.boot == NULL || one_slot.old_sfb == NULL || one_slot.new_sfb == NULL || one_slot.programs == 0 ||
      one_slot.slot_size == 0 || one_slot.slot_size > ONE_SLOT_MAX) {
    fprintf(stderr, "usage: see the top of test/sweep/%s.c and of test/sweep/one_slot.h\n", one_slot.name);
    exit(2);
  }
}
