/* The STM32L4 registers that Portcullis touches (RM0351; offsets and bits as in the vendor's SVD). */
#ifndef PORT_STM32L4_REGS_H
#define PORT_STM32L4_REGS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* RCC, RM0351 section 6.4 */
#define RCC_CR            REG(0x40021000)
#define RCC_CR_MSION      (1u << 0)
#define RCC_CR_MSIRDY     (1u << 1)
#define RCC_CR_PLLON      (1u << 24)
#define RCC_CR_PLLRDY     (1u << 25)
#define RCC_CFGR          REG(0x40021008)
#define RCC_CFGR_SW_PLL   3u
#define RCC_CFGR_SWS_MASK (3u << 2)
#define RCC_PLLCFGR       REG(0x4002100C)
#define RCC_APB2RSTR      REG(0x40021040)
#define RCC_APB1RSTR1     REG(0x40021038)
#define RCC_AHB2ENR       REG(0x4002104C)
#define RCC_APB1ENR1      REG(0x40021058)
#define RCC_APB2ENR       REG(0x40021060)
#define RCC_APB2_SYSCFG   (1u << 0)
#define RCC_APB2_FW       (1u << 7)
#define RCC_APB1_PWR      (1u << 28)
#define RCC_APB2ENR       REG(0x40021060)
#define RCC_CSR           REG(0x40021094)
#define RCC_CSR_RMVF      (1u << 23)
#define RCC_CSR_FWRSTF    (1u << 24)
#define RCC_CSR_OBLRSTF   (1u << 25)
#define RCC_CSR_PINRSTF   (1u << 26)
#define RCC_CSR_BORRSTF   (1u << 27)
#define RCC_CSR_SFTRSTF   (1u << 28)
#define RCC_CSR_IWDGRSTF  (1u << 29)
#define RCC_CSR_WWDGRSTF  (1u << 30)
#define RCC_CSR_LPWRRSTF  (1u << 31)

/* GPIO, section 8.4 */
#define GPIO_BASE(port)     (0x48000000u + (uint32_t)((port) - 'A') * 0x400u)
#define GPIO_MODER(port)    REG(GPIO_BASE(port) + 0x00)
#define GPIO_OSPEEDR(port)  REG(GPIO_BASE(port) + 0x08)
#define GPIO_PUPDR(port)    REG(GPIO_BASE(port) + 0x0C)
#define GPIO_IDR(port)      REG(GPIO_BASE(port) + 0x10)
#define GPIO_AFR(port, pin) REG(GPIO_BASE(port) + 0x20 + ((pin) / 8) * 4)

/* QUADSPI, chapter 19 */
#define RCC_AHB3ENR     REG(0x40021050)
#define RCC_AHB3_QSPI   (1u << 8)
#define QUADSPI_CR      REG(0xA0001000)
#define QUADSPI_DCR     REG(0xA0001004)
#define QUADSPI_SR      REG(0xA0001008)
#define QUADSPI_FCR     REG(0xA000100C)
#define QUADSPI_DLR     REG(0xA0001010)
#define QUADSPI_CCR     REG(0xA0001014)
#define QUADSPI_AR      REG(0xA0001018)
#define QUADSPI_DR      REG(0xA0001020)
#define QUADSPI_DR_BYTE (*(volatile uint8_t *)(uintptr_t)0xA0001020)
#define QUADSPI_PSMKR   REG(0xA0001024)
#define QUADSPI_PSMAR   REG(0xA0001028)
#define QUADSPI_PIR     REG(0xA000102C)

/* USART, section 40.8 */
#define USART_CR1(base) REG((base) + 0x00)
#define USART_CR1_UE    (1u << 0)
#define USART_CR1_RE    (1u << 2)
#define USART_CR1_TE    (1u << 3)
#define USART_BRR(base) REG((base) + 0x0C)
#define USART_ISR(base) REG((base) + 0x1C)
#define USART_ISR_ORE   (1u << 3)
#define USART_ISR_RXNE  (1u << 5)
#define USART_ISR_TC    (1u << 6)
#define USART_ISR_TXE   (1u << 7)
#define USART_ICR(base) REG((base) + 0x20)
#define USART_RDR(base) REG((base) + 0x24)
#define USART_TDR(base) REG((base) + 0x28)

/* FLASH, section 3.7 */
#define FLASH_ACR        REG(0x40022000)
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN   (1u << 9)
#define FLASH_ACR_DCEN   (1u << 10)
#define FLASH_ACR_ICRST  (1u << 11)
#define FLASH_ACR_DCRST  (1u << 12)
#define FLASH_KEYR       REG(0x40022008)
#define FLASH_SR         REG(0x40022010)
#define FLASH_SR_ERRORS  0x0000C3FAu
#define FLASH_SR_BSY     (1u << 16)
#define FLASH_CR         REG(0x40022014)
#define FLASH_CR_PG      (1u << 0)
#define FLASH_CR_PER     (1u << 1)
#define FLASH_CR_BKER    (1u << 11)
#define FLASH_CR_STRT    (1u << 16)
#define FLASH_CR_LOCK    (1u << 31)
#define FLASH_ECCR       REG(0x40022018)
#define FLASH_ECCR_ECCD  (1u << 31)

