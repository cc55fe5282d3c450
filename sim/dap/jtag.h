/* JTAG as an STM32L4 shows it: the boundary-scan TAP (IR of 5 bits) and then, nearest to TDO, the TAP of the debug
 * access port (IR of 4 bits). Facts: IEEE 1149.1, RM0351 chapter "Debug support". Of the boundary-scan TAP only IDCODE
 * and BYPASS are there.
 */
#ifndef SIM_DAP_JTAG_H
#define SIM_DAP_JTAG_H

#include "sim/dap/dap.h"

enum jtag_state {
  JTAG_RESET,
  JTAG_IDLE,
  JTAG_SELECT_DR,
  JTAG_CAPTURE_DR,
  JTAG_SHIFT_DR,
  JTAG_EXIT1_DR,
  JTAG_PAUSE_DR,
  JTAG_EXIT2_DR,
  JTAG_UPDATE_DR,
  JTAG_SELECT_IR,
  JTAG_CAPTURE_IR,
  JTAG_SHIFT_IR,
  JTAG_EXIT1_IR,
  JTAG_PAUSE_IR,
  JTAG_EXIT2_IR,
  JTAG_UPDATE_IR,
};

#define JTAG_TAPS 2u

struct jtag {
  struct dap *dap;
  uint32_t boundary_id;
  enum jtag_state state;
  bool tck, tdo;
  uint32_t clocks; /* rising edges of TCK, for whoever lets time pass; set it back at will */
  struct jtag_tap {
    unsigned ir, length;
    uint64_t shift;
  } taps[JTAG_TAPS]; /* 0: nearest to TDO */
};

void jtag_init(struct jtag *jtag, struct dap *dap, uint32_t boundary_id);
/* Levels of the pins. What happens, happens at the edges of TCK. */
void jtag_pins(struct jtag *jtag, bool tck, bool tms, bool tdi);
void jtag_reset(struct jtag *jtag); /* NJTRST: the TAPs only */

#endif
