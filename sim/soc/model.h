/* What the files of the simulated chip share: the generic machinery, and what a series gives to it.
 *
 * Host programs include soc.h only. A series (sim/soc/<series>/) fills in `struct soc_model` and uses the services
 * below: simulated time with an event queue, memories and register blocks behind one bus, resets, figures, reports.
 * Nothing in this header or in sim/soc/ *.c knows a series. README.md tells how the parts fit.
 */
#ifndef SIM_SOC_MODEL_H
#define SIM_SOC_MODEL_H

#include "sim/soc/soc.h"

/* ---- time ----
 * Simulated time is counted in picoseconds from soc_new() (64 bits last 213 days). The core counts cycles of its own
 * clock; soc_set_clock() says how long a cycle is. */
#define SOC_PS_PER_S  UINT64_C(1000000000000)
#define SOC_PS_PER_MS UINT64_C(1000000000)
#define SOC_PS_PER_US UINT64_C(1000000)

struct soc_event {
  uint64_t at;             /* picoseconds */
  void (*fire)(void *ctx); /* called once; may set the event again */
  void *ctx;
  bool armed;
  struct soc_event *next;
};
uint64_t soc_now(const struct soc *soc);
void soc_set_clock(struct soc *soc, uint32_t hz);
void soc_at(struct soc *soc, struct soc_event *event, uint64_t at); /* sets or moves; fires at or after `at` */
void soc_after(struct soc *soc, struct soc_event *event, uint64_t ps);
void soc_cancel(struct soc *soc, struct soc_event *event);
/* The bus makes the core wait until then: time passes without instructions, events fire on the way. Returns early when
 * a reset or the loss of power ends the wait. */
void soc_wait(struct soc *soc, uint64_t until);

/* ---- the bus ---- */
/* SOC_BY_DAP is the chip's own debug port (JTAG): a master like the core, with side effects, for which protections
 * hold. SOC_BY_DEBUG is the simulator's window into the chip (gdb, control socket, tests): it sees everything, has no
 * side effects and takes no time. */
enum soc_master { SOC_BY_CPU, SOC_BY_DMA, SOC_BY_DAP, SOC_BY_DEBUG };
/* One access on its way. */
struct soc_access {
  enum soc_master master;
  enum cpu_access kind;
  unsigned size;
  bool privileged;
};

struct soc_mem;
struct soc_mem_ops {
  /* As in struct cpu_bus; `offset` counts from the memory's base. direct may be NULL: never. */
  uint8_t *(*direct)(struct soc_mem *mem, uint32_t offset, enum cpu_access kind);
  bool (*read)(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value);
  bool (*write)(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value);
};
struct soc_mem {
  const char *name;
  uint32_t base, size;
  uint8_t *bytes; /* plain memory when ops is NULL */
  const struct soc_mem_ops *ops;
  void *chip;
};

/* ---- register blocks ----
 * A block is one peripheral. Registers that a series does not list are not modelled: they read 0, ignore writes, and
 * the first access of each is reported by its name in the register map. */
#define SOC_BLOCK_WORDS 64u /* registers at offsets 0x000-0x0FC */
enum {
  SOC_REG_READ = 1,  /* reads go through block->read */
  SOC_REG_WRITE = 2, /* writes go through block->write (which stores what is to be stored) */
  SOC_REG_LANES = 4, /* a byte or halfword is written with zeros beside it (registers that act on ones), not merged */
};
struct soc_reg {
  uint16_t offset;
  uint16_t flags;
  uint32_t reset;
  uint32_t mask; /* bits that a plain write changes */
};
struct soc_block {
  const char *name;
  uint32_t base, size;
  const struct soc_reg *regs;
  unsigned reg_count;
  uint32_t (*read)(struct soc_block *block, unsigned offset, bool peek); /* peek: without side effects */
  bool (*write)(struct soc_block *block, unsigned offset, uint32_t value, unsigned size); /* false: bus fault */
  /* Clock enable and reset bits elsewhere (RCC); NULL: always on, never held. Without clock or held in reset, a block
   * reads 0 and ignores writes. */
  const uint32_t *enable, *hold;
  uint32_t gate;                          /* the bit, the same in both */
  void (*reset)(struct soc_block *block); /* after the registers have got their reset values; may be NULL */
  void *chip;
  struct soc *soc;
  uint32_t v[SOC_BLOCK_WORDS];    /* the registers; index: offset / 4 */
  uint8_t known[SOC_BLOCK_WORDS]; /* 1 + index into regs, 0: not modelled */
  uint64_t seen;                  /* unmodelled registers already reported */
  bool seen_unclocked;
  unsigned read_size; /* of the read that `read` is called for, in bytes */
  uint64_t polled;    /* instruction count of the last fruitless status read: soc_poll() */
};
/* A series may watch addresses, whatever lies there (a firewall): asked before everything else while soc->guard is set.
 * The owner calls cpu_flush or cpu_invalidate when an answer changes. */
