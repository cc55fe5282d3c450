/* The protections of the STM32L4, as the board's protect.h asks for them: run-time ones here, each a function, and the
 * table of static ones (option bytes), which protect_apply.c applies or protect_refuse.c only checks. */
#include "boot/protect.h"

#include "boot/errors.h"
#include "map.h"
#include "port/stm32l4/boot_region.h"
#include "port/stm32l4/protections.h"
#include "port/stm32l4/regs.h"

extern uint32_t link_engine_start[], link_engine_end[], link_keys_start[], link_keys_end[];

/* ---- debug port: its pins as analog inputs (RM0351 section 48.4.1: PA13, PA14, PA15, PB3, PB4) ---- */
#define DAP_A (3u << 26 | 3u << 28 | 3u << 30)
#define DAP_B (3u << 6 | 3u << 8)

static void dap_off(void)
{
  RCC_AHB2ENR |= 3u;
  (void)RCC_AHB2ENR;
  GPIO_MODER('A') |= DAP_A;
  GPIO_MODER('B') |= DAP_B;
}

/* ---- watchdog: LSI / 64, 500 ticks a second ---- */
static void watchdog_on(void)
{
  IWDG_KR = IWDG_KR_START;
  IWDG_KR = IWDG_KR_ACCESS;
  IWDG_PR = 4u;
  IWDG_RLR = PROTECT_IWDG * 500u;
  while (IWDG_SR != 0) { /* if this lasted, the watchdog would end it */
  }
  IWDG_KR = IWDG_KR_REFRESH;
}

/* ---- MPU: nothing may be executed but the boot loader, which cannot be written; option bytes out of reach ---- */
static void region(uint32_t number, uint32_t base, uint32_t rasr)
{
  MPU_RNR = number;
  MPU_RBAR = base;
  MPU_RASR = rasr;
}

#define MPU_ON 3u /* ENABLE, HFNMIENA: fault handlers are no exception */

/* Of the eight parts of the address space, those with memory in them: 0 and 1 (flash, RAM), 3 and 4 (external). */
#define MEMORY_PARTS_OFF 0xE400u

static void mpu_on(void)
{
  region(REGION_ALL, 0, MPU_XN | MPU_FULL | MPU_DEVICE | MPU_SIZE_4G | 1u);
  region(REGION_MEMORY, 0, MPU_XN | MPU_FULL | MPU_NORMAL | MEMORY_PARTS_OFF | MPU_SIZE_4G | 1u);
  region(REGION_BOOT, MAP_BOOT_BASE, MPU_READ_ONLY | MPU_NORMAL | BOOT_PARTS_OFF | MPU_SIZE(BOOT_REGION) | 1u);
  region(REGION_OPTIONS_1, 0x1FFF7800u, MPU_XN | MPU_SIZE(0x800) | 1u);
  region(REGION_OPTIONS_2, 0x1FFFF800u, MPU_XN | MPU_SIZE(0x800) | 1u);
  SCB_SHCSR |= SCB_SHCSR_MEMFAULTENA;
  MPU_CTRL = MPU_ON;
  __asm volatile("dsb\n isb" ::: "memory");
}

/* ---- tamper pin 2 (PA0): its falling edge is an interrupt (tamper.c) and erases the backup registers ---- */
static void tamper_on(void)
{
  RCC_APB1ENR1 |= RCC_APB1_PWR;
  (void)RCC_APB1ENR1;
  PWR_CR1 |= PWR_CR1_DBP;
  if ((RTC_ISR & RTC_ISR_TAMP2F) != 0) {
    boot_error_store(BOOT_ERROR_TAMPER); /* told at this boot */
    RTC_ISR = ~RTC_ISR_TAMP2F;
  }
  RTC_TAMPCR = RTC_TAMPCR_TAMPIE | RTC_TAMPCR_TAMP2E | RTC_TAMPCR_TAMP2TRG;
  EXTI_RTSR1 |= EXTI_TAMPER;
  EXTI_IMR1 |= EXTI_TAMPER;
  NVIC_ISER0 = 1u << IRQ_TAMPER;
}

/* ---- firewall: engine code, its data in bank 2, its RAM; on until the next reset ----
 * The segments have granules (RM0351 section 4.3.4), and an application can swap the banks: then the code is seen where
 * the data was, and must be covered there, too. */
#define BANK (MAP_FLASH_SIZE / 2)
_Static_assert(!PROTECT_FIREWALL || (MAP_GATE_BASE % 256 == 0 && MAP_ENGINE_ALIGN % 256 == 0),
               "PROTECT_FIREWALL: the engine's code (MAP_GATE_BASE, MAP_ENGINE_ALIGN) needs granules of 256 bytes");
_Static_assert(!PROTECT_FIREWALL || (MAP_ENGINE_DATA_BASE % 256 == 0 && MAP_ENGINE_DATA_SIZE % 256 == 0),
               "PROTECT_FIREWALL: the engine's data (MAP_ENGINE_DATA_BASE, _SIZE) needs granules of 256 bytes");
_Static_assert(!PROTECT_FIREWALL || (MAP_ENGINE_RAM_BASE % 64 == 0 && MAP_ENGINE_RAM_SIZE % 64 == 0),
               "PROTECT_FIREWALL: the engine's RAM (MAP_ENGINE_RAM_BASE, _SIZE) needs granules of 64 bytes");
