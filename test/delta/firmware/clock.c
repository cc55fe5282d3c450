/* Time of day. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t base;

void clock_set(uint32_t seconds)
{
  base = seconds - tick_count / 1000;
  log_add(0, "clock set to %lu", (unsigned long)seconds);
}

void clock_show(void)
{
  char text[40];
  time_t now = (time_t)(base + tick_count / 1000);
  struct tm tm;
  gmtime_r(&now, &tm);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
  printf("time %s, day %d of the year\n", text, tm.tm_yday + 1);
}

uint32_t clock_parse(const char *text)
{
  struct tm tm;
  memset(&tm, 0, sizeof tm);
  if (sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
    return 0;
  tm.tm_year -= 1900;
  tm.tm_mon--;
  return (uint32_t)mktime(&tm);
}
