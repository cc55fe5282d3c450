/* Memory map of the STM32L4: main flash and its alias at 0, one-time bytes, option bytes, device information, RAM.
 *
 * Every access to flash by whatever master passes flash_read() or flash_direct(), and every write flash_write(): the
 * places where read protections belong.
 */
#include "sim/soc/l4/l4.h"

#include <string.h>

static struct l4 *chip_of(const struct soc_mem *mem)
{
  return mem->chip;
}

static uint32_t physical(const struct l4 *l4, uint32_t offset)
{
  return l4_banks_swapped(l4) ? offset ^ L4_BANK_SIZE : offset;
}

bool l4_flash_offset(const struct l4 *l4, uint32_t addr, uint32_t *at)
{
  if (addr - L4_FLASH_BASE >= l4->part->flash_size)
    return false;
  *at = physical(l4, addr - L4_FLASH_BASE);
  return true;
}

/* ---- what the core holds ---- */
static void mark(uint64_t *map, uint32_t offset)
{
  uint32_t g = offset / CPU_GRANULE;
  map[g / 64] |= (uint64_t)1 << (g % 64);
}

static void recall(struct l4 *l4, uint64_t *map, unsigned alias, uint32_t first, uint32_t size)
{
  uint32_t base = alias ? L4_FLASH_BASE : 0;
  for (uint32_t w = first / CPU_GRANULE / 64; w < (first + size) / CPU_GRANULE / 64; w++) {
    for (uint64_t bits = map[w]; bits; bits &= bits - 1) {
      uint32_t g = w * 64 + (uint32_t)__builtin_ctzll(bits);
      cpu_invalidate(l4->soc->cpu, base + g * CPU_GRANULE, CPU_GRANULE);
    }
    map[w] = 0;
  }
}

void l4_memory_busy(struct l4 *l4, unsigned banks)
{
  for (unsigned bank = 0; bank < 2; bank++)
    for (unsigned alias = 0; alias < 2 && (banks >> bank & 1u); alias++)
      recall(l4, l4->flash.handed[alias], alias, physical(l4, bank * L4_BANK_SIZE), L4_BANK_SIZE);
}

void l4_memory_ready(struct l4 *l4)
{
  for (unsigned alias = 0; alias < 2; alias++)
    recall(l4, l4->flash.refused[alias], alias, 0, L4_FLASH_MAX);
}

void l4_memory_changed(struct l4 *l4, const struct nvm *array, uint32_t at, uint32_t size)
{
  if (array != &l4->flash.main)
    return;
  if (size == l4->part->flash_size)
    at = 0;
  else
    at = physical(l4, at);
  cpu_invalidate(l4->soc->cpu, at, size);
  cpu_invalidate(l4->soc->cpu, L4_FLASH_BASE + at, size);
}

void l4_memory_remapped(struct l4 *l4)
{
  memset(l4->flash.handed, 0, sizeof l4->flash.handed);
  memset(l4->flash.refused, 0, sizeof l4->flash.refused);
  cpu_flush(l4->soc->cpu);
}

bool l4_memory_runs_from(const struct l4 *l4, unsigned banks)
{
  uint32_t pc = cpu_get(l4->soc->cpu, CPU_PC), at;
  if (l4_boot_memory(l4) == 0 && pc < l4->part->flash_size)
    pc += L4_FLASH_BASE;
  return l4_flash_offset(l4, pc, &at) && (banks >> (at >= L4_BANK_SIZE) & 1u);
}

/* ---- flash ---- */
static uint8_t *flash_direct(struct l4 *l4, unsigned alias, uint32_t offset, enum cpu_access kind)
{
  struct l4_flash *f = &l4->flash;
  uint32_t at = physical(l4, offset);
  if (kind == CPU_WRITE || l4_closed(l4) || (kind == CPU_READ && l4_pcrop_overlaps(l4, at, CPU_GRANULE)))
    return NULL;
  if (l4_flash_busy(f, at >= L4_BANK_SIZE)) {
    mark(f->refused[alias], offset);
    return NULL;
  }
  if (!nvm_is_direct(&f->main, at))
    return NULL;
  mark(f->handed[alias], offset);
  return f->main.bytes + at;
}

static bool array_read(struct l4 *l4, struct nvm *array, uint32_t at, const struct soc_access *how, uint32_t *value)
{
  uint8_t unit[NVM_MAX_UNIT];
  if (how->master == SOC_BY_DEBUG) {
    memcpy(value, array->bytes + at, how->size);
    return true;
  }
  if (l4_closed_to(l4, how->master))
    return false;
  if (how->kind != CPU_FETCH && array == &l4->flash.main && l4_pcrop_overlaps(l4, at, how->size)) {
    *value = 0; /* the manual tells of the flag only */
    l4_flash_read_error(l4);
    return true;
  }
  unsigned bank = array == &l4->flash.main && at >= L4_BANK_SIZE ? 1 : 0;
  while (l4_flash_busy(&l4->flash, bank) && !l4->soc->dead)
    soc_wait(l4->soc, l4->flash.end);
  if (l4->soc->dead)
    return true;
  enum nvm_ecc ecc = nvm_read(array, at / array->unit, unit);
  memcpy(value, unit + at % array->unit, how->size);
  if (ecc != NVM_OK)
    l4_flash_ecc(l4, ecc, array, at);
  return true;
}

static bool flash_read(struct l4 *l4, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  return array_read(l4, &l4->flash.main, physical(l4, offset), how, value);
}

static bool flash_write(struct l4 *l4, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  return how->master != SOC_BY_DEBUG && !l4_closed_to(l4, how->master) &&
         l4_flash_write(l4, &l4->flash.main, physical(l4, offset), value, how->size);
}

