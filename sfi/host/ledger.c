/* The ledger of nonces used. Lines are appended, never rewritten. */
#include "sfi/host/ledger.h"

#include "sfi/crypto/crypto.h"
#include "sfi/format/sfi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LINE 256
#define PATH 4096

static const char heading[] =
    "# Nonces used with the key beside this file (portcullis sfi pack). One line per image; keep them all.\n";

bool nonce_use_of(const uint8_t key[16], const uint8_t nonce[12], uint32_t areas, const uint8_t *file, size_t size,
                  struct nonce_use *use, struct problem *problem)
{
  static const char label[] = "Portcullis SFI nonces";
  uint8_t named[sizeof label - 1 + 16], digest[32], last[12];
  memcpy(named, label, sizeof label - 1);
  memcpy(named + sizeof label - 1, key, 16);
  bool ok = sfi_sha256(named, sizeof named, digest) == PC_OK && sfi_sha256(file, size, use->digest) == PC_OK;
  sfi_wipe(named, sizeof named);
  if (!ok)
    return problem_set(problem, CLI_INPUT, "SHA-256 failed");
  memcpy(use->key_id, digest, sizeof use->key_id);
  memcpy(use->nonce, nonce, 12);
  use->areas = areas;
  sfi_iv(nonce, areas, last);
  if (memcmp(last, nonce, 12) < 0)
    return problem_set(problem, CLI_REFUSED, "the nonce plus %u areas runs beyond 96 bits; choose another nonce",
                       areas);
  return true;
}

static void hex(const uint8_t *bytes, size_t size, char *to)
{
  for (size_t i = 0; i < size; i++)
    snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static bool unhex(const char *text, uint8_t *to, size_t size)
{
  for (size_t i = 0; i < size; i++) {
    unsigned value;
    int used = 0;
    if (sscanf(text + 2 * i, "%2x%n", &value, &used) != 1 || used != 2)
      return false;
    to[i] = (uint8_t)value;
  }
  return true;
}

static bool parse(const char *line, struct nonce_use *use)
{
  char key[17], nonce[25], digest[65];
  int end = 0;
  if (sscanf(line, "key %16[0-9a-f] nonce %24[0-9a-f] areas %5u sha256 %64[0-9a-f]%n", key, nonce, &use->areas, digest,
             &end) != 4 ||
      line[end] != '\n' || strlen(key) != 16 || strlen(nonce) != 24 || strlen(digest) != 64)
    return false;
  return unhex(key, use->key_id, 8) && unhex(nonce, use->nonce, 12) && unhex(digest, use->digest, 32);
}

/* first..first+areas of both, as 96-bit numbers that do not wrap (nonce_use_of) */
static bool overlap(const struct nonce_use *a, const struct nonce_use *b)
{
  uint8_t a_last[12], b_last[12];
  sfi_iv(a->nonce, a->areas, a_last);
  sfi_iv(b->nonce, b->areas, b_last);
  return memcmp(a->nonce, b_last, 12) <= 0 && memcmp(b->nonce, a_last, 12) <= 0;
}

/* *known: this very file is recorded. */
static bool check(FILE *file, const char *path, const struct nonce_use *use, bool force, bool *known,
                  struct problem *problem)
{
  char line[LINE];
  for (unsigned n = 1; fgets(line, sizeof line, file) != NULL; n++) {
    struct nonce_use other;
    if (line[0] == '#' || line[0] == '\n')
      continue;
    if (!parse(line, &other))
      return problem_set(problem, CLI_INPUT, "%s:%u: not a line of this ledger", path, n);
    if (memcmp(other.key_id, use->key_id, 8) != 0 || !overlap(&other, use))
      continue;
    if (memcmp(&other, use, sizeof other) == 0)
      *known = true;
    else if (!force)
      return problem_set(problem, CLI_REFUSED,
                         "this key and nonce were already used for another image (%s:%u: %u areas from nonce %.24s); "
                         "with AES-GCM that gives the firmware away. Choose a new nonce (and a new card), or --force",
                         path, n, other.areas, strstr(line, "nonce ") + 6);
  }
  return !ferror(file) || problem_set(problem, CLI_INPUT, "%s: cannot be read", path);
}

static bool append(int fd, const char *path, const struct nonce_use *use, struct problem *problem)
{
  char line[LINE], key[17], nonce[25], digest[65];
  hex(use->key_id, 8, key);
  hex(use->nonce, 12, nonce);
  hex(use->digest, 32, digest);
  int n = snprintf(line, sizeof line, "key %s nonce %s areas %u sha256 %s\n", key, nonce, use->areas, digest);
  const off_t end = lseek(fd, 0, SEEK_END);
  if ((end == 0 && write(fd, heading, sizeof heading - 1) != (ssize_t)sizeof heading - 1) ||
      write(fd, line, (size_t)n) != n || fsync(fd) != 0) {
    problem_set(problem, CLI_INPUT, "%s: %s", path, strerror(errno));
    (void)!ftruncate(fd, end); /* a full disk leaves no half line, which the next image would be refused for */
    return false;
  }
  return true;
}

bool nonce_ledger_record(const char *path, const struct nonce_use *use, bool force, struct problem *problem)
{
  int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  int copy = fd >= 0 && flock(fd, LOCK_EX) == 0 ? dup(fd) : -1;
  FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
  bool known = false, ok;
  if (file == NULL) {
    ok = problem_set(problem, CLI_INPUT, "%s: %s (the ledger of used nonces; --ledger FILE puts it elsewhere)", path,
                     strerror(errno));
    if (copy >= 0)
      close(copy);
  } else {
    ok = check(file, path, use, force, &known, problem);
    fclose(file);
    ok = ok && (known || append(fd, path, use, problem));
  }
  if (fd >= 0)
    close(fd);
  return ok;
}

bool nonce_ledger_path(const struct cli *cli, const char *key_path, char *to, struct problem *problem)
{
  const char *own = cli_value(cli, "ledger"), *slash = strrchr(key_path, '/');
  int n = own != NULL ? snprintf(to, PATH, "%s", own)
                      : snprintf(to, PATH, "%.*s%s", slash ? (int)(slash - key_path) + 1 : 0, key_path, NONCE_LEDGER);
  return n < PATH || problem_set(problem, CLI_USAGE, "%s: path too long", key_path);
}
