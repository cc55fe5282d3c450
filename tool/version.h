/* Firmware versions as text: major.minor.patch, packed as in the header (image/header.h). */
#ifndef TOOL_VERSION_H
#define TOOL_VERSION_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest text of a version, with its terminator. */
#define VERSION_TEXT 24

/* Protocol 2: "1.2.3", major and minor up to 255, patch up to 65535. Protocol 1: one number up to 65535. `option` names
 * the option in messages. */
bool version_parse(const char *text, uint32_t protocol, const char *option, uint32_t *version, struct problem *problem);
/* What `git describe --tags --always --dirty` prints, as a protocol 2 version: [v]1.2.3[-COMMITS-gHASH][-dirty], the
 * commits since the tag added to the patch. */
bool version_from_describe(const char *text, uint32_t *version, struct problem *problem);
/* The text of a packed version, in `text`, which is returned. */
char *version_text(uint32_t version, uint32_t protocol, char text[VERSION_TEXT]);

#endif
