/* An application in two segments: the program says who it is and what it finds in the second one, which the packer put
 * there (`image pack APP ASSETS`): its first line, and the sum of a word in every KiB, read where the boot loader has
 * mapped it. On a key it erases and programs a page of the download slot with the update API's flash driver, and reads
 * the assets again. Linked with all of the C library's mathematics behind it, so that it has the size of a real
 * program, of which a line more moves everything. */
#include "board/slots.h"
#include "port/port.h"
#include "port/start.h"
#include "portcullis/engine.h"

#define ASSETS ((const volatile uint32_t *)(uintptr_t)MAP_SEGMENT_BASE)

/* Tables, so that the program has 300 KiB. */
__asm(".section .rodata.tables, \"a\"\n"
      ".balign 4\n"
      ".set n, 0\n"
      ".rept 50000\n"
      ".long (n * 2654435761) & 0xffffffff\n"
      ".set n, n + 1\n"
      ".endr\n"
      ".text\n");

void start_on_fault(enum start_fault fault)
{
  static const char words[] = "FAULT\r\n";
  (void)fault;
  for (const char *p = words; *p != 0; p++)
    port_console_put((uint8_t)*p);
}

static void text(const char *words)
{
  while (*words != 0)
    port_console_put((uint8_t)*words++);
}

static void number(uint32_t value)
{
  for (uint32_t i = 8; i-- != 0;)
    port_console_put((uint8_t) "0123456789abcdef"[value >> (4 * i) & 15u]);
}

static void tell_assets(void)
{
  const volatile char *line = (const volatile char *)ASSETS;
  uint32_t sum = 0;
  text("assets: ");
  for (uint32_t i = 0; i < 64 && line[i] >= ' ' && line[i] <= '~'; i++)
    port_console_put((uint8_t)line[i]);
  for (uint32_t at = 0; at < MAP_SEGMENT_SIZE / 4; at += 256)
    sum += ASSETS[at];
  text("; sum ");
  number(sum);
  text("\r\n");
}

static void work_on_the_flash(void)
{
  static const uint8_t bytes[32] = "not a header";
  const struct flash_area *slot = &board_slots[0].download;
  const uint32_t last = slot->size - slot->page;
  bool ok = flash_erase(slot, last, slot->page) == PC_OK && flash_program(slot, last, bytes, sizeof bytes) == PC_OK;
  text(ok ? "flash done\r\n" : "flash failed\r\n");
  tell_assets();
}

int main(void)
{
  struct engine_image_info info;
  port_init();
  text("\r\nASSETS " TINY_NAME " runs");
#ifdef ASSETS_ONE_LINE_MORE
  text(", with one line more");
#endif
  text(engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&info, 0) == PC_OK ? ", engine answers, version " : ", no engine ");
  number(info.version);
  text("\r\n");
  tell_assets();
  for (;;) {
    port_watchdog_refresh();
    if (port_console_get(1000) == 'f')
      work_on_the_flash();
  }
}
