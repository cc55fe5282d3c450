/* The log: a ring of formatted lines. */
#include "app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_RAM
#define LINES 48
#else
#define LINES 32
#endif
static struct {
  uint32_t when;
  int level;
  char text[72];
} lines[LINES];
static unsigned written;

void log_add(int level, const char *format, ...)
{
  va_list list;
  unsigned at = written++ % LINES;
  va_start(list, format);
  lines[at].when = tick_count;
  lines[at].level = level;
  vsnprintf(lines[at].text, sizeof lines[at].text, format, list);
  va_end(list);
}

void log_show(unsigned count)
{
  unsigned first = written > LINES ? written - LINES : 0;
  if (written - first > count)
    first = written - count;
  for (; first < written; first++) {
    unsigned at = first % LINES;
    unsigned long ms = lines[at].when % 1000, s = lines[at].when / 1000;
    printf("%6lu.%03lu %c %s\n", s, ms, "-+!#"[lines[at].level & 3], lines[at].text);
  }
}
