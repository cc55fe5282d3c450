/* Attacks on the protections of the STM32L4, one a key: what is forbidden is tried, and the effect shown. */
#include "app/console.h"
#include "app/protections.h"
#include "board/slots.h"
#include "port/port.h"
#include "port/stm32l4/regs.h"
#include "portcullis/engine.h"

#define RUNNING 1u

static void survived(void)
{
  console_line("  Nothing stopped this: the board is NOT PROTECTED against it.\r\n");
}

static void corrupt_image(void)
{
  static const uint8_t zeros[MAP_FLASH_UNIT];
  struct engine_image_info info;
  const struct flash_area *slot = &board_slots[RUNNING - 1].active;
  console_line("  Test : CORRUPT ACTIVE IMAGE: eight bytes at its end become zero ...");
  pc_status status = engine_call(ENGINE_GET_INFO, RUNNING, (uintptr_t)&info, 0);
  uint32_t at = status == PC_OK ? info.size : 0; /* from the end: the last bytes that are not zero already */
  while (at >= sizeof zeros && (REG(slot->base + at - 8) | REG(slot->base + at - 4)) == 0)
    at -= sizeof zeros;
  if (at < sizeof zeros || flash_program(slot, at - sizeof zeros, zeros, sizeof zeros) != PC_OK) {
    console_line("  The flash cannot be written.\r\n");
    return;
  }
  console_line("  Done: the signature check of the next boot will fail. Rebooting.\r\n");
  port_reset();
}

static void read_at(uint32_t address, const char *what)
{
  console_line("  Test Protection: ");
  console_text(what);
  console_text(" is read ...\r\n");
  (void)REG(address);
  survived();
}

/* The flash controller refuses to erase what WRP or PCROP covers. */
static void erase_at(uint32_t address)
{
  if (port_flash.erase(address) == PC_OK) {
    survived();
    return;
  }
  console_line((FLASH_SR & FLASH_SR_WRPERR) != 0
                   ? "  Refused by the flash controller: write protection error (WRPERR).\r\n"
                   : "  Refused by the flash controller.\r\n");
}

static void deadlock(void)
{
  console_line("  Test Protection: IWDG: a deadlock; the watchdog is not refreshed any more ...\r\n");
  for (;;) {
  }
}

static void tamper(void)
{
  console_line("  Test Protection: TAMPER: connect PA0 (CN7.28) to GND. Any key to go back.\r\n");
  (void)console_key();
}

void protections_menu(void)
{
  for (;;) {
    console_line("======================= Test Menu =========================\r\n");
    console_line("  Test : CORRUPT ACTIVE IMAGE --------------------------- 1");
    console_line("  Test Protection: Firewall - CODE ---------------------- 2");
    console_line("  Test Protection: Firewall - VDATA --------------------- 3");
    console_line("  Test Protection: PCROP -------------------------------- 4");
    console_line("  Test Protection: WRP ---------------------------------- 5");
    console_line("  Test Protection: IWDG --------------------------------- 6");
    console_line("  Test Protection: TAMPER ------------------------------- 7");
    console_line("  Previous Menu ----------------------------------------- x\r\n");
    console_line("  Selection : ");
    uint8_t key = console_key();
    console_text("\r\n");
    switch (key) {
    case '1':
      corrupt_image();
      break;
    case '2':
      read_at(MAP_GATE_BASE + 0x300u, "Firewall - CODE: the engine's code");
      break;
    case '3':
      read_at(MAP_ENGINE_RAM_BASE + MAP_ENGINE_STACK_SIZE, "Firewall - VDATA: the engine's RAM");
      break;
    case '4':
      console_line("  Test Protection: PCROP: the page with the keys is erased ...");
      erase_at(MAP_GATE_BASE);
      read_at(MAP_GATE_BASE + 0x10u, "PCROP: the keys' code");
      break;
    case '5':
      console_line("  Test Protection: WRP: a page of the boot loader is erased ...");
      erase_at(MAP_BOOT_BASE + MAP_BOOT_SIZE - MAP_FLASH_PAGE);
      break;
    case '6':
      deadlock();
      break;
    case '7':
      tamper();
      break;
    case 'x':
      return;
    default:
      console_line("  Invalid selection: 1 to 7, or x.\r\n");
      break;
    }
  }
}
