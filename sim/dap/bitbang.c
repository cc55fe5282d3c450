/* remote_bitbang: see bitbang.h. */
#include "sim/dap/bitbang.h"

static void resets(struct bitbang *b, bool trst, bool srst)
{
  if (trst)
    jtag_reset(b->jtag);
  if (srst != b->reset)
    b->system_reset(b->ctx, srst);
  b->reset = srst;
}

size_t bitbang_input(struct bitbang *b, const uint8_t *bytes, size_t size, uint8_t *to)
{
  size_t n = 0;
  for (size_t i = 0; i < size && !b->quit; i++) {
    uint8_t c = bytes[i];
    if (c >= '0' && c <= '7') {
      if (b->open(b->ctx))
        jtag_pins(b->jtag, (c & 4u) != 0, (c & 2u) != 0, (c & 1u) != 0);
    } else if (c == 'R') {
      to[n++] = !b->open(b->ctx) || b->jtag->tdo ? '1' : '0';
    } else if (c >= 'r' && c <= 'u') {
      resets(b, (c - 'r') & 2, (c - 'r') & 1);
    } else if (c == 'Q') {
      b->quit = true;
    }
  }
  return n;
}
