/* See machine.h. */
#include "test/cpu/machine.h"
#include <stdlib.h>
#include <string.h>

static uint8_t *memory_at(struct machine *m, uint32_t addr)
{
  if (addr < MACHINE_CODE_SIZE) {
    return m->code + addr;
  }
  if (addr - MACHINE_RAM < MACHINE_RAM_SIZE) {
    return m->ram + (addr - MACHINE_RAM);
  }
  if (addr - MACHINE_ALIAS < MACHINE_RAM_SIZE) {
    return m->ram + (addr - MACHINE_ALIAS);
  }
  return NULL;
}

static uint8_t *direct(void *ctx, uint32_t addr, enum cpu_access access)
{
  struct machine *m = ctx;
  if (m->refuse && m->refuse(m, addr, access)) {
    return NULL;
  }
  return memory_at(m, addr);
}

static bool bus_read(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t *value)
{
  struct machine *m = ctx;
  (void)privileged;
  if (m->device_read && m->device_read(m, addr, size, value)) {
    return true;
  }
  const uint8_t *at = memory_at(m, addr);
  if (at) {
    *value = 0;
    memcpy(value, at, size);
  }
  return at != NULL;
}

static bool bus_write(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t value)
{
  struct machine *m = ctx;
  (void)privileged;
  if (m->device_write && m->device_write(m, addr, size, value)) {
    return true;
  }
  uint8_t *at = memory_at(m, addr);
  if (at) {
    memcpy(at, &value, size);
  }
  return at != NULL;
}

static bool bus_fetch(void *ctx, uint32_t addr, bool privileged, uint16_t *halfword)
{
  struct machine *m = ctx;
  (void)privileged;
  if (m->on_fetch) {
    m->on_fetch(m, addr);
  }
  const uint8_t *at = memory_at(m, addr);
  if (at) {
    memcpy(halfword, at, 2);
  }
  return at != NULL;
}

static void bus_tick(void *ctx)
{
  struct machine *m = ctx;
  if (m->tick) {
    m->tick(m);
  }
}

static void bus_on_fault(void *ctx)
{
  struct machine *m = ctx;
  m->faults++;
}

bool machine_init(struct machine *m, enum cpu_arch arch, bool fpu)
{
  memset(m, 0, sizeof *m);
  const struct cpu_bus bus = {.ctx = m,
                              .direct = direct,
                              .read = bus_read,
                              .write = bus_write,
                              .fetch = bus_fetch,
                              .tick = bus_tick,
                              .on_fault = bus_on_fault};
  m->code = aligned_alloc(CPU_GRANULE, MACHINE_CODE_SIZE);
  m->ram = aligned_alloc(CPU_GRANULE, MACHINE_RAM_SIZE);
  m->cpu = cpu_new(arch, 32, arch == CPU_ARCH_V6M ? 2 : 8, fpu, &bus);
  if (!m->code || !m->ram || !m->cpu) {
    machine_free(m);
    return false;
  }
  memset(m->code, 0xff, MACHINE_CODE_SIZE);
  memset(m->ram, 0, MACHINE_RAM_SIZE);
  cpu_set_debug(m->cpu, true);
  return true;
}

void machine_free(struct machine *m)
{
  free(m->code);
  free(m->ram);
  cpu_free(m->cpu);
}

bool machine_load(struct machine *m, const char *path)
{
  FILE *f = fopen(path, "rb");
  if (!f) {
    return false;
  }
  size_t n = fread(m->code, 1, MACHINE_CODE_SIZE, f);
  bool ok = n > 8 && !ferror(f);
  fclose(f);
  return ok;
}

/* Semihosting: SYS_WRITEC, SYS_WRITE0, SYS_EXIT */
static void semihost(struct machine *m)
{
  uint32_t operation = cpu_get(m->cpu, CPU_R0), argument = cpu_get(m->cpu, CPU_R0 + 1);
  const uint8_t *at;
  switch (operation) {
  case 0x03:
  case 0x04:
    while ((at = memory_at(m, argument++)) != NULL && *at) {
      if (m->out) {
        fputc(*at, m->out);
      }
      if (operation == 0x03) {
        break;
      }
    }
    break;
  case 0x18:
    m->exited = true;
    m->exit_code = argument != 0x20026u;
    break;
  default:
    break;
  }
}

enum cpu_stop machine_run(struct machine *m, uint64_t instructions)
{
  uint64_t end = cpu_instructions(m->cpu) + instructions;
  for (;;) {
    uint64_t left = instructions ? end - cpu_instructions(m->cpu) : 0;
    enum cpu_stop stop = cpu_run(m->cpu, left);
    if (stop != CPU_STOP_BKPT) {
      return stop;
    }
    uint32_t pc = cpu_get(m->cpu, CPU_PC);
    const uint8_t *at = memory_at(m, pc);
    if (!at || at[0] != 0xab) {
      return stop;
    }
    semihost(m);
    cpu_set(m->cpu, CPU_PC, pc + 2);
    if (m->exited) {
      return stop;
    }
  }
}
