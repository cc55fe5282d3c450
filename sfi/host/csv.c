/* Reading option-byte files. Total: any bytes give values or a message with a line number. */
#include "sfi/host/csv.h"

#include "tool/objfile/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT 65536u

struct csv {
  const char *name;
  unsigned line;
  const struct sfi_device *device;
  struct problem *problem;
};

struct text {
  const char *at;
  size_t length;
};

static struct text trim(struct text t)
{
  while (t.length > 0 && isspace((unsigned char)t.at[0])) {
    t.at++;
    t.length--;
  }
  while (t.length > 0 && isspace((unsigned char)t.at[t.length - 1]))
    t.length--;
  return t;
}

/* A copy that can be shown: short, and without control characters. */
static const char *shown(struct text t, char to[48])
{
  size_t n = t.length < 40 ? t.length : 40;
  for (size_t i = 0; i < n; i++)
    to[i] = isprint((unsigned char)t.at[i]) ? t.at[i] : '?';
  snprintf(to + n, 48 - n, "%s", n < t.length ? "..." : "");
  return to;
}

static bool same_name(struct text t, const char *name)
{
  if (strlen(name) != t.length)
    return false;
  for (size_t i = 0; i < t.length; i++)
    if (tolower((unsigned char)t.at[i]) != tolower((unsigned char)name[i]))
      return false;
  return true;
}

static bool number(struct text t, uint32_t *value)
{
  bool hex = t.length > 2 && t.at[0] == '0' && (t.at[1] == 'x' || t.at[1] == 'X');
  uint64_t sum = 0;
  for (size_t i = hex ? 2 : 0; i < t.length; i++) {
    unsigned char c = (unsigned char)t.at[i];
    if (!(hex ? isxdigit(c) : isdigit(c)))
      return false;
    sum = sum * (hex ? 16u : 10u) + (uint64_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    if (sum > UINT32_MAX)
      return false;
  }
  *value = (uint32_t)sum;
  return t.length > 0;
}

static bool row(const struct csv *csv, struct text line, size_t n, uint32_t *value)
{
  char what[48];
  const char *wanted = csv->device->option_names[n];
  if (wanted == NULL)
    return problem_set(csv->problem, CLI_INPUT, "%s:%u: '%s': too many lines; %s has %zu option registers", csv->name,
                       csv->line, shown(line, what), csv->device->title, n);
  const char *comma = memchr(line.at, ',', line.length);
  if (comma == NULL)
    return problem_set(csv->problem, CLI_INPUT, "%s:%u: '%s' is not NAME,VALUE", csv->name, csv->line,
                       shown(line, what));
  struct text name = trim((struct text){line.at, (size_t)(comma - line.at)});
  struct text given = trim((struct text){comma + 1, line.length - (size_t)(comma - line.at) - 1});
  if (!same_name(name, wanted))
    return problem_set(csv->problem, CLI_INPUT, "%s:%u: '%s': line %zu of %s's registers is %s", csv->name, csv->line,
                       shown(name, what), n + 1, csv->device->title, wanted);
  if (!number(given, value))
    return problem_set(csv->problem, CLI_INPUT, "%s:%u: %s: '%s' is no 32-bit number (0xHEX or decimal)", csv->name,
                       csv->line, wanted, shown(given, what));
  return true;
}

bool csv_parse(const char *name, const uint8_t *bytes, size_t size, const struct sfi_device *device, uint32_t *values,
               size_t *count, struct problem *problem)
{
  struct csv csv = {name, 0, device, problem};
  size_t at = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, n = 0;
  while (at < size) {
    const uint8_t *start = bytes + at, *end = memchr(start, '\n', size - at);
    size_t length = end != NULL ? (size_t)(end - start) : size - at;
    at += length + (end != NULL);
    csv.line++;
    struct text line = trim((struct text){(const char *)start, length});
    if (line.length == 0 || line.at[0] == '#')
      continue;
    if (!row(&csv, line, n, &values[n < SFI_OPTION_MAX ? n : 0]))
      return false;
    n++;
  }
  if (n < sfi_device_options(device))
    return problem_set(problem, CLI_INPUT, "%s:%u: the file ends where %s is missing; %s has %zu option registers",
                       name, csv.line + 1, device->option_names[n], device->title, sfi_device_options(device));
  *count = n;
  return true;
}

bool csv_read(const char *path, const struct sfi_device *device, uint32_t *values, size_t *count,
              struct problem *problem)
{
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, FILE_LIMIT, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = csv_parse(path, bytes, size, device, values, count, problem);
  free(bytes);
  return ok;
}
