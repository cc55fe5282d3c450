/* The controller: proportional, integral, derivative, with limits. */
#include "app.h"

#include <math.h>
#include <stdio.h>

static struct {
  float p, i, d, sum, last, output;
  uint32_t steps, limited;
} state = {.p = 2.0f, .i = 0.1f, .d = 0.05f};

static float limit(float value, float low, float high)
{
  if (value < low || value > high)
    state.limited++;
  return value < low ? low : value > high ? high : value;
}

void control_step(float target, float measured)
{
  float error = target - measured;
  state.sum = limit(state.sum + error * state.i, -50.0f, 50.0f);
  float change = error - state.last;
  state.last = error;
  state.output = limit(state.p * error + state.sum + state.d * change, 0.0f, 100.0f);
  state.steps++;
}

float control_output(void)
{
  return state.output;
}

void control_tune(float p, float i, float d)
{
  state.p = limit(p, 0.0f, 20.0f);
  state.i = limit(i, 0.0f, 5.0f);
  state.d = limit(d, 0.0f, 5.0f);
  log_add(1, "tuned to %g %g %g", (double)state.p, (double)state.i, (double)state.d);
}

void control_report(void)
{
  printf("controller: p %.3f i %.3f d %.3f\n", (double)state.p, (double)state.i, (double)state.d);
  printf("  output %.1f %%, sum %.2f, last error %.2f\n", (double)state.output, (double)state.sum, (double)state.last);
  printf("  %lu steps, %lu limited\n", (unsigned long)state.steps, (unsigned long)state.limited);
}
