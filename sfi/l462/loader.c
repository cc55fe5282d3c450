/* The secure boot loader of the STM32L462: the board's side, and the main loop. */
#include "sfi/l462/loader.h"

#include "map.h"
#include "port/flash.h"
#include "port/stm32l4/regs.h"
#include "sfi/l462/options.h"
#include "sfi/l462/program.h"
#include "sfi/l462/wire.h"

#define FRAME_TICKS 100u /* a frame that stops for a second is forgotten */

static const struct flash_area firmware = {&port_flash, MAP_FIRMWARE_BASE, MAP_FIRMWARE_SIZE, MAP_FLASH_PAGE,
                                           MAP_FLASH_UNIT};
static const struct flash_area records = {&port_flash, MAP_RECORDS_BASE, MAP_FLASH_PAGE, MAP_FLASH_PAGE,
                                          MAP_FLASH_UNIT};

static void unique_id(uint8_t id[12])
{
  for (uint32_t i = 0; i < 12; i++)
    id[i] = *(volatile uint8_t *)(0x1FFF7590u + i);
}

static bool read_out_protected(void)
{
  uint32_t words[L462_OPTIONS];
  options_read(words);
  return (words[L462_OPTR] & L462_RDP) != L462_RDP_0;
}

static void finish(void)
{
  wire_stop();
  loader_leave();
}

static const struct sfi_target target = {
    .chip_id = 0x462,
    .firmware = &firmware,
    .records = &records,
    .identity = LOADER_IDENTITY,
    .memory = LOADER_MEMORY,
    .options = L462_OPTIONS,
    .options_good = options_good,
    .unique_id = unique_id,
    .read_out_protected = read_out_protected,
    .finish = finish,
};

static struct sfi_install install;
static struct sfi_command command;

int main(void)
{
  loader_close();
  wire_start();
  sfi_install_start(&install, &target);
  while (wire_link() == NULL)
    wire_sleep(1);
  sfi_command_start(&command, &target, wire_link(), &install);
  uint32_t last = wire_ticks();
  for (;;) {
    int byte = wire_get();
    if (byte >= 0) {
      sfi_command_byte(&command, (uint8_t)byte);
      last = wire_ticks();
      if (command.finish)
        target.finish();
      continue;
    }
    bool more = sfi_install_work(&install);
    if (sfi_command_in_frame(&command) && wire_ticks() - last > FRAME_TICKS)
      sfi_command_timeout(&command);
    if (!more)
      wire_sleep(sfi_command_wants(&command));
  }
}

/* ---- reset ---- */
extern uint32_t link_data_start[], link_data_end[], link_data_load[], link_bss_start[], link_bss_end[];
extern uint32_t link_stack_top[];

_Noreturn void loader_start(void)
{
  uint32_t *to = link_data_start;
  for (const uint32_t *from = link_data_load; to != link_data_end;)
    *to++ = *from++;
  for (to = link_bss_start; to != link_bss_end;)
    *to++ = 0;
  (void)main();
  program_reset();
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  vector handlers[15];
} vectors = {link_stack_top,
             {loader_start, program_reset, program_reset, program_reset, program_reset, program_reset, program_reset,
              program_reset, program_reset, program_reset, program_reset, program_reset, program_reset, program_reset,
              program_reset}};
