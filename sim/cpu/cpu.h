/* The simulated processor: an ARMv7E-M or ARMv6-M core with NVIC, SysTick, faults, MPU and FPU.
 *
 * This header is the whole contract between the core and the rest of the simulator. The core knows no device: memory
 * and peripherals are reached through `struct cpu_bus`, time passes in cycles, and everything a chip does on its own
 * (timers, flash operations, the watchdog) hangs on one deadline that the chip sets with cpu_set_deadline().
 *
 * Nothing here is thread-safe; one core belongs to one thread. The library may be used by a process that forks
 * (fault and power-cut campaigns do): no state lives outside `struct cpu` and what the bus owner keeps.
 */
#ifndef SIM_CPU_CPU_H
#define SIM_CPU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory is described to the core in granules of this many bytes (a power of two). */
#define CPU_GRANULE 256u

enum cpu_arch { CPU_ARCH_V6M, CPU_ARCH_V7EM };

enum cpu_access { CPU_READ, CPU_WRITE, CPU_FETCH };

/* What a chip gives to its core. Every function gets `ctx`. Addresses are physical (Cortex-M has no translation).
 * The core has applied the MPU and the fixed system map before it calls; System Control Space (0xE000E000-0xE000EFFF)
 * and the DWT of an ARMv7E-M core (0xE0001000-0xE0001FFF) never reach the bus, nor do bit-band aliases (they arrive as
 * byte accesses to what they stand for). An unaligned access arrives as aligned pieces. Any of these may call
 * cpu_stall, cpu_irq_*, cpu_nmi, cpu_stop, cpu_set_deadline, cpu_invalidate and cpu_flush. */
struct cpu_bus {
  void *ctx;

  /* Host address of the first byte of the granule at `addr` (aligned to CPU_GRANULE) if plain memory without side
   * effects lies there for this kind of access, else NULL. With NULL each access goes through read/write/fetch, which
   * is how flash under an ECC error, write-protected or firewalled memory and peripherals are made. The core remembers
   * the answer until cpu_invalidate covers the granule or cpu_flush is called. */
  uint8_t *(*direct)(void *ctx, uint32_t addr, enum cpu_access kind);

  /* One access of 1, 2 or 4 bytes, naturally aligned. `privileged` tells the mode. Return true, or false for a bus
   * fault (precise for reads and, as a simplification, for writes). */
  bool (*read)(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t *value);
  bool (*write)(void *ctx, uint32_t addr, unsigned size, bool privileged, uint32_t value);

  /* One halfword of an instruction in a granule whose direct(FETCH) is NULL; called each time it executes, in
   * execution order, so that a firewall can watch. False: instruction bus fault. */
  bool (*fetch)(void *ctx, uint32_t addr, bool privileged, uint16_t *halfword);

  /* The deadline has come: called between two instructions, at the first boundary at or after the cycle asked for.
   * The deadline is cleared before the call. */
  void (*tick)(void *ctx);

  /* An exception other than SVC, PendSV, SysTick and interrupts was taken (for fault reports). May be NULL.
   * cpu_last_fault() has the details. */
  void (*on_fault)(void *ctx);
};

enum cpu_stop {
  CPU_STOP_NONE = 0,
  CPU_STOP_LIMIT,      /* the number of instructions asked for has been executed */
  CPU_STOP_REQUEST,    /* somebody called cpu_stop() */
  CPU_STOP_RESET,      /* AIRCR.SYSRESETREQ was written */
  CPU_STOP_LOCKUP,     /* fault inside HardFault or NMI, or during vector fetch at reset */
  CPU_STOP_BREAKPOINT, /* about to execute at a breakpoint */
  CPU_STOP_WATCHPOINT, /* a watched access was done; cpu_watch_hit() tells which */
  CPU_STOP_BKPT,       /* BKPT instruction with halting debug enabled (cpu_set_debug); pc is on it */
  CPU_STOP_IDLE,       /* WFI/WFE and no deadline: nothing will ever happen without an outside event */
};

struct cpu;

struct cpu *cpu_new(enum cpu_arch arch, unsigned irqs, unsigned priority_bits, bool fpu, const struct cpu_bus *bus);
void cpu_free(struct cpu *cpu);

/* Reset as the chip's reset line does: loads MSP and PC from `vector_table` through the bus. Decoded code and cached
 * granules are dropped. Instruction and cycle counts go on. */
void cpu_reset(struct cpu *cpu, uint32_t vector_table);

/* Run at most `instructions` (0: no limit). Interrupts and the deadline are honoured on the way. With a limit the core
 * stops exactly before the next instruction: what was due at that boundary (tick, exception entry) has happened. How a
 * run is cut into calls changes nothing. An instruction that faults counts as executed. */
enum cpu_stop cpu_run(struct cpu *cpu, uint64_t instructions);

