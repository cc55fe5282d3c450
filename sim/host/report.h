/* What stm32sim tells its user: always on stderr, as plain lines or, with --json, as one JSON object a line. */
#ifndef SIM_HOST_REPORT_H
#define SIM_HOST_REPORT_H

#include <stdbool.h>
#include <stdio.h>

struct report {
  bool quiet; /* errors only */
  bool json;
};

/* `event`: a word for scripts, such as "log", "uart", "error". With quiet, only "error" is shown. */
void report(const struct report *report, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* `text` as a JSON string with its quotes. Bytes that are not ASCII are written as \u00nn. */
void json_string(FILE *to, const char *text);
/* Write a small file so that a reader sees all of it or nothing: by rename, or straight into a pipe or device of that
 * name. False: errno tells. */
bool write_whole(const char *path, const char *text);

#endif
