/* General-purpose I/O port as in STM32 F4, L0, L4, G0, G4, H7 (MODER ... AFRH, BRR; ASCR on the L4). */
#ifndef SIM_SOC_ST_GPIO_H
#define SIM_SOC_ST_GPIO_H

#include "sim/soc/model.h"

struct st_gpio {
  struct soc_block block; /* first */
  char port;
  uint16_t driven, level; /* from outside: which pins, and how */
  uint16_t input;         /* what IDR shows */
  uint8_t lock_step;
  /* A pin changed its level as the chip sees it; may be NULL. */
  void (*changed)(struct st_gpio *gpio, unsigned pin, bool high);
  void (*rerouted)(struct st_gpio *gpio); /* modes or functions were written; may be NULL */
};
/* Name ("GPIOA") and base; reset values of MODER, OSPEEDR and PUPDR differ between ports. The caller adds the block. */
void st_gpio_init(struct st_gpio *gpio, const char *name, uint32_t base, void *chip);
/* The registers of ports C and up, and of A and B with their debug pins. */
extern const struct soc_reg st_gpio_regs[], st_gpio_regs_a[], st_gpio_regs_b[];
#define ST_GPIO_REGS 12u
void st_gpio_drive(struct st_gpio *gpio, unsigned pin, bool high);
void st_gpio_release(struct st_gpio *gpio, unsigned pin); /* nobody outside drives it any more */
/* Level at the pin itself, whatever its mode (for functions that bypass the port): driven from outside, or pulled. */
bool st_gpio_pad(const struct st_gpio *gpio, unsigned pin, bool floating);
/* Alternate function number that the pin is set to, or -1. */
int st_gpio_function(const struct st_gpio *gpio, unsigned pin);

#endif
