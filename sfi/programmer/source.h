/* Where licences come from: a card, a file, or a folder of licences that were issued before. One source serves many
 * devices at once. */
#ifndef SFI_PROGRAMMER_SOURCE_H
#define SFI_PROGRAMMER_SOURCE_H

#include "sfi/programmer/install.h"

struct source;

/* --licence FILE, or else the card in --reader. --licences DIR: a licence that a card has issued is kept there as
 * UID.lic, and taken again for the same device and challenge, so that a failed install costs no second count. NULL:
 * problem says why. */
struct source *source_open(const struct cli *cli, struct problem *problem);
/* For module number `module` of the image, from 1 on (0: the image itself): a licence file, or NULL and the card in a
 * reader. Kept as UID.mN.lic. */
struct source *source_open_for(const struct cli *cli, unsigned module, const char *file, const char *reader,
                               struct problem *problem);
void source_close(struct source *source);

/* A licence for this device. `issued`: a count was spent now. `left`: what the licence says is left on its card. */
bool source_licence(struct source *source, const struct install_device *device, const uint8_t *certificate, size_t size,
                    uint8_t licence[SFI_LICENCE_SIZE], bool *issued, uint32_t *left, struct problem *problem);

/* Counts left on the card. False: no card. */
bool source_left(struct source *source, uint32_t *left);

#endif
