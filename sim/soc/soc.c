/* A chip's life: made, powered, run, reset, put away. Everything here holds for any series. */
#include "sim/soc/drive.h"
#include "sim/soc/internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct soc_model *const models[] = {&soc_stm32l476, &soc_stm32l475, &soc_stm32l496, &soc_stm32l462};
#define MODELS (sizeof models / sizeof models[0])

const char *const *soc_models(void)
{
  static const char *names[MODELS + 1];
  for (size_t i = 0; i < MODELS; i++)
    names[i] = models[i]->name;
  return names;
}

/* ---- reports ---- */
static void log_line(struct soc *soc, const char *format, va_list args)
{
  char line[512];
  vsnprintf(line, sizeof line, format, args);
  if (soc->host.log)
    soc->host.log(soc->host.ctx, line);
}

void soc_log(struct soc *soc, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  log_line(soc, format, args);
  va_end(args);
}

void soc_log_once(struct soc *soc, const void *key, const char *format, ...)
{
  for (unsigned i = 0; i < soc->once_count; i++)
    if (soc->once[i] == key)
      return;
  if (soc->once_count < SOC_MAX_ONCE)
    soc->once[soc->once_count++] = key;
  va_list args;
  va_start(args, format);
  log_line(soc, format, args);
  va_end(args);
}

bool soc_fail(struct soc *soc, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(soc->error, sizeof soc->error, format, args);
  va_end(args);
  return false;
}

const char *soc_error(const struct soc *soc)
{
  return soc->error;
}

static void on_fault(void *ctx)
{
  struct soc *soc = ctx;
  const struct cpu_fault *f = cpu_last_fault(soc->cpu);
  char text[256] = "", note[128] = "";
  cpu_fault_text(f, text, sizeof text);
  if (soc->model->fault_note)
    soc->model->fault_note(soc, f->exception, note, sizeof note);
  soc_log(soc, "%s%s%s", text, *note ? "; " : "", note);
  if (soc->host.fault)
    soc->host.fault(soc->host.ctx, f->exception);
}

/* ---- the core's way out ---- */
static uint8_t *cpu_direct(void *ctx, uint32_t addr, enum cpu_access kind)
{
  return soc_bus_direct(ctx, addr, kind);
}

static bool cpu_read(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t *value)
{
  struct soc_access how = {SOC_BY_CPU, CPU_READ, size, privileged};
  return soc_bus_read(ctx, addr, &how, value);
}

static bool cpu_write(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t value)
{
  struct soc_access how = {SOC_BY_CPU, CPU_WRITE, size, privileged};
  return soc_bus_write(ctx, addr, &how, value);
}

static bool cpu_fetch(void *ctx, uint32_t addr, bool privileged, uint16_t *halfword)
{
  struct soc_access how = {SOC_BY_CPU, CPU_FETCH, 2, privileged};
  uint32_t value = 0;
  bool ok = soc_bus_read(ctx, addr, &how, &value);
  *halfword = (uint16_t)value;
  return ok;
}

static void cpu_tick(void *ctx)
{
  soc_run_events(ctx);
}

/* ---- life ---- */
static struct soc *give_up(struct soc *soc, char *err, size_t err_size)
{
  snprintf(err, err_size, "%s", soc->error);
  soc_free(soc);
  return NULL;
}

struct soc *soc_new(const char *model, const char *state_dir, char *err, size_t err_size)
{
  const struct soc_model *m = NULL;
  for (size_t i = 0; i < MODELS; i++)
    if (!strcmp(models[i]->name, model))
      m = models[i];
  if (!m) {
    snprintf(err, err_size, "no model '%s'; there is %s", model, models[0]->name);
    return NULL;
  }
  struct soc *soc = calloc(1, sizeof *soc);
  if (!soc) {
    snprintf(err, err_size, "out of memory");
    return NULL;
  }
  soc->model = m;
  soc->state_lock = -1;
  struct cpu_bus bus = {
      .ctx = soc,
      .direct = cpu_direct,
      .read = cpu_read,
      .write = cpu_write,
      .fetch = cpu_fetch,
      .tick = cpu_tick,
      .on_fault = on_fault,
  };
  soc->cpu = cpu_new(m->arch, m->irqs, m->priority_bits, m->fpu, &bus);
  soc->drive = calloc(1, sizeof *soc->drive);
  if (soc->drive)
    soc_drive_init(soc->drive, soc);
  if (!soc->cpu || !soc->drive || !m->create(soc)) {
    soc_fail(soc, "out of memory");
    return give_up(soc, err, err_size);
  }
  if (state_dir && (!soc_state_open(soc, state_dir) || !m->load(soc)))
    return give_up(soc, err, err_size);
  return soc;
}

