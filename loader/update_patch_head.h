/* The two headers at the head of a patch (.sfbp), as they arrive: what both strategies of update_patch.h do alike. */
#ifndef LOADER_UPDATE_PATCH_HEAD_H
#define LOADER_UPDATE_PATCH_HEAD_H

#include "portcullis/update.h"

/* What a strategy does, part of the file by part. `u->header` holds the header that has just become complete. */
struct update_patch_parts {
  pc_status (*begin)(struct update *u);         /* the patch's header (PATCH_HEADER_SIZE bytes) */
  pc_status (*accept_target)(struct update *u); /* the TO header (PATCH_TARGET_SIZE bytes); sets UPDATE_IMAGE */
  /* Ciphertext: at least one byte of `length` is taken, `*taken` in all. */
  pc_status (*feed)(struct update *u, const uint8_t *bytes, uint32_t length, uint32_t *taken);
};

/* `write` of struct update_patch. PC_ERR_TRANSFER: more bytes than the header tells; PC_ERR_STATE: ciphertext, but the
 * TO header was not accepted; else what a part says. */
pc_status update_patch_take(struct update *u, const struct update_patch_parts *parts, const uint8_t *bytes,
                            uint32_t length);
/* For `begin`: the header told from the outside (image, sizes, at most `most` bytes of ciphertext), then judged by the
 * engine (ENGINE_PATCH_BEGIN). PC_ERR_FORMAT, PC_ERR_PARAM (another image), PC_ERR_SIZE, or what the engine says. */
pc_status update_patch_begin(struct update *u, uint32_t most);
/* For `accept_target`, once accepted: the old candidate goes. PC_OK, PC_ERR_FLASH. */
pc_status update_patch_make_room(struct update *u);

#endif
