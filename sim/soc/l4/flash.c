/* Flash controller of the STM32L4 (RM0351 chapter 3): keys and locks, programming by double words and rows, page and
 * mass erase, option bytes, status and error flags, ECC.
 *
 * Where the manual leaves the effect open, the model takes the strict reading: a program that works here does not rely
 * on luck. Not modelled: RUN_PD, stale lines of the caches.
 */
#include "sim/soc/l4/l4.h"

#include <string.h>

enum { ACR = 0, KEYR = 8, OPTKEYR = 0xC, SR = 0x10, CR = 0x14, ECCR = 0x18 };
enum {
  SR_EOP = 1,
  SR_OPERR = 1 << 1,
  SR_PROGERR = 1 << 3,
  SR_WRPERR = 1 << 4,
  SR_PGAERR = 1 << 5,
  SR_SIZERR = 1 << 6,
  SR_PGSERR = 1 << 7,
  SR_MISERR = 1 << 8,
  SR_FASTERR = 1 << 9,
  SR_RDERR = 1 << 14,
  SR_BSY = 1 << 16,
};
#define SR_ERRORS    0x3F8u /* of programming and erasing: what must be clear before the next operation */
#define SR_CLEARABLE 0xC3FBu
enum {
  CR_PG = 1,
  CR_PER = 1 << 1,
  CR_MER1 = 1 << 2,
  CR_BKER = 1 << 11,
  CR_MER2 = 1 << 15,
  CR_START = 1 << 16,
  CR_OPTSTRT = 1 << 17,
  CR_FSTPG = 1 << 18,
  CR_EOPIE = 1 << 24,
  CR_ERRIE = 1 << 25,
  CR_RDERRIE = 1 << 26,
  CR_OBL_LAUNCH = 1 << 27,
  CR_OPTLOCK = 1 << 30,
};
#define CR_LOCK      0x80000000u
#define CR_STORED    0x07078FFFu /* bits that hold what is written */
#define ECCR_ECCIE   (1u << 24)
#define ECCR_ECCC    (1u << 30)
#define ECCR_ECCD    (1u << 31)
#define ECCR_BANK    (1u << 19)
#define ECCR_SYSTEM  (1u << 20)
#define ECCR_ADDRESS 0x1FFFFFu /* with bank and system bit */

#define KEY1    0x45670123u
#define KEY2    0xCDEF89ABu
#define OPTKEY1 0x08192A3Bu
#define OPTKEY2 0x4C5D6E7Fu

/* Typical times of the datasheet (DS10198, flash memory characteristics). */
#define PROGRAM_PS    (8169 * SOC_PS_PER_US / 100)
#define FAST_PS       (1910 * SOC_PS_PER_US / 32) /* a row of 32 double words in 1.91 ms */
#define FAST_GAP_PS   (20 * SOC_PS_PER_US)        /* the next one must come in this time */
#define PAGE_ERASE_PS (2202 * SOC_PS_PER_US * 10)
#define MASS_ERASE_PS (2213 * SOC_PS_PER_US * 10)
#define OPTIONS_PS    (PAGE_ERASE_PS + L4_OPTIONS * PROGRAM_PS)
#define ROW           256u

