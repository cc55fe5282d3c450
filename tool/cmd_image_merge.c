/* portcullis image merge: boot loader, installed header and clear image in one file for the programmer, which boots
 * without any installation. */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/embed.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/objfile.h"
#include "tool/sfb.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct merge {
  const struct cli *cli;
  const struct board *board;
  struct objfile file; /* boot loader, then what is added */
  bool merged[BOARD_MAX_IMAGES];
  bool keys_seen;
};

static bool read_boot(struct merge *m, struct problem *problem)
{
  const char *path = cli_value(m->cli, "boot");
  const struct board_region *boot = &m->board->boot;
  problem->code = CLI_INPUT;
  if (!objfile_read(path, OBJFILE_AUTO, boot->base, &m->file, problem->text, sizeof problem->text))
    return false;
  for (size_t i = 0; i < m->file.segment_count; i++) {
    const struct objfile_segment *s = &m->file.segments[i];
    if (s->addr < boot->base || (uint64_t)s->addr + s->size > (uint64_t)boot->base + boot->size)
      return problem_set(problem, CLI_REFUSED,
                         "%s: segment 0x%08x-0x%08x lies outside the boot loader's region of %s (0x%08x, %u "
                         "bytes)",
                         path, s->addr, s->addr + s->size - 1, m->board->name, boot->base, boot->size);
  }
  return true;
}

/* A boot loader with other keys would refuse the image at its first start: find out now. */
static bool check_key(struct merge *m, const char *kind, uint32_t image, const uint8_t *key, size_t size,
                      struct problem *problem)
{
  char symbol[40];
  snprintf(symbol, sizeof symbol, "engine_key_%s_%u", kind, image);
  if (cli_flag(m->cli, "embed-keys") && !embed_replace(&m->file, symbol, key, size))
    return problem_set(problem, CLI_REFUSED, "%s: no function %s to put the key into: give the boot loader as an ELF",
                       cli_value(m->cli, "boot"), symbol);
  switch (embed_find(&m->file, symbol, key, size)) {
  case EMBED_SAME:
    m->keys_seen = true;
    return true;
  case EMBED_NONE:
    return true;
  case EMBED_OTHER:
    break;
  }
  return problem_set(problem, CLI_REFUSED,
                     "%s was built with another %s key (%s) than the one given: it would refuse the image",
                     cli_value(m->cli, "boot"), strcmp(kind, "aes") == 0 ? "encryption" : "public", symbol);
}

static bool add(struct merge *m, uint32_t addr, const uint8_t *bytes, uint32_t size, struct problem *problem)
{
  problem->code = CLI_REFUSED;
  return objfile_add(&m->file, addr, bytes, size, problem->text, sizeof problem->text);
}

