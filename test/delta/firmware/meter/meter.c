/* The third sample program, for a small chip: an energy meter in integers, with a display, a table of tariffs, a bus
 * protocol and settings in a ring. Written for the same reason as the recorder. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef PULSES
#define PULSES 1600
#endif
#ifndef TITLE
#define TITLE "meter 3.1"
#endif

int main(void);
extern volatile uint32_t tick_count;

struct tariff {
  char name[8];
  uint8_t from_hour, to_hour, days;
#ifdef WITH_STRUCT
  uint8_t season;
  uint32_t minimum;
#endif
  uint32_t price; /* a ten-thousandth of a unit */
  uint64_t energy, cost;
};

static struct tariff tariffs[] = {
    {.name = "night", .from_hour = 22, .to_hour = 6, .days = 0x7f, .price = 1830},
    {.name = "day", .from_hour = 6, .to_hour = 22, .days = 0x1f, .price = 3120},
    {.name = "weekend", .from_hour = 6, .to_hour = 22, .days = 0x60, .price = 2475},
};
#define TARIFFS (sizeof tariffs / sizeof *tariffs)

static struct {
  uint32_t seconds;
  uint8_t hour, minute, day, month;
  uint16_t year;
} now = {.day = 1, .month = 1, .year = 2024};
static int32_t samples[64], offset_u = 12, offset_i = -7;
static uint32_t pulses, power, peak, peak_at, frames, frame_errors;
static char lines[2][17];

/* ---------- numbers ---------- */

static uint32_t root(uint64_t value)
{
  uint64_t bit = (uint64_t)1 << 62, result = 0;
  while (bit > value)
    bit >>= 2;
  while (bit) {
    if (value >= result + bit) {
      value -= result + bit;
      result = (result >> 1) + bit;
    } else {
      result >>= 1;
    }
    bit >>= 2;
  }
  return (uint32_t)result;
}

static const int16_t sine[] = {0,     804,   1608,  2410,  3212,  4011,  4808,  5602,  6393,  7179,  7962,
                               8739,  9512,  10278, 11039, 11793, 12539, 13279, 14010, 14732, 15446, 16151,
                               16846, 17530, 18204, 18868, 19519, 20159, 20787, 21403, 22005, 22594};

static int32_t wave(unsigned phase)
{
  int32_t value = sine[phase & 16 ? 31 - (phase & 31) : phase & 31];
  return phase & 32 ? -value : value;
}

/* ---------- measuring ---------- */

static void measure(void)
{
  uint64_t sum = 0;
  for (unsigned i = 0; i < 64; i++) {
    samples[i] = wave(i) * 3 + offset_u + (int32_t)(tick_count % 5);
    int64_t product = (int64_t)samples[i] * (wave(i + 3) + offset_i);
    sum += (uint64_t)(product < 0 ? -product : product);
  }
  power = root(sum / 64);
#ifdef WITH_GROWN
  if (power < 20) {
    power = 0; /* no creeping */
    offset_u += samples[0] > 0 ? -1 : 1;
  }
#endif
  if (power > peak) {
    peak = power;
    peak_at = now.seconds;
  }
  pulses += power;
}

static struct tariff *current(void)
{
  unsigned day = (now.day + 5u) % 7u;
  for (unsigned i = 0; i < TARIFFS; i++) {
    struct tariff *t = &tariffs[i];
    bool over = t->from_hour > t->to_hour;
    bool inside =
        over ? now.hour >= t->from_hour || now.hour < t->to_hour : now.hour >= t->from_hour && now.hour < t->to_hour;
    if (inside && (t->days >> day & 1))
      return t;
  }
  return &tariffs[0];
}

static void charge(void)
{
  struct tariff *t = current();
  while (pulses >= PULSES) {
    pulses -= PULSES;
    t->energy++;
    t->cost += t->price;
#ifdef WITH_STRUCT
    if (t->season == now.month && t->cost < t->minimum)
      t->cost = t->minimum;
#endif
  }
}

/* ---------- the clock ---------- */

