/* portcullis image patch: from an old firmware and a packed new one, the .sfbp that turns one into the other on a
 * device. */
#include "tool/crypto.h"
#include "tool/fields.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/patchfile.h"
#include "tool/sfb.h"
#include "tool/sfbp.h"
#include "tool/version.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct make {
  const struct cli *cli;
  const char *old, *new, *out;
  uint8_t key[16], point[64];
  uint8_t *from; /* clear */
  uint32_t from_size, from_version;
  struct sfb to;
  uint8_t *to_clear;
  struct delta_result delta;
  struct delta_in_place how;
  struct patch_info info;
  uint8_t header[PATCH_HEADER_SIZE];
  size_t file_size;
};

static uint32_t comparable(const struct image_info *info)
{
  return info->protocol == IMAGE_PROTOCOL_VENDOR ? info->version << 16 : info->version;
}

static bool is_sfb(const char *path)
{
  char magic[3];
  FILE *file = fopen(path, "rb");
  bool is = file != NULL && fread(magic, 1, 3, file) == 3 && memcmp(magic, "SFU", 3) == 0;
  if (file != NULL)
    (void)fclose(file);
  return is;
}

/* A whole image, authenticated and decrypted. */
static bool open_sfb(const struct make *m, const char *path, struct sfb *sfb, uint8_t **clear, struct problem *problem)
{
  if (!sfb_read(path, sfb, problem))
    return false;
  if (sfb->info.partial_size != sfb->info.size)
    return problem_set(problem, CLI_INPUT, "%s: is a partial image; patches are between whole ones", path);
  if (!sfb_authentic(path, sfb, m->point, problem) || !sfb_complete(path, sfb, problem))
    return false;
  *clear = malloc(sfb->payload_size);
  return (*clear != NULL || problem_set(problem, CLI_INPUT, "out of memory")) &&
         sfb_decrypt(path, sfb, m->key, *clear, problem);
}

static bool read_old(struct make *m, struct problem *problem)
{
  const char *given = cli_value(m->cli, "from-version");
  if (m->old == NULL)
    return given == NULL ||
           problem_set(problem, CLI_USAGE, "without an old firmware there is no version of it: no --from-version");
  if (is_sfb(m->old)) {
    struct sfb sfb = {0};
    bool ok = given == NULL || problem_set(problem, CLI_USAGE, "%s says its version itself: no --from-version", m->old);
    ok = ok && open_sfb(m, m->old, &sfb, &m->from, problem);
    m->from_size = sfb.info.size;
    m->from_version = comparable(&sfb.info);
    if (ok && sfb.info.image != m->to.info.image)
      ok = problem_set(problem, CLI_REFUSED, "%s is image %u, %s is image %u", m->old, sfb.info.image, m->new,
                       m->to.info.image);
    sfb_free(&sfb);
    return ok;
  }
  struct firmware firmware;
  if (given == NULL && access(m->old, R_OK) != 0)
    return problem_set(problem, CLI_INPUT, "%s: %s", m->old, strerror(errno));
  if (given == NULL)
    return problem_set(problem, CLI_USAGE, "%s is no .sfb: say its version with --from-version", m->old);
  if (!version_parse(given, IMAGE_PROTOCOL, "--from-version", &m->from_version, problem) ||
      !firmware_read(m->old, 0, &firmware, problem))
    return false;
  m->from = firmware.bytes;
  m->from_size = firmware.size;
  return true;
}

static bool check_versions(const struct make *m, struct problem *problem)
{
  char old[VERSION_TEXT], new[VERSION_TEXT];
  version_text(m->from_version, IMAGE_PROTOCOL, old);
  version_text(comparable(&m->to.info), IMAGE_PROTOCOL, new);
  return comparable(&m->to.info) >= m->from_version ||
         problem_set(problem, CLI_REFUSED, "%s is version %s, older than %s: devices would refuse it", m->new, new,
                     old);
}

static bool sign(struct make *m, struct problem *problem)
{
  char spec[KEYS_PATH];
  uint8_t digest[32];
  if (!keys_find_signing(m->cli, spec, problem))
    return false;
  struct signer *signer = signer_open(m->cli, spec, problem);
  if (signer == NULL)
    return false;
  bool ok = memcmp(m->point, signer_point(signer), 64) == 0 ||
            problem_set(problem, CLI_REFUSED, "the signing key is not the one that %s was signed with", m->new);
  ok = ok && crypto_sha256(m->header, PATCH_SIGNED_SIZE, digest, problem) &&
       signer_sign(signer, digest, m->header + PATCH_AT_SIGNATURE, problem);
  signer_close(signer);
  return ok;
}

static bool build(struct make *m, struct problem *problem)
{
  uint8_t tag[32] = {0}, digest[32], iv[16];
  const bool whole = m->delta.mode == DELTA_MODE_IMAGE;
  m->info = (struct patch_info){.image = m->to.info.image,
                                .size = (uint32_t)m->delta.size,
                                .from_version = m->from_version,
                                .from_size = whole ? 0 : m->from_size,
                                .in_place = m->how.page != 0};
  if (m->info.in_place != 0)
    delta_in_place_build(&m->how, m->info.how);
  if ((!whole && !crypto_sha256(m->from, m->from_size, tag, problem)) ||
      !crypto_sha256(m->to.header, IMAGE_SIGNED_SIZE, digest, problem) || !fields_iv(m->cli, iv, problem))
    return false;
  if (patch_header_build(m->header, &m->info, tag, digest, iv) != PC_OK)
    return problem_set(problem, CLI_INPUT, "these fields make no valid patch header");
  return sign(m, problem);
}

