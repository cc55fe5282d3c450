/* The chip's protections, as the state machine sees them: a strategy that a board asks for (PROTECT in its board.cmake;
 * port/<series>/protect.c with the board's protect.h) or has not (boot/protect_none.c). docs/protections.md says what
 * each of them does and what it does not. */
#ifndef BOOT_PROTECT_H
#define BOOT_PROTECT_H

#include "portcullis/status.h"

/* First thing after reset, before port_init: run-time protections on (debug port, watchdog, MPU, firewall, tamper). */
void protect_begin(void);

/* The static protections (option bytes): PC_OK when the chip has all that the board's table asks for. Otherwise, in
 * development mode, they are applied and the chip is reset; in production mode PC_ERR_STATE: this device must not start
 * an application. */
pc_status protect_static(void);

/* Before each step of the state machine: are the run-time protections still as protect_begin() left them? PC_OK, or
 * PC_ERR_FLOW. */
pc_status protect_check(void);

#endif
