/* Debug access port: see dap.h. */
#include "sim/dap/dap.h"

/* CTRL/STAT */
enum {
  STICKYORUN = 1 << 1,
  STICKYCMP = 1 << 4,
  STICKYERR = 1 << 5,
  WDATAERR = 1 << 7,
  CDBGPWRUPREQ = 1 << 28,
  CSYSPWRUPREQ = 1 << 30,
};
#define POWER_REQUESTS   (CDBGPWRUPREQ | (uint32_t)CSYSPWRUPREQ)
#define POWER_ANSWERS    (POWER_REQUESTS << 1)
#define STICKY           (STICKYORUN | STICKYCMP | STICKYERR | WDATAERR)
#define CTRL_STORED      0x50000F01u /* ORUNDETECT, MASKLANE, the power requests */
#define ACK_OK           2u
#define ABORT_DAPABORT   1u
#define CSW_STORED       0x2F000037u /* master type, HPROT, AddrInc, Size */
#define CSW_RESET        0x23000042u
#define CSW_DEVICE_EN    0x40u
#define AP_BASE          0xE00FF003u /* the ROM table is there */
#define AP_IDR           0x24770011u
#define INCREMENT_OFF    0u
#define INCREMENT_SINGLE 1u
#define INCREMENT_PACKED 2u
#define TAR_WRAP         0xFFFu

void dap_power_on(struct dap *d, const struct dap_bus *bus)
{
  *d = (struct dap){.bus = bus, .csw = CSW_RESET};
}

/* ---- AHB-AP ---- */
static bool powered(const struct dap *d)
{
  return (d->ctrl & POWER_REQUESTS) == POWER_REQUESTS;
}

/* One transfer at TAR. Data lie in the byte lanes of their address. */
static bool transfer(struct dap *d, uint32_t addr, unsigned size, bool read, uint32_t data, uint32_t *value)
{
  unsigned lane = 8 * (addr & 3u);
  uint32_t mask = size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1, got = 0;
  bool ok = (addr & (size - 1)) == 0 && (read ? d->bus->read(d->bus->ctx, addr, size, &got)
                                              : d->bus->write(d->bus->ctx, addr, size, data >> lane & mask));
  *value |= (got & mask) << lane;
  return ok;
}

static void advance(struct dap *d, unsigned size)
{
  d->tar = (d->tar & ~TAR_WRAP) | ((d->tar + size) & TAR_WRAP);
}

static bool data_register(struct dap *d, bool read, uint32_t data, uint32_t *value)
{
  unsigned code = d->csw & 7u, size = 1u << code, increment = d->csw >> 4 & 3u;
  if (code > 2)
    return false;
  unsigned count = increment == INCREMENT_PACKED ? 4 / size : 1;
  for (unsigned i = 0; i < count; i++) {
    if (!transfer(d, d->tar, size, read, data, value))
      return false;
    if (increment != INCREMENT_OFF)
      advance(d, size);
  }
  return true;
}

static bool access_ap(struct dap *d, unsigned reg, bool read, uint32_t data, uint32_t *value)
{
  if (d->select >> 24 != 0)
    return true; /* no other access port: its IDR reads 0 */
  switch (reg) {
  case 0x00:
    if (!read)
      d->csw = (data & CSW_STORED) | CSW_DEVICE_EN;
    *value = d->csw;
    return true;
  case 0x04:
    if (!read)
      d->tar = data;
    *value = d->tar;
    return true;
  case 0x0C:
    return data_register(d, read, data, value);
  case 0x10:
  case 0x14:
  case 0x18:
  case 0x1C: /* banked data: four words around TAR */
    return transfer(d, (d->tar & ~15u) | (reg & 12u), 4, read, data, value);
  case 0xF8:
    *value = AP_BASE;
    return true;
  case 0xFC:
    *value = AP_IDR;
    return true;
  default:
    return true;
  }
}

static void ap(struct dap *d, unsigned reg, bool read, uint32_t data)
{
  uint32_t value = 0;
  if (d->ctrl & STICKY)
    return; /* nothing happens until the error is cleared */
  if (!powered(d) || !access_ap(d, (d->select & 0xF0u) | reg, read, data, &value))
    d->ctrl |= STICKYERR;
  if (read)
    d->result = value;
}

/* ---- DP ---- */
static void write_ctrl(struct dap *d, uint32_t value)
{
  bool was = d->ctrl & CDBGPWRUPREQ, is = value & CDBGPWRUPREQ;
  d->ctrl = (value & CTRL_STORED) | (d->ctrl & STICKY & ~value);
  if (is != was)
    d->bus->attach(d->bus->ctx, is);
}

static void dp(struct dap *d, unsigned reg, bool read, uint32_t data)
{
  switch (reg) {
  case 4:
    if (read)
      d->result = d->ctrl | ((d->ctrl & POWER_REQUESTS) << 1 & POWER_ANSWERS);
    else
      write_ctrl(d, data);
    break;
  case 8:
    if (read)
      d->result = d->select;
    else
      d->select = data & 0xFF0000F0u;
    break;
  case 12: /* RDBUFF: the result of the last read of the access port */
    break;
  default:
    if (read)
      d->result = 0;
    break;
  }
}

/* ---- scans ---- */
uint64_t dap_capture(const struct dap *d, unsigned ir, unsigned *length)
{
  switch (ir) {
  case DAP_IR_ABORT:
  case DAP_IR_DPACC:
  case DAP_IR_APACC:
    *length = 35;
    return (uint64_t)d->result << 3 | ACK_OK;
  case DAP_IR_IDCODE:
    *length = 32;
    return DAP_IDCODE;
  default:
    *length = 1; /* BYPASS */
    return 0;
  }
}

void dap_update(struct dap *d, unsigned ir, uint64_t value)
{
  bool read = value & 1u;
  unsigned reg = (unsigned)(value >> 1 & 3u) * 4;
  uint32_t data = (uint32_t)(value >> 3);
  if (ir == DAP_IR_DPACC)
    dp(d, reg, read, data);
  else if (ir == DAP_IR_APACC)
    ap(d, reg, read, data);
  else if (ir == DAP_IR_ABORT && (data & ABORT_DAPABORT))
    d->ctrl &= ~(uint32_t)STICKY;
}
