/* The core's debug registers as the access port sees them: DHCSR, DCRSR, DCRDR, DEMCR, DFSR, breakpoints (FPB),
 * watchpoints (DWT), the ROM table. Everything else passes on to the target's memory.
 *
 * Facts: ARMv7-M ARM, part C; Cortex-M4 TRM chapters 8 to 11. Left out: the debug monitor, literal comparators and
 * remapping of the FPB, the DWT's counters other than CYCCNT, trace (ITM, TPIU and ETM can be found and do nothing).
 */
#ifndef SIM_DAP_CORE_DEBUG_H
#define SIM_DAP_CORE_DEBUG_H

#include "sim/dap/dap.h"

#define CORE_DEBUG_BREAKPOINTS 6u
#define CORE_DEBUG_WATCHPOINTS 4u

enum core_debug_state { CORE_RUNNING, CORE_ASLEEP, CORE_HALTED, CORE_LOCKED_UP };
enum core_debug_resume { CORE_RUN, CORE_STEP };

struct core_debug_target {
  void *ctx;
  uint16_t part; /* for the ROM table */

  enum core_debug_state (*state)(void *ctx);
  void (*enable)(void *ctx, bool on); /* DHCSR.C_DEBUGEN */
  void (*halt)(void *ctx);
  void (*resume)(void *ctx, enum core_debug_resume how, bool mask_interrupts);
  void (*reset)(void *ctx); /* SYSRESETREQ; core_debug_reset() comes from inside */
  /* Registers by enum cpu_reg. */
  uint32_t (*get)(void *ctx, unsigned reg);
  void (*set)(void *ctx, unsigned reg, uint32_t value);
  void (*breakpoint)(void *ctx, uint32_t addr, bool set);
  void (*watchpoint)(void *ctx, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set);

  /* System Control Space and DWT, words; then all other memory, as in struct dap_bus. */
  uint32_t (*system_read)(void *ctx, uint32_t addr);
  void (*system_write)(void *ctx, uint32_t addr, uint32_t value);
  bool (*read)(void *ctx, uint32_t addr, unsigned size, uint32_t *value);
  bool (*write)(void *ctx, uint32_t addr, unsigned size, uint32_t value);
};

struct core_debug {
  const struct core_debug_target *target;
  uint32_t control; /* DHCSR.C_* */
  uint32_t data;    /* DCRDR */
  uint32_t catch;   /* DEMCR.VC_* and TRCENA */
  uint32_t reason;  /* DFSR */
  bool was_reset, has_run;
  bool fpb_on;
  uint32_t fpb[CORE_DEBUG_BREAKPOINTS];
  struct core_debug_watch {
    uint32_t addr, mask, function;
    bool set, matched;
    uint32_t set_addr, set_size; /* as the target has it */
    bool set_read, set_write;
  } watch[CORE_DEBUG_WATCHPOINTS];
};

/* Power-on reset; after core_debug_release(). */
void core_debug_power_on(struct core_debug *debug, const struct core_debug_target *target);
/* The core has been reset; true: it is to halt before its first instruction (vector catch). */
bool core_debug_reset(struct core_debug *debug);
/* Debugging ends: the target is freed of breakpoints and watchpoints. */
void core_debug_release(struct core_debug *debug);
/* The debugger keeps the core halted. */
bool core_debug_holds(const struct core_debug *debug);
/* The core has taken a fault; true: it is to halt before the handler's first instruction. */
bool core_debug_fault(struct core_debug *debug, unsigned exception);
/* The core has stopped by itself. */
enum core_debug_stop { CORE_STOP_HALT, CORE_STOP_BREAKPOINT, CORE_STOP_WATCHPOINT };
void core_debug_stopped(struct core_debug *debug, enum core_debug_stop why, uint32_t watched_addr);

/* The bus behind the access port; see struct dap_bus. */
bool core_debug_read(struct core_debug *debug, uint32_t addr, unsigned size, uint32_t *value);
bool core_debug_write(struct core_debug *debug, uint32_t addr, unsigned size, uint32_t value);

#endif
