/* Frames over USART and SPI. */
#include "sfi/programmer/link.h"

#include "sfi/programmer/wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ACK         0x79u
#define NACK        0x1Fu
#define USART_SYNC  0x7Fu
#define SPI_SYNC    0x5Au
#define PACKET      1100u
#define SPECIAL     0x50u
#define SPECIAL_EXT 0x51u

struct link {
  struct wire *wire;
  bool spi;
  bool filler; /* SPI: the first byte read after an ACK is none */
};

struct link *link_open(const char *port, struct problem *problem)
{
  char spec[200];
  struct link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  link->spi = strncmp(port, "spi:", 4) == 0;
  const char *rest = link->spi ? port + 4 : port;
  bool named = strncmp(rest, "tcp:", 4) == 0 || strncmp(rest, "unix:", 5) == 0;
  if (link->spi && !named && rest[0] == '/') {
    problem_set(problem, CLI_USAGE, "%s: an SPI line is a socket: spi:tcp:HOST:PORT or spi:unix:PATH", port);
    free(link);
    return NULL;
  }
  snprintf(spec, sizeof spec, "%s%s", link->spi && !named ? "tcp:" : "", rest);
  link->wire = wire_open(spec, problem);
  if (link->wire != NULL)
    return link;
  free(link);
  return NULL;
}

void link_close(struct link *link)
{
  if (link == NULL)
    return;
  wire_close(link->wire);
  free(link);
}

