/* The debug port's connection: its socket, and the simulated chip behind its pins. */
#include "sim/host/net.h"
#include "sim/host/session.h"

#include <errno.h>
#include <unistd.h>

#define TCK_SECONDS 10e-6 /* a probe at 100 kHz: time that passes while the core is halted */

/* ---- what hangs on the access port ---- */

/* While the core runs, time is its own. */
static void pass_time(struct session *s)
{
  double seconds = s->jtag.jtag.clocks * TCK_SECONDS;
  s->jtag.jtag.clocks = 0;
  if (s->machine == MACHINE_STOPPED || s->machine == MACHINE_LOCKUP)
    soc_dap_elapse(s->soc, seconds);
  if (s->machine != MACHINE_OFF && !soc_powered(s->soc))
    session_power_lost(s);
}

/* Under reset only the debug components answer, DBGMCU among them. */
static bool reachable(const struct session *s, uint32_t addr)
{
  return !s->jtag.in_reset || addr >> 20 == 0xE00u;
}

static bool read_memory(void *ctx, uint32_t addr, unsigned size, uint32_t *value)
{
  struct session *s = ctx;
  pass_time(s);
  return reachable(s, addr) && soc_dap_read(s->soc, addr, size, value);
}

static bool write_memory(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
  struct session *s = ctx;
  pass_time(s);
  bool ok = reachable(s, addr) && soc_dap_write(s->soc, addr, size, value);
  if (s->machine != MACHINE_OFF && !soc_powered(s->soc))
    session_power_lost(s);
  session_wake(s);
  return ok;
}

static uint32_t system_read(void *ctx, uint32_t addr)
{
  struct session *s = ctx;
  return cpu_scs_read(soc_cpu(s->soc), addr);
}

static void system_write(void *ctx, uint32_t addr, uint32_t value)
{
  struct session *s = ctx;
  cpu_scs_write(soc_cpu(s->soc), addr, value);
  session_wake(s);
}

/* ---- the core ---- */

static enum core_debug_state state(void *ctx)
{
  struct session *s = ctx;
  static const enum core_debug_state states[] = {[MACHINE_RUNNING] = CORE_RUNNING,
                                                 [MACHINE_STOPPED] = CORE_HALTED,
                                                 [MACHINE_ASLEEP] = CORE_ASLEEP,
                                                 [MACHINE_LOCKUP] = CORE_LOCKED_UP,
                                                 [MACHINE_OFF] = CORE_RUNNING};
  return s->jtag.in_reset ? CORE_RUNNING : states[s->machine];
}

static void enable(void *ctx, bool on)
{
  run_debug(ctx, DEBUGGER_JTAG, on);
}

/* A core in lockup can be halted as well, and stays there until it is reset. */
static void halt(void *ctx)
{
  struct session *s = ctx;
  if (s->jtag.in_reset)
    return;
  if (s->machine == MACHINE_LOCKUP)
    session_set_machine(s, MACHINE_STOPPED);
  else if (run_halt(s))
    gdb_link_stopped(s, GDB_SIGNAL_INTERRUPT, false);
}

static void resume(void *ctx, enum core_debug_resume how, bool mask_interrupts)
{
  struct session *s = ctx;
  if (s->machine != MACHINE_STOPPED)
    return;
  if (how == CORE_RUN)
    cpu_rearm(soc_cpu(s->soc));
  run_resume(s, how == CORE_STEP, mask_interrupts);
}

static void reset(void *ctx)
{
  struct session *s = ctx;
  soc_dap_reset(s->soc);
  action_after_reset(s);
}

static uint32_t get_reg(void *ctx, unsigned reg)
{
  struct session *s = ctx;
  return cpu_get(soc_cpu(s->soc), reg);
}

static void set_reg(void *ctx, unsigned reg, uint32_t value)
{
  struct session *s = ctx;
  cpu_set(soc_cpu(s->soc), reg, value);
}

static void breakpoint(void *ctx, uint32_t addr, bool set)
{
  run_break(ctx, DEBUGGER_JTAG, addr, set);
}

static void watchpoint(void *ctx, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set)
{
  run_watch(ctx, addr, size, on_read, on_write, set);
}

static void attach(void *ctx, bool on)
{
  struct session *s = ctx;
  soc_dap_attach(s->soc, on);
}

static bool core_read(void *ctx, uint32_t addr, unsigned size, uint32_t *value)
{
  struct session *s = ctx;
  return core_debug_read(&s->jtag.core, addr, size, value);
}

static bool core_write(void *ctx, uint32_t addr, unsigned size, uint32_t value)
{
  struct session *s = ctx;
  return core_debug_write(&s->jtag.core, addr, size, value);
}

/* ---- the pins ---- */

static bool is_open(void *ctx)
{
  struct session *s = ctx;
  return soc_dap_open(s->soc);
}