_Static_assert(!PROTECT_FIREWALL || MAP_ENGINE_RAM_BASE >> 28 == 2, "PROTECT_FIREWALL covers RAM in SRAM1 only");
_Static_assert(
    !PROTECT_FIREWALL || (MAP_BOOT_BASE == MAP_FLASH_BASE && MAP_ENGINE_DATA_BASE == MAP_FLASH_BASE + BANK &&
                          MAP_GATE_BASE - MAP_BOOT_BASE + MAP_ENGINE_CODE_SIZE <= MAP_ENGINE_DATA_SIZE),
    "PROTECT_FIREWALL: the engine's data must lie in bank 2 over the engine's code in bank 1, or swapping the "
    "banks uncovers the keys");

static void firewall_on(void)
{
  const uint32_t code = (uint32_t)(uintptr_t)link_engine_start;
  RCC_APB2ENR |= RCC_APB2_SYSCFG | RCC_APB2_FW;
  (void)RCC_APB2ENR;
  FW_CSSA = code & 0x00FFFF00u;
  FW_CSL = ((uint32_t)(uintptr_t)link_engine_end - code) & 0x003FFF00u;
  FW_NVDSSA = MAP_ENGINE_DATA_BASE & 0x00FFFF00u;
  FW_NVDSL = MAP_ENGINE_DATA_SIZE & 0x003FFF00u;
  FW_VDSSA = MAP_ENGINE_RAM_BASE & 0x0001FFC0u;
  FW_VDSL = MAP_ENGINE_RAM_SIZE & 0x0001FFC0u;
  SYSCFG_CFGR1 &= ~SYSCFG_CFGR1_FWDIS;
}

void protect_begin(void)
{
  if (PROTECT_DAP)
    dap_off();
  if (PROTECT_IWDG)
    watchdog_on();
  if (PROTECT_MPU)
    mpu_on();
  if (PROTECT_TAMPER)
    tamper_on();
  if (PROTECT_FIREWALL)
    firewall_on();
}

pc_status protect_check(void)
{
  uint32_t off = 0; /* everything that is not as it should be, added up: no branch to skip */
  if (PROTECT_DAP)
    off |= ~GPIO_MODER('A') & DAP_A;
  if (PROTECT_MPU)
    off |= MPU_CTRL ^ MPU_ON;
  if (PROTECT_FIREWALL)
    off |= SYSCFG_CFGR1 & SYSCFG_CFGR1_FWDIS;
  return off == 0 ? PC_OK : PC_ERR_FLOW;
}

/* ---- static protections ---- */
#define WRP_AREA 0x00FF00FFu /* first page, and the last one from bit 16 on */
#define WRP_NONE 0x000000FFu /* the first behind the last */

uint32_t protect_options(uint32_t level, struct protect_option option[PROTECT_OPTIONS])
{
  uint32_t count = 0;
  const uint32_t keys = (uint32_t)(uintptr_t)link_keys_start - MAP_FLASH_BASE;
  const uint32_t keys_end = (uint32_t)(uintptr_t)link_keys_end - MAP_FLASH_BASE;
  /* Boot from bank 1, and from system memory instead of RAM when BOOT0 is high: at level 2 from flash only. SRAM2,
   * where keys lie for a moment, is erased at each reset. */
  option[count++] = (struct protect_option){OPTION_OPTR, OPTR_BFB2 | OPTR_NBOOT1 | OPTR_SRAM2_RST, OPTR_NBOOT1};
  if (level != 0) {
    /* Any byte but AA and CC is level 1. */
    const uint32_t now = FLASH_OPTION(OPTION_OPTR) & OPTR_RDP;
    if (now == 0xAAu || (level == 2 && now != 0xCCu)) {
      option[0].mask |= OPTR_RDP;
      option[0].value |= level == 2 ? 0xCCu : 0xBBu;
    }
  }
  if (PROTECT_IWDG)
    option[0].mask |=
        OPTR_IWDG_SW; /* started by hardware at reset: before the first instruction, and no fault prevents it */
  if (PROTECT_WRP)
    option[count++] = (struct protect_option){OPTION_WRP1AR, WRP_AREA, (MAP_BOOT_SIZE / MAP_FLASH_PAGE - 1) << 16};
  if (PROTECT_PCROP) {
    option[count++] = (struct protect_option){OPTION_PCROP1SR, 0xFFFFu, keys / 8};
    option[count++] = (struct protect_option){OPTION_PCROP1ER, PCROP_RDP | 0xFFFFu, PCROP_RDP | (keys_end / 8 - 1)};
  }
  /* What is not used is off: torn by a power cut or set by an application, these would close slots and engine data. */
  option[count++] = (struct protect_option){OPTION_WRP1BR, WRP_AREA, WRP_NONE};
  option[count++] = (struct protect_option){OPTION_PCROP2SR, 0xFFFFu, 0xFFFFu};
  option[count++] = (struct protect_option){OPTION_PCROP2ER, 0xFFFFu, 0};
  option[count++] = (struct protect_option){OPTION_WRP2AR, WRP_AREA, WRP_NONE};
  option[count++] = (struct protect_option){OPTION_WRP2BR, WRP_AREA, WRP_NONE};
  return count;
}

pc_status protect_options_check(uint32_t level)
{
  struct protect_option option[PROTECT_OPTIONS];
  const uint32_t count = protect_options(level, option);
  uint32_t different = 0, i;
  for (i = 0; i < count; i++)
    different |= (FLASH_OPTION(option[i].at) ^ option[i].value) & option[i].mask;
  return different == 0 && i == count && count != 0 ? PC_OK : PC_ERR_STATE;
}
