/* The debugger's connection: its socket, and the simulated core as gdb's target. */
#include "sim/host/net.h"
#include "sim/host/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPUID 0xE000ED00u
#define MVFR0 0xE000EF40u /* not zero: there is an FPU */

/* ---- what gdb is told about the core ---- */

static void add_register(struct gdb_link *g, const char *feature, const char *name, const char *type, unsigned bits,
                         unsigned cpu_reg)
{
  size_t n = g->target.register_count++;
  g->registers[n] = (struct gdb_register){feature, name, type, bits};
  g->cpu_regs[n] = (uint8_t)cpu_reg;
}

static void describe_core(struct session *s)
{
  static const char profile[] = "org.gnu.gdb.arm.m-profile", sys[] = "org.gnu.gdb.arm.m-system",
                    vfp[] = "org.gnu.gdb.arm.vfp";
  static const char *const general[] = {"r0", "r1", "r2", "r3",  "r4",  "r5", "r6",
                                        "r7", "r8", "r9", "r10", "r11", "r12"};
  static const char *const doubles[] = {"d0", "d1", "d2",  "d3",  "d4",  "d5",  "d6",  "d7",
                                        "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15"};
  struct gdb_link *g = &s->gdb;
  struct cpu *cpu = soc_cpu(s->soc);
  uint32_t part = cpu_scs_read(cpu, CPUID) >> 4 & 0xFFF;
  bool v6m = part == 0xC20 || part == 0xC60; /* Cortex-M0, M0+ */
  g->target.register_count = 0;
  for (unsigned i = 0; i < 13; i++)
    add_register(g, profile, general[i], "uint32", 32, i);
  add_register(g, profile, "sp", "data_ptr", 32, CPU_SP);
  add_register(g, profile, "lr", "uint32", 32, CPU_LR);
  add_register(g, profile, "pc", "code_ptr", 32, CPU_PC);
  add_register(g, profile, "xpsr", "uint32", 32, CPU_XPSR);
  add_register(g, sys, "msp", "data_ptr", 32, CPU_MSP);
  add_register(g, sys, "psp", "data_ptr", 32, CPU_PSP);
  add_register(g, sys, "primask", "uint32", 32, CPU_PRIMASK);
  if (!v6m) {
    add_register(g, sys, "basepri", "uint32", 32, CPU_BASEPRI);
    add_register(g, sys, "faultmask", "uint32", 32, CPU_FAULTMASK);
  }
  add_register(g, sys, "control", "uint32", 32, CPU_CONTROL);
  if (!v6m && cpu_scs_read(cpu, MVFR0) != 0) {
    for (unsigned i = 0; i < 16; i++) /* gdb makes s0-s31 out of these */
      add_register(g, vfp, doubles[i], "ieee_double", 64, CPU_S0 + 2 * i);
    add_register(g, vfp, "fpscr", "uint32", 32, CPU_FPSCR);
  }
  g->target.registers = g->registers;
}

static void describe_memory(struct session *s)
{
  struct gdb_link *g = &s->gdb;
  const struct soc_region *regions;
  size_t count = soc_regions(s->soc, &regions);
  g->target.region_count = 0;
  for (size_t i = 0; i < count && i < SESSION_REGIONS; i++)
    g->regions[g->target.region_count++] =
        (struct gdb_region){regions[i].base, regions[i].size, regions[i].flash ? regions[i].page : 0};
  g->target.regions = g->regions;
}

/* ---- the target ---- */

static uint64_t get_reg(void *ctx, unsigned reg)
{
  struct session *s = ctx;
  struct cpu *cpu = soc_cpu(s->soc);
  unsigned first = s->gdb.cpu_regs[reg];
  uint64_t value = cpu_get(cpu, first);
  if (s->gdb.registers[reg].bits == 64)
    value |= (uint64_t)cpu_get(cpu, first + 1) << 32;
  return value;
}

static void set_reg(void *ctx, unsigned reg, uint64_t value)
{
  struct session *s = ctx;
  struct cpu *cpu = soc_cpu(s->soc);
  unsigned first = s->gdb.cpu_regs[reg];
  cpu_set(cpu, first, (uint32_t)value);
  if (s->gdb.registers[reg].bits == 64)
    cpu_set(cpu, first + 1, (uint32_t)(value >> 32));
}

static bool fits(uint32_t addr, size_t size)
{
  return size > 0 && size - 1 <= UINT32_MAX - addr;
}

static bool read_memory(void *ctx, uint32_t addr, void *to, size_t size)
{
  struct session *s = ctx;
  return fits(addr, size) && soc_mem_read(s->soc, addr, to, size);
}

static bool write_memory(void *ctx, uint32_t addr, const void *from, size_t size)
{
  struct session *s = ctx;
  return fits(addr, size) && !session_is_flash(s, addr) && soc_mem_write(s->soc, addr, from, size);
}

