/* The remote_bitbang protocol of OpenOCD (its jtag/drivers/remote_bitbang.c tells it): one character a request.
 *
 *   0-7   write: TCK is bit 2, TMS bit 1, TDI bit 0          R       read: the answer is '0' or '1', TDO
 *   r s t u   resets: TRST is bit 1, SRST bit 0 of (c - 'r')     Q   quit
 *   B b   an LED                                             others are ignored (SWD and sleeping among them)
 */
#ifndef SIM_DAP_BITBANG_H
#define SIM_DAP_BITBANG_H

#include "sim/dap/jtag.h"

#include <stddef.h>

struct bitbang {
  struct jtag *jtag;
  void *ctx;
  bool (*open)(void *ctx); /* the chip's pins are debug pins; else TDO stays high and nobody hears TCK */
  void (*system_reset)(void *ctx, bool asserted); /* the probe's wire to NRST changes */
  bool reset, quit;
};

/* `size` bytes from the probe. Answers go to `to` (room for `size`); returns how many. */
size_t bitbang_input(struct bitbang *bitbang, const uint8_t *bytes, size_t size, uint8_t *to);

#endif
