/* What the card keeps, and how it keeps it: one file, replaced as a whole.
 *
 *  off size
 *    0    8  "PCLCARD1"
 *    8    1  1
 *    9    1  length of the identifier, 1 to 32
 *   10   32  firmware identifier, then zeros
 *   42   16  firmware key
 *   58   12  nonce
 *   70    4  maximum count, at least 1
 *   74    4  count left
 *   78    2  size of the maker CA's certificate
 *   80    n  that certificate, DER
 * 80+n   32  SHA-256 of all before
 *
 * A card without the file is virgin. Saving: a new file beside the old one, fsync, rename, fsync of the folder. A power
 * cut leaves the old state or the new one, and once card_state_save has returned PC_OK, the new one.
 */
#ifndef SFI_CARD_STATE_H
#define SFI_CARD_STATE_H

#include "portcullis/status.h"
#include "sfi/licence/licence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_CA_MAX    1500u
#define CARD_STATE_MAX (80u + CARD_CA_MAX + 32u)

struct card_state {
  uint8_t identifier_size;
  uint8_t identifier[SFI_IDENTIFIER_MAX];
  uint8_t key[16], nonce[12];
  uint32_t maximum, left;
  uint16_t ca_size;
  uint8_t ca[CARD_CA_MAX];
};

/* The operations on files, so that tests can cut the power between any two. */
struct card_io {
  void *context;
  /* Read the whole state file: its size (at most `room`), -1 if there is none, -2 if it cannot be read or is larger. */
  long (*read)(void *context, uint8_t *bytes, size_t room);
  /* The rest in the order of a save; each false when it failed. `create` makes the new file, or empties an old one. */
  bool (*create)(void *context);
  bool (*write)(void *context, const uint8_t *bytes, size_t size);
  bool (*sync)(void *context);        /* the new file's bytes, and close it */
  bool (*rename)(void *context);      /* new over state */
  bool (*sync_folder)(void *context); /* the rename */
};

/* PC_ERR_BLANK: a virgin card. PC_ERR_FORMAT: the file is damaged. PC_ERR_FLASH: it cannot be read. */
pc_status card_state_load(const struct card_io *io, struct card_state *state);
/* PC_ERR_FLASH: whether the old or the new state is kept is not known; nothing may leave the card. */
pc_status card_state_save(const struct card_io *io, const struct card_state *state);

/* The operations on a real file. `path` must stay valid. */
struct card_disk {
  const char *path;
  int fd;
};
void card_disk_io(struct card_disk *disk, const char *path, struct card_io *io);

#endif