bool soc_save(struct soc *soc)
{
  if (!soc->state_dir)
    return soc_fail(soc, "this device has no state folder");
  return soc_state_commit(soc, soc->model->stage(soc));
}

void soc_free(struct soc *soc)
{
  if (!soc)
    return;
  if (soc->chip)
    soc->model->destroy(soc);
  soc_state_close(soc);
  if (soc->drive)
    soc_drive_end(soc->drive);
  free(soc->drive);
  cpu_free(soc->cpu);
  free(soc->unmapped);
  free(soc);
}

/* ---- power and reset ---- */
static const char *const cause_names[SOC_CAUSES] = {"por",    "nrst",     "software", "iwdg",     "wwdg",
                                                    "option", "firewall", "bor",      "low_power"};

static void do_reset(struct soc *soc, enum soc_cause cause)
{
  soc->reset_requested = false;
  soc->dead = false;
  soc->locked_up = false;
  soc->resets[cause]++;
  uint32_t vectors = soc->model->reset(soc, cause);
  soc_log(soc, "reset: %s", cause_names[cause]);
  cpu_reset(soc->cpu, vectors);
  if (soc->host.reset)
    soc->host.reset(soc->host.ctx, cause == SOC_CAUSE_POWER);
}

void soc_power_on(struct soc *soc)
{
  if (soc->powered || soc->running)
    return;
  soc->powered = true;
  soc->lost_power = false;
  do_reset(soc, SOC_CAUSE_POWER);
}

void soc_lose_power(struct soc *soc)
{
  if (!soc->powered)
    return;
  soc->powered = false;
  soc->lost_power = true;
  soc->dead = true;
  soc->model->power_off(soc);
  cpu_stop(soc->cpu);
}

void soc_power_off(struct soc *soc)
{
  soc_lose_power(soc);
}

void soc_request_reset(struct soc *soc, enum soc_cause cause)
{
  if (!soc->powered || soc->reset_requested)
    return;
  soc->reset_requested = true;
  soc->reset_cause = cause;
  soc->dead = true;
  cpu_stop(soc->cpu);
}

static void reset_from_outside(struct soc *soc, enum soc_cause cause)
{
  soc_request_reset(soc, cause);
  if (soc->reset_requested && !soc->running)
    do_reset(soc, soc->reset_cause);
}

void soc_reset_pin(struct soc *soc)
{
  reset_from_outside(soc, SOC_CAUSE_PIN);
}

bool soc_powered(const struct soc *soc)
{
  return soc->powered;
}

/* ---- running ---- */
#define BARREN_MAX 8u

/* The core does nothing any more. With a watchdog running, time goes on until it bites. */
static bool watchdog_bites(struct soc *soc)
{
  while (soc->model->watched(soc) && soc->events && !soc->dead)
    soc_wait(soc, soc->events->at);
  return soc->dead;
}

/* The core locks up at its first instruction, time and again: no reset by a watchdog will change that. (A few tries,
 * because a weak cell in the vectors may read well the next time.) */
static bool is_barren(struct soc *soc)
{
  uint64_t done = cpu_instructions(soc->cpu);
  if (done - soc->barren_at > 1)
    soc->barren = 0;
  soc->barren_at = done;
  return ++soc->barren > BARREN_MAX;
}

static enum soc_stop run(struct soc *soc, uint64_t max_instructions)
{
  uint64_t end = max_instructions ? cpu_instructions(soc->cpu) + max_instructions : UINT64_MAX;
  while (true) {
    enum cpu_stop stop = CPU_STOP_LOCKUP;
    if (!soc->locked_up) {
      uint64_t done = cpu_instructions(soc->cpu);
      if (done >= end)
        return SOC_STOP_LIMIT;
      stop = cpu_run(soc->cpu, end == UINT64_MAX ? 0 : end - done);
    }
    if (soc->lost_power)
      return SOC_STOP_POWER;
    if (stop == CPU_STOP_RESET)
      soc_request_reset(soc, SOC_CAUSE_SOFTWARE);
    if (stop == CPU_STOP_LOCKUP) {
      soc->locked_up = true;
      if (!soc->reset_requested && (is_barren(soc) || !watchdog_bites(soc)))
        return SOC_STOP_LOCKUP;
      if (soc->lost_power)
        return SOC_STOP_POWER;
    }
    bool reset = soc->reset_requested;
    if (reset)
      do_reset(soc, soc->reset_cause);
    if (soc->stop_requested)
      return SOC_STOP_REQUEST;
    if (reset)
      continue;
    if (stop == CPU_STOP_BREAKPOINT || stop == CPU_STOP_WATCHPOINT || stop == CPU_STOP_BKPT)
      return SOC_STOP_DEBUG;
    if (stop == CPU_STOP_IDLE)
      return SOC_STOP_IDLE;
  }
}

