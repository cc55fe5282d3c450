/* JSON out (RFC 8259). */
#include "tool/json.h"

#include <inttypes.h>
#include <stdio.h>

#define DEPTH 8u

static struct {
  char close[DEPTH];
  bool filled[DEPTH];
  unsigned depth;
} state;

static void quoted(const char *text)
{
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      printf("\\%c", *c);
    else if (*c < 0x20 || *c == 0x7F)
      printf("\\u%04x", *c);
    else
      putchar(*c);
  }
  putchar('"');
}

static void begin_value(const char *name)
{
  if (state.depth > 0) {
    printf("%s\n%*s", state.filled[state.depth - 1] ? "," : "", (int)state.depth * 2, "");
    state.filled[state.depth - 1] = true;
  }
  if (name != NULL) {
    quoted(name);
    printf(": ");
  }
}

static void begin_container(const char *name, char open, char close)
{
  begin_value(name);
  putchar(open);
  if (state.depth < DEPTH) {
    state.close[state.depth] = close;
    state.filled[state.depth] = false;
    state.depth++;
  }
}

void json_object(const char *name)
{
  begin_container(name, '{', '}');
}

void json_array(const char *name)
{
  begin_container(name, '[', ']');
}

void json_end(void)
{
  if (state.depth == 0)
    return;
  state.depth--;
  if (state.filled[state.depth])
    printf("\n%*s", (int)state.depth * 2, "");
  putchar(state.close[state.depth]);
  if (state.depth == 0)
    putchar('\n');
}

void json_string(const char *name, const char *value)
{
  begin_value(name);
  if (value != NULL)
    quoted(value);
  else
    printf("null");
}

void json_number(const char *name, uint64_t value)
{
  begin_value(name);
  printf("%" PRIu64, value);
}

void json_bool(const char *name, bool value)
{
  begin_value(name);
  printf("%s", value ? "true" : "false");
}

void json_hex(const char *name, const uint8_t *bytes, size_t size)
{
  begin_value(name);
  putchar('"');
  for (size_t i = 0; i < size; i++)
    printf("%02x", bytes[i]);
  putchar('"');
}

void json_address(const char *name, uint32_t address)
{
  begin_value(name);
  printf("\"0x%08x\"", address);
}
