/* The main loop of stm32sim. */
#include "sim/host/session.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define SLICE   1000000u /* instructions between two looks at the files */
#define PROBED  5000u    /* the same while a probe is connected to the debug port: it asks for every bit and waits */
#define FDS_MAX (1u + OPTIONS_UARTS * UART_POLLFDS + CONTROL_CLIENTS + 1u + 3u)
#define TICK    0.001 /* simulated seconds between two looks at the clock with --pace realtime */
#define LISTEN                                                                                                         \
  0.02 /* simulated seconds after which standard input's next byte is sent to a program that does other things */
#define WAIT_MAX 1.0 /* longest wait in one go, in seconds */

static double wall_clock(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- small services ---- */

void session_end(struct session *s, int exit_code, const char *reason)
{
  if (s->done)
    return;
  s->done = true;
  s->exit_code = exit_code;
  s->reason = reason;
}

const char *session_machine_name(enum machine machine)
{
  static const char *const names[] = {[MACHINE_RUNNING] = "running",
                                      [MACHINE_STOPPED] = "stopped",
                                      [MACHINE_ASLEEP] = "asleep",
                                      [MACHINE_LOCKUP] = "lockup",
                                      [MACHINE_OFF] = "off"};
  return names[machine];
}

void session_set_machine(struct session *s, enum machine machine)
{
  s->machine = machine;
  if (machine != MACHINE_RUNNING)
    s->step = s->in_range = false;
}

void session_wake(struct session *s)
{
  if (s->machine == MACHINE_ASLEEP)
    session_set_machine(s, MACHINE_RUNNING);
}

bool session_is_flash(const struct session *s, uint32_t addr)
{
  const struct soc_region *regions;
  size_t count = soc_regions(s->soc, &regions);
  for (size_t i = 0; i < count; i++)
    if (regions[i].flash && addr - regions[i].base < regions[i].size)
      return true;
  return false;
}

void session_log(struct session *s, const char *line)
{
  char text[1500];
  symbols_annotate(&s->symbols, line, text, sizeof text - 1);
  report(&s->report, "log", "%s", text);
  if (gdb_link_connected(s)) {
    memcpy(text + strlen(text), "\n", 2);
    gdb_server_console(&s->gdb.server, text);
  }
}

bool session_load(struct session *s, const struct option_load *load, enum load_what which, char *err, size_t err_size)
{
  struct objfile file;
  if (!objfile_read(load->path, OBJFILE_AUTO, load->has_addr ? load->addr : 0x08000000u, &file, err, err_size))
    return false;
  bool ok = true, on = soc_powered(s->soc);
  if (load->has_addr && file.format != OBJFILE_BIN) {
    snprintf(err, err_size, "%s has addresses of its own: @ADDR is for raw binaries", load->path);
    ok = false;
  }
  for (size_t i = 0; ok && i < file.segment_count; i++) {
    const struct objfile_segment *g = &file.segments[i];
    bool flash = session_is_flash(s, g->addr), factory = soc_factory_load(s->soc, g->addr, NULL, g->size);
    if (flash && which != LOAD_RAM)
      ok = soc_flash_load(s->soc, g->addr, g->data, g->size);
    else if (factory && !on)
      ok = soc_factory_load(s->soc, g->addr, g->data, g->size);
    else if (!flash && !factory && on) /* without power, RAM keeps nothing */
      ok = soc_mem_write(s->soc, g->addr, g->data, g->size);
    if (!ok)
      snprintf(err, err_size, "%s: no flash or RAM for %" PRIu32 " bytes at 0x%08" PRIx32, load->path, g->size,
               g->addr);
  }
  if (ok && file.symbol_count > 0 && which != LOAD_RAM)
    symbols_add(&s->symbols, &file);
  else
    objfile_free(&file);
  return ok;
}

bool session_add_symbols(struct session *s, const char *path, char *err, size_t err_size)
{
  struct objfile file;
  if (!objfile_read(path, OBJFILE_ELF, 0, &file, err, err_size))
    return false;
  symbols_add(&s->symbols, &file);
  return true;
}

/* ---- what the device calls ---- */

static struct uart *find_uart(struct session *s, unsigned index)
{
  for (unsigned i = 0; i < s->uart_count; i++)
    if (s->uarts[i].index == index)
      return &s->uarts[i];
  return NULL;
}

static void on_tx(void *ctx, unsigned index, uint8_t byte)
{
  struct session *s = ctx;
  struct uart *u = find_uart(s, index);
  if (!u)
    return;
  uart_put(u, byte);
  s->traffic = true;
  if (u != &s->uarts[0])
    return;
  if (s->transcript)
    fputc(byte, s->transcript);
  for (unsigned i = 0; i < s->options->until_fail_count; i++)
    if (watch_byte(&s->until_fail[i], byte))
      session_end(s, EXIT_FAIL_TEXT, "the UART sent an --until-fail text");
  for (unsigned i = 0; i < s->options->until_count; i++)
    if (watch_byte(&s->until[i], byte))
      session_end(s, EXIT_OK, "the UART sent an --until text");
  if (s->done)
    soc_stop(s->soc);
}

static void on_reset(void *ctx, bool power_on)
{
  run_after_reset(ctx, power_on);
}

static void on_fault(void *ctx, unsigned exception)
{
  run_after_fault(ctx, exception);
}

static void on_log(void *ctx, const char *line)
{
  session_log(ctx, line);
}

/* Bytes from clients onto the lines. True if any went.
 *
 * A socket or pseudo-terminal is a line: what comes goes on it at once, at the program's baud rate. Standard input may
 * be a file that is there as a whole, and a program that prints would miss most of it; so one byte of it goes on the
 * line when the program `listens`. */
static bool push_input(struct session *s, bool listens)
{
  bool any = false;
  for (unsigned i = 0; i < s->uart_count; i++) {
    struct uart *u = &s->uarts[i];
    size_t size = u->in_size;
    if (u->kind == UART_STDIO && s->machine != MACHINE_OFF)
      size = listens && size > 0;
    if (size == 0)
      continue;
    size_t taken = s->machine == MACHINE_OFF ? size : soc_uart_rx(s->soc, u->index, u->in, size);
    uart_take(u, taken);
    any = any || taken > 0;
  }
  if (any) {
    s->traffic = true;
    session_wake(s);
  }
  return any;
}

static bool anybody_connected(struct session *s)
{
  for (unsigned i = 0; i < s->uart_count; i++)
    if (uart_connected(&s->uarts[i]))
      return true;
  return false;
}

/* The files that belong to UARTs come first; returns their number in `uarts`. */
static unsigned collect(struct session *s, struct pollfd *fds, unsigned counts[OPTIONS_UARTS], unsigned *uarts)
{
  unsigned n = 0;
  for (unsigned i = 0; i < s->uart_count; i++) {
    counts[i] = uart_pollfds(&s->uarts[i], fds + n);
    n += counts[i];
  }
  *uarts = n;
  fds[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
  n += control_pollfds(&s->control, fds + n);
  n += gdb_link_pollfds(&s->gdb, fds + n);
  n += jtag_link_pollfds(&s->jtag, fds + n);
  return n;
}

static int wait_files(struct pollfd *fds, unsigned n, double seconds)
{
  if (seconds < 0)
    return poll(fds, n, -1);
  if (seconds > WAIT_MAX)
    seconds = WAIT_MAX;
  struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - floor(seconds)) * 1e9)};
  return ppoll(fds, n, &t, NULL);
}

