/* YMODEM batch receiver (contract in ymodem.h). Touches nothing but the caller's struct, its line and its sink. */
#include "loader/ymodem.h"

enum { SOH = 0x01, STX = 0x02, EOT = 0x04, ACK = 0x06, NAK = 0x15, CAN = 0x18, INVITE = 'C' };

/* What came over the line. */
enum event {
  EVENT_PACKET,  /* whole, CRC right */
  EVENT_EOT,     /* end of file */
  EVENT_CANCEL,  /* two CAN in a row */
  EVENT_DAMAGED, /* began like a packet and was none */
  EVENT_STRAY,   /* a byte that begins nothing */
  EVENT_SILENCE  /* nothing in time */
};

/* Room for any packet under way, and for a hundred repeated block 0; and an end, should the line never fall silent. */
#define DRAIN_MAX 16384u
/* Two would do if none is lost. */
#define CANCEL_COUNT 5u

static int32_t get(const struct ymodem *y, uint32_t timeout_ms)
{
  return y->line->get(y->line->ctx, timeout_ms);
}

static void put(const struct ymodem *y, uint8_t byte)
{
  y->line->put(y->line->ctx, byte);
}

static void drain(const struct ymodem *y)
{
  for (uint32_t i = 0; i < DRAIN_MAX && get(y, y->quiet_ms) >= 0; i++)
    ;
}

/* CRC-16/XMODEM (polynomial 0x1021, start 0), one byte further. Over data followed by its CRC it comes to 0. */
static uint32_t crc16(uint32_t crc, uint32_t byte)
{
  uint32_t top = (crc >> 8) ^ byte;
  top ^= top >> 4;
  return ((crc << 8) ^ (top << 12) ^ (top << 5) ^ top) & 0xFFFFu;
}

/* The rest of a packet of y->length bytes. */
static bool get_packet(struct ymodem *y)
{
  int32_t number = get(y, y->byte_ms);
  int32_t complement = get(y, y->byte_ms);
  if (number < 0 || complement < 0 || (number ^ complement) != 0xFF)
    return false;
  uint32_t crc = 0;
  for (uint32_t i = 0; i < y->length + 2u; i++) {
    int32_t byte = get(y, y->byte_ms);
    if (byte < 0)
      return false;
    crc = crc16(crc, (uint32_t)byte);
    if (i < y->length)
      y->packet[i] = (uint8_t)byte;
  }
  y->number = (uint16_t)number;
  return crc == 0;
}

static enum event next_event(struct ymodem *y, uint32_t timeout_ms)
{
  int32_t byte = get(y, timeout_ms);
  if (byte == CAN) {
    byte = get(y, y->byte_ms);
    if (byte == CAN)
      return EVENT_CANCEL;
  }
  if (byte < 0)
    return EVENT_SILENCE;
  if (byte == EOT)
    return EVENT_EOT;
  enum event event = EVENT_STRAY;
  if (byte == SOH || byte == STX) {
    y->length = byte == SOH ? 128u : YMODEM_PACKET;
    if (get_packet(y))
      return EVENT_PACKET;
    event = EVENT_DAMAGED;
  }
  /* Whatever follows is out of step: let it pass, or its bytes would be taken for packets. */
  drain(y);
  return event;
}

/* Block 0: name, NUL, decimal size, then NUL, a space and more, or the end of the packet. */
static pc_status parse_block0(struct ymodem *y)
{
  uint32_t i = 0;
  while (i < y->length && y->packet[i] != 0)
    i++;
  uint32_t size = 0;
  uint32_t digits = ++i;
  for (; i < y->length; i++) {
    uint32_t digit = (uint32_t)y->packet[i] - '0';
    if (digit > 9u)
      break;
    if (size > (UINT32_MAX - 9u) / 10u)
      return PC_ERR_FORMAT;
    size = size * 10u + digit;
  }
  if (i <= digits || (i < y->length && y->packet[i] != 0 && y->packet[i] != ' '))
    return PC_ERR_FORMAT;
  y->size = size;
  return PC_OK;
}

static pc_status offered(struct ymodem *y)
{
  pc_status status = parse_block0(y);
  if (status != PC_OK)
    return status;
  y->open = true;
  y->eot = false;
  y->next = 1;
  y->offset = 0;
  status = y->sink->begin(y->sink->ctx, (const char *)y->packet, y->size);
  if (status != PC_OK)
    return status;
  /* The sender takes each invitation that piled up before it came for a request to repeat block 0. Let all of that
   * pass: an acknowledge for each would let it run ahead of us. */
  drain(y);
  put(y, ACK);
  put(y, INVITE);
  return PC_OK;
}

