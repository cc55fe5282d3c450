/* The bus: which memory or register block answers at an address, and what happens where none is modelled. */
#include "sim/soc/internal.h"

#include <stdlib.h>
#include <string.h>

void soc_add_mem(struct soc *soc, const struct soc_mem *mem)
{
  if (soc->mem_count == SOC_MAX_MEMS)
    abort();
  soc->mems[soc->mem_count++] = *mem;
  for (uint32_t n = mem->base >> 28; n <= (mem->base + mem->size - 1) >> 28; n++)
    soc->mem_nibbles |= (uint16_t)(1u << n);
}

void soc_add_block(struct soc *soc, struct soc_block *block)
{
  if (soc->block_count == SOC_MAX_BLOCKS)
    abort();
  block->soc = soc;
  for (unsigned i = 0; i < block->reg_count; i++)
    block->known[block->regs[i].offset / 4] = (uint8_t)(i + 1);
  unsigned at = soc->block_count++;
  for (; at > 0 && soc->blocks[at - 1]->base > block->base; at--)
    soc->blocks[at] = soc->blocks[at - 1];
  soc->blocks[at] = block;
}

void soc_block_reset(struct soc_block *block)
{
  for (unsigned i = 0; i < block->reg_count; i++)
    block->v[block->regs[i].offset / 4] = block->regs[i].reset;
  if (block->reset)
    block->reset(block);
}

struct soc_block *soc_find_block(const struct soc *soc, uint32_t addr)
{
  unsigned low = 0, high = soc->block_count;
  while (low < high) {
    unsigned mid = (low + high) / 2;
    struct soc_block *b = soc->blocks[mid];
    if (addr < b->base)
      high = mid;
    else if (addr - b->base >= b->size)
      low = mid + 1;
    else
      return b;
  }
  return NULL;
}

struct soc_mem *soc_find_mem(struct soc *soc, uint32_t addr)
{
  if (!(soc->mem_nibbles >> (addr >> 28) & 1u))
    return NULL; /* peripherals: asked for often */
  for (unsigned i = 0; i < soc->mem_count; i++)
    if (addr - soc->mems[i].base < soc->mems[i].size)
      return &soc->mems[i];
  return NULL;
}

/* ---- names ---- */
/* What a debugger touches is its own business: only programs are told about what is not modelled. */
static bool by_program(const struct soc_access *how)
{
  return how->master != SOC_BY_DEBUG && how->master != SOC_BY_DAP;
}

static const struct soc_name *find_name(const struct soc *soc, uint32_t addr)
{
  for (size_t i = 0; i < soc->model->name_count; i++)
    if (addr - soc->model->names[i].base < soc->model->names[i].size)
      return &soc->model->names[i];
  return NULL;
}

void soc_reg_name(const struct soc *soc, uint32_t addr, char *to, size_t size)
{
  const struct soc_name *n = find_name(soc, addr);
  if (!n) {
    snprintf(to, size, "0x%08x", (unsigned)addr);
    return;
  }
  uint32_t offset = (addr - n->base) & ~3u;
  for (const char *p = n->regs; p && *p;) {
    char *end;
    unsigned long at = strtoul(p, &end, 16);
    const char *name = end + 1;
    size_t length = strcspn(name, " ");
    if (at == offset) {
      snprintf(to, size, "%s.%.*s", n->name, (int)length, name);
      return;
    }
    p = name + length + (name[length] == ' ');
  }
  snprintf(to, size, "%s+0x%03x", n->name, (unsigned)offset);
}

/* One line for each register that is not modelled, when it is first touched. */
static void report_unmodelled(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t value)
{
  char name[64];
  soc_reg_name(soc, addr, name, sizeof name);
  unsigned pc = cpu_get(soc->cpu, CPU_PC);
  if (how->kind == CPU_WRITE)
    soc_log(soc, "not modelled: write of 0x%x to %s ignored (pc 0x%08x)", (unsigned)value, name, pc);
  else
    soc_log(soc, "not modelled: %s reads as 0 (pc 0x%08x)", name, pc);
}

/* An address inside a peripheral of which no register is modelled. False: nothing at all lies there. */
static bool unmodelled_peripheral(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t value)
{
  if (how->kind == CPU_FETCH || !find_name(soc, addr))
    return false;
  if (!by_program(how))
    return true;
  uint32_t word = addr & ~3u;
  for (size_t i = 0; i < soc->unmapped_count; i++)
    if (soc->unmapped[i] == word)
      return true;
  uint32_t *more = realloc(soc->unmapped, (soc->unmapped_count + 1) * sizeof *more);
  if (more) {
    soc->unmapped = more;
    soc->unmapped[soc->unmapped_count++] = word;
  }
  report_unmodelled(soc, addr, how, value);
  return true;
}