static void service_uarts(struct session *s, const struct pollfd *fds, const unsigned counts[OPTIONS_UARTS])
{
  for (unsigned i = 0; i < s->uart_count; i++) {
    uart_service(&s->uarts[i], fds, counts[i]);
    fds += counts[i];
  }
}

/* From inside soc_run(): wait up to `seconds` for the UARTs. Anything else that happens stops the run, because it may
 * reset the device or worse, and is then dealt with in the main loop. */
static void wait_inside(struct session *s, double seconds)
{
  struct pollfd fds[FDS_MAX];
  unsigned counts[OPTIONS_UARTS] = {0}, uarts;
  unsigned n = collect(s, fds, counts, &uarts);
  if (wait_files(fds, n, seconds) <= 0)
    return;
  service_uarts(s, fds, counts);
  for (unsigned i = uarts; i < n; i++)
    if (fds[i].revents)
      soc_stop(s->soc);
}

static void flush_output(struct session *s)
{
  for (unsigned i = 0; i < s->uart_count; i++)
    uart_flush(&s->uarts[i]);
}

/* Called every quarter of a millisecond while the program polls the status of a UART whose receiver is empty: because
 * it waits for a byte, or in between two bytes that it sends. */
static void on_idle(void *ctx, unsigned index)
{
  struct session *s = ctx;
  (void)index;
  if (s->done)
    return;
  double seconds = 0;
  s->listened = soc_seconds(s->soc);
  if (s->options->pace != PACE_REALTIME) {
    s->pace.mode = anybody_connected(s) ? PACE_IDLE : s->options->pace;
    if (s->traffic) { /* still at work; it will be called again when the line is quiet */
      s->traffic = false;
      pace_work(&s->pace, s->listened, wall_clock());
      return;
    }
    seconds = pace_wait(&s->pace, true, s->listened, wall_clock());
  }
  flush_output(s);
  bool fed = push_input(s, true);
  wait_inside(s, fed ? 0 : seconds);
  push_input(s, !fed);
}

