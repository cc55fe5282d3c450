/* Collecting and checking the areas of an image. */
#include "sfi/host/plan.h"

#include "sfi/crypto/crypto.h"
#include "tool/firmware.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE_LIMIT (16u << 20)

static bool add(struct plan *plan, struct plan_item item, struct problem *problem)
{
  if (plan->count == plan->room) {
    size_t room = plan->room * 2 + 16;
    struct plan_item *items = realloc(plan->items, room * sizeof *items);
    if (items == NULL) {
      free(item.owned);
      return problem_set(problem, CLI_INPUT, "out of memory");
    }
    plan->items = items;
    plan->room = room;
  }
  item.piece.clear = item.owned;
  plan->items[plan->count++] = item;
  return true;
}

bool plan_add_firmware(struct plan *plan, const char *input, struct problem *problem)
{
  struct objfile file;
  if (!firmware_segments(input, plan->device->start, &file, problem))
    return false;
  bool ok = true;
  for (size_t i = 0; ok && i < file.segment_count; i++) {
    struct objfile_segment *s = &file.segments[i];
    struct plan_item item = {.piece = {SFI_FIRMWARE, s->addr, s->size, NULL},
                             .end = s->addr + (s->size - 1),
                             .source = input,
                             .owned = s->data};
    s->data = NULL; /* now the plan's */
    ok = add(plan, item, problem);
  }
  objfile_free(&file);
  return ok;
}

bool plan_add_module(struct plan *plan, const char *path, struct problem *problem)
{
  size_t size;
  struct container module = {0};
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, MODULE_LIMIT, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = container_parse(path, bytes, size, &module, problem) &&
            (module.kind == SFI_MODULE_FILE || problem_set(problem, CLI_INPUT, "%s: an image, not a module", path));
  if (!ok) {
    container_free(&module);
    free(bytes);
    return false;
  }
  const struct sfi_area *area = &module.parts[0].area;
  struct plan_item item = {.piece = {SFI_MODULE, area->address, (uint32_t)size, NULL},
                           .end = area->address + (area->size - 1),
                           .source = path,
                           .owned = bytes};
  container_free(&module);
  return add(plan, item, problem);
}

