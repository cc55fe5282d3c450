/* A second UART, 115200 8N1, for the application's example of a transport (app/wire.h). The boot loader has no use for
 * it. */
#ifndef PORT_WIRE_H
#define PORT_WIRE_H

#include <stdint.h>

/* Call after port_init(). */
void port_wire_open(void);
void port_wire_put(uint8_t byte);
/* The next byte, or -1 when none came for `timeout_ms` milliseconds. */
int port_wire_get(uint32_t timeout_ms);

#endif
