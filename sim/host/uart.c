/* The host side of a simulated UART. Linux: devpts tells through inotify who opens a pseudo-terminal. */
#include "sim/host/uart.h"

#include "sim/host/net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 2000

static bool fail(char *err, size_t err_size, const char *what, const char *name)
{
  snprintf(err, err_size, "%s%s%s: %s", what, *name ? " " : "", name, strerror(errno));
  return false;
}

static void make_raw(int fd)
{
  struct termios t;
  if (tcgetattr(fd, &t) == 0) {
    cfmakeraw(&t);
    tcsetattr(fd, TCSANOW, &t);
  }
}

/* A symbolic link that appears at once, replacing an older one, but nothing else. */
static bool make_link(const char *target, const char *link, char *err, size_t err_size)
{
  struct stat st;
  char temporary[300];
  if (lstat(link, &st) == 0 && !S_ISLNK(st.st_mode)) {
    snprintf(err, err_size, "%s exists and is not a symbolic link", link);
    return false;
  }
  snprintf(temporary, sizeof temporary, "%s.%ld", link, (long)getpid());
  if (symlink(target, temporary) != 0)
    return fail(err, err_size, "cannot make the link", link);
  if (rename(temporary, link) != 0) {
    fail(err, err_size, "cannot make the link", link);
    unlink(temporary);
    return false;
  }
  return true;
}

static bool open_pty(struct uart *u, const char *link, char *err, size_t err_size)
{
  u->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (u->fd < 0 || grantpt(u->fd) != 0 || unlockpt(u->fd) != 0 || ptsname_r(u->fd, u->path, sizeof u->path) != 0)
    return fail(err, err_size, "no pseudo-terminal", "");
  /* Our own open slave keeps the line up when clients come and go; else they, and we, would read EIO. */
  u->slave = open(u->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (u->slave < 0)
    return fail(err, err_size, "cannot open", u->path);
  make_raw(u->slave);
  u->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (u->notify >= 0 && inotify_add_watch(u->notify, u->path, IN_OPEN | IN_CLOSE) < 0) {
    close(u->notify);
    u->notify = -1;
  }
  if (*link) {
    size_t length = strlen(link);
    if (length >= sizeof u->link) {
      snprintf(err, err_size, "the name of the link is too long: %s", link);
      return false;
    }
    if (!make_link(u->path, link, err, err_size))
      return false;
    memcpy(u->link, link, length + 1);
  }
  return true;
}

static bool open_stdio(struct uart *u)
{
  u->fd = STDIN_FILENO;
  if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &u->saved) == 0) {
    /* Keys reach the chip one by one and it does the echo; ctrl-C still ends the simulator. */
    struct termios t = u->saved;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    t.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    u->raw_stdin = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
  }
  return true;
}

bool uart_open(struct uart *u, const char *spec, unsigned index, char *err, size_t err_size)
{
  memset(u, 0, sizeof *u);
  u->index = index;
  u->listener = u->fd = u->slave = u->notify = -1;
  if (strcmp(spec, "none") == 0) {
    u->kind = UART_NONE;
    return true;
  }
  if (strcmp(spec, "stdio") == 0) {
    u->kind = UART_STDIO;
    return open_stdio(u);
  }
  if (strcmp(spec, "pty") == 0 || strncmp(spec, "pty:", 4) == 0) {
    u->kind = UART_PTY;
    return open_pty(u, spec[3] ? spec + 4 : "", err, err_size);
  }
  if (strncmp(spec, "tcp:", 4) == 0) {
    u->kind = UART_TCP;
    u->listener = net_listen_tcp(spec + 4, &u->port, err, err_size);
    return u->listener >= 0;
  }
  if (strncmp(spec, "unix:", 5) == 0) {
    u->kind = UART_UNIX;
    size_t length = strlen(spec + 5);
    if (length >= sizeof u->path) {
      snprintf(err, err_size, "the name is too long: %s", spec + 5);
      return false;
    }
    u->listener = net_listen_unix(spec + 5, err, err_size);
    if (u->listener >= 0)
      memcpy(u->path, spec + 5, length + 1);
    return u->listener >= 0;
  }
  snprintf(err, err_size, "a UART ends in pty[:LINK], tcp:PORT, unix:PATH, stdio or none, not '%.60s'", spec);
  return false;
}

