/* Taking command APDUs apart. */
#include "sfi/card/apdu.h"

static size_t short_expected(uint8_t le)
{
  return le == 0 ? 256 : le;
}

static size_t long_expected(const uint8_t *le)
{
  size_t n = (size_t)le[0] << 8 | le[1];
  return n == 0 ? 65536 : n;
}

/* body[0] is 0 and more follows: extended lengths. */
static bool parse_extended(const uint8_t *body, size_t size, struct apdu *apdu)
{
  if (size < 3)
    return false;
  if (size == 3) { /* case 2E */
    apdu->expected = long_expected(body + 1);
    return true;
  }
  size_t n = (size_t)body[1] << 8 | body[2];
  if (n == 0 || (size != 3 + n && size != 3 + n + 2))
    return false;
  apdu->data = body + 3;
  apdu->size = n;
  if (size == 3 + n + 2) /* case 4E, else 3E */
    apdu->expected = long_expected(body + 3 + n);
  return true;
}

bool apdu_parse(const uint8_t *bytes, size_t size, struct apdu *apdu)
{
  if (size < 4)
    return false;
  *apdu = (struct apdu){.cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3], .data = bytes + 4};
  const uint8_t *body = bytes + 4;
  size -= 4;
  if (size == 0) /* case 1 */
    return true;
  if (size == 1) { /* case 2S */
    apdu->expected = short_expected(body[0]);
    return true;
  }
  if (body[0] == 0)
    return parse_extended(body, size, apdu);
  size_t n = body[0];
  if (size != 1 + n && size != 1 + n + 1)
    return false;
  apdu->data = body + 1;
  apdu->size = n;
  if (size == 1 + n + 1) /* case 4S, else 3S */
    apdu->expected = short_expected(body[1 + n]);
  return true;
}
