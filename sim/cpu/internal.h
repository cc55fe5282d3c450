/* What the files of the core share: the state, the decoded instruction, and the functions that cross files.
 *
 * Nobody outside sim/cpu includes this. The contract with the rest of the simulator is cpu.h, the way the parts work
 * together is README.md.
 */
#ifndef SIM_CPU_INTERNAL_H
#define SIM_CPU_INTERNAL_H

#include "sim/cpu/cpu.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define GRANULE_MASK (~(uint32_t)(CPU_GRANULE - 1))

/* ---- time ----
 * One 64-bit counter serves the instruction count, the cycle count and the check "is anything due?": the upper 44 bits
 * are the cycles left until `due`, minus one; the lower 20 bits count instructions. An instruction subtracts
 * COST(cycles); the counter is negative from the moment that `due` is reached. A round (the distance to `due`) is kept
 * below 2^20 cycles and every instruction costs at least one, so the count cannot spill into the cycles. */
#define TIME_SHIFT   20
#define TIME_COUNT   ((int64_t)0xfffff)
#define ROUND_MAX    ((uint64_t)0xffff0)
#define COST(cycles) (((int64_t)(cycles) * ((int64_t)1 << TIME_SHIFT)) - 1)
#define CYCLES(n)    ((int64_t)(n) * ((int64_t)1 << TIME_SHIFT)) /* time without an instruction */
#define NEVER        UINT64_MAX

/* Cycles of what is not one instruction (Cortex-M4 TRM 3.9: entry 12 without wait states, tail-chaining 6, exit 10). */
enum { CYCLES_ENTRY = 12, CYCLES_TAIL_CHAIN = 6, CYCLES_EXIT = 10 };

/* ---- faults ---- */
enum fault {
  FAULT_NONE,
  FAULT_MPU_DATA,   /* MemManage, DACCVIOL */
  FAULT_MPU_FETCH,  /* MemManage, IACCVIOL (MPU or execute-never memory) */
  FAULT_BUS_DATA,   /* BusFault, PRECISERR */
  FAULT_BUS_FETCH,  /* BusFault, IBUSERR */
  FAULT_UNDEFINED,  /* UsageFault, UNDEFINSTR */
  FAULT_STATE,      /* UsageFault, INVSTATE */
  FAULT_RETURN,     /* UsageFault, INVPC */
  FAULT_NOCP,       /* UsageFault, NOCP */
  FAULT_UNALIGNED,  /* UsageFault, UNALIGNED */
  FAULT_DIVIDE,     /* UsageFault, DIVBYZERO */
  FAULT_LAZY_MPU,   /* MemManage, MLSPERR */
  FAULT_LAZY_BUS,   /* BusFault, LSPERR */
  FAULT_BREAKPOINT, /* BKPT without a debugger */
};

/* Exception numbers */
enum {
  EXC_RESET = 1,
  EXC_NMI,
  EXC_HARD,
  EXC_MEM,
  EXC_BUS,
  EXC_USAGE,
  EXC_SVC = 11,
  EXC_DEBUG = 12,
  EXC_PENDSV = 14,
  EXC_SYSTICK = 15,
  EXC_IRQ0 = 16,
  EXC_COUNT = 512,
};

/* ---- decoded instructions ---- */
struct cpu;
struct insn;

/* The values that an operation passes on in registers: see engine.h. */
#define OP_ARGS struct cpu *c, struct insn *d, int64_t t, int64_t nz, uint32_t cf, uint32_t vf

#if defined(__clang__) && !defined(CPU_LOOP)
#define CPU_TAIL_CALLS 1
typedef void op_result;
#else
#define CPU_TAIL_CALLS 0
typedef struct insn *op_result;
#endif
typedef op_result op_fn(OP_ARGS);

struct insn {
  op_fn *fn;    /* what to call: the operation, or something that comes before it (condition, breakpoint, decoder) */
  uint32_t imm; /* immediate, branch target, register list, ... */
  uint32_t aux; /* second immediate, or the instruction itself for operations that take it apart when they run */
  uint8_t rd, rn, rm, x;
  uint16_t op; /* index into core_ops[] */
  uint8_t it;  /* ITSTATE under which this entry was decoded; 0 outside IT blocks */
  uint8_t len; /* halfwords (LEN_MASK); LEN_SPAN: the second halfword lies in the next granule */
};
#define LEN_MASK 3u
#define LEN_SPAN 0x80u

