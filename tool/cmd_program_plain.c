/* portcullis program read, write, erase, go, options: plain programming through a boot loader without a key. */
#include "sfi/programmer/command.h"
#include "sfi/programmer/rom.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/objfile/objfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_BYTES 0x1FFF7800u /* STM32L4: 8 bytes for each register, RM0394 section 3.4 */
#define L4_CHIP      0x462u

static void *named(const char *what)
{
  return (void *)(uintptr_t)what;
}

/* What was done, for people and for scripts. */
static int done(const struct cli *cli, const char *what, uint32_t address, uint64_t size)
{
  if (cli->json) {
    json_object(NULL);
    json_string("done", what);
    json_address("address", address);
    json_number("size", size);
    json_end();
  } else {
    printf("0x%08x: %llu bytes %s\n", address, (unsigned long long)size, what);
  }
  return CLI_OK;
}

/* ---- read ---- */

static int run_read(struct cli *cli)
{
  struct problem problem;
  uint32_t address, size;
  const char *out = cli_value(cli, "output");
  if (!program_number("ADDRESS", cli->arguments[0], &address, &problem) ||
      !program_number("SIZE", cli->arguments[1], &size, &problem))
    return cli_report(cli, &problem);
  if (size == 0 || size > 64u << 20)
    return cli_fail(cli, CLI_USAGE, "SIZE %u: from 1 byte to 64 MiB", size);
  uint8_t *bytes = malloc(size);
  struct link *link = program_connect(cli, &problem);
  bool ok =
      bytes != NULL && link != NULL && rom_read(link, address, bytes, size, program_bar, named("reading"), &problem);
  link_close(link);
  if (ok) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, bytes, size, 0666, problem.text, sizeof problem.text);
  }
  free(bytes);
  return ok ? done(cli, "read", address, size) : cli_report(cli, &problem);
}

static const struct cli_option read_options[] = {
    {"output", 'o', "FILE", "file to write: the bytes as they are", true, false},
    {0},
};

const struct cli_command cmd_program_read = {
    .name = "program read",
    .arguments = "ADDRESS SIZE",
    .summary = "Read a device's memory into a file",
    .options = {program_port_options, read_options, program_wait_options},
    .examples = "portcullis program read 0x08001000 0x10000 --port /dev/ttyUSB0 -o dump.bin",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run_read,
};

/* ---- write ---- */

static bool erase_for(struct link *link, const struct sfi_device *chip, const struct objfile *file,
                      struct problem *problem)
{
  uint32_t next = 0; /* first page that is not erased yet */
  for (size_t i = 0; i < file->segment_count; i++) {
    const struct objfile_segment *s = &file->segments[i];
    if (s->addr < chip->flash.base || s->addr - chip->flash.base >= chip->flash.size)
      continue; /* RAM */
    uint32_t first = (s->addr - chip->flash.base) / chip->page;
    const uint32_t last = (s->addr - chip->flash.base + (s->size - 1)) / chip->page;
    if (first < next)
      first = next;
    if (last >= first && !rom_erase(link, first, last - first + 1, problem))
      return false;
    next = last + 1;
  }
  return true;
}

static bool verify(struct link *link, const struct objfile_segment *s, struct problem *problem)
{
  uint8_t *back = malloc(s->size);
  bool ok = back != NULL && rom_read(link, s->addr, back, s->size, program_bar, named("verifying"), problem);
  for (uint32_t i = 0; ok && i < s->size; i++)
    if (back[i] != s->data[i])
      ok = problem_set(problem, CLI_REFUSED, "0x%08x: reads %02x, not %02x", s->addr + i, back[i], s->data[i]);
  free(back);
  return ok;
}

static int run_write(struct cli *cli)
{
  struct problem problem;
  struct objfile file = {0};
  const struct sfi_device *chip = NULL;
  /* A file that cannot be read is found before the device is touched; where a raw binary goes, the chip says. */
  if (!firmware_segments(cli->arguments[0], 0, &file, &problem))
    return cli_report(cli, &problem);
  objfile_free(&file);
  struct link *link = program_connect(cli, &problem);
  bool ok = link != NULL && (chip = program_chip(link, &problem)) != NULL &&
            firmware_segments(cli->arguments[0], chip->start, &file, &problem) &&
            (cli_flag(cli, "no-erase") || erase_for(link, chip, &file, &problem));
  for (size_t i = 0; ok && i < file.segment_count; i++) {
    const struct objfile_segment *s = &file.segments[i];
    ok = rom_write(link, s->addr, s->data, s->size, program_bar, named("writing"), &problem) &&
         (cli_flag(cli, "no-verify") || verify(link, s, &problem));
  }
  if (ok && cli_flag(cli, "go"))
    ok = rom_go(link, file.segments[0].addr, &problem);
  link_close(link);
  uint64_t size = 0;
  for (size_t i = 0; i < file.segment_count; i++)
    size += file.segments[i].size;
  int code =
      ok ? done(cli, cli_flag(cli, "no-verify") ? "written" : "written and verified", file.segments[0].addr, size)
         : cli_report(cli, &problem);
  objfile_free(&file);
  return code;
}

