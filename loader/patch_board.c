/* The served update functions' board: see patch_board.h. */
#include "loader/patch_board.h"

#include "board/slots.h"
#include "boot/console.h"
#include "flash/flash.h"
#include "port/port.h"
#include "portcullis/handover.h"

#ifndef MAP_SERVED_BASE
#error "PATCH takes more room, and a place for the served functions: map.h as in board/nucleo-l476rg-patch"
#endif
#ifndef PORTCULLIS_VERSION
#define PORTCULLIS_VERSION "0.1.0"
#endif

void patch_board_text(const char *text)
{
  console_text(text);
}

void patch_board_number(uint32_t number)
{
  console_number(number);
}

uint32_t patch_board_unique(void)
{
  uint32_t mixed = 0x811C9DC5u;
  for (uint32_t i = 0; i < 3; i++)
    mixed = (mixed ^ ((const volatile uint32_t *)MAP_UNIQUE_ID_BASE)[i]) * 0x01000193u;
  return mixed;
}

const char *patch_board_version(void)
{
  return PORTCULLIS_VERSION;
}

/* What the minimum versions leave of the one-time programmable words (MAP_OTP_SIZE). */
pc_status patch_board_user_data(void *to, uint32_t size)
{
  static const struct flash_area words = {&port_flash, MAP_OTP_BASE + MAP_OTP_SIZE, PATCH_USER_DATA, PATCH_USER_DATA,
                                          MAP_FLASH_UNIT};
  return flash_read(&words, 0, to, size);
}

void patch_board_restart(void)
{
  handover_ask(HANDOVER_INSTALL);
  port_reset();
}
