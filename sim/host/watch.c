/* Knuth, Morris and Pratt's search, so that a byte is looked at once and nothing has to be kept of the stream. */
#include "sim/host/watch.h"

#include <string.h>

bool watch_init(struct watch *watch, const char *text)
{
  size_t length = strlen(text);
  if (length == 0 || length > WATCH_MAX)
    return false;
  memset(watch, 0, sizeof *watch);
  memcpy(watch->text, text, length);
  watch->length = (uint8_t)length;
  uint8_t k = 0;
  for (size_t i = 1; i < length; i++) {
    while (k > 0 && watch->text[k] != watch->text[i])
      k = watch->back[k - 1];
    if (watch->text[k] == watch->text[i])
      k++;
    watch->back[i] = k;
  }
  return true;
}

bool watch_byte(struct watch *watch, uint8_t byte)
{
  uint8_t k = watch->matched;
  while (k > 0 && watch->text[k] != byte)
    k = watch->back[k - 1];
  if (watch->text[k] == byte)
    k++;
  bool found = k == watch->length;
  watch->matched = found ? watch->back[k - 1] : k;
  return found;
}
