/* Extended interrupts of the STM32L4: lines 0-15 from pins, 19 from tamper; the other lines have their registers only.
 */
#include "sim/soc/l4/l4.h"

enum { IMR1 = 0, EMR1 = 4, RTSR1 = 8, FTSR1 = 0xC, SWIER1 = 0x10, PR1 = 0x14 };
#define EDGE_LINES 0x007DFFFFu /* lines of the first bank that detect edges */

static const struct soc_reg regs[] = {
    {IMR1, SOC_REG_WRITE, 0xFF820000, 0},
    {EMR1, 0, 0, ~0u},
    {RTSR1, 0, 0, EDGE_LINES},
    {FTSR1, 0, 0, EDGE_LINES},
    {SWIER1, SOC_REG_WRITE, 0, 0},
    {PR1, SOC_REG_WRITE | SOC_REG_LANES, 0, 0},
    {0x20, 0, 0xFFFFFF87, 0xFF},
    {0x24, 0, 0, 0xFF},
    {0x28, 0, 0, 0x78},
    {0x2C, 0, 0, 0x78},
};

static void update_irq(struct l4 *l4)
{
  struct cpu *cpu = l4->soc->cpu;
  uint32_t on = l4->exti.v[PR1 / 4] & l4->exti.v[IMR1 / 4];
  for (unsigned i = 0; i < 5; i++)
    cpu_irq_level(cpu, L4_IRQ_EXTI0 + i, on >> i & 1u);
  cpu_irq_level(cpu, L4_IRQ_EXTI9_5, on & 0x03E0);
  cpu_irq_level(cpu, L4_IRQ_EXTI15_10, on & 0xFC00);
  cpu_irq_level(cpu, L4_IRQ_TAMP_STAMP, on >> 19 & 1u);
}

static void trigger(struct l4 *l4, uint32_t lines)
{
  l4->exti.v[PR1 / 4] |= lines;
  if (lines & l4->exti.v[EMR1 / 4])
    cpu_event(l4->soc->cpu);
  update_irq(l4);
}

void l4_exti_edge(struct l4 *l4, unsigned line, bool rising)
{
  if (l4->exti.v[(rising ? RTSR1 : FTSR1) / 4] >> line & 1u)
    trigger(l4, 1u << line);
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  (void)size;
  if (offset == IMR1) {
    b->v[IMR1 / 4] = value;
  } else if (offset == SWIER1) {
    uint32_t rising = value & ~b->v[SWIER1 / 4] & EDGE_LINES;
    b->v[SWIER1 / 4] |= rising;
    trigger(l4, rising);
  } else {
    b->v[PR1 / 4] &= ~value;
    b->v[SWIER1 / 4] &= ~value;
  }
  update_irq(l4);
  return true;
}

static void reset(struct soc_block *b)
{
  update_irq(l4_of(b));
}

void l4_exti_init(struct l4 *l4)
{
  l4->exti = (struct soc_block){
      .name = "EXTI",
      .base = 0x40010400,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .write = write_reg,
      .reset = reset,
      .chip = l4,
  };
  soc_add_block(l4->soc, &l4->exti);
}
