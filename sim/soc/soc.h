/* A simulated microcontroller: a core, its memories and its peripherals, and the board parts wired to it.
 *
 * This is what a host program (stm32sim, a test, a benchmark) uses. A series lives in sim/soc/<series>/ and fills in
 * `struct soc_model`; nothing here knows a series. One `struct soc` belongs to one thread. fork() is allowed.
 */
#ifndef SIM_SOC_SOC_H
#define SIM_SOC_SOC_H

#include "sim/cpu/cpu.h"

#include <stdio.h>

struct soc;

/* ---- life ---- */
/* `model`: "stm32l476", "stm32l475" and "stm32l496" (with a NOR flash), "stm32l462". `state_dir`: folder that holds
 * what survives power-off (created when missing), or NULL for a device that lives in memory only. Returns NULL and
 * writes a message to `err` (size `err_size`) on failure.
 */
struct soc *soc_new(const char *model, const char *state_dir, char *err, size_t err_size);
/* Writes the state back. False: I/O error, message in soc_error(). */
bool soc_save(struct soc *soc);
void soc_free(struct soc *soc); /* does not save */
const char *soc_error(const struct soc *soc);
/* Names of all models, NULL-terminated. */
const char *const *soc_models(void);

/* ---- power and reset ---- */
void soc_power_on(struct soc *soc);  /* power-on reset; RAM holds noise from a fixed seed, except where kept off */
void soc_power_off(struct soc *soc); /* as pulling the plug: an operation under way tears (see cuts) */
void soc_reset_pin(struct soc *soc); /* NRST */
bool soc_powered(const struct soc *soc);

/* ---- running ---- */
enum soc_stop {
  SOC_STOP_LIMIT = 1, /* max_instructions executed (in this call) */
  SOC_STOP_REQUEST,   /* soc_stop() called, e.g. by a UART callback that saw its text */
  SOC_STOP_LOCKUP,    /* core locked up and no watchdog will ever reset it */
  SOC_STOP_POWER,     /* a planned cut took the power away */
  SOC_STOP_DEBUG,     /* breakpoint, watchpoint or BKPT under a debugger */
  SOC_STOP_IDLE,      /* asleep for good */
};
/* Run; resets asked for by the program (SYSRESETREQ, watchdog, option-byte launch, firewall) happen inside. */
enum soc_stop soc_run(struct soc *soc, uint64_t max_instructions);
void soc_stop(struct soc *soc);
/* Off by default. On: a polling loop that waits (for flash, a UART, a clock) runs a few rounds only, then time jumps to
 * what happens next. The program sees the same times, but executes fewer idle instructions: for campaigns. */
void soc_skip_idle(struct soc *soc, bool on);
struct cpu *soc_cpu(struct soc *soc);

/* ---- the simulator's window: memory without side effects, and the flash loader ----
 * Past every protection of the chip: this is the judge's view, for tests that look for secrets or plant damage. What
 * plays an attacker uses the chip's own debug port, below. */
bool soc_mem_read(struct soc *soc, uint32_t addr, void *to, size_t size);
bool soc_mem_write(struct soc *soc, uint32_t addr, const void *from, size_t size);  /* RAM and registers */
bool soc_flash_load(struct soc *soc, uint32_t addr, const void *from, size_t size); /* sets flash; no wear, no time */
bool soc_flash_erase(struct soc *soc, uint32_t addr, size_t size);                  /* whole pages */
/* Option bytes and unique id, as set at manufacture: before power-on. `from` NULL: only look. False: nothing of the
 * kind lies there. */
bool soc_factory_load(struct soc *soc, uint32_t addr, const void *from, size_t size);
struct soc_region {
  const char *name;
  uint32_t base, size, page;
  bool flash;
};
/* Memory map for debuggers; returns the count. */
size_t soc_regions(const struct soc *soc, const struct soc_region **regions);