/* x of a data-processing immediate that does not change the carry */
#define CARRY_KEEP 2u
/* aux of OP_SP_DP: operation (order of OPS_DP) << 8 | SP_DP_REGISTER | shift (0 none, 1-4 as L S A O, 5 RRX) */
#define SP_DP_REGISTER 0x80u
#define SP_DP_SHIFT    0x7fu
/* x of OP_LDM and OP_STM */
#define MULTI_WRITEBACK 1u
#define MULTI_BEFORE    2u /* decrement before */
/* x of OP_LDRD and OP_STRD */
#define DUAL_PRE       1u
#define DUAL_WRITEBACK 2u
/* x of OP_UNPRIV: size, and */
#define UNPRIV_SIGNED 0x10u
#define UNPRIV_LOAD   0x20u
/* aux of OP_LDR_SPECIAL (LDR with PC or SP as its destination) */
enum { SPECIAL_OFFSET, SPECIAL_REGISTER, SPECIAL_PRE, SPECIAL_POST, SPECIAL_LITERAL };

#define PAGE_INSNS (CPU_GRANULE / 2)
/* The decoded form of one granule. Two more entries catch execution that runs off the end. */
struct page {
  uint32_t base;
  uint32_t generation;        /* differs from cpu->generation: everything here is stale */
  bool valid;                 /* false: permission or mapping must be asked for again before the next instruction */
  const uint8_t *host;        /* what direct(FETCH) said */
  uint8_t bytes[CPU_GRANULE]; /* the code that was decoded: when all of it is still there, a flush costs nothing */
  struct page *next_by_addr, *next_by_host;
  struct insn insns[PAGE_INSNS + 2];
};

/* ---- soft TLB ---- */
#define TLB_SIZE 256u
#define TLB_NONE 0xffffffffu
struct tlb {
  uint32_t tag;   /* granule address; never has a bit below 256 set except in TLB_NONE */
  uintptr_t host; /* host address minus simulated address */
};
struct code_tlb {
  uint32_t tag;
  struct page *page;
};

/* ---- architectural state: what a snapshot holds ---- */
struct mpu_region {
  uint32_t rbar, rasr;
};

struct state {
  uint32_t r[16]; /* r[13] is the active stack pointer; r[15] is not used: see pc */
  int64_t t;      /* the counter described above, while no operation holds it */
  int64_t nz;     /* N: bit 63; Z: the low 32 bits are zero */
  uint32_t cf;    /* 0 or 1 */
  uint32_t vf;    /* bit 31 */
  uint32_t q, ge;
  uint32_t it;       /* ITSTATE of the next instruction */
  uint32_t pc;       /* exact at boundaries and inside bus calls */
  bool thumb;        /* EPSR.T */
  uint32_t sp_other; /* the stack pointer that r[13] is not */
  uint32_t ipsr, control, primask, basepri, faultmask;

  uint64_t due;   /* cycle at which t becomes negative */
  uint64_t count; /* instructions executed before this round */
  uint64_t deadline;
  bool exclusive; /* local monitor */
  bool event;     /* event register of WFE */
  uint8_t sleeping;
  bool lockup;
  bool reset_request;

  /* NVIC: one bit an exception */
  uint64_t pending[EXC_COUNT / 64], enabled[EXC_COUNT / 64], active[EXC_COUNT / 64], level[EXC_COUNT / 64];
  uint8_t priority[EXC_COUNT];

  /* System Control Block */
  uint32_t vtor, aircr, scr, ccr, cfsr, hfsr, dfsr, mmfar, bfar, cpacr, demcr;
  /* SysTick */
  uint32_t st_csr, st_rvr, st_value, st_period; /* st_value: while stopped */
  uint64_t st_wrap;                             /* cycle at which the counter reaches zero */
  /* DWT */
  uint32_t dwt_ctrl;
  uint32_t dwt_base; /* CYCCNT = cycles - dwt_base while counting, else dwt_base */

  /* MPU */
  uint32_t mpu_ctrl, mpu_rnr;
  struct mpu_region mpu[8];

  /* FPU */
  uint32_t s[32];
  uint32_t fpscr, fpccr, fpcar, fpdscr;

  struct cpu_fault fault; /* the last one */
};

enum { AWAKE, SLEEP_WFI, SLEEP_WFE };

#define MAX_BREAKPOINTS 64
#define MAX_WATCHPOINTS 16
struct watchpoint {
  uint32_t addr, size;
  bool on_read, on_write;
};

#define PAGE_BUCKETS 1024u
struct cpu {
  struct state s;
  struct page *page; /* the page that the running instruction belongs to */
  int64_t taken;     /* COST of a taken branch */

