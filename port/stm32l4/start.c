/* Reset and exception entry of a program on the STM32L4: the vector table, RAM set-up, the ECC NMI and faults. Used by
 * the boot loader and by applications; the linker script gives the symbols. */
#include "port/start.h"
#include "port/port.h"
#include "port/stm32l4/regs.h"

extern uint32_t link_data_start[], link_data_end[], link_data_load[], link_bss_start[], link_bss_end[];
extern uint32_t link_stack_top[];
/* RAM regions that only the boot loader sets up (the engine's); empty in an application. */
extern uint32_t link_engine_data_start[], link_engine_data_end[], link_engine_data_load[], link_engine_bss_start[],
    link_engine_bss_end[];

int main(void);

static void set_up(uint32_t *data, const uint32_t *data_end, const uint32_t *load, uint32_t *bss,
                   const uint32_t *bss_end)
{
  while (data != data_end)
    *data++ = *load++;
  while (bss != bss_end)
    *bss++ = 0;
}

_Noreturn void start_reset(void)
{
  set_up(link_engine_data_start, link_engine_data_end, link_engine_data_load, link_engine_bss_start,
         link_engine_bss_end);
  set_up(link_data_start, link_data_end, link_data_load, link_bss_start, link_bss_end);
  (void)main();
  port_reset();
}

/* RM0351 section 3.3.3: an uncorrectable error in flash sets ECCD and raises the NMI. Note it and go on: the flash
 * driver sees the count and answers PC_ERR_ECC. Any other NMI source (clock security) is not used. */
static void nmi(void)
{
  uint32_t eccr = FLASH_ECCR;
  if ((eccr & FLASH_ECCR_ECCD) != 0) {
    port_shared.ecc++;
    port_shared.ecc_addr = eccr & 0x000FFFFFu;
    FLASH_ECCR = eccr; /* ECCD is cleared by writing it as 1 */
  }
}

static void hard_fault(void)
{
  start_on_fault(START_HARD_FAULT);
  port_reset();
}

static void memory_fault(void)
{
  start_on_fault(START_MEMORY_FAULT);
  port_reset();
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  vector handlers[15];
} vectors = {link_stack_top,
             {start_reset, nmi, hard_fault, memory_fault, hard_fault /* bus */, hard_fault /* usage */, hard_fault,
              hard_fault, hard_fault, hard_fault, hard_fault /* SVC */, hard_fault, hard_fault, hard_fault /* PendSV */,
              hard_fault /* SysTick */}};
