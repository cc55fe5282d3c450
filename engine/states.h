/* Image states (X-CUBE-SBSFU, appendix J): a strategy that a board has or has not. engine/states_swap.c: a new image
 * must validate itself, or the kept one comes back. engine/states_none.c: every authenticated image counts as
 * validated. */
#ifndef ENGINE_STATES_H
#define ENGINE_STATES_H

#include "engine/internal.h"

struct engine_states {
  /* What the state fields of an active header say, half-written ones read as "not done": IMAGE_STATE_NEW, _SELFTEST,
   * _VALID, _VALID_ALL, _INVALID. */
  uint32_t (*read)(const uint8_t header[IMAGE_HEADER_SIZE]);
  /* The application says that an image (or ENGINE_ALL_IMAGES) works: SELFTEST becomes VALID. PC_ERR_STATE in any other
   * state but VALID (PC_OK, nothing done), PC_ERR_UNSUPPORTED without states. */
  pc_status (*validate)(uint32_t image);
  /* The boot loader's steps: NEW to SELFTEST, either to INVALID, VALID written again (after a power cut it may have
   * been torn). With several images: VALID, and ENGINE_STATE_KEEP, also clear the fingerprint: the header names no
   * backup any more, which ends the test. May be repeated. */
  pc_status (*set)(uint32_t image, uint32_t state);
  /* May the backup with this authentic header come back? PC_OK; PC_ERR_BLANK: the active header names no backup;
   * PC_ERR_STATE: it names another one; PC_ERR_VERSION: below the stored minimum; PC_ERR_UNSUPPORTED. */
  pc_status (*backup)(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE], const struct image_info *info);
};
extern const struct engine_states engine_states;

#endif
