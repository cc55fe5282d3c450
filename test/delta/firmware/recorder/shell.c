/* The recorder's commands, and its main loop. */
#include "recorder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHANNELS 8

static struct stats stats[CHANNELS];
static double recent[CHANNELS][32];
static uint32_t recorded, dropped;
static struct variable variables[16] = {{"pi", 3.14159265358979}, {"rate", RATE}};
static size_t variable_count = 2;
static struct {
  char file[FILE_NAME];
  double scale[CHANNELS], limit;
  bool on;
} setup = {"log.json", {1, 1, 1, 1, 1, 1, 1, 1}, 90.5, false};

static void help(void)
{
  printf(NAME "\n"
              "  ls                 files\n"
              "  cat FILE           what is in one\n"
              "  put FILE TEXT      write one\n"
              "  rm FILE            remove one\n"
              "  set NAME EXPR      a variable\n"
              "  eval EXPR          an expression\n"
              "  config JSON        {\"file\": ..., \"limit\": ..., \"scale\": [...]}\n"
#ifdef WITH_COMMAND
              "  fit CHANNEL        a line through its recent values\n"
#endif
              "  stats              of all channels\n"
              "  record on|off\n"
              "  date [SECONDS]\n");
}

static void list(void)
{
  struct file_info files[24];
  size_t count = files_list(files, 24);
  for (size_t i = 0; i < count; i++)
    printf("%-20s %6lu bytes %3lu blocks  crc %04x\n", files[i].name, (unsigned long)files[i].size,
           (unsigned long)files[i].blocks, files[i].crc);
  printf("%u files, %lu bytes free\n", (unsigned)count, (unsigned long)files_free());
}

static void show(const char *name)
{
  static char text[2048];
  int size = files_read(name, text, sizeof text - 1);
  if (size < 0) {
    printf("%s: %s\n", name, size == -1 ? "not found" : size == -2 ? "too large" : "damaged");
    return;
  }
  text[size] = 0;
  puts(text);
}

static void configure(const char *text)
{
  const char *error;
  struct json *j = json_parse(text, &error);
  if (!j) {
    printf("config: %s\n", error);
    return;
  }
  setup.limit = json_number(j, "limit", setup.limit);
  const struct json *file = json_find(j, "file"), *scale = json_find(j, "scale");
  if (file && file->type == JSON_STRING && strlen(file->text) < FILE_NAME)
    strcpy(setup.file, file->text);
  if (scale && scale->type == JSON_ARRAY) {
    unsigned i = 0;
    for (const struct json *s = scale->child; s && i < CHANNELS; s = s->next)
      setup.scale[i++] = s->number;
  }
  char back[256];
  (void)json_print(j, back, sizeof back);
  printf("config: %s\n", back);
  json_free(j);
}

static void evaluate(const char *name, const char *text)
{
  double value;
  const char *error;
  if (!expr_evaluate(text, variables, variable_count, &value, &error)) {
    printf("error: %s\n", error);
    return;
  }
  if (!name) {
    printf("= %.10g\n", value);
    return;
  }
  size_t i = 0;
  while (i < variable_count && strcmp(variables[i].name, name) != 0)
    i++;
  if (i == 16) {
    printf("no room for another variable\n");
    return;
  }
  variable_count += i == variable_count;
  strncpy(variables[i].name, name, sizeof variables[i].name - 1);
  variables[i].value = value;
}

static void show_stats(void)
{
  printf("channel     count       mean        dev        min        max        p90\n");
  for (unsigned i = 0; i < CHANNELS; i++) {
    const struct stats *s = &stats[i];
    printf("%7u %9lu %10.4f %10.4f %10.4f %10.4f %10.4f\n", i, (unsigned long)s->count, s->mean, stats_deviation(s),
           s->least, s->most, stats_percentile(recent[i], s->count < 32 ? s->count : 32, 90));
  }
  printf("%lu recorded, %lu dropped\n", (unsigned long)recorded, (unsigned long)dropped);
}

#ifdef WITH_COMMAND
static void fit(const char *text)
{
  unsigned channel = (unsigned)strtoul(text, NULL, 10);
  double x[32], slope, offset;
  if (channel >= CHANNELS) {
    printf("fit: channels are 0 to %d\n", CHANNELS - 1);
    return;
  }
  for (unsigned i = 0; i < 32; i++)
    x[i] = i * (double)RATE / 1000;
  if (stats_fit(x, recent[channel], 32, &slope, &offset))
    printf("fit: %.5g per second, from %.5g\n", slope, offset);
  else
    printf("fit: no line\n");
}
#endif

static void date(const char *text)
{
  static time_t set_at;
  if (*text)
    set_at = (time_t)strtoul(text, NULL, 10) - (time_t)(tick_count / 1000);
  time_t now = set_at + (time_t)(tick_count / 1000);
  struct tm *t = gmtime(&now);
  char line[40];
  (void)strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S", t);
  puts(line);
}

void shell_line(char *line)
{
  char *command = strtok(line, " "), *rest = strtok(NULL, "");
  if (!command)
    return;
  if (!rest)
    rest = "";
  if (!strcmp(command, "ls")) {
    list();
  } else if (!strcmp(command, "cat")) {
    show(rest);
  } else if (!strcmp(command, "put")) {
    char *name = strtok(rest, " "), *text = strtok(NULL, "");
    if (!name || !text || !files_write(name, text, strlen(text)))
      printf("put: not written\n");
  } else if (!strcmp(command, "rm")) {
    if (!files_remove(rest))
      printf("rm: no %s\n", rest);
  } else if (!strcmp(command, "set")) {
    char *name = strtok(rest, " "), *text = strtok(NULL, "");
    if (name && text)
      evaluate(name, text);
  } else if (!strcmp(command, "eval")) {
    evaluate(NULL, rest);
  } else if (!strcmp(command, "config")) {
    configure(rest);
#ifdef WITH_COMMAND
  } else if (!strcmp(command, "fit")) {
    fit(rest);
#endif
  } else if (!strcmp(command, "stats")) {
    show_stats();
  } else if (!strcmp(command, "record")) {
    setup.on = !strcmp(rest, "on");
  } else if (!strcmp(command, "date")) {
    date(rest);
  } else {
    help();
  }
}

static void sample(void)
{
  static uint32_t state = 1;
  char text[200];
  size_t at = (size_t)snprintf(text, sizeof text, "{\"t\":%lu,\"v\":[", (unsigned long)tick_count);
  for (unsigned i = 0; i < CHANNELS; i++) {
    state = state * 1664525u + 1013904223u;
    double value = setup.scale[i] * sin(tick_count / 1000.0 * (i + 1)) + (state >> 16) / 65536.0;
    stats_add(&stats[i], value);
    recent[i][(stats[i].count - 1) % 32] = value;
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%.3f", i ? "," : "", value);
    if (value > setup.limit)
      printf("channel %u: %.2f is above %.1f\n", i, value, setup.limit);
  }
  at += (size_t)snprintf(text + at, sizeof text - at, "]}");
  if (setup.on && files_write(setup.file, text, at))
    recorded++;
  else
    dropped++;
}

int main(void)
{
  char line[120];
  unsigned at = 0;
  uint32_t last = 0;
  files_format();
  help();
  for (;;) {
    int c = getchar();
    if (c == '\n' || c == '\r') {
      line[at] = 0;
      shell_line(line);
      at = 0;
      printf("> ");
    } else if (c > 0 && at < sizeof line - 1) {
      line[at++] = (char)c;
    }
    if (tick_count - last >= RATE) {
      last = tick_count;
      sample();
    }
  }
}
