/* Command APDUs (ISO/IEC 7816-3, 12.1): all seven cases, short and extended, from untrusted bytes. */
#ifndef SFI_CARD_APDU_H
#define SFI_CARD_APDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apdu {
  uint8_t cla, ins, p1, p2;
  const uint8_t *data; /* into the command; `size` bytes */
  size_t size;
  size_t expected; /* Ne: how many bytes the other side wants at most, 0 to 65536 */
};

/* False: the bytes are no command APDU. */
bool apdu_parse(const uint8_t *bytes, size_t size, struct apdu *apdu);

#endif
