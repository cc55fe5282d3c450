/* Firewall of the STM32L4 (RM0351 chapter 4): three segments that only the code behind the call gate may touch.
 *
 * It watches addresses, not cells: after a swap of the banks the same addresses hold something else, and what the
 * segments held lies open at the other bank's addresses. That is an attack, and firmware has to cover both places.
 * The alias of flash at 0 is watched as the flash that it shows.
 *
 * The core runs at full speed where the answer is the same for a whole granule; everything else comes by access by
 * access. Each change of state therefore takes back what the core holds. Where the manual leaves the effect open:
 *  - the gate is entered by any fetch in its second word (the core fetches words);
 *  - reading the gate as data is an access like any other;
 *  - a shared volatile segment neither closes an open firewall nor opens a closed one when it is executed;
 *  - FW_CR is "protected as the non-volatile data segment": touching it from outside is a violation;
 *  - a debugger is one more bus master: closed segments refuse it, and the chip is reset.
 */
#include "sim/soc/l4/l4.h"

enum { CSSA = 0, CSL = 4, NVDSSA = 8, NVDSL = 0xC, VDSSA = 0x10, VDSL = 0x14, CR = 0x20 };
enum { CR_FPA = 1, CR_VDS = 2, CR_VDE = 4 };
#define GATE_WORD2 4u
#define GATE_WORD3 8u
#define GATE_END   12u

/* Code and non-volatile data in steps of 256 bytes, volatile data of 64. */
static const struct soc_reg regs[] = {
    {CSSA, SOC_REG_WRITE, 0, 0x00FFFF00},     {CSL, SOC_REG_WRITE, 0, 0x003FFF00},
    {NVDSSA, SOC_REG_WRITE, 0, 0x00FFFF00},   {NVDSL, SOC_REG_WRITE, 0, 0x003FFF00},
    {VDSSA, SOC_REG_WRITE, 0, 0x0001FFC0},    {VDSL, SOC_REG_WRITE, 0, 0x0001FFC0},
    {CR, SOC_REG_READ | SOC_REG_WRITE, 0, 7},
};

enum segment { OUTSIDE, CODE, NONVOLATILE, VOLATILE };

static uint32_t reg(const struct l4 *l4, unsigned offset)
{
  return l4->firewall.block.v[offset / 4];
}

static bool shared(const struct l4 *l4)
{
  return reg(l4, CR) & CR_VDS;
}

static bool volatile_executable(const struct l4 *l4)
{
  return (reg(l4, CR) & (CR_VDS | CR_VDE)) == CR_VDE;
}

/* Start of a segment as an address. */
static uint32_t start_of(const struct l4 *l4, enum segment s)
{
  return s == CODE          ? L4_FLASH_BASE + reg(l4, CSSA)
         : s == NONVOLATILE ? L4_FLASH_BASE + reg(l4, NVDSSA)
                            : L4_SRAM1_BASE + reg(l4, VDSSA);
}

static uint32_t length_of(const struct l4 *l4, enum segment s)
{
  return reg(l4, s == CODE ? CSL : s == NONVOLATILE ? NVDSL : VDSL);
}

static bool overlaps(const struct l4 *l4, enum segment s, uint32_t addr, uint32_t size)
{
  uint32_t start = start_of(l4, s), length = length_of(l4, s);
  return length > 0 && (addr - start < length || start - addr < size);
}

static bool contains(const struct l4 *l4, enum segment s, uint32_t addr, uint32_t size)
{
  uint32_t at = addr - start_of(l4, s), length = length_of(l4, s);
  return at < length && length - at >= size;
}

/* What lies at 0 is seen as what it stands for. */
static uint32_t real_address(const struct l4 *l4, uint32_t addr)
{
  if (addr >= l4->part->flash_size)
    return addr;
  switch (l4_boot_memory(l4)) {
  case 0:
    return addr + L4_FLASH_BASE;
  case 3:
    return addr + L4_SRAM1_BASE;
  default:
    return addr;
  }
}

static enum segment segment_of(const struct l4 *l4, uint32_t addr)
{
  for (enum segment s = CODE; s <= VOLATILE; s++)
    if (contains(l4, s, addr, 1))
      return s;
  return OUTSIDE;
}

static bool violation(struct l4 *l4, const char *what, uint32_t addr)
{
  soc_log(l4->soc, "firewall: %s 0x%08x (pc 0x%08x)", what, (unsigned)addr, (unsigned)cpu_get(l4->soc->cpu, CPU_PC));
  soc_request_reset(l4->soc, SOC_CAUSE_FIREWALL);
  return false;
}

static void set_state(struct l4 *l4, enum l4_firewall_state state)
{
  if (state == l4->firewall.state)
    return;
  l4->firewall.state = state;
  l4_memory_remapped(l4);
}

/* ---- the gate ---- */
/* Is this the second or third word behind the start of a segment that can be entered? */
static bool gate_word(const struct l4 *l4, uint32_t addr, uint32_t word, uint32_t *gate)
{
  for (enum segment s = CODE; s <= VOLATILE; s += VOLATILE - CODE) {
    uint32_t start = start_of(l4, s);
    if (length_of(l4, s) == 0 || (s == VOLATILE && !volatile_executable(l4)) || addr - start - word >= 4)
      continue;
    *gate = start;
    return true;
  }
  return false;
}