/* The next thing that simulated time brings: the end, the button, or a look at the clock. */
static void set_alarm(struct session *s)
{
  double at = INFINITY;
  if (s->options->max_seconds > 0)
    at = s->options->max_seconds;
  if (s->button_release > 0 && s->button_release < at)
    at = s->button_release;
  if (s->options->pace == PACE_REALTIME && soc_seconds(s->soc) + TICK < at)
    at = soc_seconds(s->soc) + TICK;
  soc_alarm(s->soc, at);
}

static void on_alarm(void *ctx)
{
  struct session *s = ctx;
  double now = soc_seconds(s->soc);
  if (s->options->max_seconds > 0 && now >= s->options->max_seconds) {
    bool wanted = s->options->until_count > 0;
    session_end(s, wanted ? EXIT_LIMIT : EXIT_OK, "--max-seconds is reached");
    soc_stop(s->soc);
    return;
  }
  if (s->button_release > 0 && now >= s->button_release) {
    const struct board *b = s->options->board;
    s->button_release = 0;
    soc_pin(s->soc, b->button_port, b->button_pin, !b->button_high);
  }
  if (s->options->pace == PACE_REALTIME) {
    flush_output(s);
    double seconds = pace_wait(&s->pace, false, now, wall_clock());
    if (seconds > 0) {
      wait_inside(s, seconds);
      push_input(s, false);
    }
  }
  set_alarm(s);
}

/* ---- running ---- */

static uint64_t instructions_left(struct session *s)
{
  if (s->options->max_instructions == 0)
    return UINT64_MAX;
  uint64_t done = cpu_instructions(soc_cpu(s->soc)) - s->first_instruction;
  return done >= s->options->max_instructions ? 0 : s->options->max_instructions - done;
}

static bool can_be_woken(struct session *s)
{
  for (unsigned i = 0; i < s->uart_count; i++) {
    const struct uart *u = &s->uarts[i];
    if (u->kind != UART_NONE && !(u->kind == UART_STDIO && u->input_ended && u->in_size == 0))
      return true;
  }
  return s->options->control || s->options->gdb || s->options->jtag;
}

/* What a newcomer meets first: a chip without a program. */
static bool flash_is_empty(struct session *s)
{
  uint32_t vectors[2] = {0, 0};
  return soc_mem_read(s->soc, 0x08000000u, vectors, sizeof vectors) && (vectors[0] & vectors[1]) == UINT32_MAX;
}

static void on_lockup(struct session *s)
{
  session_set_machine(s, MACHINE_LOCKUP);
  if (gdb_link_connected(s) || jtag_link_connected(s))
    gdb_link_stopped(s, GDB_SIGNAL_FAULT, false);
  else if (!s->options->stay)
    session_end(s, EXIT_LOCKUP,
                flash_is_empty(s) ? "the core has locked up: the flash is empty (--load FILE)"
                                  : "the core has locked up");
}

void session_power_lost(struct session *s)
{
  session_set_machine(s, MACHINE_OFF);
  report(&s->report, "log", "the power was cut at flash operation %" PRIu64, soc_flash_ops(s->soc));
  gdb_link_stopped(s, GDB_SIGNAL_POWER, false);
  if (s->cut_by_flag && !s->options->stay) {
    session_end(s, EXIT_CUT, "the power cut of --cut happened");
  } else if (s->options->state && !soc_save(s->soc)) {
    report(&s->report, "error", "%s", soc_error(s->soc));
    session_end(s, EXIT_IO, "the state cannot be saved");
  }
}

static void on_step_done(struct session *s)
{
  uint32_t pc = cpu_get(soc_cpu(s->soc), CPU_PC);
  if (s->in_range && pc >= s->range_start && pc < s->range_end)
    return;
  session_set_machine(s, MACHINE_STOPPED);
  run_stopped(s, GDB_SIGNAL_TRAP, false);
}

