/* The secure boot of the STM32L462: 4 KiB that are never modified and run at every reset.
 *
 * It starts the firmware if the device is complete: one-time words say so, for good. If an install is on record as
 * ready, it ends it, as often as it takes: erases the boot loader with the device's key, sets the option bytes, marks
 * the device complete. Else it starts the secure boot loader, which erases what an install has left and allows another.
 * Nothing is started while the protections are not as they must be.
 */
#include "map.h"
#include "port/flash.h"
#include "port/stm32l4/regs.h"
#include "sfi/device/record.h"
#include "sfi/l462/options.h"
#include "sfi/l462/program.h"

#define COMPLETE_0 0x5AC33CA5u
#define COMPLETE_1 0x69D2B41Eu
#define COPIES     2u /* of the mark: one that a power cut hit may read today only */

static const struct flash_area records_page = {&port_flash, MAP_RECORDS_BASE, MAP_FLASH_PAGE, MAP_FLASH_PAGE,
                                               MAP_FLASH_UNIT};
static const struct flash_area erased = {&port_flash, MAP_LOADER_BASE, MAP_ERASED_SIZE, MAP_FLASH_PAGE, MAP_FLASH_UNIT};

/* ---- the mark of a complete device, in one-time memory ---- */
static uint32_t marks(void)
{
  uint32_t count = 0, words[2];
  for (uint32_t i = 0; i < MAP_COMPLETE_UNITS; i++)
    if (port_flash.read(MAP_COMPLETE_BASE + i * MAP_FLASH_UNIT, words, sizeof words) == PC_OK &&
        words[0] == COMPLETE_0 && words[1] == COMPLETE_1)
      count++;
  return count;
}

static bool mark_complete(void)
{
  static const uint32_t words[2] = {COMPLETE_0, COMPLETE_1};
  uint32_t have = marks();
  for (uint32_t i = 0; i < MAP_COMPLETE_UNITS && have < COPIES; i++) {
    uint32_t seen[2], at = MAP_COMPLETE_BASE + i * MAP_FLASH_UNIT;
    if (port_flash.read(at, seen, sizeof seen) == PC_OK && (seen[0] & seen[1]) == 0xFFFFFFFFu &&
        port_flash.program(at, words, sizeof words) == PC_OK)
      have++;
  }
  return have != 0;
}

/* ---- protections ---- */
#ifdef SFI_PLAIN
static bool loader_protected(void)
{
  return true;
}
static bool firmware_protected(void)
{
  return true;
}
#else
static bool loader_protected(void)
{
  uint32_t words[L462_OPTIONS];
  options_read(words);
  return options_keep_key(words);
}
static bool firmware_protected(void)
{
  uint32_t words[L462_OPTIONS];
  options_read(words);
  return options_good(words);
}
#endif

/* ---- the end of an install ---- */
/* The key goes first. A page that reads blank may have been erased badly (its cells may still tell something), so it is
 * erased again after every reset but the one by the option bytes, which comes when all of it was done. */
static void erase_loader(bool launched)
{
  for (uint32_t at = MAP_ERASED_SIZE; at != 0; at -= MAP_FLASH_PAGE) {
    uint32_t page = at - MAP_FLASH_PAGE;
    if (launched && flash_is_blank(&erased, page, MAP_FLASH_PAGE) == PC_OK)
      continue;
    if (flash_erase(&erased, page, MAP_FLASH_PAGE) != PC_OK)
      program_reset();
  }
}

static void end_install(struct sfi_records *records, bool launched)
{
  const struct sfi_record ready = records->last;
  if (records->copies < COPIES)
    (void)sfi_records_add(&records_page, records, &ready, COPIES - records->copies);
  erase_loader(launched);
  if (!options_equal(ready.options, ready.count)) {
    if (launched)
      program_stop(); /* the chip does not take them: once more would not help */
    (void)options_program(ready.options, ready.count);
    options_launch();
  }
  if (!mark_complete())
    program_stop();
}

int main(void)
{
  struct sfi_records records;
  uint32_t cause = RCC_CSR;
  bool launched = (cause & RCC_CSR_OBLRSTF) != 0 && (cause & RCC_CSR_BORRSTF) == 0;
  RCC_CSR = cause | RCC_CSR_RMVF;
  RCC_CSR = cause & ~RCC_CSR_RMVF;
  if (marks() == 0) {
    sfi_records_read(&records_page, &records);
    if (records.last.type != (uint32_t)SFI_READY) {
      if (loader_protected() && program_is(MAP_LOADER_BASE) && loader_protected())
        program_start(MAP_LOADER_BASE);
      program_stop();
    }
    end_install(&records, launched);
  }
  if (marks() < COPIES)
    (void)mark_complete();
  if (firmware_protected() && marks() != 0 && program_is(MAP_FIRMWARE_BASE) && firmware_protected())
    program_start(MAP_FIRMWARE_BASE);
  program_stop();
}

/* ---- reset and exceptions ---- */
void program_nmi(void);
extern uint32_t link_stack_top[];

/* RAM first, before anything of it is used: it may hold what a reset has interrupted. No data to be copied: the linker
 * script sees to that. */
__attribute__((naked)) static void start(void)
{
  __asm volatile("cpsid i\n"
                 "movs r0, #0\n"
                 "ldr r1, =%c0\n"
                 "ldr r2, =%c1\n"
                 "1: stmia r1!, {r0}\n"
                 "cmp r1, r2\n"
                 "bne 1b\n"
                 "bl main\n"
                 "b .\n" ::"i"(MAP_RAM_BASE),
                 "i"(MAP_RAM_BASE + MAP_RAM_SIZE));
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  vector handlers[15];
} vectors = {link_stack_top,
             {start, program_nmi, program_reset, program_reset, program_reset, program_reset, program_reset,
              program_reset, program_reset, program_reset, program_reset, program_reset, program_reset, program_reset,
              program_reset}};
