/* Pages of decoded instructions: finding them, filling them, forgetting them.
 *
 * A page belongs to one granule that direct(FETCH) answers and that may be executed throughout. Anything else is
 * fetched and decoded each time into `scratch`. A page remembers its host memory, so that a store through any address
 * of that memory finds it (flash and SRAM have aliases on these chips); while a host granule has a page it is never in
 * the write TLB. Pages live until the core is freed; forgetting means setting their entries back to OP(DECODE). After
 * cpu_flush a page is compared with the bytes that it was decoded from, so that going back to a snapshot does not
 * decode everything again.
 */
#include "sim/cpu/internal.h"
#include "sim/cpu/ops.h"
#include <stdlib.h>
#include <string.h>

static unsigned bucket_addr(uint32_t base)
{
  return base / CPU_GRANULE % PAGE_BUCKETS;
}
static unsigned bucket_host(const uint8_t *host)
{
  return (unsigned)((uintptr_t)host / CPU_GRANULE % PAGE_BUCKETS);
}

static struct page *find_page(const struct cpu *c, uint32_t base)
{
  struct page *p = c->by_addr[bucket_addr(base)];
  while (p && p->base != base) {
    p = p->next_by_addr;
  }
  return p;
}

static void forget_all(struct page *p)
{
  for (unsigned i = 0; i < PAGE_INSNS; i++) {
    p->insns[i].fn = op_DECODE;
  }
}

static void start_over(struct page *p)
{
  memcpy(p->bytes, p->host, CPU_GRANULE);
  forget_all(p);
}

static void link_host(struct cpu *c, struct page *p)
{
  p->next_by_host = c->by_host[bucket_host(p->host)];
  c->by_host[bucket_host(p->host)] = p;
  /* stores to it must be seen from now on */
  for (unsigned i = 0; i < TLB_SIZE; i++) {
    struct tlb *e = &c->write_tlb[i];
    if (e->tag != TLB_NONE && e->host + e->tag == (uintptr_t)p->host) {
      e->tag = TLB_NONE;
    }
  }
}

static void unlink_host(struct cpu *c, struct page *p)
{
  struct page **at = &c->by_host[bucket_host(p->host)];
  while (*at && *at != p) {
    at = &(*at)->next_by_host;
  }
  if (*at) {
    *at = p->next_by_host;
  }
}

/* The page of a granule whose memory is at `host`, ready for use. */
static struct page *make_page(struct cpu *c, uint32_t base, const uint8_t *host)
{
  struct page *p = find_page(c, base);
  if (!p) {
    p = calloc(1, sizeof *p);
    if (!p) {
      abort();
    }
    p->base = base;
    p->insns[PAGE_INSNS].fn = p->insns[PAGE_INSNS + 1].fn = op_PAGE_END;
    p->next_by_addr = c->by_addr[bucket_addr(base)];
    c->by_addr[bucket_addr(base)] = p;
    p->generation = c->generation - 1;
  }
  if (p->host != host) {
    if (p->host) {
      unlink_host(c, p);
    }
    p->host = host;
    link_host(c, p);
    start_over(p);
  }
  if (p->generation != c->generation) {
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): never without a granule behind it */
    if (memcmp(p->bytes, host, CPU_GRANULE) != 0) {
      start_over(p);
    }
    p->insns[PAGE_INSNS - 1].fn = op_DECODE; /* may reach into the next granule */
    p->generation = c->generation;
  }
  p->valid = true;
  return p;
}

/* The page for execution at pc if one may be kept, entered in the TLB; NULL: not (for whatever reason). */
static struct page *enter_page(struct cpu *c, uint32_t pc)
{
  uint32_t base = pc & GRANULE_MASK;
  bool priv = privileged(c);
  if (!core_mpu_allows(c, pc, CPU_FETCH, priv) || !core_mpu_uniform(c, base, CPU_FETCH, priv)) {
    return NULL;
  }
  const uint8_t *host = c->bus.direct(c->bus.ctx, base, CPU_FETCH);
  if (!host) {
    return NULL;
  }
  struct page *p = make_page(c, base, host);
  struct code_tlb *e = &c->code_tlb[base / CPU_GRANULE % TLB_SIZE];
  e->tag = base;
  e->page = p;
  return p;
}

static void finish(const struct cpu *c, struct insn *d, uint32_t pc)
{
  if (c->breakpoints && core_has_breakpoint(c, pc)) {
    d->fn = op_BREAK;
  } else if (d->len & LEN_SPAN) {
    d->fn = op_SPAN;
  } else {
    d->fn = d->it ? op_COND : core_ops[d->op];
  }
}

