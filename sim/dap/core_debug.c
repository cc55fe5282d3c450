/* The core's debug registers: see core_debug.h. */
#include "sim/dap/core_debug.h"

#include "sim/cpu/cpu.h"
#include "sim/dap/rom_table.h"

#define AIRCR         0xE000ED0Cu
#define DFSR          0xE000ED30u
#define DHCSR         0xE000EDF0u
#define DCRSR         0xE000EDF4u
#define DCRDR         0xE000EDF8u
#define DEMCR         0xE000EDFCu
#define DWT_BASE      0xE0001000u
#define FPB_BASE      0xE0002000u
#define DBGMCU_PAGE   0xE0042u /* the chip's own, on its bus */
#define PRIVATE_FIRST 0xE0000000u
#define PRIVATE_LAST  0xE00FFFFFu

enum {
  C_DEBUGEN = 1,
  C_HALT = 2,
  C_STEP = 4,
  C_MASKINTS = 8,
  S_REGRDY = 1 << 16,
  S_HALT = 1 << 17,
  S_SLEEP = 1 << 18,
  S_LOCKUP = 1 << 19,
  S_RETIRE_ST = 1 << 24,
  S_RESET_ST = 1 << 25,
};
#define DHCSR_KEY     0xA05Fu
#define AIRCR_KEY     0x05FAu
#define AIRCR_RESETS  5u /* SYSRESETREQ and, treated alike, VECTRESET */
#define DCRSR_WRITE   0x10000u
#define FPB_CTRL      0x260u /* six instruction comparators, two literal ones that are never set */
#define DEMCR_TRCENA  0x01000000u
#define DEMCR_CATCHES 0x7F1u
enum { VC_CORERESET = 1, VC_MMERR = 1 << 4, VC_USAGE = 7 << 5, VC_BUSERR = 1 << 8, VC_HARDERR = 1 << 10 };
enum { DFSR_HALTED = 1, DFSR_BKPT = 2, DFSR_DWTTRAP = 4, DFSR_VCATCH = 8 };

/* ---- life ---- */
void core_debug_power_on(struct core_debug *d, const struct core_debug_target *target)
{
  *d = (struct core_debug){.target = target, .was_reset = true};
}

static bool enabled(const struct core_debug *d)
{
  return d->control & C_DEBUGEN;
}

/* Debug registers belong to the power-on reset; a system reset takes C_HALT and C_STEP away. */
bool core_debug_reset(struct core_debug *d)
{
  d->was_reset = true;
  d->control &= ~(uint32_t)(C_HALT | C_STEP);
  d->target->system_write(d->target->ctx, DEMCR, d->catch);
  if (!enabled(d) || !(d->catch & VC_CORERESET))
    return false;
  d->reason |= DFSR_VCATCH;
  d->control |= C_HALT;
  return true;
}

bool core_debug_holds(const struct core_debug *d)
{
  return enabled(d) && (d->control & C_HALT);
}

bool core_debug_fault(struct core_debug *d, unsigned exception)
{
  static const uint32_t catches[] = {[3] = VC_HARDERR, [4] = VC_MMERR, [5] = VC_BUSERR, [6] = VC_USAGE};
  if (!enabled(d) || exception >= sizeof catches / sizeof catches[0] || !(d->catch & catches[exception]))
    return false;
  d->reason |= DFSR_VCATCH;
  d->control |= C_HALT;
  return true;
}

void core_debug_stopped(struct core_debug *d, enum core_debug_stop why, uint32_t watched_addr)
{
  static const uint32_t reasons[] = {
      [CORE_STOP_HALT] = DFSR_HALTED, [CORE_STOP_BREAKPOINT] = DFSR_BKPT, [CORE_STOP_WATCHPOINT] = DFSR_DWTTRAP};
  if (!enabled(d))
    return;
  d->reason |= reasons[why];
  d->control = (d->control & ~(uint32_t)C_STEP) | C_HALT;
  for (unsigned i = 0; why == CORE_STOP_WATCHPOINT && i < CORE_DEBUG_WATCHPOINTS; i++) {
    struct core_debug_watch *w = &d->watch[i];
    /* an access of up to 4 bytes that starts before the watched data may reach into it */
    if (w->set && (watched_addr - w->set_addr < w->set_size || w->set_addr - watched_addr < 4))
      w->matched = true;
  }
}