static void close_fd(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

void uart_close(struct uart *u)
{
  uart_flush(u);
  if (u->raw_stdin)
    tcsetattr(STDIN_FILENO, TCSANOW, &u->saved);
  if (u->kind == UART_STDIO)
    u->fd = -1;
  if (u->link[0]) {
    char target[256];
    ssize_t n = readlink(u->link, target, sizeof target - 1);
    if (n > 0 && (size_t)n == strlen(u->path) && memcmp(target, u->path, (size_t)n) == 0)
      unlink(u->link); /* still ours */
  }
  if (u->kind == UART_UNIX && u->listener >= 0)
    unlink(u->path);
  close_fd(&u->listener);
  close_fd(&u->fd);
  close_fd(&u->slave);
  close_fd(&u->notify);
}

/* Who opened and closed the pseudo-terminal since the last look. */
static void pty_news(struct uart *u)
{
  _Alignas(struct inotify_event) char buffer[4096];
  ssize_t n;
  while (u->notify >= 0 && (n = read(u->notify, buffer, sizeof buffer)) > 0) {
    const struct inotify_event *e;
    for (const char *p = buffer; p < buffer + n; p += sizeof *e + e->len) {
      e = (const struct inotify_event *)(const void *)p;
      if (e->mask & IN_OPEN) {
        u->pty_clients++;
        u->ever_connected = true;
      }
      if (!(e->mask & IN_CLOSE) || u->pty_clients == 0)
        continue;
      if (--u->pty_clients == 0) {
        /* The next client finds a line as a fresh one: nothing old to read, no changed settings. */
        u->out_size = 0;
        tcflush(u->slave, TCIFLUSH);
        make_raw(u->slave);
      }
    }
  }
}

bool uart_connected(struct uart *u)
{
  switch (u->kind) {
  case UART_STDIO:
    return !u->input_ended;
  case UART_PTY:
    pty_news(u);
    return u->notify < 0 || u->pty_clients > 0;
  case UART_TCP:
  case UART_UNIX:
    return u->fd >= 0 && !u->input_ended;
  case UART_NONE:
  default:
    return false;
  }
}

static void drop_client(struct uart *u)
{
  close_fd(&u->fd);
  u->out_size = u->in_size = 0;
  u->stuck = false;
}

static void consume(struct uart *u, size_t n)
{
  memmove(u->out, u->out + n, u->out_size - n);
  u->out_size -= n;
  u->stuck = false;
}

static void write_stdout(struct uart *u)
{
  size_t done = 0;
  while (done < u->out_size) {
    ssize_t n = write(STDOUT_FILENO, u->out + done, u->out_size - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break; /* nobody reads any more */
    done += (size_t)n;
  }
  u->out_size = 0;
}

void uart_flush(struct uart *u)
{
  if (u->out_size == 0)
    return;
  switch (u->kind) {
  case UART_STDIO:
    write_stdout(u);
    return;
  case UART_PTY:
    if (!uart_connected(u)) {
      u->out_size = 0;
      return;
    }
    break;
  case UART_TCP:
  case UART_UNIX:
    if (u->fd < 0) {
      if (u->ever_connected)
        u->out_size = 0;
      return;
    }
    break;
  case UART_NONE:
  default:
    u->out_size = 0;
    return;
  }
  ssize_t n;
  while (u->out_size > 0 && (n = write(u->fd, u->out, u->out_size)) > 0)
    consume(u, (size_t)n);
  if (u->out_size > 0 && errno != EAGAIN && errno != EINTR && u->kind != UART_PTY)
    drop_client(u);
}

/* The buffer is full. A client that is only slow is waited for; one that has stopped reading loses bytes until
 * uart_service() finds that it reads again. */
static void make_room(struct uart *u)
{
  if (u->stuck)
    return;
  uart_flush(u);
  if (u->out_size == UART_BUFFER && u->fd >= 0) {
    struct pollfd p = {.fd = u->fd, .events = POLLOUT};
    u->stuck = poll(&p, 1, PATIENCE_MS) <= 0;
    uart_flush(u);
  }
}

void uart_put(struct uart *u, uint8_t byte)
{
  if (u->out_size == UART_BUFFER)
    make_room(u);
  if (u->out_size < UART_BUFFER)
    u->out[u->out_size++] = byte;
  else if (u->fd >= 0)
    u->lost++;
}

void uart_take(struct uart *u, size_t size)
{
  memmove(u->in, u->in + size, u->in_size - size);
  u->in_size -= size;
}

unsigned uart_pollfds(struct uart *u, struct pollfd *fds)
{
  unsigned n = 0;
  if (u->fd >= 0) {
    short events = 0;
    if (!u->input_ended && u->in_size < sizeof u->in)
      events |= POLLIN;
    if (u->out_size > 0 && u->kind != UART_STDIO)
      events |= POLLOUT;
    if (events)
      fds[n++] = (struct pollfd){.fd = u->fd, .events = events};
  }
  /* One client at a time; the next is taken when this one has nothing more to say. */
  if (u->listener >= 0 && (u->fd < 0 || u->input_ended))
    fds[n++] = (struct pollfd){.fd = u->listener, .events = POLLIN};
  if (u->notify >= 0)
    fds[n++] = (struct pollfd){.fd = u->notify, .events = POLLIN};
  return n;
}

static void accept_client(struct uart *u)
{
  int fd = net_accept(u->listener);
  if (fd < 0)
    return;
  if (u->fd >= 0)
    drop_client(u);
  u->fd = fd;
  u->input_ended = false;
  u->ever_connected = true;
}

static void read_client(struct uart *u)
{
  ssize_t n = read(u->fd, u->in + u->in_size, sizeof u->in - u->in_size);
  if (n > 0)
    u->in_size += (size_t)n;
  else if (n == 0 && u->kind != UART_PTY)
    u->input_ended = true; /* it may still read what the chip sends */
  else if (n < 0 && errno != EAGAIN && errno != EINTR && u->kind != UART_PTY) {
    if (u->kind == UART_STDIO)
      u->input_ended = true;
    else
      drop_client(u);
  }
}

void uart_service(struct uart *u, const struct pollfd *fds, unsigned count)
{
  int fd = u->fd;
  for (unsigned i = 0; i < count; i++) {
    if (fds[i].revents == 0)
      continue;
    if (fds[i].fd == u->listener)
      accept_client(u);
    else if (fds[i].fd == u->notify)
      pty_news(u);
    else if (fds[i].fd == fd && u->fd == fd && (fds[i].events & POLLIN) && (fds[i].revents & ~POLLOUT))
      read_client(u);
  }
  uart_flush(u);
}
