/* What the sweeps over boards with a single slot share (single.c, in_place.c): an old image runs, a new one comes into
 * its slot, and the power goes at flash operation after flash operation; after each cut the board must get to the new
 * one. What brings it there is each sweep's own.
 *
 * Options that both take: --boot BOOT.bin --old OLD.sfb OLD.bin --new NEW.sfb NEW.bin --slot ACTIVE SIZE HEADER
 * [--programs N] [--again N]. OLD.bin and NEW.bin are the padded clear images. --programs: that many programs are cut
 * (default: all), beside the few operations that are cut always. --again: that many cases get more cuts on the way
 * back.
 */
#ifndef TEST_SWEEP_ONE_SLOT_H
#define TEST_SWEEP_ONE_SLOT_H

#include "test/sweep/bench_board.h"
#include "test/sweep/cases.h"

#define ONE_SLOT_MAX (1u << 20)

extern struct one_slot {
  const char *boot;
  uint8_t *old_sfb, *old_image, *new_sfb, *new_image;
  size_t old_sfb_size, old_size, new_sfb_size, new_size;
  uint32_t active, slot_size, header;
  unsigned long programs, again;
  struct bench_board board;
  enum { NOTHING, OLD_RUNS, NEW_RUNS, WAITS } seen;
  /* What the sweep gives. */
  const char *name;
  void (*answer)(uint8_t byte); /* what listens to the console, beside us; may be NULL */
  void (*prepare)(void);        /* before each power-on; may be NULL */
  unsigned beginning;           /* the first operations, which are among the few */
  unsigned ways;                /* to cut each of these few, when programs are sampled */
  unsigned way_back;            /* operations of it among which a second cut falls */
  /* The board was switched on and has run until something was seen (`running`), or nothing: on to the new image. NULL:
   * it runs, or the power went. */
  const char *(*pursue)(bool running);
  const char *(*judge)(unsigned cuts); /* NULL, or what is wrong; beside one_slot_judge() */
  unsigned worn, worn_by_cut;          /* erases of one page: without a cut, and more by each */
} one_slot;

/* Takes the options; `other` is shown each one that is not ours: how many values it took, or -1, it is none. */
void one_slot_arguments(int count, char **values, int (*other)(int left, char **values));
uint32_t one_slot_number(const char *text);
/* A board with the boot loader and the old image, not switched on. */
void one_slot_open(void);
void one_slot_power_on(void);
/* Run to the next of what can be seen; false: it does not come. */
bool one_slot_go_on(void);
/* The new image stands in the slot, and so on. NULL, or what is wrong. */
const char *one_slot_judge(unsigned cuts);
/* A run without a cut has ended, in a child: tell what is wrong, if anything; the exit code. */
int one_slot_report(const char *wrong);
/* Cuts from here on, to the end of the uncut run, which has `operations` in all. The exit code of the program. */
int one_slot_sweep(uint64_t operations);
/* How many operations an uncut run has, from a child: `uncut` returns NULL, or what is wrong. */
uint64_t one_slot_count(const char *(*uncut)(void));

#endif
