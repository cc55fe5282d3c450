/* Any sequence of command APDUs, resets and failures of the memory, at a virgin card and at a personalised one: every
 * answer is well formed, neither key nor nonce is ever in one, and no more licences leave than the card may issue.
 *
 * The input is a row of records: a length (16 bits, big-endian) and an APDU. The lengths FFFF to FFFC stand for: a
 * reset, a good personalisation, a good request for a licence, and the memory failing at the next write but one.
 */
#include "test/sfi/cardkit.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM 4u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool within(const uint8_t *bytes, size_t size, const uint8_t *secret, size_t length)
{
  for (size_t i = 0; i + length <= size; i++)
    if (memcmp(bytes + i, secret, length) == 0)
      return true;
  return false;
}

static void check(const uint8_t *answer, size_t size)
{
  if (size < 2 || size > CARD_RESPONSE_MAX || within(answer, size, kit_key, sizeof kit_key) ||
      within(answer, size, kit_nonce, sizeof kit_nonce))
    abort();
}

static unsigned play(struct card *card, struct kit_disk *disk, const struct card_io *io, const uint8_t *bytes,
                     size_t size)
{
  uint8_t answer[CARD_RESPONSE_MAX], licence[SFI_LICENCE_SIZE];
  unsigned out = 0;
  for (size_t at = 0; size - at >= 2;) {
    size_t n = (size_t)bytes[at] << 8 | bytes[at + 1];
    at += 2;
    if (n == 0xFFFF) {
      disk->dead = false;
      disk->cut = -1;
      card_power_on(card, io);
    } else if (n == 0xFFFE) {
      (void)kit_personalise(card, MAXIMUM);
    } else if (n == 0xFFFD) {
      out += kit_licence(card, &kit_device.certificate_der, licence) == 0x9000;
    } else if (n == 0xFFFC) {
      disk->cut = disk->steps + 1;
    } else {
      n = n < size - at ? n : size - at;
      size_t got = card_command(card, bytes + at, n, answer);
      check(answer, got);
      out += got == SFI_LICENCE_SIZE + 2 && memcmp(answer, "PCLI", 4) == 0;
      at += n;
    }
    if (disk->used > KIT_INODES - 4)
      break;
  }
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  static struct card card;
  static struct kit_disk disk;
  static bool made;
  struct card_io io;
  if (!made)
    kit_make_certificates();
  made = true;
  kit_disk_io(&disk, &io);
  for (unsigned personalised = 0; personalised < 2; personalised++) {
    kit_disk_reset(&disk);
    card_power_on(&card, &io);
    if (personalised && kit_personalise(&card, MAXIMUM) != 0x9000)
      abort();
    unsigned out = play(&card, &disk, &io, bytes, size);
    card_power_on(&card, &io);
    /* A virgin card may have been personalised by the input itself, with a maximum of its own. */
    if (personalised && out + kit_left(&card) > MAXIMUM)
      abort();
  }
  return 0;
}