/* ---- time ---- */
uint64_t cpu_instructions(const struct cpu *cpu); /* executed since cpu_new; exact, also from inside bus calls */
uint64_t cpu_cycles(const struct cpu *cpu);       /* estimate: per-instruction costs + stalls; never goes back */
void cpu_stall(struct cpu *cpu, uint64_t cycles); /* time passes without instructions (bus waits) */
/* Call bus->tick at that cycle (absolute); UINT64_MAX: never. One deadline; a new one replaces the old. While the core
 * sleeps (WFI/WFE) time jumps to the deadline. */
void cpu_set_deadline(struct cpu *cpu, uint64_t cycle);

/* ---- signals into the core ---- */
void cpu_irq_pend(struct cpu *cpu, unsigned irq);             /* edge: set pending */
void cpu_irq_level(struct cpu *cpu, unsigned irq, bool high); /* level: pending again on exit while high */
void cpu_nmi(struct cpu *cpu);                                /* set NMI pending */
void cpu_event(struct cpu *cpu);                              /* SEV from outside: wakes WFE */
void cpu_stop(struct cpu *cpu); /* end cpu_run after this instruction; between runs: the next one ends at once */

/* ---- what the core remembers of memory ---- */
void cpu_invalidate(struct cpu *cpu, uint32_t addr, uint32_t size); /* contents or permission changed here */
void cpu_flush(struct cpu *cpu);                                    /* everything may have changed */

/* ---- registers (debugger, fault injection, reports) ---- */
enum cpu_reg {
  CPU_R0,
  CPU_SP = 13,
  CPU_LR = 14,
  CPU_PC = 15,
  CPU_XPSR = 16,
  CPU_MSP,
  CPU_PSP,
  CPU_PRIMASK,
  CPU_BASEPRI,
  CPU_FAULTMASK,
  CPU_CONTROL,
  CPU_FPSCR,
  CPU_S0 = 32 /* ... S31 = 63 */
};
uint32_t cpu_get(const struct cpu *cpu, unsigned reg);
bool cpu_asleep(const struct cpu *cpu); /* in WFI or WFE */
/* Setting the PC also clears ITSTATE and wakes a sleeping core; the exception number in xPSR cannot be set. */
void cpu_set(struct cpu *cpu, unsigned reg, uint32_t value);
/* Read or write System Control Space (0xE000E000-0xE000EFFF) or, on ARMv7E-M, the DWT (0xE0001000-0xE0001FFF) as a
 * debugger would. */
uint32_t cpu_scs_read(struct cpu *cpu, uint32_t addr);
void cpu_scs_write(struct cpu *cpu, uint32_t addr, uint32_t value);

/* ---- debugging ---- */
void cpu_set_debug(struct cpu *cpu, bool enabled); /* DHCSR.C_DEBUGEN: BKPT stops instead of faulting */
/* Up to 64. After CPU_STOP_BREAKPOINT the next cpu_run executes the instruction. False: no room, or not set. */
bool cpu_breakpoint(struct cpu *cpu, uint32_t addr, bool set);
/* A breakpoint at the PC stops the next cpu_run before the instruction even so, as silicon does. */
void cpu_rearm(struct cpu *cpu);
/* DHCSR.C_MASKINTS: PendSV, SysTick and interrupts stay pending. For debuggers that step. */
void cpu_mask_interrupts(struct cpu *cpu, bool masked);
/* Up to 16, of any size. cpu_run ends after the instruction that made the access. */
bool cpu_watchpoint(struct cpu *cpu, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set);
bool cpu_watch_hit(const struct cpu *cpu, uint32_t *addr);
/* Skip the next instruction: advance the PC (and ITSTATE) without executing. For fault attacks and debuggers. It counts
 * as an instruction of one cycle. A skipped IT leaves its block unconditional, as a glitch would. */
void cpu_skip(struct cpu *cpu);

/* ---- the last fault ---- */
struct cpu_fault {
  unsigned exception; /* 2 NMI, 3 HardFault, 4 MemManage, 5 BusFault, 6 UsageFault */
  uint32_t pc;        /* the instruction */
  uint32_t addr;      /* for MemManage and BusFault with a valid address, else 0 */
  uint32_t cfsr, hfsr;
  uint32_t cause;         /* the CFSR bits that this fault set; CFSR itself keeps older ones until they are cleared */
  enum cpu_access access; /* with has_addr: what was tried there */
  bool has_addr;
  bool lockup;
};
const struct cpu_fault *cpu_last_fault(const struct cpu *cpu);
/* The cause in words, such as "data write to 0x08000000 refused by the MPU". Writes at most size bytes. */
void cpu_fault_text(const struct cpu_fault *fault, char *text, size_t size);

/* ---- snapshots: the architectural state, for campaigns that go back and forth in one process ---- */
/* Counts, cycles and the deadline are part of it; memory, breakpoints and the bus are not. Only for a core made with
 * the same arguments by the same build. */
size_t cpu_snapshot_size(const struct cpu *cpu);
void cpu_snapshot_save(const struct cpu *cpu, void *to);
void cpu_snapshot_load(struct cpu *cpu, const void *from); /* implies cpu_flush */
/* Hash of the architectural state without anything that is a time, a count or a record of the last fault. */
uint64_t cpu_hash(const struct cpu *cpu);

#endif
