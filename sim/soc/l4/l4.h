/* STM32L475, STM32L476, STM32L496 and STM32L462: what the files of this model share. Facts: RM0351, RM0394 and the
 * register maps; where silicon is silent, the comment says what the model does. */
#ifndef SIM_SOC_L4_L4_H
#define SIM_SOC_L4_L4_H

#include "sim/soc/model.h"
#include "sim/soc/nvm.h"
#include "sim/soc/st/crc.h"
#include "sim/soc/st/dma.h"
#include "sim/soc/st/gpio.h"
#include "sim/soc/st/iwdg.h"
#include "sim/soc/st/quadspi.h"
#include "sim/soc/st/rng.h"
#include "sim/soc/st/spi.h"
#include "sim/soc/st/usart.h"

#define L4_FLASH_BASE  0x08000000u
#define L4_FLASH_MAX   0x00100000u
#define L4_BANK_SIZE   0x00080000u
#define L4_PAGE        0x800u
#define L4_BANK_PAGES  (L4_BANK_SIZE / L4_PAGE)
#define L4_OTP_BASE    0x1FFF7000u
#define L4_OTP_SIZE    0x400u
#define L4_UID_BASE    0x1FFF7590u
#define L4_SRAM1_BASE  0x20000000u
#define L4_SRAM1_MAX   0x40000u
#define L4_SRAM2_BASE  0x10000000u
#define L4_SRAM2_MAX   0x10000u
#define L4_GRANULES    (L4_FLASH_MAX / CPU_GRANULE)
#define L4_PORTS       8u
#define L4_USARTS      4u /* USART1-3, LPUART1 */
#define L4_BACKUP_REGS 32u

#define L4_NOR_PINS 6u
struct l4_pin {
  char port;
  uint8_t pin;
};

/* What differs between the chips; l4.c. A chip with one bank is one whose flash ends with bank 1: nothing of bank 2
 * can be reached, and any operation makes all of its flash wait. */
struct l4_part {
  uint32_t flash_size, sram1_size, sram2_size;
  bool sram2_behind; /* SRAM2 can be seen a second time, right behind SRAM1 */
  uint32_t idcode;   /* DBGMCU_IDCODE */
  uint32_t ports;    /* bit 0: GPIOA ... */
  uint32_t package;  /* package data register */
  unsigned options;  /* option words: the first ones of enum l4_option */
  uint32_t optr_mask, optr_ones, optr_factory;
  uint8_t uid[12];
  /* Not NULL: QUADSPI is modelled, with the board's flash behind it: port and number of the pins that lead there. */
  const struct l4_pin *nor;
};
extern const struct l4_part l4_part_l476, l4_part_l475, l4_part_l496, l4_part_l462;

/* Interrupts that the model raises. */
enum {
  L4_IRQ_TAMP_STAMP = 2,
  L4_IRQ_FLASH = 4,
  L4_IRQ_RCC = 5,
  L4_IRQ_EXTI0 = 6,
  L4_IRQ_EXTI9_5 = 23,
  L4_IRQ_SPI1 = 35,
  L4_IRQ_USART1 = 37,
  L4_IRQ_USART2 = 38,
  L4_IRQ_USART3 = 39,
  L4_IRQ_EXTI15_10 = 40,
  L4_IRQ_LPUART1 = 70,
  L4_IRQ_RNG = 80,
  L4_IRQS = 82,
};

/* Option words in the order of the register map: bank 1's five, bank 2's four. */
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
enum {
  L4_OPTR_IWDG_SW = 1 << 16,
  L4_OPTR_BFB2 = 1 << 20,
  L4_OPTR_NBOOT1 = 1 << 23,
  L4_OPTR_SRAM2_RST = 1 << 25,
  L4_OPTR_NSWBOOT0 = 1 << 26, /* these two on parts with them only */
  L4_OPTR_NBOOT0 = 1 << 27,
};
#define L4_PCROP_RDP 0x80000000u /* in PCROP1ER */
/* The option bytes: what lies in their flash (each word with its complement) and what was loaded from there at the last
 * power-on or launch. The registers OPTR ... WRP2BR are in the flash block. */
struct l4_options {
  uint32_t stored[L4_OPTIONS][2];
  uint32_t loaded[L4_OPTIONS];
};

/* Flash controller. */
enum l4_op { L4_OP_NONE, L4_OP_PROGRAM, L4_OP_ERASE, L4_OP_REGRESSION /* then OPTIONS */, L4_OP_OPTIONS };
struct l4_flash {
  struct soc_block block; /* registers */
  struct nvm main, otp;
  unsigned key_step, option_key_step;
  bool keys_spoiled, option_keys_spoiled; /* a wrong key: locked until reset */

