/* portcullis size-report: a board's memory, and what each part fills of it. */
#include "tool/cli.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/objfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS 24u
#define BAR     32u

struct region {
  const char *name;
  uint32_t base, size;
  bool ram;
  uint64_t used; /* bytes from its base to the last one in use; more than `size`: it does not fit */
};

struct report {
  const struct board *board;
  struct region regions[REGIONS];
  size_t count;
};

static void add(struct report *r, const char *name, uint32_t base, uint32_t size)
{
  const struct board *b = r->board;
  bool ram = base - b->ram.base < b->ram.size || base - b->ram2.base < b->ram2.size;
  if (size != 0 && r->count < REGIONS)
    r->regions[r->count++] = (struct region){name, base, size, ram, 0};
}

static int by_base(const void *a, const void *b)
{
  const struct region *x = a, *y = b;
  return x->base < y->base ? -1 : x->base > y->base;
}

static void collect(struct report *r)
{
  static const char *const active[] = {"active slot 1", "active slot 2", "active slot 3"};
  static const char *const download[] = {"download slot 1", "download slot 2", "download slot 3"};
  static const char *const header[] = {"active header 1", "active header 2", "active header 3"};
  const struct board *b = r->board;
  add(r, "boot loader", b->boot.base, b->boot.size);
  for (uint32_t i = 0; i < b->images && i < BOARD_MAX_IMAGES; i++) {
    add(r, active[i], b->slots[i].active, b->slots[i].active_size);
    add(r, b->scratch.size != 0 ? "patch area" : download[i], b->slots[i].download, b->slots[i].download_size);
    add(r, header[i], b->slots[i].header, b->page);
  }
  add(r, "scratch pages", b->scratch.base, b->scratch.size);
  add(r, "checkpoints", b->checkpoints.base, b->checkpoints.size);
  add(r, "journal", b->journal.base, b->journal.size);
  add(r, "version counter", b->counter.base, b->counter.size);
  add(r, "engine RAM", b->engine_ram.base, b->engine_ram.size);
  add(r, "boot loader RAM", b->boot_ram.base, b->boot_ram.size);
  add(r, "SRAM2", b->ram2.base, b->ram2.size);
  add(r, "active slot 1, 2nd", b->segment.base, b->segment.size);
  add(r, "download slot 1, 2nd", b->segment.download, b->segment.size);
  add(r, "application RAM", b->app_ram, b->ram.base + b->ram.size - b->app_ram);
  qsort(r->regions, r->count, sizeof r->regions[0], by_base);
}

/* The part of the map that holds `addr`, NULL if none does. */
static struct region *find(struct report *r, uint32_t addr)
{
  for (size_t i = 0; i < r->count; i++)
    if (addr >= r->regions[i].base && addr - r->regions[i].base < r->regions[i].size)
      return &r->regions[i];
  return NULL;
}

static bool count(struct report *r, const char *path, struct problem *problem)
{
  struct objfile file = {0};
  bool ok = firmware_segments(path, r->board->boot.base, &file, problem);
  for (size_t i = 0; ok && i < file.segment_count; i++) {
    const struct objfile_segment *s = &file.segments[i];
    struct region *at = find(r, s->addr);
    if (at == NULL) {
      ok = problem_set(problem, CLI_REFUSED, "%s: 0x%08x-0x%08x lies in no part of %s", path, s->addr,
                       s->addr + s->size - 1, r->board->name);
      break;
    }
    uint64_t used = (uint64_t)s->addr + s->size - at->base;
    if (used > at->used)
      at->used = used;
  }
  /* Variables have no bytes in the file: their symbols tell how far RAM is in use. */
  for (size_t i = 0; ok && i < file.symbol_count; i++) {
    struct region *at = find(r, file.symbols[i].addr);
    if (at == NULL || !at->ram || file.symbols[i].size == 0)
      continue;
    uint64_t used = (uint64_t)file.symbols[i].addr + file.symbols[i].size - at->base;
    if (used > at->used)
      at->used = used;
  }
  objfile_free(&file);
  return ok;
}

static void show_text(const struct report *r)
{
  printf("%s: %s\n", r->board->name, r->board->title);
  for (size_t i = 0; i < r->count; i++) {
    const struct region *g = &r->regions[i];
    uint64_t filled = g->used >= g->size ? BAR : (g->used * BAR + g->size - 1) / g->size;
    char bar[BAR + 1];
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    printf("  0x%08x  %-20s [%s] %7llu of %7u bytes%s\n", g->base, g->name, bar, (unsigned long long)g->used, g->size,
           g->used > g->size ? "  DOES NOT FIT" : "");
  }
}

static void show_json(const struct report *r)
{
  json_object(NULL);
  json_string("board", r->board->name);
  json_array("regions");
  for (size_t i = 0; i < r->count; i++) {
    json_object(NULL);
    json_string("name", r->regions[i].name);
    json_address("base", r->regions[i].base);
    json_number("size", r->regions[i].size);
    json_number("used", r->regions[i].used);
    json_end();
  }
  json_end();
  json_end();
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct report r = {0};
  r.board = board_of(cli, &problem);
  const char *boot = cli_value(cli, "boot");
  if (r.board == NULL)
    return cli_report(cli, &problem);
  collect(&r);
  if (boot != NULL && !count(&r, boot, &problem))
    return cli_report(cli, &problem);
  for (int i = 0; i < cli->argument_count; i++)
    if (!count(&r, cli->arguments[i], &problem))
      return cli_report(cli, &problem);
  (cli->json ? show_json : show_text)(&r);
  for (size_t i = 0; i < r.count; i++)
    if (r.regions[i].used > r.regions[i].size)
      return CLI_REFUSED;
  return CLI_OK;
}

static const struct cli_option options[] = {
    {"boot", 0, "FILE", "boot loader: ELF, Intel HEX or binary", false, false},
    {0},
};

const struct cli_command cmd_size_report = {
    .name = "size-report",
    .arguments = "[FILE...]",
    .summary = "Draw a board's memory map with what each part fills",
    .details = "FILE: the application, or the merged factory file. Exit code 1: something does not fit.",
    .options = {options, board_options},
    .examples = "portcullis size-report --boot build/arm/nucleo-l476rg/boot.elf build/arm/nucleo-l476rg/userapp-a.elf",
    .max_arguments = -1,
    .run = run,
};
