/* Bytes to and from a device: a serial port or PTY, a TCP or Unix socket. */
#ifndef SFI_PROGRAMMER_WIRE_H
#define SFI_PROGRAMMER_WIRE_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

/* `port`: a device file (115200 baud, 8E1; a PTY drops the parity), "tcp:HOST:PORT" or "unix:PATH". NULL: problem says
 * why. */
struct wire *wire_open(const char *port, struct problem *problem);
void wire_close(struct wire *wire);

bool wire_put(struct wire *wire, const uint8_t *bytes, size_t size, struct problem *problem);
/* Exactly `size` bytes within `timeout_ms`, counted anew with each byte. False: problem says what is missing; its code
 * is CLI_INPUT. */
bool wire_get(struct wire *wire, uint8_t *bytes, size_t size, unsigned timeout_ms, struct problem *problem);
/* Throw away what comes until the line has been silent for `quiet_ms`. */
void wire_drain(struct wire *wire, unsigned quiet_ms);

#endif
