/* ADIv5 over JTAG: see adi.h. */
#include "tool/probe/adi.h"

#include <stddef.h>

#define IR_DPACC     0xAu
#define IR_APACC     0xBu
#define IDCODE_M4    0x4BA00477u
#define DP_CTRL      4u
#define DP_SELECT    8u
#define DP_RDBUFF    12u
#define AP_CSW       0u
#define AP_TAR       4u
#define AP_DRW       12u
#define CTRL_REQUEST 0x50000000u /* CSYSPWRUPREQ, CDBGPWRUPREQ */
#define CTRL_ANSWER  0xA0000000u
#define CTRL_STICKY  0x000000B2u /* written as ones: cleared (JTAG) */
#define CTRL_ERROR   0x00000020u
#define CSW_WORDS    0x23000002u /* privileged data, words, no increment */
#define ACK_OK       2u
#define TRIES        1000u

#define DHCSR         0xE000EDF0u
#define DEMCR         0xE000EDFCu
#define DHCSR_KEY     0xA05F0000u
#define DHCSR_DEBUG   (DHCSR_KEY | 1u)
#define DHCSR_HALTED  (1u << 17)
#define DEMCR_CATCH   1u /* VC_CORERESET */
#define DBGMCU_APB1FZ 0xE0042008u
#define FREEZE        0x1800u /* IWDG and WWDG stop while the core is halted */

/* A scan brings the result of the one before it. */
static bool transfer(struct jtag *jtag, unsigned ir, unsigned reg, bool read, uint32_t data, uint32_t *result,
                     struct problem *problem)
{
  uint64_t in = (uint64_t)data << 3 | reg >> 1 | (read ? 1u : 0), out;
  for (unsigned i = 0; i < TRIES; i++) {
    if (!jtag_scan(jtag, ir, in, &out, problem))
      return false;
    if ((out & 7u) == ACK_OK) {
      *result = (uint32_t)(out >> 3);
      return true;
    }
  }
  return problem_set(problem, CLI_INPUT, "the debug port does not answer any more");
}

static bool dp_write(struct jtag *jtag, unsigned reg, uint32_t value, struct problem *problem)
{
  uint32_t ignored;
  return transfer(jtag, IR_DPACC, reg, false, value, &ignored, problem);
}

static bool dp_read(struct jtag *jtag, unsigned reg, uint32_t *value, struct problem *problem)
{
  uint32_t ignored;
  return transfer(jtag, IR_DPACC, reg, true, 0, &ignored, problem) &&
         transfer(jtag, IR_DPACC, DP_RDBUFF, true, 0, value, problem);
}

bool adi_connect(struct jtag *jtag, enum adi_port *port, struct problem *problem)
{
  uint32_t id, ctrl = 0, ignored;
  *port = ADI_CLOSED;
  if (!jtag_identify(jtag, &id, problem))
    return false;
  if (id == UINT32_MAX || id == 0)
    return true;
  if (id != IDCODE_M4)
    return problem_set(problem, CLI_REFUSED, "unknown chip: IDCODE 0x%08X, not the 0x%08X of an STM32L4", id,
                       IDCODE_M4);
  *port = ADI_OPEN;
  if (!dp_write(jtag, DP_CTRL, CTRL_REQUEST | CTRL_STICKY, problem))
    return false;
  for (unsigned i = 0; i < TRIES && (ctrl & CTRL_ANSWER) != CTRL_ANSWER; i++)
    if (!dp_read(jtag, DP_CTRL, &ctrl, problem))
      return false;
  if ((ctrl & CTRL_ANSWER) != CTRL_ANSWER)
    return problem_set(problem, CLI_INPUT, "the debug port does not power up");
  return dp_write(jtag, DP_SELECT, 0, problem) && transfer(jtag, IR_APACC, AP_CSW, false, CSW_WORDS, &ignored, problem);
}

/* After an access: did the chip refuse it? */
static bool check(struct jtag *jtag, uint32_t addr, const char *what, bool *refused, struct problem *problem)
{
  uint32_t ctrl;
  if (!dp_read(jtag, DP_CTRL, &ctrl, problem))
    return false;
  bool error = ctrl & CTRL_ERROR;
  if (error && !dp_write(jtag, DP_CTRL, CTRL_REQUEST | CTRL_STICKY, problem))
    return false;
  if (refused != NULL)
    *refused = error;
  else if (error)
    return problem_set(problem, CLI_REFUSED, "the chip refuses to %s 0x%08X", what, addr);
  return true;
}

bool adi_read(struct jtag *jtag, uint32_t addr, uint32_t *value, bool *refused, struct problem *problem)
{
  uint32_t ignored;
  return transfer(jtag, IR_APACC, AP_TAR, false, addr, &ignored, problem) &&
         transfer(jtag, IR_APACC, AP_DRW, true, 0, &ignored, problem) &&
         transfer(jtag, IR_DPACC, DP_RDBUFF, true, 0, value, problem) && check(jtag, addr, "read", refused, problem);
}

bool adi_write(struct jtag *jtag, uint32_t addr, uint32_t value, bool *refused, struct problem *problem)
{
  uint32_t ignored;
  return transfer(jtag, IR_APACC, AP_TAR, false, addr, &ignored, problem) &&
         transfer(jtag, IR_APACC, AP_DRW, false, value, &ignored, problem) &&
         check(jtag, addr, "write", refused, problem);
}

bool adi_connect_under_reset(struct jtag *jtag, enum adi_port *port, struct problem *problem)
{
  uint32_t dhcsr = 0;
  if (!jtag_srst(jtag, true, problem) || !adi_connect(jtag, port, problem))
    return false;
  if (*port == ADI_CLOSED)
    return jtag_srst(jtag, false, problem);
  if (!adi_write(jtag, DHCSR, DHCSR_DEBUG, NULL, problem) || !adi_write(jtag, DEMCR, DEMCR_CATCH, NULL, problem) ||
      !adi_write(jtag, DBGMCU_APB1FZ, FREEZE, NULL, problem) || !jtag_srst(jtag, false, problem))
    return false;
  for (unsigned i = 0; i < TRIES && !(dhcsr & DHCSR_HALTED); i++)
    if (!adi_read(jtag, DHCSR, &dhcsr, NULL, problem))
      return false;
  if (!(dhcsr & DHCSR_HALTED))
    return problem_set(problem, CLI_INPUT, "the core does not halt after reset");
  return true;
}

/* Nothing is asked after the last word: the program may take the pins away at once. */
bool adi_release(struct jtag *jtag, struct problem *problem)
{
  uint32_t ignored;
  return adi_write(jtag, DEMCR, 0, NULL, problem) &&
         transfer(jtag, IR_APACC, AP_TAR, false, DHCSR, &ignored, problem) &&
         transfer(jtag, IR_APACC, AP_DRW, false, DHCSR_KEY, &ignored, problem);
}