/* A fetch while the firewall is closed, or between the words of the gate. */
static bool fetch_closed(struct l4 *l4, uint32_t addr)
{
  struct l4_firewall *f = &l4->firewall;
  uint32_t gate;
  if (f->state == L4_FW_GATE && addr - f->gate - GATE_WORD3 < GATE_END - GATE_WORD3) {
    set_state(l4, L4_FW_OPEN);
    return true;
  }
  if (gate_word(l4, addr, GATE_WORD2, &gate)) {
    f->gate = gate;
    set_state(l4, L4_FW_GATE);
    return true;
  }
  set_state(l4, L4_FW_CLOSED);
  enum segment s = segment_of(l4, addr);
  if (s == OUTSIDE || (s == VOLATILE && shared(l4)))
    return true;
  return violation(l4, "entered past the gate at", addr);
}

static bool fetch_open(struct l4 *l4, uint32_t addr)
{
  switch (segment_of(l4, addr)) {
  case CODE:
    return true;
  case VOLATILE:
    return reg(l4, CR) & (CR_VDS | CR_VDE) ? true : violation(l4, "volatile data executed at", addr);
  case NONVOLATILE:
    return violation(l4, "non-volatile data executed at", addr);
  case OUTSIDE:
    break;
  }
  if (!(reg(l4, CR) & CR_FPA))
    return violation(l4, "left without the pre-arm flag, to", addr);
  set_state(l4, L4_FW_CLOSED);
  return true;
}

static bool data_allowed(const struct l4 *l4, uint32_t addr, bool write)
{
  switch (segment_of(l4, addr)) {
  case OUTSIDE:
    return true;
  case CODE:
    return l4->firewall.state == L4_FW_OPEN && !write;
  case NONVOLATILE:
    return l4->firewall.state == L4_FW_OPEN;
  case VOLATILE:
    break;
  }
  return l4->firewall.state == L4_FW_OPEN || shared(l4);
}

/* ---- what the bus asks ---- */
static bool guard_allows(struct soc *soc, uint32_t addr, const struct soc_access *how)
{
  struct l4 *l4 = soc->chip;
  addr = real_address(l4, addr);
  if (how->master == SOC_BY_DMA)
    return segment_of(l4, addr) == OUTSIDE || violation(l4, "touched by a DMA controller at", addr);
  if (how->kind == CPU_FETCH)
    return l4->firewall.state == L4_FW_OPEN ? fetch_open(l4, addr) : fetch_closed(l4, addr);
  bool write = how->kind == CPU_WRITE;
  if (data_allowed(l4, addr, write))
    return true;
  if (how->master == SOC_BY_DAP)
    return violation(l4, write ? "written by a debugger at" : "read by a debugger at", addr);
  return violation(l4, write ? "written at" : "read at", addr);
}

static bool guard_direct(struct soc *soc, uint32_t granule, enum cpu_access kind)
{
  const struct l4 *l4 = soc->chip;
  uint32_t addr = real_address(l4, granule);
  bool open = l4->firewall.state == L4_FW_OPEN;
  bool code = overlaps(l4, CODE, addr, CPU_GRANULE), data = overlaps(l4, NONVOLATILE, addr, CPU_GRANULE);
  bool volatile_data = overlaps(l4, VOLATILE, addr, CPU_GRANULE);
  if (kind != CPU_FETCH)
    return open ? !(code && kind == CPU_WRITE) : !code && !data && (!volatile_data || shared(l4));
  switch (l4->firewall.state) {
  case L4_FW_OPEN:
    return code || (reg(l4, CR) & (CR_VDS | CR_VDE) && contains(l4, VOLATILE, addr, CPU_GRANULE));
  case L4_FW_CLOSED:
    return !code && !data && (!volatile_data || shared(l4));
  default:
    return false; /* the next fetch decides */
  }
}

static const struct soc_guard guard = {guard_direct, guard_allows};

/* ---- registers ---- */
/* With a non-volatile segment, only code behind the gate may use FW_CR. */
static bool may_use_cr(struct l4 *l4)
{
  const struct l4_firewall *f = &l4->firewall;
  return f->state == L4_FW_OFF || f->state == L4_FW_OPEN || reg(l4, NVDSL) == 0;
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct l4 *l4 = l4_of(b);
  if (may_use_cr(l4))
    return b->v[offset / 4];
  if (!peek)
    violation(l4, "FW_CR read at", b->base + CR);
  return 0;
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  uint32_t mask = b->regs[b->known[offset / 4] - 1].mask;
  (void)size;
  if (offset == CR && !may_use_cr(l4)) {
    violation(l4, "FW_CR written at", b->base + CR);
  } else if (offset == CR) {
    uint32_t rules = (b->v[CR / 4] ^ value) & (CR_VDS | CR_VDE);
    b->v[CR / 4] = value & mask;
    if (l4_firewall_on(l4) && rules)
      l4_memory_remapped(l4);
  } else if (l4_firewall_on(l4)) {
    soc_log_once(b->soc, regs, "firewall: segments are fixed once it is on; writes are ignored");
  } else {
    b->v[offset / 4] = value & mask;
  }
  return true;
}

bool l4_firewall_on(const struct l4 *l4)
{
  return l4->firewall.state != L4_FW_OFF;
}

void l4_firewall_enable(struct l4 *l4)
{
  if (l4_firewall_on(l4))
    return;
  l4->soc->guard = &guard;
  set_state(l4, L4_FW_CLOSED);
}

void l4_firewall_reset(struct l4 *l4)
{
  l4->soc->guard = NULL;
  l4->firewall.state = L4_FW_OFF;
}

void l4_firewall_init(struct l4 *l4)
{
  l4->firewall.block = (struct soc_block){
      .name = "FIREWALL",
      .base = 0x40011C00,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .chip = l4,
  };
}