enum soc_stop soc_run(struct soc *soc, uint64_t max_instructions)
{
  if (!soc->powered)
    return SOC_STOP_POWER;
  soc->running = true;
  soc->stop_requested = false;
  enum soc_stop stop = run(soc, max_instructions);
  soc->running = false;
  return stop;
}

void soc_stop(struct soc *soc)
{
  soc->stop_requested = true;
  cpu_stop(soc->cpu);
}

struct cpu *soc_cpu(struct soc *soc)
{
  return soc->cpu;
}

double soc_seconds(const struct soc *soc)
{
  return soc->hz ? (double)soc_now(soc) / (double)SOC_PS_PER_S : 0;
}

/* ---- the outside world ---- */
void soc_attach(struct soc *soc, const struct soc_host *host)
{
  soc->host = *host;
}

size_t soc_uart_rx(struct soc *soc, unsigned uart, const void *bytes, size_t count)
{
  return soc->powered ? soc->model->uart_rx(soc, uart, bytes, count) : 0;
}

void soc_pin(struct soc *soc, char port, unsigned pin, bool high)
{
  soc->model->pin(soc, port, pin, high);
}

void soc_pin_release(struct soc *soc, char port, unsigned pin)
{
  soc->model->pin_release(soc, port, pin);
}

static void ring(void *ctx)
{
  struct soc *soc = ctx;
  if (soc->host.alarm)
    soc->host.alarm(soc->host.ctx);
}

void soc_alarm(struct soc *soc, double seconds)
{
  soc->alarm.fire = ring;
  soc->alarm.ctx = soc;
  if (seconds * (double)SOC_PS_PER_S < (double)INT64_MAX)
    soc_at(soc, &soc->alarm, seconds > 0 ? (uint64_t)(seconds * (double)SOC_PS_PER_S) : 0);
  else
    soc_cancel(soc, &soc->alarm);
}

bool soc_may_wait(struct soc *soc)
{
  uint64_t now = soc_now(soc);
  if (soc->ops_seen != soc->flash_ops) {
    soc->ops_seen = soc->flash_ops;
    soc->ops_seen_at = now;
  }
  return cpu_asleep(soc->cpu) || now - soc->ops_seen_at > 50 * SOC_PS_PER_MS;
}

void soc_uart_idle(struct soc *soc, unsigned uart)
{
  uint64_t now = cpu_cycles(soc->cpu);
  if (!soc->host.uart_idle || now < soc->uart_idle_at)
    return;
  soc->uart_idle_at = now + soc->hz / 4000;
  soc->host.uart_idle(soc->host.ctx, uart);
}

/* ---- the debug probe ---- */
#define SCS_BASE 0xE000E000u
#define SCS_SIZE 0x1000u

bool soc_mem_read(struct soc *soc, uint32_t addr, void *to, size_t size)
{
  uint8_t *out = to;
  while (size > 0) {
    uint32_t word = 0;
    unsigned n = 4 - (addr & 3u);
    if (n > size)
      n = (unsigned)size;
    struct soc_access how = {SOC_BY_DEBUG, CPU_READ, n == 4 ? 4 : 1, true};
    if (addr - SCS_BASE < SCS_SIZE) {
      word = cpu_scs_read(soc->cpu, addr & ~3u) >> (8 * (addr & 3u));
    } else if (n == 4) {
      if (!soc_bus_read(soc, addr, &how, &word))
        return false;
    } else {
      for (unsigned i = 0; i < n; i++) {
        uint32_t byte;
        if (!soc_bus_read(soc, addr + i, &how, &byte))
          return false;
        word |= byte << (8 * i);
      }
    }
    memcpy(out, &word, n);
    out += n;
    addr += n;
    size -= n;
  }
  return true;
}

