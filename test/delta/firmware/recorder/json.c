/* A JSON reader and writer: recursive descent into nodes from the heap. */
#include "recorder.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 12

struct reader {
  const char *at, *error;
#ifdef WITH_STRUCT
  const char *start;
#endif
  int depth;
};

static void skip(struct reader *r)
{
  while (isspace((unsigned char)*r->at))
    r->at++;
}

static struct json *fail(struct reader *r, const char *why)
{
  if (!r->error)
    r->error = why;
  return NULL;
}

static int hex4(const char *p)
{
  int value = 0;
  for (int i = 0; i < 4; i++) {
    if (!isxdigit((unsigned char)p[i]))
      return -1;
    value = value * 16 + (isdigit((unsigned char)p[i]) ? p[i] - '0' : tolower((unsigned char)p[i]) - 'a' + 10);
  }
  return value;
}

static char *put_utf8(char *to, unsigned code)
{
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 63));
  } else {
    *to++ = (char)(0xe0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 63));
    *to++ = (char)(0x80 | (code & 63));
  }
  return to;
}

static char *read_string(struct reader *r)
{
  const char *end = ++r->at;
  while (*end && *end != '"')
    end += *end == '\\' && end[1] ? 2 : 1;
  if (*end != '"') {
    fail(r, "string without end");
    return NULL;
  }
  char *text = malloc((size_t)(end - r->at) + 1), *to = text;
  if (!text) {
    fail(r, "out of memory");
    return NULL;
  }
  for (const char *p = r->at; p < end; p++) {
    if (*p != '\\') {
      *to++ = *p;
      continue;
    }
    switch (*++p) {
    case 'n':
      *to++ = '\n';
      break;
    case 't':
      *to++ = '\t';
      break;
    case 'r':
      *to++ = '\r';
      break;
    case 'u': {
      int code = end - p > 4 ? hex4(p + 1) : -1;
      if (code < 0) {
        fail(r, "bad \\u");
        free(text);
        return NULL;
      }
      to = put_utf8(to, (unsigned)code);
      p += 4;
      break;
    }
    default:
      *to++ = *p;
      break;
    }
  }
  *to = 0;
  r->at = end + 1;
  return text;
}

static struct json *read_value(struct reader *r);

static bool read_members(struct reader *r, struct json *parent, char close)
{
  struct json **tail = &parent->child;
  r->at++;
  for (skip(r); *r->at != close; skip(r)) {
    char *key = NULL;
    if (close == '}') {
      if (*r->at != '"' || !(key = read_string(r)))
        return fail(r, "key expected");
      skip(r);
      if (*r->at++ != ':') {
        free(key);
        return fail(r, "colon expected");
      }
    }
    struct json *value = read_value(r);
    if (!value) {
      free(key);
      return false;
    }
    value->key = key;
    *tail = value;
    tail = &value->next;
    skip(r);
    if (*r->at == ',')
      r->at++;
    else if (*r->at != close)
      return fail(r, "comma expected");
  }
  r->at++;
  return true;
}

static struct json *read_value(struct reader *r)
{
  static const char *const words[] = {"null", "false", "true"};
  skip(r);
  if (r->depth >= DEEPEST)
    return fail(r, "too deep");
  struct json *value = calloc(1, sizeof *value);
  if (!value)
    return fail(r, "out of memory");
#ifdef WITH_STRUCT
  value->line = 1;
  for (const char *p = r->start; p < r->at; p++) {
    value->column = *p == '\n' ? 0 : (uint16_t)(value->column + 1);
    value->line = (uint16_t)(value->line + (*p == '\n'));
  }
#endif
  bool good = false;
  r->depth++;
  switch (*r->at) {
  case '{':
    value->type = JSON_OBJECT;
    good = read_members(r, value, '}');
    break;
  case '[':
    value->type = JSON_ARRAY;
    good = read_members(r, value, ']');
    break;
  case '"':
    value->type = JSON_STRING;
    value->text = read_string(r);
    good = value->text != NULL;
    break;
  default:
    for (unsigned i = 0; i < 3 && !good; i++)
      if (!strncmp(r->at, words[i], strlen(words[i]))) {
        value->type = (enum json_type)i;
        r->at += strlen(words[i]);
        good = true;
      }
    if (!good && (*r->at == '-' || isdigit((unsigned char)*r->at))) {
      char *end;
      value->type = JSON_NUMBER;
      value->number = strtod(r->at, &end);
      r->at = end;
      good = true;
    }
    if (!good)
      fail(r, "value expected");
  }
  r->depth--;
  if (good)
    return value;
  json_free(value);
  return NULL;
}

struct json *json_parse(const char *text, const char **error)
{
  struct reader r = {.at = text};
#ifdef WITH_STRUCT
  r.start = text;
#endif
  struct json *value = read_value(&r);
  skip(&r);
  if (value && *r.at) {
    json_free(value);
    value = fail(&r, "something behind the value");
  }
  *error = r.error;
  return value;
}

const struct json *json_find(const struct json *object, const char *key)
{
  for (const struct json *m = object ? object->child : NULL; m; m = m->next)
    if (m->key && !strcmp(m->key, key))
      return m;
  return NULL;
}

double json_number(const struct json *object, const char *key, double otherwise)
{
  const struct json *m = json_find(object, key);
  return m && m->type == JSON_NUMBER ? m->number : otherwise;
}

size_t json_print(const struct json *value, char *to, size_t room)
{
  size_t at = 0;
  if (room < 32)
    return 0;
  if (value->key)
    at += (size_t)snprintf(to, room, "\"%s\":", value->key);
  switch (value->type) {
  case JSON_NULL:
  case JSON_FALSE:
  case JSON_TRUE:
    at += (size_t)snprintf(to + at, room - at, "%s",
                           value->type == JSON_NULL   ? "null"
                           : value->type == JSON_TRUE ? "true"
                                                      : "false");
    break;
  case JSON_NUMBER:
    at += (size_t)snprintf(to + at, room - at, "%.9g", value->number);
    break;
  case JSON_STRING:
    at += (size_t)snprintf(to + at, room - at, "\"%s\"", value->text);
    break;
  case JSON_ARRAY:
  case JSON_OBJECT:
    to[at++] = value->type == JSON_ARRAY ? '[' : '{';
    for (const struct json *m = value->child; m && at < room - 2; m = m->next) {
      at += json_print(m, to + at, room - at);
      if (m->next && at < room - 2)
        to[at++] = ',';
    }
    if (at < room - 1) {
      to[at++] = value->type == JSON_ARRAY ? ']' : '}';
      to[at] = 0;
    }
    break;
  }
  return at < room ? at : room - 1;
}

void json_free(struct json *value)
{
  while (value) {
    struct json *next = value->next;
    json_free(value->child);
    free(value->text);
    free(value->key);
    free(value);
    value = next;
  }
}
