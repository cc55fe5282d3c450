/* Non-volatile memory with cells that can be torn or weak: see nvm.h. */
#include "sim/soc/nvm.h"

#include "sim/soc/hash.h"

#include <stdlib.h>
#include <string.h>

bool nvm_init(struct nvm *nvm, uint32_t size, uint32_t unit, uint32_t page, uint8_t blank)
{
  *nvm = (struct nvm){.size = size, .unit = unit, .page = page, .blank = blank};
  nvm->bytes = malloc(size);
  nvm->wear = calloc(size / page, sizeof *nvm->wear);
  nvm->special = calloc((size + CPU_GRANULE - 1) / CPU_GRANULE, sizeof *nvm->special);
  nvm->index = calloc(size / unit, sizeof *nvm->index);
  nvm->pages = calloc(size / page, sizeof *nvm->pages);
  if (!nvm->bytes || !nvm->wear || !nvm->special || !nvm->index || !nvm->pages)
    return false;
  memset(nvm->bytes, blank, size);
  return true;
}

/* ---- snapshots ---- */
struct nvm_kept {
  unsigned users;
  uint64_t stamp;
  uint8_t bytes[];
};
struct nvm_snapshot {
  struct nvm_page *pages; /* only `kept` counts */
  uint32_t *wear;
  struct nvm_cell *cells;
  uint32_t cell_count;
};

static void changed(struct nvm *nvm, uint32_t offset, uint32_t size)
{
  for (uint32_t p = offset / nvm->page; size > 0 && p <= (offset + size - 1) / nvm->page; p++)
    nvm->pages[p].stamp = ++nvm->changes;
}

static uint32_t page_count(const struct nvm *nvm)
{
  return nvm->size / nvm->page;
}

static void let_go(struct nvm_kept *kept)
{
  if (kept && --kept->users == 0)
    free(kept);
}

static void *allocate(size_t size)
{
  void *p = malloc(size ? size : 1);
  if (!p)
    abort();
  return p;
}

struct nvm_snapshot *nvm_save(struct nvm *nvm)
{
  struct nvm_snapshot *s = allocate(sizeof *s);
  s->pages = allocate(page_count(nvm) * sizeof *s->pages);
  s->wear = allocate(page_count(nvm) * sizeof *s->wear);
  memcpy(s->wear, nvm->wear, page_count(nvm) * sizeof *s->wear);
  for (uint32_t p = 0; p < page_count(nvm); p++) {
    struct nvm_kept *k = nvm->pages[p].kept;
    if (!k || k->stamp != nvm->pages[p].stamp) {
      let_go(k);
      k = nvm->pages[p].kept = allocate(sizeof *k + nvm->page);
      k->users = 1; /* the array itself */
      k->stamp = nvm->pages[p].stamp;
      memcpy(k->bytes, nvm->bytes + (size_t)p * nvm->page, nvm->page);
    }
    k->users++;
    s->pages[p].kept = k;
  }
  s->cell_count = nvm->cell_count;
  s->cells = allocate(s->cell_count * sizeof *s->cells);
  if (s->cell_count > 0)
    memcpy(s->cells, nvm->cells, s->cell_count * sizeof *s->cells);
  return s;
}

void nvm_forget(struct nvm *nvm, struct nvm_snapshot *s)
{
  for (uint32_t p = 0; p < page_count(nvm); p++)
    let_go(s->pages[p].kept);
  free(s->pages);
  free(s->wear);
  free(s->cells);
  free(s);
}

uint64_t nvm_hash(struct nvm *nvm)
{
  uint64_t all = nvm->size;
  for (uint32_t p = 0; p < page_count(nvm); p++) {
    if (nvm->pages[p].hashed != nvm->pages[p].stamp + 1) {
      nvm->pages[p].hash = soc_hash_bytes(p, nvm->bytes + (size_t)p * nvm->page, nvm->page);
      nvm->pages[p].hashed = nvm->pages[p].stamp + 1;
    }
    all += nvm->pages[p].hash;
  }
  return all;
}

