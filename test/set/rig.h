/* A whole device on the PC: the boot loader's state machine and the engine, compiled for the host, on the flash model.
 * What the application does is a function of the test, called where the boot loader starts it.
 *
 * Whatever happens, these hold, or the program ends with a message: only an image that a test made (rig_image_make) is
 * started, all of its slot as it was made; every other slot then holds nothing at all or such an image, whole; the boot
 * loader ends each boot within a bounded number of flash operations and console bytes; nothing is written outside
 * slots, headers, journal and counters. */
#ifndef TEST_SET_RIG_H
#define TEST_SET_RIG_H

#include "image/header.h"
#include "test/support/simflash.h"

#include <stdbool.h>

#define RIG_IMAGES ((uint32_t)SET_IMAGES) /* of the board: from the build */

/* An image as its maker knows it. */
struct rig_image {
  uint32_t number, version;     /* image 1..3 */
  uint32_t size;                /* of the whole image */
  uint32_t offset, part;        /* the range that is in the file; whole images: 0 and size */
  const struct rig_image *base; /* of a partial image */
  uint8_t *clear;               /* size bytes */
  uint8_t *cipher;              /* part bytes */
  uint8_t header[IMAGE_HEADER_SIZE];
};

/* A version that raises the minimum to itself has this bit set in its patch number. */
#define RIG_RAISES 0x8000u

/* A blank device and no images; everything random follows from `seed`. */
void rig_reset(uint32_t seed);
/* A signed and encrypted image. `from` not NULL: only what differs from it is in the file. */
struct rig_image *rig_image_make(uint32_t number, uint32_t version, uint32_t size);
struct rig_image *rig_image_make_partial(const struct rig_image *from, uint32_t version, uint32_t size, uint32_t offset,
                                         uint32_t part);
void rig_drop_images(void);

/* As a factory or an earlier life left it: installed, validated, closed. */
void rig_put_active(const struct rig_image *image);
/* A candidate, put there by a probe. */
void rig_put_candidate(const struct rig_image *image);

/* What ended a boot. */
enum rig_end {
  RIG_RUNS,  /* image 1 was started, and rig.application returned */
  RIG_RESET, /* the boot loader reset the chip */
  RIG_WAITS, /* it waits for a local download */
  RIG_CUT    /* the power went */
};

extern struct rig {
  /* The application; may call the engine. NULL: does nothing. Its flash operations can be cut, too. */
  void (*application)(void);
  /* Faults: true, and this erase or program fails without a trace; this service is refused. NULL: all is well. */
  bool (*flash_fault)(bool erase, uint32_t addr);
  bool (*engine_fault)(uint32_t service);
  /* The loader waits, or (with the button) was asked for: what arrives. NULL: nothing. */
  void (*loader)(void);
  bool button;
  char console[8192]; /* of the last boot */
  uint32_t length;
  char note[100];  /* shown when something fails: what is being tried */
  uint32_t resets; /* since rig_reset() */
  bool power_on;   /* the next boot is a power-on; set by rig_power_off() and a cut */
} rig;

/* One boot. */
enum rig_end rig_boot(void);
/* Boot and boot again until an application runs or the loader waits, or the power goes; at most `most` boots. */
enum rig_end rig_settle(uint32_t most);
void rig_power_off(void);
bool rig_said(const char *text);

/* Whose image stands whole in the active slot (all of it, blank behind, with its header)? NULL: nobody's. */
const struct rig_image *rig_active(uint32_t number);
bool rig_active_blank(uint32_t number);
/* What the application calls to receive an image, and to ask for the installation of those received (bit 1: image 1).
 */
pc_status rig_receive(const struct rig_image *image);
pc_status rig_request(uint32_t images);
/* State in the active header as the engine tells it. */
uint32_t rig_state(uint32_t number);

_Noreturn void rig_fail(const char *what);

#endif