static unsigned days_of(unsigned month, unsigned year)
{
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[(month + 11) % 12] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static void second(void)
{
  now.seconds++;
  if (now.seconds % 60)
    return;
  now.minute = (uint8_t)((now.minute + 1) % 60);
  if (now.minute)
    return;
  now.hour = (uint8_t)((now.hour + 1) % 24);
  if (now.hour)
    return;
  if (++now.day > days_of(now.month, now.year)) {
    now.day = 1;
    if (++now.month > 12) {
      now.month = 1;
      now.year++;
    }
  }
}

/* ---------- the bus ---------- */

static uint16_t check(const uint8_t *p, unsigned size)
{
  uint16_t crc = 0xffff;
  while (size--) {
    crc ^= *p++;
    for (int i = 0; i < 8; i++)
      crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
  }
  return crc;
}

static uint32_t registers(unsigned which)
{
  switch (which) {
  case 0:
    return power;
  case 1:
    return peak;
  case 2:
    return peak_at;
  case 3:
    return now.seconds;
  case 4:
  case 5:
  case 6:
    return (uint32_t)tariffs[which - 4].energy;
  case 7:
    return frames;
  case 8:
    return frame_errors;
#ifdef WITH_COMMAND
  case 9:
  case 10:
  case 11:
    return (uint32_t)(tariffs[which - 9].cost / 10000);
  case 12:
    return (uint32_t)(offset_u << 16 | (offset_i & 0xffff));
#endif
  default:
    return 0xffffffff;
  }
}

static unsigned answer(const uint8_t *in, unsigned size, uint8_t *out)
{
  if (size < 8 || in[0] != 17)
    return 0;
  if (check(in, size - 2) != (in[size - 2] | in[size - 1] << 8)) {
    frame_errors++;
    return 0;
  }
  frames++;
  unsigned first = in[2] << 8 | in[3], count = in[4] << 8 | in[5], at = 3;
  out[0] = 17;
  out[1] = in[1];
  switch (in[1]) {
  case 3:
  case 4:
    if (count > 16 || count % 2) {
      out[1] |= 0x80;
      out[2] = 3;
      break;
    }
    out[2] = (uint8_t)(count * 2);
    for (unsigned i = 0; i < count / 2; i++) {
      uint32_t value = registers(first / 2 + i);
      for (int k = 24; k >= 0; k -= 8)
        out[at++] = (uint8_t)(value >> k);
    }
    break;
  case 6:
    if (first >= TARIFFS) {
      out[1] |= 0x80;
      out[2] = 2;
      break;
    }
    tariffs[first].price = count;
    memcpy(out + 2, in + 2, 4);
    at = 6;
    break;
  default:
    out[1] |= 0x80;
    out[2] = 1;
  }
  uint16_t crc = check(out, at);
  out[at++] = (uint8_t)crc;
  out[at++] = (uint8_t)(crc >> 8);
  return at;
}

/* ---------- the display ---------- */

static void display(unsigned page)
{
  const struct tariff *t = &tariffs[page % TARIFFS];
  if (page < TARIFFS) {
    snprintf(lines[0], sizeof lines[0], "%-8s %7lu", t->name, (unsigned long)t->energy);
    snprintf(lines[1], sizeof lines[1], "cost %8lu.%02lu", (unsigned long)(t->cost / 10000),
             (unsigned long)(t->cost / 100 % 100));
  } else if (page == TARIFFS) {
    snprintf(lines[0], sizeof lines[0], "power %8lu W", (unsigned long)power);
    snprintf(lines[1], sizeof lines[1], "peak  %8lu W", (unsigned long)peak);
  } else {
    snprintf(lines[0], sizeof lines[0], "%04u-%02u-%02u", now.year, now.month, now.day);
    snprintf(lines[1], sizeof lines[1], "%02u:%02u " TITLE, now.hour, now.minute);
  }
  printf("\033[H[%-16s]\n[%-16s]\n", lines[0], lines[1]);
}

int main(void)
{
  uint8_t in[32], out[48];
  unsigned at = 0, page = 0;
  uint32_t last = 0;
  printf(TITLE ", %d pulses, %u tariffs\n", PULSES, (unsigned)TARIFFS);
  for (;;) {
    int c = getchar();
    if (c >= 0 && at < sizeof in) {
      in[at++] = (uint8_t)c;
      unsigned size = answer(in, at, out);
      if (size) {
        fwrite(out, 1, size, stdout);
        at = 0;
      }
    }
    if (at == sizeof in)
      at = 0;
    if (tick_count - last >= 1000) {
      last += 1000;
      second();
      measure();
      charge();
      display(page++ / 4 % (TARIFFS + 2));
    }
  }
}
