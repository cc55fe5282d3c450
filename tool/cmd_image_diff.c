/* portcullis image diff: the range in which two firmwares differ, which is what a partial image holds. */
#include "image/header.h"
#include "tool/cli.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>

static int run(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  struct problem problem;
  struct firmware old = {0}, new = {0};
  uint32_t align = IMAGE_BLOCK, offset = 0, size = 0;
  bool ok = cli_number(cli, "align", IMAGE_BLOCK, 1u << 20, &align, &problem);
  if (ok && align % IMAGE_BLOCK != 0)
    ok = problem_set(&problem, CLI_USAGE, "--align %u: must be a multiple of %u", align, IMAGE_BLOCK);
  ok = ok && firmware_read(cli->arguments[0], 0, &old, &problem) && firmware_read(cli->arguments[1], 0, &new, &problem);
  if (ok) {
    firmware_changed_range(&old, &new, align, &offset, &size);
    problem.code = CLI_INPUT;
    if (out != NULL && size == 0)
      ok = problem_set(&problem, CLI_REFUSED, "%s and %s do not differ", cli->arguments[0], cli->arguments[1]);
    else if (out != NULL)
      ok = objfile_spit(out, new.bytes + offset, size, 0666, problem.text, sizeof problem.text);
  }
  if (ok && cli->json) {
    json_object(NULL);
    json_number("old_size", old.size);
    json_number("new_size", new.size);
    json_number("offset", offset);
    json_number("size", size);
    json_end();
  } else if (ok && size == 0) {
    printf("no difference (%u bytes)\n", new.size);
  } else if (ok) {
    printf("offset %u (0x%x), %u bytes of %u\n", offset, offset, size, new.size);
  }
  firmware_free(&old);
  firmware_free(&new);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "write the new bytes of that range (in clear)", false, false},
    {"align", 0, "BYTES", "widen the range to multiples of this (default 16)", false, false},
    {0},
};

const struct cli_command cmd_image_diff = {
    .name = "image diff",
    .arguments = "OLD NEW",
    .summary = "Show the range in which two clear firmwares differ",
    .details = "The same range that 'image pack --partial-from OLD' puts into a partial image.",
    .options = {options},
    .examples = "portcullis image diff old.elf new.elf\nportcullis image diff old.bin new.bin --align 2048 -o "
                "changed.bin --json",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run,
};