static bool flash_erase(void *ctx, uint32_t addr, size_t size)
{
  struct session *s = ctx;
  return fits(addr, size) && soc_flash_erase(s->soc, addr, size);
}

static bool flash_write(void *ctx, uint32_t addr, const void *from, size_t size)
{
  struct session *s = ctx;
  return fits(addr, size) && soc_flash_load(s->soc, addr, from, size);
}

static bool apply_point(struct session *s, const struct gdb_link_point *p, bool set)
{
  if (p->kind == GDB_SOFT_BREAK || p->kind == GDB_HARD_BREAK)
    return run_break(s, DEBUGGER_GDB, p->addr, set);
  return run_watch(s, p->addr, p->size, p->kind != GDB_WATCH_WRITE, p->kind != GDB_WATCH_READ, set);
}

static bool point(void *ctx, enum gdb_point kind, uint32_t addr, uint32_t size, bool set)
{
  struct session *s = ctx;
  struct gdb_link *g = &s->gdb;
  struct gdb_link_point wanted = {kind, kind <= GDB_HARD_BREAK ? addr & ~1u : addr, size};
  for (unsigned i = 0; i < g->point_count; i++) {
    struct gdb_link_point *p = &g->points[i];
    if (p->kind != wanted.kind || p->addr != wanted.addr || p->size != wanted.size)
      continue;
    if (set)
      return true; /* gdb may say it twice */
    bool ok = apply_point(s, &wanted, false);
    *p = g->points[--g->point_count];
    return ok;
  }
  if (!set)
    return true;
  if (g->point_count == GDB_POINTS || !fits(addr, size ? size : 1) || !apply_point(s, &wanted, true))
    return false;
  g->points[g->point_count++] = wanted;
  return true;
}

static void resume(void *ctx, enum gdb_resume how, uint32_t start, uint32_t end)
{
  struct session *s = ctx;
  if (s->machine == MACHINE_OFF) {
    gdb_server_console(&s->gdb.server, "The power is off. monitor power on\n");
    gdb_link_stopped(s, GDB_SIGNAL_POWER, false);
    return;
  }
  if (s->machine == MACHINE_LOCKUP) {
    gdb_server_console(&s->gdb.server, "The core has locked up. monitor reset halt\n");
    gdb_link_stopped(s, GDB_SIGNAL_FAULT, false);
    return;
  }
  run_resume(s, how != GDB_CONTINUE, false);
  if (s->gdb.on_bkpt) {
    s->gdb.on_bkpt = false;
    cpu_skip(soc_cpu(s->soc));
    if (how == GDB_STEP) {
      session_set_machine(s, MACHINE_STOPPED);
      gdb_link_stopped(s, GDB_SIGNAL_TRAP, false);
      return;
    }
  }
  s->in_range = how == GDB_STEP_RANGE;
  s->range_start = start;
  s->range_end = end;
}

static void interrupt(void *ctx)
{
  struct session *s = ctx;
  if (run_halt(s))
    run_stopped(s, GDB_SIGNAL_INTERRUPT, false);
}

static char *monitor(void *ctx, const char *command)
{
  struct session *s = ctx;
  enum command_wait wait;
  char *text = NULL, *shown = NULL;
  enum action_result result = action(s, command, &wait, &text);
  size_t length = text ? strlen(text) : 0, size = length + 64;
  if (result == ACTION_WAIT)
    shown = strdup("error: not for debuggers: gdb waits with 'continue'\n");
  else if ((length > 0 || result == ACTION_ERROR) && (shown = malloc(size)))
    snprintf(shown, size, "%s%s%s", result == ACTION_ERROR ? "error: " : "", text ? text : "",
             length > 0 && text[length - 1] == '\n' ? "" : "\n");
  free(text);
  s->gdb.on_bkpt = false; /* it may have reset the core */
  return shown;
}

static void leave(void *ctx, bool kill)
{
  struct session *s = ctx;
  struct gdb_link *g = &s->gdb;
  while (g->point_count > 0)
    apply_point(s, &g->points[--g->point_count], false);
  run_debug(s, DEBUGGER_GDB, false);
  g->server.running = true; /* it holds the core no more */
  g->on_bkpt = false;
  if (kill && s->machine != MACHINE_OFF)
    action_reset(s);
  if (s->machine == MACHINE_STOPPED)
    session_set_machine(s, MACHINE_RUNNING);
}

static void restart(void *ctx)
{
  struct session *s = ctx;
  if (s->machine == MACHINE_OFF)
    return;
  action_reset(s);
  session_set_machine(s, MACHINE_STOPPED);
}

static void send_bytes(void *ctx, const void *bytes, size_t size)
{
  struct session *s = ctx;
  if (!s->gdb.lost && s->gdb.fd >= 0)
    s->gdb.lost = !net_send(s->gdb.fd, bytes, size);
}

/* ---- why the core stopped ---- */

