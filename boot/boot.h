/* The boot loader's state machine, as the X-CUBE-SBSFU manual describes it (UM2262 chapter 8): every reset goes through
 * it.
 *
 * It decides and moves bytes and never sees a key: whatever is to be believed is asked of the engine.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "board/slots.h"
#include "boot/errors.h"
#include "image/header.h"
#include "install/single.h"
#include "loader/update_sink.h"
#include "port/port.h"

#if defined __arm__ && INSTALL_IMAGES != MAP_IMAGES /* tests on the PC have reasons of their own */
#error "IMAGES in the board's board.cmake and MAP_IMAGES in its map.h differ"
#endif

#define BOOT_BUFFER 1024u
#define BOOT_IMAGE  1u /* the image that this boot loader starts */

enum boot_state {
  BOOT_CHECK_STATUS_ON_RESET,
  BOOT_CHECK_NEW_FW_TO_DOWNLOAD,
  BOOT_CHECK_USER_FW_STATUS,
  BOOT_DOWNLOAD_NEW_USER_FW,
  BOOT_ROLLBACK_PREV_USER_FW,
  BOOT_RESUME_INSTALL,
  BOOT_INSTALL_NEW_USER_FW,
  BOOT_VERIFY_USER_FW_SIGNATURE,
  BOOT_EXECUTE_USER_FW,
  BOOT_HANDLE_CRITICAL_FAILURE,
  BOOT_REBOOT
};

struct boot {
  enum boot_error error; /* why BOOT_HANDLE_CRITICAL_FAILURE */
  enum port_reset cause; /* of this reset */
  enum boot_error last;  /* what the boot before ended with */
  uint32_t old_size;     /* of the image that a candidate would replace, 0 if there is none */
  uint32_t given_up;     /* an install that cannot be ended was given up at this reset */
#if MAP_IMAGES > 1
  uint32_t candidates; /* images of which the download slot holds one, as bits (image 1: bit 0) */
  uint32_t set;        /* images that belong together in what is being done, likewise */
#endif
  _Alignas(8) uint8_t header[IMAGE_HEADER_SIZE];
  union {
    struct {
      struct ymodem ymodem;
      union { /* as the slot mode is */
        struct update update;
        struct single single;
      };
    } loader;
    _Alignas(8) uint8_t buffer[BOOT_BUFFER];
  } work;
};

/* Runs until an application is started or the chip is reset. */
_Noreturn void boot_run(struct boot *boot);

/* The state that a failure leads to: `error` is shown and kept for the next boot. */
enum boot_state boot_fail(struct boot *boot, enum boot_error error);

/* Does anything lie in the active slot? A wiped image leaves its header, for anti-rollback. */
bool boot_image_present(void);
bool boot_slot_used(uint32_t image);
/* Erase an active slot whose image is not authentic. */
void boot_wipe(uint32_t image);

/* boot/download.c: one YMODEM session into the place that the slot mode gives it. PC_OK: all of it stands
 * there. */
pc_status boot_download(struct boot *boot);
/* What a sink asks when the header is complete, and where it refreshes the watchdog. */
pc_status boot_download_check(void *ctx, const uint8_t *header);
void boot_download_progress(void *ctx, uint32_t erased, uint32_t pages);

/* The error of table 6 that a failed local download is reported as. */
enum boot_error boot_download_error(pc_status status);
/* The same in words, closer than that table where it has no entry. */
const char *boot_download_text(pc_status status);

#endif
