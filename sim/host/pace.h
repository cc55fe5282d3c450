/* How simulated time keeps to real time. Pure arithmetic on two clocks that the caller reads; it is told, and tells how
 * long to wait.
 *
 * IDLE: the program's work costs no waiting, but while it polls an empty receiver (or sleeps) it may not get ahead of
 * real time, so that a person or a host tool can answer before its time-outs end. A stretch between two polls in which
 * bytes went over the line, or longer than PACE_WORK, is work.
 */
#ifndef SIM_HOST_PACE_H
#define SIM_HOST_PACE_H

#include <stdbool.h>

#define PACE_WORK  0.1   /* seconds of simulated time */
#define PACE_LATE  0.1   /* REALTIME does not try to make up for more than this, in seconds */
#define PACE_LEAST 0.001 /* shorter waits are put together */

enum pace_mode { PACE_FAST, PACE_IDLE, PACE_REALTIME };

struct pace {
  enum pace_mode mode;
  bool started;
  double sim, wall; /* at the last call */
  double ahead;     /* simulated time that real time has still to catch up with */
};

/* Bytes have come or gone: the time until now was work (IDLE only). */
void pace_work(struct pace *pace, double sim, double wall);
/* The program has nothing to do (IDLE, if `idle`), or time has just passed (REALTIME). Returns the seconds to wait, or
 * 0. */
double pace_wait(struct pace *pace, bool idle, double sim, double wall);

#endif
