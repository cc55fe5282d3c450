/* The standalone loader: an image of its own that does what the boot loader's local loader does elsewhere. It receives
 * a file for the application over YMODEM, by the update API, asks for its installation and resets.
 *
 * It has no rights that an application has not: the engine judges the header, the boot loader installs. When nobody
 * sends anything for a minute it resets, too: no request can keep a device from its application. */
#include "app/console.h"
#include "app/update.h"
#include "board/loader.h"
#include "port/port.h"
#include "port/start.h"
#include "portcullis/engine.h"
#include "portcullis/handover.h"

#define APPLICATION_IMAGE 1u

void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

int main(void)
{
  struct engine_image_info info;
  pc_status status;
  port_init();
  console_line("=                       Standalone loader  ");
  if (engine_call(ENGINE_GET_INFO, LOADER_IMAGE, (uintptr_t)&info, 0) == PC_OK)
    console_version(info.version, info.protocol);
  do
    status = update_receive(APPLICATION_IMAGE, true);
  while (status != PC_OK && status != PC_ERR_BLANK);
  if (status == PC_OK)
    handover_ask(HANDOVER_INSTALL); /* a button that is still held would bring us back first */
  console_line("  -- Reboot\r\n");
  port_reset();
}