/* Fetch and decode one instruction for this one time. */
static struct insn *uncached(struct cpu *c, uint32_t pc, enum fault *fault)
{
  uint16_t h1 = 0, h2 = 0;
  *fault = core_fetch(c, pc, &h1);
  if (*fault == FAULT_NONE && is_32bit(h1)) {
    *fault = core_fetch(c, pc + 2, &h2);
  }
  if (*fault != FAULT_NONE) {
    return NULL;
  }
  struct insn *d = c->scratch.insns;
  c->scratch.base = pc;
  core_decode(c, d, pc, h1, h2, c->s.it, 1);
  finish(c, d, pc);
  c->scratch.insns[1].fn = c->scratch.insns[2].fn = op_PAGE_END;
  c->page = &c->scratch;
  return d;
}

struct insn *core_code_find(struct cpu *c, uint32_t pc, enum fault *fault)
{
  struct code_tlb *e = &c->code_tlb[pc / CPU_GRANULE % TLB_SIZE];
  struct page *p = e->tag == (pc & GRANULE_MASK) ? e->page : enter_page(c, pc);
  *fault = FAULT_NONE;
  if (!p) {
    return uncached(c, pc, fault);
  }
  c->page = p;
  return &p->insns[(pc & (CPU_GRANULE - 1)) / 2];
}

struct insn *core_code_decode(struct cpu *c, struct insn *d, enum fault *fault)
{
  uint32_t pc = core_pc_of(c, d), offset = pc & (CPU_GRANULE - 1);
  const uint8_t *host = c->page->host + offset;
  uint16_t h1, h2 = 0;
  bool span = false;
  memcpy(&h1, host, 2);
  *fault = FAULT_NONE;
  if (is_32bit(h1)) {
    if (offset == CPU_GRANULE - 2) {
      struct page *here = c->page, *next = enter_page(c, pc + 2);
      if (!next || !here->valid) {
        return uncached(c, pc, fault);
      }
      host = next->host;
      span = true;
    } else {
      host += 2;
    }
    memcpy(&h2, host, 2);
  }
  core_decode(c, d, pc, h1, h2, c->s.it, c->page->base);
  if (span) {
    d->len |= LEN_SPAN;
  }
  finish(c, d, pc);
  return d;
}

/* ---- forgetting ---- */

/* The last instruction of the granule before `base` may reach into it. */
static void forget_span(struct cpu *c, uint32_t base)
{
  struct page *p = find_page(c, base - CPU_GRANULE);
  if (p) {
    p->insns[PAGE_INSNS - 1].fn = op_DECODE;
  }
}

bool core_code_known(const struct cpu *c, const uint8_t *host)
{
  const struct page *p = c->by_host[bucket_host(host)];
  while (p && p->host != host) {
    p = p->next_by_host;
  }
  return p != NULL;
}

void core_code_written(struct cpu *c, const uint8_t *host, uint32_t offset, unsigned size)
{
  for (struct page *p = c->by_host[bucket_host(host)]; p; p = p->next_by_host) {
    if (p->host != host) {
      continue;
    }
    unsigned first = offset / 2, last = (offset + size - 1) / 2;
    for (unsigned i = first ? first - 1 : 0; i <= last && i < PAGE_INSNS; i++) {
      p->insns[i].fn = op_DECODE;
    }
    memcpy(p->bytes + offset, host + offset, size);
    if (first == 0) {
      forget_span(c, p->base);
    }
  }
}

void core_code_drop(struct cpu *c, uint32_t granule)
{
  struct page *p = find_page(c, granule);
  struct code_tlb *e = &c->code_tlb[granule / CPU_GRANULE % TLB_SIZE];
  if (p) {
    p->valid = false;
    p->generation = c->generation - 1; /* compare again: the old memory may not even be there */
    forget_all(p);
  }
  if (e->tag == granule) {
    e->tag = TLB_NONE;
  }
  forget_span(c, granule);
}

void core_code_forget(struct cpu *c, uint32_t pc)
{
  struct page *p = find_page(c, pc & GRANULE_MASK);
  if (p) {
    p->insns[(pc & (CPU_GRANULE - 1)) / 2].fn = op_DECODE;
  }
}

void core_code_free(struct cpu *c)
{
  for (unsigned i = 0; i < PAGE_BUCKETS; i++) {
    while (c->by_addr[i]) {
      struct page *p = c->by_addr[i];
      c->by_addr[i] = p->next_by_addr;
      free(p);
    }
    c->by_host[i] = NULL;
  }
}
