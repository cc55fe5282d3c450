/* The one-line commands of stm32sim, and the flags that say the same: any text. */
#include "sim/host/command.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size + 1), err[100];
  struct command c;
  struct command_cut cut;
  struct command_pin pin;
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = 0;
  if (command_parse(text, &c, err, sizeof err)) {
    if (c.kind == COMMAND_LOAD && (c.path < text || c.path > text + size))
      abort();
    if (c.kind == COMMAND_PIN && (c.pin.pin > 15 || c.pin.port < 'A' || c.pin.port > 'K'))
      abort();
    if (c.kind == COMMAND_WRITE && (c.size == 0 || c.size > COMMAND_WRITE_MAX))
      abort();
  } else if (strlen(err) == 0 || strpbrk(err, "\r\n")) {
    abort();
  }
  command_parse_cut(text, &cut, err, sizeof err);
  command_parse_pin(text, &pin, err, sizeof err);
  free(text);
  return 0;
}
