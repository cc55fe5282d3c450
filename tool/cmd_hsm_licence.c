/* portcullis hsm licence: one licence for one device, from the card. */
#include "sfi/host/certificate.h"
#include "sfi/host/reader.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool read_challenge(const struct cli *cli, uint8_t challenge[SFI_CHALLENGE_SIZE], struct problem *problem)
{
  const char *text = cli_value(cli, "challenge");
  memset(challenge, 0, SFI_CHALLENGE_SIZE);
  if (text == NULL)
    return true;
  bool ok = strlen(text) == 2 * SFI_CHALLENGE_SIZE && strspn(text, "0123456789abcdefABCDEF") == strlen(text);
  for (size_t i = 0; ok && i < SFI_CHALLENGE_SIZE; i++) {
    unsigned value = 0;
    ok = sscanf(text + 2 * i, "%2x", &value) == 1;
    challenge[i] = (uint8_t)value;
  }
  return ok || problem_set(problem, CLI_USAGE, "--challenge %s: %u hexadecimal digits", text, 2 * SFI_CHALLENGE_SIZE);
}

/* A licence costs a count, so that it can be written is tried before the card is asked. */
static bool writable(const char *path, struct problem *problem)
{
  uint8_t none = 0;
  bool fresh = access(path, F_OK) != 0;
  problem->code = CLI_INPUT;
  if (!fresh)
    return access(path, W_OK) == 0 || problem_set(problem, CLI_INPUT, "%s: cannot be written", path);
  if (!objfile_spit(path, &none, 0, 0666, problem->text, sizeof problem->text))
    return false;
  unlink(path);
  return true;
}

static void show(const struct cli *cli, const uint8_t licence[SFI_LICENCE_SIZE])
{
  struct sfi_licence info;
  if (sfi_licence_parse(licence, SFI_LICENCE_SIZE, &info) != PC_OK)
    return;
  if (cli->json) {
    json_object(NULL);
    json_string("output", cli_value(cli, "output"));
    json_string("identifier", info.identifier);
    json_hex("device", info.device, sizeof info.device);
    json_number("left", info.left);
    json_end();
  } else {
    printf("%s: licence for '%s'; %u installs left on the card\n", cli_value(cli, "output"), info.identifier,
           info.left);
  }
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct blob certificate = {0};
  struct reader *reader = NULL;
  uint8_t challenge[SFI_CHALLENGE_SIZE], licence[SFI_LICENCE_SIZE];
  const char *out = cli_value(cli, "output");
  bool ok = read_challenge(cli, challenge, &problem) &&
            certificate_load(cli_value(cli, "certificate"), &certificate, &problem) && writable(out, &problem) &&
            (reader = reader_open(cli, &problem)) != NULL &&
            reader_licence(reader, challenge, certificate.bytes, certificate.size, licence, &problem);
  if (ok) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, licence, sizeof licence, 0666, problem.text, sizeof problem.text);
  }
  if (ok)
    show(cli, licence);
  reader_close(reader);
  blob_free(&certificate);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"certificate", 'c', "FILE", "the device's certificate, PEM or DER", true, false},
    {"challenge", 0, "HEX", "16 bytes that the device gave with its certificate (default: zeros)", false, false},
    {"output", 'o', "FILE", "licence to write, 200 bytes", true, false},
    {0},
};

const struct cli_command cmd_hsm_licence = {
    .name = "hsm licence",
    .arguments = "",
    .summary = "Have a card issue a licence for one device; this costs one install",
    .details =
        "The card checks that its maker CA issued the device's certificate. The licence opens on that device only.",
    .options = {options, reader_options},
    .examples = "portcullis hsm licence --certificate device/certificate.pem -o device.lic",
    .max_arguments = 0,
    .run = run,
};
