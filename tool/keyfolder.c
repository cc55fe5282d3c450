/* Which keys a command works with: its options, and the files of a key folder. */
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/pkcs11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_option keys_sign_options[] = {
    {"keys", 'k', "DIR", "key folder made by 'portcullis keys new'", false, false},
    {"sign-key", 0, "PEM|URI",
     "private key to sign with instead: a PEM file, or a pkcs11: URI\n"
     "(module: PKCS11_MODULE_PATH, PIN: PORTCULLIS_PIN)",
     false, false},
    {0},
};

const struct cli_option keys_public_options[] = {
    {"keys", 'k', "DIR", "key folder made by 'portcullis keys new'", false, false},
    {"public-key", 0, "PEM|URI", "public key instead: a PEM file or a pkcs11: URI", false, false},
    {0},
};

const struct cli_option keys_encryption_options[] = {
    {"encryption-key", 0, "FILE", "AES-128 key instead of the folder's: a file of 16 bytes", false, false},
    {"insecure-key-permissions", 0, NULL, "accept secret keys that other users may read", false, false},
    {0},
};

bool keys_join(const char *dir, const char *name, char *to, struct problem *problem)
{
  const char *slash = dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/";
  if (snprintf(to, KEYS_PATH, "%s%s%s", dir, slash, name) >= KEYS_PATH)
    return problem_set(problem, CLI_INPUT, "%s: path too long", dir);
  return true;
}

/* The value of `option` if it is known and given, else `name` in the folder --keys. */
static bool find(const struct cli *cli, const char *option, const char *name, char *to, struct problem *problem)
{
  const char *own = cli_value(cli, option), *dir = cli_value(cli, "keys");
  if (own != NULL) {
    if (snprintf(to, KEYS_PATH, "%s", own) >= KEYS_PATH)
      return problem_set(problem, CLI_USAGE, "--%s: too long", option);
    return true;
  }
  if (dir == NULL)
    return problem_set(problem, CLI_USAGE, "which key? Give --keys DIR or --%s", option);
  return keys_join(dir, name, to, problem);
}

/* signing_key.uri: one line. */
static bool read_uri(const char *path, char *to, struct problem *problem)
{
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, KEYS_PATH - 1, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  memcpy(to, bytes, size);
  to[size] = '\0';
  to[strcspn(to, "\r\n")] = '\0';
  free(bytes);
  return pkcs11_is_uri(to) || problem_set(problem, CLI_INPUT, "%s: holds no pkcs11: URI", path);
}

bool keys_find_signing(const struct cli *cli, char *to, struct problem *problem)
{
  char uri[KEYS_PATH];
  const char *dir = cli_value(cli, "keys");
  if (!find(cli, "sign-key", KEYS_SIGNING, to, problem))
    return false;
  if (cli_value(cli, "sign-key") == NULL && access(to, F_OK) != 0 && keys_join(dir, KEYS_SIGNING_URI, uri, problem) &&
      access(uri, F_OK) == 0)
    return read_uri(uri, to, problem);
  return true;
}

bool keys_find_public(const struct cli *cli, char *to, struct problem *problem)
{
  return find(cli, "public-key", KEYS_PUBLIC, to, problem);
}

bool keys_find_encryption(const struct cli *cli, char *to, struct problem *problem)
{
  return find(cli, "encryption-key", KEYS_ENCRYPTION, to, problem);
}

bool keys_find_ledger(const struct cli *cli, char *to, struct problem *problem)
{
  const char *beside = cli_value(cli, "sign-key");
  char dir[KEYS_PATH];
  if (cli_value(cli, "ledger") != NULL || cli_value(cli, "keys") != NULL)
    return find(cli, "ledger", KEYS_LEDGER, to, problem);
  if (beside == NULL || pkcs11_is_uri(beside))
    beside = cli_value(cli, "encryption-key");
  const char *slash = beside ? strrchr(beside, '/') : NULL;
  snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - beside) + 1 : 1, slash ? beside : ".");
  return keys_join(dir, KEYS_LEDGER, to, problem);
}
