/* Power cuts on the ARM boot loader: the real binary installs an image on the simulated chip, and the power goes at
 * flash operation after flash operation: before it, after it, torn in the middle, or so that its cells stay weak. After
 * each cut the board is switched on again and must end with the new image, bootable, the slot exact, the old image
 * kept, and no page worn more than stated. The process forks at each cut, so every case starts from the very state that
 * the uncut run had.
 *
 * sweep --boot BOOT.bin --old OLD.sfb OLD.bin --new NEW.sfb NEW.bin --slots ACTIVE DOWNLOAD SIZE [--programs N]
 * [--again N] [--ways N]. --ways: of the four ways to be cut, how many are tried on each erase and record. --old, --new
 * and --slots (in this order) again for the next image of a set. OLD.bin and NEW.bin are the padded clear images.
 * --programs: sample that many data programs (default: all); erases and journal records are always all cut. --again: of
 * the cases, this many get a second cut during the recovery.
 * --external DEVICE HEADER JOURNAL PAGE: the download slot lies in another flash, with pages of that size.
 * --rollback: the new image was not validated, and the old one comes back. --overwrite: the board installs without
 * swap. --partial: NEW.sfb is a partial image, and NEW.bin the whole one that comes of it. --job FILE: no candidate is
 * waiting; the old image is test/arm/served.c, and this is its job: it receives a patch, again after each cut, which is
 * put together and installed.
 */
#define _GNU_SOURCE /* memmem */
#include "test/sweep/bench_board.h"
#include "test/sweep/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE         2048u
#define JOURNAL_SIZE (2 * PAGE)
#define STEP         48u /* instructions between two looks at the operation count: no two operations are that close */
#define LIMIT        1500000000ull
#define JOB_AT       0x08060000u

#define MAX_IMAGES 3

static struct {
  const char *boot, *device;
  uint32_t header, journal; /* of image 1 */
  uint32_t page;            /* of the download slot */
  unsigned count;           /* of images in the set */
  struct image {
    uint8_t *old_sfb, *old_image, *new_sfb, *new_image;
    size_t old_sfb_size, old_size, new_sfb_size, new_size;
    uint32_t active, download, slot_size;
  } image[MAX_IMAGES];
  unsigned long programs, again, ways;
  bool rollback, overwrite, partial;
  uint8_t *received; /* the job; NULL: a candidate waits */
  size_t received_size;
  const char *begin, *end; /* what the console says first and last */
} job;

static struct bench_board board;

enum kind { DATA, RECORD, ERASE };

static void set_up(void)
{
  bench_open(&board, job.device);
  bench_load_file(&board, job.boot, 0x08000000, 0);
  for (unsigned n = 0; n < job.count; n++) {
    const struct image *i = &job.image[n];
    bench_load(&board, job.header + n * PAGE, i->old_sfb, 320);
    bench_load(&board, i->active, i->old_image, i->old_size);
    if (job.received == NULL)
      bench_candidate(&board, i->download, job.page, i->new_sfb, i->new_sfb_size);
  }
  if (job.received != NULL)
    bench_load(&board, JOB_AT, job.received, job.received_size);
  soc_pin(board.soc, 'C', 13, true);
  soc_skip_idle(board.soc, true);
  soc_power_on(board.soc);
  if (job.rollback) {
    (void)bench_run(&board, "TINY new runs, ", LIMIT);
    (void)bench_run(&board, "\n", 1000000);
    soc_reset_pin(board.soc);
    bench_clear(&board);
    soc_clear_stats(board.soc);
  }
  if (bench_run(&board, job.begin, LIMIT) != SOC_STOP_REQUEST) {
    fprintf(stderr, "sweep: the boot loader did not say '%s':\n%s\n", job.begin, board.console);
    exit(1);
  }
}

static bool is_blank(uint32_t addr, size_t size)
{
  uint8_t *bytes = malloc(size);
  bool blank = bytes != NULL && soc_mem_read(board.soc, addr, bytes, size);
  for (size_t i = 0; blank && i < size; i++)
    blank = bytes[i] == 0xFF;
  free(bytes);
  return blank;
}

static bool holds(uint32_t addr, const uint8_t *expected, size_t size)
{
  uint8_t *bytes = malloc(size);
  bool same = bytes != NULL && soc_mem_read(board.soc, addr, bytes, size) && memcmp(bytes, expected, size) == 0;
  free(bytes);
  return same;
}

