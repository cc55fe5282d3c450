/* The TAP controller and the chain: see jtag.h. */
#include "sim/dap/jtag.h"

static const unsigned ir_length[JTAG_TAPS] = {4, 5};
#define BOUNDARY_IR_IDCODE 1u
#define CAPTURED_IR        1u /* what a scan of the instruction register begins with */

/* Where TMS leads: [state][TMS] */
static const uint8_t next_state[][2] = {
    [JTAG_RESET] = {JTAG_IDLE, JTAG_RESET},
    [JTAG_IDLE] = {JTAG_IDLE, JTAG_SELECT_DR},
    [JTAG_SELECT_DR] = {JTAG_CAPTURE_DR, JTAG_SELECT_IR},
    [JTAG_CAPTURE_DR] = {JTAG_SHIFT_DR, JTAG_EXIT1_DR},
    [JTAG_SHIFT_DR] = {JTAG_SHIFT_DR, JTAG_EXIT1_DR},
    [JTAG_EXIT1_DR] = {JTAG_PAUSE_DR, JTAG_UPDATE_DR},
    [JTAG_PAUSE_DR] = {JTAG_PAUSE_DR, JTAG_EXIT2_DR},
    [JTAG_EXIT2_DR] = {JTAG_SHIFT_DR, JTAG_UPDATE_DR},
    [JTAG_UPDATE_DR] = {JTAG_IDLE, JTAG_SELECT_DR},
    [JTAG_SELECT_IR] = {JTAG_CAPTURE_IR, JTAG_RESET},
    [JTAG_CAPTURE_IR] = {JTAG_SHIFT_IR, JTAG_EXIT1_IR},
    [JTAG_SHIFT_IR] = {JTAG_SHIFT_IR, JTAG_EXIT1_IR},
    [JTAG_EXIT1_IR] = {JTAG_PAUSE_IR, JTAG_UPDATE_IR},
    [JTAG_PAUSE_IR] = {JTAG_PAUSE_IR, JTAG_EXIT2_IR},
    [JTAG_EXIT2_IR] = {JTAG_SHIFT_IR, JTAG_UPDATE_IR},
    [JTAG_UPDATE_IR] = {JTAG_IDLE, JTAG_SELECT_DR},
};

static void select_idcodes(struct jtag *j)
{
  j->taps[0].ir = DAP_IR_IDCODE;
  j->taps[1].ir = BOUNDARY_IR_IDCODE;
}

void jtag_init(struct jtag *j, struct dap *dap, uint32_t boundary_id)
{
  *j = (struct jtag){.dap = dap, .boundary_id = boundary_id, .tdo = true};
  for (unsigned i = 0; i < JTAG_TAPS; i++)
    j->taps[i].length = 1;
  select_idcodes(j);
}

void jtag_reset(struct jtag *j)
{
  j->state = JTAG_RESET;
  j->tdo = true;
  select_idcodes(j);
}

static void capture_ir(struct jtag *j)
{
  for (unsigned i = 0; i < JTAG_TAPS; i++) {
    j->taps[i].shift = CAPTURED_IR;
    j->taps[i].length = ir_length[i];
  }
}

static void capture_dr(struct jtag *j)
{
  struct jtag_tap *boundary = &j->taps[1];
  bool id = boundary->ir == BOUNDARY_IR_IDCODE;
  j->taps[0].shift = dap_capture(j->dap, j->taps[0].ir, &j->taps[0].length);
  boundary->shift = id ? j->boundary_id : 0;
  boundary->length = id ? 32 : 1;
}

static void shift(struct jtag *j, bool tdi)
{
  bool bit = tdi;
  for (unsigned i = JTAG_TAPS; i > 0; i--) {
    struct jtag_tap *t = &j->taps[i - 1];
    bool out = t->shift & 1u;
    t->shift = t->shift >> 1 | (uint64_t)bit << (t->length - 1);
    bit = out;
  }
}

/* Actions of a state happen at the rising edge that ends it; Update at the falling edge within it, that is before the
 * next state. */
static void rising_edge(struct jtag *j, bool tms, bool tdi)
{
  switch (j->state) {
  case JTAG_CAPTURE_IR:
    capture_ir(j);
    break;
  case JTAG_CAPTURE_DR:
    capture_dr(j);
    break;
  case JTAG_SHIFT_IR:
  case JTAG_SHIFT_DR:
    shift(j, tdi);
    break;
  default:
    break;
  }
  j->state = (enum jtag_state)next_state[j->state][tms];
  j->clocks++;
}

static void falling_edge(struct jtag *j)
{
  switch (j->state) {
  case JTAG_RESET:
    select_idcodes(j);
    break;
  case JTAG_UPDATE_IR:
    for (unsigned i = 0; i < JTAG_TAPS; i++)
      j->taps[i].ir = (unsigned)j->taps[i].shift;
    break;
  case JTAG_UPDATE_DR:
    dap_update(j->dap, j->taps[0].ir, j->taps[0].shift);
    break;
  default:
    break;
  }
  /* Outside the Shift states TDO is not driven, and a pull-up makes it high. */
  j->tdo = (j->state == JTAG_SHIFT_IR || j->state == JTAG_SHIFT_DR) ? j->taps[0].shift & 1u : true;
}

void jtag_pins(struct jtag *j, bool tck, bool tms, bool tdi)
{
  if (tck && !j->tck)
    rising_edge(j, tms, tdi);
  else if (!tck && j->tck)
    falling_edge(j);
  j->tck = tck;
}
