/* AN3155's commands. */
#include "sfi/programmer/rom.h"

#include <string.h>

enum { GET_ID = 0x02, READ = 0x11, GO = 0x21, WRITE = 0x31, ERASE = 0x44, PROTECT = 0x82, UNPROTECT = 0x92 };

#define BLOCK 256u

/* False with a message unless the answer is ACK. */
static bool accept(enum link_answer answer, const char *what, struct problem *problem)
{
  if (answer == LINK_NACK)
    return problem_set(problem, CLI_REFUSED, "the device refuses to %s", what);
  return answer == LINK_ACK;
}

static enum link_answer send_address(struct link *link, uint32_t address, struct problem *problem)
{
  const uint8_t bytes[4] = {(uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
                            (uint8_t)address};
  return link_packet(link, bytes, sizeof bytes, LINK_SHORT, problem);
}

bool rom_chip_id(struct link *link, uint16_t *id, struct problem *problem)
{
  uint8_t bytes[3] = {0};
  enum link_answer answer = link_command(link, GET_ID, problem);
  if (answer == LINK_ACK)
    answer = link_get(link, bytes, 3, problem);
  if (answer == LINK_ACK)
    answer = link_ack(link, LINK_SHORT, problem);
  *id = (uint16_t)(bytes[1] << 8 | bytes[2]);
  return accept(answer, "say what chip it is", problem);
}

bool rom_read(struct link *link, uint32_t address, uint8_t *bytes, uint32_t size, rom_progress progress, void *ctx,
              struct problem *problem)
{
  for (uint32_t done = 0; done < size;) {
    const uint32_t n = size - done < BLOCK ? size - done : BLOCK;
    const uint8_t count[1] = {(uint8_t)(n - 1)};
    enum link_answer answer = link_command(link, READ, problem);
    if (!accept(answer, "be read (protected, or it holds a key)", problem))
      return false;
    answer = send_address(link, address + done, problem);
    if (answer == LINK_ACK)
      answer = link_packet(link, count, 1, LINK_SHORT, problem);
    if (answer == LINK_ACK)
      answer = link_get(link, bytes + done, n, problem);
    if (answer == LINK_NACK)
      return problem_set(problem, CLI_REFUSED, "0x%08x: the device does not give this memory out", address + done);
    if (answer != LINK_ACK)
      return false;
    done += n;
    if (progress != NULL)
      progress(ctx, done, size);
  }
  return true;
}

bool rom_write(struct link *link, uint32_t address, const uint8_t *bytes, uint32_t size, rom_progress progress,
               void *ctx, struct problem *problem)
{
  for (uint32_t done = 0; done < size;) {
    const uint32_t n = size - done < BLOCK ? size - done : BLOCK;
    uint8_t packet[1 + BLOCK] = {(uint8_t)(n - 1)};
    memcpy(packet + 1, bytes + done, n);
    enum link_answer answer = link_command(link, WRITE, problem);
    if (!accept(answer, "be written (protected, or it holds a key)", problem))
      return false;
    answer = send_address(link, address + done, problem);
    if (answer == LINK_ACK)
      answer = link_packet(link, packet, n + 1, LINK_LONG, problem);
    if (answer == LINK_NACK)
      return problem_set(problem, CLI_REFUSED, "0x%08x: not written: not erased, or not for firmware", address + done);
    if (answer != LINK_ACK)
      return false;
    done += n;
    if (progress != NULL)
      progress(ctx, done, size);
  }
  return true;
}

bool rom_erase(struct link *link, uint32_t first, uint32_t count, struct problem *problem)
{
  const uint32_t most = 500; /* pages in one packet */
  while (count != 0) {
    const uint32_t n = count < most ? count : most;
    uint8_t packet[2 + 2 * 500] = {(uint8_t)((n - 1) >> 8), (uint8_t)(n - 1)};
    for (uint32_t i = 0; i < n; i++) {
      packet[2 + 2 * i] = (uint8_t)((first + i) >> 8);
      packet[3 + 2 * i] = (uint8_t)(first + i);
    }
    enum link_answer answer = link_command(link, ERASE, problem);
    if (!accept(answer, "be erased (protected, or it holds a key)", problem))
      return false;
    answer = link_packet(link, packet, 2 + 2 * n, 6 * LINK_LONG, problem);
    if (!accept(answer, "erase these pages", problem))
      return false;
    first += n;
    count -= n;
  }
  return true;
}

bool rom_erase_all(struct link *link, struct problem *problem)
{
  static const uint8_t all[2] = {0xFF, 0xFF};
  enum link_answer answer = link_command(link, ERASE, problem);
  if (answer == LINK_ACK)
    answer = link_packet(link, all, sizeof all, 6 * LINK_LONG, problem);
  return accept(answer, "be erased (protected, or it holds a key)", problem);
}

bool rom_go(struct link *link, uint32_t address, struct problem *problem)
{
  enum link_answer answer = link_command(link, GO, problem);
  if (answer == LINK_ACK)
    answer = send_address(link, address, problem);
  return accept(answer, "start this program (protected, it holds a key, or no program is there)", problem);
}

bool rom_protect(struct link *link, bool on, struct problem *problem)
{
  enum link_answer answer = link_command(link, on ? PROTECT : UNPROTECT, problem);
  if (answer == LINK_ACK)
    answer = link_ack(link, LINK_LONG, problem);
  return accept(answer, "change its readout protection", problem);
}
