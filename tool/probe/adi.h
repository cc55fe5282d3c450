/* ADIv5: a chip's memory through the debug access port. Facts: ARM IHI 0031, Cortex-M4 TRM, RM0351 chapter "Debug
 * support". */
#ifndef TOOL_PROBE_ADI_H
#define TOOL_PROBE_ADI_H

#include "tool/probe/jtag.h"

enum adi_port { ADI_OPEN, ADI_CLOSED /* TDO is not driven: no debug port there */ };

/* Find the debug port and power it up. True with ADI_CLOSED: nobody is there. */
bool adi_connect(struct jtag *jtag, enum adi_port *port, struct problem *problem);
/* Hold the chip in reset, connect, and let it go with the core halted before its first instruction. */
bool adi_connect_under_reset(struct jtag *jtag, enum adi_port *port, struct problem *problem);

/* Let a core go that was halted that way. */
bool adi_release(struct jtag *jtag, struct problem *problem);

/* One word. `refused` (may be NULL: then it is a problem, CLI_REFUSED): the chip answered with an error. */
bool adi_read(struct jtag *jtag, uint32_t addr, uint32_t *value, bool *refused, struct problem *problem);
bool adi_write(struct jtag *jtag, uint32_t addr, uint32_t value, bool *refused, struct problem *problem);

#endif
