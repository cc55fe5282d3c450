/* portcullis image verify, image decrypt: what a device would do with an .sfb file, on the PC. */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/fields.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/sfb.h"
#include "tool/sfbp.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Signature, then decryption and tag. *clear: payload_size bytes, malloc'ed. */
static bool open_image(const struct cli *cli, const char *path, const struct sfb *sfb, uint8_t **clear,
                       struct problem *problem)
{
  char key_path[KEYS_PATH];
  uint8_t point[64], key[16];
  if (!keys_find_public(cli, key_path, problem) || !keys_load_public(key_path, point, problem) ||
      !sfb_authentic(path, sfb, point, problem) || !sfb_complete(path, sfb, problem) ||
      !keys_find_encryption(cli, key_path, problem) || !keys_load_encryption(cli, key_path, key, problem))
    return false;
  *clear = malloc(sfb->payload_size);
  bool ok = *clear != NULL || problem_set(problem, CLI_INPUT, "out of memory");
  ok = ok && sfb_decrypt(path, sfb, key, *clear, problem);
  OPENSSL_cleanse(key, sizeof key);
  return ok;
}

/* A partial image says what the whole one will be: apply it to the old firmware and check that. */
static bool check_whole(const char *path, const char *base, const struct sfb *sfb, const uint8_t *clear,
                        struct problem *problem)
{
  struct firmware old;
  uint8_t tag[32];
  if (!firmware_read(base, 0, &old, problem))
    return false;
  uint8_t *whole = malloc(sfb->info.size);
  bool ok = whole != NULL || problem_set(problem, CLI_INPUT, "out of memory");
  if (ok) {
    memset(whole, 0xFF, sfb->info.size);
    memcpy(whole, old.bytes, old.size < sfb->info.size ? old.size : sfb->info.size);
    memcpy(whole + sfb->info.partial_offset, clear, sfb->info.partial_size);
    ok = crypto_sha256(whole, sfb->info.size, tag, problem);
    if (ok && memcmp(tag, sfb->header + IMAGE_AT_TAG, 32) != 0)
      ok = problem_set(problem, CLI_REFUSED, "%s: applied to %s it does not give the image of the header's tag", path,
                       base);
  }
  free(whole);
  firmware_free(&old);
  return ok;
}

static bool check_board(const struct cli *cli, const char *path, const struct sfb *sfb, struct problem *problem)
{
  if (cli_value(cli, "board") == NULL)
    return true;
  const struct board *board = board_of(cli, problem);
  if (board == NULL)
    return false;
  if (sfb->info.image > board->images)
    return problem_set(problem, CLI_REFUSED, "%s: is image %u; %s has %u", path, sfb->info.image, board->name,
                       board->images);
  if (sfb->info.size > board->slots[sfb->info.image - 1].image_max)
    return problem_set(problem, CLI_REFUSED, "%s: %u bytes; the active slot of %s takes %u", path, sfb->info.size,
                       board->name, board->slots[sfb->info.image - 1].image_max);
  return firmware_segment_fits(path, board, &sfb->info, problem);
}

/* The same with a patch, applied to the firmware of --base. *clear: patch->to.size bytes, malloc'ed. */
static bool open_patch(const struct cli *cli, const struct sfbp *patch, uint8_t **clear, struct problem *problem)
{
  const char *path = cli->arguments[0], *base = cli_value(cli, "base");
  char key_path[KEYS_PATH];
  uint8_t point[64], key[16];
  struct firmware old = {0};
  *clear = NULL;
  if (!keys_find_public(cli, key_path, problem) || !keys_load_public(key_path, point, problem) ||
      !sfbp_authentic(path, patch, point, problem) || !keys_find_encryption(cli, key_path, problem) ||
      !keys_load_encryption(cli, key_path, key, problem))
    return false;
  bool ok = (base == NULL || firmware_read(base, 0, &old, problem)) &&
            sfbp_apply(path, patch, key, old.bytes, old.size, clear, problem);
  OPENSSL_cleanse(key, sizeof key);
  firmware_free(&old);
  return ok;
}

