/* portcullis delta make: the bare patch between two firmwares in clear. */
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/patchfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const struct cli *cli, const char *out, const struct firmware *from, const struct firmware *to,
                 const struct delta_result *patch, const struct delta_in_place *how, size_t size)
{
  bool whole = patch->mode == DELTA_MODE_IMAGE;
  if (cli->json) {
    json_object(NULL);
    json_string("output", out);
    json_string("mode", whole ? "image" : "patch");
    json_number("size", size);
    json_number("from_size", from->size);
    json_number("to_size", to->size);
    json_address("from_address", patch->source_base);
    json_address("to_address", patch->target_base);
    json_number("compressed_image_size", patch->image_size);
    patch_json(how);
    json_end();
    return;
  }
  printf("%s: %zu bytes for a firmware of %u (%.2f %%)\n", out, size, to->size,
         to->size ? 100.0 * (double)size / to->size : 0.0);
  if (whole)
    printf("  the compressed image alone is smaller than a patch: it needs no old firmware\n");
  else
    printf("  from a firmware of %u bytes at 0x%08x, to 0x%08x; the compressed image alone would take %zu\n",
           from->size, patch->source_base, patch->target_base, patch->image_size);
  patch_show(how);
}

/* A patch in place has a head. */
static bool write_patch(const char *out, const struct delta_result *patch, const struct delta_in_place *how,
                        size_t *size, struct problem *problem)
{
  const size_t head = how->page == 0 ? 0 : 1 + DELTA_IN_PLACE_SIZE;
  uint8_t *bytes = malloc(head + patch->size + 1);
  problem->code = CLI_INPUT;
  if (bytes == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  if (head != 0) {
    bytes[0] = DELTA_MODE_IN_PLACE;
    delta_in_place_build(how, bytes + 1);
  }
  memcpy(bytes + head, patch->bytes, patch->size);
  *size = head + patch->size;
  bool ok = objfile_spit(out, bytes, *size, 0666, problem->text, sizeof problem->text);
  free(bytes);
  return ok;
}

static int run(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  struct problem problem;
  struct firmware from = {0}, to = {0};
  struct delta_result patch = {0};
  struct delta_in_place how;
  size_t size = 0;
  bool ok = firmware_read(cli->arguments[0], 0, &from, &problem) &&
            firmware_read(cli->arguments[1], 0, &to, &problem) &&
            patch_make(cli, from.bytes, from.size, to.bytes, to.size, &patch, &how, &problem) &&
            write_patch(out, &patch, &how, &size, &problem);
  if (ok)
    show(cli, out, &from, &to, &patch, &how, size);
  delta_result_free(&patch);
  firmware_free(&from);
  firmware_free(&to);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "patch to write, neither signed nor encrypted", true, false},
    {0},
};

const struct cli_command cmd_delta_make = {
    .name = "delta make",
    .arguments = "OLD NEW",
    .summary = "Make the patch that turns one clear firmware into another",
    .details =
        "OLD and NEW: ELF, Intel HEX, S-record or binary files, as for 'image pack'; padded with FF to a multiple of "
        "16\n"
        "bytes as there. Each patch is decoded and compared before it is written. When the compressed NEW alone is\n"
        "not larger, that is written, and said.",
    .options = {options, patch_options, board_options},
    .examples = "portcullis delta make old.elf new.elf -o update.delta\n"
                "portcullis delta make old.bin new.bin --effort 9 -o update.delta --json\n"
                "portcullis delta make old.bin new.bin --in-place --board nucleo-l476rg-single-patch -o update.delta",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run,
};
