/* Floating point: see fpu_context.c for what exceptions do with the registers. */
#include "sim/cpu/ops.h"

void core_decode_fpu(const struct cpu *c, struct insn *d, uint16_t h1, uint16_t h2)
{
  (void)c;
  d->aux = (uint32_t)h1 << 16 | h2;
  d->op = OP_NOCP;
}

enum fault core_fpu(struct cpu *c, uint32_t op)
{
  (void)c;
  (void)op;
  return FAULT_NOCP;
}
