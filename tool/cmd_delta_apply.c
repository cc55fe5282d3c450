/* portcullis delta apply: the device's decoder on the PC. */
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/patchfile.h"

#include <stdio.h>
#include <stdlib.h>

static int run(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  struct problem problem = {.code = CLI_INPUT};
  struct firmware from = {0};
  uint8_t *patch = NULL, *to = NULL;
  size_t patch_size = 0, to_size = 0;
  bool ok = firmware_read(cli->arguments[0], 0, &from, &problem);
  if (ok) {
    problem.code = CLI_INPUT;
    patch = objfile_slurp(cli->arguments[1], 64u << 20, &patch_size, problem.text, sizeof problem.text);
    ok = patch != NULL;
  }
  if (ok) {
    pc_status status = delta_apply(from.bytes, from.size, patch, patch_size, &to, &to_size);
    ok = status == PC_OK || problem_set(&problem, CLI_REFUSED, "%s: %s", cli->arguments[1], patch_explain(status));
  }
  if (ok) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, to, to_size, 0666, problem.text, sizeof problem.text);
  }
  if (ok && cli->json) {
    json_object(NULL);
    json_string("output", out);
    json_number("size", to_size);
    json_end();
  } else if (ok) {
    printf("%s: %zu bytes\n", out, to_size);
  }
  free(to);
  free(patch);
  firmware_free(&from);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "new firmware to write, a binary", true, false},
    {0},
};

const struct cli_command cmd_delta_apply = {
    .name = "delta apply",
    .arguments = "OLD PATCH",
    .summary = "Apply a patch to a clear firmware, with the device's decoder",
    .details =
        "Only a 16-bit check value tells that OLD was the right one: a signed .sfbp names its firmware by SHA-256.",
    .options = {options},
    .examples = "portcullis delta apply old.elf update.delta -o new.bin",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run,
};
