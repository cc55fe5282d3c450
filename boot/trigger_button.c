/* The user button, held at reset: see trigger.h. */
#include "boot/trigger.h"

#include "boot/console.h"
#include "port/port.h"

bool boot_trigger(struct boot *boot)
{
  (void)boot;
  if (!port_button())
    return false;
  console_note("Download requested with the user button.");
  return true;
}
