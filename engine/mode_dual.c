/* A board with download slots: what is received is authenticated there. */
#include "engine/internal.h"

pc_status engine_verify_received(const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)header;
  return PC_ERR_UNSUPPORTED;
}
