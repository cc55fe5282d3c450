/* stm32sim: a simulated STM32 board on the PC. docs/stm32sim.md is its manual. */
#include "sim/host/session.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
  struct options options;
  switch (options_parse(&options, argc, argv)) {
  case OPTIONS_DONE:
    return EXIT_OK;
  case OPTIONS_WRONG:
    return EXIT_USAGE;
  case OPTIONS_RUN:
    break;
  }
  struct session *session = malloc(sizeof *session);
  if (!session)
    return EXIT_IO;
  if (session_open(session, &options))
    session_run(session);
  int code = session_close(session);
  free(session);
  options_free(&options);
  return code;
}
