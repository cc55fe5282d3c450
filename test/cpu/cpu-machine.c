/* cpu-machine: run a raw binary on the bare machine, its semihosting output on stdout.
 *
 * usage: cpu-machine [--v6m] [--fpu] [--chunk N] [--stats] FILE.bin
 * --chunk N runs N instructions at a time: the output must not depend on it. Exit code: the program's, or 2.
 */
#include "test/cpu/machine.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const names[] = {"none",       "limit",      "request", "reset", "lockup",
                                    "breakpoint", "watchpoint", "bkpt",    "idle"};

static double cpu_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
  struct machine m;
  enum cpu_arch arch = CPU_ARCH_V7EM;
  bool fpu = false, stats = false;
  uint64_t chunk = 0;
  const char *path = NULL;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--v6m")) {
      arch = CPU_ARCH_V6M;
    } else if (!strcmp(argv[i], "--fpu")) {
      fpu = true;
    } else if (!strcmp(argv[i], "--stats")) {
      stats = true;
    } else if (!strcmp(argv[i], "--chunk") && i + 1 < argc) {
      chunk = strtoull(argv[++i], NULL, 0);
    } else {
      path = argv[i];
    }
  }
  if (!path || !machine_init(&m, arch, fpu)) {
    fprintf(stderr, "usage: cpu-machine [--v6m] [--fpu] [--chunk N] [--stats] FILE.bin\n");
    return 2;
  }
  if (!machine_load(&m, path)) {
    fprintf(stderr, "cpu-machine: cannot load %s\n", path);
    machine_free(&m);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0); /* so that a test that is ended for taking too long shows how far it got */
  m.out = stdout;
  cpu_reset(m.cpu, 0);
  double begin = cpu_seconds();
  enum cpu_stop stop;
  do {
    stop = machine_run(&m, chunk);
  } while (stop == CPU_STOP_LIMIT);
  double seconds = cpu_seconds() - begin;
  int code = m.exit_code;
  if (!m.exited) {
    char text[160];
    cpu_fault_text(cpu_last_fault(m.cpu), text, sizeof text);
    printf("stopped: %s (%s)\n", names[stop], text);
    code = 2;
  }
  fflush(stdout);
  if (stats) {
    uint64_t n = cpu_instructions(m.cpu);
    fprintf(stderr, "instructions %" PRIu64 ", cycles %" PRIu64 ", %.3f s, %.1f MIPS\n", n, cpu_cycles(m.cpu), seconds,
            (double)n / seconds / 1e6);
  }
  machine_free(&m);
  return code;
}