  struct tlb read_tlb[TLB_SIZE], write_tlb[TLB_SIZE];
  struct code_tlb code_tlb[TLB_SIZE];

  /* what does not change */
  enum cpu_arch arch;
  unsigned exceptions; /* 16 + number of interrupts */
  uint8_t priority_mask;
  bool fpu;
  struct cpu_bus bus;

  /* the run under way */
  uint64_t limit; /* stop when so many instructions have been executed */
  enum cpu_stop stop;
  bool stop_request;
  bool running;

  enum fault raised; /* on the way from an operation to op_FAULT */
  /* what the last refused access was about */
  uint32_t fault_addr;
  uint32_t cause; /* CFSR bits of the fault under way */
  enum cpu_access fault_access;

  /* translation regime for which the TLBs were filled: see core_regime() */
  unsigned regime;

  /* code pages */
  uint32_t generation;
  struct page *by_addr[PAGE_BUCKETS], *by_host[PAGE_BUCKETS];
  struct page scratch; /* one instruction that may not be kept; base is its address */

  /* debugging */
  bool debug, masked;
  unsigned breakpoints;
  uint32_t breakpoint[MAX_BREAKPOINTS];
  unsigned watchpoints;
  struct watchpoint watchpoint[MAX_WATCHPOINTS];
  bool watch_hit;
  uint32_t watch_addr;
  uint32_t pass_pc; /* a breakpoint that has been reported and is now passed */
  uint64_t pass_count;
};

/* ---- small helpers ---- */
static inline bool privileged(const struct cpu *c)
{
  return c->s.ipsr != 0 || !(c->s.control & 1u);
}
static inline bool using_psp(const struct cpu *c)
{
  return c->s.ipsr == 0 && (c->s.control & 2u);
}
static inline bool is_v6m(const struct cpu *c)
{
  return c->arch == CPU_ARCH_V6M;
}
static inline bool bit_get(const uint64_t *set, unsigned n)
{
  return (set[n >> 6] >> (n & 63u)) & 1u;
}
static inline void bit_put(uint64_t *set, unsigned n, bool on)
{
  uint64_t m = (uint64_t)1 << (n & 63u);
  set[n >> 6] = on ? set[n >> 6] | m : set[n >> 6] & ~m;
}
static inline uint32_t ror32(uint32_t v, unsigned n)
{
  return v >> (n & 31u) | v << ((32u - n) & 31u);
}
static inline uint32_t sign8(uint32_t v)
{
  return (uint32_t)(int8_t)v;
}
static inline uint32_t sign16(uint32_t v)
{
  return (uint32_t)(int16_t)v;
}
static inline uint32_t advance_it(uint32_t it)
{
  return (it & 7u) ? ((it & 0xe0u) | ((it << 1) & 0x1fu)) : 0;
}
static inline uint64_t core_now(const struct cpu *c)
{
  return c->s.due - 1 - (uint64_t)(c->s.t >> TIME_SHIFT);
}
static inline uint64_t core_count(const struct cpu *c)
{
  return c->s.count + (uint64_t)(c->s.t & TIME_COUNT);
}

/* engine.c */
extern op_fn *const core_ops[];

/* time.c */
void core_round(struct cpu *c, uint64_t now, uint64_t due); /* begin a round: t becomes negative at cycle `due` */
void core_kick(struct cpu *c);                              /* make the next boundary look for events */
bool core_boundary(struct cpu *c);                          /* do what is due; false: cpu_run ends (c->stop) */

/* code.c: pages of decoded instructions. These return the entry to execute, or NULL with a fault. */
struct insn *core_code_find(struct cpu *c, uint32_t pc, enum fault *fault);
struct insn *core_code_decode(struct cpu *c, struct insn *d, enum fault *fault);
bool core_code_known(const struct cpu *c, const uint8_t *host); /* is there decoded code in this host granule? */
void core_code_written(struct cpu *c, const uint8_t *host, uint32_t offset, unsigned size);
void core_code_drop(struct cpu *c, uint32_t granule);
void core_code_forget(struct cpu *c, uint32_t pc); /* decode this one again (breakpoints) */
void core_code_free(struct cpu *c);
static inline uint32_t core_pc_of(const struct cpu *c, const struct insn *d)
{
  return c->page->base + (uint32_t)(d - c->page->insns) * 2;
}

/* decode.c, decode32.c: fill in everything but fn. `near_base`: granule in which branches may be resolved to entries,
 * or 1 for none. */
