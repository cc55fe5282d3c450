/* Serial NOR flash: see mx25r.h. */
#include "sim/soc/part/mx25r.h"

#include <string.h>

enum { WIP = 1, WEL = 2, BP = 0x3C, QE = 0x40, SRWD = 0x80 };
enum { FAST_MODE = 2 }; /* in the second configuration byte: L/H switch */

enum kind { READ_ARRAY, READ_REG, READ_ID, PROGRAM, ERASE, WRITE_STATUS, SIMPLE };
struct entry {
  uint8_t instruction, kind;
  uint8_t address, address_lines, dummy, data_lines; /* dummy: cycles, mode bits included */
  bool quad, write;                                  /* needs QE; needs WEL */
  uint8_t mhz[2];                                    /* highest clock: ultra-low-power, high-performance */
  uint32_t size;                                     /* erases: bytes, 0: all */
};
static const struct entry entries[] = {
    {0x03, READ_ARRAY, 3, 1, 0, 1, false, false, {33, 33}, 0},
    {0x0B, READ_ARRAY, 3, 1, 8, 1, false, false, {33, 80}, 0},
    {0x3B, READ_ARRAY, 3, 1, 8, 2, false, false, {33, 80}, 0},
    {0xBB, READ_ARRAY, 3, 2, 4, 2, false, false, {33, 80}, 0},
    {0x6B, READ_ARRAY, 3, 1, 8, 4, true, false, {33, 80}, 0},
    {0xEB, READ_ARRAY, 3, 4, 6, 4, true, false, {33, 80}, 0},
    {0x05, READ_REG, 0, 0, 0, 1, false, false, {33, 80}, 0},
    {0x15, READ_REG, 0, 0, 0, 1, false, false, {33, 80}, 0},
    {0x9F, READ_ID, 0, 0, 0, 1, false, false, {33, 80}, 0},
    {0x02, PROGRAM, 3, 1, 0, 1, false, true, {33, 80}, 0},
    {0x38, PROGRAM, 3, 4, 0, 4, true, true, {33, 80}, 0},
    {0x20, ERASE, 3, 1, 0, 0, false, true, {33, 80}, 0x1000},
    {0x52, ERASE, 3, 1, 0, 0, false, true, {33, 80}, 0x8000},
    {0xD8, ERASE, 3, 1, 0, 0, false, true, {33, 80}, 0x10000},
    {0x60, ERASE, 0, 0, 0, 0, false, true, {33, 80}, 0},
    {0xC7, ERASE, 0, 0, 0, 0, false, true, {33, 80}, 0},
    {0x01, WRITE_STATUS, 0, 0, 0, 1, false, true, {33, 80}, 0},
    {0x06, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
    {0x04, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
    {0xB9, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
    {0xAB, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
    {0x66, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
    {0x99, SIMPLE, 0, 0, 0, 0, false, false, {33, 80}, 0},
};

/* Typical times, ultra-low-power and high-performance mode. */
#define T_PROGRAM(fast)   ((fast) ? 850 * SOC_PS_PER_US : 3200 * SOC_PS_PER_US)
#define T_SECTOR(fast)    ((fast) ? 40 * SOC_PS_PER_MS : 58 * SOC_PS_PER_MS)
#define T_BLOCK_32K(fast) ((fast) ? 240 * SOC_PS_PER_MS : 400 * SOC_PS_PER_MS)
#define T_BLOCK_64K(fast) ((fast) ? 480 * SOC_PS_PER_MS : 800 * SOC_PS_PER_MS)
#define T_CHIP(fast)      ((fast) ? 50000 * SOC_PS_PER_MS : 75000 * SOC_PS_PER_MS)
#define T_STATUS          (30 * SOC_PS_PER_MS)
#define T_POWER_ON        (800 * SOC_PS_PER_US)

static const struct entry *find(uint8_t instruction)
{
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
    if (entries[i].instruction == instruction)
      return &entries[i];
  return NULL;
}

static bool fast(const struct mx25r *nor)
{
  return nor->config[1] & FAST_MODE;
}

bool mx25r_init(struct mx25r *nor, struct soc *soc)
{
  *nor = (struct mx25r){.soc = soc};
  return nvm_init(&nor->array, MX25R_SIZE, MX25R_UNIT, MX25R_SECTOR, 0xFF);
}

void mx25r_power_on(struct mx25r *nor)
{
  nor->status &= (uint8_t)~WEL;
  nor->asleep = nor->reset_enabled = nor->selected = false;
  nor->ready_at = soc_now(nor->soc) + T_POWER_ON;
}

/* ---- operations ---- */
static void program_units(struct mx25r *nor, enum soc_fate fate, uint32_t seed)
{
  const uint32_t units = MX25R_PAGE / MX25R_UNIT;
  /* Torn: unit by unit up to somewhere, or all of them under way at once. */
  const uint32_t stop = seed % 3 == 0 ? units : seed / 3 % units;
  for (uint32_t u = 0; u < units; u++) {
    const uint32_t unit = nor->op_at / MX25R_UNIT + u;
    const uint8_t *old = nor->array.bytes + unit * MX25R_UNIT;
    uint8_t data[MX25R_UNIT];
    bool changes = false;
    for (uint32_t i = 0; i < MX25R_UNIT; i++) {
      const uint32_t at = u * MX25R_UNIT + i;
      data[i] = nor->filled[at] ? old[i] & nor->page[at] : old[i]; /* zeros stay */
      changes |= data[i] != old[i];
    }
    if (!changes)
      continue;
    enum soc_fate this = fate;
    if (fate == SOC_FATE_TORN && stop != units)
      this = u < stop ? SOC_FATE_NORMAL : u == stop ? SOC_FATE_TORN : SOC_FATE_BEFORE;
    nvm_program(&nor->array, unit, data, this, seed ^ u * 2654435761u);
  }
}

static void apply(struct mx25r *nor, enum soc_fate fate, uint32_t seed)
{
  switch (nor->op) {
  case MX25R_PROGRAM:
    program_units(nor, fate, seed);
    break;
  case MX25R_ERASE:
    nvm_erase(&nor->array, nor->op_at, nor->op_size, fate, seed);
    break;
  case MX25R_STATUS:
    if (fate == SOC_FATE_TORN && seed % 2)
      break; /* the old bits stay */
    nor->status = (uint8_t)((nor->status & (WIP | WEL)) | (nor->op_status[0] & (BP | QE | SRWD)));
    if (nor->op_size > 1)
      nor->config[0] = nor->op_status[1];
    if (nor->op_size > 2)
      nor->config[1] = nor->op_status[2];
    break;
  default:
    break;
  }
  nor->op = MX25R_IDLE;
  nor->status &= (uint8_t)~WEL;
}

static void done(void *ctx)
{
  struct mx25r *nor = ctx;
  const enum soc_fate fate = nor->fate;
  apply(nor, fate, nor->seed);
  if (fate != SOC_FATE_NORMAL)
    soc_lose_power(nor->soc);
}

static void start(struct mx25r *nor, enum mx25r_op op, uint32_t at, uint32_t size, uint64_t ps)
{
  nor->fate = soc_flash_op(nor->soc, &nor->seed);
  if (nor->fate == SOC_FATE_BEFORE) {
    soc_lose_power(nor->soc);
    return;
  }
  nor->op = op;
  nor->op_at = at;
  nor->op_size = size;
  nor->done.fire = done;
  nor->done.ctx = nor;
  nor->end = soc_now(nor->soc) + (nor->fate == SOC_FATE_TORN ? ps / 2 : ps);
  soc_at(nor->soc, &nor->done, nor->end);
}

void mx25r_power_off(struct mx25r *nor)
{
  soc_cancel(nor->soc, &nor->done);
  if (nor->op != MX25R_IDLE)
    apply(nor, SOC_FATE_TORN, (uint32_t)soc_now(nor->soc) ^ (uint32_t)nor->soc->flash_ops);
  nor->selected = false;
}

/* ---- commands ---- */
static void spoil(struct mx25r *nor, unsigned key, const char *why)
{
  soc_log_once(nor->soc, &nor->once[key], "MX25R6435F: command 0x%02x %s (pc 0x%08x)", nor->command.instruction, why,
               (unsigned)cpu_get(nor->soc->cpu, CPU_PC));
  nor->spoilt = true;
}

static bool in_protected_area(const struct mx25r *nor, uint32_t at, uint32_t size)
{
  /* BP3 to BP0, TB = 0: the upper 2^(BP-1) blocks of 64 KiB. */
  unsigned bp = nor->status >> 2 & 15u;
  uint32_t blocks = bp == 0 ? 0 : bp > 8 ? 128 : 1u << (bp - 1);
  return blocks != 0 && at + size > MX25R_SIZE - blocks * 0x10000u;
}

static void judge(struct mx25r *nor)
{
  const struct mx25r_command *c = &nor->command;
  const struct entry *e = find(c->instruction);
  if (e == NULL) {
    spoil(nor, 0, "is not modelled: ignored");
    return;
  }
  if (soc_now(nor->soc) < nor->ready_at)
    spoil(nor, 1, "within 800 us of power-on: ignored");
  else if (nor->asleep && c->instruction != 0xAB)
    spoil(nor, 2, "in deep power-down: ignored");
  else if (nor->op != MX25R_IDLE && c->instruction != 0x05)
    spoil(nor, 3, "while busy: ignored");
  else if (c->instruction_lines != 1 || c->address_lines != e->address_lines ||
           (e->address != 0 && c->address_bytes != e->address) ||
           (e->data_lines != 0 && c->data_lines != e->data_lines))
    spoil(nor, 4, "with the wrong number of lines or address bytes: spoilt");
  else if (e->dummy != c->dummy_cycles + (c->alternate_lines ? 8u * c->alternate_bytes / c->alternate_lines : 0))
    spoil(nor, 5, "with the wrong number of dummy cycles: spoilt");
  else if (c->hz > e->mhz[fast(nor)] * 1000000u)
    spoil(nor, 6, "with a clock that is too fast for the mode: spoilt");
  else if (e->quad && !(nor->status & QE))
    spoil(nor, 7, "without the QE bit: spoilt");
  else if (e->write && !(nor->status & WEL))
    spoil(nor, 8, "without write enable: ignored");
}

void mx25r_select(struct mx25r *nor, const struct mx25r_command *command)
{
  nor->command = *command;
  nor->command.address %= MX25R_SIZE; /* address bits beyond are not decoded */
  nor->selected = true;
  nor->spoilt = false;
  nor->at = nor->received = 0;
  judge(nor);
  const struct entry *e = find(command->instruction);
  if (!nor->spoilt && e != NULL && e->kind == PROGRAM)
    memset(nor->filled, 0, sizeof nor->filled); /* while it is busy, the page buffer is in use */
  if (command->instruction != 0x66 && command->instruction != 0x99)
    nor->reset_enabled = false;
}

static uint8_t array_byte(struct mx25r *nor, uint32_t at)
{
  uint8_t unit[NVM_MAX_UNIT];
  (void)nvm_read(&nor->array, at / MX25R_UNIT, unit); /* no ECC: what is wrong is just wrong */
  return unit[at % MX25R_UNIT];
}

uint8_t mx25r_read(struct mx25r *nor)
{
  static const uint8_t id[] = {0xC2, 0x28, 0x17};
  const struct entry *e = find(nor->command.instruction);
  const uint32_t n = nor->at++;
  if (!nor->selected || nor->spoilt || e == NULL)
    return 0xFF;
  switch (e->kind) {
  case READ_ARRAY:
    return array_byte(nor, (nor->command.address + n) % MX25R_SIZE);
  case READ_REG:
    if (e->instruction == 0x05)
      return (uint8_t)(nor->status | (nor->op != MX25R_IDLE ? WIP : 0));
    return nor->config[n % 2];
  case READ_ID:
    return id[n % 3];
  default:
    return 0xFF;
  }
}

void mx25r_write(struct mx25r *nor, uint8_t byte)
{
  const struct entry *e = find(nor->command.instruction);
  if (!nor->selected || nor->spoilt || e == NULL)
    return;
  if (e->kind == PROGRAM) {
    const uint32_t at = (nor->command.address + nor->received) % MX25R_PAGE;
    if (nor->received >= MX25R_PAGE)
      soc_log_once(nor->soc, &nor->once[9], "MX25R6435F: more than a page in one program: it wraps around (pc 0x%08x)",
                   (unsigned)cpu_get(nor->soc->cpu, CPU_PC));
    nor->page[at] = byte;
    nor->filled[at] = true;
  } else if (e->kind == WRITE_STATUS && nor->received < sizeof nor->op_status) {
    nor->op_status[nor->received] = byte;
  }
  nor->received++;
}

static void begin_program(struct mx25r *nor)
{
  const uint32_t page = nor->command.address / MX25R_PAGE * MX25R_PAGE;
  if (nor->received == 0)
    return;
  if (in_protected_area(nor, page, MX25R_PAGE)) {
    spoil(nor, 10, "in a protected area: ignored");
    return;
  }
  start(nor, MX25R_PROGRAM, page, MX25R_PAGE, T_PROGRAM(fast(nor)));
}

static void begin_erase(struct mx25r *nor, uint32_t size)
{
  const uint32_t at = size == 0 ? 0 : nor->command.address / size * size;
  uint64_t ps = T_CHIP(fast(nor));
  if (size == 0)
    size = MX25R_SIZE;
  else
    ps = size == 0x1000 ? T_SECTOR(fast(nor)) : size == 0x8000 ? T_BLOCK_32K(fast(nor)) : T_BLOCK_64K(fast(nor));
  if (in_protected_area(nor, at, size)) {
    spoil(nor, 10, "in a protected area: ignored");
    return;
  }
  start(nor, MX25R_ERASE, at, size, ps);
}

static void simple(struct mx25r *nor)
{
  switch (nor->command.instruction) {
  case 0x06:
    nor->status |= WEL;
    break;
  case 0x04:
    nor->status &= (uint8_t)~WEL;
    break;
  case 0xB9:
    nor->asleep = true;
    break;
  case 0xAB:
    nor->asleep = false;
    break;
  case 0x66:
    nor->reset_enabled = true;
    break;
  case 0x99:
    if (nor->reset_enabled)
      nor->status &= (uint8_t)~WEL;
    nor->reset_enabled = false;
    break;
  default:
    break;
  }
}

void mx25r_deselect(struct mx25r *nor)
{
  const struct entry *e = find(nor->command.instruction);
  if (!nor->selected)
    return;
  nor->selected = false;
  if (nor->spoilt || e == NULL)
    return;
  switch (e->kind) {
  case PROGRAM:
    begin_program(nor);
    break;
  case ERASE:
    begin_erase(nor, e->size);
    break;
  case WRITE_STATUS:
    if (nor->received != 0)
      start(nor, MX25R_STATUS, 0, nor->received, T_STATUS);
    break;
  case SIMPLE:
    simple(nor);
    break;
  default:
    break;
  }
}
