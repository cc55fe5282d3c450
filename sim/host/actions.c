/* What the one-line commands do, wherever they come from. */
#include "sim/host/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void action_power_on(struct session *s)
{
  if (s->machine != MACHINE_OFF)
    return;
  soc_power_on(s->soc);
  session_set_machine(s, run_is_held(s) ? MACHINE_STOPPED : MACHINE_RUNNING);
}

bool action_power_off(struct session *s, char *err, size_t err_size)
{
  soc_power_off(s->soc);
  session_set_machine(s, MACHINE_OFF);
  run_stopped(s, GDB_SIGNAL_POWER, false);
  if (s->options->state && !soc_save(s->soc)) {
    snprintf(err, err_size, "%s", soc_error(s->soc));
    return false;
  }
  return true;
}

void action_after_reset(struct session *s)
{
  if (s->machine == MACHINE_LOCKUP || s->machine == MACHINE_ASLEEP)
    session_set_machine(s, run_is_held(s) ? MACHINE_STOPPED : MACHINE_RUNNING);
}

void action_reset(struct session *s)
{
  soc_reset_pin(s->soc);
  action_after_reset(s);
}

bool action_wait_over(const struct session *s, enum command_wait wait)
{
  static const enum machine states[] = {[WAIT_OFF] = MACHINE_OFF,
                                        [WAIT_LOCKUP] = MACHINE_LOCKUP,
                                        [WAIT_ASLEEP] = MACHINE_ASLEEP,
                                        [WAIT_STOPPED] = MACHINE_STOPPED};
  return s->machine == states[wait];
}

static void show_status(struct session *s, FILE *out)
{
  char name[200] = "";
  uint32_t pc = cpu_get(soc_cpu(s->soc), CPU_PC);
  fprintf(out, "%s pc=0x%08x", session_machine_name(s->machine), pc);
  if (symbols_name(&s->symbols, pc, name, sizeof name))
    fprintf(out, " (%s)", name);
  fprintf(out, " seconds=%.6f instructions=%llu", soc_seconds(s->soc),
          (unsigned long long)cpu_instructions(soc_cpu(s->soc)));
}

/* JSON on one line: the text may have line ends, but none inside its strings. */
static void show_stats(struct session *s, FILE *out)
{
  char *text = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&text, &size);
  if (!memory)
    return;
  soc_print_stats(s->soc, memory);
  fclose(memory);
  while (size > 0 && text[size - 1] == '\n')
    size--;
  for (size_t i = 0; i < size; i++)
    fputc(text[i] == '\n' ? ' ' : text[i], out);
  free(text);
}

static bool do_read(struct session *s, const struct command *c, FILE *out)
{
  uint8_t *data = malloc(c->size);
  bool ok = data && c->addr + (c->size - 1) >= c->addr && soc_mem_read(s->soc, c->addr, data, c->size);
  if (ok) {
    for (uint32_t i = 0; i < c->size; i++)
      fprintf(out, "%02x", data[i]);
  } else {
    fprintf(out, "no memory at 0x%08x for %u bytes", c->addr, c->size);
  }
  free(data);
  return ok;
}

static bool do_write(struct session *s, const struct command *c, FILE *out)
{
  bool ok = c->addr + (c->size - 1) >= c->addr;
  if (ok && session_is_flash(s, c->addr))
    ok = soc_flash_load(s->soc, c->addr, c->data, c->size);
  else if (ok)
    ok = soc_mem_write(s->soc, c->addr, c->data, c->size);
  if (!ok)
    fprintf(out, "cannot write %u bytes at 0x%08x", c->size, c->addr);
  return ok;
}

/* ---- the chip's own debug port ---- */
#define PROBE_SECONDS 1e-4 /* an access through a probe, about */

static unsigned probe_step(const struct command *c, uint32_t at)
{
  return (c->addr + at) % 4 == 0 && c->size - at >= 4 ? 4 : 1;
}

/* A core that stands still leaves it to the probe that time passes; an access may reset the chip. */
static bool probe_access(struct session *s, bool write, uint32_t addr, unsigned size, uint32_t *value)
{
  struct soc_stats before, after;
  if (s->machine == MACHINE_STOPPED || s->machine == MACHINE_LOCKUP)
    soc_dap_elapse(s->soc, PROBE_SECONDS);
  soc_get_stats(s->soc, &before);
  bool ok = write ? soc_dap_write(s->soc, addr, size, *value) : soc_dap_read(s->soc, addr, size, value);
  soc_get_stats(s->soc, &after);
  if (after.resets != before.resets)
    action_after_reset(s);
  if (s->machine != MACHINE_OFF && !soc_powered(s->soc))
    session_power_lost(s);
  session_wake(s);
  return ok;
}

