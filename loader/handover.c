/* The hand-over word: see portcullis/handover.h. */
#include "portcullis/handover.h"

#include "port/port.h"

#define CHECK 0x48616E64u

void handover_ask(enum handover what)
{
  port_shared.request[0] = (uint32_t)what;
  port_shared.request[1] = ~(uint32_t)what ^ CHECK;
}

enum handover handover_take(void)
{
  const uint32_t word = port_shared.request[0], check = port_shared.request[1];
  port_shared.request[0] = port_shared.request[1] = 0;
  if (check != (~word ^ CHECK))
    return HANDOVER_NONE;
  return word == HANDOVER_DOWNLOAD || word == HANDOVER_INSTALL || word == HANDOVER_BYPASS ? (enum handover)word
                                                                                          : HANDOVER_NONE;
}