/* ---- the chip's own debug port ----
 * What a probe on the chip's JTAG pins can do. Unlike the window above it obeys the chip's protections, and what it
 * does has side effects, as on silicon. JTAG itself is in sim/dap. Use it between two runs. */
bool soc_dap_open(const struct soc *soc); /* a probe reaches it at all: power, read protection below 2, JTAG pins */
/* The debug domain is powered up, or let go. At read protection level 1 this closes flash, SRAM2 and backup registers
 * to everybody, the core included, until the next power-on. */
void soc_dap_attach(struct soc *soc, bool attached);
/* Read protection level in force, 0, 1 or 2; without power: the one that power-on will bring. */
unsigned soc_rdp(const struct soc *soc);
uint32_t soc_dap_boundary_id(const struct soc *soc); /* IDCODE of the boundary-scan TAP */
uint16_t soc_dap_part(const struct soc *soc);        /* such as 0x415 */
/* One aligned access of 1, 2 or 4 bytes by the debug port's bus master. False: bus fault. System Control Space and
 * DWT are reached by cpu_scs_read(). */
bool soc_dap_read(struct soc *soc, uint32_t addr, unsigned size, uint32_t *value);
bool soc_dap_write(struct soc *soc, uint32_t addr, unsigned size, uint32_t value);
void soc_dap_reset(struct soc *soc); /* AIRCR.SYSRESETREQ written by the probe */
/* Time passes while the core is halted: `seconds` of it. What the chip does on its own goes on, resets included. */
void soc_dap_elapse(struct soc *soc, double seconds);

/* ---- option bytes from outside ----
 * By number from 0; false: no more. `stored` is what the next power-on or launch loads (if `sound`: with its
 * complement), `loaded` what is in force. */
struct soc_option {
  char name[16]; /* of its register, such as "OPTR" */
  uint32_t stored, loaded;
  bool sound;
};
bool soc_option_get(struct soc *soc, unsigned number, struct soc_option *option);
/* As set at manufacture; in force after the next power-on or launch. False: no option word of this name. */
bool soc_option_set(struct soc *soc, const char *name, uint32_t value);

/* ---- the outside world ----
 * UARTs are numbered as on the chip: 1 is USART1, 4 would be UART4; LPUART1 has a number of its own. */
#define SOC_LPUART1 101u
/* SPI1 as a slave is a line like a UART: each byte given to soc_uart_rx() is one that the master clocks in, and for
 * each one byte comes out, through uart_tx. */
#define SOC_SPI1 201u
struct soc_host {
  void *ctx;
  void (*uart_tx)(void *ctx, unsigned uart, uint8_t byte); /* a byte left the chip on USARTn */
  void (*log)(void *ctx, const char *line);                /* fault reports, unmodelled registers (once each), resets */
  /* The program polls an empty receiver: it has nothing to do. The host may push bytes, sleep to keep pace
   * with real time, stop the run, or return at once. Called at most every quarter of a millisecond of simulated time;
   * for a receiver with interrupts, every millisecond. May be NULL. */
  void (*uart_idle)(void *ctx, unsigned uart);
  /* The chip has been reset and has not executed anything yet; soc_stop() here ends the run before it does. May be
   * NULL. */
  void (*reset)(void *ctx, bool power_on);
  /* An exception that is a fault (number as in struct cpu_fault) or NMI was taken; soc_stop() ends the run before the
   * handler's first instruction. May be NULL. */
  void (*fault)(void *ctx, unsigned exception);
  /* The time set with soc_alarm() has come. Called between two instructions; may set the next one. May be NULL. */
  void (*alarm)(void *ctx);
};
void soc_attach(struct soc *soc, const struct soc_host *host);
/* Put bytes on the line to USARTn; they arrive one by one at the baud rate that the firmware has set. Returns how
 * many were taken (the line buffers at least 4096). */