/* ---- breakpoints: FP_COMPn.REPLACE chooses the lower (1), upper (2) or both (3) halfwords ---- */
static void apply_breakpoint(const struct core_debug *d, uint32_t comparator, bool set)
{
  uint32_t addr = comparator & 0x1FFFFFFCu, replace = comparator >> 30;
  if (!(comparator & 1u))
    return;
  if (replace & 1u)
    d->target->breakpoint(d->target->ctx, addr, set);
  if (replace & 2u)
    d->target->breakpoint(d->target->ctx, addr + 2, set);
}

static void apply_breakpoints(const struct core_debug *d, bool set)
{
  for (unsigned i = 0; i < CORE_DEBUG_BREAKPOINTS && enabled(d) && d->fpb_on; i++)
    apply_breakpoint(d, d->fpb[i], set);
}

static uint32_t fpb_read(const struct core_debug *d, uint32_t offset)
{
  uint32_t n = (offset - 8) / 4;
  if (offset == 0)
    return FPB_CTRL | d->fpb_on;
  return offset >= 8 && n < CORE_DEBUG_BREAKPOINTS ? d->fpb[n] : 0;
}

static void fpb_write(struct core_debug *d, uint32_t offset, uint32_t value)
{
  uint32_t n = (offset - 8) / 4;
  apply_breakpoints(d, false);
  if (offset == 0 && (value & 2u)) /* KEY */
    d->fpb_on = value & 1u;
  else if (offset >= 8 && n < CORE_DEBUG_BREAKPOINTS)
    d->fpb[n] = value & 0xDFFFFFFDu;
  apply_breakpoints(d, true);
}

/* ---- watchpoints: DWT_FUNCTIONn 5 on reads, 6 on writes, 7 on both ---- */
static void apply_watchpoint(struct core_debug *d, struct core_debug_watch *w)
{
  const struct core_debug_target *t = d->target;
  uint32_t function = w->function & 15u;
  if (w->set)
    t->watchpoint(t->ctx, w->set_addr, w->set_size, w->set_read, w->set_write, false);
  w->set = enabled(d) && (d->catch & DEMCR_TRCENA) && function >= 5 && function <= 7;
  if (!w->set)
    return;
  w->set_size = 1u << (w->mask & 15u);
  w->set_addr = w->addr & ~(w->set_size - 1);
  w->set_read = function != 6;
  w->set_write = function != 5;
  t->watchpoint(t->ctx, w->set_addr, w->set_size, w->set_read, w->set_write, true);
}

static void apply_watchpoints(struct core_debug *d)
{
  for (unsigned i = 0; i < CORE_DEBUG_WATCHPOINTS; i++)
    apply_watchpoint(d, &d->watch[i]);
}

static uint32_t dwt_read(struct core_debug *d, uint32_t offset)
{
  enum { PCSR = 0x1C, FIRST = 0x20 };
  struct core_debug_watch *w = &d->watch[(offset - FIRST) / 16 % CORE_DEBUG_WATCHPOINTS];
  if (offset == PCSR)
    return d->target->state(d->target->ctx) == CORE_RUNNING ? d->target->get(d->target->ctx, CPU_PC) : UINT32_MAX;
  if (offset < FIRST || offset >= FIRST + 16 * CORE_DEBUG_WATCHPOINTS)
    return d->target->system_read(d->target->ctx, DWT_BASE + offset);
  switch (offset & 12u) {
  case 0:
    return w->addr;
  case 4:
    return w->mask;
  case 8: {
    uint32_t matched = w->matched ? 1u << 24 : 0;
    w->matched = false;
    return w->function | matched;
  }
  default:
    return 0;
  }
}

