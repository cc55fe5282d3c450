/* The secure engine as seen from outside: one entry, a service number, up to three arguments.
 *
 * The boot loader and every application call the engine through engine_call(). On a device that symbol is the call
 * gate's address (the linker script takes it from the board's map: second word of the engine's code segment); on the PC
 * it is an ordinary function. The engine runs on a stack of its own, with interrupts off (on boards with LOW_LATENCY
 * they are served: docs/protections.md). Behind a firewall unprivileged callers get PC_ERR_STATE, and a pointer that
 * leads to no memory at all PC_ERR_PARAM.
 *
 * Every pointer must lie outside the engine's own memory with its whole length, and not wrap: PC_ERR_PARAM otherwise.
 * Results are pc_status values. Services marked [boot] are refused with PC_ERR_STATE once ENGINE_LOCK or ENGINE_LAUNCH
 * was called, until the next reset; the boot loader does that before it starts an application.
 *
 * `image` is 1..3 where given. None of the calls may be made from an interrupt that interrupted another call (they
 * cannot: interrupts are off).
 */
#ifndef PORTCULLIS_ENGINE_H
#define PORTCULLIS_ENGINE_H

#include "portcullis/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Service numbers are part of the interface between a boot loader in the field and later applications: never reused. */
enum engine_service {
  /* ---- open to applications ---- */
  ENGINE_GET_INFO = 0x11,  /* a: image, b: struct engine_image_info *. PC_ERR_BLANK: no valid active header */
  ENGINE_GET_STATE = 0x12, /* a: image, b: uint32_t * (IMAGE_STATE_...). As above */
  /* The application says that an image works. a: image 1..3, or ENGINE_ALL_IMAGES: all that are under test, by one
   * write (a power cut leaves all of them validated or none). Images that were installed together stay only if all of
   * them are validated by the next reset. PC_OK also if it was done before; PC_ERR_STATE: not under test;
   * PC_ERR_UNSUPPORTED where the board has no image states. */
  ENGINE_VALIDATE = 0x13,
  /* May this header be installed? a: header (320 bytes). Checks its bounds, signature, product and version against the
   * active image and the stored minimum. PC_ERR_FORMAT, _SIZE, _SIGNATURE, _PRODUCT, _VERSION say why not;
   * PC_ERR_LOG_FULL: it wants to raise the minimum version, and there is no room to store another. */
  ENGINE_CHECK_CANDIDATE = 0x14,
  /* A patch (.sfbp, docs/format.md) into the download slot: ciphertext goes in, the ciphertext of the new image comes
   * to lie in the slot from its second page on, as if it had been downloaded whole; no key and no clear text leave the
   * engine. One at a time; a new BEGIN gives up what was under way, an error ends it. PC_ERR_UNSUPPORTED: this board
   * takes no patches. BEGIN: a: the patch header (192 bytes). PC_ERR_FORMAT, _SIZE, _SIGNATURE; PC_ERR_TAG: the active
   * image is not the one that the patch is for; PC_ERR_STATE: an install is under way. Reads the whole active image.
   * Touches no flash. TARGET: a: the TO header (320 bytes). Judges it as ENGINE_CHECK_CANDIDATE does; PC_ERR_TAG: not
   * the patch's. Touches no flash. DATA: a: ciphertext, b: bytes, a multiple of 16. Erases each page before it writes
   * there; the slot's first page is left alone: the caller has erased it. PC_ERR_FORMAT: damaged patch;
   * PC_ERR_TRANSFER: too much; PC_ERR_FLASH, _ECC. END: PC_OK only if all came, and what lies in the slot has the TO
   * header's size and tag. PC_ERR_TRANSFER, _FORMAT, _TAG. Boards whose images have two segments: pages that equal the
   * active slot's stay out of the download slot (install/sparse.h). */
  ENGINE_PATCH_BEGIN = 0x15,
  ENGINE_PATCH_TARGET = 0x16,
  ENGINE_PATCH_DATA = 0x17,
  ENGINE_PATCH_END = 0x18,
  /* [boot] Boards with a single slot and patches (engine/in_place.c), else PC_ERR_UNSUPPORTED. What was received lies
   * in the patch area. START: a: image. Both headers are judged, as by BEGIN and TARGET; an install in place that the
   * journal speaks of goes on. Other results as theirs; PC_ERR_STATE: something else is under way. STEP: one page more:
   * a: uint32_t *, steps that are left, at least; 0: the new image stands in the active slot, all of it, for
   * VERIFY_RECEIVED. First the whole patch is tried: as long as the journal says NONE or BEGIN, an error
   * (PC_ERR_FORMAT, _TAG...) has touched nothing. Later: PC_ERR_FLASH, _ECC: to be started again at the next reset.
   * BEGIN and TARGET, on these boards, judge what is to be received; DATA and END are PC_ERR_UNSUPPORTED. */
  ENGINE_IN_PLACE_START = 0x19,
  ENGINE_IN_PLACE_STEP = 0x1A,

