/* An update over the second UART, with the console telling how it goes. */
#include "app/wire_menu.h"

#include "app/console.h"
#include "app/wire.h"
#include "port/port.h"
#include "port/wire.h"
#include "portcullis/engine.h"

#include <stddef.h>

#define RUNNING 1u /* the image that this application is */

static struct wire wire;

static void send(void *ctx, const uint8_t *bytes, uint32_t size)
{
  (void)ctx;
  while (size-- != 0)
    port_wire_put(*bytes++);
}

/* Told when the line is quiet: a byte would be lost while the console sends. */
static uint32_t tell(uint32_t told)
{
  struct update_state state;
  if (update_status(&wire.update, &state) != PC_OK || state.percent / 10u == told)
    return told;
  console_text("\r  ");
  console_number(state.percent);
  console_text(" % ");
  return state.percent / 10u;
}

void wire_menu(void)
{
  struct engine_image_info info;
  enum wire_outcome outcome = WIRE_GOES_ON;
  uint32_t told = 0;
  info.version = 0;
  (void)engine_call(ENGINE_GET_INFO, RUNNING, (uintptr_t)&info, 0);
  wire_init(&wire, info.version, send, NULL);
  port_wire_open();
  console_line("  -- Waiting for frames on the second UART; x to leave\r\n");
  while (outcome == WIRE_GOES_ON) {
    int byte = port_wire_get(20);
    port_watchdog_refresh();
    if (byte >= 0) {
      outcome = wire_byte(&wire, (uint8_t)byte);
      continue;
    }
    wire_silence(&wire);
    told = tell(told);
    if (port_console_get(0) == 'x') {
      (void)update_abort(&wire.update);
      console_line("  -- Left.\r\n");
      return;
    }
  }
  console_line(outcome == WIRE_NOW ? "  -- Complete: installed now\r\n"
                                   : "  -- Complete: installed at the next reset\r\n");
  if (outcome == WIRE_NOW)
    (void)update_install_now(&wire.update);
}