static void dwt_write(struct core_debug *d, uint32_t offset, uint32_t value)
{
  enum { FIRST = 0x20 };
  struct core_debug_watch *w = &d->watch[(offset - FIRST) / 16 % CORE_DEBUG_WATCHPOINTS];
  if (offset < FIRST || offset >= FIRST + 16 * CORE_DEBUG_WATCHPOINTS) {
    d->target->system_write(d->target->ctx, DWT_BASE + offset, value);
    return;
  }
  switch (offset & 12u) {
  case 0:
    w->addr = value;
    break;
  case 4:
    w->mask = value & 15u;
    break;
  case 8:
    w->function = value & 0xFFFu;
    w->matched = false;
    break;
  default:
    break;
  }
  apply_watchpoint(d, w);
}

/* ---- core registers through DCRSR (ARMv7-M ARM C1.6.3) ---- */
enum { SEL_PC = 15, SEL_XPSR, SEL_MSP, SEL_PSP, SEL_SPECIAL = 20, SEL_FPSCR = 33, SEL_S0 = 64 };

static bool cpu_register(unsigned select, unsigned *reg)
{
  if (select <= SEL_PSP)
    *reg = select; /* as enum cpu_reg counts */
  else if (select == SEL_FPSCR)
    *reg = CPU_FPSCR;
  else if (select >= SEL_S0 && select < SEL_S0 + 32)
    *reg = CPU_S0 + (select - SEL_S0);
  else
    return false;
  return true;
}

static const uint8_t special[] = {CPU_PRIMASK, CPU_BASEPRI, CPU_FAULTMASK,
                                  CPU_CONTROL}; /* from bit 0 on, a byte each */

static void transfer_register(struct core_debug *d, uint32_t value)
{
  const struct core_debug_target *t = d->target;
  unsigned select = value & 0x7Fu, reg;
  bool write = value & DCRSR_WRITE;
  if (t->state(t->ctx) != CORE_HALTED)
    return;
  if (select == SEL_SPECIAL) {
    uint32_t all = 0;
    for (unsigned i = 0; i < sizeof special; i++) {
      if (write)
        t->set(t->ctx, special[i], d->data >> (8 * i) & 0xFFu);
      else
        all |= (t->get(t->ctx, special[i]) & 0xFFu) << (8 * i);
    }
    if (!write)
      d->data = all;
  } else if (!cpu_register(select, &reg)) {
    if (!write)
      d->data = 0;
  } else if (write) {
    t->set(t->ctx, reg, d->data);
  } else {
    d->data = t->get(t->ctx, reg);
  }
}

/* ---- run control ---- */
static uint32_t dhcsr_read(struct core_debug *d)
{
  enum core_debug_state state = d->target->state(d->target->ctx);
  bool halted = state == CORE_HALTED;
  uint32_t v = d->control | S_REGRDY;
  v |= halted ? S_HALT | C_HALT : S_RETIRE_ST;
  v |= state == CORE_ASLEEP ? S_SLEEP : 0;
  v |= state == CORE_LOCKED_UP ? S_LOCKUP : 0;
  v |= d->has_run ? S_RETIRE_ST : 0;
  v |= d->was_reset ? S_RESET_ST : 0;
  d->was_reset = d->has_run = false;
  return v;
}

/* Debugging is switched on or off; a core that something else holds stays where it is. */
static void switch_debug(struct core_debug *d, bool on)
{
  const struct core_debug_target *t = d->target;
  bool held = t->state(t->ctx) == CORE_HALTED;
  if (!on) {
    apply_breakpoints(d, false);
    d->control = 0;
    apply_watchpoints(d);
    t->enable(t->ctx, false);
    if (held)
      t->resume(t->ctx, CORE_RUN, false);
    return;
  }
  d->control = C_DEBUGEN | (held ? C_HALT : 0);
  t->enable(t->ctx, true);
  apply_breakpoints(d, true);
  apply_watchpoints(d);
}

void core_debug_release(struct core_debug *d)
{
  if (enabled(d))
    switch_debug(d, false);
}