static uint8_t *main_direct(struct soc_mem *mem, uint32_t offset, enum cpu_access kind)
{
  return flash_direct(chip_of(mem), 1, offset, kind);
}

static bool main_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  return flash_read(chip_of(mem), offset, how, value);
}

static bool main_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  return flash_write(chip_of(mem), offset, how, value);
}

/* ---- the alias at 0: what SYSCFG.MEMRMP.MEM_MODE says ---- */
static uint8_t *alias_direct(struct soc_mem *mem, uint32_t offset, enum cpu_access kind)
{
  struct l4 *l4 = chip_of(mem);
  unsigned mode = l4_boot_memory(l4);
  if (mode == 0)
    return flash_direct(l4, 0, offset, kind);
  return mode == 3 && offset < l4->part->sram1_size ? l4->sram1 + offset : NULL;
}

static bool alias_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  struct l4 *l4 = chip_of(mem);
  unsigned mode = l4_boot_memory(l4);
  if (mode == 0)
    return flash_read(l4, offset, how, value);
  if (mode != 3 || offset >= l4->part->sram1_size)
    return false;
  memcpy(value, l4->sram1 + offset, how->size);
  return true;
}

static bool alias_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  struct l4 *l4 = chip_of(mem);
  unsigned mode = l4_boot_memory(l4);
  if (mode == 0)
    return flash_write(l4, offset, how, value);
  if (mode != 3 || offset >= l4->part->sram1_size)
    return false;
  memcpy(l4->sram1 + offset, &value, how->size);
  return true;
}

/* ---- one-time-programmable bytes, option bytes, device information ---- */
static bool otp_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  struct l4 *l4 = chip_of(mem);
  return array_read(l4, &l4->flash.otp, offset, how, value);
}

static bool otp_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  struct l4 *l4 = chip_of(mem);
  return how->master != SOC_BY_DEBUG && !l4_closed_to(l4, how->master) &&
         l4_flash_write(l4, &l4->flash.otp, offset, value, how->size);
}

static bool system_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  struct l4 *l4 = chip_of(mem);
  (void)offset, (void)value;
  if (how->master == SOC_BY_CPU)
    soc_log_once(l4->soc, &l4->soc->model, "not modelled: the boot loader in system memory");
  return false;
}

static bool info_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  enum { PACKAGE = 0x100, UID = 0x190, FLASH_SIZE = 0x1E0 };
  const struct l4 *l4 = chip_of(mem);
  uint32_t word = 0xFFFFFFFF;
  if ((offset & ~3u) == PACKAGE)
    word = l4->part->package;
  else if ((offset & ~3u) == FLASH_SIZE)
    word = 0xFFFF0000 | l4->part->flash_size / 1024;
  else if (offset - UID < sizeof l4->uid)
    memcpy(&word, l4->uid + (offset - UID & ~3u), 4);
  word >>= 8 * (offset & 3u);
  memcpy(value, &word, how->size);
  return true;
}

static bool option_read(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t *value)
{
  uint32_t word = 0xFFFFFFFF;
  l4_options_read(chip_of(mem), mem->base + offset, &word);
  word >>= 8 * (offset & 3u);
  memcpy(value, &word, how->size);
  return true;
}

/* Nothing there can be programmed through the bus. */
static bool info_write(struct soc_mem *mem, uint32_t offset, const struct soc_access *how, uint32_t value)
{
  (void)mem, (void)offset, (void)how, (void)value;
  return false;
}

static const struct soc_mem_ops main_ops = {main_direct, main_read, main_write};
static const struct soc_mem_ops alias_ops = {alias_direct, alias_read, alias_write};
static const struct soc_mem_ops otp_ops = {NULL, otp_read, otp_write};
static const struct soc_mem_ops system_ops = {NULL, system_read, info_write};
static const struct soc_mem_ops info_ops = {NULL, info_read, info_write};
static const struct soc_mem_ops option_ops = {NULL, option_read, info_write};

bool l4_memory_init(struct l4 *l4)
{
  const struct l4_part *part = l4->part;
  const struct soc_mem mems[] = {
      {"SRAM1", L4_SRAM1_BASE, part->sram1_size, l4->sram1, NULL, l4},
      {"SRAM2", L4_SRAM2_BASE, part->sram2_size, l4->sram2, &l4_sram2_ops, l4},
      {"flash", L4_FLASH_BASE, part->flash_size, NULL, &main_ops, l4},
      {"alias", 0, part->flash_size, NULL, &alias_ops, l4},
      {"system memory", 0x1FFF0000, 0x7000, NULL, &system_ops, l4},
      {"OTP", L4_OTP_BASE, L4_OTP_SIZE, NULL, &otp_ops, l4},
      {"device information", 0x1FFF7400, 0x400, NULL, &info_ops, l4},
      {"option bytes 1", 0x1FFF7800, 0x800, NULL, &option_ops, l4},
  };
  for (size_t i = 0; i < sizeof mems / sizeof mems[0]; i++)
    soc_add_mem(l4->soc, &mems[i]);
  if (part->flash_size > L4_BANK_SIZE)
    soc_add_mem(l4->soc, &(struct soc_mem){"option bytes 2", 0x1FFFF800, 0x800, NULL, &option_ops, l4});
  if (part->sram2_behind)
    soc_add_mem(l4->soc, &(struct soc_mem){"SRAM2 behind SRAM1", L4_SRAM1_BASE + part->sram1_size, part->sram2_size,
                                           l4->sram2, &l4_sram2_ops, l4});
  return nvm_init(&l4->flash.main, part->flash_size, 8, L4_PAGE, 0xFF) &&
         nvm_init(&l4->flash.otp, L4_OTP_SIZE, 8, L4_OTP_SIZE, 0xFF);
}
