/* See open_gate.h. */
#include "test/engine/open_gate.h"

#include "portcullis/engine.h"

uint8_t secret_ram[64];

pc_status engine_dispatch(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c);

pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  return engine_dispatch(service, a, b, c);
}
