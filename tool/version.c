/* Firmware versions as text. */
#include "tool/version.h"

#include "image/header.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const part_names[3] = {"major", "minor", "patch"};

/* One decimal number without sign; values beyond 2^20 count as 2^20, which every caller refuses. */
static bool take_number(const char **text, uint32_t *value)
{
  if (!isdigit((unsigned char)**text))
    return false;
  for (*value = 0; isdigit((unsigned char)**text); (*text)++)
    *value = *value > 100000 ? 1u << 20 : *value * 10 + (uint32_t)(**text - '0');
  return true;
}

bool version_parse(const char *text, uint32_t protocol, const char *option, uint32_t *version, struct problem *problem)
{
  const char *at = text;
  uint32_t part[3];
  if (protocol == IMAGE_PROTOCOL_VENDOR) {
    if (!take_number(&at, &part[0]) || *at != '\0')
      return problem_set(problem, CLI_USAGE, "--%s %s: protocol 1 has a plain number as version (0-65535)", option,
                         text);
    if (part[0] > 0xFFFF)
      return problem_set(problem, CLI_USAGE, "--%s %s: protocol 1 holds versions up to 65535", option, text);
    *version = part[0];
    return true;
  }
  for (unsigned i = 0; i < 3; i++) {
    if (!take_number(&at, &part[i]) || *at != (i < 2 ? '.' : '\0'))
      return problem_set(problem, CLI_USAGE, "--%s %s: a version looks like 1.2.3", option, text);
    at++;
  }
  for (unsigned i = 0; i < 3; i++) {
    uint32_t most = i < 2 ? 0xFF : 0xFFFF;
    if (part[i] > most)
      return problem_set(problem, CLI_USAGE, "--%s %s: %s is larger than %u, the most that the header holds", option,
                         text, part_names[i], most);
  }
  *version = part[0] << 24 | part[1] << 16 | part[2];
  return true;
}

bool version_from_describe(const char *text, uint32_t *version, struct problem *problem)
{
  const char *at = *text == 'v' || *text == 'V' ? text + 1 : text;
  uint32_t part[3], commits = 0;
  for (unsigned i = 0; i < 3; i++) {
    if (!take_number(&at, &part[i]) || (i < 2 && *at++ != '.'))
      return problem_set(problem, CLI_REFUSED, "%s: no version; tag a commit like this: git tag v1.0.0", text);
  }
  if (at[0] == '-' && isdigit((unsigned char)at[1])) {
    at++;
    if (!take_number(&at, &commits) || strncmp(at, "-g", 2) != 0)
      return problem_set(problem, CLI_REFUSED, "%s: not as git describes a commit (v1.2.3-4-g0123abc)", text);
    at += 2 + strspn(at + 2, "0123456789abcdef");
  }
  if (strcmp(at, "") != 0 && strcmp(at, "-dirty") != 0)
    return problem_set(problem, CLI_REFUSED, "%s: '%s' is no part of a version", text, at);
  part[2] += commits; /* each at most 2^20 */
  for (unsigned i = 0; i < 3; i++) {
    uint32_t most = i < 2 ? 0xFF : 0xFFFF;
    if (part[i] > most)
      return problem_set(problem, CLI_REFUSED, "%s: %s is larger than %u, the most that the header holds", text,
                         part_names[i], most);
  }
  *version = part[0] << 24 | part[1] << 16 | part[2];
  return true;
}

char *version_text(uint32_t version, uint32_t protocol, char text[VERSION_TEXT])
{
  if (protocol == IMAGE_PROTOCOL_VENDOR)
    snprintf(text, VERSION_TEXT, "%u", version);
  else
    snprintf(text, VERSION_TEXT, "%u.%u.%u", version >> 24, (version >> 16) & 0xFF, version & 0xFFFF);
  return text;
}