size_t soc_uart_rx(struct soc *soc, unsigned uart, const void *bytes, size_t count);
/* Level of a pin as driven from outside, e.g. 'C', 13, false for the pressed button of a NUCLEO. */
void soc_pin(struct soc *soc, char port, unsigned pin, bool high);
void soc_pin_release(struct soc *soc, char port, unsigned pin); /* nobody outside drives it any more */
/* A flash drive in the board's USB socket, or none: `path` is an image file, as mkfs.vfat makes it (sim/soc/drive.h).
 * It may come and go at any time. False: soc_error() says why, and what was in is still in. */
bool soc_drive_insert(struct soc *soc, const char *path);
void soc_drive_eject(struct soc *soc);
double soc_seconds(const struct soc *soc); /* simulated time since creation */
/* Call the host at that simulated time (seconds since creation; INFINITY: never). One alarm; a new one replaces the
 * old. A core that sleeps lets time jump there. */
void soc_alarm(struct soc *soc, double seconds);

/* ---- flash faults ---- */
enum soc_cut_mode { SOC_CUT_BEFORE, SOC_CUT_CLEAN /* after */, SOC_CUT_TORN, SOC_CUT_WEAK };
/* Take the power away at flash operation number soc_flash_ops() + n (n = 1: the next one): before it, right after it,
 * in the middle of it (TORN: bits half programmed or erased; the double word may read as old, new or garbage, with an
 * ECC error or not; WEAK: an erase or program that looks done but whose cells read differently from time to time).
 * `seed` chooses the pattern. n = 0 cancels. */
void soc_cut(struct soc *soc, uint64_t n, enum soc_cut_mode mode, uint32_t seed);
uint64_t soc_flash_ops(const struct soc *soc); /* programs + page erases so far; a mass erase counts as one */

/* ---- campaigns: many runs from one state ----
 * A snapshot holds the whole chip: core, memories, peripherals, pending events, time, instruction counts, the plan of a
 * power cut. Not the host's side: callbacks, reports made once, breakpoints, a drive. Between two runs only. Snapshots
 * share flash pages that are the same. fork() works as well, but costs more. */
struct soc_snapshot;
struct soc_snapshot *soc_save_snapshot(struct soc *soc);
void soc_load_snapshot(struct soc *soc, const struct soc_snapshot *snapshot); /* as often as you like */
void soc_free_snapshot(struct soc *soc, struct soc_snapshot *snapshot);
/* Equal when core registers, RAM, flash and peripheral registers are equal; instruction counts and times are left out,
 * so two runs that have come together again compare equal although one took longer. `ignored`: addresses in RAM that do
 * not count (stack below the stack pointer, counters); at most a few, not overlapping. */
struct soc_range {
  uint32_t addr, size;
};
uint64_t soc_hash(struct soc *soc, const struct soc_range *ignored, size_t count);
/* The next instruction is fetched but not executed (cpu_skip). A firewall sees the fetch. */
void soc_skip(struct soc *soc);
/* Execute up to `max` instructions and note the address of each. Returns how many; *stop says why it ended
 * (SOC_STOP_LIMIT: all of them). To run to instruction number N: soc_run(soc, N - cpu_instructions(soc_cpu(soc))). */
size_t soc_trace(struct soc *soc, uint32_t *pcs, size_t max, enum soc_stop *stop);

/* ---- figures ---- */
struct soc_stats {
  uint64_t instructions; /* executed */
  uint64_t idle;         /* of these, spent in polling loops that waited for flash, a UART or another status */
  uint64_t cycles;
  uint64_t programs; /* double words programmed */
  uint64_t erases;   /* pages erased */
  uint64_t resets;
  uint32_t max_page_erases;
};
void soc_get_stats(const struct soc *soc, struct soc_stats *stats);
void soc_clear_stats(struct soc *soc); /* wear counters included; time and instruction counts go on from zero */
void soc_print_stats(
    const struct soc *soc,
    FILE *to); /* JSON object: all of the above, per-page erases, those of a flash outside, resets by cause */

#endif