static void run_slice(struct session *s)
{
  uint64_t left = instructions_left(s);
  if (left == 0) {
    session_end(s, s->options->until_count > 0 ? EXIT_LIMIT : EXIT_OK, "--max-instructions is reached");
    return;
  }
  uint64_t slice = jtag_link_connected(s) ? PROBED : SLICE;
  uint64_t n = s->step ? 1 : left < slice ? left : slice;
  switch (soc_run(s->soc, n)) {
  case SOC_STOP_LIMIT:
    if (s->step)
      on_step_done(s);
    break;
  case SOC_STOP_REQUEST:
    break;
  case SOC_STOP_LOCKUP:
    on_lockup(s);
    break;
  case SOC_STOP_POWER:
    session_power_lost(s);
    break;
  case SOC_STOP_DEBUG:
    session_set_machine(s, MACHINE_STOPPED);
    run_stopped(s, GDB_SIGNAL_TRAP, true);
    break;
  case SOC_STOP_IDLE:
    if (s->step) {
      on_step_done(s);
    } else if (!push_input(s, true)) {
      session_set_machine(s, MACHINE_ASLEEP);
    }
    break;
  }
}

static void on_signal(struct session *s)
{
  struct signalfd_siginfo info;
  if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
    return;
  session_end(s, s->options->until_count > 0 ? EXIT_LIMIT : EXIT_OK, strsignal((int)info.ssi_signo));
}

static void look_after_files(struct session *s, double seconds)
{
  struct pollfd fds[FDS_MAX];
  unsigned counts[OPTIONS_UARTS] = {0}, uarts;
  unsigned n = collect(s, fds, counts, &uarts);
  if (wait_files(fds, n, seconds) > 0) {
    service_uarts(s, fds, counts);
    if (fds[uarts].revents)
      on_signal(s);
    control_service(s, fds + uarts + 1, n - uarts - 1);
    gdb_link_service(s, fds + uarts + 1, n - uarts - 1);
    jtag_link_service(s, fds + uarts + 1, n - uarts - 1);
  }
  /* A program that looks at its receiver only now and then is not seen waiting for it. */
  bool listens = s->machine == MACHINE_ASLEEP || soc_seconds(s->soc) - s->listened > LISTEN;
  if (push_input(s, listens))
    s->listened = soc_seconds(s->soc);
  if (!s->started && uart_connected(&s->uarts[0]))
    s->started = true;
  control_answer_waits(s);
}

static bool can_run(const struct session *s)
{
  return s->machine == MACHINE_RUNNING && s->started && !s->jtag.in_reset;
}

void session_run(struct session *s)
{
  while (!s->done) {
    if (can_run(s)) {
      run_slice(s);
      flush_output(s);
      if (s->done)
        break;
      control_answer_waits(s);
    }
    if (s->machine == MACHINE_ASLEEP && !can_be_woken(s)) {
      session_end(s, s->options->until_count > 0 ? EXIT_LIMIT : EXIT_OK, "the core sleeps and nothing can wake it");
      break;
    }
    look_after_files(s, can_run(s) ? 0 : -1);
  }
}

/* ---- start ---- */

static bool fail(struct session *s, int exit_code, const char *message)
{
  report(&s->report, "error", "%s", message);
  session_end(s, exit_code, "could not start");
  return false;
}

static bool open_device(struct session *s)
{
  const struct options *o = s->options;
  char err[600];
  s->soc = soc_new(o->device, o->state, err, sizeof err);
  if (!s->soc)
    return fail(s, EXIT_IO, err);
  static const struct soc_host host = {
      .uart_tx = on_tx, .log = on_log, .uart_idle = on_idle, .reset = on_reset, .fault = on_fault, .alarm = on_alarm};
  struct soc_host attached = host;
  attached.ctx = s;
  soc_attach(s->soc, &attached);
  soc_skip_idle(s->soc, o->skip_idle);
  const struct soc_region *regions;
  size_t count = soc_regions(s->soc, &regions);
  for (size_t i = 0; o->erase && i < count; i++)
    if (regions[i].flash && !soc_flash_erase(s->soc, regions[i].base, regions[i].size))
      return fail(s, EXIT_IO, "the flash cannot be erased");
  for (unsigned i = 0; i < o->symbol_count; i++)
    if (!session_add_symbols(s, o->symbols[i], err, sizeof err))
      return fail(s, EXIT_IO, err);
  for (unsigned i = 0; i < o->load_count; i++)
    if (!session_load(s, &o->loads[i], LOAD_ALL, err, sizeof err))
      return fail(s, EXIT_IO, err);
  return true;
}