struct soc_guard {
  bool (*direct)(struct soc *soc, uint32_t granule, enum cpu_access kind); /* false: access by access */
  /* False: the access does not happen. The core and DMA go on (the guard has asked for a reset); the debug port sees a
   * bus fault. SOC_BY_DEBUG is not asked. */
  bool (*allows)(struct soc *soc, uint32_t addr, const struct soc_access *how);
};
void soc_add_mem(struct soc *soc, const struct soc_mem *mem);
void soc_add_block(struct soc *soc, struct soc_block *block);
/* All plain registers to their reset values, then block->reset. */
void soc_block_reset(struct soc_block *block);
struct soc_block *soc_find_block(const struct soc *soc, uint32_t addr);
/* For the core, other bus masters and the debugger. False: bus fault. */
bool soc_bus_read(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t *value);
bool soc_bus_write(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t value);
uint8_t *soc_bus_direct(struct soc *soc, uint32_t addr, enum cpu_access kind);
/* "PERIPH.REG" or "PERIPH+0x0nn" for a report; writes at most `size` bytes. */
void soc_reg_name(const struct soc *soc, uint32_t addr, char *to, size_t size);

/* Register map of a series, for reports only. `regs`: "offset NAME" pairs in hexadecimal, separated by single spaces,
 * such as "0 CR 4 SR C DR"; NULL: only the peripheral's name is known. */
struct soc_name {
  uint32_t base, size;
  const char *name;
  const char *regs;
};

/* ---- resets and power ---- */
enum soc_cause {
  SOC_CAUSE_POWER, /* power-on */
  SOC_CAUSE_PIN,
  SOC_CAUSE_SOFTWARE,
  SOC_CAUSE_IWDG,
  SOC_CAUSE_WWDG,
  SOC_CAUSE_OPTION, /* option-byte launch */
  SOC_CAUSE_FIREWALL,
  SOC_CAUSE_BOR,
  SOC_CAUSE_LOW_POWER,
  SOC_CAUSES,
};
/* The chip is reset after the instruction under way; nothing that this instruction still does has an effect. */
void soc_request_reset(struct soc *soc, enum soc_cause cause);
/* The power goes away now (a planned cut). */
void soc_lose_power(struct soc *soc);

