/* The second sample program: a data recorder that talks JSON, evaluates expressions, and keeps files in a ring of
 * blocks. Written when the encoder was finished, to see how it does on what it was not tuned on. Edits are macros, as
 * in app.h.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef RATE
#define RATE 250u
#endif
#ifndef ALPHA
#define ALPHA 0.125
#endif
#ifndef NAME
#define NAME "recorder 2.0.4"
#endif

extern volatile uint32_t tick_count;

/* json.c */
enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
struct json {
  enum json_type type;
#ifdef WITH_STRUCT
  uint16_t line, column;
#endif
  double number;
  char *text, *key;
  struct json *child, *next;
};
struct json *json_parse(const char *text, const char **error);
const struct json *json_find(const struct json *object, const char *key);
double json_number(const struct json *object, const char *key, double otherwise);
size_t json_print(const struct json *value, char *to, size_t room);
void json_free(struct json *value);

/* expr.c */
struct variable {
  char name[8];
  double value;
};
bool expr_evaluate(const char *text, const struct variable *variables, size_t count, double *result,
                   const char **error);

/* files.c */
#define FILE_NAME 20
struct file_info {
  char name[FILE_NAME];
  uint32_t size, blocks, changed;
  uint16_t crc;
};
void files_format(void);
bool files_write(const char *name, const void *data, size_t size);
int files_read(const char *name, void *data, size_t room);
bool files_remove(const char *name);
size_t files_list(struct file_info *list, size_t room);
uint32_t files_free(void);

/* stats.c */
struct stats {
  uint32_t count;
  double mean, m2, least, most, smooth;
};
void stats_add(struct stats *s, double value);
double stats_deviation(const struct stats *s);
double stats_percentile(const double *values, size_t count, double percent);
bool stats_fit(const double *x, const double *y, size_t count, double *slope, double *offset);

/* shell.c */
void shell_line(char *line);

#endif
