/* Where a simulated UART's two wires end on the PC: a pseudo-terminal, a TCP or Unix socket, stdin and stdout, or
 * nothing.
 *
 * A line has no flow control. Still nothing is lost while somebody listens and keeps up; what is sent while nobody is
 * connected is lost as on a real line, except that a socket's first client gets what was sent before it came (the first
 * UART_BUFFER bytes), so that a test sees the first line of a program whenever it connects.
 */
#ifndef SIM_HOST_UART_H
#define SIM_HOST_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#define UART_BUFFER  65536u
#define UART_POLLFDS 3u

enum uart_kind { UART_NONE, UART_STDIO, UART_PTY, UART_TCP, UART_UNIX };

struct pollfd;

struct uart {
  enum uart_kind kind;
  unsigned index; /* the chip's USARTn */
  char path[256]; /* the pty's name or the Unix socket's */
  char link[256]; /* symbolic link to the pty; empty: none */
  uint16_t port;  /* TCP, in host order */

  int listener, fd, slave, notify; /* -1: not there */
  int pty_clients;                 /* processes that have the pty open */
  bool ever_connected;
  bool input_ended; /* end of file, or half closed */
  bool stuck;       /* the client does not read: its bytes are dropped until it does */
  bool raw_stdin;
  struct termios saved;
  uint64_t lost; /* bytes sent while a client was connected that did not read them */

  uint8_t in[4096]; /* from the client, for the chip */
  size_t in_size;
  uint8_t out[UART_BUFFER];
  size_t out_size;
};

/* `spec`: "pty[:LINK]", "tcp:PORT" (0: any free port), "unix:PATH", "stdio", "none". False: message in `err`. */
bool uart_open(struct uart *uart, const char *spec, unsigned index, char *err, size_t err_size);
void uart_close(struct uart *uart);

/* A byte that the chip has sent. */
void uart_put(struct uart *uart, uint8_t byte);
/* Write what the client takes now. */
void uart_flush(struct uart *uart);
/* Take `size` bytes off the front of uart->in. */
void uart_take(struct uart *uart, size_t size);

/* Somebody may answer at the other end. */
bool uart_connected(struct uart *uart);

/* Fills in up to UART_POLLFDS entries; returns how many. */
unsigned uart_pollfds(struct uart *uart, struct pollfd *fds);
/* Accept, read into uart->in and write after poll() has filled in `revents` of those entries. */
void uart_service(struct uart *uart, const struct pollfd *fds, unsigned count);

#endif
