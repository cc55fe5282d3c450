/* The debug access port: a JTAG-DP (ADIv5, DPv0) with one AHB-AP, as in STM32 with a Cortex-M4.
 *
 * Facts: ARM IHI 0031A (ADIv5), Cortex-M4 TRM chapter 12. Transfers are posted: a scan brings the result of the one
 * before. Left out: pushed compare and verify (they read back as off), overrun detection (there is never an overrun).
 */
#ifndef SIM_DAP_DAP_H
#define SIM_DAP_DAP_H

#include <stdbool.h>
#include <stdint.h>

/* Instructions of the JTAG-DP. */
enum { DAP_IR_ABORT = 8, DAP_IR_DPACC = 0xA, DAP_IR_APACC = 0xB, DAP_IR_IDCODE = 0xE };
#define DAP_IDCODE 0x4BA00477u

struct dap_bus {
  void *ctx;
  void (*attach)(void *ctx, bool on); /* the debugger asks for power of the debug domain, or lets it go */
  /* Aligned, 1, 2 or 4 bytes, the value in the low bits. False: bus fault. */
  bool (*read)(void *ctx, uint32_t addr, unsigned size, uint32_t *value);
  bool (*write)(void *ctx, uint32_t addr, unsigned size, uint32_t value);
};

struct dap {
  const struct dap_bus *bus;
  uint32_t ctrl, select, result; /* DP */
  uint32_t csw, tar;             /* AHB-AP */
};

/* Power-on reset. A reset of the chip, or of the TAP, changes nothing here. */
void dap_power_on(struct dap *dap, const struct dap_bus *bus);
/* What a scan of a data register shifts out, and how long that register is. */
uint64_t dap_capture(const struct dap *dap, unsigned ir, unsigned *length);
/* What was shifted in takes effect. */
void dap_update(struct dap *dap, unsigned ir, uint64_t value);

#endif
