/* Reading firmware for an image, and checking that it can run where it goes. */
#include "tool/firmware.h"

#include "image/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRMWARE_LIMIT (64u << 20)

const struct cli_option board_options[] = {
    {"board", 'b', "NAME", "board (default: PORTCULLIS_BOARD, else " BOARD_DEFAULT ")", false, false},
    {0},
};

const struct board *board_of(const struct cli *cli, struct problem *problem)
{
  const char *name = cli_value(cli, "board");
  if (name == NULL)
    name = getenv("PORTCULLIS_BOARD");
  if (name == NULL || name[0] == '\0')
    name = BOARD_DEFAULT;
  const struct board *board = board_find(name);
  if (board == NULL)
    problem_set(problem, CLI_USAGE, "no board '%s'; 'portcullis board list' shows those there are", name);
  return board;
}

bool image_number_of(const struct cli *cli, const struct board *board, uint32_t *image, struct problem *problem)
{
  *image = 1;
  if (!cli_number(cli, "image", 1, BOARD_MAX_IMAGES, image, problem))
    return false;
  if (board != NULL && *image > board->images)
    return problem_set(problem, CLI_USAGE, "--image %u: board %s has %u image%s", *image, board->name, board->images,
                       board->images == 1 ? "" : "s");
  return true;
}

/* Split "file@0xADDRESS", unless a file has that very name. */
static char *split_input(const char *input, uint32_t *addr)
{
  char *path = strdup(input), *at = path ? strrchr(path, '@') : NULL, *end;
  if (at == NULL || access(input, F_OK) == 0 || at[1] < '0' || at[1] > '9')
    return path;
  unsigned long long value = strtoull(at + 1, &end, 0);
  if (*end == '\0' && value <= UINT32_MAX) {
    *at = '\0';
    *addr = (uint32_t)value;
  }
  return path;
}