static bool open_signals(struct session *s)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return s->signals >= 0 || fail(s, EXIT_IO, "no signalfd");
}

static bool open_wires(struct session *s)
{
  const struct options *o = s->options;
  char err[600];
  for (unsigned i = 0; i < o->uart_count; i++) {
    s->uart_count = i + 1;
    if (!uart_open(&s->uarts[i], o->uart_spec[i], o->uart_index[i], err, sizeof err))
      return fail(s, EXIT_IO, err);
  }
  if (o->transcript && !(s->transcript = fopen(o->transcript, "wb"))) {
    snprintf(err, sizeof err, "cannot write %s: %s", o->transcript, strerror(errno));
    return fail(s, EXIT_IO, err);
  }
  if (!control_open(s, err, sizeof err) || !gdb_link_open(s, err, sizeof err) || !jtag_link_open(s, err, sizeof err))
    return fail(s, EXIT_IO, err);
  return true;
}

/* Ports and names, for people on stderr and for scripts in the file. */
static bool announce(struct session *s)
{
  static const char *const kinds[] = {"none", "stdio", "pty", "tcp", "unix"};
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (!f)
    return fail(s, EXIT_IO, "out of memory");
  fprintf(f, "{\"pid\":%ld,\"device\":\"%s\",\"uarts\":[", (long)getpid(), s->options->device);
  for (unsigned i = 0; i < s->uart_count; i++) {
    const struct uart *u = &s->uarts[i];
    const char *label = u->index == SOC_SPI1 ? "spi" : i ? "uart2" : "uart";
    fprintf(f, "%s{\"index\":%u,\"kind\":\"%s\"", i ? "," : "", u->index, kinds[u->kind]);
    if (u->kind == UART_TCP) {
      report(&s->report, label, "127.0.0.1:%u", u->port);
      fprintf(f, ",\"host\":\"127.0.0.1\",\"port\":%u", u->port);
    } else if (u->kind == UART_PTY || u->kind == UART_UNIX) {
      report(&s->report, label, "%s%s%s", u->path, u->link[0] ? " " : "", u->link);
      fputs(",\"path\":", f);
      json_string(f, u->path);
      if (u->link[0]) {
        fputs(",\"link\":", f);
        json_string(f, u->link);
      }
    }
    fputc('}', f);
  }
  fputs("],\"gdb\":", f);
  if (s->options->gdb) {
    report(&s->report, "gdb", "127.0.0.1:%u", s->gdb.port);
    fprintf(f, "{\"host\":\"127.0.0.1\",\"port\":%u}", s->gdb.port);
  } else {
    fputs("null", f);
  }
  fputs(",\"jtag\":", f);
  if (s->options->jtag) {
    report(&s->report, "jtag", "127.0.0.1:%u", s->jtag.port);
    fprintf(f, "{\"host\":\"127.0.0.1\",\"port\":%u}", s->jtag.port);
  } else {
    fputs("null", f);
  }
  fputs(",\"control\":", f);
  if (s->options->control) {
    report(&s->report, "control", "%s", s->options->control);
    json_string(f, s->options->control);
  } else {
    fputs("null", f);
  }
  fputs("}\n", f);
  fclose(f);
  bool ok = !s->options->announce || write_whole(s->options->announce, text);
  if (!ok) {
    char err[400];
    snprintf(err, sizeof err, "cannot write %s: %s", s->options->announce, strerror(errno));
    fail(s, EXIT_IO, err);
  }
  free(text);
  return ok;
}

static void drive_pins(struct session *s)
{
  const struct options *o = s->options;
  for (unsigned i = 0; i < o->pin_count; i++) {
    const struct command_pin *p = &o->pins[i];
    if (p->level == PIN_FLOATING)
      soc_pin_release(s->soc, p->port, p->pin);
    else
      soc_pin(s->soc, p->port, p->pin, p->level == PIN_HIGH);
  }
}

static bool store_options(struct session *s)
{
  char err[200];
  const struct options *o = s->options;
  for (unsigned i = 0; i < o->option_word_count; i++) {
    if (soc_option_set(s->soc, o->option_words[i].name, o->option_words[i].value))
      continue;
    snprintf(err, sizeof err, "--option %s: the %s has no such option word", o->option_words[i].name, o->device);
    return fail(s, EXIT_USAGE, err);
  }
  return true;
}