static uint32_t header_of(const struct image *i)
{
  return job.header + (uint32_t)(i - job.image) * PAGE;
}

/* What must hold when the old image is back. */
static const char *judge_rollback(const struct image *i)
{
  if (!holds(i->active, i->old_image, i->old_size))
    return "the active slot is not the old image";
  if (!is_blank(i->active + (uint32_t)i->old_size, i->slot_size - i->old_size))
    return "something lies behind the old image";
  if (!holds(header_of(i), i->old_sfb, 192))
    return "the active header is not the old one";
  if (!is_blank(i->download, 2 * job.page))
    return "there is still a candidate or a backup";
  return NULL;
}

/* Does a piece of either image stand in the external flash as it is? */
static bool in_clear_outside(const struct image *i)
{
  const size_t size = i->slot_size + 2 * job.page;
  uint8_t *bytes = malloc(size);
  bool found = bytes == NULL || !soc_mem_read(board.soc, i->download, bytes, size);
  const struct {
    const uint8_t *clear;
    size_t size;
  } images[] = {{i->old_image, i->old_size}, {i->new_image, i->new_size}};
  for (unsigned n = 0; n < 2; n++)
    for (size_t at = 0; !found && at + 16 <= images[n].size; at += 16) {
      const uint8_t *piece = images[n].clear + at;
      if (memcmp(piece, piece + 1, 15) != 0) /* not filling */
        found = memmem(bytes, size, piece, 16) != NULL;
    }
  free(bytes);
  return found;
}

/* The partial image was installed and, because it is not validated, may have been brought back by a second start. */
static const char *judge_partial(const struct image *i)
{
  if (strstr(board.console, "TINY old") != NULL)
    return !holds(i->active, i->old_image, i->old_size) ? "the active slot is not the old image"
           : !holds(header_of(i), i->old_sfb, 192)      ? "the active header is not the old one"
                                                        : NULL;
  return !holds(i->active, i->new_image, i->new_size) ? "the active slot is not the new image"
         : !holds(header_of(i), i->new_sfb, 192)      ? "the active header is not the new one"
         : !is_blank(i->download, job.page)           ? "there is still a candidate"
                                                      : NULL;
}

static const char *judge_image(const struct image *i)
{
  if (job.rollback)
    return judge_rollback(i);
  if (job.partial)
    return judge_partial(i);
  if (!holds(i->active, i->new_image, i->new_size))
    return "the active slot is not the new image";
  if (!is_blank(i->active + (uint32_t)i->new_size, i->slot_size - i->new_size))
    return "something lies behind the new image";
  if (!holds(header_of(i), i->new_sfb, 192))
    return "the active header is not the new one";
  if (!is_blank(i->download, job.page))
    return "there is still a candidate";
  if (job.page != PAGE && in_clear_outside(i))
    return "something stands outside in clear";
  if (job.overwrite) /* nothing of the old image is kept, and the cipher text stays */
    return holds(i->download + job.page, i->new_sfb + 512, i->new_sfb_size - 512) ? NULL
                                                                                  : "the download slot was written to";
  if (!holds(i->download + job.page, i->old_sfb, 192))
    return "the old header was not kept";
  if (!holds(i->download + 2 * job.page, i->old_image, i->old_size))
    return "the old image was not kept";
  return NULL;
}

/* What must hold when the new image runs. `cuts`: how often the power went. Returns NULL, or what is wrong. */
static const char *judge(unsigned cuts)
{
  struct soc_stats stats;
  const char *wrong = NULL;
  soc_get_stats(board.soc, &stats);
  if (strstr(board.console, "engine answers") == NULL)
    return "the image runs, but its engine does not answer";
  /* A page that is received into is erased for that, too. */
  if (stats.max_page_erases > (job.received != NULL ? 2 : 1) +
                                  2 * cuts) /* a journal page is begun anew at each reset; data pages are far below */
    return "a page was erased too often";
  for (unsigned n = 0; n < job.count && wrong == NULL; n++)
    wrong = judge_image(&job.image[n]);
  return wrong;
}

