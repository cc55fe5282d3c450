/* Packets of gdb's remote serial protocol: framing, checksums and escapes. Total over any bytes from outside.
 * Facts: "Debugging with GDB", appendix E. */
#ifndef SIM_HOST_GDB_PACKET_H
#define SIM_HOST_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GDB_PACKET_MAX 16384u /* bytes of a packet's payload, both ways; told to gdb as PacketSize */

enum gdb_event {
  GDB_NOTHING,   /* the byte was taken; nothing is complete */
  GDB_PACKET,    /* a packet with a right checksum: data[0..size), and data[size] is 0 */
  GDB_BROKEN,    /* a packet with a wrong checksum, or longer than GDB_PACKET_MAX: ask for it again */
  GDB_ACK,       /* + */
  GDB_RETRY,     /* -: the other side wants the last packet again */
  GDB_INTERRUPT, /* ctrl-C */
};

struct gdb_reader {
  enum { GDB_IDLE, GDB_DATA, GDB_ESCAPED, GDB_SUM1, GDB_SUM2 } state;
  bool too_long;
  uint8_t sum, wanted;
  size_t size;
  uint8_t data[GDB_PACKET_MAX + 1];
};

/* A reader starts zeroed. */
enum gdb_event gdb_reader_byte(struct gdb_reader *reader, uint8_t byte);

/* $payload#checksum with escapes. `to` has room for GDB_FRAME_MAX bytes; size <= GDB_PACKET_MAX. Returns the length. */
#define GDB_FRAME_MAX (2u * GDB_PACKET_MAX + 4u)
size_t gdb_frame(const void *payload, size_t size, uint8_t *to);

/* Hexadecimal digit, or -1. */
int gdb_hex_digit(uint8_t c);

#endif
