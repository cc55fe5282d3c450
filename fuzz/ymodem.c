/* Fuzz the YMODEM receiver: the input is a script of what comes over the line, so that whole packets with a right CRC
 * are as likely as noise. Whatever comes: the sink's calls are in order, no byte is delivered twice or beyond the
 * announced size, begin() is paired with exactly one end() or abort(), and the session ends.
 */
#include "loader/ymodem.h"

#include <stdlib.h>
#include <string.h>

struct script {
  const uint8_t *at, *end;
  uint8_t out[1100]; /* bytes on the line */
  size_t have, used;
  int answered; /* the receiver has said something: only then the next operation goes out */
  uint32_t gets, next_number;
};

static struct {
  int open;
  uint32_t size, received, files;
} sink_state;

static void require(int condition)
{
  if (!condition)
    abort();
}

static uint8_t take(struct script *s)
{
  return s->at < s->end ? *s->at++ : 0;
}

static void packet(struct script *s, uint8_t kind)
{
  size_t size = kind & 1 ? 1024 : 128;
  uint8_t number = (uint8_t)s->next_number;
  if (kind & 2)
    number = take(s);
  else
    s->next_number++;
  s->out[0] = size == 128 ? 1 : 2;
  s->out[1] = number;
  s->out[2] = (uint8_t)~number;
  memset(s->out + 3, kind & 4 ? 0 : 0x1A, size);
  size_t fill = take(s) & 31u;
  for (size_t i = 0; i < fill; i++)
    s->out[3 + i] = take(s);
  if (number == 0 && (kind & 8)) { /* a block 0 that can be parsed, with a size that this script may reach */
    uint8_t hundreds = take(s);
    memcpy(s->out + 3, "fw\0", 3);
    s->out[6] = (uint8_t)('0' + hundreds % 10);
    s->out[7] = (uint8_t)('0' + hundreds / 10 % 10);
    s->out[8] = (uint8_t)('0' + hundreds / 100);
    s->out[9] = 0;
  }
  uint32_t crc = 0;
  for (size_t i = 0; i < size; i++) {
    crc ^= (uint32_t)s->out[3 + i] << 8;
    for (int bit = 0; bit < 8; bit++)
      crc = crc & 0x8000u ? (crc << 1) ^ 0x1021u : crc << 1;
  }
  s->out[3 + size] = (uint8_t)(crc >> 8);
  s->out[4 + size] = (uint8_t)crc;
  s->have = size + 5;
  if (kind & 16) /* damaged */
    s->out[take(s) % s->have] ^= (uint8_t)(1u << (take(s) & 7u));
  if (kind & 32) /* cut short */
    s->have = take(s) % s->have;
}

static int32_t get(void *ctx, uint32_t timeout_ms)
{
  struct script *s = ctx;
  (void)timeout_ms;
  require(++s->gets < 40000000);
  if (s->used < s->have)
    return s->out[s->used++];
  if (!s->answered || s->at == s->end)
    return -1;
  s->answered = 0;
  s->used = s->have = 0;
  uint8_t op = take(s);
  if (op < 0x80) {
    if (op & 64)
      s->next_number = 0;
    packet(s, op & 63u);
  } else if (op < 0x90) {
    s->out[0] = 4; /* EOT */
    s->have = 1;
  } else if (op < 0xA0) {
    memset(s->out, 0x18, 2); /* CAN */
    s->have = op & 1 ? 2 : 1;
  } else if (op < 0xD0) {
    return -1; /* time-out */
  } else {
    s->have = op & 15u; /* raw bytes */
    for (size_t i = 0; i < s->have; i++)
      s->out[i] = take(s);
  }
  return s->have != 0 ? s->out[s->used++] : -1;
}

static void put(void *ctx, uint8_t byte)
{
  struct script *s = ctx;
  s->answered = 1;
  require(byte == 'C' || byte == 6 || byte == 0x15 || byte == 0x18);
}

static pc_status sink_begin(void *ctx, const char *name, uint32_t size)
{
  (void)ctx;
  require(!sink_state.open && strlen(name) < 1024);
  sink_state.open = 1;
  sink_state.size = size;
  sink_state.received = 0;
  return size == 13 ? PC_ERR_SIZE : PC_OK;
}

static pc_status sink_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  static uint8_t copy[1024];
  (void)ctx;
  require(sink_state.open && offset == sink_state.received && length != 0);
  require(length <= sink_state.size - offset);
  memcpy(copy, bytes, length); /* the whole range can be read */
  sink_state.received += length;
  return copy[0] == 0xEE ? PC_ERR_FLASH : PC_OK;
}

static pc_status sink_end(void *ctx)
{
  (void)ctx;
  require(sink_state.open && sink_state.received == sink_state.size);
  if (sink_state.size == 26)
    return PC_ERR_FLASH;
  sink_state.open = 0;
  sink_state.files++;
  return PC_OK;
}

static void sink_abort(void *ctx, pc_status reason)
{
  (void)ctx;
  require(sink_state.open && reason != PC_OK);
  sink_state.open = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct script script = {.at = data, .end = data + size};
  const struct ymodem_line line = {get, put, &script};
  const struct ymodem_sink sink = {sink_begin, sink_data, sink_end, sink_abort, NULL};
  static struct ymodem y;
  memset(&y, 0xA5, sizeof y);
  memset(&sink_state, 0, sizeof sink_state);
  ymodem_init(&y, &line, &sink);
  y.nak_first_eot = size & 1;
  pc_status status = ymodem_receive(&y);
  require(!sink_state.open);
  require(status != PC_OK || sink_state.files != 0);
  require(y.files == (uint16_t)sink_state.files);
  return 0;
}