#define FLASH_SR_WRPERR  (1u << 4)
#define FLASH_SR_RDERR   (1u << 14)
#define FLASH_OPTKEYR    REG(0x4002200C)
#define FLASH_CR_OPTSTRT (1u << 17)
#define FLASH_CR_LAUNCH  (1u << 27) /* OBL_LAUNCH */
#define FLASH_CR_OPTLOCK (1u << 30)
#define FLASH_OPTION(at) REG(0x40022000 + (at)) /* section 3.7.8 and on */
#define OPTION_OPTR      0x20u
#define OPTION_PCROP1SR  0x24u
#define OPTION_PCROP1ER  0x28u
#define OPTION_WRP1AR    0x2Cu
#define OPTION_WRP1BR    0x30u
#define OPTION_PCROP2SR  0x44u
#define OPTION_PCROP2ER  0x48u
#define OPTION_WRP2AR    0x4Cu
#define OPTION_WRP2BR    0x50u
#define OPTR_RDP         0xFFu
#define OPTR_IWDG_SW     (1u << 16)
#define OPTR_BFB2        (1u << 20)
#define OPTR_NBOOT1      (1u << 23)
#define OPTR_SRAM2_RST   (1u << 25) /* 0: SRAM2 is erased at a system reset */
#define PCROP_RDP        (1u << 31) /* the area goes with a regression of the read protection */

/* Firewall, section 4.4. Segments: base and length, granules of 256 bytes (volatile data: 64). */
#define FW_CSSA   REG(0x40011C00)
#define FW_CSL    REG(0x40011C04)
#define FW_NVDSSA REG(0x40011C08)
#define FW_NVDSL  REG(0x40011C0C)
#define FW_VDSSA  REG(0x40011C10)
#define FW_VDSL   REG(0x40011C14)
#define FW_CR     REG(0x40011C20)
#define FW_CR_FPA (1u << 0)

/* SYSCFG, section 9.2 */
#define SYSCFG_MEMRMP      REG(0x40010000)
#define SYSCFG_CFGR1       REG(0x40010004)
#define SYSCFG_CFGR1_FWDIS (1u << 0) /* cleared: firewall on until the next reset */

/* IWDG, section 36.4: LSI of 32 kHz */
#define IWDG_KR         REG(0x40003000)
#define IWDG_KR_START   0xCCCCu
#define IWDG_KR_ACCESS  0x5555u
#define IWDG_KR_REFRESH 0xAAAAu
#define IWDG_PR         REG(0x40003004)
#define IWDG_RLR        REG(0x40003008)
#define IWDG_SR         REG(0x4000300C)

/* Tamper detection: PWR section 5.4, RTC section 38.6, EXTI section 14.5 */
#define PWR_CR1             REG(0x40007000)
#define PWR_CR1_DBP         (1u << 8)
#define RTC_ISR             REG(0x4000280C)
#define RTC_ISR_TAMP2F      (1u << 14)
#define RTC_TAMPCR          REG(0x40002840)
#define RTC_TAMPCR_TAMPIE   (1u << 2)
#define RTC_TAMPCR_TAMP2E   (1u << 3)
#define RTC_TAMPCR_TAMP2TRG (1u << 4) /* without filter: falling edge */
#define EXTI_IMR1           REG(0x40010400)
#define EXTI_RTSR1          REG(0x40010408)
#define EXTI_PR1            REG(0x40010414)
#define EXTI_TAMPER         (1u << 19)
#define IRQ_TAMPER          2u

/* Cortex-M4 system registers (ARMv7-M ARM, B3.2) */
#define SYST_CSR              REG(0xE000E010)
#define SYST_RVR              REG(0xE000E014)
#define SYST_CVR              REG(0xE000E018)
#define SCB_VTOR              REG(0xE000ED08)
#define SCB_AIRCR             REG(0xE000ED0C)
#define SCB_SHCSR             REG(0xE000ED24)
#define SCB_SHCSR_MEMFAULTENA (1u << 16)
#define NVIC_ISER0            REG(0xE000E100)
#define MPU_CTRL              REG(0xE000ED94)
#define MPU_RNR               REG(0xE000ED98)
#define MPU_RBAR              REG(0xE000ED9C)
#define MPU_RASR              REG(0xE000EDA0)

#endif
