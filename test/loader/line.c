/* See line.h. */
#include "test/loader/line.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(struct line *line, char letter)
{
  assert(line->noted + 1 < LINE_NOTES);
  line->notes[line->noted++] = letter;
  line->notes[line->noted] = 0;
}

static int32_t line_get(void *ctx, uint32_t timeout_ms)
{
  struct line *line = ctx;
  line->gets++;
  if (line->endless != NULL) {
    int32_t byte = line->endless(line);
    if (byte < 0)
      line->now_ms += timeout_ms;
    return byte;
  }
  while (line->next == 0 || line->at == line->item[line->next - 1].size) {
    if (line->next == line->items || !line->may_send) {
      line->now_ms += timeout_ms;
      return -1;
    }
    line->may_send = false;
    line->at = 0;
    line->next++;
    note(line, '.');
  }
  return line->item[line->next - 1].bytes[line->at++];
}

static void line_put(void *ctx, uint8_t byte)
{
  struct line *line = ctx;
  line->may_send = true;
  char letter = '?';
  switch (byte) {
  case 'C':
    letter = 'C';
    break;
  case 0x06:
    letter = 'A';
    break;
  case 0x15:
    letter = 'N';
    break;
  case 0x18:
    letter = 'X';
    break;
  default:
    break;
  }
  note(line, letter);
}

void line_init(struct line *line)
{
  memset(line, 0, sizeof *line);
  line->port.get = line_get;
  line->port.put = line_put;
  line->port.ctx = line;
}

void line_free(struct line *line)
{
  for (size_t i = 0; i < line->items; i++)
    free(line->item[i].bytes);
  line->items = 0;
}

void line_send(struct line *line, const void *bytes, size_t size)
{
  assert(line->items < LINE_ITEMS);
  line->item[line->items].bytes = malloc(size + 1);
  assert(line->item[line->items].bytes != NULL);
  if (size != 0)
    memcpy(line->item[line->items].bytes, bytes, size);
  line->item[line->items++].size = size;
}

void line_append(struct line *line, const void *bytes, size_t size)
{
  size_t last = line->items - 1;
  size_t before = line->item[last].size;
  uint8_t *longer = realloc(line->item[last].bytes, before + size + 1);
  assert(longer != NULL);
  memcpy(longer + before, bytes, size);
  line->item[last].bytes = longer;
  line->item[last].size = before + size;
}

void line_silence(struct line *line)
{
  line_send(line, "", 0);
}

/* Bit by bit, as the protocol's definition has it: the receiver's shorter form is held against it. */
static uint16_t crc16(const uint8_t *bytes, size_t size)
{
  uint16_t crc = 0;
  for (size_t i = 0; i < size; i++) {
    crc = (uint16_t)(crc ^ bytes[i] << 8);
    for (int bit = 0; bit < 8; bit++)
      crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

void make_packet(uint8_t *out, uint32_t number, size_t size, const void *data, size_t length)
{
  assert(length <= size);
  out[0] = size == 128 ? 0x01 : 0x02;
  out[1] = (uint8_t)number;
  out[2] = (uint8_t)~number;
  memset(out + 3, 0x1A, size);
  if (length != 0)
    memcpy(out + 3, data, length);
  uint16_t crc = crc16(out + 3, size);
  out[3 + size] = (uint8_t)(crc >> 8);
  out[4 + size] = (uint8_t)crc;
}

void line_packet(struct line *line, uint32_t number, size_t size, const void *data, size_t length)
{
  uint8_t packet[1029];
  make_packet(packet, number, size, data, length);
  line_send(line, packet, size + 5);
}

void line_block0(struct line *line, const char *name, uint32_t file_size)
{
  uint8_t block[128] = {0};
  int used = snprintf((char *)block, sizeof block, "%s", name);
  snprintf((char *)block + used + 1, sizeof block - (size_t)used - 1, "%u 14371252345 100644 0 1 %u",
           (unsigned)file_size, (unsigned)file_size);
  line_packet(line, 0, 128, block, sizeof block);
}

void line_byte(struct line *line, uint8_t byte)
{
  line_send(line, &byte, 1);
}

void line_file(struct line *line, const void *data, uint32_t length, size_t size)
{
  line_block0(line, "fw.sfb", length);
  uint32_t number = 1;
  for (uint32_t at = 0; at < length; number++) {
    uint32_t left = length - at;
    size_t packet = size != 0 ? size : left < 1024 ? 128 : 1024;
    uint32_t take = left < packet ? left : (uint32_t)packet;
    line_packet(line, number, packet, (const uint8_t *)data + at, take);
    at += take;
  }
  line_byte(line, 0x04);
  line_byte(line, 0x04);
  uint8_t empty[128] = {0};
  line_packet(line, 0, 128, empty, sizeof empty);
}

static pc_status keep_begin(void *ctx, const char *name, uint32_t size)
{
  struct keep *keep = ctx;
  assert(!keep->open);
  keep->begins++;
  keep->open = true;
  keep->size = size;
  keep->received = 0;
  snprintf(keep->name, sizeof keep->name, "%s", name);
  return keep->refuse_begin != 0 ? keep->refuse_begin : PC_OK;
}

static pc_status keep_data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  struct keep *keep = ctx;
  assert(keep->open && keep->ends + keep->aborts + 1 == keep->begins);
  assert(offset == keep->received && length >= 1 && length <= 1024 && length <= keep->size - offset);
  assert(((uintptr_t)bytes & 3u) == 0);
  if (keep->refuse_data != 0 && offset == keep->refuse_at)
    return keep->refuse_data;
  assert(offset + length <= sizeof keep->data);
  memcpy(keep->data + offset, bytes, length);
  keep->received += length;
  return PC_OK;
}

static pc_status keep_end(void *ctx)
{
  struct keep *keep = ctx;
  assert(keep->open && keep->received == keep->size);
  if (keep->refuse_end != 0)
    return keep->refuse_end;
  keep->open = false;
  keep->ends++;
  return PC_OK;
}

static void keep_abort(void *ctx, pc_status reason)
{
  struct keep *keep = ctx;
  assert(keep->open && reason != PC_OK);
  keep->open = false;
  keep->aborts++;
  keep->reason = reason;
}

void keep_init(struct keep *keep)
{
  memset(keep, 0, sizeof *keep);
  keep->sink = (struct ymodem_sink){keep_begin, keep_data, keep_end, keep_abort, keep};
}
