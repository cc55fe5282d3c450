/* See patchfile.h. */
#include "tool/patchfile.h"

#include <stdio.h>
#include <unistd.h>

const struct cli_option patch_options[] = {
    {"from-address", 0, "ADDRESS", "load address of the old firmware (default: found in it)", false, false},
    {"to-address", 0, "ADDRESS", "load address of the new firmware (default: found in it)", false, false},
    {"effort", 0, "1-9", "how long to look for a smaller patch (default 5)", false, false},
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

bool patch_make(const struct cli *cli, const uint8_t *from, size_t from_size, const uint8_t *to, size_t to_size,
                struct delta_result *result, struct problem *problem)
{
  unsigned last = 101;
  uint32_t effort = 5;
  struct delta_options options = {DELTA_BASE_UNKNOWN, DELTA_BASE_UNKNOWN, 0, NULL, &last};
  if (!addresses(cli, &options, problem) || !cli_number(cli, "effort", 1, 9, &effort, problem))
    return false;
  options.effort = effort;
  if (isatty(STDERR_FILENO))
    options.progress = show_progress;
  switch (delta_make(from, from_size, to, to_size, &options, result)) {
  case DELTA_MADE:
    return true;
  case DELTA_TOO_LARGE:
    return problem_set(problem, CLI_REFUSED, "the images are too large for a patch (8 MiB, or 5.5 MiB that are new)");
  case DELTA_BAD_OPTIONS:
  case DELTA_NO_MEMORY:
    return problem_set(problem, CLI_INPUT, "out of memory");
  case DELTA_NOT_VERIFIED:
    break;
  }
  return problem_set(problem, CLI_INPUT,
                     "the patch does not give the new firmware: a defect of this program, please report the two files");
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
