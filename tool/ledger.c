/* The ledger of versions used. Lines are appended under a file lock, never rewritten. */
#include "tool/ledger.h"

#include "tool/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LINE 400

static const char heading[] =
    "# Versions packed with the keys next to this file (portcullis image pack). One line per image.\n";

/* The line of an image, up to its tag: what must not repeat with another tag. */
static int line_key(const struct image_info *info, char line[LINE])
{
  char version[VERSION_TEXT];
  return snprintf(line, LINE, "%s product 0x%08x image %u tag ", version_text(info->version, info->protocol, version),
                  info->product, info->image);
}

static void hex(const uint8_t tag[32], char text[65])
{
  for (unsigned i = 0; i < 32; i++)
    snprintf(text + 2 * i, 3, "%02x", tag[i]);
}

/* A line that is not understood may be a version that was used: torn by a full disk, or a conflict of version control.
 */
static bool well_formed(const char *line)
{
  char digits[65];
  int end = 0;
  if (line[0] == '#' || line[0] == '\n')
    return true;
  return sscanf(line, "%*31[0-9.] product 0x%*8[0-9a-f] image %*1[1-9] tag %64[0-9a-f]%n", digits, &end) == 1 &&
         strlen(digits) == 64 && line[end] == '\n';
}

/* Look the image up. False: the ledger cannot be read. other: the tag of another image with its version. */
static bool look_up(FILE *file, const char *path, const char *key, const char *digits, bool *known, char other[65],
                    struct problem *problem)
{
  const size_t length = strlen(key);
  char line[LINE];
  for (unsigned n = 1; fgets(line, sizeof line, file) != NULL; n++) {
    if (!well_formed(line))
      return problem_set(problem, CLI_INPUT,
                         "%s:%u: not a line of this ledger; mend it, so that no version is given out twice", path, n);
    if (strncmp(line, key, length) != 0)
      continue;
    if (strncmp(line + length, digits, 64) == 0)
      *known = true;
    else
      snprintf(other, 65, "%.64s", line + length);
  }
  return !ferror(file) || problem_set(problem, CLI_INPUT, "%s: cannot be read", path);
}

bool ledger_open(const char *path, const struct image_info *info, const uint8_t tag[32], bool force,
                 struct ledger *ledger, struct problem *problem)
{
  char key[LINE], digits[65], other[65] = "";
  line_key(info, key);
  hex(tag, digits);
  ledger->known = false;
  ledger->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (ledger->fd < 0 || flock(ledger->fd, LOCK_EX) != 0) {
    problem_set(problem, CLI_INPUT, "%s: %s (the ledger of used versions; --ledger FILE puts it elsewhere)", path,
                strerror(errno));
    ledger_close(ledger);
    return false;
  }
  int copy = dup(ledger->fd);
  FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
  if (file == NULL) {
    if (copy >= 0)
      close(copy);
    ledger_close(ledger);
    return problem_set(problem, CLI_INPUT, "%s: %s", path, strerror(errno));
  }
  bool readable = look_up(file, path, key, digits, &ledger->known, other, problem);
  fclose(file);
  if (readable && (ledger->known || other[0] == '\0' || force))
    return true;
  ledger_close(ledger);
  return readable &&
         problem_set(
             problem, CLI_REFUSED,
             "version %.*s of product 0x%08x was already used for another image (tag %.16s..., in %s); choose a new "
             "version, or --force",
             (int)strcspn(key, " "), key, info->product, other, path);
}

bool ledger_add(struct ledger *ledger, const char *path, const struct image_info *info, const uint8_t tag[32],
                struct problem *problem)
{
  char line[LINE + 66], key[LINE], digits[65];
  if (ledger->known)
    return true;
  line_key(info, key);
  hex(tag, digits);
  int n = snprintf(line, sizeof line, "%s%s\n", key, digits);
  const off_t end = lseek(ledger->fd, 0, SEEK_END);
  if ((end == 0 && write(ledger->fd, heading, sizeof heading - 1) < 0) || write(ledger->fd, line, (size_t)n) != n) {
    problem_set(problem, CLI_INPUT, "%s: %s", path, strerror(errno));
    (void)!ftruncate(ledger->fd, end); /* a full disk leaves no half line */
    return false;
  }
  return true;
}

void ledger_close(struct ledger *ledger)
{
  if (ledger->fd >= 0)
    close(ledger->fd);
  ledger->fd = -1;
}
