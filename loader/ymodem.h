/* YMODEM batch receiver: how a file comes over a serial line, for the boot loader and for applications.
 *
 * Protocol as in C. Forsberg, "XMODEM/YMODEM Protocol Reference" (1988), CRC-16 mode only, and as `sb` of lrzsz and the
 * usual terminals (Tera Term, minicom) speak it: block 0 "name\0size ...", then 128-byte (SOH) and 1 KiB (STX) packets
 * in any mixture, EOT, the next file's block 0; an empty block 0 ends the batch.
 *
 * The receiver knows neither UART nor flash: bytes come from a `struct ymodem_line`, the file goes to a `struct
 * ymodem_sink`. All state is in the caller's struct ymodem (about 1.1 KiB). Nothing received is believed beyond its
 * CRC; whether a file is wanted is for the sink to say, at any packet.
 */
#ifndef LOADER_YMODEM_H
#define LOADER_YMODEM_H

#include "portcullis/status.h"

#include <stdbool.h>
#include <stdint.h>

#define YMODEM_PACKET 1024u /* bytes of the larger packet */

/* The serial line. Called only from ymodem_receive(). */
struct ymodem_line {
  /* The next byte (0..255), or a negative number if none came within `timeout_ms` milliseconds. This is where the
   * receiver waits: a port refreshes its watchdog here. */
  int32_t (*get)(void *ctx, uint32_t timeout_ms);
  /* Send a byte; may block until the transmitter takes it. */
  void (*put)(void *ctx, uint8_t byte);
  void *ctx;
};

/* Where files go. Any result but PC_OK refuses the file: the sender is cancelled, the line drained, and
 * ymodem_receive() returns that result. The sender waits for an acknowledge meanwhile, up to 10 s with lrzsz, and then
 * repeats its packet, which is acknowledged again and not delivered twice. */
struct ymodem_sink {
  /* A file of `size` bytes is offered. `name` ends with NUL, is as the sender sent it (any bytes, at most 1022) and is
   * valid only during the call. */
  pc_status (*begin)(void *ctx, const char *name, uint32_t size);
  /* The next bytes of the file, 1..1024, without padding. `offset` is what has been delivered before. `bytes` is
   * aligned to 4 and is valid only during the call. */
  pc_status (*data)(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length);
  /* All `size` bytes have been delivered and the sender has said that the file ends. Called before that is
   * acknowledged: what the sender takes for delivered, is. */
  pc_status (*end)(void *ctx);
  /* Called exactly once for each begin() that was called and is not followed by an end() with PC_OK: also when it was
   * begin(), data() or end() itself that refused. `reason` is what ymodem_receive() is going to return. */
  void (*abort)(void *ctx, pc_status reason);
  void *ctx;
};

struct ymodem {
  const struct ymodem_line *line;
  const struct ymodem_sink *sink;
  /* Limits, set by ymodem_init(); change them before ymodem_receive(). */
  uint16_t start_ms;  /* between two invitations ('C') while no sender has shown up: 1000 */
  uint16_t first_ms;  /* for the first byte of a packet: 3000 */
  uint16_t byte_ms;   /* for any further byte of a packet: 1000 */
  uint16_t quiet_ms;  /* so long without a byte, the line counts as drained: 100 */
  uint16_t starts;    /* invitations before giving up: 60 */
  uint8_t errors;     /* consecutive errors that end the session: 3, as in the manual; 1..255 */
  bool nak_first_eot; /* ask for EOT a second time, as a lone byte may be noise: true */
  /* The session. */
  bool open;       /* a file is being received */
  bool eot;        /* its EOT was seen once */
  uint8_t next;    /* number of the packet expected */
  uint8_t failed;  /* consecutive errors up to now */
  uint16_t files;  /* complete ones */
  uint16_t number; /* of the packet in `packet`: 0..255 */
  uint32_t length; /* of the packet in `packet`: 128 or 1024 */
  uint32_t size;   /* of the file, from block 0 */
  uint32_t offset; /* bytes of the file delivered */
  _Alignas(8) uint8_t packet[YMODEM_PACKET];
};

/* Set the limits to their defaults. `line` and `sink` must outlive the session. */
void ymodem_init(struct ymodem *y, const struct ymodem_line *line, const struct ymodem_sink *sink);

/* Receive one batch. Returns
 *   PC_OK             one file or more delivered, each with its end(). Also when the batch was not ended properly after
 * the last file's end: the sender believes these files delivered. PC_ERR_BLANK      nobody answered `starts`
 * invitations (time-outs and stray bytes); the sink was not called PC_ERR_CANCELLED  two CAN in a row from the sender
 * (a single one is passed over), or a batch without a file PC_ERR_TRANSFER   `errors` consecutive errors: time-out,
 * damaged packet, stray bytes, wrong number, repeated packet; or more bytes than announced; or EOT before the last byte
 *   PC_ERR_FORMAT     block 0 has no name with its NUL, or no decimal size below 2^32 - 6
 *   the sink's result if it refused.
 * Returns after a bounded number of bytes and time-outs for each byte delivered, whatever comes over the line. */
pc_status ymodem_receive(struct ymodem *y);

#endif
