/* See line.h. */
#include "app/line.h"

#include "port/port.h"

#include <stddef.h>

static int32_t get(void *ctx, uint32_t timeout_ms)
{
  (void)ctx;
  port_watchdog_refresh();
  return port_console_get(timeout_ms);
}

static void put(void *ctx, uint8_t byte)
{
  (void)ctx;
  port_console_put(byte);
}

const struct ymodem_line app_line = {get, put, NULL};