static int try(const struct cut *cut)
{
  static const char *const names[] = {"before", "clean", "torn", "weak"};
  unsigned cuts = 1;
  soc_cut(board.soc, 1, cut->mode, cut->seed);
  enum soc_stop stop = bench_run(&board, "runs, ", LIMIT);
  uint32_t random = cut->seed * 2654435761u + (uint32_t)cut->at;
  while (stop == SOC_STOP_POWER) {
    bench_clear(&board);
    soc_power_on(board.soc);
    if (cut->again && cuts < 4) {
      random = random * 1664525u + 1013904223u;
      soc_cut(board.soc, 1 + (random >> 16) % (cuts == 1 ? 600 : 8), (enum soc_cut_mode)(random >> 8 & 3), random);
      cuts++;
    }
    stop = bench_run(&board, job.end, LIMIT);
  }
  if (stop == SOC_STOP_REQUEST)
    (void)bench_run(&board, "\n", 1000000);
  const char *wrong = stop == SOC_STOP_REQUEST ? judge(cuts) : "the board does not get there";
  if (wrong == NULL)
    return 0;
  printf("FAILED: operation %lu, %s, seed %u, %u cuts: %s\n%s\n", cut->at, names[cut->mode], cut->seed, cuts, wrong,
         board.console);
  return 1;
}

/* The uncut run judges itself in a child, and is recorded in another. */
static int uncut(const struct cut *cut)
{
  (void)cut;
  if (bench_run(&board, job.end, LIMIT) == SOC_STOP_REQUEST)
    (void)bench_run(&board, "\n", 1000000);
  const char *wrong = judge(0);
  if (wrong != NULL)
    printf("FAILED without a cut: %s\n%s\n", wrong, board.console);
  return wrong != NULL;
}

static FILE *recorded; /* what kind each operation of the uncut run is */

static int record(const struct cut *cut)
{
  uint8_t journal[JOURNAL_SIZE], now[JOURNAL_SIZE];
  struct soc_stats before, after;
  const uint64_t first = soc_flash_ops(board.soc);
  uint64_t used = 0;
  (void)cut;
  soc_get_stats(board.soc, &before);
  (void)soc_mem_read(board.soc, job.journal, journal, sizeof journal);
  board.seen = false;
  board.until = job.end;
  while (!board.seen) {
    if (soc_run(board.soc, STEP) != SOC_STOP_LIMIT && !board.seen) {
      fprintf(stderr, "sweep: the uncut run ended early:\n%s\n", board.console);
      return 1;
    }
    if (soc_flash_ops(board.soc) == first + used)
      continue;
    if (soc_flash_ops(board.soc) != first + used + 1) {
      fprintf(stderr, "sweep: two operations within %u instructions\n", STEP);
      return 1;
    }
    soc_get_stats(board.soc, &after);
    (void)soc_mem_read(board.soc, job.journal, now, sizeof now);
    enum kind kind = after.erases != before.erases ? ERASE : memcmp(journal, now, sizeof now) != 0 ? RECORD : DATA;
    if (job.page != PAGE && after.erases == before.erases && after.programs == before.programs)
      kind = ERASE; /* outside: the request's page, all that is ever touched there */
    if (fputc((int)kind, recorded) == EOF)
      return 1;
    used++;
    before = after;
    memcpy(journal, now, sizeof journal);
  }
  return fflush(recorded) != 0;
}

static uint8_t *read_record(unsigned long *count)
{
  const long size = fseek(recorded, 0, SEEK_END) == 0 ? ftell(recorded) : -1;
  uint8_t *list = size > 0 ? malloc((size_t)size) : NULL;
  rewind(recorded);
  *count = list != NULL ? fread(list, 1, (size_t)size, recorded) : 0;
  return list;
}

static unsigned long number(const char *text)
{
  return strtoul(text, NULL, 0);
}

static void files(const char **image, const char **clear)
{
  struct image *i = &job.image[job.count];
  i->old_sfb = bench_read_file(image[0], &i->old_sfb_size);
  i->old_image = bench_read_file(clear[0], &i->old_size);
  i->new_sfb = bench_read_file(image[1], &i->new_sfb_size);
  i->new_image = bench_read_file(clear[1], &i->new_size);
}

static void slots(char **values)
{
  struct image *i = &job.image[job.count];
  i->active = (uint32_t)number(values[0]);
  i->download = (uint32_t)number(values[1]);
  i->slot_size = (uint32_t)number(values[2]);
}

