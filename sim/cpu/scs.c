/* System Control Space: the registers of NVIC, SCB, MPU, FPU and debug, and the cycle counter of the DWT
 * (ARMv7-M ARM B3.2, ARMv6-M ARM B3.2). Registers that do not exist read as zero and ignore writes.
 */
#include "sim/cpu/internal.h"

#define AIRCR_KEY         0x05fau
#define AIRCR_KEY_READ    0xfa050000u
#define AIRCR_PRIGROUP    0x700u
#define AIRCR_SYSRESETREQ 0x4u
#define CCR_MASK          0x31bu
#define CCR_V6M           0x208u
#define CPACR_MASK        0x00f00000u
#define SHCSR_ENABLES     0x70000u
#define DEMCR_MASK        0x010f07f1u
#define DEMCR_TRCENA      0x01000000u
#define FPCCR_MASK        0xc0000000u
#define FPCCR_LSPACT      0x1u
#define FPDSCR_MASK       0x07c00000u
#define MPU_RASR_MASK     0x173fff3fu
#define MPU_RBAR_VALID    0x10u

void core_scs_reset(struct cpu *c)
{
  struct state *s = &c->s;
  static const uint8_t always[] = {EXC_NMI, EXC_HARD, EXC_SVC, EXC_DEBUG, EXC_PENDSV, EXC_SYSTICK};
  for (unsigned i = 0; i < sizeof always; i++) {
    bit_put(s->enabled, always[i], true);
  }
  s->ccr = is_v6m(c) ? CCR_V6M : 0x200u;
  s->fpccr = c->fpu ? FPCCR_MASK : 0;
}

/* ---- what is special about a register ---- */
static uint32_t icsr(const struct cpu *c)
{
  const struct state *s = &c->s;
  uint32_t v = s->ipsr | core_highest_pending(c) << 12;
  bool irq = s->pending[0] >> EXC_IRQ0;
  for (unsigned w = 1; w < EXC_COUNT / 64; w++) {
    irq |= s->pending[w] != 0;
  }
  v |= irq ? 1u << 22 : 0;
  v |= bit_get(s->pending, EXC_SYSTICK) ? 1u << 26 : 0;
  v |= bit_get(s->pending, EXC_PENDSV) ? 1u << 28 : 0;
  v |= bit_get(s->pending, EXC_NMI) ? 1u << 31 : 0;
  if (!is_v6m(c) && core_active_count(c) <= 1) {
    v |= 1u << 11; /* RETTOBASE */
  }
  return v;
}

static void icsr_write(struct cpu *c, uint32_t v)
{
  if (v >> 31) {
    core_pend(c, EXC_NMI, true);
  }
  if (v & 3u << 27) {
    core_pend(c, EXC_PENDSV, v >> 28 & 1u);
  }
  if (v & 3u << 25) {
    core_pend(c, EXC_SYSTICK, v >> 26 & 1u);
  }
}

/* SHCSR: bit and exception of each active, pended and enabled flag */
static const struct {
  uint8_t bit, exception, kind; /* kind 0 active, 1 pended, 2 enabled */
} shcsr_bits[] = {{0, EXC_MEM, 0},     {1, EXC_BUS, 0},      {3, EXC_USAGE, 0},  {7, EXC_SVC, 0},   {8, EXC_DEBUG, 0},
                  {10, EXC_PENDSV, 0}, {11, EXC_SYSTICK, 0}, {12, EXC_USAGE, 1}, {13, EXC_MEM, 1},  {14, EXC_BUS, 1},
                  {15, EXC_SVC, 1},    {16, EXC_MEM, 2},     {17, EXC_BUS, 2},   {18, EXC_USAGE, 2}};

static uint64_t *shcsr_set(struct cpu *c, unsigned kind)
{
  return kind == 0 ? c->s.active : kind == 1 ? c->s.pending : c->s.enabled;
}

static uint32_t shcsr(struct cpu *c)
{
  uint32_t v = 0;
  for (unsigned i = 0; i < sizeof shcsr_bits / sizeof *shcsr_bits; i++) {
    if (bit_get(shcsr_set(c, shcsr_bits[i].kind), shcsr_bits[i].exception)) {
      v |= 1u << shcsr_bits[i].bit;
    }
  }
  return is_v6m(c) ? v & 0x8000u : v;
}

