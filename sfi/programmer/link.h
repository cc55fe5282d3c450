/* The frames of a device's boot loader (AN3155, AN4286): acknowledges, checksums, packets; over USART or SPI. The bytes
 * are in docs/sfi-protocol.md.
 *
 * Every function returns LINK_ACK, LINK_NACK (the device refused; nothing was done) or LINK_LOST (no answer, or
 * nonsense; `problem` then says what). */
#ifndef SFI_PROGRAMMER_LINK_H
#define SFI_PROGRAMMER_LINK_H

#include "tool/cli.h"

#include <stddef.h>
#include <stdint.h>

enum link_answer { LINK_ACK, LINK_NACK, LINK_LOST };

/* The protocol asks for less; a busy PC that simulates devices may need the rest. */
#define LINK_SHORT 3000u  /* ms that an answer may take */
#define LINK_LONG  15000u /* ms for what erases flash */

struct link;

/* `port` as in wire_open(), or "spi:" before "tcp:..." or "HOST:PORT": the socket then carries a byte back for each
 * byte sent. NULL: problem says why. */
struct link *link_open(const char *port, struct problem *problem);
void link_close(struct link *link);

/* Until the device answers the first byte, at most `timeout_ms`. Also finds the way back after LINK_LOST. */
enum link_answer link_sync(struct link *link, unsigned timeout_ms, struct problem *problem);
/* Code and complement. */
enum link_answer link_command(struct link *link, uint8_t code, struct problem *problem);
/* Bytes and their XOR (of a single byte: its complement), then the answer. `size` up to 1100. */
enum link_answer link_packet(struct link *link, const uint8_t *bytes, size_t size, unsigned timeout_ms,
                             struct problem *problem);
/* What the device says by itself: bytes after an ACK, and a further ACK. */
enum link_answer link_get(struct link *link, uint8_t *bytes, size_t size, struct problem *problem);
enum link_answer link_ack(struct link *link, unsigned timeout_ms, struct problem *problem);

/* Special command (`second` NULL) or extended special. The answer's data in `data` (*size: room before, bytes after),
 * its status in *status. */
enum link_answer link_special(struct link *link, uint16_t opcode, const uint8_t *first, size_t first_size,
                              const uint8_t *second, size_t second_size, uint8_t *data, size_t *size, uint16_t *status,
                              unsigned timeout_ms, struct problem *problem);

#endif
