/* A JTAG probe that speaks OpenOCD's remote_bitbang over TCP, and the chain of an STM32L4 behind it.
 *
 * Independent of the simulator's debug port: the two know each other through the standards only (IEEE 1149.1, ADIv5,
 * and jtag/drivers/remote_bitbang.c of OpenOCD for the characters).
 */
#ifndef TOOL_PROBE_JTAG_H
#define TOOL_PROBE_JTAG_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stdint.h>

struct jtag;

/* `port`: "HOST:PORT". NULL: problem says why (CLI_USAGE, CLI_INPUT). */
struct jtag *jtag_open(const char *port, struct problem *problem);
void jtag_close(struct jtag *jtag); /* the wires fall off: NRST is let go */

/* NRST low or not. */
bool jtag_srst(struct jtag *jtag, bool asserted, struct problem *problem);
/* Reset the TAPs and read the IDCODE nearest to TDO; all ones: nobody drives TDO. */
bool jtag_identify(struct jtag *jtag, uint32_t *idcode, struct problem *problem);
/* One scan of the CPU's TAP: instruction (4 bits), then 35 bits of data. `out` may be NULL. */
bool jtag_scan(struct jtag *jtag, unsigned instruction, uint64_t in, uint64_t *out, struct problem *problem);

#endif
