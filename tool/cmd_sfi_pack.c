/* portcullis sfi pack: firmware, modules and option bytes in, one encrypted .sfi out. */
#include "sfi/crypto/crypto.h"
#include "sfi/host/container.h"
#include "sfi/host/csv.h"
#include "sfi/host/options.h"
#include "sfi/host/plan.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pack {
  const struct cli *cli;
  struct plan plan;
  uint32_t version;
  uint8_t key[16], nonce[12];
};

static bool judge_options(const struct pack *p, const uint32_t *values, struct problem *problem)
{
  char why[400];
  enum sfi_verdict verdict = p->plan.device->judge_options(values, why, sizeof why);
  if (verdict == SFI_WRONG)
    return problem_set(problem, CLI_REFUSED, "%s: %s", cli_value(p->cli, "option-bytes"), why);
  if (verdict == SFI_UNWISE)
    cli_note(p->cli, "warning: %s: %s", cli_value(p->cli, "option-bytes"), why);
  /* Power that fails while the chip writes them may close its flash for good (docs/threat-model.md). */
  if (p->plan.device->maker != NULL && !sfi_device_has_options(p->plan.device, values))
    cli_note(
        p->cli,
        "note: %s: not the values that the device is delivered with; an install ends by writing them, which the power "
        "must not interrupt (docs/sfi.md)",
        cli_value(p->cli, "option-bytes"));
  return true;
}

static bool collect(struct pack *p, struct problem *problem)
{
  uint32_t values[SFI_OPTION_MAX];
  size_t count;
  const char *file;
  for (size_t i = 0; (file = cli_value_at(p->cli, "firmware", i)) != NULL; i++)
    if (!plan_add_firmware(&p->plan, file, problem))
      return false;
  for (size_t i = 0; (file = cli_value_at(p->cli, "module", i)) != NULL; i++)
    if (!plan_add_module(&p->plan, file, problem))
      return false;
  return csv_read(cli_value(p->cli, "option-bytes"), p->plan.device, values, &count, problem) &&
         judge_options(p, values, problem) && plan_add_options(&p->plan, values, count, problem) &&
         plan_finish(&p->plan, !cli_flag(p->cli, "no-vectors"), problem);
}

static bool write_out(struct pack *p, size_t *size, struct problem *problem)
{
  const char *out = cli_value(p->cli, "output");
  struct container_piece *pieces = calloc(p->plan.count, sizeof *pieces);
  if (pieces == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  for (size_t i = 0; i < p->plan.count; i++)
    pieces[i] = p->plan.items[i].piece;
  uint8_t *bytes =
      container_build(SFI_IMAGE, (uint8_t)p->version, pieces, p->plan.count, p->key, p->nonce, size, problem);
  free(pieces);
  bool ok = bytes != NULL && sfi_record_nonce(p->cli, p->key, p->nonce, (uint32_t)p->plan.count, bytes, *size, problem);
  if (ok) {
    problem->code = CLI_INPUT;
    ok = objfile_spit(out, bytes, *size, 0666, problem->text, sizeof problem->text);
  }
  free(bytes);
  return ok;
}

static void show(const struct pack *p, size_t size)
{
  static const struct {
    uint8_t type;
    const char *name;
  } types[] = {{SFI_FIRMWARE, "firmware"}, {SFI_MODULE, "module"}, {SFI_CONFIGURATION, "configuration"}};
  const char *out = cli_value(p->cli, "output");
  if (p->cli->json) {
    json_object(NULL);
    json_string("output", out);
    json_string("device", p->plan.device->name);
    json_number("version", p->version);
    json_number("size", size);
    json_number("filled", p->plan.filled);
    json_array("areas");
  } else {
    printf("%s: %zu bytes for %s, image version %u, %zu areas\n", out, size, p->plan.device->title, p->version,
           p->plan.count);
  }
  for (size_t i = 0; i < p->plan.count; i++) {
    const struct container_piece *piece = &p->plan.items[i].piece;
    const char *type = "";
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
      if (types[t].type == piece->type)
        type = types[t].name;
    if (p->cli->json) {
      json_object(NULL);
      json_string("type", type);
      json_address("address", piece->address);
      json_number("size", piece->size);
      json_end();
    } else if (piece->type == SFI_CONFIGURATION) {
      printf("  %3zu %-13s %u option registers\n", i + 1, type, piece->size / 4);
    } else {
      printf("  %3zu %-13s 0x%08x, %u bytes\n", i + 1, type, piece->address, piece->size);
    }
  }
  if (p->cli->json) {
    json_end();
    json_end();
  } else if (p->plan.filled != 0) {
    printf("  %u bytes FF fill gaps within %u-byte units of the flash\n", p->plan.filled, p->plan.device->unit);
  }
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct pack p = {.cli = cli};
  size_t size = 0;
  p.plan.device = sfi_device_of(cli, &problem);
  bool ok = p.plan.device != NULL && cli_number(cli, "version", 0, 255, &p.version, &problem) &&
            sfi_load_key_and_nonce(cli, p.key, p.nonce, &problem) && collect(&p, &problem) &&
            write_out(&p, &size, &problem);
  sfi_wipe(p.key, sizeof p.key);
  if (ok)
    show(&p, size);
  plan_free(&p.plan);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"firmware", 'f', "FILE", "ELF, Intel HEX or S-record file, or FILE.bin@0xADDRESS; may be repeated", true, true},
    {"module", 'm', "FILE", ".smi file made by 'portcullis sfi module'; may be repeated", false, true},
    {"option-bytes", 0, "CSV", "one line NAME,0xVALUE for each option register of the device", true, false},
    {"version", 0, "N", "image version, 0 to 255", true, false},
    {"device", 'd', "NAME", "the chip: stm32l462ce, stm32h753xi", true, false},
    {"no-vectors", 0, NULL, "the firmware does not start with a vector table: do not check it", false, false},
    {"output", 'o', "FILE", ".sfi file to write", true, false},
    {0},
};

const struct cli_command cmd_sfi_pack = {
    .name = "sfi pack",
    .arguments = "",
    .summary = "Encrypt firmware for a factory that must not read it: an .sfi file",
    .details =
        "Every run of bytes in the firmware files becomes an area, the option bytes the last one. Refused: areas\n"
        "that overlap, lie outside the flash or in what belongs to the chip's boot loader; firmware that does\n"
        "not begin where the chip wants it; option bytes that open the device; a nonce that was used with this\n"
        "key before. 'portcullis sfi info FILE --device NAME' shows a firmware file beforehand.",
    .options = {options, sfi_key_options, sfi_ledger_options},
    .examples =
        "portcullis sfi pack --firmware app.elf --key fw.key --nonce fw.nonce --option-bytes ob.csv --version 1 "
        "--device stm32l462ce -o out.sfi\n"
        "portcullis sfi pack -f app.hex -f tables.bin@0x08060000 -k fw.key -n fw.nonce --option-bytes ob.csv "
        "--version 1 -d stm32l462ce -o out.sfi",
    .max_arguments = 0,
    .run = run,
};
