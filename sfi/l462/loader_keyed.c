/* A boot loader with a device key: nothing reads, writes or starts anything. */
#include "sfi/device/internal.h"
#include "sfi/l462/loader.h"
#include "sfi/l462/program.h"

bool memory_knows(uint8_t code)
{
  (void)code;
  return false;
}

bool memory_begin(struct sfi_command *c)
{
  (void)c;
  return false;
}

_Noreturn void loader_leave(void)
{
  program_reset();
}