bool soc_mem_write(struct soc *soc, uint32_t addr, const void *from, size_t size)
{
  const uint8_t *in = from;
  while (size > 0) {
    bool word = size >= 4 && (addr & 3u) == 0;
    unsigned n = word ? 4 : 1;
    uint32_t value = 0;
    memcpy(&value, in, n);
    struct soc_access how = {SOC_BY_DEBUG, CPU_WRITE, n, true};
    if (addr - SCS_BASE < SCS_SIZE) {
      if (!word)
        return false;
      cpu_scs_write(soc->cpu, addr, value);
    } else if (!soc_bus_write(soc, addr, &how, value)) {
      return false;
    }
    in += n;
    addr += n;
    size -= n;
  }
  return true;
}

unsigned soc_rdp(const struct soc *soc)
{
  return soc->model->rdp ? soc->model->rdp(soc) : 0;
}

static uint32_t *option_word(struct soc *soc, unsigned number, struct soc_option *o)
{
  char name[48];
  uint32_t reg, *stored = soc->model->option ? soc->model->option(soc, number, &reg, &o->loaded) : NULL;
  if (!stored)
    return NULL;
  soc_reg_name(soc, reg, name, sizeof name);
  const char *last = strrchr(name, '.');
  snprintf(o->name, sizeof o->name, "%.15s", last ? last + 1 : name);
  o->stored = stored[0];
  o->sound = stored[0] == ~stored[1];
  return stored;
}

bool soc_option_get(struct soc *soc, unsigned number, struct soc_option *option)
{
  return option_word(soc, number, option) != NULL;
}

bool soc_option_set(struct soc *soc, const char *name, uint32_t value)
{
  struct soc_option o;
  uint32_t *stored;
  for (unsigned i = 0; (stored = option_word(soc, i, &o)); i++)
    if (!strcmp(o.name, name)) {
      stored[0] = value;
      stored[1] = ~value;
      return true;
    }
  return false;
}

bool soc_dap_open(const struct soc *soc)
{
  return soc->powered && (!soc->model->dap_open || soc->model->dap_open(soc));
}

uint32_t soc_dap_boundary_id(const struct soc *soc)
{
  return soc->model->boundary_tap;
}

uint16_t soc_dap_part(const struct soc *soc)
{
  return soc->model->dap_part;
}

void soc_dap_attach(struct soc *soc, bool attached)
{
  if (soc->powered && soc->model->dap_attach)
    soc->model->dap_attach(soc, attached);
}

bool soc_dap_read(struct soc *soc, uint32_t addr, unsigned size, uint32_t *value)
{
  struct soc_access how = {SOC_BY_DAP, CPU_READ, size, true};
  *value = 0;
  bool ok = soc_dap_open(soc) && soc_bus_read(soc, addr, &how, value);
  if (soc->reset_requested && !soc->running)
    do_reset(soc, soc->reset_cause);
  return ok;
}

bool soc_dap_write(struct soc *soc, uint32_t addr, unsigned size, uint32_t value)
{
  struct soc_access how = {SOC_BY_DAP, CPU_WRITE, size, true};
  bool ok = soc_dap_open(soc) && soc_bus_write(soc, addr, &how, value);
  if (soc->reset_requested && !soc->running)
    do_reset(soc, soc->reset_cause);
  return ok;
}

void soc_dap_reset(struct soc *soc)
{
  reset_from_outside(soc, SOC_CAUSE_SOFTWARE);
}

void soc_dap_elapse(struct soc *soc, double seconds)
{
  if (!soc->powered || soc->running)
    return;
  if (soc->model->dap_halted)
    soc->model->dap_halted(soc, true);
  soc_wait(soc, soc_now(soc) + (uint64_t)(seconds * (double)SOC_PS_PER_S));
  if (soc->model->dap_halted)
    soc->model->dap_halted(soc, false);
  if (soc->powered && soc->reset_requested)
    do_reset(soc, soc->reset_cause);
}

bool soc_flash_load(struct soc *soc, uint32_t addr, const void *from, size_t size)
{
  return soc->model->flash_load(soc, addr, from, size);
}

bool soc_flash_erase(struct soc *soc, uint32_t addr, size_t size)
{
  return soc->model->flash_erase(soc, addr, size);
}

bool soc_factory_load(struct soc *soc, uint32_t addr, const void *from, size_t size)
{
  return soc->model->factory_load && soc->model->factory_load(soc, addr, from, size);
}

size_t soc_regions(const struct soc *soc, const struct soc_region **regions)
{
  *regions = soc->model->regions;
  return soc->model->region_count;
}

const char *soc_cause_name(enum soc_cause cause)
{
  return cause_names[cause];
}
