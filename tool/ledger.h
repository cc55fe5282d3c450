/* The ledger of versions used: a text file next to the keys, one line per packed image, so that no version number is
 * ever given to two different images (devices accept the same version again, so a mix-up in the field could not be told
 * apart).
 *
 *   # comment
 *   1.2.3 product 0x4c343736 image 1 tag <64 hex digits of the clear image's SHA-256>
 *
 * The file may be kept in version control and merged line by line.
 */
#ifndef TOOL_LEDGER_H
#define TOOL_LEDGER_H

#include "tool/cli.h"

#include "image/header.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger {
  int fd;
  bool known; /* this very image with this version is in it already */
};

/* Open (or make) and lock the ledger, and look the image up. False: it cannot be read (CLI_INPUT), or the version was
 * used for another image (CLI_REFUSED; `force`: accepted). */
bool ledger_open(const char *path, const struct image_info *info, const uint8_t tag[32], bool force,
                 struct ledger *ledger, struct problem *problem);
/* Add the image, unless it is there already. */
bool ledger_add(struct ledger *ledger, const char *path, const struct image_info *info, const uint8_t tag[32],
                struct problem *problem);
void ledger_close(struct ledger *ledger);

#endif
