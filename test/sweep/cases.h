/* Power cuts tried in child processes: the process forks at each cut, so every case starts from the very state that the
 * uncut run had; as many at a time as there are processors. */
#ifndef TEST_SWEEP_CASES_H
#define TEST_SWEEP_CASES_H

#include "sim/soc/soc.h"

struct cut {
  unsigned long at; /* the operation that comes next */
  enum soc_cut_mode mode;
  uint32_t seed;
  bool again; /* once or several times more, on the way back */
};

extern unsigned cases_tried, cases_failed;

/* In a child, which ends with what `try` returns: 0, it went well. */
void cases_fork(int (*try)(const struct cut *cut), const struct cut *cut);
/* The same, waited for, and not counted among those tried. */
void cases_alone(int (*try)(const struct cut *cut), const struct cut *cut);
/* Wait until no child runs any more. */
void cases_collect(void);

#endif
