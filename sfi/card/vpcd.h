/* A virtual card on vsmartcard's reader driver (vpcd): the card connects to the driver's TCP port; every message is a
 * 16-bit big-endian length and that many bytes. One byte: 0 power off, 1 power on, 2 reset, 4 send the ATR. Longer
 * ones are command APDUs. */
#ifndef SFI_CARD_VPCD_H
#define SFI_CARD_VPCD_H

#include "sfi/card/applet.h"

#include <stdbool.h>
#include <stdint.h>

/* Connect, trying again for `seconds`. -1: nobody listens. */
int vpcd_connect(const char *host, const char *port, unsigned seconds);
/* Serve until the reader hangs up (true) or the connection breaks (false). */
bool vpcd_serve(int fd, struct card *card, const struct card_io *io);

#endif
