/* The minimum version of each image: a number that only ever grows, kept where no update reaches it. A strategy that a
 * board picks at link time:
 *   engine/counter_log.c   two flash pages for each image (flash/log.h), used in turn. As often as flash can be erased.
 *   engine/counter_otp.c   one-time programmable words: nothing erases them, not even a mass erase or a hostile
 *                          application. Three double words for each raise (docs/install.md, "Version counter").
 * Values are versions, stored whole and compared as 32-bit numbers: nothing is counted up, so nothing can overflow. */
#ifndef ENGINE_COUNTER_H
#define ENGINE_COUNTER_H

#include "engine/internal.h"

/* Read the stored values into engine.minimum[]: 0 where there is none. PC_ERR_PARAM: the board's areas are none. */
pc_status counter_open(void);

/* Store `value` for `image`, if it is above the stored one. PC_OK: it stands, and will at every later counter_open(),
 * whatever power cuts left behind. PC_ERR_FLASH, PC_ERR_LOG_FULL: it could not be stored; the value before stands. Cut
 * by power: the old or the new value, until a call that ends. */
pc_status counter_raise(uint32_t image, uint32_t value);

/* Can this candidate have what it asks for? Asked before it is accepted. PC_OK; PC_ERR_LOG_FULL: it wants to raise its
 * minimum, and there is no room for that. */
pc_status counter_accepts(const struct image_info *candidate);

#endif
