/* Power cuts on the ARM boot loader while a patch is applied in place: the patch lies in its area, the power goes at
 * flash operation after flash operation, and again on the way back. After each cut the board must get to the new image
 * by itself; neither the old one runs again nor does it wait for a download.
 *
 * in_place (options of one_slot.h) --patch PATCH.sfbp --area AREA PAGE
 */
#include "image/patch.h"
#include "test/sweep/one_slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  uint8_t *patch;
  size_t size;
  uint32_t area, page;
} job;

static void set_up(void)
{
  struct bench_board *board = &one_slot.board;
  one_slot_open();
  bench_load(board, job.area, job.patch + PATCH_HEADER_SIZE, PATCH_TARGET_SIZE);
  bench_load(board, job.area + IMAGE_HEADER_SIZE, "INSTALL1", 8);
  bench_load(board, job.area + job.page, job.patch, PATCH_HEADER_SIZE);
  bench_load(board, job.area + job.page + PATCH_HEADER_SIZE, job.patch + PATCH_FILE_OFFSET,
             job.size - PATCH_FILE_OFFSET);
  one_slot_power_on();
}

static const char *judge(unsigned cuts)
{
  uint8_t mark[8];
  (void)cuts;
  if (!soc_mem_read(one_slot.board.soc, job.area + IMAGE_HEADER_SIZE, mark, sizeof mark) ||
      memcmp(mark, "INSTALL1", sizeof mark) == 0)
    return "the patch is still asked for";
  return NULL;
}

static const char *pursue(bool running)
{
  if (running && one_slot.seen == WAITS)
    return "the board waits for a download";
  return running && one_slot.seen == OLD_RUNS ? "the old image runs" : NULL;
}

static const char *uncut(void)
{
  return one_slot_go_on() && one_slot.seen == NEW_RUNS ? one_slot_judge(0) : "the board does not get there";
}

static int option(int left, char **values)
{
  if (strcmp(values[0], "--patch") == 0 && left >= 1) {
    job.patch = bench_read_file(values[1], &job.size);
    return 1;
  }
  if (strcmp(values[0], "--area") == 0 && left >= 2) {
    job.area = one_slot_number(values[1]);
    job.page = one_slot_number(values[2]);
    return 2;
  }
  return -1;
}

int main(int count, char **values)
{
  one_slot.name = "in_place";
  one_slot.beginning = 4;
  one_slot.ways = 1; /* hundreds of pages are erased */
  one_slot.way_back = 900;
  one_slot.pursue = pursue;
  one_slot.judge = judge;
  one_slot.worn = 8; /* scratch, checkpoints; a cut does a group over again */
  one_slot.worn_by_cut = 3;
  one_slot_arguments(count, values, option);
  if (job.patch == NULL || job.page == 0 || job.size < PATCH_FILE_OFFSET) {
    fprintf(stderr, "in_place: --patch and --area are needed\n");
    return 2;
  }
  set_up();
  return one_slot_sweep(one_slot_count(uncut));
}