static bool encrypt_and_write(struct make *m, struct problem *problem)
{
  size_t padded = (m->delta.size + 15) / 16 * 16;
  m->file_size = PATCH_FILE_OFFSET + padded;
  uint8_t *file = calloc(m->file_size, 1);
  if (file == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memcpy(file, m->header, PATCH_HEADER_SIZE);
  memcpy(file + PATCH_HEADER_SIZE, m->to.header, PATCH_TARGET_SIZE);
  memcpy(file + PATCH_FILE_OFFSET, m->delta.bytes, m->delta.size);
  bool ok = crypto_cbc(true, m->key, m->header + PATCH_AT_IV, file + PATCH_FILE_OFFSET, file + PATCH_FILE_OFFSET,
                       padded, problem);
  if (ok) {
    problem->code = CLI_INPUT;
    ok = objfile_spit(m->out, file, m->file_size, 0666, problem->text, sizeof problem->text);
  }
  free(file);
  return ok;
}

static void show(const struct make *m)
{
  const bool whole = m->delta.mode == DELTA_MODE_IMAGE;
  char from[VERSION_TEXT], to[VERSION_TEXT];
  version_text(m->from_version, IMAGE_PROTOCOL, from);
  version_text(comparable(&m->to.info), IMAGE_PROTOCOL, to);
  if (m->cli->json) {
    json_object(NULL);
    json_string("output", m->out);
    json_string("mode", whole ? "image" : "patch");
    patch_json(&m->how);
    json_number("size", m->file_size);
    json_number("patch_size", m->delta.size);
    json_number("full_size", IMAGE_FILE_OFFSET + m->to.payload_size);
    if (m->old != NULL)
      json_string("from_version", from);
    json_string("to_version", to);
    json_end();
    return;
  }
  if (m->old == NULL)
    printf("%s: %zu bytes, %zu of them compressed image; any version -> %s (%s has %zu)\n", m->out, m->file_size,
           m->delta.size, to, m->new, IMAGE_FILE_OFFSET + m->to.payload_size);
  else
    printf("%s: %zu bytes, %zu of them patch; %s -> %s (%s has %zu)\n", m->out, m->file_size, m->delta.size, from, to,
           m->new, IMAGE_FILE_OFFSET + m->to.payload_size);
  if (m->file_size >= IMAGE_FILE_OFFSET + m->to.payload_size)
    printf("  not smaller than %s: send that\n", m->new);
  if (whole && m->old != NULL)
    printf("  the compressed image alone is smaller than a patch: it can be installed over any version\n");
  patch_show(&m->how);
}

static int run(struct cli *cli)
{
  struct problem problem;
  char path[KEYS_PATH];
  const bool alone = cli->argument_count == 1; /* no old firmware: the compressed image */
  struct make m = {.cli = cli,
                   .old = alone ? NULL : cli->arguments[0],
                   .new = cli->arguments[alone ? 0 : 1],
                   .out = cli_value(cli, "output")};
  bool ok = keys_find_public(cli, path, &problem) && keys_load_public(path, m.point, &problem) &&
            keys_find_encryption(cli, path, &problem) && keys_load_encryption(cli, path, m.key, &problem) &&
            open_sfb(&m, m.new, &m.to, &m.to_clear, &problem) && read_old(&m, &problem) &&
            check_versions(&m, &problem) &&
            patch_make(cli, m.from, m.from_size, m.to_clear, m.to.info.size, &m.delta, &m.how, &problem) &&
            build(&m, &problem) && encrypt_and_write(&m, &problem);
  if (ok)
    show(&m);
  OPENSSL_cleanse(m.key, sizeof m.key);
  delta_result_free(&m.delta);
  free(m.from);
  free(m.to_clear);
  sfb_free(&m.to);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", ".sfbp file to write", true, false},
    {"from-version", 0, "VERSION", "version of OLD, when it is no .sfb", false, false},
    {"public-key", 0, "PEM|URI", "public key that NEW.sfb is signed with, when there is no --keys", false, false},
    {0},
};

const struct cli_command cmd_image_patch = {
    .name = "image patch",
    .arguments = "[OLD] NEW.sfb",
    .summary = "Make the signed, encrypted patch (.sfbp) from one firmware to another, or compress one",
    .details =
        "NEW.sfb: what 'image pack' made of the new firmware: a device that takes the patch ends with exactly that.\n"
        "OLD: the .sfb that the devices run, or the same firmware in clear (ELF, Intel HEX, S-record, binary) with "
        "its\n"
        "--from-version. Only devices whose active image is OLD, to the bit, take the patch.\n"
        "Without OLD: the compressed image, smaller than NEW.sfb, for a device with any older firmware.",
    .options = {options, patch_options, board_options, keys_sign_options, keys_encryption_options, fields_iv_option},
    .examples =
        "portcullis image patch --keys keys v1.0.0.sfb v1.1.0.sfb -o update.sfbp\n"
        "portcullis image patch --keys keys v1.0.0.sfb v1.1.0.sfb --in-place --board nucleo-l476rg-single-patch -o "
        "update.sfbp\n"
        "portcullis image patch --keys keys old.elf --from-version 1.0.0 v1.1.0.sfb -o update.sfbp --json\n"
        "portcullis image patch --keys keys v1.1.0.sfb -o compressed.sfbp",
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run,
};
