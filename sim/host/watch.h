/* Finds texts in a stream of bytes (--until, --until-fail): one byte at a time, no matter how the bytes come. */
#ifndef SIM_HOST_WATCH_H
#define SIM_HOST_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_MAX 255u /* longest text, in bytes */

struct watch {
  uint8_t text[WATCH_MAX];
  uint8_t back[WATCH_MAX]; /* how many bytes still match when the byte after i + 1 matching ones does not */
  uint8_t length, matched;
};

/* False: the text is empty or longer than WATCH_MAX bytes. */
bool watch_init(struct watch *watch, const char *text);
/* True when `byte` completes the text. The next occurrence may overlap this one. */
bool watch_byte(struct watch *watch, uint8_t byte);

#endif
