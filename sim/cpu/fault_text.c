/* A fault in words, for people who read a log. */
#include "sim/cpu/internal.h"
#include <stdio.h>

static const struct {
  uint32_t bit;
  const char *text;
} causes[] = {
    {0x1, "instruction fetch refused (MPU or execute-never memory)"},
    {0x10, "stacking at exception entry refused by the MPU"},
    {0x8, "unstacking at exception return refused by the MPU"},
    {0x20, "lazy stacking of floating-point registers refused by the MPU"},
    {0x100, "instruction fetch ended in a bus error"},
    {0x1000, "stacking at exception entry ended in a bus error"},
    {0x800, "unstacking at exception return ended in a bus error"},
    {0x2000, "lazy stacking of floating-point registers ended in a bus error"},
    {0x10000, "undefined instruction"},
    {0x20000, "jump to an address with bit 0 clear (no Thumb state)"},
    {0x40000, "invalid exception return"},
    {0x80000, "coprocessor or FPU instruction without access"},
    {0x1000000, "unaligned access"},
    {0x2000000, "division by zero"},
};

static const char *exception_name(unsigned n)
{
  switch (n) {
  case EXC_NMI:
    return "NMI";
  case EXC_HARD:
    return "HardFault";
  case EXC_MEM:
    return "MemManage";
  case EXC_BUS:
    return "BusFault";
  case EXC_USAGE:
    return "UsageFault";
  case EXC_DEBUG:
    return "DebugMonitor";
  default:
    return "no fault";
  }
}

static void describe(const struct cpu_fault *f, char *text, size_t size)
{
  const char *access = f->access == CPU_WRITE ? "write to" : "read from";
  if (f->cause & 0x2u) {
    snprintf(text, size, "data %s 0x%08x refused by the MPU", access, (unsigned)f->addr);
    return;
  }
  if (f->cause & 0x200u) {
    snprintf(text, size, "data %s 0x%08x ended in a bus error", access, (unsigned)f->addr);
    return;
  }
  for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
    if (f->cause & causes[i].bit) {
      snprintf(text, size, "%s", causes[i].text);
      return;
    }
  }
  if (f->hfsr & 0x2u) {
    snprintf(text, size, "vector could not be read");
  } else if (f->hfsr >> 31) {
    snprintf(text, size, "breakpoint instruction without a debugger");
  } else if (f->hfsr & 0x40000000u) {
    snprintf(text, size, "SVC where its priority does not allow it");
  } else if (f->exception == EXC_NMI) {
    snprintf(text, size, "non-maskable interrupt");
  } else {
    snprintf(text, size, "the reset vector could not be read");
  }
}

void cpu_fault_text(const struct cpu_fault *f, char *text, size_t size)
{
  char cause[96];
  describe(f, cause, sizeof cause);
  snprintf(text, size, "%s%s at pc 0x%08x: %s", f->lockup ? "lockup in " : "", exception_name(f->exception),
           (unsigned)f->pc, cause);
}
