/* The card's end of the vpcd connection. */
#include "sfi/card/vpcd.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, GET_ATR = 4 };

/* ISO 7816-3: T=1 only, historical bytes "PCL-SFI". The last byte makes the exclusive-or of all but the first zero.
 */
static const uint8_t atr[] = {0x3B, 0x87, 0x01, 'P', 'C', 'L', '-', 'S', 'F', 'I'};

static int try_connect(const char *host, const char *port)
{
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  int fd = -1, on = 1;
  if (getaddrinfo(host, port, &hints, &list) != 0)
    return -1;
  for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  if (fd >= 0)
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

int vpcd_connect(const char *host, const char *port, unsigned seconds)
{
  for (unsigned tries = 0;; tries++) {
    int fd = try_connect(host, port);
    if (fd >= 0 || tries >= 20 * seconds)
      return fd;
    (void)poll(NULL, 0, 50);
  }
}

/* 1: all bytes, 0: end before the first, -1: broken. */
static int receive(int fd, uint8_t *to, size_t size)
{
  size_t got = 0;
  int on = 1;
  while (got < size) {
    /* The driver sends length and bytes apart, and the second waits for the first one's acknowledgement. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    ssize_t n = read(fd, to + got, size - got);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n == 0 && got == 0 ? 0 : -1;
    got += (size_t)n;
  }
  return 1;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
  uint8_t message[2 + CARD_RESPONSE_MAX] = {(uint8_t)(size >> 8), (uint8_t)size};
  memcpy(message + 2, bytes, size);
  size += 2;
  for (size_t at = 0; at < size;) {
    ssize_t n = send(fd, message + at, size - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    at += (size_t)n;
  }
  return true;
}

static bool send_atr(int fd)
{
  uint8_t bytes[sizeof atr + 1], check = 0;
  memcpy(bytes, atr, sizeof atr);
  for (size_t i = 1; i < sizeof atr; i++)
    check ^= atr[i];
  bytes[sizeof atr] = check;
  return send_all(fd, bytes, sizeof bytes);
}

static bool control(int fd, uint8_t what, struct card *card, const struct card_io *io)
{
  if (what == POWER_OFF)
    card_power_off(card);
  else if (what == POWER_ON || what == RESET)
    card_power_on(card, io);
  else if (what == GET_ATR)
    return send_atr(fd);
  return true;
}

bool vpcd_serve(int fd, struct card *card, const struct card_io *io)
{
  static uint8_t message[65536];
  uint8_t head[2], answer[CARD_RESPONSE_MAX];
  int got;
  while ((got = receive(fd, head, 2)) == 1) {
    size_t size = (size_t)head[0] << 8 | head[1];
    if (receive(fd, message, size) != 1)
      return false;
    bool ok = true;
    if (size == 1)
      ok = control(fd, message[0], card, io);
    else if (size > 1)
      ok = send_all(fd, answer, card_command(card, message, size, answer));
    if (!ok)
      return false;
  }
  return got == 0;
}
