/* The flash model: see simflash.h. */
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEVICES 4
#define MAX_ALLOWED 8

enum kind {
  BLANK,   /* erased, sound */
  WRITTEN, /* sound */
  FIXED,   /* torn, reads as it stands in `now` */
  BAD,     /* reads as an error */
  FLICKER, /* `now`, `other`, a mixture or an error, at each read */
  WEAK     /* the same, at each power-on */
};

/* What is beside the bytes of a unit. */
struct cell {
  uint8_t kind;
  uint8_t by_program; /* torn by a program: programming the same again makes it sound */
  uint8_t worn;       /* programs that are going to fail */
};

struct device {
  uint32_t base, pages, page, unit, size, units;
  uint8_t *now, *other; /* size bytes each */
  struct cell *cells;   /* one per unit */
  uint32_t *wear;       /* one per page */
  uint32_t *group;      /* one per unit: weak units with the same number choose alike */
};

const char *const simflash_tear_names[SIMFLASH_TEARS] = {"before",  "torn half", "torn bits", "torn ECC",
                                                         "flicker", "weak",      "after"};

static struct device devices[MAX_DEVICES];
static unsigned device_count;
static struct {
  uint32_t base, size;
} allowed[MAX_ALLOWED];
static unsigned allowed_count;
static struct simflash_counts counts;
static uint32_t cut_in, cut_place;
static enum simflash_tear cut_tear;
static int refuse_torn;
static uint32_t random_state, session, groups;
static jmp_buf power;
static bool powered;
static uint32_t refuses_at, refuses_left; /* erases */

