/* A board without image states: every authenticated image counts as validated, and there is no way back. */
#include "engine/states.h"

static uint32_t state_read(const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)header;
  return IMAGE_STATE_VALID;
}

static pc_status validate(uint32_t image)
{
  (void)image;
  return PC_ERR_UNSUPPORTED;
}

static pc_status set(uint32_t image, uint32_t state)
{
  (void)image;
  (void)state;
  return PC_ERR_UNSUPPORTED;
}

static pc_status backup(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE], const struct image_info *info)
{
  (void)image;
  (void)header;
  (void)info;
  return PC_ERR_UNSUPPORTED;
}

const struct engine_states engine_states = {state_read, validate, set, backup};
