/* Pacing of simulated time. */
#include "sim/host/pace.h"

static void move(struct pace *p, double sim, double wall)
{
  p->sim = sim;
  p->wall = wall;
  p->started = true;
}

void pace_work(struct pace *p, double sim, double wall)
{
  if (p->mode != PACE_IDLE)
    return;
  p->ahead = 0;
  move(p, sim, wall);
}

double pace_wait(struct pace *p, bool idle, double sim, double wall)
{
  if (p->mode == PACE_FAST || (p->mode == PACE_IDLE && !idle))
    return 0;
  double passed = p->started ? sim - p->sim : 0, waited = p->started ? wall - p->wall : 0;
  if (p->mode == PACE_IDLE && passed > PACE_WORK) {
    p->ahead = 0;
  } else {
    p->ahead += passed - waited;
    double least = p->mode == PACE_REALTIME ? -PACE_LATE : 0;
    if (p->ahead < least)
      p->ahead = least;
  }
  move(p, sim, wall);
  return p->ahead >= PACE_LEAST ? p->ahead : 0;
}