static bool probe_failed(struct session *s, FILE *out)
{
  fputs(soc_dap_open(s->soc) ? "bus fault" : "the debug port cannot be reached", out);
  return false;
}

static bool do_probe_read(struct session *s, const struct command *c, FILE *out)
{
  uint8_t *data = malloc(c->size);
  bool ok = data && c->addr + (c->size - 1) >= c->addr;
  for (uint32_t at = 0, n; ok && at < c->size; at += n) {
    uint32_t value = 0;
    n = probe_step(c, at);
    ok = probe_access(s, false, c->addr + at, n, &value);
    memcpy(data + at, &value, n);
  }
  for (uint32_t i = 0; ok && i < c->size; i++)
    fprintf(out, "%02x", data[i]);
  free(data);
  return ok || probe_failed(s, out);
}

static bool do_probe_write(struct session *s, const struct command *c, FILE *out)
{
  bool ok = c->addr + (c->size - 1) >= c->addr;
  for (uint32_t at = 0, n; ok && at < c->size; at += n) {
    uint32_t value = 0;
    n = probe_step(c, at);
    memcpy(&value, c->data + at, n);
    ok = probe_access(s, true, c->addr + at, n, &value);
  }
  return ok || probe_failed(s, out);
}

static bool do_probe(struct session *s, bool attach, FILE *out)
{
  if (!soc_dap_open(s->soc))
    return probe_failed(s, out);
  soc_dap_attach(s->soc, attach);
  return true;
}

static void show_options(struct session *s, FILE *out)
{
  struct soc_option o;
  fprintf(out, "rdp=%u", soc_rdp(s->soc));
  for (unsigned i = 0; soc_option_get(s->soc, i, &o); i++) {
    bool on = soc_powered(s->soc);
    fprintf(out, " %s=0x%08x", o.name, on ? o.loaded : o.stored);
    if (!o.sound)
      fputs("(damaged)", out);
    else if (on && o.stored != o.loaded)
      fprintf(out, "(stored:0x%08x)", o.stored);
  }
}

static bool do_break(struct session *s, const struct command *c, FILE *out)
{
  if (s->has_break)
    run_break(s, DEBUGGER_COMMAND, s->break_at, false);
  s->has_break = c->on && run_break(s, DEBUGGER_COMMAND, c->addr, true);
  s->break_at = c->addr;
  if (c->on && !s->has_break)
    fputs("too many breakpoints", out);
  return s->has_break == c->on;
}

static bool do_erase(struct session *s, FILE *out)
{
  const struct soc_region *regions;
  size_t count = soc_regions(s->soc, &regions);
  for (size_t i = 0; i < count; i++) {
    if (regions[i].flash && !soc_flash_erase(s->soc, regions[i].base, regions[i].size)) {
      fprintf(out, "cannot erase %s", regions[i].name);
      return false;
    }
  }
  return true;
}

static bool do_load(struct session *s, const struct command *c, FILE *out)
{
  struct option_load load;
  char err[400] = "";
  bool ok = options_parse_load(c->path, &load, err, sizeof err);
  if (ok) {
    ok = session_load(s, &load, LOAD_ALL, err, sizeof err);
    free(load.path);
  }
  if (!ok)
    fputs(err, out);
  return ok;
}

static bool do_pin(struct session *s, const struct command_pin *pin)
{
  if (pin->level == PIN_FLOATING)
    soc_pin_release(s->soc, pin->port, pin->pin);
  else
    soc_pin(s->soc, pin->port, pin->pin, pin->level == PIN_HIGH);
  session_wake(s);
  return true;
}

static bool do_button(struct session *s, bool press, FILE *out)
{
  const struct board *b = s->options->board;
  if (!b) {
    fputs("a bare chip has no button; use 'pin'", out);
    return false;
  }
  s->button_release = 0;
  soc_pin(s->soc, b->button_port, b->button_pin, press == b->button_high);
  session_wake(s);
  return true;
}

static bool do_power(struct session *s, bool on, FILE *out)
{
  char err[300];
  if (on) {
    action_power_on(s);
    return true;
  }
  if (action_power_off(s, err, sizeof err))
    return true;
  fputs(err, out);
  return false;
}

