/* A slot mode, as the state machine sees it: where a new image comes in, and how it gets to the active slot. A strategy
 * that a board picks at link time: boot/mode_dual.c or mode_set.c with one of install/'s walks, boot/mode_single.c, or
 * boot/mode_in_place.c. */
#ifndef BOOT_MODE_H
#define BOOT_MODE_H

#include "boot/boot.h"

/* May the local loader be entered now? Not while an install is under way that it would destroy. */
bool boot_mode_may_download(void);

/* Prepare for one file: `sink` takes it. Nothing is erased before its header has been judged. */
void boot_mode_receive(struct boot *boot, struct ymodem_sink *sink);
/* True once all of the file has arrived and stands in flash. */
bool boot_mode_received(const struct boot *boot);

/* What has to be done before the active slot is looked at: BOOT_RESUME_INSTALL, BOOT_INSTALL_NEW_USER_FW,
 * BOOT_ROLLBACK_PREV_USER_FW, BOOT_DOWNLOAD_NEW_USER_FW, a failure; or BOOT_VERIFY_USER_FW_SIGNATURE: nothing. */
enum boot_state boot_mode_check(struct boot *boot);

/* The states BOOT_RESUME_INSTALL and BOOT_INSTALL_NEW_USER_FW. */
enum boot_state boot_mode_resume(struct boot *boot);
enum boot_state boot_mode_install(struct boot *boot);

/* boot/mode_set.c only, for boot/states_set.c: install, or bring back, all images of boot->set (not empty), each of
 * which has been authenticated. */
pc_status boot_mode_set_run(struct boot *boot, bool rollback);

#endif
