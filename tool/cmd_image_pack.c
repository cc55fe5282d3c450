/* portcullis image pack: firmware in, signed and encrypted .sfb out. */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/fields.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/ledger.h"
#include "tool/sfb.h"
#include "tool/version.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pack {
  const struct cli *cli;
  const char *out;
  const struct board *board;
  struct image_info info;
  struct firmware firmware;
  uint8_t tag[32], partial_tag[32], iv[16];
  uint8_t header[IMAGE_HEADER_SIZE];
  char ledger[KEYS_PATH];
};

/* The changed range against the image that the devices run. */
static bool choose_part(struct pack *p, struct problem *problem)
{
  const char *from = cli_value(p->cli, "partial-from");
  struct firmware old;
  p->info.size = p->info.partial_size = p->firmware.size;
  p->info.external = p->firmware.external;
  if (p->info.external != 0 && p->info.protocol == IMAGE_PROTOCOL_VENDOR)
    return problem_set(problem, CLI_USAGE, "protocol 1 headers know no second segment");
  if (p->info.external != 0 && from != NULL)
    return problem_set(problem, CLI_USAGE, "--partial-from: an image in two segments is updated whole, or by a patch");
  if (from == NULL)
    return true;
  if (!firmware_read_for_slot(from, NULL, p->board, p->info.image, false, &old, problem))
    return false;
  /* Whole blocks of the cipher, and whole write units of the flash that the range is copied into. */
  const uint32_t align = p->board->unit > IMAGE_BLOCK ? p->board->unit : IMAGE_BLOCK;
  firmware_changed_range(&old, &p->firmware, align, &p->info.partial_offset, &p->info.partial_size);
  firmware_free(&old);
  if (p->info.partial_size == 0)
    return problem_set(problem, CLI_REFUSED, "%s and %s do not differ: there is nothing to pack", from,
                       p->cli->arguments[0]);
  return true;
}

static bool sign(struct pack *p, struct problem *problem)
{
  char spec[KEYS_PATH];
  uint8_t digest[32], point[64];
  if (!keys_find_signing(p->cli, spec, problem))
    return false;
  struct signer *signer = signer_open(p->cli, spec, problem);
  if (signer == NULL)
    return false;
  /* A folder whose halves do not belong together would make images that its own devices refuse. */
  const char *dir = cli_value(p->cli, "keys");
  char public[KEYS_PATH];
  bool ok = true;
  if (dir != NULL && keys_join(dir, KEYS_PUBLIC, public, problem) && access(public, F_OK) == 0) {
    ok = keys_load_public(public, point, problem);
    if (ok && memcmp(point, signer_point(signer), 64) != 0)
      ok = problem_set(problem, CLI_REFUSED,
                       "%s is not the public half of the signing key: devices made with this folder "
                       "would refuse the image",
                       public);
  }
  ok = ok && crypto_sha256(p->header, IMAGE_SIGNED_SIZE, digest, problem) &&
       signer_sign(signer, digest, p->header + IMAGE_AT_SIGNATURE, problem);
  signer_close(signer);
  return ok;
}

static bool build_header(struct pack *p, struct problem *problem)
{
  const uint8_t *part = p->firmware.bytes + p->info.partial_offset;
  if (!crypto_sha256(p->firmware.bytes, p->info.size, p->tag, problem) ||
      !crypto_sha256(part, p->info.partial_size, p->partial_tag, problem) || !fields_iv(p->cli, p->iv, problem))
    return false;
  if (image_header_build(p->header, &p->info, p->tag, p->partial_tag, p->iv) != PC_OK)
    return problem_set(problem, CLI_INPUT, "these fields make no valid header");
  image_header_set_state(p->header, IMAGE_STATE_NEW);
  return true;
}

/* Ledger and file: neither without the other. */
static bool write_out(struct pack *p, const uint8_t *cipher, struct problem *problem)
{
  struct ledger ledger = {.fd = -1};
  bool keep = !cli_flag(p->cli, "no-ledger");
  if (keep && (!keys_find_ledger(p->cli, p->ledger, problem) ||
               !ledger_open(p->ledger, &p->info, p->tag, cli_flag(p->cli, "force"), &ledger, problem)))
    return false;
  bool ok = sfb_write(p->out, p->header, cipher, p->info.partial_size, problem);
  if (ok && keep && !ledger_add(&ledger, p->ledger, &p->info, p->tag, problem)) {
    unlink(p->out);
    ok = false;
  }
  ledger_close(&ledger);
  return ok;
}

