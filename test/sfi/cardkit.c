/* What the tests of the card share. */
#include "test/sfi/cardkit.h"

#include "sfi/crypto/crypto.h"
#include "tool/objfile/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const uint8_t kit_key[16] = {0x91, 0x12, 0xA3, 0x34, 0xB5, 0x56, 0xC7, 0x78,
                             0xD9, 0x9A, 0xEB, 0xBC, 0xFD, 0xDE, 0x0F, 0xF1};
const uint8_t kit_nonce[12] = {0x2E, 0x8D, 0x7C, 0x6B, 0x5A, 0x49, 0x38, 0x27, 0x16, 0xE5, 0xD4, 0xC3};
struct blob kit_ca, kit_other_ca;
struct certificate_device kit_device, kit_stranger;

static void need(bool ok, const char *what)
{
  if (!ok) {
    fprintf(stderr, "cardkit: %s\n", what);
    abort();
  }
}

/* ---- the disk ---- */

void kit_disk_reset(struct kit_disk *d)
{
  memset(d, 0, sizeof *d);
  d->state_now = d->new_now = d->state_kept = d->new_kept = -1;
  d->cut = -1;
}

static bool step(struct kit_disk *d)
{
  if (!d->dead && d->steps == d->cut)
    d->dead = true;
  if (d->dead)
    return false;
  d->steps++;
  return true;
}

static long disk_read(void *context, uint8_t *bytes, size_t room)
{
  const struct kit_disk *d = context;
  if (d->state_now < 0)
    return -1;
  const struct kit_inode *inode = &d->inodes[d->state_now];
  if (inode->now_size > room)
    return -2;
  memcpy(bytes, inode->now, inode->now_size);
  return (long)inode->now_size;
}

static bool disk_create(void *context)
{
  struct kit_disk *d = context;
  if (!step(d))
    return false;
  if (d->new_now < 0) {
    need(d->used < KIT_INODES, "too many files");
    d->new_now = d->used++;
  }
  d->inodes[d->new_now].now_size = 0;
  return true;
}

static bool disk_write(void *context, const uint8_t *bytes, size_t size)
{
  struct kit_disk *d = context;
  if (!step(d))
    return false;
  memcpy(d->inodes[d->new_now].now, bytes, size);
  d->inodes[d->new_now].now_size = size;
  return true;
}

static bool disk_sync(void *context)
{
  struct kit_disk *d = context;
  if (!step(d))
    return false;
  struct kit_inode *inode = &d->inodes[d->new_now];
  memcpy(inode->kept, inode->now, sizeof inode->kept);
  inode->kept_size = inode->now_size;
  return true;
}

static bool disk_rename(void *context)
{
  struct kit_disk *d = context;
  if (!step(d))
    return false;
  d->state_now = d->new_now;
  d->new_now = -1;
  return true;
}

static bool disk_sync_folder(void *context)
{
  struct kit_disk *d = context;
  if (!step(d))
    return false;
  d->state_kept = d->state_now;
  d->new_kept = d->new_now;
  return true;
}

void kit_disk_io(struct kit_disk *disk, struct card_io *io)
{
  *io = (struct card_io){disk, disk_read, disk_create, disk_write, disk_sync, disk_rename, disk_sync_folder};
}

void kit_disk_power_back(struct kit_disk *d, unsigned outcome)
{
  if (outcome & 1u) {
    d->state_kept = d->state_now;
    d->new_kept = d->new_now;
  } else {
    d->state_now = d->state_kept;
    d->new_now = d->new_kept;
  }
  for (int i = 0; i < d->used; i++) {
    struct kit_inode *inode = &d->inodes[i];
    bool dirty = inode->now_size != inode->kept_size || memcmp(inode->now, inode->kept, inode->now_size) != 0;
    if (dirty && outcome / 2 == 1) { /* half of it, the rest zeros */
      memset(inode->now + inode->now_size / 2, 0, sizeof inode->now - inode->now_size / 2);
    } else if (dirty && outcome / 2 == 0) {
      memcpy(inode->now, inode->kept, sizeof inode->now);
      inode->now_size = inode->kept_size;
    }
    memcpy(inode->kept, inode->now, sizeof inode->kept);
    inode->kept_size = inode->now_size;
  }
  d->dead = false;
  d->cut = -1;
}

