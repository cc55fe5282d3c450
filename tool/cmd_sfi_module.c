/* portcullis sfi module: one piece of firmware under its own maker's key, an .smi file. */
#include "sfi/crypto/crypto.h"
#include "sfi/host/container.h"
#include "sfi/host/options.h"
#include "tool/cli.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <stdlib.h>

static bool build(const struct cli *cli, const struct objfile *file, uint32_t version, struct problem *problem)
{
  uint8_t key[16], nonce[12];
  size_t size;
  const struct objfile_segment *s = &file->segments[0];
  const struct container_piece piece = {SFI_MODULE, s->addr, s->size, s->data};
  if (file->segment_count != 1)
    return problem_set(problem, CLI_REFUSED, "%s: %zu separate runs of bytes; a module is one", cli->arguments[0],
                       file->segment_count);
  if (!sfi_load_key_and_nonce(cli, key, nonce, problem))
    return false;
  uint8_t *bytes = container_build(SFI_MODULE_FILE, (uint8_t)version, &piece, 1, key, nonce, &size, problem);
  bool ok = bytes != NULL && sfi_record_nonce(cli, key, nonce, 1, bytes, size, problem);
  if (ok) {
    problem->code = CLI_INPUT;
    ok = objfile_spit(cli_value(cli, "output"), bytes, size, 0666, problem->text, sizeof problem->text);
  }
  free(bytes);
  sfi_wipe(key, sizeof key);
  return ok;
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct objfile file;
  uint32_t version = 0;
  if (!cli_number(cli, "version", 0, 255, &version, &problem) ||
      !firmware_segments(cli->arguments[0], 0, &file, &problem))
    return cli_report(cli, &problem);
  bool ok = build(cli, &file, version, &problem);
  if (ok && cli->json) {
    json_object(NULL);
    json_string("output", cli_value(cli, "output"));
    json_address("address", file.segments[0].addr);
    json_number("size", file.segments[0].size);
    json_end();
  } else if (ok) {
    printf("%s: module of %u bytes for 0x%08x\n", cli_value(cli, "output"), file.segments[0].size,
           file.segments[0].addr);
  }
  objfile_free(&file);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"version", 0, "N", "module version, 0 to 255", true, false},
    {"output", 'o', "FILE", ".smi file to write", true, false},
    {0},
};

const struct cli_command cmd_sfi_module = {
    .name = "sfi module",
    .arguments = "INPUT",
    .summary = "Encrypt one module under its maker's own key: an .smi file for 'sfi pack --module'",
    .details = "INPUT: an ELF, Intel HEX or S-record file, or FILE.bin@0xADDRESS, with a single run of bytes.",
    .options = {options, sfi_key_options, sfi_ledger_options},
    .examples =
        "portcullis sfi module codec.bin@0x08040000 --key codec.key --nonce codec.nonce --version 1 -o codec.smi",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
