/* `load` typed within a second of the trigger message, or the button: see trigger.h. What lies in each slot is said
 * before, so that a person knows whether to. */
#include "boot/trigger.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/mode.h"
#include "port/port.h"
#include "portcullis/engine.h"
#include "portcullis/update.h"

#define PATIENCE 1000u /* ms */

static void show_header(const char *slot, uint32_t image, const uint8_t *header)
{
  struct image_info info;
  console_note(slot);
  console_number(image);
  console_text(": ");
  /* Not judged here: what is to be installed or started is, later. */
  if (header == NULL || image_header_parse(header, UINT32_MAX, &info) != PC_OK) {
    console_text("empty");
    return;
  }
  console_number(info.size);
  console_text(" bytes, version ");
  if (info.protocol == IMAGE_PROTOCOL_VENDOR)
    console_number(info.version);
  else
    console_version(info.version);
}

static void show_slots(struct boot *boot)
{
  for (uint32_t image = 1; image <= MAP_IMAGES; image++) {
    const struct install_slot *slot = &board_slots[image - 1];
    bool there = flash_is_blank(&slot->active, 0, slot->active.unit) != PC_OK &&
                 engine_call(ENGINE_HEADER_READ, image, (uintptr_t)boot->header, 0) == PC_OK;
    show_header("SLOT_ACTIVE_", image, there ? boot->header : NULL);
    there = update_asked(&slot->download) == PC_OK &&
            flash_read(&slot->download, 0, boot->header, IMAGE_HEADER_SIZE) == PC_OK;
    show_header("SLOT_DWL_", image, there ? boot->header : NULL);
  }
}

/* Whatever was typed before and between does not count; `load` in one piece does. */
static bool typed(void)
{
  static const char word[] = "load";
  const uint32_t start = port_milliseconds();
  uint32_t matched = 0;
  for (;;) {
    uint32_t waited = port_milliseconds() - start;
    if (waited >= PATIENCE)
      return false;
    int byte = port_console_get(waited < PATIENCE - 100u ? 100u : PATIENCE - waited);
    port_watchdog_refresh();
    if (byte < 0)
      continue;
    matched = byte == word[matched] ? matched + 1u : byte == word[0];
    if (word[matched] == 0)
      return true;
  }
}

bool boot_trigger(struct boot *boot)
{
  show_slots(boot);
  if (port_button()) {
    console_note("Download requested with the user button.");
    return true;
  }
  if (!boot_mode_may_download())
    return false; /* not worth a wait */
  console_note("Type `load` within a second to download new firmware.");
  if (!typed())
    return false;
  console_note("Download requested on the console.");
  return true;
}
