/* What the served update functions (loader/patch_api.c) need of a board: loader/patch_board.c on the device. */
#ifndef LOADER_PATCH_BOARD_H
#define LOADER_PATCH_BOARD_H

#include "portcullis/status.h"

#define PATCH_USER_DATA 128u /* bytes of one-time programmable words for the product */

void patch_board_text(const char *text);
void patch_board_number(uint32_t number);
uint32_t patch_board_unique(void); /* differs between devices */
const char *patch_board_version(void);
pc_status patch_board_user_data(void *to, uint32_t size);
void patch_board_restart(void); /* does not return on a device */

#endif
