/* Expressions: precedence climbing over doubles, with functions and variables. */
#include "recorder.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct parser {
  const char *at, *error;
  const struct variable *variables;
  size_t count;
  int depth;
};

static const struct {
  const char *name;
  double (*call)(double);
} functions[] = {
    {"sqrt", sqrt}, {"exp", exp},   {"log", log}, {"sin", sin}, {"cos", cos}, {"abs", fabs}, {"floor", floor},
#ifdef WITH_COMMAND
    {"tan", tan},   {"ceil", ceil},
#endif
};

static double expression(struct parser *p, int least);

static double named(struct parser *p)
{
  char name[8];
  size_t n = 0;
  while (isalnum((unsigned char)*p->at) && n < sizeof name - 1)
    name[n++] = *p->at++;
  name[n] = 0;
  if (*p->at == '(') {
    p->at++;
    double argument = expression(p, 0);
    if (*p->at == ')')
      p->at++;
    else
      p->error = "missing )";
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
      if (!strcmp(functions[i].name, name))
        return functions[i].call(argument);
    p->error = "no such function";
    return 0;
  }
  for (size_t i = 0; i < p->count; i++)
    if (!strcmp(p->variables[i].name, name))
      return p->variables[i].value;
  p->error = "no such variable";
  return 0;
}

static double primary(struct parser *p)
{
  while (*p->at == ' ')
    p->at++;
  if (p->depth > 16) {
    p->error = "too deep";
    return 0;
  }
  if (*p->at == '-') {
    p->at++;
    return -primary(p);
  }
  if (*p->at == '(') {
    p->at++;
    double value = expression(p, 0);
    if (*p->at == ')')
      p->at++;
    else
      p->error = "missing )";
    return value;
  }
  if (isalpha((unsigned char)*p->at))
    return named(p);
  char *end;
  double value = strtod(p->at, &end);
  if (end == p->at)
    p->error = "number expected";
  p->at = end;
  return value;
}

static int priority(char c)
{
  switch (c) {
  case '<':
  case '>':
    return 1;
  case '+':
  case '-':
    return 2;
  case '*':
  case '/':
  case '%':
    return 3;
  case '^':
    return 4;
  default:
    return 0;
  }
}

static double expression(struct parser *p, int least)
{
  p->depth++;
  double left = primary(p);
  for (;;) {
    while (*p->at == ' ')
      p->at++;
    char what = *p->at;
    int now = priority(what);
    if (!now || now <= least || p->error)
      break;
    p->at++;
    double right = expression(p, what == '^' ? now - 1 : now);
    switch (what) {
    case '+':
      left += right;
      break;
    case '-':
      left -= right;
      break;
    case '*':
      left *= right;
      break;
    case '/':
      if (right == 0)
        p->error = "division by zero";
      else
        left /= right;
      break;
    case '%':
      left = fmod(left, right);
      break;
    case '^':
      left = pow(left, right);
      break;
    case '<':
      left = left < right;
      break;
    default:
      left = left > right;
    }
  }
  p->depth--;
  return left;
}

bool expr_evaluate(const char *text, const struct variable *variables, size_t count, double *result, const char **error)
{
  struct parser p = {text, NULL, variables, count, 0};
  *result = expression(&p, 0);
  if (*p.at && !p.error)
    p.error = "operator expected";
  *error = p.error;
#ifdef WITH_GROWN
  if (!p.error && (isnan(*result) || isinf(*result))) {
    *result = 0;
    *error = "result is no number";
  }
#endif
  return *error == NULL;
}
