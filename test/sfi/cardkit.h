/* What the tests of the card share: a disk whose power can be cut, a maker CA with devices, and commands. */
#ifndef TEST_SFI_CARDKIT_H
#define TEST_SFI_CARDKIT_H

#include "sfi/card/applet.h"
#include "sfi/host/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIT_INODES 64

/* A file system as POSIX allows it to be: until it is synced, a file's content may be lost, torn or kept at a power
 * cut, and so may a rename. */
struct kit_inode {
  uint8_t now[CARD_STATE_MAX], kept[CARD_STATE_MAX];
  size_t now_size, kept_size;
};
struct kit_disk {
  struct kit_inode inodes[KIT_INODES];
  int used, state_now, new_now, state_kept, new_kept; /* inode of each name, -1: no such file */
  long steps, cut; /* operations done; the one before which the power goes, -1: none */
  bool dead;
};
void kit_disk_reset(struct kit_disk *disk);
void kit_disk_io(struct kit_disk *disk, struct card_io *io);
/* The power comes back. Bit 0: the folder's changes that were not synced survived; then content not synced: 0 lost, 1
 * torn, 2 kept. */
enum { KIT_OUTCOMES = 6 };
void kit_disk_power_back(struct kit_disk *disk, unsigned outcome);

/* Made once per program, in the working directory. */
extern struct blob kit_ca, kit_other_ca;
extern struct certificate_device kit_device, kit_stranger; /* by kit_ca; by a CA of the same name and another key */
void kit_make_certificates(void);

extern const uint8_t kit_key[16], kit_nonce[12];

/* Commands as a host sends them (extended length); the status word, the answer's data in `answer` (256 bytes). */
unsigned kit_send(struct card *card, uint8_t cla, uint8_t ins, uint8_t p2, const uint8_t *data, size_t size,
                  uint8_t *answer, size_t *got);
unsigned kit_personalise(struct card *card, uint32_t maximum);
unsigned kit_licence(struct card *card, const struct blob *certificate, uint8_t licence[SFI_LICENCE_SIZE]);
/* Count left by GET DATA; fails the program when the card does not answer. */
uint32_t kit_left(struct card *card);

#endif
