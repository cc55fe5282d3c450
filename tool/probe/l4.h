/* Protections of an STM32L4 through its debug port: the option bytes (RM0351 section 3.4, 3.7). */
#ifndef TOOL_PROBE_L4_H
#define TOOL_PROBE_L4_H

#include "tool/probe/adi.h"

enum l4_option {
  L4_OPTR,
  L4_PCROP1SR,
  L4_PCROP1ER,
  L4_WRP1AR,
  L4_WRP1BR,
  L4_PCROP2SR,
  L4_PCROP2ER,
  L4_WRP2AR,
  L4_WRP2BR,
  L4_OPTIONS,
};
#define L4_OPTR_RDP       0xFFu
#define L4_OPTR_IWDG_SW   (1u << 16)
#define L4_OPTR_BFB2      (1u << 20)
#define L4_OPTR_NBOOT1    (1u << 23)
#define L4_OPTR_SRAM2_RST (1u << 25)
#define L4_PCROP_RDP      (1u << 31)

struct l4_chip {
  uint32_t device, revision; /* DBGMCU_IDCODE */
  const char *name, *other;  /* "stm32l476"; what else is marked on the same die, or NULL */
  unsigned options;          /* registers that it has */
  uint32_t value[L4_OPTIONS];
};

/* CLI_REFUSED: no chip that is known here. */
bool l4_read(struct jtag *jtag, struct l4_chip *chip, struct problem *problem);
/* Program chip->value, and load it: the chip is reset, and the core halted if the connection was made under reset. A
 * page protection that is in the way, or level 2, makes the chip refuse: CLI_REFUSED. */
bool l4_write(struct jtag *jtag, const struct l4_chip *chip, struct problem *problem);

/* Is it this device, as boards name theirs? */
bool l4_is(const struct l4_chip *chip, const char *device);
unsigned l4_level(const struct l4_chip *chip); /* read protection: 0, 1, 2 */
/* Areas as pages (WRP) and as byte offsets in the bank (PCROP), first and last. False: none. */
bool l4_wrp(uint32_t reg, uint32_t *first, uint32_t *last);
bool l4_pcrop(uint32_t start, uint32_t end, uint32_t *first, uint32_t *last);
#define L4_WRP_NONE      0x000000FFu /* first page after the last */
#define L4_PCROP_SR_NONE 0x0000FFFFu
#define L4_PCROP_ER_NONE 0x00000000u

#endif
