/* A bare machine for testing the core: code memory at 0, RAM at 0x20000000, semihosting output, nothing else. It is
 * the same as what QEMU's mps2-an386 and microbit show to the test programs.
 */
#ifndef TEST_CPU_MACHINE_H
#define TEST_CPU_MACHINE_H

#include "sim/cpu/cpu.h"
#include <stdio.h>

#define MACHINE_CODE_SIZE (1u << 20)
#define MACHINE_RAM       0x20000000u
#define MACHINE_RAM_SIZE  (128u << 10)
#define MACHINE_ALIAS     0x10000000u /* the RAM again */

struct machine {
  struct cpu *cpu;
  uint8_t *code, *ram; /* aligned to granules */
  FILE *out;           /* where semihosting output goes; NULL: nowhere */
  bool exited;
  int exit_code;

  /* hooks for tests; any may be NULL */
  bool (*refuse)(struct machine *m, uint32_t addr, enum cpu_access access); /* true: direct is refused */
  bool (*device_read)(struct machine *m, uint32_t addr, unsigned size, uint32_t *value);
  bool (*device_write)(struct machine *m, uint32_t addr, unsigned size, uint32_t value);
  void (*on_fetch)(struct machine *m, uint32_t addr);
  void (*tick)(struct machine *m);
  unsigned faults; /* on_fault calls */
  void *user;
};

bool machine_init(struct machine *m, enum cpu_arch arch, bool fpu);
void machine_free(struct machine *m);
bool machine_load(struct machine *m, const char *path); /* raw binary at 0 */
/* Run with semihosting until the program exits (CPU_STOP_BKPT) or the core stops for another reason. `instructions`
 * bounds the whole run; 0: no bound. */
enum cpu_stop machine_run(struct machine *m, uint64_t instructions);

#endif
