/* Partial images (boards built for them): authenticated as the whole image that they make of the active one, before
 * anything is erased; and their backups, which hold the changed pages only. */
#ifndef ENGINE_PARTIAL_H
#define ENGINE_PARTIAL_H

#include "engine/internal.h"

/* Can the candidate be made of what is in the active slot, and kept in the download slot? PC_OK; PC_ERR_SIZE: no room;
 * PC_ERR_TAG: no base, or one that cannot be the right one; PC_ERR_UNSUPPORTED: its range is not whole write units. */
pc_status engine_partial_rules(const struct image_info *candidate, uint32_t base_size);

/* The verification that engine.verify has been set up for begins. BACKUP: PC_ERR_BLANK, PC_ERR_SIZE. */
pc_status engine_partial_start(void);
/* Where the next byte of the image comes from, and for how many bytes (at most `*size`) that holds. */
void engine_partial_piece(const struct flash_area **area, uint32_t *offset, uint32_t *size, bool *cipher);
/* Clear bytes of the partial range, in order. */
void engine_partial_add(const uint8_t *clear, uint32_t size);
/* Whether they match the partial tag: PC_OK, PC_ERR_TAG. */
pc_status engine_partial_end(void);

#endif