static void shcsr_write(struct cpu *c, uint32_t v)
{
  for (unsigned i = 0; i < sizeof shcsr_bits / sizeof *shcsr_bits; i++) {
    if (!is_v6m(c) || shcsr_bits[i].bit == 15) {
      bit_put(shcsr_set(c, shcsr_bits[i].kind), shcsr_bits[i].exception, v >> shcsr_bits[i].bit & 1u);
    }
  }
  core_regime(c);
  core_kick(c);
}

static uint32_t id_register(uint32_t offset)
{
  /* Cortex-M4 TRM 4.1: ID_PFR0 ... ID_ISAR4 at 0xD40 */
  static const uint32_t id[] = {0x30, 0x200,      0x100000,   0,          0x100030,   0,         0x1000000,
                                0,    0x01101110, 0x02112000, 0x21232231, 0x01111131, 0x01310102};
  uint32_t i = (offset - 0xd40u) / 4;
  return i < sizeof id / sizeof *id ? id[i] : 0;
}

/* ---- NVIC: five banks of one bit an interrupt, then one byte each ---- */
static uint64_t *nvic_bank(struct cpu *c, uint32_t offset)
{
  return offset < 0x200u ? c->s.enabled : offset < 0x300u ? c->s.pending : c->s.active;
}

static uint32_t nvic_bits(struct cpu *c, uint32_t offset)
{
  unsigned first = EXC_IRQ0 + (offset & 0x7cu) * 8;
  uint32_t v = 0;
  for (unsigned i = 0; i < 32 && first + i < c->exceptions; i++) {
    v |= (uint32_t)bit_get(nvic_bank(c, offset), first + i) << i;
  }
  return v;
}

static void nvic_bits_write(struct cpu *c, uint32_t offset, uint32_t v)
{
  unsigned first = EXC_IRQ0 + (offset & 0x7cu) * 8;
  bool set = !(offset & 0x80u);
  if (offset >= 0x300u) {
    return; /* active bits are read-only */
  }
  for (; v; v &= v - 1) {
    unsigned n = first + (unsigned)__builtin_ctz(v);
    if (n >= c->exceptions) {
      break;
    }
    if (offset >= 0x200u) {
      core_pend(c, n, set);
    } else {
      bit_put(c->s.enabled, n, set);
    }
  }
  core_kick(c);
}

/* ---- priorities: bytes, of NVIC from 0x400, of system exceptions 4-15 from 0xD18 ---- */
static bool priority_at(const struct cpu *c, uint32_t offset, unsigned *exception)
{
  if (offset >= 0x400u && offset < 0x5f0u) {
    *exception = EXC_IRQ0 + (offset - 0x400u);
  } else if (offset >= 0xd18u && offset < 0xd24u) {
    *exception = 4 + (offset - 0xd18u);
    if (is_v6m(c) && *exception != EXC_SVC && *exception < EXC_PENDSV) {
      return false;
    }
  } else {
    return false;
  }
  return *exception < c->exceptions;
}
static bool is_priority(uint32_t offset)
{
  return (offset >= 0x400u && offset < 0x5f0u) || (offset >= 0xd18u && offset < 0xd24u);
}

/* ---- MPU ---- */
static uint32_t mpu_read(const struct cpu *c, uint32_t offset)
{
  const struct state *s = &c->s;
  switch (offset) {
  case 0xd90:
    return 0x800;
  case 0xd94:
    return s->mpu_ctrl;
  case 0xd98:
    return s->mpu_rnr;
  default:
    if (offset & 4u) { /* RBAR at 0x9C, A4, AC, B4; RASR at 0xA0, A8, B0, B8 */
      return s->mpu[s->mpu_rnr].rbar | s->mpu_rnr;
    }
    return s->mpu[s->mpu_rnr].rasr;
  }
}

static void mpu_write(struct cpu *c, uint32_t offset, uint32_t v)
{
  struct state *s = &c->s;
  switch (offset) {
  case 0xd90:
    return;
  case 0xd94:
    s->mpu_ctrl = v & 7u;
    break;
  case 0xd98:
    s->mpu_rnr = v & 7u;
    return;
  default:
    if (offset & 4u) {
      if (v & MPU_RBAR_VALID) {
        s->mpu_rnr = v & 7u;
      }
      s->mpu[s->mpu_rnr].rbar = v & ~31u;
    } else {
      s->mpu[s->mpu_rnr].rasr = v & MPU_RASR_MASK;
    }
    break;
  }
  c->regime = core_mpu_regime(c);
  core_tlb_flush(c);
}

