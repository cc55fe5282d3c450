/* Frames and the commands that only identify the device: see command.h. */
#include "sfi/device/command.h"

#include "sfi/device/internal.h"

#include <string.h>

enum { GET = 0x00, GET_VERSION = 0x01, GET_ID = 0x02, SPECIAL = 0x50, EXTENDED_SPECIAL = 0x51 };
enum { SYNC_USART = 0x7F, START_OF_FRAME = 0x5A, VERSION = 0x31 };

/* ---- packets ---- */
void command_expect(struct sfi_command *c, uint32_t need, void (*step)(struct sfi_command *))
{
  c->got = 0;
  c->need = need;
  c->step = step;
}

void command_extend(struct sfi_command *c, uint32_t more, void (*step)(struct sfi_command *))
{
  c->need = c->got + more;
  c->step = step;
}

void command_answer(struct sfi_command *c, const uint8_t *data, uint32_t size)
{
  c->link->reply(c->link->ctx, SFI_ACK, data, size);
}

void command_ack(struct sfi_command *c)
{
  command_answer(c, NULL, 0);
}

void command_end(struct sfi_command *c)
{
  c->step = NULL;
  command_ack(c);
}

void command_refuse(struct sfi_command *c)
{
  c->step = NULL;
  c->link->reply(c->link->ctx, SFI_NACK, NULL, 0);
}

bool command_checked(const struct sfi_command *c)
{
  uint8_t sum = 0;
  for (uint32_t i = 0; i < c->got; i++)
    sum ^= c->packet[i];
  return sum == 0;
}

uint32_t command_number(const uint8_t *bytes, uint32_t size)
{
  uint32_t value = 0;
  while (size-- != 0)
    value = value << 8 | *bytes++;
  return value;
}

void command_put(uint8_t *to, uint32_t value, uint32_t size)
{
  while (size-- != 0) {
    to[size] = (uint8_t)value;
    value >>= 8;
  }
}

/* ---- commands ---- */
static void get(struct sfi_command *c)
{
  static const uint8_t always[] = {GET, GET_VERSION, GET_ID, SPECIAL, EXTENDED_SPECIAL};
  uint32_t n = 0;
  c->answer[1] = VERSION;
  for (unsigned code = 0; code < 0x100; code++)
    if (memchr(always, (int)code, sizeof always) != NULL || (c->target->memory != NULL && memory_knows((uint8_t)code)))
      c->answer[2 + n++] = (uint8_t)code;
  c->answer[0] = (uint8_t)n; /* bytes that follow, less one: the version and the codes */
  command_answer(c, c->answer, 2 + n);
  command_end(c);
}

static void get_version(struct sfi_command *c)
{
  static const uint8_t answer[] = {VERSION, 0, 0};
  command_answer(c, answer, sizeof answer);
  command_end(c);
}

static void get_id(struct sfi_command *c)
{
  c->answer[0] = 1;
  command_put(c->answer + 1, c->target->chip_id, 2);
  command_answer(c, c->answer, 3);
  command_end(c);
}

/* Code and complement are there. */
static void begin(struct sfi_command *c)
{
  c->code = c->packet[0];
  if ((c->packet[0] ^ c->packet[1]) != 0xFF) {
    command_refuse(c);
    return;
  }
  switch (c->code) {
  case GET:
    get(c);
    return;
  case GET_VERSION:
    get_version(c);
    return;
  case GET_ID:
    get_id(c);
    return;
  case SPECIAL:
  case EXTENDED_SPECIAL:
    special_begin(c);
    return;
  default:
    if (c->target->memory == NULL || !memory_begin(c))
      command_refuse(c);
    return;
  }
}

/* A byte between commands. */
static void between(struct sfi_command *c, uint8_t byte)
{
  uint8_t sync = c->link->framed ? START_OF_FRAME : SYNC_USART;
  if (!c->synced) {
    c->synced = byte == sync;
    if (c->synced)
      command_ack(c);
  } else if (c->link->framed) {
    if (byte == START_OF_FRAME)
      command_expect(c, 2, begin);
  } else if (byte == SYNC_USART) {
    command_ack(c);
  } else {
    command_expect(c, 2, begin);
    c->packet[c->got++] = byte;
  }
}

void sfi_command_start(struct sfi_command *c, const struct sfi_target *target, const struct sfi_link *link,
                       struct sfi_install *install)
{
  memset(c, 0, sizeof *c);
  c->target = target;
  c->link = link;
  c->install = install;
}

void sfi_command_byte(struct sfi_command *c, uint8_t byte)
{
  if (c->step == NULL) {
    between(c, byte);
    return;
  }
  if (c->got < sizeof c->packet)
    c->packet[c->got++] = byte;
  if (c->got >= c->need)
    c->step(c);
}

bool sfi_command_in_frame(const struct sfi_command *c)
{
  return c->step != NULL;
}

uint32_t sfi_command_wants(const struct sfi_command *c)
{
  return c->step != NULL ? c->need - c->got : 1;
}

void sfi_command_timeout(struct sfi_command *c)
{
  if (c->step != NULL)
    command_refuse(c);
}
