/* The probe's connection to the chip's JTAG pins. */
#ifndef SIM_HOST_JTAG_LINK_H
#define SIM_HOST_JTAG_LINK_H

#include "sim/dap/bitbang.h"
#include "sim/dap/core_debug.h"

struct jtag_link {
  int listener, fd; /* -1: not there */
  uint16_t port;
  bool in_reset; /* the probe holds NRST low */
  struct core_debug_target target;
  struct core_debug core;
  struct dap_bus bus;
  struct dap dap;
  struct jtag jtag;
  struct bitbang bitbang;
};

#endif