/* ---- whole registers ---- */
static uint32_t read_word(struct cpu *c, uint32_t offset, bool debugger)
{
  const struct state *s = &c->s;
  if (offset >= 0x10 && offset < 0x20) {
    return core_systick_read(c, offset - 0x10, debugger);
  }
  if (offset >= 0x100 && offset < 0x400) {
    return nvic_bits(c, offset);
  }
  switch (offset) {
  case 0xd00:
    return is_v6m(c) ? 0x410cc601u : 0x410fc241u;
  case 0xd04:
    return icsr(c);
  case 0xd08:
    return s->vtor;
  case 0xd0c:
    return AIRCR_KEY_READ | s->aircr;
  case 0xd10:
    return s->scr;
  case 0xd14:
    return s->ccr;
  case 0xd24:
    return shcsr(c);
  case 0xd30:
    return s->dfsr;
  case 0xdf0:
    return c->debug; /* DHCSR.C_DEBUGEN: a program may ask whether it is debugged */
  case 0xdfc:
    return s->demcr;
  default:
    break;
  }
  if (offset >= 0xd90 && offset < 0xdbc) {
    return mpu_read(c, offset);
  }
  if (is_v6m(c)) {
    return 0;
  }
  if (offset >= 0xd40 && offset < 0xd74) {
    return id_register(offset);
  }
  switch (offset) {
  case 0x004:
    return (c->exceptions - EXC_IRQ0 + 31) / 32 - (c->exceptions > EXC_IRQ0);
  case 0xd28:
    return s->cfsr;
  case 0xd2c:
    return s->hfsr;
  case 0xd34:
    return s->mmfar;
  case 0xd38:
    return s->bfar;
  case 0xd88:
    return s->cpacr;
  case 0xf34:
    return s->fpccr;
  case 0xf38:
    return s->fpcar;
  case 0xf3c:
    return s->fpdscr;
  case 0xf40:
    return c->fpu ? 0x10110021u : 0;
  case 0xf44:
    return c->fpu ? 0x11000011u : 0;
  default:
    return 0;
  }
}

static void write_v7m(struct cpu *c, uint32_t offset, uint32_t v)
{
  struct state *s = &c->s;
  switch (offset) {
  case 0xd2c:
    s->hfsr &= ~v;
    break;
  case 0xd34:
    s->mmfar = v;
    break;
  case 0xd38:
    s->bfar = v;
    break;
  case 0xd88:
    s->cpacr = c->fpu ? v & CPACR_MASK : 0;
    break;
  case 0xf00:
    core_pend(c, EXC_IRQ0 + (v & 0x1ffu), true);
    break;
  case 0xf34:
    if (c->fpu) { /* the lower bits describe a lazy frame; they may be written to abandon or restore it */
      s->fpccr = v & (FPCCR_MASK | 0x17bu);
    }
    break;
  case 0xf38:
    s->fpcar = c->fpu ? v & ~7u : 0;
    break;
  case 0xf3c:
    s->fpdscr = c->fpu ? v & FPDSCR_MASK : 0;
    break;
  default:
    break;
  }
}

static void write_word(struct cpu *c, uint32_t offset, uint32_t v)
{
  struct state *s = &c->s;
  if (offset >= 0x10 && offset < 0x20) {
    core_systick_write(c, offset - 0x10, v);
    return;
  }
  if (offset >= 0x100 && offset < 0x400) {
    nvic_bits_write(c, offset, v);
    return;
  }
  if (offset >= 0xd90 && offset < 0xdbc) {
    mpu_write(c, offset, v);
    return;
  }
  switch (offset) {
  case 0xd04:
    icsr_write(c, v);
    break;
  case 0xd08:
    s->vtor = v & (is_v6m(c) ? 0xffffff00u : 0xffffff80u);
    break;
  case 0xd0c:
    if (v >> 16 == AIRCR_KEY) {
      s->aircr = is_v6m(c) ? 0 : v & AIRCR_PRIGROUP;
      s->reset_request |= (v & AIRCR_SYSRESETREQ) != 0;
      core_kick(c);
    }
    break;
  case 0xd10:
    s->scr = v & 0x16u;
    break;
  case 0xd14:
    if (!is_v6m(c)) {
      s->ccr = v & CCR_MASK;
    }
    break;
  case 0xd24:
    shcsr_write(c, v);
    break;
  case 0xd30:
    s->dfsr &= ~v;
    break;
  case 0xdfc:
    s->demcr = v & DEMCR_MASK;
    break;
  default:
    if (!is_v6m(c)) {
      write_v7m(c, offset, v);
    }
    break;
  }
}