static void arguments(int count, char **values)
{
  const char *image[2] = {NULL, NULL}, *clear[2] = {NULL, NULL};
  job.programs = ~0ul;
  job.ways = 4;
  job.device = "stm32l476";
  job.header = 0x08080000;
  job.journal = 0x08081800;
  job.page = PAGE;
  for (int i = 1; i < count; i++) {
    if (strcmp(values[i], "--boot") == 0 && i + 1 < count) {
      job.boot = values[++i];
    } else if (strcmp(values[i], "--old") == 0 && i + 2 < count) {
      image[0] = values[++i];
      clear[0] = values[++i];
    } else if (strcmp(values[i], "--new") == 0 && i + 2 < count) {
      image[1] = values[++i];
      clear[1] = values[++i];
    } else if (strcmp(values[i], "--slots") == 0 && i + 3 < count && image[0] != NULL && image[1] != NULL &&
               job.count < MAX_IMAGES) {
      files(image, clear);
      slots(values + i + 1);
      if (job.image[job.count].new_sfb_size < 528 || job.image[job.count].slot_size == 0)
        exit(2);
      job.count++;
      i += 3;
    } else if (strcmp(values[i], "--programs") == 0 && i + 1 < count) {
      job.programs = number(values[++i]);
    } else if (strcmp(values[i], "--again") == 0 && i + 1 < count) {
      job.again = number(values[++i]);
    } else if (strcmp(values[i], "--ways") == 0 && i + 1 < count) {
      job.ways = number(values[++i]);
    } else if (strcmp(values[i], "--external") == 0 && i + 4 < count) {
      job.device = values[i + 1];
      job.header = (uint32_t)number(values[i + 2]);
      job.journal = (uint32_t)number(values[i + 3]);
      job.page = (uint32_t)number(values[i + 4]);
      i += 4;
    } else if (strcmp(values[i], "--rollback") == 0) {
      job.rollback = true;
    } else if (strcmp(values[i], "--overwrite") == 0) {
      job.overwrite = true;
    } else if (strcmp(values[i], "--partial") == 0) {
      job.partial = true;
    } else if (strcmp(values[i], "--job") == 0 && i + 1 < count) {
      job.received = bench_read_file(values[++i], &job.received_size);
    } else {
      fprintf(stderr, "sweep: what is '%s'?\n", values[i]);
      exit(2);
    }
  }
  if (job.boot == NULL || job.count == 0) {
    fprintf(stderr, "usage: see the top of test/sweep/sweep.c\n");
    exit(2);
  }
}

int main(int count, char **values)
{
  unsigned long operations = 0, kinds[3] = {0, 0, 0};
  arguments(count, values);
  job.begin = job.rollback ? "STATE: ROLLBACK" : job.received != NULL ? "TINY served runs" : "installing.";
  job.end = job.rollback ? "TINY old runs, " : job.partial ? " runs, " : "TINY new runs, ";
  set_up();
  cases_alone(uncut, NULL);
  recorded = tmpfile();
  if (cases_failed != 0 || recorded == NULL)
    return 1;
  cases_alone(record, NULL);
  uint8_t *list = read_record(&operations);
  if (cases_failed != 0 || operations == 0)
    return 1;
  for (unsigned long i = 0; i < operations; i++)
    kinds[list[i]]++;
  printf("%lu flash operations: %lu data programs, %lu journal records, %lu erases\n", operations, kinds[DATA],
         kinds[RECORD], kinds[ERASE]);

  /* Walk the uncut run operation by operation; before each, fork the cases. */
  const uint64_t first = soc_flash_ops(board.soc);
  const unsigned long every = job.programs >= kinds[DATA] ? 1 : (kinds[DATA] + job.programs - 1) / job.programs;
  const unsigned long again_every = job.again == 0 ? 0 : operations / (job.again + 1) + 1;
  unsigned long data_seen = 0;
  for (unsigned long at = 0; at < operations; at++) {
    while (soc_flash_ops(board.soc) < first + at)
      (void)soc_run(board.soc, STEP);
    struct cut cut = {at, SOC_CUT_BEFORE, (uint32_t)at + 1, again_every != 0 && at % again_every == 0};
    if (list[at] == DATA) {
      cut.mode = (enum soc_cut_mode)(data_seen / every % 4);
      if (data_seen++ % every == 0)
        cases_fork(try, &cut);
    } else {
      /* All ways to be cut where few operations are; in turn where there are hundreds. */
      const unsigned ways = kinds[RECORD] + kinds[ERASE] > 100 ? 1 : (unsigned)job.ways;
      for (unsigned way = 0; way < ways; way++, cut.seed++) {
        cut.mode = (enum soc_cut_mode)((at + way) % 4);
        cases_fork(try, &cut);
      }
    }
    if (cases_failed != 0)
      break;
  }
  cases_collect();
  free(list);
  printf("%u cuts tried, %u failed\n", cases_tried, cases_failed);
  return cases_failed != 0;
}
