/* portcullis keys public: the public half of a signing key. */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/pkcs11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder stands for its public key file. */
static bool load(const char *spec, uint8_t point[64], struct problem *problem)
{
  char path[KEYS_PATH];
  struct stat st;
  if (pkcs11_is_uri(spec) || stat(spec, &st) != 0 || !S_ISDIR(st.st_mode))
    return keys_load_public(spec, point, problem);
  return keys_join(spec, KEYS_PUBLIC, path, problem) && keys_load_public(path, point, problem);
}

static uint8_t *hex_file(const uint8_t point[64], size_t *size)
{
  char *text = malloc(129);
  if (text == NULL)
    return NULL;
  for (unsigned i = 0; i < 64; i++)
    snprintf(text + 2 * i, 3, "%02x", point[i]);
  text[128] = '\n';
  *size = 129;
  return (uint8_t *)text;
}

static int run(struct cli *cli)
{
  const char *format = cli_value(cli, "format"), *out = cli_value(cli, "output");
  struct problem problem;
  uint8_t point[64];
  size_t size = 0;
  if (format == NULL)
    format = "pem";
  if (strcmp(format, "pem") != 0 && strcmp(format, "der") != 0 && strcmp(format, "hex") != 0)
    return cli_fail(cli, CLI_USAGE, "--format %s: must be pem, der or hex", format);
  if (!load(cli->arguments[0], point, &problem))
    return cli_report(cli, &problem);
  uint8_t *bytes = strcmp(format, "hex") == 0 ? hex_file(point, &size)
                                              : keys_public_file(point, strcmp(format, "pem") == 0, &size, &problem);
  if (bytes == NULL)
    return cli_fail(cli, CLI_INPUT, "cannot write the key as %s", format);
  bool ok = true;
  if (out != NULL) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, bytes, size, 0666, problem.text, sizeof problem.text);
  } else if (!cli->json) {
    fwrite(bytes, 1, size, stdout);
  }
  free(bytes);
  if (ok && cli->json) {
    json_object(NULL);
    json_string("curve", "P-256");
    json_hex("x", point, 32);
    json_hex("y", point + 32, 32);
    json_end();
  }
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"format", 0, "pem|der|hex", "pem (default), der, or hex: X and Y as 128 digits", false, false},
    {"output", 'o', "FILE", "write there instead of to the terminal", false, false},
    {0},
};

const struct cli_command cmd_keys_public = {
    .name = "keys public",
    .arguments = "DIR|PEM|pkcs11:URI",
    .summary = "Show the public key of a folder, a PEM file or a token",
    .options = {options},
    .examples = "portcullis keys public keys\n"
                "portcullis keys public 'pkcs11:token=oem;object=fwsign' --format hex",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