/* The header as the device would have it after an install that was validated. */
static bool add_image(struct merge *m, const char *path, const struct sfb *sfb, const uint8_t key[16],
                      struct problem *problem)
{
  const struct board_slot *slot = &m->board->slots[sfb->info.image - 1];
  uint8_t header[IMAGE_HEADER_SIZE];
  uint8_t *clear = malloc(sfb->payload_size);
  if (clear == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memcpy(header, sfb->header, sizeof header);
  image_header_set_state(header, IMAGE_STATE_VALID);
  memset(header + IMAGE_AT_FINGERPRINT, 0, 32); /* no previous image: nothing to roll back to */
  const uint32_t size = (uint32_t)sfb->payload_size, first = sfb->info.external != 0 ? sfb->info.external : size;
  bool ok = sfb_decrypt(path, sfb, key, clear, problem) && add(m, slot->active, clear, first, problem) &&
            (first == size || add(m, m->board->segment.base, clear + first, size - first, problem)) &&
            add(m, slot->header, header, sizeof header, problem);
  free(clear);
  return ok;
}

static bool check_image(struct merge *m, const char *path, const struct sfb *sfb, struct problem *problem)
{
  const struct image_info *info = &sfb->info;
  if (info->image > m->board->images)
    return problem_set(problem, CLI_REFUSED, "%s: is image %u; %s has %u", path, info->image, m->board->name,
                       m->board->images);
  if (m->merged[info->image - 1])
    return problem_set(problem, CLI_USAGE, "%s: image %u is given twice", path, info->image);
  if (info->partial_size != info->size)
    return problem_set(problem, CLI_REFUSED, "%s: a partial image cannot start a device; give the full one", path);
  if (info->size > m->board->slots[info->image - 1].image_max)
    return problem_set(problem, CLI_REFUSED, "%s: %u bytes; the active slot takes %u", path, info->size,
                       m->board->slots[info->image - 1].image_max);
  if (!firmware_segment_fits(path, m->board, info, problem))
    return false;
  m->merged[info->image - 1] = true;
  return true;
}

static bool merge_image(struct merge *m, const char *path, const char *keys, struct problem *problem)
{
  char public[KEYS_PATH], secret[KEYS_PATH];
  uint8_t point[64], key[16];
  struct sfb sfb;
  if (keys == NULL
          ? !keys_find_public(m->cli, public, problem) || !keys_find_encryption(m->cli, secret, problem)
          : !keys_join(keys, KEYS_PUBLIC, public, problem) || !keys_join(keys, KEYS_ENCRYPTION, secret, problem))
    return false;
  bool ok = sfb_read(path, &sfb, problem) && check_image(m, path, &sfb, problem) &&
            keys_load_public(public, point, problem) && sfb_authentic(path, &sfb, point, problem) &&
            sfb_complete(path, &sfb, problem) && keys_load_encryption(m->cli, secret, key, problem) &&
            check_key(m, "pub", sfb.info.image, point, sizeof point, problem) &&
            check_key(m, "aes", sfb.info.image, key, sizeof key, problem) && add_image(m, path, &sfb, key, problem);
  OPENSSL_cleanse(key, sizeof key);
  sfb_free(&sfb);
  return ok;
}

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static void show(const struct merge *m, const char *out)
{
  if (m->cli->json) {
    json_object(NULL);
    json_string("output", out);
    json_string("board", m->board->name);
    json_bool("boot_keys_checked", m->keys_seen);
    json_array("segments");
    for (size_t i = 0; i < m->file.segment_count; i++) {
      json_object(NULL);
      json_address("address", m->file.segments[i].addr);
      json_number("size", m->file.segments[i].size);
      json_end();
    }
    json_end();
    json_end();
    return;
  }
  printf("%s\n", out);
  for (size_t i = 0; i < m->file.segment_count; i++)
    printf("  0x%08x-0x%08x  %7u bytes\n", m->file.segments[i].addr,
           m->file.segments[i].addr + m->file.segments[i].size - 1, m->file.segments[i].size);
  if (!m->keys_seen)
    printf("  the boot loader's own keys could not be checked: no symbols\n");
}

/* Keys of the n-th image: the n-th --keys, else the last one given. */
static const char *keys_of(const struct cli *cli, size_t n)
{
  const char *keys = NULL, *next;
  for (size_t i = 0; i <= n && (next = cli_value_at(cli, "keys", i)) != NULL; i++)
    keys = next;
  return cli_value(cli, "public-key") != NULL || cli_value(cli, "encryption-key") != NULL ? NULL : keys;
}

static int run(struct cli *cli)
{
  const char *out = cli_value(cli, "output"), *image;
  struct problem problem;
  struct merge m = {.cli = cli};
  bool hex = ends_with(out, ".hex");
  if (!hex && !ends_with(out, ".bin"))
    return cli_fail(cli, CLI_USAGE, "-o %s: must end in .hex or .bin", out);
  m.board = board_of(cli, &problem);
  bool ok = m.board != NULL && read_boot(&m, &problem);
  for (size_t i = 0; ok && (image = cli_value_at(cli, "image", i)) != NULL; i++)
    ok = merge_image(&m, image, keys_of(cli, i), &problem);
  if (ok) {
    problem.code = CLI_INPUT;
    ok = hex ? objfile_write_hex(&m.file, out, problem.text, sizeof problem.text)
             : objfile_write_bin(&m.file, 0xFF, out, problem.text, sizeof problem.text);
  }
  if (ok)
    show(&m, out);
  objfile_free(&m.file);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"boot", 0, "FILE", "boot loader: ELF (its keys are then checked too), Intel HEX or binary", true, false},
    {"image", 0, "FILE.sfb", "image to install; once per image of the board", true, true},
    {"keys", 'k', "DIR", "key folder; with several images, one per image in the same order,\nor one for all", false,
     true},
    {"public-key", 0, "PEM|URI", "public key instead: a PEM file or a pkcs11: URI", false, false},
    {"embed-keys", 0, NULL, "give the boot loader these keys in place of its own (the boot loader of a kit has none)",
     false, false},
    {"output", 'o', "FILE", ".hex or .bin file to write; a .bin starts at the boot loader's base", true, false},
    {0},
};

const struct cli_command cmd_image_merge = {
    .name = "image merge",
    .arguments = "",
    .summary = "Make a factory file: boot loader, installed header and clear image",
    .details =
        "The images are verified first. Their headers get the state VALID: the device boots with no installation.\n"
        "Program the file into erased flash only: the boot loader wants everything after an image blank.",
    .options = {options, board_options, keys_encryption_options},
    .examples =
        "portcullis image merge --boot boot.elf --image app.sfb --keys keys --board nucleo-l476rg -o factory.hex",
    .run = run,
};
