/* The memory commands of AN3155, for a plain boot loader. At read-out protection only readout unprotect is left. */
#include "sfi/device/internal.h"

#include <string.h>

enum {
  READ = 0x11,
  GO = 0x21,
  WRITE = 0x31,
  ERASE = 0x44,
  WRITE_PROTECT = 0x63,
  WRITE_UNPROTECT = 0x73,
  READOUT_PROTECT = 0x82,
  READOUT_UNPROTECT = 0x92
};

static const struct sfi_memory *memory(const struct sfi_command *c)
{
  return c->target->memory;
}

/* Option changes and starts take effect when the last answer has left. */
static void end_with(struct sfi_command *c, bool done)
{
  if (!done) {
    command_refuse(c);
    return;
  }
  c->finish = true;
  command_end(c);
}

/* ---- read ---- */
static void read_count(struct sfi_command *c)
{
  uint32_t size = c->packet[0] + 1u;
  if ((c->packet[0] ^ c->packet[1]) != 0xFF || !memory(c)->read(c->address, c->answer, size)) {
    command_refuse(c);
    return;
  }
  c->step = NULL;
  command_answer(c, c->answer, size);
}

static bool take_address(struct sfi_command *c)
{
  c->address = command_number(c->packet, 4);
  return command_checked(c);
}

static void read_address(struct sfi_command *c)
{
  if (!take_address(c) || !memory(c)->read(c->address, c->answer, 1)) {
    command_refuse(c);
    return;
  }
  command_ack(c);
  command_expect(c, 2, read_count);
}

/* ---- write ---- */
static void write_data(struct sfi_command *c)
{
  if (!command_checked(c)) {
    command_refuse(c);
    return;
  }
  bool good = memory(c)->write(c->address, c->packet + 1, c->packet[0] + 1u);
  if (good)
    command_end(c);
  else
    command_refuse(c);
}

static void write_count(struct sfi_command *c)
{
  command_extend(c, c->packet[0] + 2u, write_data);
}

static void write_address(struct sfi_command *c)
{
  if (!take_address(c)) {
    command_refuse(c);
    return;
  }
  command_ack(c);
  command_expect(c, 1, write_count);
}

static void go_address(struct sfi_command *c)
{
  end_with(c, take_address(c) && memory(c)->go(c->address));
}

/* ---- erase ---- */
static void erase_pages(struct sfi_command *c)
{
  uint32_t count = command_number(c->packet, 2) + 1u;
  bool good = command_checked(c);
  for (uint32_t i = 0; good && i < count; i++)
    good = memory(c)->erase(command_number(c->packet + 2 + 2 * i, 2));
  if (good)
    command_end(c);
  else
    command_refuse(c);
}

static void erase_all(struct sfi_command *c)
{
  const struct flash_area *f = c->target->firmware;
  if (command_checked(c) && flash_erase(f, 0, f->size) == PC_OK)
    command_end(c);
  else
    command_refuse(c);
}

static void erase_count(struct sfi_command *c)
{
  uint32_t count = command_number(c->packet, 2);
  if (count == 0xFFFF)
    command_extend(c, 1, erase_all);
  else if (2 + 2 * (count + 1) + 1 <= sizeof c->packet)
    command_extend(c, 2 * (count + 1) + 1, erase_pages);
  else
    command_refuse(c);
}

/* ---- protection ---- */
/* The pages must be one run, in any order, each once. */
static void protect(struct sfi_command *c)
{
  uint32_t count = c->packet[0] + 1u, first = 0xFF, last = 0;
  uint8_t seen[32] = {0};
  bool good = command_checked(c);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t page = c->packet[1 + i];
    good = good && (seen[page / 8] >> (page % 8) & 1u) == 0;
    seen[page / 8] |= (uint8_t)(1u << (page % 8));
    first = page < first ? page : first;
    last = page > last ? page : last;
  }
  end_with(c, good && last - first + 1 == count && memory(c)->protect_pages(first, last));
}

static void protect_count(struct sfi_command *c)
{
  command_extend(c, c->packet[0] + 2u, protect);
}

/* Two ACKs: one at once, one when it is done. */
static void at_once(struct sfi_command *c, bool done)
{
  if (!done) {
    command_refuse(c);
    return;
  }
  command_ack(c);
  end_with(c, true);
}

bool memory_knows(uint8_t code)
{
  static const uint8_t codes[] = {
      READ, GO, WRITE, ERASE, WRITE_PROTECT, WRITE_UNPROTECT, READOUT_PROTECT, READOUT_UNPROTECT};
  return memchr(codes, code, sizeof codes) != NULL;
}

bool memory_begin(struct sfi_command *c)
{
  if (!memory_knows(c->code) || (c->target->read_out_protected() && c->code != READOUT_UNPROTECT))
    return false;
  switch (c->code) {
  case WRITE_UNPROTECT:
    at_once(c, memory(c)->protect_pages(1, 0));
    return true;
  case READOUT_PROTECT:
    at_once(c, memory(c)->readout(true));
    return true;
  case READOUT_UNPROTECT:
    at_once(c, memory(c)->readout(false));
    return true;
  default:
    break;
  }
  command_ack(c);
  if (c->code == ERASE)
    command_expect(c, 2, erase_count);
  else if (c->code == WRITE_PROTECT)
    command_expect(c, 1, protect_count);
  else
    command_expect(c, 5, c->code == READ ? read_address : c->code == WRITE ? write_address : go_address);
  return true;
}
