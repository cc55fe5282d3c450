/* Updates served by the boot loader: an application hands over a .sfb or .sfbp in pieces and links nothing but
 * addresses.
 *
 *   struct patch_status status;
 *   patch_init_status(&status);
 *   patch_start(&status, &(struct patch_start_info){PATCH_APP, PATCH_REBOOT_COMMAND, size of the file});
 *   patch_data(&status, bytes, length); ...       in pieces of any length, as they come
 *   patch_install_at_next_reset(&status);         and reset when it suits
 *
 * The functions lie at fixed addresses in the boot loader of boards with PATCH and a download slot; portcullis.ld gives
 * them to the linker, under these names and those of the Secure Patching Bootloader (portcullis/se_patch.h). They use
 * RAM below link_app_ram, no heap, no interrupts and no peripheral but the flash controller, which is left locked, the
 * QUADSPI where a slot lies outside, and the watchdog, which is refreshed; the CRC unit is not used. For updates with a
 * library of your own linked in, see portcullis/update.h: this is a thin layer on it, and what is promised there holds.
 *
 * Every function that returns uint32_t returns PATCH_SUCCESS or PATCH_ERROR; the reason is status->code. There is one
 * update at a time, whatever the number of status structs. A call from an interrupt (or callback) that interrupted
 * another call is PATCH_ERROR with PATCH_INVALID_STATE and changes nothing but that status.
 */
#ifndef PORTCULLIS_PATCH_H
#define PORTCULLIS_PATCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATCH_ERROR   0u
#define PATCH_SUCCESS 1u

#define PATCH_NONE_TYPE 0u /* whatever the file is for */
#define PATCH_APP       1u /* the active image, which is what there is */

/* When to restart once all is there and asked to be installed: */
#define PATCH_REBOOT_IMMEDIATE 0u      /* in the next patch_poll() */
#define PATCH_REBOOT_NEXT      1u      /* whenever the application restarts: the wish is written at once */
#define PATCH_REBOOT_COMMAND   0xFFFFu /* as NEXT, but nothing is asked for before patch_install_at_next_reset() */
/* 2..0xFFFE: in one of so many calls of patch_poll(), different from device to device: called once a second, it spreads
 * the restarts of a fleet over so many seconds. */

/* This and struct patch_status lie in memory as the Secure Patching Bootloader's do for the usual compiler (GCC for
 * ARM: an enumeration is a byte), so that even an object compiled with its header works. */
struct patch_start_info {
  uint8_t type;          /* PATCH_APP, PATCH_NONE_TYPE */
  uint16_t reboot_delay; /* PATCH_REBOOT_... */
  uint32_t length;       /* bytes of the file; 0: not known, its headers say it */
};

enum patch_stage { PATCH_STAGE_IDLE, PATCH_STAGE_UPDATE, PATCH_STAGE_VERIFIED };

