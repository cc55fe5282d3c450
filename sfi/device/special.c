/* Secure install as special commands of AN3155: codes 50 and 51. */
#include "sfi/device/internal.h"

#include <string.h>

enum {
  OP_IDENTIFY = 0x100,
  OP_CERTIFICATE = 0x101,
  OP_STATUS = 0x102,
  OP_LICENCE = 0x110,
  OP_HEADER = 0x111,
  OP_AREA = 0x112,
  OP_CHUNK = 0x113,
  OP_FINISH = 0x114,
  OP_ABORT = 0x115,
  OP_MODULE_LICENCE = 0x116,
};
enum { IDENTIFY_SIZE = 48, STATUS_SIZE = 24, CERTIFICATE_PIECE = 512, FIRST_MAX = 128 };
enum { FLAG_KEY = 1, FLAG_READOUT = 2 };

/* Each writes its data to `to` and returns the status. `p`, `n`: the first packet; the second one lies behind its
 * length in c->packet. */
typedef uint16_t (*operation)(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size);

static uint16_t identify(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  const struct sfi_target *t = c->target;
  (void)p;
  if (n != 0)
    return SFI_WRONG_LENGTH;
  memset(to, 0, IDENTIFY_SIZE);
  to[0] = 1;
  to[1] = (uint8_t)c->install->state;
  command_put(to + 2, t->chip_id, 2);
  command_put(to + 4, (t->identity != NULL ? FLAG_KEY : 0u) | (t->read_out_protected() ? FLAG_READOUT : 0u), 2);
  command_put(to + 6, SFI_CHUNK_MAX, 2);
  command_put(to + 8, t->identity != NULL ? t->identity->certificate_size : 0, 2);
  t->unique_id(to + 10);
  sfi_install_challenge(t, to + 22);
  command_put(to + 38, t->firmware->base, 4);
  command_put(to + 42, t->firmware->base + t->firmware->size, 4);
  command_put(to + 46, c->install->cause, 2);
  *size = IDENTIFY_SIZE;
  return SFI_DONE;
}

static uint16_t certificate(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  const struct sfi_identity *identity = c->target->identity;
  if (n != 2)
    return SFI_WRONG_LENGTH;
  if (identity == NULL)
    return SFI_NO_KEY;
  uint32_t at = command_number(p, 2), whole = identity->certificate_size;
  if (whole > SFI_IDENTITY_CERTIFICATE || at > whole)
    return SFI_WRONG_LENGTH;
  *size = whole - at < CERTIFICATE_PIECE ? whole - at : CERTIFICATE_PIECE;
  memcpy(to, identity->certificate + at, *size);
  return SFI_DONE;
}

static uint16_t status_of(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  const struct sfi_install *s = c->install;
  (void)p;
  if (n != 0)
    return SFI_WRONG_LENGTH;
  memset(to, 0, STATUS_SIZE);
  to[0] = (uint8_t)s->state;
  if (s->state == SFI_OPEN || s->state == SFI_IN_AREA) {
    command_put(to + 2, s->order.areas, 2);
    command_put(to + 4, s->order.next - 1, 2);
    command_put(to + 6, s->taken, 4);
    command_put(to + 10, s->order.next > 1 ? s->area.size : 0, 4);
  }
  command_put(to + 14, s->programmed, 4);
  command_put(to + 18, s->last, 2);
  command_put(to + 20, s->cause, 2);
  *size = STATUS_SIZE;
  return SFI_DONE;
}

static uint16_t licence(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)p, (void)to, (void)size;
  if (n != 0)
    return SFI_WRONG_LENGTH;
  uint16_t (*take)(struct sfi_install *, const uint8_t *, uint32_t) =
      c->opcode == OP_LICENCE ? sfi_install_licence : sfi_install_module_licence;
  uint16_t status = take(c->install, c->packet + 2, command_number(c->packet, 2));
  memset(c->packet, 0, sizeof c->packet);
  return status;
}

static uint16_t header(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)to, (void)size;
  return sfi_install_header(c->install, p, n);
}

static uint16_t area(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)to, (void)size;
  return sfi_install_area(c->install, p, n);
}

static uint16_t chunk(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)to, (void)size;
  if (n != 4)
    return SFI_WRONG_LENGTH;
  return sfi_install_chunk(c->install, command_number(p, 4), c->packet + 2, command_number(c->packet, 2));
}

static uint16_t finish(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)p, (void)to, (void)size;
  if (n != 0)
    return SFI_WRONG_LENGTH;
  uint16_t status = sfi_install_finish(c->install);
  c->finish = c->install->state == SFI_FINISHED;
  return status;
}

static uint16_t abort_install(struct sfi_command *c, const uint8_t *p, uint32_t n, uint8_t *to, uint32_t *size)
{
  (void)p, (void)to, (void)size;
  return n != 0 ? SFI_WRONG_LENGTH : sfi_install_abort(c->install);
}

static const struct {
  uint16_t opcode;
  bool extended;
  operation run;
} operations[] = {
    {OP_IDENTIFY, false, identify},   {OP_CERTIFICATE, false, certificate},
    {OP_STATUS, false, status_of},    {OP_LICENCE, true, licence},
    {OP_HEADER, false, header},       {OP_AREA, false, area},
    {OP_CHUNK, true, chunk},          {OP_FINISH, false, finish},
    {OP_ABORT, false, abort_install}, {OP_MODULE_LICENCE, true, licence},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static uint32_t find(const struct sfi_command *c)
{
  uint32_t i = 0;
  while (i < OPERATIONS && (operations[i].opcode != c->opcode || operations[i].extended != (c->code == 0x51)))
    i++;
  return i;
}

/* All packets are there: data packet, status packet, ACK. */
static void run(struct sfi_command *c)
{
  uint32_t size = 0;
  uint16_t status = operations[find(c)].run(c, c->first, c->first_size, c->answer + 2, &size);
  command_put(c->answer, size, 2);
  command_put(c->answer + 2 + size, 2, 2);
  command_put(c->answer + 4 + size, status, 2);
  command_answer(c, c->answer, size + 6);
  command_end(c);
}

static void second_data(struct sfi_command *c)
{
  if (command_checked(c))
    run(c);
  else
    command_refuse(c);
}

static void second_length(struct sfi_command *c)
{
  uint32_t size = command_number(c->packet, 2);
  if (size > SFI_CHUNK_MAX)
    command_refuse(c);
  else
    command_extend(c, size + 1, second_data);
}

static void first_data(struct sfi_command *c)
{
  if (!command_checked(c)) {
    command_refuse(c);
    return;
  }
  c->first_size = command_number(c->packet, 2);
  memcpy(c->first, c->packet + 2, c->first_size);
  if (c->code == 0x51) {
    command_ack(c);
    command_expect(c, 2, second_length);
  } else {
    run(c);
  }
}

static void first_length(struct sfi_command *c)
{
  uint32_t size = command_number(c->packet, 2);
  if (size > FIRST_MAX)
    command_refuse(c);
  else
    command_extend(c, size + 1, first_data);
}

static void opcode(struct sfi_command *c)
{
  c->opcode = (uint16_t)command_number(c->packet, 2);
  if (!command_checked(c) || find(c) == OPERATIONS) {
    command_refuse(c);
    return;
  }
  command_ack(c);
  command_expect(c, 2, first_length);
}

void special_begin(struct sfi_command *c)
{
  command_ack(c);
  command_expect(c, 3, opcode);
}
