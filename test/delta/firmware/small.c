/* A small sample for the unit tests: no C library, a few functions, tables and strings. */
#include <stdint.h>

#ifndef LIMIT
#define LIMIT 1000
#endif

int main(void);
extern volatile uint32_t tick_count;
static uint32_t samples[32], total;
static const char *const names[] = {"idle", "run", "hold", "stop", "fault"};
static const char *name = "start";

static uint32_t mix(uint32_t a, uint32_t b)
{
  return (a << 7 | a >> 25) ^ b * 2654435761u;
}

static void record(uint32_t value)
{
  samples[total++ % 32] = value;
#ifdef WITH_GROWN
  if (total % 32 == 0) {
    uint32_t sum = 0;
    for (unsigned i = 0; i < 32; i++)
      sum = mix(sum, samples[i]);
    samples[0] = sum;
  }
#endif
}

static uint32_t judge(uint32_t value)
{
  switch (value % 7) {
  case 0:
    return value > LIMIT ? 4 : 1;
  case 3:
    return 2;
  case 5:
    return samples[value % 32] > LIMIT * 3 ? 3 : 0;
  default:
    return 1;
  }
}

int main(void)
{
  for (;;) {
    uint32_t value = mix(tick_count, total);
    record(value);
    name = names[judge(value)];
    for (const char *c = name; *c; c++)
      record((uint32_t)*c);
  }
}