static bool put(struct link *link, const uint8_t *bytes, size_t size, struct problem *problem)
{
  uint8_t back[PACKET + 8];
  link->filler = false;
  /* Each byte on SPI brings one back; while the host speaks, it means nothing. */
  return wire_put(link->wire, bytes, size, problem) &&
         (!link->spi || wire_get(link->wire, back, size, LINK_LONG, problem));
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum link_answer spi_ack(struct link *link, unsigned timeout_ms, struct problem *problem)
{
  static const uint8_t nothing[1] = {0x00}, thanks[1] = {ACK};
  uint8_t byte;
  const double end = now() + timeout_ms / 1e3;
  do {
    if (!wire_put(link->wire, nothing, 1, problem) || !wire_get(link->wire, &byte, 1, LINK_LONG, problem))
      return LINK_LOST;
    if (byte == ACK || byte == NACK) {
      if (!put(link, thanks, 1, problem))
        return LINK_LOST;
      link->filler = true;
      return byte == ACK ? LINK_ACK : LINK_NACK;
    }
  } while (now() < end);
  problem_set(problem, CLI_INPUT, "the device does not answer on SPI");
  return LINK_LOST;
}

enum link_answer link_ack(struct link *link, unsigned timeout_ms, struct problem *problem)
{
  uint8_t byte;
  if (link->spi)
    return spi_ack(link, timeout_ms, problem);
  if (!wire_get(link->wire, &byte, 1, timeout_ms, problem))
    return LINK_LOST;
  if (byte == ACK || byte == NACK)
    return byte == ACK ? LINK_ACK : LINK_NACK;
  problem_set(problem, CLI_INPUT, "the device answers %02x where an acknowledge is due: not a boot loader, or noise",
              byte);
  return LINK_LOST;
}

enum link_answer link_sync(struct link *link, unsigned timeout_ms, struct problem *problem)
{
  const uint8_t sync[1] = {link->spi ? SPI_SYNC : USART_SYNC};
  const double end = now() + timeout_ms / 1e3;
  /* A device in the middle of a frame takes the byte as part of it, and answers NACK a second later. One that has just
   * been reset may clean up first, and answers each byte that it was sent meanwhile: so the waits grow, and what comes
   * behind the answer is dropped. */
  for (unsigned wait = LINK_SHORT;; wait *= 2) {
    wire_drain(link->wire, link->spi ? 0 : 20);
    if (!put(link, sync, 1, problem))
      return LINK_LOST;
    if (link_ack(link, wait, problem) == LINK_ACK) {
      if (wait != LINK_SHORT && !link->spi)
        wire_drain(link->wire, 300);
      return LINK_ACK;
    }
    if (now() >= end)
      return LINK_LOST;
  }
}

enum link_answer link_command(struct link *link, uint8_t code, struct problem *problem)
{
  const uint8_t bytes[3] = {SPI_SYNC, code, (uint8_t)~code};
  const unsigned from = link->spi ? 0 : 1;
  return put(link, bytes + from, 3 - from, problem) ? link_ack(link, LINK_SHORT, problem) : LINK_LOST;
}

static bool put_packet(struct link *link, const uint8_t *bytes, size_t size, struct problem *problem)
{
  uint8_t frame[PACKET + 1], sum = size == 1 ? 0xFF : 0;
  if (size > PACKET)
    return problem_set(problem, CLI_INPUT, "packet too long");
  memcpy(frame, bytes, size);
  for (size_t i = 0; i < size; i++)
    sum ^= bytes[i];
  frame[size] = sum;
  return put(link, frame, size + 1, problem);
}

enum link_answer link_packet(struct link *link, const uint8_t *bytes, size_t size, unsigned timeout_ms,
                             struct problem *problem)
{
  return put_packet(link, bytes, size, problem) ? link_ack(link, timeout_ms, problem) : LINK_LOST;
}

enum link_answer link_get(struct link *link, uint8_t *bytes, size_t size, struct problem *problem)
{
  static const uint8_t zeros[PACKET];
  uint8_t filler;
  if (size > sizeof zeros)
    return LINK_LOST;
  if (link->spi) {
    if (link->filler &&
        (!wire_put(link->wire, zeros, 1, problem) || !wire_get(link->wire, &filler, 1, LINK_LONG, problem)))
      return LINK_LOST;
    link->filler = false;
    if (!wire_put(link->wire, zeros, size, problem))
      return LINK_LOST;
  }
  return wire_get(link->wire, bytes, size, link->spi ? LINK_LONG : LINK_SHORT, problem) ? LINK_ACK : LINK_LOST;
}

/* length(2) data */
static enum link_answer send_data(struct link *link, const uint8_t *data, size_t size, unsigned timeout_ms,
                                  struct problem *problem)
{
  uint8_t packet[PACKET] = {(uint8_t)(size >> 8), (uint8_t)size};
  if (size > PACKET - 2) {
    problem_set(problem, CLI_INPUT, "packet too long");
    return LINK_LOST;
  }
  if (size != 0)
    memcpy(packet + 2, data, size);
  return link_packet(link, packet, size + 2, timeout_ms, problem);
}

static enum link_answer get_data(struct link *link, uint8_t *data, size_t *size, struct problem *problem)
{
  uint8_t length[2] = {0};
  enum link_answer answer = link_get(link, length, 2, problem);
  const size_t n = (size_t)(length[0] << 8 | length[1]);
  if (answer != LINK_ACK)
    return answer;
  if (n > *size) {
    problem_set(problem, CLI_INPUT, "the device's answer is too long (%zu bytes)", n);
    return LINK_LOST;
  }
  *size = n;
  return n == 0 ? LINK_ACK : link_get(link, data, n, problem);
}

enum link_answer link_special(struct link *link, uint16_t opcode, const uint8_t *first, size_t first_size,
                              const uint8_t *second, size_t second_size, uint8_t *data, size_t *size, uint16_t *status,
                              unsigned timeout_ms, struct problem *problem)
{
  const uint8_t code[2] = {(uint8_t)(opcode >> 8), (uint8_t)opcode};
  uint8_t ends[2];
  size_t ends_size = sizeof ends, none = 0;
  enum link_answer answer = link_command(link, second != NULL ? SPECIAL_EXT : SPECIAL, problem);
  if (answer == LINK_ACK)
    answer = link_packet(link, code, sizeof code, LINK_SHORT, problem);
  if (answer == LINK_ACK)
    answer = send_data(link, first, first_size, second != NULL ? LINK_SHORT : timeout_ms, problem);
  if (answer == LINK_ACK && second != NULL)
    answer = send_data(link, second, second_size, timeout_ms, problem);
  if (answer == LINK_ACK)
    answer = get_data(link, data, size != NULL ? size : &none, problem);
  if (answer == LINK_ACK)
    answer = get_data(link, ends, &ends_size, problem);
  if (answer != LINK_ACK)
    return answer;
  if (ends_size != 2) {
    problem_set(problem, CLI_INPUT, "the device's status has %zu bytes", ends_size);
    return LINK_LOST;
  }
  *status = (uint16_t)(ends[0] << 8 | ends[1]);
  return link_ack(link, timeout_ms, problem);
}
