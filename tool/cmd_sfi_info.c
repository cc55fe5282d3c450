/* portcullis sfi info: what is in an .sfi or .smi file, ours or the vendor's, or in a firmware file before packing. */
#include "sfi/crypto/crypto.h"
#include "sfi/host/container.h"
#include "sfi/host/options.h"
#include "sfi/host/plan.h"
#include "tool/cli.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
  const struct cli *cli;
  const char *name;
  const struct sfi_device *device; /* NULL: not given */
  const uint8_t *bytes;
  size_t size;
  struct container container;
  bool keyed;
  uint8_t key[16], nonce[12];
};

static const char *type_name(uint8_t type)
{
  switch (type) {
  case SFI_FIRMWARE:
    return "firmware";
  case SFI_MODULE:
    return "module";
  case SFI_CONFIGURATION:
    return "configuration";
  case 'P':
    return "pause";
  case 'R':
    return "resume";
  case 'E':
    return "external";
  default:
    return "keys";
  }
}

/* The option registers, when the key is there to read them. */
static void show_options(const struct look *l, const struct container_part *part)
{
  uint8_t *clear = malloc(part->area.size);
  if (clear == NULL || !l->keyed || !container_decrypt(part, l->key, l->nonce, clear)) {
    free(clear);
    return;
  }
  bool named = l->device != NULL && part->area.size == 4 * sfi_device_options(l->device);
  if (l->cli->json)
    json_array("options");
  for (size_t i = 0; i < part->area.size / 4; i++) {
    const uint8_t *p = clear + 4 * i;
    uint32_t value = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    if (l->cli->json) {
      json_object(NULL);
      json_string("name", named ? l->device->option_names[i] : NULL);
      json_address("value", value);
      json_end();
    } else {
      printf("      %-12s 0x%08x\n", named ? l->device->option_names[i] : "", value);
    }
  }
  if (l->cli->json)
    json_end();
  free(clear);
}

static void show_part_json(const struct look *l, const struct container_part *part)
{
  const struct sfi_area *a = &part->area;
  json_object(NULL);
  json_number("index", a->index);
  json_string("type", type_name(a->type));
  json_address("address", a->address);
  json_number("size", a->size);
  json_hex("tag", part->descriptor + SFI_AREA_AAD, SFI_TAG_SIZE);
  if (a->type == SFI_CONFIGURATION)
    show_options(l, part);
  json_end();
}

static void show_part(const struct look *l, const struct container_part *part)
{
  const struct sfi_area *a = &part->area;
  printf("  %3u %-13s 0x%08x  %8u bytes", a->index, type_name(a->type), a->address, a->size);
  if (part->later)
    printf("  (not of this protocol: cannot be installed)");
  else if (l->device != NULL && a->type == SFI_FIRMWARE && plan_misplaced(l->device, a->address, a->size) != NULL)
    printf("  (%s of %s)", plan_misplaced(l->device, a->address, a->size), l->device->title);
  putchar('\n');
  if (a->type == SFI_CONFIGURATION)
    show_options(l, part);
}

static void show_container(const struct look *l)
{
  const struct container *c = &l->container;
  const char *kind = c->kind == SFI_IMAGE ? "sfi" : "smi";
  if (!l->cli->json) {
    printf("%s: .%s, protocol %u, image version %u, %u area%s, %zu bytes; tags %s\n", l->name, kind, SFI_PROTOCOL,
           c->parts[0].area.version, c->count, c->count == 1 ? "" : "s", l->size,
           l->keyed ? "verified" : "not checked (--key and --nonce)");
    for (uint32_t i = 0; i < c->count; i++)
      show_part(l, &c->parts[i]);
    return;
  }
  json_object(NULL);
  json_string("kind", kind);
  json_number("protocol", SFI_PROTOCOL);
  json_number("version", c->parts[0].area.version);
  json_number("size", l->size);
  json_bool("verified", l->keyed);
  json_array("areas");
  for (uint32_t i = 0; i < c->count; i++)
    show_part_json(l, &c->parts[i]);
  json_end();
  json_end();
}