static bool do_run(struct session *s, FILE *out)
{
  if (s->machine == MACHINE_STOPPED) {
    if (run_is_held(s)) {
      fputs("a debugger holds the core", out);
      return false;
    }
    run_resume(s, false, false);
  } else if (s->machine == MACHINE_OFF || s->machine == MACHINE_LOCKUP) {
    fprintf(out, "the core cannot run: %s", session_machine_name(s->machine));
    return false;
  }
  return true;
}

static bool do_stop(struct session *s, FILE *out)
{
  if (s->machine == MACHINE_OFF) {
    fputs("the power is off", out);
    return false;
  }
  if (run_halt(s))
    run_stopped(s, GDB_SIGNAL_INTERRUPT, false);
  return true;
}

static bool powered(struct session *s, FILE *out)
{
  if (s->machine == MACHINE_OFF)
    fputs("the power is off", out);
  return s->machine != MACHINE_OFF;
}

static bool carry_out(struct session *s, const struct command *c, FILE *out)
{
  switch (c->kind) {
  case COMMAND_HELP:
    fputs(command_help, out);
    return true;
  case COMMAND_BUTTON:
    return do_button(s, c->on, out);
  case COMMAND_PIN:
    return do_pin(s, &c->pin);
  case COMMAND_RESET:
    if (!powered(s, out))
      return false;
    action_reset(s);
    if (c->on) {
      session_set_machine(s, MACHINE_STOPPED);
      run_stopped(s, GDB_SIGNAL_INTERRUPT, false);
    }
    return true;
  case COMMAND_POWER:
    return do_power(s, c->on, out);
  case COMMAND_POWER_CYCLE:
    return do_power(s, false, out) && do_power(s, true, out);
  case COMMAND_CUT:
    s->cut_by_flag = false;
    soc_cut(s->soc, c->cut.operations, c->cut.mode, c->cut.seed);
    return true;
  case COMMAND_STATS:
    show_stats(s, out);
    return true;
  case COMMAND_STATS_CLEAR:
    soc_clear_stats(s->soc);
    return true;
  case COMMAND_READ:
    return do_read(s, c, out);
  case COMMAND_WRITE:
    return do_write(s, c, out);
  case COMMAND_ERASE:
    return do_erase(s, out);
  case COMMAND_DRIVE_INSERT:
    if (soc_drive_insert(s->soc, c->path))
      return true;
    fputs(soc_error(s->soc), out);
    return false;
  case COMMAND_DRIVE_EJECT:
    soc_drive_eject(s->soc);
    return true;
  case COMMAND_LOAD:
    return do_load(s, c, out);
  case COMMAND_RUN:
    return do_run(s, out);
  case COMMAND_STOP:
    return do_stop(s, out);
  case COMMAND_STATUS:
    show_status(s, out);
    return true;
  case COMMAND_BREAK:
    return do_break(s, c, out);
  case COMMAND_OPTIONS:
    show_options(s, out);
    return true;
  case COMMAND_OPTION:
    if (soc_option_set(s->soc, c->option.name, c->option.value))
      return true;
    fprintf(out, "no option word %s", c->option.name);
    return false;
  case COMMAND_PROBE:
    return do_probe(s, c->on, out);
  case COMMAND_PROBE_STATUS:
    fputs(soc_dap_open(s->soc) ? "open" : "closed", out);
    return true;
  case COMMAND_PROBE_READ:
    return do_probe_read(s, c, out);
  case COMMAND_PROBE_WRITE:
    return do_probe_write(s, c, out);
  case COMMAND_SAVE:
    if (soc_save(s->soc))
      return true;
    fputs(soc_error(s->soc), out);
    return false;
  case COMMAND_QUIT:
    session_end(s, EXIT_OK, "asked to quit");
    return true;
  case COMMAND_WAIT: /* the caller's business */
  default:
    return true;
  }
}

enum action_result action(struct session *s, const char *line, enum command_wait *wait, char **answer)
{
  struct command c;
  char err[300];
  *answer = NULL;
  if (!command_parse(line, &c, err, sizeof err)) {
    *answer = strdup(err);
    return ACTION_ERROR;
  }
  if (c.kind == COMMAND_WAIT && !action_wait_over(s, c.wait)) {
    *wait = c.wait;
    return ACTION_WAIT;
  }
  size_t size = 0;
  FILE *out = open_memstream(answer, &size);
  if (!out)
    return ACTION_ERROR;
  bool ok = carry_out(s, &c, out);
  if (fclose(out) != 0)
    ok = false;
  return ok ? ACTION_OK : ACTION_ERROR;
}
