/* Alarms: raised once per cause, kept in a ring. */
#include "app.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ALARMS 24
static struct alarm ring[ALARMS];
static unsigned next, total;
static const char *const levels[] = {"notice", "warning", "alarm", "shutdown"};
static const double factors[] = {1.0, 1.08, 1.2, 1.35};

static int level_of(double value)
{
  int level = -1;
  for (int i = 0; i < 4; i++)
    if (value > THRESHOLD * factors[i])
      level = i;
  return level;
}

void alarms_check(unsigned channel, double value)
{
  int level = level_of(value);
  if (level < 0)
    return;
  struct alarm *last = &ring[(next + ALARMS - 1) % ALARMS];
  if (total && last->channel == channel && last->level == level) {
    last->repeats++;
    last->value = fmax(last->value, value);
    return;
  }
  struct alarm *a = &ring[next];
  next = (next + 1) % ALARMS;
  total++;
  *a = (struct alarm){.channel = (uint8_t)channel, .level = (uint8_t)level, .when = tick_count, .value = value};
  log_add(level, "%s on %s: %.2f above %g", levels[level], channels[channel].name, value, THRESHOLD);
}

unsigned alarms_list(void)
{
  unsigned shown = 0;
  for (unsigned i = 0; i < ALARMS && i < total; i++) {
    const struct alarm *a = &ring[(next + ALARMS - 1 - i) % ALARMS];
    printf("%8lu  %-9s %-9s %9.3f  x%u\n", (unsigned long)a->when, levels[a->level & 3], channels[a->channel % 6].name,
           a->value, a->repeats + 1u);
    shown++;
  }
  return shown;
}

void alarms_clear(void)
{
  memset(ring, 0, sizeof ring);
  next = total = 0;
  log_add(0, "alarms cleared");
}