static void show_firmware(const struct look *l, const struct objfile *file)
{
  static const char *const formats[] = {"", "elf", "hex", "srec", "bin"};
  uint64_t total = 0;
  for (size_t i = 0; i < file->segment_count; i++)
    total += file->segments[i].size;
  if (l->cli->json) {
    json_object(NULL);
    json_string("kind", "firmware");
    json_string("format", formats[file->format]);
    json_number("size", total);
    json_array("areas");
  } else {
    printf("%s: firmware (%s), %zu area%s, %llu bytes\n", l->name, formats[file->format], file->segment_count,
           file->segment_count == 1 ? "" : "s", (unsigned long long)total);
  }
  for (size_t i = 0; i < file->segment_count; i++) {
    const struct objfile_segment *s = &file->segments[i];
    const char *wrong = l->device != NULL ? plan_misplaced(l->device, s->addr, s->size) : NULL;
    if (l->cli->json) {
      json_object(NULL);
      json_address("address", s->addr);
      json_number("size", s->size);
      json_string("misplaced", wrong);
      json_end();
    } else {
      printf("      0x%08x-0x%08x  %8u bytes%s%s%s\n", s->addr, s->addr + (s->size - 1), s->size, wrong ? "  (" : "",
             wrong ? wrong : "", wrong ? ")" : "");
    }
  }
  if (l->cli->json) {
    json_end();
    json_end();
  }
}

static bool look_at_container(struct look *l, struct problem *problem)
{
  return container_parse(l->name, l->bytes, l->size, &l->container, problem) &&
         (!l->keyed || container_authentic(l->name, l->bytes, &l->container, l->key, l->nonce, problem));
}

static bool look(struct look *l, struct problem *problem)
{
  const struct cli *cli = l->cli;
  struct objfile file;
  if (cli_flag(cli, "device") && (l->device = sfi_device_of(cli, problem)) == NULL)
    return false;
  l->keyed = cli_flag(cli, "key") || cli_flag(cli, "nonce");
  if (l->keyed && !(cli_flag(cli, "key") && cli_flag(cli, "nonce")))
    return problem_set(problem, CLI_USAGE, "--key and --nonce belong together");
  if (l->keyed && !sfi_load_key_and_nonce(cli, l->key, l->nonce, problem))
    return false;
  problem->code = CLI_INPUT;
  char ignored[200];
  l->bytes = objfile_slurp(l->name, 256u << 20, &l->size, ignored, sizeof ignored);
  if (l->bytes != NULL && container_is(l->bytes, l->size)) {
    bool ok = look_at_container(l, problem);
    if (ok)
      show_container(l);
    return ok;
  }
  /* Not ours, or "file@0xADDRESS": firmware_segments says what is wrong with it. */
  if (!firmware_segments(l->name, l->device != NULL ? l->device->start : 0, &file, problem))
    return false;
  show_firmware(l, &file);
  objfile_free(&file);
  return true;
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct look l = {.cli = cli, .name = cli->arguments[0]};
  bool ok = look(&l, &problem);
  container_free(&l.container);
  free((void *)(uintptr_t)l.bytes);
  sfi_wipe(l.key, sizeof l.key);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"key", 'k', "FILE", "check every tag, and show the option bytes: the AES-128 key", false, false},
    {"nonce", 'n', "FILE", "and the nonce", false, false},
    {"insecure-key-permissions", 0, NULL, "accept a key that other users may read", false, false},
    {"device", 'd', "NAME", "check places against this chip, and name its option registers", false, false},
    {0},
};

const struct cli_command cmd_sfi_info = {
    .name = "sfi info",
    .arguments = "FILE",
    .summary = "Show the areas of an .sfi or .smi file, or of a firmware file before packing",
    .details =
        "Without the key only the structure is shown, and nothing is believed. Files of the vendor's packager are\n"
        "understood too.",
    .options = {options},
    .examples = "portcullis sfi info out.sfi\n"
                "portcullis sfi info out.sfi --key fw.key --nonce fw.nonce --device stm32l462ce --json\n"
                "portcullis sfi info app.elf --device stm32l462ce",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