uint32_t simflash_random(void)
{
  random_state ^= random_state << 13; /* xorshift32 (Marsaglia) */
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

void simflash_seed(uint32_t seed)
{
  random_state = seed * 2654435761u + 0x9E3779B9u;
  if (random_state == 0)
    random_state = 1;
  for (int i = 0; i < 4; i++)
    (void)simflash_random();
}

static uint32_t mix(uint32_t a, uint32_t b)
{
  uint32_t h = a * 0x9E3779B1u ^ b * 0x85EBCA77u;
  h ^= h >> 15;
  h *= 0x2C1B3C6Du;
  return h ^ h >> 13;
}

static void fail(const char *what, uint32_t addr)
{
  fprintf(stderr, "simflash: %s at 0x%08x\n", what, (unsigned)addr);
  abort();
}

static struct device *device_of(uint32_t addr, uint32_t size)
{
  for (unsigned i = 0; i < device_count; i++) {
    struct device *d = &devices[i];
    if (addr >= d->base && addr - d->base < d->size && size <= d->size - (addr - d->base))
      return d;
  }
  fail("no flash", addr);
  return NULL;
}

static void check_allowed(uint32_t addr, uint32_t size)
{
  bool ok = allowed_count == 0;
  for (unsigned i = 0; i < allowed_count; i++)
    ok |= addr >= allowed[i].base && addr - allowed[i].base < allowed[i].size &&
          size <= allowed[i].size - (addr - allowed[i].base);
  if (!ok)
    fail("forbidden write", addr);
}

static void device_free(struct device *d)
{
  free(d->now);
  free(d->other);
  free(d->cells);
  free(d->wear);
  free(d->group);
}

void simflash_reset(uint32_t seed)
{
  refuses_left = 0;
  for (unsigned i = 0; i < device_count; i++)
    device_free(&devices[i]);
  device_count = 0;
  allowed_count = 0;
  memset(&counts, 0, sizeof counts);
  cut_in = 0;
  refuse_torn = -1;
  simflash_seed(seed);
}

static void *allocate(uint32_t count, size_t size)
{
  void *memory = calloc(count, size);
  if (memory == NULL)
    abort();
  return memory;
}

void simflash_add(uint32_t base, uint32_t pages, uint32_t page, uint32_t unit)
{
  if (device_count == MAX_DEVICES || base % page || page % unit)
    fail("bad device", base);
  struct device *d = &devices[device_count++];
  *d = (struct device){.base = base, .pages = pages, .page = page, .unit = unit};
  d->size = pages * page;
  d->units = d->size / unit;
  d->now = allocate(d->size, 1);
  d->other = allocate(d->size, 1);
  d->cells = allocate(d->units, sizeof *d->cells);
  d->wear = allocate(pages, sizeof *d->wear);
  d->group = allocate(d->units, sizeof *d->group);
  memset(d->now, 0xFF, d->size);
}

struct flash_area simflash_area(uint32_t base, uint32_t size)
{
  const struct device *d = device_of(base, size);
  return (struct flash_area){&simflash_driver, base, size, d->page, d->unit};
}

/* Reading */

static bool read_unit(const struct device *d, uint32_t u, uint8_t *to)
{
  const struct cell *cell = &d->cells[u];
  const uint8_t *now = d->now + u * d->unit, *other = d->other + u * d->unit;
  uint32_t choice;
  switch (cell->kind) {
  case BAD:
    memset(to, 0xA5, d->unit);
    return false;
  case FLICKER:
    choice = simflash_random();
    break;
  case WEAK:
    choice = mix(session, d->group[u]);
    break;
  default:
    memcpy(to, now, d->unit);
    return true;
  }
  switch (choice >> 8 & 7u) { /* old and new are what deceives: mostly those */
  case 0:
    memset(to, 0x5A, d->unit);
    return false;
  case 1:
    for (uint32_t i = 0; i < d->unit; i++) {
      uint8_t mask = (uint8_t)mix(choice, u * d->unit + i);
      to[i] = (uint8_t)((now[i] & mask) | (other[i] & ~mask));
    }
    return true;
  case 2:
  case 3:
  case 4:
    memcpy(to, other, d->unit);
    return true;
  default:
    memcpy(to, now, d->unit);
    return true;
  }
}

static pc_status sim_read(uint32_t addr, void *to, uint32_t size)
{
  if (size == 0)
    return PC_OK;
  const struct device *d = device_of(addr, size);
  uint8_t unit[FLASH_MAX_UNIT], *out = to;
  uint32_t at = addr - d->base, torn = 0;
  bool ok = true;
  for (uint32_t u = at / d->unit; u <= (at + size - 1) / d->unit; u++)
    torn |= d->cells[u].kind > WRITTEN;
  if (!torn) { /* nearly always */
    memcpy(to, d->now + at, size);
    return PC_OK;
  }
  while (size != 0) {
    uint32_t in = at % d->unit, chunk = d->unit - in < size ? d->unit - in : size;
    ok &= read_unit(d, at / d->unit, unit);
    memcpy(out, unit + in, chunk);
    out += chunk;
    at += chunk;
    size -= chunk;
  }
  return ok ? PC_OK : PC_ERR_ECC;
}

/* Programs and erases, whole or cut */

static bool all_zero(const uint8_t *bytes, uint32_t size)
{
  for (uint32_t i = 0; i < size; i++)
    if (bytes[i] != 0)
      return false;
  return true;
}

static bool all_blank(const uint8_t *bytes, uint32_t size)
{
  return size == 0 || (bytes[0] == 0xFF && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Count an operation; true if the power goes in it. */
static bool operation(uint32_t addr)
{
  if (!powered)
    fail("operation without power", 0);
  counts.operations++;
  if (cut_in == 0 || --cut_in != 0)
    return false;
  cut_place = addr;
  return true;
}

static _Noreturn void power_fails(void)
{
  longjmp(power, 1);
}

/* Leave a unit between what it reads now and `next`, as the armed tear says. */
static void tear_unit(struct device *d, uint32_t u, const uint8_t *next, uint32_t group, bool first_half, bool erase)
{
  uint8_t *now = d->now + u * d->unit, *other = d->other + u * d->unit;
  struct cell *cell = &d->cells[u];
  uint8_t old[FLASH_MAX_UNIT];
  memcpy(old, now, d->unit);
  if (cell->kind == BAD && (cut_tear == SIMFLASH_TORN_BITS || (cut_tear == SIMFLASH_TORN_HALF && !first_half)))
    return;
  if (cell->kind > WRITTEN && erase) {
    /* Half programmed, then half erased: an erase only takes charge away, so the value does not become whole. */
    for (uint32_t i = 0; i < d->unit; i++)
      old[i] = (uint8_t)(simflash_random() >> 9);
  } else if ((cell->kind == FLICKER || cell->kind == WEAK) && simflash_random() & 1u) {
    memcpy(old, other, d->unit); /* weak already: its past may come back as well */
  }
  memcpy(other, old, d->unit);
  switch (cut_tear) {
  case SIMFLASH_TORN_HALF:
    cell->kind = FIXED;
    if (first_half)
      memcpy(now, next, d->unit);
    break;
  case SIMFLASH_TORN_BITS:
    cell->kind = FIXED;
    for (uint32_t i = 0; i < d->unit; i++) {
      uint8_t mask = (uint8_t)(simflash_random() >> 7);
      now[i] = (uint8_t)((old[i] & mask) | (next[i] & ~mask));
    }
    break;
  case SIMFLASH_TORN_ECC:
    cell->kind = BAD;
    memcpy(now, next, d->unit);
    break;
  case SIMFLASH_TORN_FLICKER:
    cell->kind = FLICKER;
    memcpy(now, next, d->unit);
    break;
  case SIMFLASH_TORN_WEAK:
    cell->kind = WEAK;
    d->group[u] = group;
    memcpy(now, next, d->unit);
    break;
  default:
    break;
  }
}

static pc_status program_unit(struct device *d, uint32_t u, const uint8_t *from)
{
  uint8_t *now = d->now + u * d->unit, *other = d->other + u * d->unit;
  struct cell *cell = &d->cells[u];
  uint8_t read[FLASH_MAX_UNIT];
  bool cut = operation(d->base + u * d->unit);
  counts.programs++;
  if (cut && cut_tear == SIMFLASH_BEFORE)
    power_fails();
  if (cell->kind != BLANK && !cut && all_zero(from, d->unit)) { /* zeros go over anything, and make it sound */
    if (cell->worn != 0) {
      cell->worn--;
      return PC_ERR_FLASH;
    }
    memset(now, 0, d->unit);
    cell->kind = WRITTEN;
  } else if (cell->kind != BLANK) {
    bool blank = read_unit(d, u, read) && all_blank(read, d->unit);
    bool refuse = refuse_torn < 0 ? simflash_random() & 1u : refuse_torn != 0;
    if (cell->kind == WRITTEN || cell->kind == BAD || !blank || refuse) {
      if (cut)
        power_fails();
      return PC_ERR_FLASH;
    }
    bool again = cell->by_program && memcmp(now, from, d->unit) == 0 && cell->kind != FIXED;
    if (cut && cut_tear != SIMFLASH_AFTER) {
      tear_unit(d, u, from, ++groups, true, false);
      cell->by_program = again;
      power_fails();
    }
    memcpy(now, from, d->unit);
    cell->kind = again ? WRITTEN : WEAK;
    d->group[u] = ++groups;
    for (uint32_t i = 0; i < d->unit; i++)
      other[i] = (uint8_t)(from[i] & simflash_random()); /* ones that may read as zeros */
  } else if (cut && cut_tear != SIMFLASH_AFTER) {
    uint8_t next[FLASH_MAX_UNIT];
    memcpy(next, from, d->unit);
    if (cut_tear == SIMFLASH_TORN_HALF)
      memset(next + d->unit / 2, 0xFF, d->unit - d->unit / 2);
    tear_unit(d, u, next, ++groups, true, false);
    cell->by_program = 1;
    power_fails();
  } else if (cell->worn != 0) {
    cell->worn--;
    cell->kind = FIXED;
    for (uint32_t i = 0; i < d->unit; i++)
      now[i] = from[i] | 0x55;
  } else {
    cell->kind = WRITTEN;
    memcpy(now, from, d->unit);
  }
  if (cut)
    power_fails();
  return read_unit(d, u, read) && memcmp(read, from, d->unit) == 0 ? PC_OK : PC_ERR_FLASH;
}

static pc_status sim_program(uint32_t addr, const void *from, uint32_t size)
{
  if (size == 0)
    return PC_OK;
  struct device *d = device_of(addr, size);
  check_allowed(addr, size);
  if (addr % d->unit || size % d->unit)
    fail("misaligned program", addr);
  const uint8_t *bytes = from;
  pc_status status = PC_OK;
  for (uint32_t done = 0; status == PC_OK && done < size; done += d->unit)
    if (!all_blank(bytes + done, d->unit))
      status = program_unit(d, (addr - d->base + done) / d->unit, bytes + done);
  return status;
}

static pc_status sim_erase(uint32_t addr)
{
  struct device *d = device_of(addr, 1);
  uint32_t page = (addr - d->base) / d->page, per_page = d->page / d->unit, first = page * per_page;
  uint8_t blank[FLASH_MAX_UNIT];
  if (addr % d->page)
    fail("misaligned erase", addr);
  check_allowed(addr, d->page);
  d->wear[page]++;
  counts.erases++;
  bool cut = operation(addr);
  if (cut && cut_tear == SIMFLASH_BEFORE)
    power_fails();
  if (refuses_left != 0 && addr == refuses_at) {
    refuses_left--;
    return PC_ERR_FLASH;
  }
  if (cut && cut_tear != SIMFLASH_AFTER) {
    memset(blank, 0xFF, sizeof blank);
    uint32_t group = ++groups;
    for (uint32_t i = 0; i < per_page; i++) {
      tear_unit(d, first + i, blank, group, i < per_page / 2, true);
      d->cells[first + i].by_program = 0;
    }
    power_fails();
  }
  for (uint32_t i = 0; i < per_page; i++)
    d->cells[first + i].kind = BLANK;
  memset(d->now + page * d->page, 0xFF, d->page);
  if (cut)
    power_fails();
  return PC_OK;
}

void simflash_refuse_erase(uint32_t addr, uint32_t count)
{
  refuses_at = addr;
  refuses_left = count;
}

const struct flash_driver simflash_driver = {sim_read, sim_program, sim_erase};

void simflash_cut(uint32_t nth, enum simflash_tear tear)
{
  cut_in = nth;
  cut_tear = tear;
}

uint32_t simflash_cut_place(void)
{
  return cut_place;
}

bool simflash_run(void (*code)(void *), void *argument)
{
  session = simflash_random();
  if (setjmp(power) != 0) {
    powered = false;
    cut_in = 0;
    return false;
  }
  powered = true;
  code(argument);
  powered = false;
  return true;
}

void simflash_refuse_torn(int refuse)
{
  refuse_torn = refuse;
}

void simflash_worn(uint32_t addr, uint32_t count)
{
  struct device *d = device_of(addr, 1);
  d->cells[(addr - d->base) / d->unit].worn = (uint8_t)count;
}

void simflash_break(uint32_t addr)
{
  struct device *d = device_of(addr, 1);
  d->cells[(addr - d->base) / d->unit].kind = BAD;
}

void simflash_allow(uint32_t base, uint32_t size)
{
  if (size == 0) {
    allowed_count = 0;
    return;
  }
  if (allowed_count == MAX_ALLOWED)
    fail("too many ranges", base);
  allowed[allowed_count].base = base;
  allowed[allowed_count++].size = size;
}

struct simflash_counts simflash_counts(void)
{
  return counts;
}

void simflash_clear_counts(void)
{
  memset(&counts, 0, sizeof counts);
  for (unsigned i = 0; i < device_count; i++)
    memset(devices[i].wear, 0, devices[i].pages * sizeof *devices[i].wear);
}

uint32_t simflash_wear(uint32_t addr)
{
  const struct device *d = device_of(addr, 1);
  return d->wear[(addr - d->base) / d->page];
}

uint32_t simflash_max_wear(uint32_t base, uint32_t size)
{
  const struct device *d = device_of(base, size);
  uint32_t most = 0;
  for (uint32_t at = 0; at < size; at += d->page)
    most = simflash_wear(base + at) > most ? simflash_wear(base + at) : most;
  return most;
}

void simflash_load(uint32_t addr, const void *from, uint32_t size)
{
  if (size == 0)
    return;
  struct device *d = device_of(addr, size);
  uint32_t at = addr - d->base;
  memcpy(d->now + at, from, size);
  for (uint32_t u = at / d->unit; u <= (at + size - 1) / d->unit; u++)
    d->cells[u].kind = all_blank(d->now + u * d->unit, d->unit) ? BLANK : WRITTEN;
}

void simflash_fill(uint32_t addr, uint8_t byte, uint32_t size)
{
  for (uint32_t i = 0; i < size; i++)
    simflash_load(addr + i, &byte, 1);
}

bool simflash_equals(uint32_t addr, const void *bytes, uint32_t size)
{
  if (size == 0)
    return true;
  const struct device *d = device_of(addr, size);
  uint32_t at = addr - d->base;
  for (uint32_t u = at / d->unit; u <= (at + size - 1) / d->unit; u++)
    if (d->cells[u].kind > WRITTEN)
      return false;
  return bytes == NULL ? all_blank(d->now + at, size) : memcmp(d->now + at, bytes, size) == 0;
}

/* Saved devices: the same structure, with copies of the memory. */
struct simflash_image {
  struct device devices[MAX_DEVICES];
  unsigned count;
};

static void device_copy(struct device *to, const struct device *from)
{
  memcpy(to->now, from->now, from->size);
  memcpy(to->other, from->other, from->size);
  memcpy(to->cells, from->cells, from->units * sizeof *from->cells);
  memcpy(to->wear, from->wear, from->pages * sizeof *from->wear);
  memcpy(to->group, from->group, from->units * sizeof *from->group);
}

struct simflash_image *simflash_save(void)
{
  struct simflash_image *image = allocate(1, sizeof *image);
  image->count = device_count;
  for (unsigned i = 0; i < device_count; i++) {
    struct device *d = &image->devices[i];
    *d = devices[i];
    d->now = allocate(d->size, 1);
    d->other = allocate(d->size, 1);
    d->cells = allocate(d->units, sizeof *d->cells);
    d->wear = allocate(d->pages, sizeof *d->wear);
    d->group = allocate(d->units, sizeof *d->group);
    device_copy(d, &devices[i]);
  }
  return image;
}

void simflash_restore(const struct simflash_image *image)
{
  if (image->count != device_count)
    fail("restore of other devices", 0);
  for (unsigned i = 0; i < device_count; i++)
    device_copy(&devices[i], &image->devices[i]);
}

void simflash_free(struct simflash_image *image)
{
  for (unsigned i = 0; i < image->count; i++)
    device_free(&image->devices[i]);
  free(image);
}
