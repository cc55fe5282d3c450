/* A scripted sender at the other end of a YMODEM line, in virtual time.
 *
 * The script is a list of items, each being what the sender sends in reaction to an answer of the receiver (or, for the
 * first one, to the invitation). The next item goes out when the receiver waits for a byte, the line is empty, and the
 * receiver has sent something since the last item. An empty item: the sender does not react to this answer. After the
 * last item the sender is silent. A wait without a byte costs no time but the clock's.
 *
 * What the receiver sends is kept as letters: C invitation, A ACK, N NAK, X CAN, ? anything else; a point stands where
 * an item of the script went out.
 */
#ifndef TEST_LOADER_LINE_H
#define TEST_LOADER_LINE_H

#include "loader/ymodem.h"

#include <stddef.h>

#define LINE_ITEMS 2000
#define LINE_NOTES 8192

struct line {
  struct {
    uint8_t *bytes;
    size_t size;
  } item[LINE_ITEMS];
  size_t items, next;
  size_t at;              /* in item next - 1 */
  bool may_send;          /* the receiver has said something */
  char notes[LINE_NOTES]; /* what the receiver sent */
  size_t noted;
  uint64_t now_ms;
  size_t gets; /* calls for a byte */
  /* Instead of a script: each byte from here (-1: time-out). */
  int32_t (*endless)(struct line *line);
  uint32_t counter;
  struct ymodem_line port;
};

void line_init(struct line *line);
void line_free(struct line *line);

/* Script items. */
void line_send(struct line *line, const void *bytes, size_t size);
void line_silence(struct line *line);
/* A packet: `size` 128 or 1024; `length` bytes of data, the rest is 1A. */
void line_packet(struct line *line, uint32_t number, size_t size, const void *data, size_t length);
void line_block0(struct line *line, const char *name, uint32_t file_size);
void line_byte(struct line *line, uint8_t byte);
/* More bytes at the end of the last item. */
void line_append(struct line *line, const void *bytes, size_t size);
/* A whole well-behaved batch of one file with packets of `size` bytes (0: 1024, and 128 for a tail of up to 128 each).
 */
void line_file(struct line *line, const void *data, uint32_t length, size_t size);

/* Bytes of a packet as it goes over the line (size + 5 bytes to `out`). */
void make_packet(uint8_t *out, uint32_t number, size_t size, const void *data, size_t length);

/* A sink that keeps what it gets, checks the order of the calls, and refuses where told. */
struct keep {
  uint8_t data[400 * 1024];
  char name[1024];
  uint32_t size, received;
  unsigned begins, ends, aborts;
  bool open;
  pc_status reason;
  pc_status refuse_begin, refuse_data, refuse_end; /* 0: do not */
  uint32_t refuse_at;                              /* data() call with this offset */
  struct ymodem_sink sink;
};
void keep_init(struct keep *keep);

#endif
