/* portcullis image sha256, encrypt, header, sign, assemble: what image pack does, one step at a time, for builds that
 * keep the steps on different machines (the encryption key here, the signing key there). */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/fields.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/sfb.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool spit(const char *path, const void *bytes, size_t size, struct problem *problem)
{
  problem->code = CLI_INPUT;
  return objfile_spit(path, bytes, size, 0666, problem->text, sizeof problem->text);
}

static void say(const struct cli *cli, const char *path, size_t size)
{
  if (cli->json) {
    json_object(NULL);
    json_string("output", path);
    json_number("size", size);
    json_end();
  } else {
    printf("%s: %zu bytes\n", path, size);
  }
}

/* ---- sha256 ---- */

static int sha256(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  struct problem problem;
  struct firmware f;
  uint8_t tag[32];
  bool ok = firmware_read(cli->arguments[0], 0, &f, &problem);
  ok = ok && crypto_sha256(f.bytes, f.size, tag, &problem) && (out == NULL || spit(out, tag, sizeof tag, &problem));
  if (ok && cli->json) {
    json_object(NULL);
    json_number("size", f.size);
    json_number("padding", f.padding);
    json_hex("tag", tag, sizeof tag);
    json_end();
  } else if (ok) {
    for (unsigned i = 0; i < sizeof tag; i++)
      printf("%02x", tag[i]);
    printf("  %s (%u bytes, %u of them padding)\n", cli->arguments[0], f.size, f.padding);
  }
  firmware_free(&f);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option sha256_options[] = {
    {"output", 'o', "FILE", "also write the 32 bytes to a file", false, false},
    {0},
};

const struct cli_command cmd_image_sha256 = {
    .name = "image sha256",
    .arguments = "INPUT",
    .summary = "Step by step: the firmware tag, SHA-256 of the padded clear image",
    .options = {sha256_options},
    .examples = "portcullis image sha256 app.elf -o app.tag",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = sha256,
};

/* ---- encrypt ---- */

static bool need_iv(const struct cli *cli, uint8_t iv[16], struct problem *problem)
{
  if (cli_value(cli, "iv") == NULL)
    return problem_set(problem, CLI_USAGE,
                       "--iv is missing: header and ciphertext need the same one (openssl rand -out iv.bin 16)");
  return fields_iv(cli, iv, problem);
}

static int encrypt(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  char path[KEYS_PATH];
  struct problem problem;
  struct firmware f = {0};
  uint8_t key[16], iv[16];
  bool ok = need_iv(cli, iv, &problem) && keys_find_encryption(cli, path, &problem) &&
            keys_load_encryption(cli, path, key, &problem) && firmware_read(cli->arguments[0], 0, &f, &problem) &&
            crypto_cbc(true, key, iv, f.bytes, f.bytes, f.size, &problem) && spit(out, f.bytes, f.size, &problem);
  OPENSSL_cleanse(key, sizeof key);
  if (ok)
    say(cli, out, f.size);
  firmware_free(&f);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option encrypt_options[] = {
    {"keys", 'k', "DIR", "key folder made by 'portcullis keys new'", false, false},
    {"output", 'o', "FILE", "ciphertext to write", true, false},
    {0},
};

const struct cli_command cmd_image_encrypt = {
    .name = "image encrypt",
    .arguments = "INPUT",
    .summary = "Step by step: AES-128-CBC of the padded clear image",
    .options = {encrypt_options, keys_encryption_options, fields_iv_option},
    .examples = "portcullis image encrypt --keys keys --iv iv.bin app.elf -o app.enc",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = encrypt,
};

/* ---- header ---- */

struct description {
  struct image_info info;
  uint8_t tag[32], partial_tag[32], iv[16];
};

/* Sizes and tags from the firmware itself. */
static bool describe_input(const struct cli *cli, struct description *d, struct problem *problem)
{
  const char *from = cli_value(cli, "partial-from");
  struct firmware new = {0}, old = {0};
  bool ok =
      firmware_read(cli->arguments[0], 0, &new, problem) && (from == NULL || firmware_read(from, 0, &old, problem));
  if (ok) {
    d->info.size = d->info.partial_size = new.size;
    if (from != NULL)
      firmware_changed_range(&old, &new, IMAGE_BLOCK, &d->info.partial_offset, &d->info.partial_size);
    if (d->info.partial_size == 0)
      ok = problem_set(problem, CLI_REFUSED, "%s and %s do not differ", from, cli->arguments[0]);
  }
  ok = ok && crypto_sha256(new.bytes, new.size, d->tag, problem) &&
       crypto_sha256(new.bytes + d->info.partial_offset, d->info.partial_size, d->partial_tag, problem);
  firmware_free(&new);
  firmware_free(&old);
  return ok;
}

/* Or from the command line, where the firmware itself is elsewhere. */
static bool describe_options(const struct cli *cli, struct description *d, struct problem *problem)
{
  if (cli->argument_count == 1) {
    if (cli_flag(cli, "tag") || cli_flag(cli, "size"))
      return problem_set(problem, CLI_USAGE, "give either INPUT, or --tag and --size");
    return describe_input(cli, d, problem);
  }
  const char *tag = cli_value(cli, "tag");
  if (tag == NULL || !cli_flag(cli, "size") || cli_flag(cli, "partial-from"))
    return problem_set(problem, CLI_USAGE,
                       "without INPUT, --tag and --size are needed (and --partial-from needs INPUT)");
  if (!fields_file(tag, d->tag, sizeof d->tag, "a tag", problem) ||
      !cli_number(cli, "size", IMAGE_BLOCK, UINT32_MAX, &d->info.size, problem))
    return false;
  if (d->info.size % IMAGE_BLOCK != 0)
    return problem_set(problem, CLI_USAGE, "--size %u: must be a multiple of %u, padding included", d->info.size,
                       IMAGE_BLOCK);
  d->info.partial_size = d->info.size;
  memcpy(d->partial_tag, d->tag, sizeof d->tag);
  return true;
}

static int header(struct cli *cli)
{
  const char *out = cli_value(cli, "output"), *state = cli_value(cli, "state");
  struct problem problem;
  struct description d;
  uint8_t h[IMAGE_HEADER_SIZE];
  if (state != NULL && strcmp(state, "new") != 0 && strcmp(state, "valid") != 0)
    return cli_fail(cli, CLI_USAGE, "--state %s: must be new or valid", state);
  const struct board *board = board_of(cli, &problem);
  bool ok = board != NULL && fields_read(cli, board, &d.info, &problem) && need_iv(cli, d.iv, &problem) &&
            describe_options(cli, &d, &problem);
  if (ok && image_header_build(h, &d.info, d.tag, d.partial_tag, d.iv) != PC_OK)
    ok = problem_set(&problem, CLI_INPUT, "these fields make no valid header");
  if (ok) {
    image_header_set_state(h, state != NULL && strcmp(state, "valid") == 0 ? IMAGE_STATE_VALID : IMAGE_STATE_NEW);
    ok = spit(out, h, sizeof h, &problem);
  }
  if (ok)
    say(cli, out, sizeof h);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option header_options[] = {
    {"output", 'o', "FILE", "header to write: 320 bytes, not signed yet", true, false},
    {"state", 0, "new|valid", "new (default): to be installed; valid: for a factory file", false, false},
    {"partial-from", 0, "OLD", "header of a partial image: the range in which INPUT differs from OLD", false, false},
    {"tag", 0, "FILE", "instead of INPUT: the tag (image sha256)...", false, false},
    {"size", 0, "BYTES", "...and the padded size", false, false},
    {0},
};

const struct cli_command cmd_image_header = {
    .name = "image header",
    .arguments = "[INPUT]",
    .summary = "Step by step: a header, not signed yet",
    .options = {header_options, fields_options, board_options, fields_iv_option},
    .examples = "portcullis image header app.elf --version 1.2.3 --iv iv.bin -o app.hdr\n"
                "portcullis image header --tag app.tag --size 8192 --version 1.2.3 --iv iv.bin -o app.hdr",
    .max_arguments = 1,
    .run = header,
};

/* ---- sign ---- */

static int sign(struct cli *cli)
{
  const char *in = cli->arguments[0], *out = cli_value(cli, "output");
  char spec[KEYS_PATH];
  struct problem problem;
  struct sfb sfb;
  uint8_t digest[32];
  struct signer *signer = NULL;
  bool ok = sfb_read(in, &sfb, &problem) && keys_find_signing(cli, spec, &problem) &&
            (signer = signer_open(cli, spec, &problem)) != NULL &&
            crypto_sha256(sfb.header, IMAGE_SIGNED_SIZE, digest, &problem) &&
            signer_sign(signer, digest, sfb.header + IMAGE_AT_SIGNATURE, &problem);
  signer_close(signer);
  if (ok && sfb.payload_size == 0)
    ok = spit(out, sfb.header, sizeof sfb.header, &problem);
  else if (ok)
    ok = sfb_complete(in, &sfb, &problem) && sfb_write(out, sfb.header, sfb.payload, sfb.payload_size, &problem);
  if (ok)
    say(cli, out, sfb.payload_size == 0 ? IMAGE_HEADER_SIZE : IMAGE_FILE_OFFSET + sfb.payload_size);
  sfb_free(&sfb);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option sign_options[] = {
    {"output", 'o', "FILE", "signed header or .sfb file to write", true, false},
    {"insecure-key-permissions", 0, NULL, "accept a secret key that other users may read", false, false},
    {0},
};

const struct cli_command cmd_image_sign = {
    .name = "image sign",
    .arguments = "HEADER|FILE.sfb",
    .summary = "Step by step: sign a header, or sign an .sfb file anew",
    .details =
        "Only bytes 0-127 are signed; a machine that signs needs no firmware and no encryption key, just the header.",
    .options = {sign_options, keys_sign_options},
    .examples = "portcullis image sign --keys keys app.hdr -o app.signed\n"
                "portcullis image sign --sign-key 'pkcs11:token=oem;object=fwsign' development.sfb -o production.sfb",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = sign,
};

/* ---- assemble ---- */

static int assemble(struct cli *cli)
{
  const char *out = cli_value(cli, "output");
  struct problem problem = {.code = CLI_INPUT};
  struct sfb sfb;
  bool ok = sfb_read(cli->arguments[0], &sfb, &problem);
  if (ok && sfb.payload_size != 0)
    ok = problem_set(&problem, CLI_INPUT, "%s: already holds an image; a header alone is wanted", cli->arguments[0]);
  if (ok) {
    problem.code = CLI_INPUT;
    sfb.payload = objfile_slurp(cli->arguments[1], 64u << 20, &sfb.payload_size, problem.text, sizeof problem.text);
    ok = sfb.payload != NULL;
  }
  if (ok && sfb.payload_size != sfb.info.partial_size)
    ok = problem_set(&problem, CLI_REFUSED, "%s: %zu bytes; the header in %s says %u", cli->arguments[1],
                     sfb.payload_size, cli->arguments[0], sfb.info.partial_size);
  ok = ok && sfb_write(out, sfb.header, sfb.payload, sfb.payload_size, &problem);
  if (ok)
    say(cli, out, IMAGE_FILE_OFFSET + sfb.payload_size);
  sfb_free(&sfb);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option assemble_options[] = {
    {"output", 'o', "FILE", ".sfb file to write", true, false},
    {0},
};

const struct cli_command cmd_image_assemble = {
    .name = "image assemble",
    .arguments = "HEADER CIPHERTEXT",
    .summary = "Step by step: join a signed header and a ciphertext into an .sfb file",
    .options = {assemble_options},
    .examples = "portcullis image assemble app.signed app.enc -o app.sfb",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = assemble,
};