void nvm_free(struct nvm *nvm)
{
  for (uint32_t p = 0; nvm->pages && p < page_count(nvm); p++)
    let_go(nvm->pages[p].kept);
  free(nvm->pages);
  free(nvm->bytes);
  free(nvm->wear);
  free(nvm->special);
  free(nvm->index);
  free(nvm->cells);
}

/* ---- damaged cells ---- */
static uint16_t *special_of(struct nvm *nvm, uint32_t unit)
{
  return &nvm->special[unit * nvm->unit / CPU_GRANULE];
}

static struct nvm_cell *find_cell(const struct nvm *nvm, uint32_t unit)
{
  return nvm->index[unit] ? &nvm->cells[nvm->index[unit] - 1] : NULL;
}

static void drop_cell(struct nvm *nvm, uint32_t unit)
{
  uint32_t place = nvm->index[unit];
  if (!place)
    return;
  struct nvm_cell *c = &nvm->cells[place - 1];
  if (c->kind != NVM_PROGRAMMED)
    --*special_of(nvm, unit);
  *c = nvm->cells[--nvm->cell_count];
  if (place - 1 < nvm->cell_count)
    nvm->index[c->unit] = place;
  nvm->index[unit] = 0;
}

static struct nvm_cell *add_cell(struct nvm *nvm, uint32_t unit, enum nvm_kind kind)
{
  drop_cell(nvm, unit);
  if (nvm->cell_count == nvm->cell_room) {
    uint32_t room = nvm->cell_room ? 2 * nvm->cell_room : 64;
    struct nvm_cell *more = realloc(nvm->cells, room * sizeof *more);
    if (!more)
      abort();
    nvm->cells = more;
    nvm->cell_room = room;
  }
  struct nvm_cell *c = &nvm->cells[nvm->cell_count++];
  *c = (struct nvm_cell){.unit = unit, .kind = (uint8_t)kind};
  nvm->index[unit] = nvm->cell_count;
  if (kind != NVM_PROGRAMMED)
    ++*special_of(nvm, unit);
  return c;
}

static bool all_blank(const struct nvm *nvm, const uint8_t *bytes)
{
  for (uint32_t i = 0; i < nvm->unit; i++)
    if (bytes[i] != nvm->blank)
      return false;
  return true;
}

/* Every bit from one of the two, at random. */
static void mix(const struct nvm *nvm, uint64_t *random, const uint8_t *a, const uint8_t *b, uint8_t *to)
{
  for (uint32_t i = 0; i < nvm->unit; i++) {
    uint8_t m = (uint8_t)soc_random(random);
    to[i] = (uint8_t)((a[i] & m) | (b[i] & ~m));
  }
}

/* ---- reading ---- */
enum nvm_ecc nvm_read(struct nvm *nvm, uint32_t unit, uint8_t *to)
{
  const uint8_t *steady = nvm->bytes + unit * nvm->unit;
  struct nvm_cell *c = find_cell(nvm, unit);
  memcpy(to, steady, nvm->unit);
  if (!c)
    return NVM_OK;
  if (c->flicker == 0)
    return c->ecc;
  uint64_t random = ((uint64_t)c->seed << 32) + c->reads++;
  uint64_t r = soc_random(&random);
  if ((r & 0xFF) >= c->flicker)
    return c->ecc;
  if ((r >> 8 & 3) == 0) {
    memcpy(to, c->other, nvm->unit);
    return NVM_OK;
  }
  mix(nvm, &random, steady, c->other, to);
  if (!memcmp(to, steady, nvm->unit) || !memcmp(to, c->other, nvm->unit))
    return NVM_OK;
  /* Single errors are corrected, double errors detected, more of them detected mostly. */
  unsigned luck = r >> 10 & 7;
  return luck == 0 ? NVM_OK : luck == 1 ? NVM_CORRECTED : NVM_UNCORRECTABLE;
}