static bool encrypt_and_write(struct pack *p, struct problem *problem)
{
  char path[KEYS_PATH];
  uint8_t key[16];
  if (!keys_find_encryption(p->cli, path, problem) || !keys_load_encryption(p->cli, path, key, problem))
    return false;
  uint8_t *cipher = malloc(p->info.partial_size);
  bool ok = cipher != NULL || problem_set(problem, CLI_INPUT, "out of memory");
  ok = ok &&
       crypto_cbc(true, key, p->iv, p->firmware.bytes + p->info.partial_offset, cipher, p->info.partial_size, problem);
  OPENSSL_cleanse(key, sizeof key);
  ok = ok && sign(p, problem) && write_out(p, cipher, problem);
  free(cipher);
  return ok;
}

static void show(const struct pack *p)
{
  if (p->cli->json) {
    json_object(NULL);
    json_string("output", p->out);
    json_string("board", p->board->name);
    fields_json(&p->info);
    json_number("padding", p->firmware.padding);
    json_hex("tag", p->tag, 32);
    json_hex("iv", p->iv, 16);
    json_end();
    return;
  }
  printf("%s\n", p->out);
  fields_text(&p->info);
  if (p->firmware.padding != 0)
    printf("  padding          %u bytes FF added, to whole AES blocks\n", p->firmware.padding);
  fields_text_hex("tag", p->tag, 32);
}

static bool check_paths(const struct pack *p, struct problem *problem)
{
  if (cli_flag(p->cli, "no-ledger") && cli_flag(p->cli, "ledger"))
    return problem_set(problem, CLI_USAGE, "--ledger and --no-ledger contradict each other");
  return true;
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct pack p = {.cli = cli, .out = cli_value(cli, "output")};
  p.board = board_of(cli, &problem);
  bool ok = p.board != NULL && check_paths(&p, &problem) && fields_read(cli, p.board, &p.info, &problem) &&
            firmware_read_for_slot(cli->arguments[0], cli->argument_count > 1 ? cli->arguments[1] : NULL, p.board,
                                   p.info.image, !cli_flag(cli, "no-vectors"), &p.firmware, &problem) &&
            choose_part(&p, &problem) && build_header(&p, &problem) && encrypt_and_write(&p, &problem);
  if (ok)
    show(&p);
  firmware_free(&p.firmware);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", ".sfb file to write", true, false},
    {"partial-from", 0, "OLD",
     "partial image: only the range in which the input differs from OLD,\n"
     "the clear firmware that the devices run",
     false, false},
    {"no-vectors", 0, NULL, "the image does not start with a vector table: do not check it", false, false},
    {"ledger", 0, "FILE", "ledger of used versions (default: " KEYS_LEDGER " next to the keys)", false, false},
    {"no-ledger", 0, NULL, "neither check nor record the version", false, false},
    {"force", 0, NULL, "pack although the version was used for another image", false, false},
    {0},
};

const struct cli_command cmd_image_pack = {
    .name = "image pack",
    .arguments = "INPUT [SECOND]",
    .summary = "Sign and encrypt a firmware image into an .sfb file",
    .details =
        "INPUT: an ELF, Intel HEX or S-record file, or a raw binary (\"app.bin\", \"app.bin@0x08088000\"; without "
        "address it is\n"
        "taken to start at the active slot). It must start at the board's active slot, fit it, and have a plausible "
        "vector\n"
        "table; it is padded with FF to a multiple of 16 bytes. On boards whose images have two segments, INPUT may "
        "have "
        "bytes at\n"
        "both; or SECOND holds those of the second (a raw binary is taken to start there): the room between is filled "
        "with FF.\n"
        "A version that was used for another image is refused.",
    .options = {options, fields_options, board_options, keys_sign_options, keys_encryption_options, fields_iv_option},
    .examples = "portcullis image pack --keys keys --version 1.2.3 app.elf -o app.sfb\n"
                "portcullis image pack --keys keys --version 1.3.0 --minimum-version 1.2.0 app.hex -o app.sfb\n"
                "portcullis image pack --keys keys --version 1.2.4 --partial-from old.elf app.elf -o part.sfb\n"
                "portcullis image pack --sign-key 'pkcs11:token=oem;object=fwsign' --encryption-key aes.bin --version "
                "1.2.3 app.bin "
                "-o app.sfb\n"
                "portcullis image pack --keys keys --board 32l496gdiscovery --version 1.2.3 app.elf assets.bin -o "
                "app.sfb\n"
                "portcullis image pack --keys keys --protocol 1 --version 7 app.elf -o app.sfb",
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run,
};