static bool switch_on(struct session *s)
{
  char err[600];
  const struct options *o = s->options;
  const struct board *b = o->board;
  if (b) /* the board's pull resistor, or the pressed button */
    soc_pin(s->soc, b->button_port, b->button_pin, (o->press_button > 0) == b->button_high);
  if (o->drive && !soc_drive_insert(s->soc, o->drive))
    return fail(s, EXIT_IO, soc_error(s->soc));
  drive_pins(s);
  soc_power_on(s->soc);
  s->machine = MACHINE_RUNNING;
  for (unsigned i = 0; i < o->load_count; i++)
    if (!session_load(s, &o->loads[i], LOAD_RAM, err, sizeof err))
      return fail(s, EXIT_IO, err);
  if (o->press_button > 0)
    s->button_release = soc_seconds(s->soc) + o->press_button;
  if (o->cut.operations > 0) {
    soc_cut(s->soc, o->cut.operations, o->cut.mode, o->cut.seed);
    s->cut_by_flag = true;
  }
  s->first_instruction = cpu_instructions(soc_cpu(s->soc));
  if (o->halt)
    s->machine = MACHINE_STOPPED;
  set_alarm(s);
  return true;
}

bool session_open(struct session *s, const struct options *options)
{
  memset(s, 0, sizeof *s);
  s->options = options;
  s->report = (struct report){.quiet = options->quiet, .json = options->json};
  s->signals = s->control.listener = s->gdb.listener = s->gdb.fd = s->jtag.listener = s->jtag.fd = -1;
  for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
    s->control.clients[i].fd = -1;
  s->machine = MACHINE_OFF;
  s->pace.mode = options->pace;
  memcpy(s->until, options->until, sizeof s->until);
  memcpy(s->until_fail, options->until_fail, sizeof s->until_fail);
  s->started = !options->wait_client;
  if (!open_device(s))
    return false;
  if (!store_options(s))
    return false;
  if (options->no_run) {
    session_end(s, EXIT_OK, "loaded");
    return true;
  }
  if (!open_signals(s) || !open_wires(s))
    return false;
  return switch_on(s) && announce(s);
}

/* ---- end ---- */

static bool write_stats(struct session *s)
{
  const char *path = s->options->stats;
  bool to_stdout = strcmp(path, "-") == 0;
  FILE *f = to_stdout ? stdout : fopen(path, "wb");
  if (!f)
    return false;
  soc_print_stats(s->soc, f);
  return to_stdout ? fflush(f) == 0 : fclose(f) == 0;
}

static void save(struct session *s)
{
  soc_power_off(s->soc);
  if (s->options->state && !soc_save(s->soc)) {
    report(&s->report, "error", "%s", soc_error(s->soc));
    s->exit_code = EXIT_IO;
  }
}

static void last_words(struct session *s)
{
  for (unsigned i = 0; i < s->uart_count; i++)
    if (s->uarts[i].lost > 0)
      report(&s->report, "log", "USART%u: %" PRIu64 " bytes lost: the client did not read them", s->uarts[i].index,
             s->uarts[i].lost);
  if (!s->soc)
    return;
  report(&s->report, "end", "%s (exit code %d, %" PRIu64 " instructions, %.3f simulated seconds)", s->reason,
         s->exit_code, cpu_instructions(soc_cpu(s->soc)), soc_seconds(s->soc));
}

int session_close(struct session *s)
{
  for (unsigned i = 0; i < s->uart_count; i++)
    uart_flush(&s->uarts[i]);
  if (s->soc && s->options->stats && s->exit_code != EXIT_IO && !write_stats(s)) {
    report(&s->report, "error", "cannot write %s: %s", s->options->stats, strerror(errno));
    s->exit_code = EXIT_IO;
  }
  if (s->transcript && fclose(s->transcript) != 0) {
    report(&s->report, "error", "cannot write %s: %s", s->options->transcript, strerror(errno));
    s->exit_code = EXIT_IO;
  }
  s->transcript = NULL;
  /* A device that could not even be loaded keeps its old state. */
  if (s->soc && (s->machine != MACHINE_OFF || s->exit_code != EXIT_IO))
    save(s);
  last_words(s);
  gdb_link_close(s);
  jtag_link_close(s);
  control_close(&s->control);
  for (unsigned i = 0; i < s->uart_count; i++)
    uart_close(&s->uarts[i]);
  if (s->signals >= 0)
    close(s->signals);
  symbols_free(&s->symbols);
  soc_free(s->soc);
  return s->exit_code;
}