bool nvm_is_direct(const struct nvm *nvm, uint32_t offset)
{
  return nvm->special[offset / CPU_GRANULE] == 0;
}

bool nvm_is_blank(struct nvm *nvm, uint32_t unit)
{
  uint8_t now[NVM_MAX_UNIT];
  const struct nvm_cell *c = find_cell(nvm, unit);
  if (c && c->kind != NVM_WEAK)
    return false;
  return nvm_read(nvm, unit, now) == NVM_OK && all_blank(nvm, now);
}

/* ---- programming ---- */
static void program_done(struct nvm *nvm, uint32_t unit, const uint8_t *data)
{
  uint8_t *bytes = nvm->bytes + unit * nvm->unit;
  struct nvm_cell *c = find_cell(nvm, unit);
  if (c && c->kind == NVM_WEAK && all_blank(nvm, bytes)) {
    /* Over a weak erase: the bits that stay erased are as weak as before. */
    bool drifts = false;
    for (uint32_t i = 0; i < nvm->unit; i++) {
      c->other[i] = nvm->blank ? c->other[i] & data[i] : c->other[i] | data[i];
      drifts |= c->other[i] != data[i];
    }
    if (!drifts)
      drop_cell(nvm, unit);
  } else {
    drop_cell(nvm, unit);
    if (all_blank(nvm, data))
      add_cell(nvm, unit, NVM_PROGRAMMED);
  }
  memcpy(bytes, data, nvm->unit);
}

static void program_torn(struct nvm *nvm, uint32_t unit, const uint8_t *data, uint32_t seed)
{
  enum { NOTHING, DONE, GARBAGE, UNDETECTED, OLD_OFTEN, NEW_OFTEN, WILD, OLD_RARELY, OLD_ALWAYS, NEW_RARELY, OUTCOMES };
  static const uint8_t flicker[OUTCOMES] = {
      [OLD_OFTEN] = 64, [NEW_OFTEN] = 64, [WILD] = 128, [OLD_RARELY] = 8, [NEW_RARELY] = 8};
  uint64_t random = ((uint64_t)seed << 32) + unit;
  unsigned outcome = (unsigned)(soc_random(&random) % OUTCOMES);
  uint8_t *bytes = nvm->bytes + unit * nvm->unit;
  uint8_t old[NVM_MAX_UNIT], mixed[NVM_MAX_UNIT];
  if (outcome == NOTHING)
    return;
  if (outcome == DONE) {
    program_done(nvm, unit, data);
    return;
  }
  memcpy(old, bytes, nvm->unit);
  mix(nvm, &random, old, data, mixed);
  bool changed = memcmp(mixed, old, nvm->unit) != 0 && memcmp(mixed, data, nvm->unit) != 0;
  struct nvm_cell *c = add_cell(nvm, unit, NVM_TORN);
  c->flicker = flicker[outcome];
  c->seed = (uint32_t)soc_random(&random);
  switch (outcome) {
  case GARBAGE:
  case UNDETECTED:
  case WILD:
    memcpy(bytes, mixed, nvm->unit);
    memcpy(c->other, data, nvm->unit);
    c->ecc = changed && outcome != UNDETECTED ? NVM_UNCORRECTABLE : NVM_OK;
    break;
  case NEW_OFTEN:
  case NEW_RARELY:
    memcpy(bytes, data, nvm->unit);
    memcpy(c->other, old, nvm->unit);
    break;
  default:
    memcpy(c->other, data, nvm->unit);
    break;
  }
}

void nvm_program(struct nvm *nvm, uint32_t unit, const uint8_t *data, enum soc_fate fate, uint32_t seed)
{
  if (fate == SOC_FATE_BEFORE)
    return;
  changed(nvm, unit * nvm->unit, nvm->unit);
  if (fate == SOC_FATE_TORN) {
    program_torn(nvm, unit, data, seed);
    return;
  }
  uint8_t old[NVM_MAX_UNIT];
  memcpy(old, nvm->bytes + unit * nvm->unit, nvm->unit);
  program_done(nvm, unit, data);
  if (fate == SOC_FATE_WEAK) {
    struct nvm_cell *c = add_cell(nvm, unit, NVM_WEAK);
    c->flicker = 32;
    c->seed = seed ^ unit;
    memcpy(c->other, old, nvm->unit);
  }
}