static const struct soc_reg regs[] = {
    {ACR, SOC_REG_WRITE, 0x600, 0x5F07},
    {KEYR, SOC_REG_READ | SOC_REG_WRITE, 0, 0},
    {OPTKEYR, SOC_REG_READ | SOC_REG_WRITE, 0, 0},
    {SR, SOC_REG_READ | SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {CR, SOC_REG_WRITE, 0xC0000000, 0},
    {ECCR, SOC_REG_WRITE, 0, ECCR_ECCIE},
    {0x20, SOC_REG_WRITE, 0, 0},
    {0x24, SOC_REG_WRITE, 0, 0},
    {0x28, SOC_REG_WRITE, 0, 0},
    {0x2C, SOC_REG_WRITE, 0, 0},
    {0x30, SOC_REG_WRITE, 0, 0},
    {0x44, SOC_REG_WRITE, 0, 0},
    {0x48, SOC_REG_WRITE, 0, 0},
    {0x4C, SOC_REG_WRITE, 0, 0},
    {0x50, SOC_REG_WRITE, 0, 0},
};

static uint32_t *reg(struct l4 *l4, unsigned offset)
{
  return &l4->flash.block.v[offset / 4];
}

static void update_irq(struct l4 *l4)
{
  uint32_t sr = *reg(l4, SR), cr = *reg(l4, CR), eccr = *reg(l4, ECCR);
  cpu_irq_level(l4->soc->cpu, L4_IRQ_FLASH,
                (sr & SR_EOP && cr & CR_EOPIE) || (sr & SR_OPERR && cr & CR_ERRIE) ||
                    (sr & SR_RDERR && cr & CR_RDERRIE) || (eccr & ECCR_ECCC && eccr & ECCR_ECCIE));
}

static void raise_error(struct l4 *l4, uint32_t flags)
{
  *reg(l4, SR) |= flags | (*reg(l4, CR) & CR_ERRIE ? SR_OPERR : 0);
  update_irq(l4);
}

void l4_flash_read_error(struct l4 *l4)
{
  *reg(l4, SR) |= SR_RDERR;
  update_irq(l4);
}

static bool busy(const struct l4_flash *f)
{
  return f->op != L4_OP_NONE || f->row_open;
}

bool l4_flash_busy(const struct l4_flash *f, unsigned bank)
{
  return f->op != L4_OP_NONE && (f->banks >> bank & 1u);
}

/* The bus waits for the operation under way. */
static void wait(struct l4 *l4)
{
  while (l4->flash.op != L4_OP_NONE && !l4->soc->dead)
    soc_wait(l4->soc, l4->flash.end);
}

/* ---- operations ---- */
/* Contents change, with the fate that was drawn when the operation began. */
static void apply(struct l4 *l4, enum soc_fate fate, uint32_t seed)
{
  struct l4_flash *f = &l4->flash;
  switch (f->op) {
  case L4_OP_PROGRAM:
    nvm_program(f->array, f->at / 8, f->data, fate, seed);
    l4->soc->programs++;
    l4_memory_changed(l4, f->array, f->at, 8);
    break;
  case L4_OP_ERASE:
    nvm_erase(f->array, f->at, f->size, fate, seed);
    l4->soc->erases += f->size / L4_PAGE;
    l4_memory_changed(l4, f->array, f->at, f->size);
    break;
  case L4_OP_REGRESSION:
    l4_regression_erase(l4, fate, seed);
    break;
  case L4_OP_OPTIONS:
    l4_options_program(l4, fate, seed);
    break;
  case L4_OP_NONE:
    break;
  }
  f->op = L4_OP_NONE;
  f->banks = 0;
}

static void end_of_operation(struct l4 *l4)
{
  *reg(l4, CR) &= ~(uint32_t)(CR_START | CR_OPTSTRT);
  if (*reg(l4, CR) & CR_EOPIE)
    *reg(l4, SR) |= SR_EOP;
  update_irq(l4);
}

static void start(struct l4 *l4, enum l4_op op, unsigned banks, uint64_t ps);

static void done(void *ctx)
{
  struct l4 *l4 = ctx;
  struct l4_flash *f = &l4->flash;
  enum soc_fate fate = f->fate;
  bool regression = f->op == L4_OP_REGRESSION;
  apply(l4, fate, f->seed);
  if (fate != SOC_FATE_NORMAL) {
    soc_lose_power(l4->soc);
    return;
  }
  if (regression) {
    start(l4, L4_OP_OPTIONS, 3, OPTIONS_PS);
    return;
  }
  l4_memory_ready(l4);
  if (f->row_open && f->row_next < f->row + ROW)
    soc_after(l4->soc, &f->row_late, FAST_GAP_PS);
  else {
    f->row_open = false;
    end_of_operation(l4);
  }
}

/* op, array, at, size and data are set. */
static void start(struct l4 *l4, enum l4_op op, unsigned banks, uint64_t ps)
{
  struct l4_flash *f = &l4->flash;
  f->fate = soc_flash_op(l4->soc, &f->seed);
  if (f->fate == SOC_FATE_BEFORE) {
    soc_lose_power(l4->soc);
    return;
  }
  f->op = op;
  f->banks = banks;
  f->end = soc_now(l4->soc) + (f->fate == SOC_FATE_TORN ? ps / 2 : ps);
  soc_at(l4->soc, &f->done, f->end);
  if (l4_memory_runs_from(l4, banks))
    wait(l4); /* the next instruction cannot be fetched before */
  else
    l4_memory_busy(l4, banks);
}

void l4_flash_abort(struct l4 *l4)
{
  struct l4_flash *f = &l4->flash;
  soc_cancel(l4->soc, &f->done);
  soc_cancel(l4->soc, &f->row_late);
  if (f->op != L4_OP_NONE)
    apply(l4, SOC_FATE_TORN, (uint32_t)soc_now(l4->soc) ^ (uint32_t)l4->soc->flash_ops);
}

/* ---- programming ---- */
static void start_program(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t low, uint32_t high, uint64_t ps)
{
  struct l4_flash *f = &l4->flash;
  f->array = array;
  f->at = at;
  memcpy(f->data, &low, 4);
  memcpy(f->data + 4, &high, 4);
  unsigned bank = array == &f->main && at >= L4_BANK_SIZE ? 1 : 0;
  start(l4, L4_OP_PROGRAM, 1u << bank, ps);
}

/* A double word takes one program after an erase, then only all zeros; a one-time double word not even that. */
static bool may_program(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t low, uint32_t high)
{
  bool zeros = low == 0 && high == 0 && array == &l4->flash.main;
  return nvm_is_blank(array, at / 8) || zeros;
}

static void program_word(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t value)
{
  struct l4_flash *f = &l4->flash;
  if (!f->half) {
    if (at & 7u) {
      raise_error(l4, SR_PGAERR);
      return;
    }
    f->half = true;
    f->half_array = array;
    f->half_at = at;
    f->half_value = value;
    return;
  }
  f->half = false;
  if (array != f->half_array || at != f->half_at + 4) {
    raise_error(l4, SR_PGAERR);
    return;
  }
  at -= 4;
  if (array == &f->main && l4_write_protected(l4, at))
    raise_error(l4, SR_WRPERR);
  else if (!may_program(l4, array, at, f->half_value, value))
    raise_error(l4, SR_PROGERR);
  else {
    if (array == &f->main)
      f->mass_erased[at >= L4_BANK_SIZE] = false;
    start_program(l4, array, at, f->half_value, value, PROGRAM_PS);
  }
}

/* ---- fast programming: a row of 64 words in order, after a mass erase of the bank ---- */
static void close_row(struct l4 *l4, uint32_t flags)
{
  l4->flash.row_open = l4->flash.half = false;
  raise_error(l4, flags | SR_FASTERR);
}

static void row_late(void *ctx)
{
  close_row(ctx, SR_MISERR);
}

static void program_row(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t value)
{
  struct l4_flash *f = &l4->flash;
  if (array != &f->main || !f->mass_erased[at >= L4_BANK_SIZE]) {
    raise_error(l4, SR_PGSERR);
    return;
  }
  soc_cancel(l4->soc, &f->row_late);
  if (!f->row_open) {
    if (at % ROW) {
      close_row(l4, SR_PGAERR);
      return;
    }
    if (l4_page_protected(l4, at)) { /* the row may reach into a PCROP area further on */
      close_row(l4, SR_WRPERR);
      return;
    }
    if (l4->soc->hz < 8000000)
      soc_log_once(l4->soc, &f->row, "flash: fast programming needs HCLK of 8 MHz or more");
    f->row = f->row_next = at;
  }
  if (at != f->row_next) {
    close_row(l4, SR_PGAERR);
    return;
  }
  f->row_open = true;
  f->row_next += 4;
  if (!(at & 4u)) {
    f->half_value = value;
    soc_after(l4->soc, &f->row_late, FAST_GAP_PS);
  } else if (!may_program(l4, array, at - 4, f->half_value, value)) {
    close_row(l4, SR_PROGERR);
  } else {
    start_program(l4, array, at - 4, f->half_value, value, FAST_PS);
  }
}

bool l4_flash_write(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t value, unsigned size)
{
  struct l4_flash *f = &l4->flash;
  wait(l4);
  if (l4->soc->dead)
    return true;
  uint32_t cr = *reg(l4, CR);
  bool fast = cr & CR_FSTPG;
  if (!(cr & (CR_PG | CR_FSTPG)) || (fast && cr & CR_PG) || cr & (CR_PER | CR_MER1 | CR_MER2) ||
      *reg(l4, SR) & SR_ERRORS) {
    f->half = false;
    raise_error(l4, SR_PGSERR);
  } else if (size != 4) {
    f->half = false;
    if (f->row_open)
      close_row(l4, SR_SIZERR);
    else
      raise_error(l4, SR_SIZERR);
  } else if (fast) {
    program_row(l4, array, at, value);
  } else {
    program_word(l4, array, at, value);
  }
  return true;
}

/* ---- erasing ---- */
static void start_erase(struct l4 *l4)
{
  struct l4_flash *f = &l4->flash;
  uint32_t cr = *reg(l4, CR), mass = cr & (CR_MER1 | CR_MER2);
  if (l4->part->flash_size <= L4_BANK_SIZE) /* one bank: these bits do not exist */
    cr &= ~(uint32_t)(CR_BKER | CR_MER2), mass &= CR_MER1;
  bool page = cr & CR_PER;
  if (cr & (CR_PG | CR_FSTPG) || (page && mass) || *reg(l4, SR) & SR_ERRORS) {
    raise_error(l4, SR_PGSERR);
  } else if (page) {
    uint32_t at = (cr & CR_BKER ? L4_BANK_SIZE : 0) + (cr >> 3 & 0xFF) * L4_PAGE;
    if (l4_page_protected(l4, at)) {
      raise_error(l4, SR_WRPERR);
    } else {
      f->array = &f->main;
      f->at = at;
      f->size = L4_PAGE;
      f->mass_erased[at >= L4_BANK_SIZE] = false;
      start(l4, L4_OP_ERASE, at < L4_BANK_SIZE ? 1 : 2, PAGE_ERASE_PS);
      return;
    }
  } else if (mass) {
    unsigned banks = (mass & CR_MER1 ? 1u : 0) | (mass & CR_MER2 ? 2u : 0);
    if ((banks & 1u && l4_bank_protected(l4, 0)) || (banks & 2u && l4_bank_protected(l4, 1))) {
      raise_error(l4, SR_WRPERR);
    } else {
      f->array = &f->main;
      f->at = banks == 2 ? L4_BANK_SIZE : 0;
      f->size = banks == 3 ? l4->part->flash_size : L4_BANK_SIZE;
      f->mass_erased[0] |= banks & 1u;
      f->mass_erased[1] |= (banks & 2u) != 0;
      start(l4, L4_OP_ERASE, banks, MASS_ERASE_PS);
      return;
    }
  } else {
    soc_log_once(l4->soc, &f->size, "flash: START without PER or MER: unpredictable on silicon, ignored here");
  }
  *reg(l4, CR) &= ~(uint32_t)CR_START;
}

/* ---- registers ---- */
/* Two words in order open a lock; anything else closes it until reset, and the bus faults. */
static bool write_key(struct l4 *l4, uint32_t value, uint32_t key1, uint32_t key2, unsigned *step, bool *spoiled,
                      uint32_t lock)
{
  if (*spoiled || !(*reg(l4, CR) & lock) || value != (*step == 0 ? key1 : key2)) {
    *spoiled = true;
    *reg(l4, CR) |= lock;
    return false;
  }
  if (++*step == 2) {
    *step = 0;
    *reg(l4, CR) &= ~lock;
  }
  return true;
}

static bool write_cr(struct l4 *l4, uint32_t value)
{
  struct l4_flash *f = &l4->flash;
  uint32_t *cr = reg(l4, CR);
  wait(l4);
  if (l4->soc->dead)
    return true;
  if (*cr & CR_LOCK) {
    soc_log_once(l4->soc, &f->key_step, "FLASH.CR is written while locked: ignored");
    return true;
  }
  if (*cr & CR_OPTLOCK)
    value &= ~(uint32_t)(CR_OPTSTRT | CR_OBL_LAUNCH);
  if ((value ^ *cr) & (CR_PG | CR_FSTPG))
    f->half = false;
  if (f->row_open && !(value & CR_FSTPG)) {
    soc_cancel(l4->soc, &f->row_late);
    close_row(l4, SR_MISERR);
  }
  *cr = (value & CR_STORED) | ((*cr | value) & (CR_LOCK | CR_OPTLOCK));
  if (*cr & CR_LOCK)
    *cr |= CR_OPTLOCK;
  update_irq(l4);
  if (value & CR_OBL_LAUNCH) {
    soc_request_reset(l4->soc, SOC_CAUSE_OPTION);
  } else if (value & CR_OPTSTRT) {
    if (*reg(l4, SR) & SR_ERRORS) {
      raise_error(l4, SR_PGSERR);
      *cr &= ~(uint32_t)CR_OPTSTRT;
    } else if (!l4_options_allowed(l4)) {
      raise_error(l4, SR_WRPERR);
      *cr &= ~(uint32_t)CR_OPTSTRT;
    } else if (l4_options_regress(l4)) {
      start(l4, L4_OP_REGRESSION, 3, MASS_ERASE_PS);
    } else {
      start(l4, L4_OP_OPTIONS, 3, OPTIONS_PS);
    }
  } else if (value & CR_START) {
    start_erase(l4);
  }
  return true;
}

static bool write_option(struct l4 *l4, unsigned offset, uint32_t value)
{
  wait(l4);
  if (*reg(l4, CR) & CR_OPTLOCK) {
    soc_log_once(l4->soc, &l4->flash.option_key_step, "option registers are written while OPTLOCK is set: ignored");
    return true;
  }
  for (unsigned i = 0; i < l4->part->options; i++) {
    uint32_t m = l4_option_mask(l4, (enum l4_option)i);
    if (l4_option_offset((enum l4_option)i) == offset)
      *reg(l4, offset) = (*reg(l4, offset) & ~m) | (value & m);
  }
  return true;
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  struct l4_flash *f = &l4->flash;
  (void)size;
  switch (offset) {
  case ACR:
    b->v[ACR / 4] = value & 0x5F07;
    l4_flash_latency(l4);
    return true;
  case KEYR:
    return write_key(l4, value, KEY1, KEY2, &f->key_step, &f->keys_spoiled, CR_LOCK);
  case OPTKEYR:
    if (b->v[CR / 4] & CR_LOCK)
      f->option_keys_spoiled = true;
    return write_key(l4, value, OPTKEY1, OPTKEY2, &f->option_key_step, &f->option_keys_spoiled, CR_OPTLOCK);
  case SR:
    b->v[SR / 4] &= ~(value & SR_CLEARABLE);
    break;
  case CR:
    return write_cr(l4, value);
  case ECCR:
    b->v[ECCR / 4] &= ~(value & (ECCR_ECCC | ECCR_ECCD));
    b->v[ECCR / 4] = (b->v[ECCR / 4] & ~ECCR_ECCIE) | (value & ECCR_ECCIE);
    break;
  default:
    return write_option(l4, offset, value);
  }
  update_irq(l4);
  return true;
}

static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  struct l4 *l4 = l4_of(b);
  if (offset != SR)
    return 0; /* key registers */
  if (!busy(&l4->flash))
    return b->v[SR / 4];
  if (!peek)
    soc_poll(b);
  return b->v[SR / 4] | SR_BSY;
}

