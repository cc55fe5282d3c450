/* Backup domain of the STM32L4: backup registers, and tamper pins that erase them. The calendar is not modelled.
 * The domain has its own supply, so it survives resets and power-off; only BDRST and tampering clear it. */
#include "sim/soc/l4/l4.h"

#include <string.h>

enum { ISR = 0xC, WPR = 0x24, TAMPCR = 0x40, OR = 0x4C, BKP0R = 0x50 };
enum { TAMPIE = 1 << 2 };
#define TAMPF(i)       (1u << (13 + (i)))
#define TAMPE(i)       (1u << ((i) == 0 ? 0 : 1 + 2 * (i)))
#define TAMPTRG(i)     (TAMPE(i) << 1)
#define TAMPXIE(i)     (1u << (16 + 3 * (i)))
#define TAMPNOERASE(i) (1u << (17 + 3 * (i)))
#define TAMPMF(i)      (1u << (18 + 3 * (i)))
#define EXTI_TAMPER    19u

#define BKP(i)                                                                                                         \
  {                                                                                                                    \
    BKP0R + 4 * (i), SOC_REG_READ | SOC_REG_WRITE, 0, ~0u                                                              \
  }
static const struct soc_reg regs[] = {
    {ISR, SOC_REG_WRITE, 0x7, 0},
    {WPR, SOC_REG_WRITE, 0, 0},
    {TAMPCR, SOC_REG_WRITE, 0, 0x01FFFFFF},
    {OR, SOC_REG_WRITE, 0, 3},
    BKP(0),
    BKP(1),
    BKP(2),
    BKP(3),
    BKP(4),
    BKP(5),
    BKP(6),
    BKP(7),
    BKP(8),
    BKP(9),
    BKP(10),
    BKP(11),
    BKP(12),
    BKP(13),
    BKP(14),
    BKP(15),
    BKP(16),
    BKP(17),
    BKP(18),
    BKP(19),
    BKP(20),
    BKP(21),
    BKP(22),
    BKP(23),
    BKP(24),
    BKP(25),
    BKP(26),
    BKP(27),
    BKP(28),
    BKP(29),
    BKP(30),
    BKP(31),
};

void l4_backup_erase(struct l4 *l4)
{
  memset(&l4->rtc.block.v[BKP0R / 4], 0, 4 * L4_BACKUP_REGS);
}

static void tampered(struct l4 *l4, unsigned i)
{
  uint32_t *v = l4->rtc.block.v, tampcr = v[TAMPCR / 4];
  if (v[ISR / 4] & TAMPF(i))
    return;
  v[ISR / 4] |= TAMPF(i);
  soc_log(l4->soc, "tamper event on RTC_TAMP%u", i + 1);
  if (!(tampcr & (TAMPNOERASE(i) | TAMPMF(i))))
    l4_backup_erase(l4);
  if (tampcr & (TAMPIE | TAMPXIE(i)))
    l4_exti_edge(l4, EXTI_TAMPER, true);
}

/* The three pins: PC13, PA0, PE6. With the filter off an edge counts (and a pin that already has the level after it
 * when detection is switched on, as RM0351 warns); with the filter on the level, with the pull-up that samples it. */
static void look_at_pin(struct l4 *l4, unsigned i, bool just_enabled)
{
  static const struct {
    uint8_t port, pin;
  } pins[] = {{2, 13}, {0, 0}, {4, 6}};
  uint32_t tampcr = l4->rtc.block.v[TAMPCR / 4];
  bool filtered = tampcr & 0x1800, pulled = filtered && !(tampcr & 0x8000);
  bool pad = st_gpio_pad(&l4->gpio[pins[i].port], pins[i].pin, pulled);
  bool before = l4->rtc.pad[i], falling = tampcr & TAMPTRG(i);
  l4->rtc.pad[i] = pad;
  if (!(tampcr & TAMPE(i)))
    return;
  if (filtered) {
    if (!(l4->rcc.block.v[RCC_BDCR / 4] & 0x8000))
      soc_log_once(l4->soc, &regs[2],
                   "tamper filter is on, but the RTC has no clock (RCC.BDCR.RTCEN): nothing is seen");
    else if (pad == falling) /* TRG 0: low level, TRG 1: high level */
      tampered(l4, i);
  } else if (falling ? !pad && before && !just_enabled : pad && (!before || just_enabled)) {
    tampered(l4, i);
  }
}

void l4_rtc_pins(struct l4 *l4)
{
  for (unsigned i = 0; i < 3; i++)
    look_at_pin(l4, i, false);
}

void l4_backup_reset(struct l4 *l4)
{
  soc_block_reset(&l4->rtc.block);
}

/* WPR: 0xCA, 0x53 open the registers that it guards; of the modelled ones that is none but OR. */
static void write_key(struct l4 *l4, uint32_t value)
{
  unsigned step = l4->rtc.key_step;
  value &= 0xFF;
  l4->rtc.key_step = value == 0xCA ? 1 : value == 0x53 && step == 1 ? 2 : 0;
}

/* Backup registers read 0 when read protection closes them. */
static uint32_t read_reg(struct soc_block *b, unsigned offset, bool peek)
{
  return !peek && l4_closed(l4_of(b)) ? 0 : b->v[offset / 4];
}

static bool write_reg(struct soc_block *b, unsigned offset, uint32_t value, unsigned size)
{
  struct l4 *l4 = l4_of(b);
  uint32_t *v = &b->v[offset / 4];
  (void)size;
  if (!l4_backup_writable(l4)) {
    soc_log_once(b->soc, regs, "the backup domain is written while PWR.CR1.DBP is clear: ignored");
    return true;
  }
  switch (offset) {
  case ISR: /* event flags are cleared by zeros */
    *v &= value | ~(uint32_t)0x1FF00;
    break;
  case WPR:
    write_key(l4, value);
    break;
  case TAMPCR: {
    uint32_t enabled = value & ~*v;
    *v = value & 0x01FFFFFF;
    for (unsigned i = 0; i < 3; i++)
      look_at_pin(l4, i, enabled & TAMPE(i));
    break;
  }
  case OR:
    *v = value & 3;
    break;
  default:
    if (!l4_closed(l4))
      *v = value;
    break;
  }
  return true;
}

void l4_rtc_init(struct l4 *l4)
{
  l4->rtc.block = (struct soc_block){
      .name = "RTC",
      .base = 0x40002800,
      .size = 0x400,
      .regs = regs,
      .reg_count = sizeof regs / sizeof regs[0],
      .read = read_reg,
      .write = write_reg,
      .chip = l4,
  };
  soc_add_block(l4->soc, &l4->rtc.block);
}