  /* the first word of a double word */
  bool half;
  struct nvm *half_array;
  uint32_t half_at, half_value;

  /* the operation under way */
  enum l4_op op;
  unsigned banks; /* bit 0: bank 1, bit 1: bank 2 */
  struct nvm *array;
  uint32_t at;   /* program: offset of the double word; erase: of the first byte */
  uint32_t size; /* erase */
  uint8_t data[8];
  enum soc_fate fate;
  uint32_t seed;
  uint64_t end;
  struct soc_event done;

  /* fast programming of a row */
  bool row_open;
  uint32_t row, row_next; /* offsets */
  bool mass_erased[2];    /* nothing else was done to the bank since */
  struct soc_event row_late;

  /* granules that the core may hold direct pointers to, or has been refused; by address 0 / 0x08000000 */
  uint64_t handed[2][L4_GRANULES / 64], refused[2][L4_GRANULES / 64];
  uint32_t ecc_at; /* the last uncorrectable double word, as an address; for fault reports */
};

/* Firewall. GATE: the second word of the call gate was the last thing fetched. */
enum l4_firewall_state { L4_FW_OFF, L4_FW_CLOSED, L4_FW_GATE, L4_FW_OPEN };
struct l4_firewall {
  struct soc_block block;
  enum l4_firewall_state state;
  uint32_t gate; /* start of the segment whose gate is being passed */
};

struct l4_rtc {
  struct soc_block block;
  unsigned key_step;
  bool pad[3]; /* tamper pins as last seen */
};

struct l4_rcc {
  struct soc_block block;
  struct soc_event ready[8];
};

struct l4 {
  struct soc *soc;
  const struct l4_part *part;
  struct l4_flash flash;
  struct l4_options options;
  struct l4_firewall firewall;
  struct l4_rcc rcc;
  struct l4_rtc rtc;
  struct soc_block pwr, syscfg, exti, dbgmcu;
  struct soc_event vos_ready, sram2_cleared;
  unsigned sram2_key_step;
  struct st_gpio gpio[L4_PORTS];
  struct st_usart usart[L4_USARTS];
  struct st_spi spi;
  struct st_quadspi quadspi;
  struct mx25r nor;
  struct st_iwdg iwdg;
  struct st_crc crc;
  struct st_rng rng;
  struct st_dma dma[2];
  uint8_t uid[12];
  bool debugger;         /* has woken the debug port since power-on */
  bool booted_elsewhere; /* from SRAM1 or system memory */
  /* At the end: of smaller chips nobody looks at the rest (chip_size). */
  uint8_t sram2[L4_SRAM2_MAX], sram1[L4_SRAM1_MAX];
};

static inline struct l4 *l4_of(const struct soc_block *block)
{
  return block->chip;
}

/* Register offsets that more than one file needs. */
enum {
  RCC_AHB1ENR = 0x48,
  RCC_AHB2ENR = 0x4C,
  RCC_AHB3ENR = 0x50,
  RCC_APB1ENR1 = 0x58,
  RCC_APB1ENR2 = 0x5C,
  RCC_APB2ENR = 0x60
};
enum { RCC_CCIPR = 0x88, RCC_BDCR = 0x90, RCC_CSR = 0x94 };
enum { FLASH_ACR = 0 };

/* names.c */
#define L4_NAMES 69u
extern const struct soc_name l4_names[L4_NAMES];

/* rcc.c: clocks and reset flags. Frequencies in Hz; 0: stopped. */
void l4_rcc_init(struct l4 *l4);
void l4_rcc_flag_reset(struct l4 *l4, enum soc_cause cause); /* CSR, after the block's reset */
void l4_rcc_update(struct l4 *l4);                           /* clock sources or voltage changed */
uint32_t l4_sysclk(const struct l4 *l4);
uint32_t l4_pclk(const struct l4 *l4, unsigned apb);
uint32_t l4_usart_hz(const struct l4 *l4, unsigned select, unsigned apb);
uint32_t l4_clk48(const struct l4 *l4);
uint32_t l4_lse(const struct l4 *l4);
bool l4_lsi_on(const struct l4 *l4);

