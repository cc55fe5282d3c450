/* The serial menu. */
#include "app.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void menu_show(void)
{
  printf("\n======= Main Menu =======\n\n"
         "  Download image ---- 1\n"
         "  Test protections -- 2\n"
         "  Show version ------ 3\n"
         "  Channels ---------- 4\n"
         "  Alarms ------------ 5\n"
         "  Controller -------- 6\n"
         "  Log --------------- 7\n"
         "  Table ------------- 8\n"
         "  Clock ------------- 9\n");
}

static void show_version(void)
{
  printf("controller firmware, release %s, threshold %g\n", RELEASE, THRESHOLD);
  printf("store holds %u bytes\n", store_used());
}

static void show_channels(void)
{
  for (unsigned i = 0; i < 6; i++) {
    const struct channel *c = &channels[i];
    unsigned n = c->count < 16 ? c->count : 16;
    printf("%-10s pin %2u  now %8.3f  mean %8.3f  median %8.3f  spread %.3f\n", c->name, c->pin,
           (double)sensors_read(i), (double)filter_mean(c->history, n), (double)filter_median(c->history, n),
           (double)filter_spread(c->history, n));
#ifdef WITH_STRUCT
    printf("           serial %lu drift %.4f\n", (unsigned long)c->serial, (double)c->drift);
#endif
  }
}

#ifdef WITH_COMMAND
static void calibrate(const char *arguments)
{
  unsigned index;
  float low, high;
  if (sscanf(arguments, "%u %f %f", &index, &low, &high) != 3 || index >= 6 || !(high > low)) {
    printf("usage: calibrate CHANNEL LOW HIGH\n");
    return;
  }
  struct channel *c = &channels[index];
  float at_low = filter_mean(c->history, 8), at_high = sensors_read(index);
  if (fabsf(at_high - at_low) < 0.001f) {
    printf("calibrate: %s does not move\n", c->name);
    return;
  }
  float factor = (high - low) / (at_high - at_low);
  c->gain *= factor;
  c->offset = low - (at_low - c->offset) * factor;
  store_save(c->name, &c->gain, sizeof c->gain);
  log_add(1, "calibrated %s: gain %g offset %g", c->name, (double)c->gain, (double)c->offset);
}
#endif

bool menu_command(char *line)
{
  float p, i, d;
  if (!strncmp(line, "tune ", 5) && sscanf(line + 5, "%f %f %f", &p, &i, &d) == 3) {
    control_tune(p, i, d);
    return true;
  }
#ifdef WITH_COMMAND
  if (!strncmp(line, "calibrate ", 10)) {
    calibrate(line + 10);
    return true;
  }
#endif
  if (!strncmp(line, "time ", 5)) {
    uint32_t seconds = clock_parse(line + 5);
    if (!seconds)
      return false;
    clock_set(seconds);
    return true;
  }
  switch (line[0]) {
  case '1':
    printf("send the file now\n");
    return true;
  case '2':
    printf("no protection is on\n");
    return true;
  case '3':
    show_version();
    return true;
  case '4':
    show_channels();
    return true;
  case '5':
    printf("%u alarms\n", alarms_list());
    return true;
  case '6':
    control_report();
    return true;
  case '7':
    log_show(strtoul(line + 1, NULL, 10));
    return true;
  case '8':
    extra_table();
    return true;
  case '9':
    clock_show();
    return true;
  case 'c':
    alarms_clear();
    return true;
  }
  return false;
}