static pc_status deliver(struct ymodem *y)
{
  uint32_t left = y->size - y->offset;
  if (left == 0)
    return PC_ERR_TRANSFER;
  uint32_t length = y->length < left ? y->length : left;
  pc_status status = y->sink->data(y->sink->ctx, y->offset, y->packet, length);
  if (status != PC_OK)
    return status;
  y->offset += length;
  y->next++;
  y->eot = false;
  put(y, ACK);
  return PC_OK;
}

static pc_status ended(struct ymodem *y)
{
  if (y->nak_first_eot && !y->eot) {
    y->eot = true;
    put(y, NAK);
    return PC_OK;
  }
  if (y->offset != y->size)
    return PC_ERR_TRANSFER;
  pc_status status = y->sink->end(y->sink->ctx);
  if (status != PC_OK)
    return status;
  y->open = false;
  y->failed = 0;
  y->files++;
  put(y, ACK);
  put(y, INVITE);
  return PC_OK;
}

/* End the session: with CANs if the sender does not know it yet. What is still coming must not reach the next reader of
 * the line. */
static pc_status finish(struct ymodem *y, pc_status status, uint32_t cans)
{
  while (cans-- != 0)
    put(y, CAN);
  drain(y);
  /* Files delivered stay delivered, whatever happens between them. */
  if (!y->open)
    return y->files != 0 ? PC_OK : status;
  y->open = false;
  y->sink->abort(y->sink->ctx, status);
  return status;
}

void ymodem_init(struct ymodem *y, const struct ymodem_line *line, const struct ymodem_sink *sink)
{
  y->line = line;
  y->sink = sink;
  y->start_ms = 1000;
  y->first_ms = 3000;
  y->byte_ms = 1000;
  y->quiet_ms = 100;
  y->starts = 60;
  y->errors = 3;
  y->nak_first_eot = true;
}

pc_status ymodem_receive(struct ymodem *y)
{
  uint32_t starts = 0;
  y->open = false;
  y->failed = 0;
  y->files = 0;
  put(y, INVITE);
  for (;;) {
    bool nobody = !y->open && y->files == 0;
    enum event event = next_event(y, nobody ? y->start_ms : y->first_ms);
    /* The answer to what leads nowhere: the sender repeats. Before the first packet of a file it waits for an
     * invitation. */
    uint8_t answer = NAK;
    if (event == EVENT_CANCEL)
      return finish(y, PC_ERR_CANCELLED, 0);
    if (event == EVENT_PACKET) {
      if (!y->open && y->number == 0) {
        if (y->packet[0] == 0) {
          put(y, ACK);
          return y->files != 0 ? PC_OK : PC_ERR_CANCELLED;
        }
        pc_status status = offered(y);
        if (status != PC_OK)
          return finish(y, status, CANCEL_COUNT);
        y->failed = 0;
        continue;
      }
      if (y->open && y->number == y->next) {
        pc_status status = deliver(y);
        if (status != PC_OK)
          return finish(y, status, CANCEL_COUNT);
        y->failed = 0;
        continue;
      }
      /* Our acknowledge was lost. It still counts as an error: repeated for ever, it would never end. */
      if (y->open && y->number == (uint8_t)(y->next - 1u))
        answer = ACK;
    } else if (event == EVENT_EOT && y->open) {
      pc_status status = ended(y);
      if (status != PC_OK)
        return finish(y, status, CANCEL_COUNT);
      continue;
    } else if (event == EVENT_EOT && y->files != 0) {
      put(y, ACK);
      answer = INVITE;
    } else if (event != EVENT_DAMAGED) {
      if (!y->open || y->offset == 0)
        answer = INVITE;
      if (nobody) {
        /* A person may be typing, or nobody be there yet: not the errors of a session. */
        if (++starts >= y->starts)
          return finish(y, PC_ERR_BLANK, 0);
        put(y, answer);
        continue;
      }
    }
    if (++y->failed >= y->errors)
      return finish(y, PC_ERR_TRANSFER, CANCEL_COUNT);
    put(y, answer);
  }
}