/* power.c: PWR, and SYSCFG with SRAM2 */
void l4_power_init(struct l4 *l4);
bool l4_backup_writable(const struct l4 *l4); /* PWR.CR1.DBP */
unsigned l4_voltage_range(const struct l4 *l4);
extern const struct soc_mem_ops l4_sram2_ops;
bool l4_banks_swapped(const struct l4 *l4);   /* SYSCFG.MEMRMP.FB_MODE */
unsigned l4_boot_memory(const struct l4 *l4); /* SYSCFG.MEMRMP.MEM_MODE: 0 main flash, 3 SRAM1 */
unsigned l4_exti_port(const struct l4 *l4, unsigned line);

/* protect.c */
unsigned l4_rdp_of(uint32_t optr); /* read protection level: 0, 1 or 2 */
unsigned l4_rdp(const struct l4 *l4);
bool l4_closed(const struct l4 *l4); /* level 1 and an intrusion: flash, SRAM2 and backup registers, to all masters */
bool l4_closed_to(const struct l4 *l4, enum soc_master master);
void l4_debug_attach(struct l4 *l4);
bool l4_debug_open(const struct l4 *l4);
bool l4_pcrop_overlaps(const struct l4 *l4, uint32_t at, uint32_t size); /* physical offset in main flash */
/* Option words by enum l4_option, of which the part has so many. */
bool l4_pcrop_shrinks(const uint32_t *from, const uint32_t *to, unsigned words);
void l4_regression_erase(struct l4 *l4, enum soc_fate fate, uint32_t seed);

/* firewall.c */
void l4_firewall_init(struct l4 *l4);
bool l4_firewall_on(const struct l4 *l4);
void l4_firewall_enable(struct l4 *l4); /* SYSCFG.CFGR1.FWDIS has been cleared: until the next reset of the chip */
void l4_firewall_reset(struct l4 *l4);  /* before the blocks are reset */

/* exti.c */
void l4_exti_init(struct l4 *l4);
void l4_exti_edge(struct l4 *l4, unsigned line, bool rising);

/* rtc.c: backup registers and tamper detection */
void l4_rtc_init(struct l4 *l4);
void l4_rtc_pins(struct l4 *l4); /* a pin may have changed */
void l4_backup_reset(struct l4 *l4);
void l4_backup_erase(struct l4 *l4); /* the backup registers only */

/* flash.c: the controller */
void l4_flash_init(struct l4 *l4);
void l4_flash_abort(struct l4 *l4); /* power or reset in the middle of an operation */
bool l4_flash_write(struct l4 *l4, struct nvm *array, uint32_t at, uint32_t value, unsigned size);
bool l4_flash_busy(const struct l4_flash *f, unsigned bank);
void l4_flash_ecc(struct l4 *l4, enum nvm_ecc ecc, const struct nvm *array, uint32_t at);
void l4_flash_read_error(struct l4 *l4); /* PCROP */
void l4_flash_latency(struct l4 *l4);

/* memory.c: how flash, OTP and the rest look on the bus */
bool l4_memory_init(struct l4 *l4);
void l4_memory_busy(struct l4 *l4, unsigned banks); /* the core must come back for these banks */
void l4_memory_changed(struct l4 *l4, const struct nvm *array, uint32_t at, uint32_t size);
void l4_memory_ready(struct l4 *l4); /* what was refused may be had again */
void l4_memory_remapped(struct l4 *l4);
bool l4_memory_runs_from(const struct l4 *l4, unsigned banks);          /* the PC is in one of them */
bool l4_flash_offset(const struct l4 *l4, uint32_t addr, uint32_t *at); /* main flash at 0x08000000; physical offset */

/* options.c */
void l4_options_factory(struct l4 *l4);
bool l4_options_set(struct l4 *l4, uint32_t addr,
                    const uint8_t *byte);     /* at manufacture; NULL: only look. False: none */
void l4_options_load(struct l4 *l4);          /* from flash; sets OPTVERR on a mismatch */
void l4_options_registers(struct l4 *l4);     /* registers show what is loaded */
bool l4_options_allowed(const struct l4 *l4); /* may what the registers say be programmed now? */
bool l4_options_regress(const struct l4 *l4); /* would it lead from level 1 to level 0? */
void l4_options_program(struct l4 *l4, enum soc_fate fate, uint32_t seed);
uint32_t l4_option_mask(const struct l4 *l4, enum l4_option option); /* bits that can be written */
unsigned l4_option_offset(enum l4_option option);                    /* of its register */
bool l4_options_read(const struct l4 *l4, uint32_t addr, uint32_t *word);
bool l4_page_protected(const struct l4 *l4, uint32_t at);  /* WRP, PCROP, closed; physical offset of a byte in it */
bool l4_write_protected(const struct l4 *l4, uint32_t at); /* the same for programming a double word */
bool l4_bank_protected(const struct l4 *l4, unsigned bank);

#endif
