/* Serial ports and sockets as one. */
#include "sfi/programmer/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

struct wire {
  int fd;
  char port[200];
};

static int open_tcp(const char *spec, struct problem *problem)
{
  char host[120];
  const char *colon = strrchr(spec, ':');
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  int fd = -1, one = 1;
  if (colon == NULL || colon == spec || (size_t)(colon - spec) >= sizeof host || colon[1] == '\0' ||
      strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
    problem_set(problem, CLI_USAGE, "tcp:%s: must be tcp:HOST:PORT, the port a number", spec);
    return -1;
  }
  snprintf(host, sizeof host, "%.*s", (int)(colon - spec), spec);
  int wrong = getaddrinfo(host, colon + 1, &hints, &found);
  if (wrong != 0) {
    problem_set(problem, CLI_INPUT, "tcp:%s: %s", spec, gai_strerror(wrong));
    return -1;
  }
  for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(found);
  if (fd < 0)
    problem_set(problem, CLI_INPUT, "tcp:%s: %s", spec, strerror(errno));
  else
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static int open_unix(const char *path, struct problem *problem)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    problem_set(problem, CLI_USAGE, "unix:%s: path too long", path);
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  problem_set(problem, CLI_INPUT, "unix:%s: %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  return -1;
}

static int open_serial(const char *path, struct problem *problem)
{
  struct termios mode;
  int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || tcgetattr(fd, &mode) != 0) {
    problem_set(problem, CLI_INPUT, "%s: %s", path, fd >= 0 && errno == ENOTTY ? "not a serial port" : strerror(errno));
    if (fd >= 0)
      close(fd);
    return -1;
  }
  cfmakeraw(&mode);
  mode.c_cflag |= CLOCAL | CREAD | PARENB;
  mode.c_cflag &= ~(tcflag_t)(PARODD | CSTOPB | CRTSCTS);
  cfsetspeed(&mode, B115200);
  (void)tcsetattr(fd, TCSANOW, &mode);
  (void)tcflush(fd, TCIOFLUSH);
  return fd;
}

struct wire *wire_open(const char *port, struct problem *problem)
{
  struct wire *wire = calloc(1, sizeof *wire);
  if (wire == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  snprintf(wire->port, sizeof wire->port, "%s", port);
  wire->fd = strncmp(port, "tcp:", 4) == 0    ? open_tcp(port + 4, problem)
             : strncmp(port, "unix:", 5) == 0 ? open_unix(port + 5, problem)
                                              : open_serial(port, problem);
  if (wire->fd >= 0)
    return wire;
  free(wire);
  return NULL;
}

void wire_close(struct wire *wire)
{
  if (wire == NULL)
    return;
  close(wire->fd);
  free(wire);
}

static bool wait_for(const struct wire *wire, short what, unsigned timeout_ms)
{
  struct pollfd p = {wire->fd, what, 0};
  int n;
  do
    n = poll(&p, 1, (int)timeout_ms);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

/* A socket whose other end has closed is an error like any other, not the end of the program (SIGPIPE). */
static ssize_t put_some(int fd, const uint8_t *bytes, size_t size)
{
  ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
  return n < 0 && errno == ENOTSOCK ? write(fd, bytes, size) : n;
}

bool wire_put(struct wire *wire, const uint8_t *bytes, size_t size, struct problem *problem)
{
  while (size != 0) {
    ssize_t n = wait_for(wire, POLLOUT, 10000) ? put_some(wire->fd, bytes, size) : -1;
    if (n < 0 && (errno == EINTR || errno == EAGAIN) && wait_for(wire, POLLOUT, 1000))
      continue;
    if (n <= 0)
      return problem_set(problem, CLI_INPUT, "%s: cannot be written: %s", wire->port, strerror(errno));
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

bool wire_get(struct wire *wire, uint8_t *bytes, size_t size, unsigned timeout_ms, struct problem *problem)
{
  while (size != 0) {
    if (!wait_for(wire, POLLIN, timeout_ms))
      return problem_set(problem, CLI_INPUT, "%s: the device does not answer", wire->port);
    ssize_t n = read(wire->fd, bytes, size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n <= 0)
      return problem_set(problem, CLI_INPUT, "%s: the line was closed", wire->port);
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

void wire_drain(struct wire *wire, unsigned quiet_ms)
{
  uint8_t bytes[256];
  while (wait_for(wire, POLLIN, quiet_ms) && read(wire->fd, bytes, sizeof bytes) > 0) {
  }
}
