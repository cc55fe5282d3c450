/* Minimum versions in flash pages: see counter.h. */
#include "engine/counter.h"

static struct log logs[ENGINE_IMAGES];

pc_status counter_open(void)
{
  for (uint32_t i = 0; i < ENGINE_IMAGES && i < engine_board.images; i++) {
    pc_status status = log_open(&logs[i], &engine_board.counter[i]);
    if (status != PC_OK)
      return status;
    engine.minimum[i] = logs[i].last;
  }
  return PC_OK;
}

pc_status counter_raise(uint32_t image, uint32_t value)
{
  struct log *log = &logs[image - 1];
  if (value <= log->last)
    return PC_OK;
  pc_status status = log_put(log, value);
  engine.minimum[image - 1] = log->last;
  return status;
}

pc_status counter_accepts(const struct image_info *candidate)
{
  (void)candidate;
  return PC_OK;
}