static int run_patch(struct cli *cli, const char *out)
{
  struct problem problem;
  struct sfbp patch;
  uint8_t *clear = NULL;
  bool ok = sfbp_read(cli->arguments[0], &patch, &problem), read = ok;
  ok = ok && open_patch(cli, &patch, &clear, &problem);
  if (ok && out != NULL) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, clear, patch.to.size, 0666, problem.text, sizeof problem.text);
  }
  if (cli->json && (ok || problem.code == CLI_REFUSED)) {
    json_object(NULL);
    json_string("file", cli->arguments[0]);
    json_bool("valid", ok);
    json_string("reason", ok ? NULL : problem.text);
    if (read)
      fields_json(&patch.to);
    json_end();
  } else if (ok) {
    printf("%s: valid: signatures, the firmware it is for, and the result are right\n", cli->arguments[0]);
    fields_text(&patch.to);
  }
  free(clear);
  if (read)
    sfbp_free(&patch);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static int verify(struct cli *cli)
{
  if (sfbp_is_file(cli->arguments[0]))
    return run_patch(cli, NULL);
  const char *path = cli->arguments[0], *base = cli_value(cli, "base");
  struct problem problem;
  struct sfb sfb;
  uint8_t *clear = NULL;
  bool ok = sfb_read(path, &sfb, &problem);
  bool read = ok;
  ok = ok && check_board(cli, path, &sfb, &problem) && open_image(cli, path, &sfb, &clear, &problem);
  bool partial = ok && sfb.info.partial_size != sfb.info.size;
  if (ok && base != NULL && !partial)
    ok = problem_set(&problem, CLI_USAGE, "--base is for partial images; %s is a full one", path);
  ok = ok && (base == NULL || check_whole(path, base, &sfb, clear, &problem));
  if (cli->json && (ok || problem.code == CLI_REFUSED)) {
    json_object(NULL);
    json_string("file", path);
    json_bool("valid", ok);
    json_string("reason", ok ? NULL : problem.text);
    if (read)
      fields_json(&sfb.info);
    json_end();
  } else if (ok) {
    printf("%s: valid: signature, size and tag are right\n", path);
    fields_text(&sfb.info);
    if (partial && base == NULL)
      printf("  the whole image's tag was not checked: that needs the old firmware (--base)\n");
  }
  free(clear);
  if (read)
    sfb_free(&sfb);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static int decrypt(struct cli *cli)
{
  if (sfbp_is_file(cli->arguments[0]))
    return run_patch(cli, cli_value(cli, "output"));
  const char *path = cli->arguments[0], *out = cli_value(cli, "output");
  struct problem problem;
  struct sfb sfb;
  uint8_t *clear = NULL;
  bool ok = sfb_read(path, &sfb, &problem) && open_image(cli, path, &sfb, &clear, &problem);
  if (ok) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, clear, sfb.payload_size, 0666, problem.text, sizeof problem.text);
  }
  if (ok && cli->json) {
    json_object(NULL);
    json_string("output", out);
    fields_json(&sfb.info);
    json_end();
  } else if (ok) {
    printf("%s: %zu bytes in clear\n", out, sfb.payload_size);
  }
  free(clear);
  sfb_free(&sfb);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option verify_options[] = {
    {"base", 0, "OLD", "the clear firmware that a partial image or a .sfbp is for", false, false},
    {"board", 'b', "NAME", "also check that the image fits this board", false, false},
    {0},
};

static const struct cli_option decrypt_options[] = {
    {"output", 'o', "FILE", "raw binary to write", true, false},
    {"base", 0, "OLD", "the clear firmware that a .sfbp is for", false, false},
    {0},
};

const struct cli_command cmd_image_verify = {
    .name = "image verify",
    .arguments = "FILE",
    .summary = "Check signature, decryption and tag of an .sfb or .sfbp file, as a device does",
    .details = "Exit code 0: valid. 1: refused, and why. Signature first, nothing is decrypted before it is right.",
    .options = {verify_options, keys_public_options, keys_encryption_options},
    .examples = "portcullis image verify app.sfb --keys keys\n"
                "portcullis image verify app.sfb --keys keys --board nucleo-l476rg --json\n"
                "portcullis image verify part.sfb --keys keys --base old.elf",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = verify,
};

const struct cli_command cmd_image_decrypt = {
    .name = "image decrypt",
    .arguments = "FILE",
    .summary = "Verify an .sfb or .sfbp file and write its image in clear",
    .options = {decrypt_options, keys_public_options, keys_encryption_options},
    .examples = "portcullis image decrypt app.sfb --keys keys -o app.bin",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = decrypt,
};
