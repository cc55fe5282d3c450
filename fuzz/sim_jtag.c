/* The debug port as stm32sim serves it: any bytes on the probe's connection, over a chip of a few arrays. */
#include "sim/dap/bitbang.h"
#include "sim/dap/core_debug.h"

#include <stdlib.h>
#include <string.h>

#define RAM_SIZE 256u

static struct chip {
  struct core_debug core;
  struct dap dap;
  struct jtag jtag;
  struct bitbang bitbang;
  uint8_t ram[RAM_SIZE];
  uint32_t regs[64], system;
  enum core_debug_state state;
  unsigned breakpoints, watchpoints; /* set and not yet taken back */
  bool closed;
} chip;

static enum core_debug_state state(void *ctx)
{
  return ((struct chip *)ctx)->state;
}

static void enable(void *ctx, bool on)
{
  (void)ctx, (void)on;
}

static void halt(void *ctx)
{
  ((struct chip *)ctx)->state = CORE_HALTED;
}

static void resume(void *ctx, enum core_debug_resume how, bool mask_interrupts)
{
  struct chip *c = ctx;
  (void)mask_interrupts;
  c->state = CORE_RUNNING;
  if (how == CORE_STEP) {
    c->state = CORE_HALTED;
    core_debug_stopped(&c->core, CORE_STOP_HALT, 0);
  }
}

static void reset(void *ctx)
{
  struct chip *c = ctx;
  c->state = core_debug_reset(&c->core) ? CORE_HALTED : CORE_LOCKED_UP;
}

static uint32_t get(void *ctx, unsigned reg)
{
  if (reg >= 64)
    abort();
  return ((struct chip *)ctx)->regs[reg];
}

static void set(void *ctx, unsigned reg, uint32_t value)
{
  if (reg >= 64)
    abort();
  ((struct chip *)ctx)->regs[reg] = value;
}

static void breakpoint(void *ctx, uint32_t addr, bool on)
{
  struct chip *c = ctx;
  if (!on && c->breakpoints == 0)
    abort();
  c->breakpoints += on ? 1 : -1u;
  if (on && addr == 0x10)
    core_debug_stopped(&c->core, CORE_STOP_BREAKPOINT, 0);
}

static void watchpoint(void *ctx, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool on)
{
  struct chip *c = ctx;
  if (size == 0 || (addr & (size - 1)) || (!on_read && !on_write) || (!on && c->watchpoints == 0))
    abort();
  c->watchpoints += on ? 1 : -1u;
  core_debug_stopped(&c->core, CORE_STOP_WATCHPOINT, addr);
}

static uint32_t system_read(void *ctx, uint32_t addr)
{
  return ((struct chip *)ctx)->system ^ addr;
}

static void system_write(void *ctx, uint32_t addr, uint32_t value)
{
  ((struct chip *)ctx)->system = value ^ addr;
}

static bool read_memory(void *ctx, uint32_t addr, unsigned size, uint32_t *value)
{
  if (size > 4 || (addr & (size - 1)))
    abort();
  if (addr >= RAM_SIZE)
    return false;
  memcpy(value, ((struct chip *)ctx)->ram + addr, size);
  return true;
}

static bool write_memory(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
  if (size > 4 || (addr & (size - 1)) || (size < 4 && value >> (8 * size)))
    abort();
  if (addr >= RAM_SIZE)
    return false;
  memcpy(((struct chip *)ctx)->ram + addr, &value, size);
  ((struct chip *)ctx)->closed = value == 0xC105EDu;
  return true;
}

static void attach(void *ctx, bool on)
{
  (void)ctx, (void)on;
}

static bool core_read(void *ctx, uint32_t addr, unsigned size, uint32_t *value)
{
  return core_debug_read(&((struct chip *)ctx)->core, addr, size, value);
}

static bool core_write(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
  return core_debug_write(&((struct chip *)ctx)->core, addr, size, value);
}

static bool is_open(void *ctx)
{
  return !((struct chip *)ctx)->closed;
}

static void system_reset(void *ctx, bool asserted)
{
  if (asserted)
    reset(ctx);
}

static const struct core_debug_target target = {
    .ctx = &chip,
    .part = 0x415,
    .state = state,
    .enable = enable,
    .halt = halt,
    .resume = resume,
    .reset = reset,
    .get = get,
    .set = set,
    .breakpoint = breakpoint,
    .watchpoint = watchpoint,
    .system_read = system_read,
    .system_write = system_write,
    .read = read_memory,
    .write = write_memory,
};
static const struct dap_bus bus = {.ctx = &chip, .attach = attach, .read = core_read, .write = core_write};

static void start(void)
{
  memset(&chip, 0, sizeof chip);
  core_debug_power_on(&chip.core, &target);
  dap_power_on(&chip.dap, &bus);
  jtag_init(&chip.jtag, &chip.dap, 0x06415041);
  chip.bitbang = (struct bitbang){.jtag = &chip.jtag, .ctx = &chip, .open = is_open, .system_reset = system_reset};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  uint8_t answers[4096];
  start();
  for (size_t at = 0; at < size; at += sizeof answers) {
    size_t n = size - at < sizeof answers ? size - at : sizeof answers;
    if (bitbang_input(&chip.bitbang, data + at, n, answers) > n)
      abort();
  }

  /* Few bytes make a scan; so once more, six of them as one transfer of a powered port: where to, then the word. */
  start();
  dap_update(&chip.dap, DAP_IR_DPACC, (uint64_t)0x50000000 << 3 | 2);
  for (; size >= 6; data += 6, size -= 6) {
    uint32_t addr = 0, value;
    unsigned length;
    memcpy(&value, data + 2, 4);
    dap_update(&chip.dap, DAP_IR_ABORT, 8);
    dap_update(&chip.dap, DAP_IR_DPACC, 4); /* SELECT: access port 0, bank 0 */
    chip.closed = false;
    if (data[0] & 0x10u) /* the interesting places */
      addr = (uint32_t[]){
          0xE000E000, 0xE000ED00, 0xE0001000, 0xE0002000, 0xE00FF000, 0, 0xE0042000, 0xE000EDF0}[data[0] & 7u];
    addr += data[1];
    dap_update(&chip.dap, DAP_IR_APACC, (uint64_t)addr << 3 | 2); /* TAR */
    if (data[0] & 0x20u)
      value = (value & 0xFFFFu) | 0xA05F0000u;
    dap_update(&chip.dap, DAP_IR_APACC, (uint64_t)value << 3 | 6 | (data[0] >> 7)); /* DRW */
    if (dap_capture(&chip.dap, DAP_IR_APACC, &length) >> length)
      abort();
    if (data[0] & 0x40u)
      dap_update(&chip.dap, data[0] >> 1 & 1 ? DAP_IR_DPACC : DAP_IR_APACC, (uint64_t)value << 3 | (data[1] & 7u));
  }
  core_debug_release(&chip.core);
  if (chip.breakpoints != 0 || chip.watchpoints != 0)
    abort();
  return 0;
}