bool plan_add_options(struct plan *plan, const uint32_t *values, size_t count, struct problem *problem)
{
  uint8_t *bytes = malloc(4 * count + 1);
  if (bytes == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  for (size_t i = 0; i < 4 * count; i++)
    bytes[i] = (uint8_t)(values[i / 4] >> (8 * (i % 4)));
  struct plan_item item = {.piece = {SFI_CONFIGURATION, 0, (uint32_t)(4 * count), NULL}, .owned = bytes};
  return add(plan, item, problem);
}

const char *plan_misplaced(const struct sfi_device *device, uint32_t addr, uint32_t size)
{
  uint64_t end = (uint64_t)addr + size;
  if (addr < device->flash.base || end > (uint64_t)device->flash.base + device->flash.size)
    return "outside the flash";
  for (const struct sfi_region *r = device->boot; r->size != 0; r++)
    if (addr < (uint64_t)r->base + r->size && end > r->base)
      return r->what;
  return NULL;
}

static int by_place(const void *a, const void *b)
{
  const struct plan_item *x = a, *y = b;
  bool x_last = x->piece.type == SFI_CONFIGURATION, y_last = y->piece.type == SFI_CONFIGURATION;
  if (x_last != y_last)
    return x_last ? 1 : -1;
  return x->piece.address < y->piece.address ? -1 : x->piece.address > y->piece.address;
}

static bool check_places(const struct plan *plan, struct problem *problem)
{
  const struct sfi_device *d = plan->device;
  for (size_t i = 0; i < plan->count; i++) {
    const struct plan_item *item = &plan->items[i];
    if (item->piece.type == SFI_CONFIGURATION)
      continue;
    uint32_t addr = item->piece.address, size = item->end - addr + 1;
    const char *wrong = plan_misplaced(d, addr, size);
    if (wrong != NULL && strcmp(wrong, "outside the flash") == 0)
      return problem_set(problem, CLI_REFUSED, "%s: 0x%08x-0x%08x lies outside the flash of %s (0x%08x-0x%08x)",
                         item->source, addr, item->end, d->title, d->flash.base, d->flash.base + (d->flash.size - 1));
    if (wrong != NULL)
      return problem_set(problem, CLI_REFUSED, "%s: 0x%08x-0x%08x reaches into %s of %s", item->source, addr, item->end,
                         wrong, d->title);
  }
  for (size_t i = 1; i < plan->count; i++) {
    const struct plan_item *a = &plan->items[i - 1], *b = &plan->items[i];
    if (b->piece.type != SFI_CONFIGURATION && b->piece.address <= a->end)
      return problem_set(problem, CLI_REFUSED, "%s and %s overlap: 0x%08x-0x%08x and 0x%08x-0x%08x", a->source,
                         b->source, a->piece.address, a->end, b->piece.address, b->end);
  }
  return true;
}

/* Append b to a, with FF between. */
static bool join(struct plan *plan, struct plan_item *a, struct plan_item *b, struct problem *problem)
{
  uint32_t gap = b->piece.address - a->end - 1, old = a->piece.size;
  uint8_t *bytes = realloc(a->owned, (size_t)old + gap + b->piece.size);
  if (bytes == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memset(bytes + old, 0xFF, gap);
  memcpy(bytes + old + gap, b->owned, b->piece.size);
  a->owned = bytes;
  a->piece.clear = bytes;
  a->piece.size = old + gap + b->piece.size;
  a->end = b->end;
  plan->filled += gap;
  free(b->owned);
  b->owned = NULL;
  return true;
}

/* A unit of flash is programmed once: what shares one goes into one area. Neighbours are joined as well. */
static bool join_units(struct plan *plan, struct problem *problem)
{
  size_t n = 0;
  uint32_t unit = plan->device->unit;
  for (size_t i = 0; i < plan->count; i++) {
    struct plan_item *item = &plan->items[i], *before = n != 0 ? &plan->items[n - 1] : NULL;
    bool both = before != NULL && item->piece.type != SFI_CONFIGURATION;
    bool shared = both && before->end / unit == item->piece.address / unit;
    bool near = both && (shared || before->end + 1 == item->piece.address);
    if (shared && (before->piece.type == SFI_MODULE || item->piece.type == SFI_MODULE))
      return problem_set(problem, CLI_REFUSED,
                         "%s and %s share the %u bytes at 0x%08x, which the flash programs at once; a module needs "
                         "its own",
                         before->source, item->source, unit, item->piece.address / unit * unit);
    if (near && before->piece.type == SFI_FIRMWARE && item->piece.type == SFI_FIRMWARE) {
      if (!join(plan, before, item, problem))
        return false;
      continue;
    }
    if (n != i) {
      plan->items[n] = *item; /* NOLINT(clang-analyzer-core.NullDereference): there are items */
      item->owned = NULL;
    }
    n++;
  }
  plan->count = n;
  return true;
}

static uint32_t word(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool stack_in_ram(const struct sfi_device *device, uint32_t stack)
{
  for (const struct sfi_region *r = device->ram; r->size != 0; r++)
    if (stack > r->base && stack - r->base <= r->size)
      return true;
  return false;
}

static bool vectors_plausible(const struct plan *plan, struct problem *problem)
{
  const struct plan_item *first = &plan->items[0];
  static const char hint[] = "--no-vectors: the firmware has no vector table";
  if (first->piece.size < 8)
    return problem_set(problem, CLI_REFUSED, "%s: too short for a vector table (%s)", first->source, hint);
  uint32_t stack = word(first->owned), reset = word(first->owned + 4);
  if (!stack_in_ram(plan->device, stack))
    return problem_set(problem, CLI_REFUSED,
                       "%s: vector table at 0x%08x: initial stack pointer 0x%08x lies in no RAM of %s (%s)",
                       first->source, first->piece.address, stack, plan->device->title, hint);
  for (size_t i = 0; i < plan->count; i++) {
    const struct plan_item *item = &plan->items[i];
    if (item->piece.type != SFI_CONFIGURATION && (reset & 1u) != 0 && reset >= item->piece.address &&
        reset - 1 <= item->end)
      return true;
  }
  return problem_set(problem, CLI_REFUSED, "%s: vector table at 0x%08x: reset vector 0x%08x is %s (%s)", first->source,
                     first->piece.address, reset, (reset & 1u) == 0 ? "no Thumb address" : "in none of the areas",
                     hint);
}

bool plan_finish(struct plan *plan, bool vectors, struct problem *problem)
{
  if (plan->count == 0 || plan->device == NULL)
    return problem_set(problem, CLI_USAGE, "nothing to pack");
  qsort(plan->items, plan->count, sizeof *plan->items, by_place);
  if (!check_places(plan, problem) || !join_units(plan, problem))
    return false;
  const struct plan_item *first = &plan->items[0];
  if (first->piece.type != SFI_FIRMWARE || first->piece.address != plan->device->start)
    return problem_set(problem, CLI_REFUSED, "%s: begins at 0x%08x; on %s firmware begins at 0x%08x", first->source,
                       first->piece.address, plan->device->title, plan->device->start);
  return !vectors || vectors_plausible(plan, problem);
}

void plan_free(struct plan *plan)
{
  for (size_t i = 0; i < plan->count; i++) {
    if (plan->items[i].owned != NULL)
      sfi_wipe(plan->items[i].owned, plan->items[i].piece.size);
    free(plan->items[i].owned);
  }
  free(plan->items);
  memset(plan, 0, sizeof *plan);
}
