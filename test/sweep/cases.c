/* See cases.h. */
#include "test/sweep/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

unsigned cases_tried, cases_failed;
static unsigned running;

static void collect(unsigned at_most)
{
  while (running > at_most) {
    int status = 0;
    if (wait(&status) < 0)
      exit(2);
    running--;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      cases_failed++;
  }
}

static void start(int (*try)(const struct cut *cut), const struct cut *cut)
{
  (void)fflush(stdout);
  const pid_t child = fork();
  if (child < 0)
    exit(2);
  if (child == 0) {
    const int code = try(cut);
    (void)fflush(stdout);
    _exit(code);
  }
  running++;
}

void cases_fork(int (*try)(const struct cut *cut), const struct cut *cut)
{
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  collect((unsigned)(cores > 1 ? cores - 1 : 0));
  start(try, cut);
  cases_tried++;
}

void cases_alone(int (*try)(const struct cut *cut), const struct cut *cut)
{
  start(try, cut);
  collect(0);
}

void cases_collect(void)
{
  collect(0);
}
