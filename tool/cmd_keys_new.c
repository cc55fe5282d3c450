/* portcullis keys new: a key folder. */
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/pkcs11.h"
#include "tool/pkcs11_uri.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIGNING, URI, PUBLIC, ENCRYPTION, FILES };
static const char *const names[FILES] = {KEYS_SIGNING, KEYS_SIGNING_URI, KEYS_PUBLIC, KEYS_ENCRYPTION};
static const unsigned modes[FILES] = {0600, 0600, 0644, 0600};

struct content {
  uint8_t *bytes[FILES]; /* NULL: this file is not made */
  size_t size[FILES];
};

static bool put(struct content *c, int file, const void *bytes, size_t size, struct problem *problem)
{
  c->bytes[file] = malloc(size);
  c->size[file] = size;
  if (c->bytes[file] == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memcpy(c->bytes[file], bytes, size);
  return true;
}

/* All contents first, so that a token that refuses leaves no half-made folder. */
static bool make(const struct cli *cli, struct content *c, struct problem *problem)
{
  const char *uri = cli_value(cli, "sign-key");
  uint8_t key[16], digest[32] = {0}, signature[64];
  char line[KEYS_PATH];
  struct signer *signer = uri ? signer_open(cli, uri, problem) : signer_generate(problem);
  if (signer == NULL)
    return false;
  bool ok = signer_sign(signer, digest, signature, problem);
  if (ok && uri != NULL) {
    ok = pkcs11_uri_without_pin(uri, line, sizeof line - 1) || problem_set(problem, CLI_USAGE, "--sign-key: too long");
    size_t length = ok ? strlen(line) : 0;
    line[length] = '\n';
    ok = ok && put(c, URI, line, length + 1, problem);
  } else if (ok) {
    ok = (c->bytes[SIGNING] = signer_private_pem(signer, &c->size[SIGNING], problem)) != NULL;
  }
  ok = ok && (c->bytes[PUBLIC] = keys_public_file(signer_point(signer), true, &c->size[PUBLIC], problem)) != NULL;
  ok = ok && crypto_random(key, sizeof key, problem) && put(c, ENCRYPTION, key, sizeof key, problem);
  OPENSSL_cleanse(key, sizeof key);
  signer_close(signer);
  return ok;
}

static bool write_files(const char *dir, const struct content *c, struct problem *problem)
{
  char path[KEYS_PATH];
  for (int i = 0; i < FILES; i++) {
    problem->code = CLI_INPUT;
    if (c->bytes[i] == NULL ||
        (keys_join(dir, names[i], path, problem) &&
         objfile_spit(path, c->bytes[i], c->size[i], modes[i], problem->text, sizeof problem->text)))
      continue;
    while (i-- > 0) /* half a folder is worse than none */
      if (c->bytes[i] != NULL && keys_join(dir, names[i], path, &(struct problem){0}))
        unlink(path);
    return false;
  }
  return true;
}

static bool folder_free(const char *dir, struct problem *problem)
{
  char path[KEYS_PATH];
  struct stat st;
  for (int i = 0; i < FILES; i++) {
    if (!keys_join(dir, names[i], path, problem))
      return false;
    if (lstat(path, &st) == 0)
      return problem_set(problem, CLI_REFUSED, "%s exists; keys are never overwritten. Choose another folder.", path);
  }
  return true;
}

static int run(struct cli *cli)
{
  const char *dir = cli->arguments[0], *uri = cli_value(cli, "sign-key");
  struct problem problem;
  struct content c = {0};
  if (uri != NULL && !pkcs11_is_uri(uri))
    return cli_fail(cli, CLI_USAGE,
                    "--sign-key takes a pkcs11: URI here; a key file of your own is simply copied into %s", dir);
  if (!folder_free(dir, &problem))
    return cli_report(cli, &problem);
  bool ok = make(cli, &c, &problem);
  bool made = false;
  if (ok) {
    made = mkdir(dir, 0700) == 0;
    if (!made && errno != EEXIST)
      ok = problem_set(&problem, CLI_INPUT, "%s: %s", dir, strerror(errno));
    ok = ok && write_files(dir, &c, &problem);
    if (!ok && made)
      rmdir(dir);
  }
  for (int i = 0; i < FILES; i++) {
    if (ok && c.bytes[i] != NULL)
      printf("%s%s%s\n", dir, dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/", names[i]);
    if (c.bytes[i] != NULL)
      OPENSSL_cleanse(c.bytes[i], c.size[i]);
    free(c.bytes[i]);
  }
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"sign-key", 0, "URI", "use the private key behind this pkcs11: URI; it never leaves its token", false, false},
    {0},
};

const struct cli_command cmd_keys_new = {
    .name = "keys new",
    .arguments = "DIR",
    .summary = "Make a key folder: a P-256 key pair for signing and an AES-128 key",
    .details =
        "Writes " KEYS_SIGNING " (private, mode 0600), " KEYS_PUBLIC " and " KEYS_ENCRYPTION " (secret, mode 0600).\n"
        "Never overwrites a key. With --sign-key no private key is written: the folder then holds the token's URI\n"
        "(without PIN) in " KEYS_SIGNING_URI ".",
    .options = {options},
    .examples = "portcullis keys new keys\n"
                "portcullis keys new keys --sign-key 'pkcs11:token=oem;object=fwsign'",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