/* ---- erasing ---- */
/* `keeps`: how far the erase got, as the chance (of 256) that a unit still reads as before. */
static void erase_unit_torn(struct nvm *nvm, uint32_t unit, unsigned keeps, uint64_t *random)
{
  uint8_t *bytes = nvm->bytes + unit * nvm->unit;
  uint8_t old[NVM_MAX_UNIT], blank[NVM_MAX_UNIT], mixed[NVM_MAX_UNIT];
  unsigned r = (unsigned)soc_random(random);
  bool early = (r & 0xFF) < keeps;
  unsigned state = r >> 8 & 7;
  if (early && state < 5)
    return; /* untouched */
  memcpy(old, bytes, nvm->unit);
  memset(blank, nvm->blank, nvm->unit);
  mix(nvm, random, old, blank, mixed);
  if (!early && state == 0) {
    memcpy(bytes, blank, nvm->unit);
    drop_cell(nvm, unit);
    return; /* erased */
  }
  struct nvm_cell *c = add_cell(nvm, unit, NVM_TORN);
  c->seed = (uint32_t)soc_random(random);
  memcpy(c->other, early ? blank : old, nvm->unit);
  if (state == 7) {
    memcpy(bytes, mixed, nvm->unit);
    c->ecc = memcmp(mixed, old, nvm->unit) != 0 && memcmp(mixed, blank, nvm->unit) != 0 ? NVM_UNCORRECTABLE : NVM_OK;
    c->flicker = (uint8_t)(r >> 16 & 0x7F);
  } else {
    if (!early)
      memcpy(bytes, blank, nvm->unit);
    c->flicker = state == 6 ? 64 : state == 5 ? 8 : 2;
  }
}

static void erase_unit(struct nvm *nvm, uint32_t unit, enum soc_fate fate, unsigned keeps, uint64_t *random)
{
  uint8_t *bytes = nvm->bytes + unit * nvm->unit;
  uint8_t old[NVM_MAX_UNIT];
  bool blank = all_blank(nvm, bytes);
  if (blank && !nvm->index[unit])
    return;
  if (blank && fate == SOC_FATE_TORN && (soc_random(random) & 1))
    return; /* a damaged unit that only looks erased may stay so */
  if (fate == SOC_FATE_TORN && !blank) {
    erase_unit_torn(nvm, unit, keeps, random);
    return;
  }
  memcpy(old, bytes, nvm->unit);
  memset(bytes, nvm->blank, nvm->unit);
  drop_cell(nvm, unit);
  if (fate == SOC_FATE_WEAK && !blank && (soc_random(random) & 3) == 0) {
    struct nvm_cell *c = add_cell(nvm, unit, NVM_WEAK);
    c->flicker = 16;
    c->seed = (uint32_t)soc_random(random);
    memcpy(c->other, old, nvm->unit);
  }
}

void nvm_erase(struct nvm *nvm, uint32_t offset, uint32_t size, enum soc_fate fate, uint32_t seed)
{
  static const uint8_t stages[] = {240, 128, 16, 0};
  if (fate == SOC_FATE_BEFORE)
    return;
  changed(nvm, offset, size);
  uint64_t random = ((uint64_t)seed << 32) + offset;
  unsigned keeps = stages[soc_random(&random) & 3];
  for (uint32_t p = offset / nvm->page; p < (offset + size) / nvm->page; p++)
    nvm->wear[p]++;
  for (uint32_t u = offset / nvm->unit; u < (offset + size) / nvm->unit; u++)
    erase_unit(nvm, u, fate, keeps, &random);
}