static const struct cli_option write_options[] = {
    {"no-erase", 0, NULL, "the flash is erased already", false, false},
    {"no-verify", 0, NULL, "do not read back", false, false},
    {"go", 'g', NULL, "start the program then", false, false},
    {0},
};

const struct cli_command cmd_program_write = {
    .name = "program write",
    .arguments = "FILE",
    .summary = "Erase what is needed, write a firmware file, and read it back",
    .details = "FILE: ELF, Intel HEX, S-record, or FILE.bin@0xADDRESS (default: where the chip's firmware starts).",
    .options = {program_port_options, write_options, program_wait_options},
    .examples = "portcullis program write app.elf --port /dev/ttyUSB0 --go",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_write,
};

/* ---- erase, go ---- */

static int run_erase(struct cli *cli)
{
  struct problem problem;
  uint32_t address = 0, size = 0;
  if (cli->argument_count == 1)
    return cli_fail(cli, CLI_USAGE, "give ADDRESS and SIZE, or neither for all firmware");
  if (cli->argument_count == 2 && (!program_number("ADDRESS", cli->arguments[0], &address, &problem) ||
                                   !program_number("SIZE", cli->arguments[1], &size, &problem)))
    return cli_report(cli, &problem);
  struct link *link = program_connect(cli, &problem);
  const struct sfi_device *chip = link != NULL ? program_chip(link, &problem) : NULL;
  bool ok = chip != NULL;
  if (ok && cli->argument_count == 0) {
    ok = rom_erase_all(link, &problem);
  } else if (ok) {
    const uint32_t base = chip->flash.base, page = chip->page;
    ok = (address >= base && size != 0 && address - base < chip->flash.size &&
          size <= chip->flash.size - (address - base)) ||
         problem_set(&problem, CLI_USAGE, "0x%08x, %u bytes: not in the flash of the %s", address, size, chip->title);
    const uint32_t first = (address - base) / page, last = (address - base + size - 1) / page;
    ok = ok && rom_erase(link, first, last - first + 1, &problem);
    address = base + first * page;
    size = (last - first + 1) * page;
  }
  link_close(link);
  if (!ok)
    return cli_report(cli, &problem);
  if (cli->argument_count != 0)
    return done(cli, "erased", address, size);
  if (cli->json) {
    json_object(NULL);
    json_string("done", "erased");
    json_bool("all", true);
    json_end();
  } else {
    puts("all firmware erased");
  }
  return CLI_OK;
}

const struct cli_command cmd_program_erase = {
    .name = "program erase",
    .arguments = "[ADDRESS SIZE]",
    .summary = "Erase the pages of a range, or all firmware",
    .options = {program_port_options, program_wait_options},
    .examples =
        "portcullis program erase --port /dev/ttyUSB0\nportcullis program erase 0x08001000 4096 --port /dev/ttyUSB0",
    .max_arguments = 2,
    .run = run_erase,
};

static int run_go(struct cli *cli)
{
  struct problem problem;
  uint32_t address = 0;
  if (cli->argument_count == 1 && !program_number("ADDRESS", cli->arguments[0], &address, &problem))
    return cli_report(cli, &problem);
  struct link *link = program_connect(cli, &problem);
  const struct sfi_device *chip = link != NULL ? program_chip(link, &problem) : NULL;
  if (chip != NULL && cli->argument_count == 0)
    address = chip->start;
  bool ok = chip != NULL && rom_go(link, address, &problem);
  link_close(link);
  return ok ? done(cli, "started", address, 0) : cli_report(cli, &problem);
}

const struct cli_command cmd_program_go = {
    .name = "program go",
    .arguments = "[ADDRESS]",
    .summary = "Start the program whose vector table is at ADDRESS (default: where firmware starts)",
    .options = {program_port_options, program_wait_options},
    .examples = "portcullis program go --port /dev/ttyUSB0",
    .max_arguments = 1,
    .run = run_go,
};

