/* Floating-point registers and exceptions: stacking, lazy stacking, unstacking (ARMv7-M ARM B1.5.7). */
#include "sim/cpu/internal.h"

enum fault core_fpu_stack(struct cpu *c, uint32_t frame, bool priv)
{
  for (unsigned i = 0; i < 17; i++) {
    enum fault f = core_write(c, frame + i * 4, 4, priv, i < 16 ? c->s.s[i] : c->s.fpscr);
    if (f != FAULT_NONE) {
      return f;
    }
  }
  return FAULT_NONE;
}

enum fault core_fpu_unstack(struct cpu *c, uint32_t frame, bool priv)
{
  for (unsigned i = 0; i < 17; i++) {
    enum fault f = core_read(c, frame + i * 4, 4, priv, i < 16 ? &c->s.s[i] : &c->s.fpscr);
    if (f != FAULT_NONE) {
      return f;
    }
  }
  return FAULT_NONE;
}
