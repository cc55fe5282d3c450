/* The application's main menu: see menu.h. */
#include "app/menu.h"

#include "app/console.h"
#include "app/protections.h"
#include "app/served_menu.h"
#include "app/update.h"
#include "app/wire_menu.h"
#include "board/loader.h"
#include "board/slots.h"
#include "port/port.h"
#include "portcullis/engine.h"
#include "portcullis/handover.h"

#include <stddef.h>

/* USERAPP_ID: 'A' or 'B', from the build: what tells two applications apart. */
static const char userapp_id[] = {USERAPP_ID, 0};

#define RUNNING      1u /* the image that this application is */
#define VALIDATE_ALL 255u

void menu_banner(void)
{
  static const char rule[] = "======================================================================";
  struct engine_image_info info;
  console_line(rule);
  console_line("=                       Portcullis  " BOARD_NAME);
  console_line("=");
  console_line("=                       User App #");
  console_text(userapp_id);
  console_line("=                       Version ");
  if (engine_call(ENGINE_GET_INFO, RUNNING, (uintptr_t)&info, 0) == PC_OK)
    console_version(info.version, info.protocol);
  else
    console_text("unknown: the secure engine does not answer");
  console_line(rule);
  console_text("\r\n");
}

static void not_in_this_build(const char *what)
{
  console_line("  ");
  console_text(what);
  console_text(": not in this build.\r\n");
}

static _Noreturn void reboot(void)
{
  console_line("  -- Image correctly downloaded - reboot\r\n");
  port_reset();
}

static void firmware_info(void)
{
  struct engine_image_info info;
  console_line("=========== Current Firmware Info ======================\r\n");
  pc_status status = engine_call(ENGINE_GET_INFO, RUNNING, (uintptr_t)&info, 0);
  if (status != PC_OK) {
    console_line("  The secure engine does not tell: no valid header in the active slot.\r\n");
    return;
  }
  console_line("  Firmware Current Version : ");
  console_version(info.version, info.protocol);
  console_line("  Firmware Current Size    : ");
  console_number(info.size);
  console_text(" bytes");
  console_line("  Firmware Tag (SHA-256)   : ");
  console_hex(info.tag, sizeof info.tag);
  console_text("\r\n");
}

static void multiple_download(void)
{
  for (;;) {
    console_line("========== Multiple Download Menu ======================\r\n");
    for (uint32_t image = 1; image <= MAP_IMAGES; image++) {
      console_line("  Download a new Fw Image in SLOT_DWL_");
      console_number(image);
      console_text(" --------------- ");
      console_number(image);
    }
    console_line("  Trigger the installation ------------------------------ 4");
    console_line("  Previous Menu ----------------------------------------- x\r\n");
    console_line("  Selection : ");
    uint8_t key = console_key();
    console_text("\r\n");
    if (key == 'x')
      return;
    if (key >= '1' && key <= '0' + MAP_IMAGES) {
      (void)update_receive(key - (uint32_t)'0', false);
    } else if (key == '4') {
      pc_status status = update_ask();
      if (status == PC_OK)
        reboot();
      console_line(status == PC_ERR_BLANK ? "  Nothing was downloaded yet.\r\n" : "  Flash error\r\n");
    } else {
      console_line("  No such slot on this board.\r\n");
    }
  }
}

static void validate(void)
{
  console_line("========== Validate a FW Image =========================\r\n");
  console_line("  SLOT_ACTIVE number (1, 2, 3, or 255 for all new images), then Return: ");
  uint32_t slot = console_ask_number();
  console_text("\r\n");
  if ((slot < 1u || slot > 3u) && slot != VALIDATE_ALL) {
    console_line("  The number should be 1, 2, 3 or 255.\r\n");
    return;
  }
  switch (engine_call(ENGINE_VALIDATE, slot, 0, 0)) {
  case PC_OK:
    console_line("  Firmware image validated.\r\n");
    break;
  case PC_ERR_UNSUPPORTED:
    not_in_this_build("Firmware image validation (image states)");
    break;
  case PC_ERR_PARAM:
    console_line("  No such slot on this board.\r\n");
    break;
  default:
    console_line("  Refused by the secure engine.\r\n");
    break;
  }
}

void menu_step(void)
{
  console_line("=================== Main Menu ============================\r\n");
  console_line("  Download a new Fw Image ------------------------------- 1");
  console_line("  Test Protections -------------------------------------- 2");
  console_line("  Test SE User Code ------------------------------------- 3");
  console_line("  Multiple download ------------------------------------- 4");
  console_line("  Validate a FW Image ----------------------------------- 5");
  console_line("  Update over the second UART --------------------------- 6");
  if (LOADER_STANDALONE)
    console_line("  Start the standalone loader --------------------------- 7");
  if (served_menu_line != NULL)
    console_line(served_menu_line);
  console_line("  Test KMS ---------------------------------------------- a\r\n");
  console_line("  Selection : ");
  uint8_t key = console_key();
  console_text("\r\n");
  if (LOADER_STANDALONE && key == '7') {
    handover_ask(HANDOVER_BYPASS);
    port_reset();
  }
  if (served_menu_line != NULL && key == '8') {
    served_menu();
    return;
  }
  switch (key) {
  case '1':
    if (update_receive(RUNNING, true) == PC_OK)
      reboot();
    break;
  case '2':
    protections_menu();
    break;
  case '3':
    firmware_info();
    break;
  case '4':
    multiple_download();
    break;
  case '5':
    validate();
    break;
  case '6':
    wire_menu();
    break;
  case 'a':
    not_in_this_build("Key management services");
    break;
  default:
    console_line("  Invalid selection: 1 to 6, or a.\r\n");
    break;
  }
}