  /* ---- [boot] ---- */
  ENGINE_INIT = 0x21, /* once after reset, before anything else */
  /* Read the active header of image a into b (320 bytes), without judging it; or erase its page and write b there,
   * which must be a header with a good signature (PC_ERR_NOT_BLANK: its page cannot be erased). */
  ENGINE_HEADER_READ = 0x22,
  ENGINE_HEADER_WRITE = 0x23,
  /* The install journal (install/install.h): b: uint32_t * latest record; append a; write the latest one again. */
  ENGINE_JOURNAL_GET = 0x24,
  ENGINE_JOURNAL_PUT = 0x25,
  ENGINE_JOURNAL_CONFIRM = 0x26,
  /* Decrypt for an install: a: image, b: IV (16 bytes). Then a: from, b: to, c: bytes (multiple of 16), in place
     allowed. */
  ENGINE_DECRYPT_START = 0x27,
  ENGINE_DECRYPT = 0x28,
  /* Authenticate a whole image. START: a: image, b: ENGINE_SOURCE_...: header, signature, rules; c: uint32_t *, for a
   * download the size of the image that it would replace (0: the active slot has no authentic header), for the active
   * image 0. STEP: a: most bytes to work on, b: uint32_t * bytes that remain. END: tag; for the active image also that
   * everything beyond it is blank. */
  ENGINE_VERIFY_START = 0x29,
  ENGINE_VERIFY_STEP = 0x2A,
  ENGINE_VERIFY_END = 0x2B,
  /* Lock the [boot] services and give the address of image a's vector table, if since this reset image a was
   * authenticated in full, last of all, and every other image whose slot is not blank was, too: b: uint32_t *.
   * Otherwise PC_ERR_STATE, and the address is useless. */
  ENGINE_LAUNCH = 0x2C,
  ENGINE_LOCK = 0x2D,
  /* Is the header at a (320 bytes) authentic? Bounds and signature only: for an install that goes on after a reset. */
  ENGINE_HEADER_CHECK = 0x2E,
  /* Image states (boards that have them, else PC_ERR_UNSUPPORTED). a: image, b: IMAGE_STATE_...: NEW may become
   * SELFTEST, and either of them INVALID (a torn SELFTEST reads as NEW from time to time); VALID may be written again,
   * and is when SELFTEST is asked for on a board with one image: it had been torn. With several images: VALID also ends
   * the test for good (the header names no backup any more); ENGINE_STATE_KEEP does only that. PC_ERR_STATE: any other
   * step. */
  ENGINE_SET_STATE = 0x2F,
  /* Image a, just authenticated: raise the stored minimum version if it asks for it and is validated. */
  ENGINE_RAISE_MINIMUM = 0x30,
  /* Boards with a single slot (else PC_ERR_UNSUPPORTED): as VERIFY_START for the active image, but against the header
   * at a (320 bytes), which is judged like a candidate's. VERIFY_STEP and _END follow. */
  ENGINE_VERIFY_RECEIVED = 0x31
};

#define ENGINE_ALL_IMAGES 255u    /* for ENGINE_VALIDATE */
#define ENGINE_STATE_KEEP 0x3C80u /* for ENGINE_SET_STATE: there is no way back from this image any more */

/* BACKUP: the image that an install kept, in clear, in the download slot: header in its second page, image behind it.
 */
enum engine_source { ENGINE_SOURCE_ACTIVE = 0x5A01, ENGINE_SOURCE_DOWNLOAD = 0x5A02, ENGINE_SOURCE_BACKUP = 0x5A04 };

struct engine_image_info {
  uint32_t version;  /* major << 24 | minor << 16 | patch; protocol 1: the vendor's 16-bit version */
  uint32_t size;     /* bytes */
  uint32_t protocol; /* 1 or 2 */
  uint32_t product;
  uint8_t tag[32]; /* SHA-256 of the image */
};

pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c);

#ifdef __cplusplus
}
#endif

#endif