void nvm_set(struct nvm *nvm, uint32_t offset, const uint8_t *from, uint32_t size)
{
  if (size == 0)
    return;
  changed(nvm, offset, size);
  for (uint32_t u = offset / nvm->unit; u <= (offset + size - 1) / nvm->unit; u++)
    drop_cell(nvm, u);
  memcpy(nvm->bytes + offset, from, size);
}

void nvm_restore(struct nvm *nvm, const struct nvm_snapshot *s)
{
  memcpy(nvm->wear, s->wear, page_count(nvm) * sizeof *s->wear);
  for (uint32_t p = 0; p < page_count(nvm); p++)
    if (nvm->pages[p].stamp != s->pages[p].kept->stamp) {
      memcpy(nvm->bytes + (size_t)p * nvm->page, s->pages[p].kept->bytes, nvm->page);
      nvm->pages[p].stamp = s->pages[p].kept->stamp;
    }
  while (nvm->cell_count)
    drop_cell(nvm, nvm->cells[nvm->cell_count - 1].unit);
  for (uint32_t i = 0; i < s->cell_count; i++) {
    struct nvm_cell *c = add_cell(nvm, s->cells[i].unit, s->cells[i].kind);
    *c = s->cells[i];
  }
}

/* ---- the state folder ----
 * 8 bytes of magic, then for each cell: unit (4), kind, flicker, ecc, 0 (1 each), seed (4), reads (4), other (unit
 * bytes). Numbers are little-endian. */
static const uint8_t magic[8] = {'P', 'C', 'E', 'L', 'L', 'S', '1', 0};
#define RECORD 16u

static void put32(uint8_t *to, uint32_t v)
{
  for (unsigned i = 0; i < 4; i++)
    to[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get32(const uint8_t *from)
{
  return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

bool nvm_pack(const struct nvm *nvm, uint8_t **to, size_t *size)
{
  size_t record = RECORD + nvm->unit;
  *size = sizeof magic + nvm->cell_count * record;
  uint8_t *p = *to = calloc(1, *size);
  if (!p)
    return false;
  memcpy(p, magic, sizeof magic);
  p += sizeof magic;
  for (uint32_t i = 0; i < nvm->cell_count; i++, p += record) {
    const struct nvm_cell *c = &nvm->cells[i];
    put32(p, c->unit);
    p[4] = c->kind;
    p[5] = c->flicker;
    p[6] = c->ecc;
    put32(p + 8, c->seed);
    put32(p + 12, c->reads);
    memcpy(p + RECORD, c->other, nvm->unit);
  }
  return true;
}

static bool unpack(struct nvm *nvm, const uint8_t *from, size_t size)
{
  size_t record = RECORD + nvm->unit;
  if (size < sizeof magic || memcmp(from, magic, sizeof magic) != 0 || (size - sizeof magic) % record)
    return false;
  for (const uint8_t *p = from + sizeof magic; p < from + size; p += record) {
    uint32_t unit = get32(p);
    if (unit >= nvm->size / nvm->unit || nvm->index[unit] || p[4] < NVM_PROGRAMMED || p[4] > NVM_WEAK ||
        p[6] > NVM_UNCORRECTABLE || p[7])
      return false;
    if (p[4] == NVM_PROGRAMMED && (p[5] || p[6] || !all_blank(nvm, nvm->bytes + unit * nvm->unit)))
      return false;
    struct nvm_cell *c = add_cell(nvm, unit, (enum nvm_kind)p[4]);
    c->flicker = p[5];
    c->ecc = p[6];
    c->seed = get32(p + 8);
    c->reads = get32(p + 12);
    memcpy(c->other, p + RECORD, nvm->unit);
  }
  return true;
}

bool nvm_unpack(struct nvm *nvm, const uint8_t *from, size_t size)
{
  while (nvm->cell_count)
    drop_cell(nvm, nvm->cells[nvm->cell_count - 1].unit);
  if (unpack(nvm, from, size))
    return true;
  while (nvm->cell_count)
    drop_cell(nvm, nvm->cells[nvm->cell_count - 1].unit);
  return false;
}
