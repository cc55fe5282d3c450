/* A board that takes no patches. */
#include "engine/internal.h"

pc_status engine_patch(uint32_t service, uintptr_t a, uintptr_t b)
{
  (void)service;
  (void)a;
  (void)b;
  return PC_ERR_UNSUPPORTED;
}

void engine_patch_abort(void) {}