/* ---- reports ---- */
void soc_log(struct soc *soc, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Once for each `key` (any address of a static object) in the life of the chip. */
void soc_log_once(struct soc *soc, const void *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool soc_fail(struct soc *soc, const char *format, ...) __attribute__((format(printf, 2, 3))); /* sets soc_error() */

/* ---- figures ---- */
/* A status read brought "busy" or "nothing there". Reads of the same block's status within SOC_POLL_WINDOW
 * instructions of one another are a polling loop, and its instructions count as idle. */
#define SOC_POLL_WINDOW 32u
bool soc_poll(struct soc_block *block); /* true from the second read of a loop on */
/* For a line that is served by interrupts: the program may be waiting for it. Not while it is awake and busy with
 * flash, nor shortly after. */
bool soc_may_wait(struct soc *soc);
/* The receiver `uart` was polled and nothing is on the line: tells the host, at most every quarter of a millisecond. */
void soc_uart_idle(struct soc *soc, unsigned uart);

/* ---- what survives power-off ---- */
/* Whole files in the state folder. soc_load: false if it does not exist or has another size (soc_error() is set only in
 * the second case). Staged files replace the old ones together in soc_commit (each by rename). */
enum soc_loaded { SOC_LOADED, SOC_ABSENT, SOC_BROKEN };
enum soc_loaded soc_load(struct soc *soc, const char *name, void *to, size_t size);
/* A file of any size up to `max`; the caller frees *to. */
enum soc_loaded soc_load_any(struct soc *soc, const char *name, uint8_t **to, size_t *size, size_t max);
bool soc_stage(struct soc *soc, const char *name, const void *from, size_t size);

/* Deterministic random numbers (splitmix64): the state may have any value. */
uint64_t soc_random(uint64_t *state);

/* ---- what a series is ---- */
struct soc_model {
  const char *name;
  const void *part; /* for a series of several chips: which one this is */
  enum cpu_arch arch;
  unsigned irqs, priority_bits;
  bool fpu;
  const struct soc_region *regions; /* for debuggers */
  size_t region_count;
  const struct soc_name *names;
  size_t name_count;

  /* Makes soc->chip and adds memories and blocks, everything as it leaves the factory. */
  bool (*create)(struct soc *soc);
  void (*destroy)(struct soc *soc);
  /* State folder; false with soc_error() set. */
  bool (*load)(struct soc *soc);
  bool (*stage)(struct soc *soc);
  /* The power went away: operations under way tear. */
  void (*power_off)(struct soc *soc);
  /* Any reset, power-on included. Sets the clock. Returns the address of the vector table. */
  uint32_t (*reset)(struct soc *soc, enum soc_cause cause);
  /* A watchdog runs, so a locked-up core will be reset. */
  bool (*watched)(const struct soc *soc);
  void (*fault_note)(struct soc *soc, unsigned exception, char *text, size_t size); /* more words; may be NULL */

  uint32_t boundary_tap; /* IDCODE of the boundary-scan TAP */
  uint16_t dap_part;     /* DEV_ID of DBGMCU_IDCODE, and the part number in the ROM table */
  /* The chip's debug port; each may be NULL. */
  bool (*dap_open)(const struct soc *soc); /* a probe on the pins reaches the debug port; NULL: always */
  /* A debugger has powered up the debug domain, or let it go again; the chip forgets it without power. */
  void (*dap_attach)(struct soc *soc, bool attached);
  /* The core is halted for a debugger while time passes: what the chip freezes meanwhile. */
  void (*dap_halted)(struct soc *soc, bool halted);

  size_t (*uart_rx)(struct soc *soc, unsigned uart, const uint8_t *bytes, size_t count);
  void (*pin)(struct soc *soc, char port, unsigned pin, bool high);
  void (*pin_release)(struct soc *soc, char port, unsigned pin);
  bool (*flash_load)(struct soc *soc, uint32_t addr, const uint8_t *from, size_t size);
  bool (*flash_erase)(struct soc *soc, uint32_t addr, size_t size);
  bool (*factory_load)(struct soc *soc, uint32_t addr, const uint8_t *from, size_t size); /* may be NULL */
  /* Where the wear counters are: pages of `*page` bytes from address `*base` on. */
  const uint32_t *(*wear)(const struct soc *soc, uint32_t *base, uint32_t *page, size_t *pages);
  /* The same of a flash outside the chip; NULL: the board has none. */
  const uint32_t *(*wear_outside)(const struct soc *soc, uint32_t *base, uint32_t *page, size_t *pages);
  void (*clear_wear)(struct soc *soc);
  unsigned (*rdp)(const struct soc *soc); /* see soc_rdp(); may be NULL */

  /* Option word `number`: its register's address, what is in force, and the stored word with its complement. NULL: no
   * more. May be NULL. */
  uint32_t *(*option)(struct soc *soc, unsigned number, uint32_t *reg, uint32_t *loaded);

  /* Snapshots: the size of what soc->chip points to, the non-volatile arrays in it by number (NULL: no more), and a
   * hash of state that is neither in registers nor in memory, times left out. */
  size_t chip_size;
  struct nvm *(*array)(struct soc *soc, unsigned number);
  uint64_t (*hidden_hash)(const struct soc *soc);
};
extern const struct soc_model soc_stm32l476, soc_stm32l475, soc_stm32l496, soc_stm32l462;

/* ---- the plan of a power cut, kept by soc_cut() and asked by the flash of the series ---- */
enum soc_fate { SOC_FATE_NORMAL, SOC_FATE_BEFORE, SOC_FATE_CLEAN, SOC_FATE_TORN, SOC_FATE_WEAK };
/* A flash operation begins: counts it and tells how it will end. `seed` is set for TORN and WEAK. BEFORE: the operation
 * does not happen; the caller calls soc_lose_power() at once. */
enum soc_fate soc_flash_op(struct soc *soc, uint32_t *seed);

#define SOC_MAX_MEMS   24u
#define SOC_MAX_BLOCKS 64u
#define SOC_MAX_ONCE   64u
#define SOC_MAX_STAGED 16u

struct soc {
  const struct soc_model *model;
  struct cpu *cpu;
  void *chip;
  struct soc_host host;

  /* time */
  uint32_t hz;
  uint64_t base_cycle, base_ps;
  struct soc_event *events; /* sorted */
  struct soc_event alarm;   /* the host's */

  /* the bus */
  struct soc_mem mems[SOC_MAX_MEMS];
  unsigned mem_count;
  uint16_t mem_nibbles;                     /* bit n: some memory has an address that begins with hexadecimal digit n */
  struct soc_block *blocks[SOC_MAX_BLOCKS]; /* sorted by base */
  unsigned block_count;
  struct soc_block *last_block;
  const struct soc_guard *guard; /* NULL: nothing is watched */
  struct soc_drive *drive;

  /* life */
  bool powered, running;
  bool dead; /* power lost or reset requested: the rest of the instruction has no effect */
  bool stop_requested, lost_power;
  bool reset_requested;
  enum soc_cause reset_cause;
  bool locked_up;
  bool skip_idle;

  /* reports */
  const void *once[SOC_MAX_ONCE];
  unsigned once_count;
  uint32_t *unmapped; /* registers of peripherals without a block, already reported */
  size_t unmapped_count;
  char error[512];

  /* figures */
  uint64_t flash_ops, programs, erases, idle, idle_mark;
  uint64_t resets[SOC_CAUSES];
  uint64_t instruction_base, cycle_base;
  uint64_t barren_at; /* instructions executed at the last lockup, and lockups in a row without more than one */
  unsigned barren;
  uint64_t uart_idle_at;
  uint64_t ops_seen, ops_seen_at; /* soc_may_wait() */

  /* the planned cut */
  uint64_t cut_at; /* flash operation number, 0: none */
  enum soc_cut_mode cut_mode;
  uint32_t cut_seed;

  /* state folder */
  char *state_dir;
  int state_lock;
  char *staged[SOC_MAX_STAGED];
  unsigned staged_count;
};

#endif
