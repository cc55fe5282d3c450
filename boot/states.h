/* What the boot loader does about image states: a strategy that a board has (boot/states_swap.c) or has not
 * (boot/states_none.c). */
#ifndef BOOT_STATES_H
#define BOOT_STATES_H

#include "boot/boot.h"

/* Must the image that is installed make way for the one before it? Asked before a candidate is looked at.
 * BOOT_ROLLBACK_PREV_USER_FW, or BOOT_CHECK_USER_FW_STATUS for no. */
enum boot_state boot_states_check(struct boot *boot);

/* Several images only: go on with what INSTALL_SEAL in the journal says (its images as bits, validated or not). */
pc_status boot_states_seal(uint32_t images, bool validated);

/* The image is authenticated and about to be started: note that it is under test, if it is new. */
pc_status boot_states_launch(struct boot *boot);

/* The state BOOT_ROLLBACK_PREV_USER_FW. */
enum boot_state boot_states_rollback(struct boot *boot);

#endif
