/* What the boot loader and the application need of a chip: one console, time, the button, reset and launch.
 *
 * A port (port/<series>/) implements it; pins and the like come from the board (board/<name>/pins.h); native tests
 * bring their own. Polling only: the boot loader runs without interrupts.
 */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Clocks, console UART (115200 8N1), button, fault handlers. Call once, first. */
void port_init(void);

/* ---- console ---- */
void port_console_put(uint8_t byte);
/* The next byte received, or -1 when none came for `timeout_ms` milliseconds (0: only look). */
int port_console_get(uint32_t timeout_ms);

/* Milliseconds since port_init; wraps after 49 days. Must be called (directly or through port_console_get) at least
 * every 200 ms to count right. */
uint32_t port_milliseconds(void);

/* ---- board ---- */
/* The user button, as it is now. */
bool port_button(void);

/* ---- reset ---- */
enum port_reset {
  PORT_RESET_POWER,
  PORT_RESET_PIN,
  PORT_RESET_SOFTWARE,
  PORT_RESET_WATCHDOG,
  PORT_RESET_FIREWALL,
  PORT_RESET_OPTION_BYTES,
  PORT_RESET_LOW_POWER,
  PORT_RESET_UNKNOWN
};
/* Why the chip was reset last; clears the chip's flags, so ask once. */
enum port_reset port_reset_cause(void);
_Noreturn void port_reset(void);

/* Refresh the watchdog, where one runs. */
void port_watchdog_refresh(void);

/* Leave for the program whose vector table lies at `vectors`: everything that port_init changed and a program may
 * trip over is put back, RAM of the boot loader is wiped. */
_Noreturn void port_launch(uint32_t vectors);

/* ---- shared RAM: survives a reset, not a power cut; both the boot loader and an application know its layout ---- */
struct port_shared {
  uint32_t error[2];   /* last boot error: pc_boot_error value, and its complement xor a constant */
  uint32_t request[2]; /* hand-over word of the application, likewise */
  uint32_t ecc;        /* counts the flash ECC errors that the NMI handler has seen; any start value */
  uint32_t ecc_addr;   /* where the last one was */
};
extern struct port_shared port_shared;

#endif