/* ---- ECC ---- */
void l4_flash_ecc(struct l4 *l4, enum nvm_ecc ecc, const struct nvm *array, uint32_t at)
{
  uint32_t *eccr = reg(l4, ECCR);
  uint32_t place = at % L4_BANK_SIZE & ~7u;
  if (array != &l4->flash.main)
    place |= ECCR_SYSTEM;
  else if (at >= L4_BANK_SIZE)
    place |= ECCR_BANK;
  bool fatal = ecc == NVM_UNCORRECTABLE;
  /* The address is that of the first error that nobody has cleared; an uncorrectable one takes precedence. */
  if (!(*eccr & (fatal ? ECCR_ECCD : ECCR_ECCC | ECCR_ECCD)))
    *eccr = (*eccr & ~ECCR_ADDRESS) | place | (fatal ? ECCR_ECCD : ECCR_ECCC);
  if (fatal) {
    l4->flash.ecc_at = (array == &l4->flash.main ? L4_FLASH_BASE : L4_OTP_BASE) + (at & ~7u);
    cpu_nmi(l4->soc->cpu);
  }
  update_irq(l4);
}

/* Wait states that HCLK needs at this core voltage (RM0351 table 9). Too few: silicon reads garbage; the model says so.
 */
void l4_flash_latency(struct l4 *l4)
{
  bool range1 = l4_voltage_range(l4) == 1;
  uint32_t needed = (l4->soc->hz - 1) / (range1 ? 16000000 : 6000000);
  if (needed > (range1 ? 4 : 3))
    needed = range1 ? 4 : 3;
  uint32_t set = *reg(l4, ACR) & 7;
  if (set < needed)
    soc_log_once(l4->soc, &l4->flash.end,
                 "flash: %u wait states are set, HCLK of %u Hz needs %u: reads would fail on silicon", (unsigned)set,
                 (unsigned)l4->soc->hz, (unsigned)needed);
}

static void reset(struct soc_block *b)
{
  struct l4_flash *f = &l4_of(b)->flash;
  f->key_step = f->option_key_step = 0;
  f->keys_spoiled = f->option_keys_spoiled = false;
  f->half = f->row_open = false;
  f->mass_erased[0] = f->mass_erased[1] = false;
  update_irq(l4_of(b));
}

void l4_flash_init(struct l4 *l4)
{
  struct l4_flash *f = &l4->flash;
  f->done = (struct soc_event){.fire = done, .ctx = l4};
  f->row_late = (struct soc_event){.fire = row_late, .ctx = l4};
  f->block = (struct soc_block){
      .name = "FLASH",
      .base = 0x40022000,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .reset = reset,
      .chip = l4,
  };
  soc_add_block(l4->soc, &f->block);
}
