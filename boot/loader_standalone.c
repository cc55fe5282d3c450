/* A board with a standalone loader: see loader.h. */
#include "boot/loader.h"

#include "boot/console.h"
#include "port/port.h"
#include "portcullis/engine.h"

#include <stdbool.h>

_Static_assert(MAP_IMAGES >= LOADER_IMAGE, "the standalone loader is an image of the board");

static uint32_t starts; /* 0 until the loader is asked for */
static bool missed;

static _Noreturn void nothing_to_start(void)
{
  console_note("Neither firmware nor standalone loader: nothing will be started.");
  for (;;) {
    port_watchdog_refresh();
    (void)port_console_get(1000);
  }
}

enum boot_state boot_loader(struct boot *boot)
{
  (void)boot;
  console_state("START STANDALONE LOADER");
  if (boot_slot_used(LOADER_IMAGE)) {
    starts = LOADER_IMAGE;
    return BOOT_VERIFY_USER_FW_SIGNATURE;
  }
  console_note("No standalone loader in the slot SLOT_ACTIVE_2");
  boot_error_store(BOOT_ERROR_HEADER_AUTH);
  if (missed)
    nothing_to_start();
  missed = true;
  return BOOT_CHECK_USER_FW_STATUS;
}

uint32_t boot_loader_starts(void)
{
  return starts == LOADER_IMAGE ? LOADER_IMAGE : BOOT_IMAGE;
}

pc_status boot_loader_launch(void)
{
  return engine_call(ENGINE_RAISE_MINIMUM, LOADER_IMAGE, 0, 0);
}