void core_decode(const struct cpu *c, struct insn *d, uint32_t pc, uint16_t h1, uint16_t h2, uint32_t it,
                 uint32_t near_base);
void core_decode32(const struct cpu *c, struct insn *d, uint32_t pc, uint16_t h1, uint16_t h2, uint32_t near_base);
void core_decode_branch(struct insn *d, uint32_t pc, uint32_t target, uint32_t near_base, unsigned near_op,
                        unsigned far_op);
bool core_decode_dsp(struct insn *d, uint16_t h1, uint16_t h2);
void core_decode_fpu(const struct cpu *c, struct insn *d, uint16_t h1, uint16_t h2);
static inline bool is_32bit(uint16_t h1)
{
  return h1 >= 0xe800u;
}

/* memory.c: accesses that the TLB does not answer */
enum fault core_read(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t *value);
enum fault core_write(struct cpu *c, uint32_t addr, unsigned size, bool priv, uint32_t value);
enum fault core_fetch(struct cpu *c, uint32_t addr, uint16_t *halfword);
bool core_read_physical(struct cpu *c, uint32_t addr, uint32_t *word); /* vectors: past MPU and TLB */
void core_tlb_flush(struct cpu *c);
void core_regime(struct cpu *c); /* privilege, priority or MPU changed: drop what no longer holds */

/* mpu.c */
bool core_mpu_allows(const struct cpu *c, uint32_t addr, enum cpu_access access, bool priv);
bool core_mpu_uniform(const struct cpu *c, uint32_t granule, enum cpu_access access, bool priv);
unsigned core_mpu_regime(const struct cpu *c);

/* nvic.c */
int core_priority_of(const struct cpu *c, unsigned exception);
int core_group_priority(const struct cpu *c, int priority);
int core_current_priority(const struct cpu *c, bool ignore_primask);
unsigned core_highest_pending(const struct cpu *c);
unsigned core_to_take(const struct cpu *c); /* exception that preempts now, or 0 */
bool core_wakes(const struct cpu *c);
void core_pend(struct cpu *c, unsigned exception, bool on);
unsigned core_active_count(const struct cpu *c);

/* exception.c */
void core_take(struct cpu *c, unsigned exception);         /* between instructions, before the one at s.pc */
void core_fault(struct cpu *c, enum fault f, uint32_t it); /* the instruction at s.pc, ITSTATE it, faults */
void core_svc(struct cpu *c, uint32_t return_pc);
void core_exception_return(struct cpu *c, uint32_t value);

/* psr.c */
uint32_t core_apsr(const struct cpu *c);
uint32_t core_xpsr(const struct cpu *c);
void core_set_flags(struct cpu *c, uint32_t psr); /* N Z C V Q */
void core_swap_sp(struct cpu *c);                 /* r[13] becomes the other stack pointer */
void core_set_control(struct cpu *c, uint32_t value);

/* scs.c */
uint32_t core_scs_read(struct cpu *c, uint32_t addr, unsigned size, bool debugger);
void core_scs_write(struct cpu *c, uint32_t addr, unsigned size, uint32_t value);
uint32_t core_dwt_read(struct cpu *c, uint32_t addr);
void core_dwt_write(struct cpu *c, uint32_t addr, uint32_t value);
void core_scs_reset(struct cpu *c);

/* systick.c */
uint64_t core_systick_due(const struct cpu *c);
void core_systick_update(struct cpu *c);
uint32_t core_systick_read(struct cpu *c, uint32_t offset, bool debugger);
void core_systick_write(struct cpu *c, uint32_t offset, uint32_t value);

/* system.c: instructions without speed */
enum fault core_system(struct cpu *c, uint32_t op);

/* dsp.c */
void core_dsp(struct cpu *c, uint32_t op);

/* fpu.c: execution; fpu_context.c: what exceptions do with the registers */
enum fault core_fpu(struct cpu *c, uint32_t op);
bool core_fpu_usable(const struct cpu *c, bool priv);
enum fault core_fpu_prepare(struct cpu *c); /* before an FP instruction: access, lazy stacking */
enum fault core_fpu_stack(struct cpu *c, uint32_t frame, bool priv); /* exception entry with FPCA set */
enum fault core_fpu_unstack(struct cpu *c, uint32_t frame, bool priv);

/* debug.c */
void core_watch(struct cpu *c, uint32_t addr, unsigned size, bool write);
bool core_watched(const struct cpu *c, uint32_t granule);
bool core_has_breakpoint(const struct cpu *c, uint32_t pc);

#endif