/* ---- register blocks ---- */
static const struct soc_reg *known_register(struct soc_block *b, uint32_t addr, const struct soc_access *how,
                                            uint32_t value)
{
  uint32_t word = (addr - b->base) / 4;
  if (word < SOC_BLOCK_WORDS) {
    if (b->known[word])
      return &b->regs[b->known[word] - 1];
    if (by_program(how) && !(b->seen >> word & 1u)) {
      b->seen |= (uint64_t)1 << word;
      report_unmodelled(b->soc, addr, how, value);
    }
  } else {
    unmodelled_peripheral(b->soc, addr, how, value);
  }
  return NULL;
}

static bool block_asleep(struct soc_block *b, const struct soc_access *how)
{
  if ((!b->enable || (*b->enable & b->gate)) && (!b->hold || !(*b->hold & b->gate)))
    return false;
  if (by_program(how) && !b->seen_unclocked) {
    b->seen_unclocked = true;
    soc_log(b->soc, "%s is used without its clock, or held in reset: it reads 0 and ignores writes (pc 0x%08x)",
            b->name, (unsigned)cpu_get(b->soc->cpu, CPU_PC));
  }
  return true;
}

static uint32_t block_read(struct soc_block *b, uint32_t addr, const struct soc_access *how)
{
  if (block_asleep(b, how))
    return 0;
  const struct soc_reg *r = known_register(b, addr, how, 0);
  if (!r)
    return 0;
  b->read_size = how->size;
  uint32_t v = r->flags & SOC_REG_READ ? b->read(b, r->offset, how->master == SOC_BY_DEBUG) : b->v[r->offset / 4];
  v >>= 8 * (addr & 3u);
  return how->size == 4 ? v : v & ((1u << (8 * how->size)) - 1);
}

static bool block_write(struct soc_block *b, uint32_t addr, const struct soc_access *how, uint32_t value)
{
  if (block_asleep(b, how))
    return true;
  const struct soc_reg *r = known_register(b, addr, how, value);
  if (!r)
    return true;
  uint32_t *reg = &b->v[r->offset / 4];
  if (how->size < 4) {
    unsigned shift = 8 * (addr & 3u);
    uint32_t lanes = ((1u << (8 * how->size)) - 1) << shift;
    value = ((value << shift) & lanes) | (r->flags & SOC_REG_LANES ? 0 : *reg & ~lanes);
  }
  if (r->flags & SOC_REG_WRITE)
    return b->write(b, r->offset, value, how->size);
  *reg = (*reg & ~r->mask) | (value & r->mask);
  return true;
}

/* ---- accesses ---- */
bool soc_bus_read(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t *value)
{
  *value = 0;
  if (soc->dead && how->master != SOC_BY_DEBUG)
    return true;
  if (soc->guard && how->master != SOC_BY_DEBUG && !soc->guard->allows(soc, addr, how))
    return how->master != SOC_BY_DAP;
  struct soc_block *b = soc->last_block;
  if (!b || addr - b->base >= b->size)
    b = soc_find_block(soc, addr);
  if (b && how->kind != CPU_FETCH) {
    soc->last_block = b;
    *value = block_read(b, addr, how);
    return true;
  }
  struct soc_mem *m = soc_find_mem(soc, addr);
  if (!m)
    return unmodelled_peripheral(soc, addr, how, 0);
  if (m->ops)
    return m->ops->read(m, addr - m->base, how, value);
  memcpy(value, m->bytes + (addr - m->base), how->size); /* a little-endian host, as every build machine is */
  return true;
}

bool soc_bus_write(struct soc *soc, uint32_t addr, const struct soc_access *how, uint32_t value)
{
  if (soc->dead && how->master != SOC_BY_DEBUG)
    return true;
  if (soc->guard && how->master != SOC_BY_DEBUG && !soc->guard->allows(soc, addr, how))
    return how->master != SOC_BY_DAP;
  struct soc_block *b = soc->last_block;
  if (!b || addr - b->base >= b->size)
    b = soc_find_block(soc, addr);
  if (b) {
    soc->last_block = b;
    return block_write(b, addr, how, value);
  }
  struct soc_mem *m = soc_find_mem(soc, addr);
  if (!m)
    return unmodelled_peripheral(soc, addr, how, value);
  if (m->ops)
    return m->ops->write && m->ops->write(m, addr - m->base, how, value);
  memcpy(m->bytes + (addr - m->base), &value, how->size);
  if (how->master != SOC_BY_CPU)
    cpu_invalidate(soc->cpu, addr, how->size);
  return true;
}

uint8_t *soc_bus_direct(struct soc *soc, uint32_t addr, enum cpu_access kind)
{
  struct soc_mem *m = soc->dead ? NULL : soc_find_mem(soc, addr);
  if (!m || (soc->guard && !soc->guard->direct(soc, addr, kind)))
    return NULL;
  if (m->ops)
    return m->ops->direct ? m->ops->direct(m, addr - m->base, kind) : NULL;
  return m->bytes + (addr - m->base);
}
