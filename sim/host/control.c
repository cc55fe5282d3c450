/* The control socket: lines in, one line out for each, "ok ..." or "error ...", in order. */
#include "sim/host/net.h"
#include "sim/host/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool control_open(struct session *s, char *err, size_t err_size)
{
  struct control *c = &s->control;
  c->listener = -1;
  for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
    c->clients[i].fd = -1;
  if (!s->options->control)
    return true;
  c->listener = net_listen_unix(s->options->control, err, err_size);
  if (c->listener >= 0)
    c->path = s->options->control;
  return c->listener >= 0;
}

static void hang_up(struct control_client *client)
{
  close(client->fd);
  client->fd = -1;
}

void control_close(struct control *c)
{
  for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
    if (c->clients[i].fd >= 0)
      hang_up(&c->clients[i]);
  if (c->listener >= 0)
    close(c->listener);
  if (c->path)
    unlink(c->path);
  c->listener = -1;
  c->path = NULL;
}

unsigned control_pollfds(struct control *c, struct pollfd *fds)
{
  unsigned n = 0;
  bool room = false;
  for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
    if (c->clients[i].fd >= 0)
      fds[n++] = (struct pollfd){.fd = c->clients[i].fd, .events = c->clients[i].waiting ? 0 : POLLIN};
    else
      room = true;
  }
  if (c->listener >= 0 && room)
    fds[n++] = (struct pollfd){.fd = c->listener, .events = POLLIN};
  return n;
}

/* One line: what has several becomes columns. */
static void answer_line(struct control_client *client, bool ok, const char *text)
{
  size_t length = text ? strlen(text) : 0, n = 0;
  while (length > 0 && text[length - 1] == '\n')
    length--;
  char *line = malloc(2 * length + 16);
  if (!line) {
    hang_up(client);
    return;
  }
  n += (size_t)sprintf(line, "%s%s", ok ? "ok" : "error", length ? " " : "");
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n') {
      line[n++] = ' ';
      line[n++] = '|';
      line[n++] = ' ';
      while (i + 1 < length && text[i + 1] == ' ')
        i++;
    } else if (text[i] != ' ' || text[i + 1] != ' ') {
      line[n++] = text[i];
    }
  }
  line[n++] = '\n';
  if (!net_send(client->fd, line, n))
    hang_up(client);
  free(line);
}

static void do_line(struct session *s, struct control_client *client, const char *line)
{
  char *text = NULL;
  switch (action(s, line, &client->wait, &text)) {
  case ACTION_OK:
    answer_line(client, true, text);
    break;
  case ACTION_ERROR:
    answer_line(client, false, text);
    break;
  case ACTION_WAIT:
    client->waiting = true;
    break;
  }
  free(text);
}

/* Carries out the complete lines that have come, until one has to wait. */
static void do_lines(struct session *s, struct control_client *client)
{
  char *end;
  while (client->fd >= 0 && !client->waiting && (end = memchr(client->line, '\n', client->size))) {
    char line[COMMAND_MAX + 1];
    size_t length = (size_t)(end - client->line), used = length + 1;
    memcpy(line, client->line, length);
    while (length > 0 && line[length - 1] == '\r')
      length--;
    line[length] = 0;
    client->size -= used;
    memmove(client->line, client->line + used, client->size);
    if (client->skipping || memchr(line, 0, length))
      answer_line(client, false, client->skipping ? "the line is too long" : "a line is text without NUL bytes");
    else
      do_line(s, client, line);
    client->skipping = false;
  }
  if (client->size == sizeof client->line && !client->waiting) {
    client->skipping = true;
    client->size = 0;
  }
}

static void read_client(struct session *s, struct control_client *client)
{
  ssize_t n = 0;
  if (client->size < sizeof client->line)
    n = read(client->fd, client->line + client->size, sizeof client->line - client->size);
  if (n > 0) {
    client->size += (size_t)n;
    do_lines(s, client);
  } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
    hang_up(client);
  }
}

void control_service(struct session *s, const struct pollfd *fds, unsigned count)
{
  struct control *c = &s->control;
  for (unsigned i = 0; i < count; i++) {
    if (fds[i].revents == 0)
      continue;
    for (unsigned k = 0; k < CONTROL_CLIENTS; k++) {
      struct control_client *client = &c->clients[k];
      if (client->fd != fds[i].fd)
        continue;
      if (fds[i].events & POLLIN)
        read_client(s, client);
      else
        hang_up(client); /* gone while it waited */
    }
    if (fds[i].fd == c->listener) {
      int fd = net_accept(c->listener);
      for (unsigned k = 0; k < CONTROL_CLIENTS && fd >= 0; k++) {
        if (c->clients[k].fd < 0) {
          c->clients[k] = (struct control_client){.fd = fd};
          fd = -1;
        }
      }
    }
  }
}

void control_answer_waits(struct session *s)
{
  for (unsigned k = 0; k < CONTROL_CLIENTS; k++) {
    struct control_client *client = &s->control.clients[k];
    if (client->fd < 0 || !client->waiting || !action_wait_over(s, client->wait))
      continue;
    client->waiting = false;
    answer_line(client, true, NULL);
    if (client->fd >= 0)
      do_lines(s, client);
  }
}
