/* Listening sockets on this machine only: TCP on 127.0.0.1 and Unix streams. */
#ifndef SIM_HOST_NET_H
#define SIM_HOST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `port`: decimal; 0 lets the system choose. Returns a listening, non-blocking socket and the port in `chosen`, or -1
 * and a message. */
int net_listen_tcp(const char *port, uint16_t *chosen, char *err, size_t err_size);
/* A socket file that nobody listens on any more is replaced; anything else of that name is an error. */
int net_listen_unix(const char *path, char *err, size_t err_size);
/* The next client, non-blocking and without delays for small writes, or -1. */
int net_accept(int listener);
/* Write all of it, waiting for a slow reader up to two seconds at a time. False: the client is gone or does not read.
 */
bool net_send(int fd, const void *bytes, size_t size);

#endif