/* ---- option bytes, protection ---- */

static bool show_options(struct link *link, const struct cli *cli, const struct sfi_device *chip,
                         struct problem *problem)
{
  uint32_t values[SFI_OPTION_MAX];
  const size_t n = sfi_device_options(chip);
  for (size_t i = 0; i < n; i++) {
    uint8_t b[4];
    if (!rom_read(link, OPTION_BYTES + 8 * (uint32_t)i, b, 4, NULL, NULL, problem))
      return false;
    values[i] = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
  }
  if (cli->json)
    json_object(NULL);
  for (size_t i = 0; i < n; i++) {
    if (cli->json)
      json_address(chip->option_names[i], values[i]);
    else
      printf("%s,0x%08X\n", chip->option_names[i], values[i]);
  }
  if (cli->json)
    json_end();
  return true;
}

static bool set_option(struct link *link, const struct sfi_device *chip, const char *spec, struct problem *problem)
{
  const char *equals = strchr(spec, '='); /* checked before */
  uint32_t value;
  if (!program_number("--set", equals + 1, &value, problem))
    return false;
  for (uint32_t i = 0; chip->option_names[i] != NULL; i++) {
    if (strlen(chip->option_names[i]) != (size_t)(equals - spec) ||
        memcmp(chip->option_names[i], spec, (size_t)(equals - spec)) != 0)
      continue;
    const uint8_t b[8] = {
        (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24), 0xFF, 0xFF, 0xFF, 0xFF};
    return rom_write(link, OPTION_BYTES + 8 * i, b, sizeof b, NULL, NULL, problem) &&
           link_sync(link, LINK_LONG, problem) == LINK_ACK; /* it resets */
  }
  return problem_set(problem, CLI_USAGE, "--set %s: the %s has no such option register", spec, chip->title);
}

static int run_options(struct cli *cli)
{
  struct problem problem;
  const char *set;
  uint32_t value;
  for (size_t i = 0; (set = cli_value_at(cli, "set", i)) != NULL; i++) {
    const char *equals = strchr(set, '=');
    if (equals == NULL)
      return cli_fail(cli, CLI_USAGE, "--set %s: must be NAME=VALUE", set);
    if (!program_number("--set", equals + 1, &value, &problem))
      return cli_report(cli, &problem);
  }
  if (cli_flag(cli, "protect") && cli_flag(cli, "unprotect"))
    return cli_fail(cli, CLI_USAGE, "--protect and --unprotect contradict each other");
  struct link *link = program_connect(cli, &problem);
  const struct sfi_device *chip = link != NULL ? program_chip(link, &problem) : NULL;
  bool ok = chip != NULL;
  if (ok && chip->chip_id != L4_CHIP)
    ok = problem_set(&problem, CLI_REFUSED, "%s: its option bytes are not known here", chip->title);
  for (size_t i = 0; ok && (set = cli_value_at(cli, "set", i)) != NULL; i++)
    ok = set_option(link, chip, set, &problem);
  const bool on = cli_flag(cli, "protect"), off = cli_flag(cli, "unprotect");
  if (ok && (on || off))
    ok = rom_protect(link, on, &problem);
  else if (ok)
    ok = show_options(link, cli, chip, &problem);
  link_close(link);
  if (!ok || (!on && !off))
    return ok ? CLI_OK : cli_report(cli, &problem);
  if (cli->json) {
    json_object(NULL);
    json_bool("protected", on);
    json_end();
  } else {
    puts(on ? "readout protection is on" : "readout protection is off, the flash is erased");
  }
  return CLI_OK;
}

static const struct cli_option option_options[] = {
    {"set", 0, "NAME=VALUE", "program an option register; the device resets after each", false, true},
    {"protect", 0, NULL, "readout protection level 1", false, false},
    {"unprotect", 0, NULL, "readout protection off: the chip erases all of its flash", false, false},
    {0},
};

const struct cli_command cmd_program_options = {
    .name = "program options",
    .arguments = "",
    .summary = "Show or program option bytes, change the readout protection",
    .details = "What is shown is what 'sfi pack --option-bytes' reads.",
    .options = {program_port_options, option_options, program_wait_options},
    .examples = "portcullis program options --port /dev/ttyUSB0\nportcullis program options --set WRP1AR=0xFF01FF00 "
                "--port /dev/ttyUSB0",
    .run = run_options,
};
