/* See patchfile.h. */
#include "tool/patchfile.h"

#include "image/patch.h"
#include "tool/firmware.h"
#include "tool/json.h"

#include <stdio.h>
#include <unistd.h>

const struct cli_option patch_options[] = {
    {"from-address", 0, "ADDRESS", "load address of the old firmware (default: found in it)", false, false},
    {"to-address", 0, "ADDRESS", "load address of the new firmware (default: found in it)", false, false},
    {"effort", 0, "1-9", "how long to look for a smaller patch (default 5)", false, false},
    {"in-place", 0, NULL, "for a board with a single slot, which rewrites the old firmware page by page", false, false},
    {"page-size", 0, "BYTES", "with --in-place: the flash's page size (instead of --board, like the next three)", false,
     false},
    {"slot-size", 0, "BYTES", "the slot", false, false},
    {"scratch", 0, "PAGES", "pages that the board keeps for what waits", false, false},
    {"patch-area", 0, "BYTES", "flash that it keeps for the patch (the header page included)", false, false},
    {0},
};

static void show_progress(void *context, unsigned percent)
{
  unsigned *last = context;
  if (percent == *last)
    return;
  *last = percent;
  fprintf(stderr, "\r%3u %%%s", percent, percent == 100 ? "\r     \r" : "");
  (void)fflush(stderr);
}

static bool addresses(const struct cli *cli, struct delta_options *options, struct problem *problem)
{
  if (!cli_number(cli, "from-address", 0, UINT32_MAX, &options->source_base, problem) ||
      !cli_number(cli, "to-address", 0, UINT32_MAX, &options->target_base, problem))
    return false;
  if ((cli_value(cli, "from-address") && options->source_base % 256 != 0) ||
      (cli_value(cli, "to-address") && options->target_base % 256 != 0))
    return problem_set(problem, CLI_USAGE, "a load address must be a multiple of 256");
  return true;
}

/* The board that a patch in place is for, by its name or in numbers. */
static bool room(const struct cli *cli, struct delta_board *board, struct problem *problem)
{
  static const char *const numbers[] = {"page-size", "slot-size", "scratch", "patch-area"};
  uint32_t given = 0, value[4] = {0};
  for (unsigned i = 0; i < 4; i++) {
    given += cli_value(cli, numbers[i]) != NULL;
    if (!cli_number(cli, numbers[i], 1, DELTA_MAX_SIZE, &value[i], problem))
      return false;
  }
  if (!cli_flag(cli, "in-place"))
    return given == 0 || problem_set(problem, CLI_USAGE, "the numbers of a board are for --in-place");
  if (given != 0 && (given != 4 || cli_value(cli, "board") != NULL))
    return problem_set(problem, CLI_USAGE,
                       "--in-place takes --board, or --page-size, --slot-size, --scratch and --patch-area");
  if (given == 0) {
    const struct board *known = board_of(cli, problem);
    if (known == NULL)
      return false;
    if (known->scratch.size == 0)
      return problem_set(problem, CLI_REFUSED, "board %s takes no patches in place", known->name);
    value[0] = known->page;
    value[1] = known->slots[0].active_size;
    value[2] = known->scratch.size / known->page;
    value[3] = known->slots[0].download_size;
  }
  /* The area: a page for the TO header, then the patch's header and the patch. */
  if (value[0] < 256 || value[0] > 65536 || (value[0] & (value[0] - 1)) != 0 || value[1] % value[0] != 0 ||
      value[3] < value[0] + PATCH_HEADER_SIZE + 16)
    return problem_set(
        problem, CLI_USAGE,
        "pages are a power of two, 256 to 65536 bytes, the slot whole pages; the patch area has more than a page");
  *board = (struct delta_board){value[0], value[1] / value[0], value[2],
                                (value[3] - value[0] - PATCH_HEADER_SIZE) / 16 * 16};
  return true;
}

bool patch_make(const struct cli *cli, const uint8_t *from, size_t from_size, const uint8_t *to, size_t to_size,
                struct delta_result *result, struct delta_in_place *how, struct problem *problem)
{
  struct delta_board board = {0};
  enum delta_outcome outcome;
  unsigned last = 101;
  uint32_t effort = 5;
  struct delta_options options = {DELTA_BASE_UNKNOWN, DELTA_BASE_UNKNOWN, 0, NULL, &last};
  if (!addresses(cli, &options, problem) || !cli_number(cli, "effort", 1, 9, &effort, problem))
    return false;
  options.effort = effort;
  *how = (struct delta_in_place){0};
  if (!room(cli, &board, problem))
    return false;
  if (isatty(STDERR_FILENO))
    options.progress = show_progress;
  if (board.page == 0)
    outcome = delta_make(from, from_size, to, to_size, &options, result);
  else
    outcome = delta_make_in_place(from, from_size, to, to_size, &options, &board, result, how);
  switch (outcome) {
  case DELTA_MADE:
    return true;
  case DELTA_TOO_LARGE:
    return problem_set(problem, CLI_REFUSED, "the images are too large for a patch (8 MiB, or 5.5 MiB that are new)");
  case DELTA_NO_ROOM:
    if (result->size == 0)
      return problem_set(problem, CLI_REFUSED, "a firmware does not fit the board's slot of %u bytes",
                         board.page * board.slot);
    return problem_set(problem, CLI_REFUSED,
                       "no patch in place is small enough: %zu bytes, the board's patch area takes %u", result->size,
                       board.patch);
  case DELTA_BAD_OPTIONS:
  case DELTA_NO_MEMORY:
    return problem_set(problem, CLI_INPUT, "out of memory");
  case DELTA_NOT_VERIFIED:
    break;
  }
  return problem_set(problem, CLI_INPUT,
                     "the patch does not give the new firmware: a defect of this program, please report the two files");
}

void patch_show(const struct delta_in_place *how)
{
  if (how->page == 0)
    return;
  printf("  in place         a slot of %u pages of %u bytes, %u scratch pages, groups of %u", how->slot, how->page,
         delta_in_place_scratch(how), how->group);
  if (how->shift != 0)
    printf("; the old firmware is moved up by %u pages first", how->shift);
  printf("\n");
}

void patch_json(const struct delta_in_place *how)
{
  if (how->page == 0)
    return;
  json_object("in_place");
  json_number("page", how->page);
  json_number("slot", how->slot);
  json_number("scratch", delta_in_place_scratch(how));
  json_number("group", how->group);
  json_number("lag", how->lag);
  json_number("shift", how->shift);
  json_end();
}

const char *patch_explain(pc_status status)
{
  switch (status) {
  case PC_ERR_UNSUPPORTED:
    return "no patch, or of a kind that this program does not know";
  case PC_ERR_TAG:
    return "its check value does not match: damaged, or made from another firmware";
  case PC_ERR_SIZE:
    return "the new firmware would be larger than 8 MiB, or does not fit into memory";
  default:
    return "damaged, cut short or extended, or made from another firmware";
  }
}