static void system_reset(void *ctx, bool asserted)
{
  struct session *s = ctx;
  struct jtag_link *j = &s->jtag;
  if (s->machine == MACHINE_OFF) {
    j->in_reset = asserted;
    return;
  }
  if (asserted) {
    action_reset(s);
    j->in_reset = true;
  } else if (j->in_reset) {
    j->in_reset = false;
    run_after_reset(s, false); /* what was asked for meanwhile */
  }
}

/* ---- for run control ---- */

enum run_wish jtag_link_reset(struct session *s, bool power_on)
{
  struct jtag_link *j = &s->jtag;
  if (!s->options->jtag)
    return RUN_WISH_NONE;
  if (power_on) {
    core_debug_release(&j->core); /* without power, the comparators have forgotten */
    core_debug_power_on(&j->core, &j->target);
    dap_power_on(&j->dap, &j->bus);
    jtag_init(&j->jtag, &j->dap, soc_dap_boundary_id(s->soc));
    return RUN_WISH_NONE;
  }
  bool held = core_debug_holds(&j->core);
  if (core_debug_reset(&j->core))
    return RUN_WISH_HALT;
  return held ? RUN_WISH_RUN : RUN_WISH_NONE;
}

bool jtag_link_fault(struct session *s, unsigned exception)
{
  return s->options->jtag && core_debug_fault(&s->jtag.core, exception);
}

void jtag_link_stopped(struct session *s, bool debug)
{
  uint32_t addr = 0;
  if (!s->options->jtag)
    return;
  if (debug && cpu_watch_hit(soc_cpu(s->soc), &addr))
    core_debug_stopped(&s->jtag.core, CORE_STOP_WATCHPOINT, addr);
  else
    core_debug_stopped(&s->jtag.core, debug ? CORE_STOP_BREAKPOINT : CORE_STOP_HALT, 0);
}

/* ---- the socket ---- */

bool jtag_link_open(struct session *s, char *err, size_t err_size)
{
  struct jtag_link *j = &s->jtag;
  j->listener = j->fd = -1;
  if (!s->options->jtag)
    return true;
  j->listener = net_listen_tcp(s->options->jtag, &j->port, err, err_size);
  j->target = (struct core_debug_target){
      .ctx = s,
      .part = soc_dap_part(s->soc),
      .state = state,
      .enable = enable,
      .halt = halt,
      .resume = resume,
      .reset = reset,
      .get = get_reg,
      .set = set_reg,
      .breakpoint = breakpoint,
      .watchpoint = watchpoint,
      .system_read = system_read,
      .system_write = system_write,
      .read = read_memory,
      .write = write_memory,
  };
  j->bus = (struct dap_bus){.ctx = s, .attach = attach, .read = core_read, .write = core_write};
  core_debug_power_on(&j->core, &j->target);
  dap_power_on(&j->dap, &j->bus);
  jtag_init(&j->jtag, &j->dap, soc_dap_boundary_id(s->soc));
  return j->listener >= 0;
}

bool jtag_link_connected(const struct session *s)
{
  return s->jtag.fd >= 0;
}

void jtag_link_close(struct session *s)
{
  if (s->jtag.fd >= 0)
    close(s->jtag.fd);
  if (s->jtag.listener >= 0)
    close(s->jtag.listener);
  s->jtag.fd = s->jtag.listener = -1;
}

unsigned jtag_link_pollfds(struct jtag_link *j, struct pollfd *fds)
{
  /* One probe at a time; the next one waits. */
  if (j->listener < 0)
    return 0;
  fds[0] = (struct pollfd){.fd = j->fd >= 0 ? j->fd : j->listener, .events = POLLIN};
  return 1;
}

/* The wires fall off: NRST rises, the chip keeps what it was told. */
static void hang_up(struct session *s)
{
  struct jtag_link *j = &s->jtag;
  if (j->bitbang.reset)
    system_reset(s, false);
  close(j->fd);
  j->fd = -1;
}

static void read_probe(struct session *s)
{
  struct jtag_link *j = &s->jtag;
  uint8_t bytes[16384], answers[sizeof bytes];
  ssize_t n = read(j->fd, bytes, sizeof bytes);
  bool lost = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  if (n > 0) {
    size_t size = bitbang_input(&j->bitbang, bytes, (size_t)n, answers);
    lost = !net_send(j->fd, answers, size) || j->bitbang.quit;
  }
  if (lost)
    hang_up(s);
}

void jtag_link_service(struct session *s, const struct pollfd *fds, unsigned count)
{
  struct jtag_link *j = &s->jtag;
  for (unsigned i = 0; i < count; i++) {
    if (fds[i].revents == 0)
      continue;
    if (j->fd >= 0 && fds[i].fd == j->fd) {
      read_probe(s);
    } else if (j->fd < 0 && j->listener >= 0 && fds[i].fd == j->listener) {
      j->fd = net_accept(j->listener);
      j->bitbang = (struct bitbang){.jtag = &j->jtag, .ctx = s, .open = is_open, .system_reset = system_reset};
    }
  }
}
