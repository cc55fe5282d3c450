/* A model of flash memory for native tests: it wears, it refuses what real controllers refuse, and its power can fail
 * in the middle of any operation, with all that torn cells do afterwards.
 *
 * Devices are added at addresses of their own; `simflash_driver` serves them all. An operation is the erase of one page
 * or the programming of one write unit; operations of all devices are counted together. Programming follows the
 * contract of flash/flash.h: units of all FF are skipped, a unit that is not blank is refused, everything is read back.
 *
 * Power. A test arms a cut with simflash_cut() and runs what it tests with simflash_run(), which tells whether the
 * power went before the end. Cut code does not return: whatever it held in local variables is gone, as after a reset.
 *
 * Torn cells. The unit (or all units of the page) that was interrupted keeps what the tear says until the page is
 * erased completely. A torn unit that reads blank at that moment takes a program, or refuses it, as the random numbers
 * say (or as set by simflash_refuse_torn()). If it takes it: the same value as was interrupted makes it sound; any
 * other value stays weak (reads right, or wrong, or as an error, but never blank again: its zeros are there for good,
 * some ones are not sure).
 */
#ifndef TEST_SUPPORT_SIMFLASH_H
#define TEST_SUPPORT_SIMFLASH_H

#include "flash/flash.h"

#include <stdbool.h>

enum simflash_tear {
  SIMFLASH_BEFORE,       /* nothing happened yet */
  SIMFLASH_TORN_HALF,    /* first half new, second half old; reads always so, without an error */
  SIMFLASH_TORN_BITS,    /* each bit old or new at random, reads always so */
  SIMFLASH_TORN_ECC,     /* reads as an error */
  SIMFLASH_TORN_FLICKER, /* each read: old, new, a mixture or an error */
  SIMFLASH_TORN_WEAK,    /* the same, but chosen anew at every power-on only, and for a page as a whole */
  SIMFLASH_AFTER,        /* all done, then the power goes */
  SIMFLASH_TEARS
};
extern const char *const simflash_tear_names[SIMFLASH_TEARS];

extern const struct flash_driver simflash_driver;

/* Remove all devices and counters; random numbers start from `seed`. */
void simflash_reset(uint32_t seed);
/* Add a blank device. `base`: multiple of page. At most 4 devices; ranges must not meet. */
void simflash_add(uint32_t base, uint32_t pages, uint32_t page, uint32_t unit);
/* An area in a device. */
struct flash_area simflash_area(uint32_t base, uint32_t size);

/* A random number, from the model's own sequence; and where the sequence starts again. */
uint32_t simflash_random(void);
void simflash_seed(uint32_t seed);

/* Arm a cut at the nth operation from now (1: the next one); 0 disarms. */
void simflash_cut(uint32_t nth, enum simflash_tear tear);
/* Address of the unit or page at which the power went last. */
uint32_t simflash_cut_place(void);
/* Power on, run `code(argument)`, power off. False: the power went in the middle of it. Not to be nested. */
bool simflash_run(void (*code)(void *), void *argument);
/* What torn units that read blank do with a program: -1 random, 0 take it, 1 refuse it. */
void simflash_refuse_torn(int refuse);
/* The next `count` programs of the unit at `addr` fail (a worn cell; takes half of the bits). */
void simflash_worn(uint32_t addr, uint32_t count);
/* The next `count` erases of the page at `addr` are refused: nothing changes. */
void simflash_refuse_erase(uint32_t addr, uint32_t count);
/* The unit at `addr` cannot be read any more until its page is erased. */
void simflash_break(uint32_t addr);

/* Programs and erases outside [base, base + size) end the test program. Size 0: everything is allowed again. May be
 * called up to 8 times: the ranges add up. */
void simflash_allow(uint32_t base, uint32_t size);

struct simflash_counts {
  uint32_t operations, programs, erases;
};
struct simflash_counts simflash_counts(void);
void simflash_clear_counts(void);      /* wear too */
uint32_t simflash_wear(uint32_t addr); /* erases begun of the page at addr */
uint32_t simflash_max_wear(uint32_t base, uint32_t size);

/* The debug probe: write solid content (erases nothing, counts nothing). */
void simflash_load(uint32_t addr, const void *from, uint32_t size);
void simflash_fill(uint32_t addr, uint8_t byte, uint32_t size);
/* True if the range is sound (not torn, readable) and equals `bytes`; NULL: all FF. */
bool simflash_equals(uint32_t addr, const void *bytes, uint32_t size);

/* All devices, their cells and wear; not the counters. Restore needs the same devices. */
struct simflash_image;
struct simflash_image *simflash_save(void);
void simflash_restore(const struct simflash_image *image);
void simflash_free(struct simflash_image *image);

#endif
