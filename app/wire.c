/* Updates in frames: see wire.h. */
#include "app/wire.h"

#include <string.h>

enum { SYNC_0 = 0x55, SYNC_1 = 0xAA, AT_LENGTH = 2, AT_TYPE = 4, AT_SEQUENCE = 5, AT_PAYLOAD = 6, CRC_SIZE = 4 };

#define NO_FRAME 0x100u /* no sequence number */

static uint32_t crc32(const uint8_t *bytes, uint32_t size)
{
  uint32_t crc = 0xFFFFFFFFu;
  for (uint32_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (uint32_t bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

static uint32_t get(const uint8_t *from, uint32_t bytes)
{
  uint32_t value = 0;
  for (uint32_t i = 0; i < bytes; i++)
    value |= (uint32_t)from[i] << (8u * i);
  return value;
}

static void put(uint8_t *to, uint32_t value)
{
  for (uint32_t i = 0; i < 4; i++)
    to[i] = (uint8_t)(value >> (8u * i));
}

static void answer(struct wire *w, uint32_t type, pc_status status)
{
  uint8_t frame[AT_PAYLOAD + 12 + CRC_SIZE] = {SYNC_0, SYNC_1, 12, 0, (uint8_t)type, w->frame[AT_SEQUENCE]};
  struct update_state state;
  put(frame + AT_PAYLOAD, status);
  put(frame + AT_PAYLOAD + 4, update_status(&w->update, &state) == PC_OK ? state.received : 0);
  put(frame + AT_PAYLOAD + 8, w->version);
  put(frame + AT_PAYLOAD + 12, crc32(frame + AT_LENGTH, AT_PAYLOAD + 12 - AT_LENGTH));
  w->send(w->ctx, frame, sizeof frame);
}

/* Where the update API comes in. */
static pc_status carry_out(struct wire *w, uint32_t type, const uint8_t *payload, uint32_t length)
{
  pc_status status;
  switch (type) {
  case 'B':
    if (length != 5)
      return PC_ERR_FORMAT;
    (void)update_abort(&w->update); /* a sender that begins again */
    status = update_init_image(&w->update, payload[0]);
    return status == PC_OK ? update_begin(&w->update, get(payload + 1, 4)) : status;
  case 'D':
    return length != 0 ? update_write(&w->update, payload, length) : PC_ERR_FORMAT;
  case 'E':
    if (length != 1 || payload[0] > 1)
      return PC_ERR_FORMAT;
    status = update_finish(&w->update);
    return status == PC_OK ? update_install(&w->update) : status;
  case 'A':
    return length == 0 ? update_abort(&w->update) : PC_ERR_FORMAT;
  default:
    return PC_ERR_UNSUPPORTED;
  }
}

static enum wire_outcome whole_frame(struct wire *w, uint32_t length)
{
  const uint32_t type = w->frame[AT_TYPE], sequence = w->frame[AT_SEQUENCE];
  if (get(w->frame + AT_PAYLOAD + length, CRC_SIZE) != crc32(w->frame + AT_LENGTH, AT_PAYLOAD + length - AT_LENGTH)) {
    answer(w, 'n', PC_ERR_TRANSFER);
    return WIRE_GOES_ON;
  }
  if (type == 'H' && length == 0) {
    w->expected = (sequence + 1u) & 255u;
    w->answered = 'a';
    w->status = PC_OK;
    answer(w, 'a', PC_OK);
    return WIRE_GOES_ON;
  }
  if (w->expected != NO_FRAME && sequence == ((w->expected - 1u) & 255u)) {
    answer(w, w->answered, w->status); /* done before; our answer was lost */
    return WIRE_GOES_ON;
  }
  if (sequence != w->expected) {
    answer(w, 'n', PC_ERR_STATE);
    return WIRE_GOES_ON;
  }
  w->status = carry_out(w, type, w->frame + AT_PAYLOAD, length);
  w->answered = w->status == PC_OK ? 'a' : 'r';
  w->expected = (sequence + 1u) & 255u;
  answer(w, w->answered, w->status);
  if (type != 'E' || w->status != PC_OK)
    return WIRE_GOES_ON;
  return w->frame[AT_PAYLOAD] == 1 ? WIRE_NOW : WIRE_AT_NEXT_RESET;
}

void wire_init(struct wire *w, uint32_t version, void (*send)(void *ctx, const uint8_t *bytes, uint32_t size),
               void *ctx)
{
  memset(w, 0, sizeof *w);
  w->version = version;
  w->send = send;
  w->ctx = ctx;
  w->expected = NO_FRAME; /* hello first */
}

void wire_silence(struct wire *w)
{
  w->at = 0;
}

enum wire_outcome wire_byte(struct wire *w, uint8_t byte)
{
  if ((w->at == 0 && byte != SYNC_0) || (w->at == 1 && byte != SYNC_1)) {
    w->at = byte == SYNC_0 ? 1 : 0;
    return WIRE_GOES_ON;
  }
  w->frame[w->at++] = byte;
  if (w->at < AT_PAYLOAD)
    return WIRE_GOES_ON;
  const uint32_t length = get(w->frame + AT_LENGTH, 2);
  if (length > WIRE_PAYLOAD) {
    w->at = 0; /* not a frame; its sender hears nothing and tries again */
    return WIRE_GOES_ON;
  }
  if (w->at < AT_PAYLOAD + length + CRC_SIZE)
    return WIRE_GOES_ON;
  w->at = 0;
  return whole_frame(w, length);
}