/* ---- certificates ---- */

static void make_ca(const char *folder, struct blob *der)
{
  struct blob certificate = {0}, key = {0};
  struct problem problem;
  char path[64], err[200];
  need(certificate_new_ca("maker", &certificate, &key, &problem) && (mkdir(folder, 0700) == 0 || errno == EEXIST),
       "a CA");
  snprintf(path, sizeof path, "%s/" MAKER_CA, folder);
  need(objfile_spit(path, certificate.bytes, certificate.size, 0600, err, sizeof err), err);
  need(certificate_load(path, der, &problem), "a CA's certificate");
  snprintf(path, sizeof path, "%s/" MAKER_CA_KEY, folder);
  need(objfile_spit(path, key.bytes, key.size, 0600, err, sizeof err), err);
  blob_free(&certificate);
  blob_free(&key);
}

void kit_make_certificates(void)
{
  struct problem problem;
  make_ca("maker", &kit_ca);
  make_ca("stranger", &kit_other_ca);
  need(certificate_new_device("maker", "STM32L462CE", "000000000000000000000001", &kit_device, &problem), "a device");
  need(certificate_new_device("stranger", "STM32L462CE", "000000000000000000000001", &kit_stranger, &problem),
       "a stranger");
}

/* ---- commands ---- */

unsigned kit_send(struct card *card, uint8_t cla, uint8_t ins, uint8_t p2, const uint8_t *data, size_t size,
                  uint8_t *answer, size_t *got)
{
  uint8_t bytes[7 + 4096 + 2] = {cla, ins, 0, p2, 0, (uint8_t)(size >> 8), (uint8_t)size}, reply[CARD_RESPONSE_MAX];
  size_t length = size == 0 ? 4 : 7 + size;
  need(size <= 4096, "a command");
  if (size != 0)
    memcpy(bytes + 7, data, size);
  if (size != 0)
    length += 2; /* Le 0000: all that there is */
  else
    bytes[length++] = 0;
  size_t n = card_command(card, bytes, length, reply);
  need(n >= 2 && n <= sizeof reply, "an answer");
  if (got != NULL)
    *got = n - 2;
  if (answer != NULL)
    memcpy(answer, reply, n - 2);
  return (unsigned)reply[n - 2] << 8 | reply[n - 1];
}

unsigned kit_personalise(struct card *card, uint32_t maximum)
{
  uint8_t bytes[2048] = {1, 6, 'm', 'o', 'd', 'e', 'l', '7'};
  memcpy(bytes + 8, kit_key, 16);
  memcpy(bytes + 24, kit_nonce, 12);
  for (unsigned i = 0; i < 4; i++)
    bytes[36 + i] = (uint8_t)(maximum >> (24 - 8 * i));
  memcpy(bytes + 40, kit_ca.bytes, kit_ca.size);
  return kit_send(card, 0x80, 0xD0, 0, bytes, 40 + kit_ca.size, NULL, NULL);
}

unsigned kit_licence(struct card *card, const struct blob *certificate, uint8_t licence[SFI_LICENCE_SIZE])
{
  uint8_t bytes[2048] = {0}, answer[256];
  size_t got = 0;
  memcpy(bytes + SFI_CHALLENGE_SIZE, certificate->bytes, certificate->size);
  unsigned sw = kit_send(card, 0x80, 0x50, 0, bytes, SFI_CHALLENGE_SIZE + certificate->size, answer, &got);
  need(got == (sw == 0x9000 ? SFI_LICENCE_SIZE : 0), "the size of a licence");
  if (sw == 0x9000)
    memcpy(licence, answer, SFI_LICENCE_SIZE);
  return sw;
}

uint32_t kit_left(struct card *card)
{
  uint8_t answer[256];
  size_t got = 0;
  need(kit_send(card, 0x80, 0xCA, 3, NULL, 0, answer, &got) == 0x9000 && got == 8, "the counter");
  return (uint32_t)answer[0] << 24 | (uint32_t)answer[1] << 16 | (uint32_t)answer[2] << 8 | answer[3];
}
