/* Sockets for the UART, the debugger and the control connection. */
#include "sim/host/net.h"

#include "sim/host/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 2000

static int give_up(int fd, const char *what, const char *name, char *err, size_t err_size)
{
  snprintf(err, err_size, "%s %s: %s", what, name, strerror(errno));
  if (fd >= 0)
    close(fd);
  return -1;
}

int net_listen_tcp(const char *port, uint16_t *chosen, char *err, size_t err_size)
{
  uint64_t number;
  if (!command_parse_number(port, 65535, &number)) {
    snprintf(err, err_size, "a port is a number from 0 to 65535, not '%.40s'", port);
    return -1;
  }
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
  socklen_t size = sizeof a;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &size) != 0)
    return give_up(fd, "cannot listen on TCP port", port, err, err_size);
  *chosen = ntohs(a.sin_port);
  return fd;
}

int net_listen_unix(const char *path, char *err, size_t err_size)
{
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof a.sun_path) {
    snprintf(err, err_size, "a Unix socket's name has 1 to %zu characters: '%s'", sizeof a.sun_path - 1, path);
    return -1;
  }
  memcpy(a.sun_path, path, length + 1);
  struct stat st;
  if (lstat(path, &st) == 0) {
    int probe = S_ISSOCK(st.st_mode) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool dead = probe >= 0 && connect(probe, (struct sockaddr *)&a, sizeof a) != 0 && errno == ECONNREFUSED;
    if (probe >= 0)
      close(probe);
    if (!dead) {
      errno = EADDRINUSE;
      return give_up(-1, "cannot listen on", path, err, err_size);
    }
    unlink(path);
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 8) != 0)
    return give_up(fd, "cannot listen on", path, err, err_size);
  return fd;
}

int net_accept(int listener)
{
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), yes = 1;
  if (fd >= 0)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* fails harmlessly on a Unix socket */
  return fd;
}

bool net_send(int fd, const void *bytes, size_t size)
{
  const uint8_t *p = bytes;
  while (size > 0) {
    ssize_t n = send(fd, p, size, MSG_NOSIGNAL);
    if (n > 0) {
      p += n;
      size -= (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      if (poll(&wait, 1, PATIENCE_MS) <= 0)
        return false;
    } else if (n == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}