uint32_t core_scs_read(struct cpu *c, uint32_t addr, unsigned size, bool debugger)
{
  uint32_t offset = addr & 0xfffu, v = 0;
  if (is_priority(offset)) {
    for (unsigned i = 0, n; i < size; i++) {
      v |= priority_at(c, offset + i, &n) ? (uint32_t)c->s.priority[n] << i * 8 : 0;
    }
    return v;
  }
  v = read_word(c, offset & ~3u, debugger) >> (offset & 3u) * 8;
  return size == 4 ? v : v & ((1u << size * 8) - 1);
}

void core_scs_write(struct cpu *c, uint32_t addr, unsigned size, uint32_t v)
{
  uint32_t offset = addr & 0xfffu, shift = (offset & 3u) * 8;
  if (is_priority(offset)) {
    for (unsigned i = 0, n; i < size; i++) {
      if (priority_at(c, offset + i, &n)) {
        c->s.priority[n] = (uint8_t)(v >> i * 8) & c->priority_mask;
      }
    }
    core_kick(c);
    return;
  }
  if ((offset & ~3u) == 0xd28) { /* CFSR is three registers in one word, cleared by writing ones */
    if (!is_v6m(c)) {
      c->s.cfsr &= ~(v << shift);
    }
    return;
  }
  if (size < 4) {
    uint32_t mask = ((1u << size * 8) - 1) << shift;
    bool write_ones = (offset >= 0x100 && offset < 0x400) || (offset & ~3u) == 0xd04 || (offset & ~3u) == 0xd2c;
    uint32_t keep = write_ones ? 0 : read_word(c, offset & ~3u, true) & ~mask;
    v = keep | (v << shift & mask);
  }
  write_word(c, offset & ~3u, v);
}

/* ---- DWT: the cycle counter ---- */
#define DWT_CYCCNTENA 1u
#define DWT_NUMCOMP   0x40000000u

static bool counting(const struct cpu *c)
{
  return (c->s.dwt_ctrl & DWT_CYCCNTENA) && (c->s.demcr & DEMCR_TRCENA);
}

uint32_t core_dwt_read(struct cpu *c, uint32_t addr)
{
  switch (addr & 0xffcu) {
  case 0x000:
    return DWT_NUMCOMP | c->s.dwt_ctrl;
  case 0x004:
    return counting(c) ? (uint32_t)core_now(c) - c->s.dwt_base : c->s.dwt_base;
  default:
    return 0;
  }
}

void core_dwt_write(struct cpu *c, uint32_t addr, uint32_t v)
{
  uint32_t count = core_dwt_read(c, 0x004);
  switch (addr & 0xffcu) {
  case 0x000:
    c->s.dwt_ctrl = v & DWT_CYCCNTENA;
    break;
  case 0x004:
    count = v;
    break;
  default:
    return;
  }
  c->s.dwt_base = counting(c) ? (uint32_t)core_now(c) - count : count;
}

/* ---- contract ---- */
#define DWT_PAGE 0xe0001u

uint32_t cpu_scs_read(struct cpu *c, uint32_t addr)
{
  if (addr >> 12 == DWT_PAGE) {
    return is_v6m(c) ? 0 : core_dwt_read(c, addr);
  }
  return core_scs_read(c, addr, 4, true);
}

void cpu_scs_write(struct cpu *c, uint32_t addr, uint32_t value)
{
  if (addr >> 12 == DWT_PAGE) {
    if (!is_v6m(c)) {
      core_dwt_write(c, addr, value);
    }
    return;
  }
  core_scs_write(c, addr, 4, value);
}
