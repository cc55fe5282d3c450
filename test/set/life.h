/* Power cuts over whole lives of a device with several images: from a start (an update that is asked for, a set under
 * test, a refused candidate ...) through as many boots as it takes until nothing is left to do. */
#ifndef TEST_SET_LIFE_H
#define TEST_SET_LIFE_H

#include "test/set/rig.h"

/* The images of each set that a scenario knows, old first; a NULL: this set leaves the slot as the set before has it.
 */
#define LIFE_SETS 3u

struct life {
  const char *name;
  void (*prepare)(void);                /* after rig_reset(): images, flash; set up `life_sets` */
  void (*application)(void);            /* besides the check that images of one set only run */
  bool (*done)(uint32_t set, bool cut); /* may it end with this set? NULL: with any */
  bool repeats; /* the application tries again after a cut: a download, an install and a rollback more for each */
};

extern const struct rig_image *life_sets[LIFE_SETS][RIG_IMAGES + 1];
extern uint32_t life_count; /* sets in use */
extern bool life_verbose;   /* show every boot */
extern uint32_t life_wear;  /* most erases of a page of a slot in an uncut life: 2, an install and a rollback */

/* The set that runs (index), or the program ends: images of two sets side by side. */
uint32_t life_running(void);

/* Cut at every operation, in every way; then `first` first cuts with all second ones in two ways; then `random` lives
 * with cuts at random. */
void life_sweep(const struct life *life, uint32_t first, uint32_t random);
/* Each operation on `area` (the journal, the headers) leaves what it was about between two values, so that it is read
 * as written at one time and as never written at a later one, in another boot or the same; and the power goes again
 * after the first operations of what was begun because of it. What does not make a record good before it relies on it
 * fails here. */
void life_sweep_torn(const struct life *life, const struct flash_area *area);
/* A group's last word (cmocka's teardown): how much all sweeps took. */
int life_report(void **state);

#endif