static const struct gdb_link_point *find_break(const struct gdb_link *g, uint32_t pc)
{
  for (unsigned i = 0; i < g->point_count; i++)
    if (g->points[i].kind <= GDB_HARD_BREAK && g->points[i].addr == pc)
      return &g->points[i];
  return NULL;
}

static const struct gdb_link_point *find_watch(const struct gdb_link *g, uint32_t addr)
{
  for (unsigned i = 0; i < g->point_count; i++) {
    const struct gdb_link_point *p = &g->points[i];
    /* an access of up to 8 bytes that starts before the watched data may reach into it */
    if (p->kind > GDB_HARD_BREAK && (addr - p->addr < p->size || p->addr - addr < 8))
      return p;
  }
  return NULL;
}

static void find_reason(struct session *s, struct gdb_stop *stop)
{
  static const char *const names[] = {"swbreak", "hwbreak", "watch", "rwatch", "awatch"};
  struct gdb_link *g = &s->gdb;
  uint32_t addr, pc = cpu_get(soc_cpu(s->soc), CPU_PC);
  const struct gdb_link_point *p;
  if (cpu_watch_hit(soc_cpu(s->soc), &addr) && (p = find_watch(g, addr))) {
    stop->reason = names[p->kind];
    stop->addr = addr - p->addr < p->size ? addr : p->addr;
  } else if ((p = find_break(g, pc))) {
    stop->reason = names[p->kind];
  } else {
    g->on_bkpt = true;
  }
}

void gdb_link_stopped(struct session *s, unsigned signal, bool debug)
{
  struct gdb_stop stop = {.signal = signal};
  if (!gdb_link_connected(s))
    return;
  if (debug)
    find_reason(s, &stop);
  gdb_server_stopped(&s->gdb.server, &stop);
}

/* ---- the socket ---- */

bool gdb_link_open(struct session *s, char *err, size_t err_size)
{
  struct gdb_link *g = &s->gdb;
  g->listener = g->fd = -1;
  if (!s->options->gdb)
    return true;
  g->listener = net_listen_tcp(s->options->gdb, &g->port, err, err_size);
  g->target = (struct gdb_target){
      .ctx = s,
      .get = get_reg,
      .set = set_reg,
      .read = read_memory,
      .write = write_memory,
      .flash_erase = flash_erase,
      .flash_write = flash_write,
      .point = point,
      .resume = resume,
      .interrupt = interrupt,
      .monitor = monitor,
      .leave = leave,
      .restart = restart,
      .send = send_bytes,
  };
  return g->listener >= 0;
}

bool gdb_link_connected(const struct session *s)
{
  return s->gdb.fd >= 0 && !s->gdb.server.gone;
}

bool gdb_link_holds(const struct session *s)
{
  return gdb_link_connected(s) && !s->gdb.server.running;
}

static void hang_up(struct session *s)
{
  struct gdb_link *g = &s->gdb;
  if (!g->server.gone) { /* the connection broke: as if detached */
    g->server.gone = true;
    leave(s, false);
  }
  close(g->fd);
  g->fd = -1;
}

void gdb_link_close(struct session *s)
{
  if (s->gdb.fd >= 0)
    close(s->gdb.fd);
  if (s->gdb.listener >= 0)
    close(s->gdb.listener);
  s->gdb.fd = s->gdb.listener = -1;
}

unsigned gdb_link_pollfds(struct gdb_link *g, struct pollfd *fds)
{
  /* One debugger at a time; the next one waits. */
  if (g->listener < 0)
    return 0;
  fds[0] = (struct pollfd){.fd = g->fd >= 0 ? g->fd : g->listener, .events = POLLIN};
  return 1;
}

static void accept_debugger(struct session *s)
{
  struct gdb_link *g = &s->gdb;
  int fd = net_accept(g->listener);
  if (fd < 0)
    return;
  g->fd = fd;
  g->lost = g->on_bkpt = false;
  describe_core(s);
  describe_memory(s);
  gdb_server_start(&g->server, &g->target);
  run_debug(s, DEBUGGER_GDB, true);
  if (run_halt(s))
    jtag_link_stopped(s, false);
}

void gdb_link_service(struct session *s, const struct pollfd *fds, unsigned count)
{
  struct gdb_link *g = &s->gdb;
  for (unsigned i = 0; i < count; i++) {
    if (fds[i].revents == 0)
      continue;
    if (g->fd < 0 && fds[i].fd == g->listener) {
      accept_debugger(s);
    } else if (g->fd >= 0 && fds[i].fd == g->fd) {
      uint8_t bytes[4096];
      ssize_t n = read(g->fd, bytes, sizeof bytes);
      if (n > 0)
        gdb_server_input(&g->server, bytes, (size_t)n);
      else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        g->lost = true;
    }
  }
  if (g->fd >= 0 && (g->lost || g->server.gone))
    hang_up(s);
}