static void dhcsr_write(struct core_debug *d, uint32_t value)
{
  const struct core_debug_target *t = d->target;
  if (value >> 16 != DHCSR_KEY)
    return;
  bool on = value & C_DEBUGEN, was = enabled(d);
  if (on != was)
    switch_debug(d, on);
  if (!on)
    return;
  enum core_debug_state state = t->state(t->ctx);
  if (was || (value & C_HALT))
    d->control = value & (C_DEBUGEN | C_HALT | C_STEP | C_MASKINTS);
  bool stop = d->control & (C_HALT | (state == CORE_HALTED ? 0 : C_STEP));
  if (stop && state != CORE_HALTED) {
    t->halt(t->ctx);
    core_debug_stopped(d, CORE_STOP_HALT, 0);
  } else if (!stop && state == CORE_HALTED) {
    d->has_run = true;
    t->resume(t->ctx, d->control & C_STEP ? CORE_STEP : CORE_RUN, d->control & C_MASKINTS);
  }
}

static void demcr_write(struct core_debug *d, uint32_t value)
{
  d->catch = value & (DEMCR_CATCHES | DEMCR_TRCENA);
  d->target->system_write(d->target->ctx, DEMCR, value);
  apply_watchpoints(d);
}

/* ---- the private peripheral bus ---- */
static uint32_t private_read(struct core_debug *d, uint32_t addr)
{
  const struct core_debug_target *t = d->target;
  uint32_t value = 0;
  if (rom_table_read(addr, t->part, &value))
    return value;
  if (addr - DWT_BASE < 0x1000)
    return dwt_read(d, addr - DWT_BASE);
  if (addr - FPB_BASE < 0x1000)
    return fpb_read(d, addr - FPB_BASE);
  switch (addr) {
  case DFSR:
    return d->reason;
  case DHCSR:
    return dhcsr_read(d);
  case DCRDR:
    return d->data;
  case DEMCR:
    return t->system_read(t->ctx, DEMCR) | d->catch;
  default:
    return addr >> 12 == DHCSR >> 12 ? t->system_read(t->ctx, addr) : 0;
  }
}

static void private_write(struct core_debug *d, uint32_t addr, uint32_t value)
{
  const struct core_debug_target *t = d->target;
  if (addr - DWT_BASE < 0x1000) {
    dwt_write(d, addr - DWT_BASE, value);
    return;
  }
  if (addr - FPB_BASE < 0x1000) {
    fpb_write(d, addr - FPB_BASE, value);
    return;
  }
  switch (addr) {
  case DFSR:
    d->reason &= ~value;
    break;
  case DHCSR:
    dhcsr_write(d, value);
    break;
  case DCRSR:
    transfer_register(d, value);
    break;
  case DCRDR:
    d->data = value;
    break;
  case DEMCR:
    demcr_write(d, value);
    break;
  case AIRCR:
    if (value >> 16 == AIRCR_KEY && (value & AIRCR_RESETS))
      t->reset(t->ctx);
    else
      t->system_write(t->ctx, addr, value);
    break;
  default:
    if (addr >> 12 == DHCSR >> 12)
      t->system_write(t->ctx, addr, value);
    break;
  }
}

static bool is_private(uint32_t addr)
{
  return addr >= PRIVATE_FIRST && addr <= PRIVATE_LAST && addr >> 12 != DBGMCU_PAGE;
}

bool core_debug_read(struct core_debug *d, uint32_t addr, unsigned size, uint32_t *value)
{
  if (!is_private(addr))
    return d->target->read(d->target->ctx, addr, size, value);
  *value = private_read(d, addr & ~3u) >> (8 * (addr & 3u));
  return true;
}

bool core_debug_write(struct core_debug *d, uint32_t addr, unsigned size, uint32_t value)
{
  if (!is_private(addr))
    return d->target->write(d->target->ctx, addr, size, value);
  if (size != 4)
    return false; /* these registers are words */
  private_write(d, addr, value);
  return true;
}
