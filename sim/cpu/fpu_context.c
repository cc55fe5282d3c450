/* Floating-point registers and exceptions: access control, stacking, lazy stacking, unstacking (ARMv7-M ARM B1.5.7).
 */
#include "sim/cpu/fpu_arith.h"
#include "sim/cpu/internal.h"

#define FPCCR_LSPACT 0x1u
#define FPCCR_USER   0x2u
#define FPCCR_THREAD 0x8u
#define FPCCR_HFRDY  0x10u
#define FPCCR_MMRDY  0x20u
#define FPCCR_BFRDY  0x40u
#define FPCCR_MONRDY 0x100u
#define FPCCR_LSPEN  0x40000000u
#define FPCCR_ASPEN  0x80000000u
#define FPCCR_LAZY   (FPCCR_LSPACT | FPCCR_USER | FPCCR_THREAD | FPCCR_HFRDY | FPCCR_MMRDY | FPCCR_BFRDY | FPCCR_MONRDY)
#define CONTROL_FPCA 0x4u
#define DEMCR_MON_EN 0x10000u
#define MODES        (FPSCR_RM | FPSCR_FZ | FPSCR_DN | FPSCR_AHP)

bool core_fpu_usable(const struct cpu *c, bool priv)
{
  unsigned access = c->s.cpacr >> 20 & 3u;
  return access == 3 || (access == 1 && priv);
}

static enum fault store_registers(struct cpu *c, uint32_t frame, bool priv)
{
  for (unsigned i = 0; i < 17; i++) {
    enum fault f = core_write(c, frame + i * 4, 4, priv, i < 16 ? c->s.s[i] : c->s.fpscr);
    if (f != FAULT_NONE) {
      return f;
    }
  }
  c->s.t -= CYCLES(17);
  return FAULT_NONE;
}

static bool could_take(const struct cpu *c, unsigned exception)
{
  return bit_get(c->s.enabled, exception) &&
         core_group_priority(c, core_priority_of(c, exception)) < core_current_priority(c, false);
}

/* Exception entry with FPCA set: store now, or note where to store if the handler ever uses the FPU. */
enum fault core_fpu_stack(struct cpu *c, uint32_t frame, bool priv)
{
  if (!(c->s.fpccr & FPCCR_LSPEN)) {
    return core_fpu_usable(c, priv) ? store_registers(c, frame, priv) : FAULT_NOCP;
  }
  c->s.fpcar = frame;
  c->s.fpccr = (c->s.fpccr & ~FPCCR_LAZY) | FPCCR_LSPACT | (priv ? 0 : FPCCR_USER) | (c->s.ipsr ? 0 : FPCCR_THREAD) |
               (could_take(c, EXC_HARD) ? FPCCR_HFRDY : 0) | (could_take(c, EXC_MEM) ? FPCCR_MMRDY : 0) |
               (could_take(c, EXC_BUS) ? FPCCR_BFRDY : 0) |
               ((c->s.demcr & DEMCR_MON_EN) && could_take(c, EXC_DEBUG) ? FPCCR_MONRDY : 0);
  return FAULT_NONE;
}

/* Exception return with an FP frame. */
enum fault core_fpu_unstack(struct cpu *c, uint32_t frame, bool priv)
{
  if (c->s.fpccr & FPCCR_LSPACT) { /* never stored: the registers still hold it */
    c->s.fpccr &= ~FPCCR_LSPACT;
    return FAULT_NONE;
  }
  if (!core_fpu_usable(c, priv)) {
    return FAULT_NOCP;
  }
  uint32_t word[17];
  for (unsigned i = 0; i < 17; i++) {
    enum fault f = core_read(c, frame + i * 4, 4, priv, &word[i]);
    if (f != FAULT_NONE) {
      return f;
    }
  }
  for (unsigned i = 0; i < 16; i++) {
    c->s.s[i] = word[i];
  }
  c->s.fpscr = word[16] & 0xf7c0009fu;
  c->s.t -= CYCLES(17);
  return FAULT_NONE;
}

/* Every FP instruction begins like this. */
enum fault core_fpu_prepare(struct cpu *c)
{
  if (!core_fpu_usable(c, privileged(c))) {
    return FAULT_NOCP;
  }
  if (c->s.fpccr & FPCCR_LSPACT) {
    enum fault f = store_registers(c, c->s.fpcar, !(c->s.fpccr & FPCCR_USER));
    if (f != FAULT_NONE) {
      return f == FAULT_MPU_DATA ? FAULT_LAZY_MPU : FAULT_LAZY_BUS;
    }
    c->s.fpccr &= ~FPCCR_LSPACT;
  }
  if ((c->s.fpccr & FPCCR_ASPEN) && !(c->s.control & CONTROL_FPCA)) {
    c->s.fpscr = (c->s.fpscr & ~MODES) | (c->s.fpdscr & MODES);
    c->s.control |= CONTROL_FPCA;
  }
  return FAULT_NONE;
}
