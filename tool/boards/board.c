/* Looking a board up by name. */
#include "tool/boards/board.h"

#include <stddef.h>
#include <string.h>

const struct board *board_find(const char *name)
{
  for (size_t i = 0; boards[i] != NULL; i++)
    if (strcmp(boards[i]->name, name) == 0)
      return boards[i];
  return NULL;
}