/* Numbers as the Secure Patching Bootloader has them. */
enum patch_code {
  PATCH_NONE,                     /* nothing happened yet */
  PATCH_COMPLETED,                /* all there and verified */
  PATCH_INVALID_ARG,              /* NULL, a type or a length that makes no sense */
  PATCH_INVALID_PATCH_IMAGE,      /* the patch header is malformed, or not signed by this product's key */
  PATCH_INVALID_SOURCE_IMAGE,     /* the active image is damaged, though it is the version that the patch is for */
  PATCH_INVALID_TARGET_IMAGE,     /* the new image's header is malformed, not signed, or not this patch's */
  PATCH_INVALID_PATCH_TAG,        /* the patch is for another image than the active one */
  PATCH_IMAGE_TOO_LARGE,          /* for its slot */
  PATCH_IMAGE_TOO_SMALL,          /* the file is shorter than its headers */
  PATCH_SECTION_NOT_AVAILABLE,    /* an install is under way, or the board has no such slot */
  PATCH_SECTION_ERASE_FAILURE,    /* the slot's header page cannot be erased */
  PATCH_SECTION_WRITE_FAILURE,    /* a page does not take */
  PATCH_IMAGE_VERSION_FAILURE,    /* older than what is active, or than the minimum */
  PATCH_INVALID_SECTION_KEY,      /* for another product, or another image of this one */
  PATCH_IMAGE_VERIFY_TAG_FAILURE, /* what the patch built does not have the new image's tag */
  PATCH_IMAGE_VERIFY_ALG_FAILURE, /* of a kind that this board does not take: partial images, modes of a newer encoder
                                   */
  PATCH_IMAGE_DECRYPT_FAILURE, /* the engine does not take a block: the caller's buffer lies in the engine's memory */
  PATCH_INVALID_STATE,         /* not now: no update is open, or another call is at work */
  PATCH_INVALID_ORDER,         /* patch_start() while an update is open */
  PATCH_TOO_FEW_BYTES,         /* install asked for before all bytes came */
  PATCH_PARSER_ERROR,          /* the patch is damaged */
  PATCH_DECRYPTION_ERROR,      /* the patch makes no sense from its first byte on: damaged, or another key */
  PATCH_INSTALL_ERROR,         /* the wish cannot be written */
  PATCH_FLASH_ERROR,           /* the flash cannot be read */
  PATCH_FLASH_SEGMENT_ERROR, /* the image has a second segment, for an external flash that the board has not, or not for
                                this part of the image */
  PATCH_FLASH_CIPHER_ERROR,  /* never: what lies in a download slot was ciphered by the engine in software, and
                                no device between it and the flash could fail at it. The number is the vendor's */
  PATCH_CODES
};

struct patch_status {
  bool completed, error;
  uint8_t code;                            /* enum patch_code */
  uint8_t stage;                           /* enum patch_stage */
  uint32_t accumulated_bytes, total_bytes; /* total: 0 until it is known */
};

struct patch_firmware_info {
  uint32_t version; /* major << 24 | minor << 16 | patch */
  uint32_t size;
  uint8_t tag[32]; /* SHA-256 */
};

/* Clear a status. Touches no update. */
uint32_t patch_init_status(struct patch_status *status);
/* One line about it on the boot loader's console, whose UART must be set up as the boot loader leaves it. */
uint32_t patch_print_status(const struct patch_status *status);
/* The name of a code, as printed; never NULL. */
const char *patch_code_text(uint32_t code);

/* Begin. Touches no flash. INVALID_ARG, INVALID_STATE, INVALID_ORDER, IMAGE_TOO_SMALL, IMAGE_TOO_LARGE,
 * SECTION_NOT_AVAILABLE. Without a length, more bytes in a call than the headers announce end it: IMAGE_TOO_LARGE. */
uint32_t patch_start(struct patch_status *status, const struct patch_start_info *info);
/* The next bytes. With the last one the image is verified, and but for REBOOT_COMMAND asked to be installed: completed,
 * COMPLETED, stage VERIFIED. An error ends the update; whatever was active stays, and starts at the next reset.
 * INVALID_ARG (more bytes than announced, or NULL) and INVALID_STATE leave it open. */
uint32_t patch_data(struct patch_status *status, const void *bytes, uint32_t length);
/* Ask for the installation (docs/update-api.md: the wish stands in flash). INVALID_STATE, TOO_FEW_BYTES, INSTALL_ERROR.
 */
uint32_t patch_install_at_next_reset(struct patch_status *status);
/* Give up; also what was asked for and is not installed yet. PATCH_SUCCESS also if nothing was open.
 * SECTION_ERASE_FAILURE. */
uint32_t patch_abort(struct patch_status *status);
/* How it stands, into status; and the restart, when its time has come: does not return then. */
uint32_t patch_poll(struct patch_status *status);

/* What runs. The first is PATCH_ERROR when the engine does not answer. `text`: "1.2.3", cut off after length - 1
 * characters. `data`: the first `length` bytes (at most 128) of the product's own one-time programmable words, FF where
 * not programmed. */
uint32_t patch_active_info(struct patch_firmware_info *info);
uint32_t patch_boot_version(char *text, uint32_t length);
uint32_t patch_user_data(void *data, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