bool firmware_segments(const char *input, uint32_t bin_addr, struct objfile *file, struct problem *problem)
{
  char *path = split_input(input, &bin_addr);
  if (path == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  problem->code = CLI_INPUT;
  bool ok = objfile_read(path, OBJFILE_AUTO, bin_addr, file, problem->text, sizeof problem->text);
  free(path);
  return ok;
}

/* One padded run of bytes from the segments. */
static bool flatten(const char *input, const struct objfile *file, struct firmware *firmware, struct problem *problem)
{
  uint32_t size;
  uint8_t *bytes = objfile_flatten(file, 0xFF, FIRMWARE_LIMIT, &firmware->addr, &size);
  if (bytes == NULL)
    return problem_set(problem, CLI_INPUT, "%s: segments lie too far apart for one image (0x%08x and 0x%08x)", input,
                       file->segments[0].addr, file->segments[file->segment_count - 1].addr);
  firmware->padding = (IMAGE_BLOCK - size % IMAGE_BLOCK) % IMAGE_BLOCK;
  firmware->size = size + firmware->padding;
  firmware->bytes = realloc(bytes, firmware->size);
  if (firmware->bytes == NULL) {
    free(bytes);
    return problem_set(problem, CLI_INPUT, "out of memory");
  }
  memset(firmware->bytes + size, 0xFF, firmware->padding);
  return true;
}

bool firmware_read(const char *input, uint32_t bin_addr, struct firmware *firmware, struct problem *problem)
{
  struct objfile file;
  memset(firmware, 0, sizeof *firmware);
  if (!firmware_segments(input, bin_addr, &file, problem))
    return false;
  bool ok = flatten(input, &file, firmware, problem);
  objfile_free(&file);
  return ok;
}

static bool inside(const struct objfile_segment *s, uint32_t base, uint32_t size)
{
  return s->addr >= base && (uint64_t)s->addr + s->size <= (uint64_t)base + size;
}

static bool fits(const char *input, const struct objfile *file, const struct board *board,
                 const struct board_slot *slot, struct problem *problem)
{
  const struct board_segment *second = &board->segment;
  const uint32_t first = second->size != 0 ? second->offset : slot->image_max;
  for (size_t i = 0; i < file->segment_count; i++) {
    const struct objfile_segment *s = &file->segments[i];
    if (inside(s, slot->active, first) || inside(s, second->base, second->size))
      continue;
    if (second->size != 0)
      return problem_set(problem, CLI_REFUSED,
                         "%s: segment 0x%08x-0x%08llx does not fit the active slot (0x%08x, %u bytes, and 0x%08x, %u "
                         "bytes)",
                         input, s->addr, (unsigned long long)s->addr + s->size - 1, slot->active, first, second->base,
                         second->size);
    return problem_set(problem, CLI_REFUSED,
                       "%s: segment 0x%08x-0x%08llx does not fit the active slot (0x%08x, %u bytes)", input, s->addr,
                       (unsigned long long)s->addr + s->size - 1, slot->active, first);
  }
  if (file->segments[0].addr != slot->active)
    return problem_set(problem, CLI_REFUSED, "%s: starts at 0x%08x; on %s an image starts at 0x%08x", input,
                       file->segments[0].addr, board->name, slot->active);
  return true;
}

/* The second segment's bytes moved behind the first one's room, so that the image is one run. False: there are none. */
static bool join(struct objfile *file, const struct board *board, const struct board_slot *slot)
{
  bool any = false;
  for (size_t i = 0; i < file->segment_count; i++)
    if (inside(&file->segments[i], board->segment.base, board->segment.size)) {
      file->segments[i].addr += slot->active + board->segment.offset - board->segment.base;
      any = true;
    }
  return any;
}

/* The segments of another file, into this one. */
static bool take(struct objfile *file, const char *input, uint32_t bin_addr, struct problem *problem)
{
  struct objfile more;
  if (!firmware_segments(input, bin_addr, &more, problem))
    return false;
  bool ok = true;
  for (size_t i = 0; ok && i < more.segment_count; i++) {
    problem->code = CLI_REFUSED;
    ok = objfile_add(file, more.segments[i].addr, more.segments[i].data, more.segments[i].size, problem->text,
                     sizeof problem->text);
  }
  objfile_free(&more);
  return ok;
}

bool firmware_segment_fits(const char *path, const struct board *board, const struct image_info *info,
                           struct problem *problem)
{
  const struct board_segment *second = &board->segment;
  if (info->external != 0 && (second->size == 0 || info->external != second->offset))
    return problem_set(problem, CLI_REFUSED, "%s: has a second segment from offset %u on; on %s %s", path,
                       info->external, board->name,
                       second->size == 0 ? "images have one segment" : "it begins elsewhere");
  if (info->external == 0 && second->size != 0 && info->size > second->offset)
    return problem_set(problem, CLI_REFUSED, "%s: %u bytes of one segment; on %s that takes %u", path, info->size,
                       board->name, second->offset);
  return true;
}

static uint32_t word(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool vectors_plausible(const char *input, const struct firmware *f, const struct board *board,
                              struct problem *problem)
{
  uint32_t stack = word(f->bytes), reset = word(f->bytes + 4);
  bool in_ram = stack > board->app_ram && stack - board->ram.base <= board->ram.size;
  bool in_ram2 = board->ram2.size != 0 && stack > board->ram2.base && stack - board->ram2.base <= board->ram2.size;
  if (!in_ram && !in_ram2)
    return problem_set(
        problem, CLI_REFUSED,
        "%s: vector table at 0x%08x: initial stack pointer 0x%08x lies in no RAM of an application (0x%08x-"
        "0x%08x); is this linked for %s? (--no-vectors: the image has no vector table)",
        input, f->addr, stack, board->app_ram, board->ram.base + board->ram.size - 1, board->name);
  if ((reset & 1) == 0 || reset - 1 < f->addr || reset - 1 - f->addr >= (f->external != 0 ? f->external : f->size))
    return problem_set(
        problem, CLI_REFUSED,
        "%s: vector table at 0x%08x: reset vector 0x%08x is %s (--no-vectors: the image has no vector table)", input,
        f->addr, reset, (reset & 1) == 0 ? "no Thumb address" : "outside the image");
  return true;
}

bool firmware_read_for_slot(const char *input, const char *second, const struct board *board, uint32_t image,
                            bool vectors, struct firmware *firmware, struct problem *problem)
{
  const struct board_slot *slot = &board->slots[image - 1];
  struct objfile file;
  memset(firmware, 0, sizeof *firmware);
  if (!firmware_segments(input, slot->active, &file, problem))
    return false;
  bool ok = second == NULL || board->segment.size != 0 ||
            problem_set(problem, CLI_USAGE, "%s: on %s images have one segment", second, board->name);
  ok = ok && (second == NULL || take(&file, second, board->segment.base, problem)) &&
       fits(input, &file, board, slot, problem);
  if (ok && join(&file, board, slot))
    firmware->external = board->segment.offset;
  ok = ok && flatten(input, &file, firmware, problem);
  objfile_free(&file);
  if (ok && firmware->size > slot->image_max)
    ok = problem_set(problem, CLI_REFUSED, "%s: %u bytes with padding; the active slot takes %u", input, firmware->size,
                     slot->image_max);
  ok = ok && (!vectors || vectors_plausible(input, firmware, board, problem));
  if (!ok)
    firmware_free(firmware);
  return ok;
}

void firmware_free(struct firmware *firmware)
{
  free(firmware->bytes);
  memset(firmware, 0, sizeof *firmware);
}

void firmware_changed_range(const struct firmware *old, const struct firmware *new, uint32_t align, uint32_t *offset,
                            uint32_t *size)
{
  uint32_t common = old->size < new->size ? old->size : new->size, first = 0, last = new->size;
  while (first < common && old->bytes[first] == new->bytes[first])
    first++;
  if (new->size <= old->size)
    while (last > first && old->bytes[last - 1] == new->bytes[last - 1])
      last--;
  *offset = *size = 0;
  if (first == new->size &&new->size == old->size)
    return;
  if (last == first) { /* the new firmware is the beginning of the old one: its last block stands for the change */
    first = new->size - 1;
    last = new->size;
  }
  *offset = first - first % align;
  uint64_t end = ((uint64_t)last + align - 1) / align * align;
  *size = (end > new->size ? new->size : (uint32_t)end) - *offset;
}
