/* The device for the tests of log and swap: see device.h. */
#include "test/install/device.h"

#include "crypto/crypto.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
/* cmocka wants the headers above first */
#include <cmocka.h>

#define MAX_IMAGES   64
#define IMAGE_NUMBER 1u

struct device device;
static struct device_image *images[MAX_IMAGES];
static unsigned image_count;
static const uint8_t key[16] = "an AES-128 key..";
static struct crypto_cbc cbc;
static bool cbc_ready;

static void require(bool ok, const char *what)
{
  if (!ok)
    fail_msg("%s (boot %u)", what, (unsigned)device.boots);
}

void device_make(const struct device_shape *shape, uint32_t seed)
{
  memset(&device, 0, sizeof device);
  device.shape = *shape;
  simflash_reset(seed);
  const uint32_t page = shape->page, journal = shape->journal_page;
  /* Each with a page before and behind that is not its own. */
  const uint32_t j = JOURNAL_BASE / journal * journal;
  simflash_add(j - journal, 4, journal, shape->journal_unit);
  simflash_add(HEADER_BASE - page, 3, page, shape->unit);
  simflash_add(ACTIVE_BASE - page, shape->active_pages + 2, page, shape->unit);
  simflash_add(DOWNLOAD_BASE - page, shape->download_pages + 2, page, shape->unit);
  device.journal_area = simflash_area(j, 2 * journal);
  device.header_area = simflash_area(HEADER_BASE, page);
  device.slot.active = simflash_area(ACTIVE_BASE, shape->active_pages * page);
  device.slot.download = simflash_area(DOWNLOAD_BASE, shape->download_pages * page);
  simflash_allow(j, 2 * journal);
  simflash_allow(HEADER_BASE, page);
  simflash_allow(ACTIVE_BASE, shape->active_pages * page);
  simflash_allow(DOWNLOAD_BASE, shape->download_pages * page);
}

struct device_image *device_image_make(uint32_t size, bool blank_page)
{
  const uint32_t page = device.shape.page, room = (size / page + 2) * page;
  struct device_image *image = calloc(1, sizeof *image);
  assert_true(image != NULL && image_count < MAX_IMAGES);
  images[image_count++] = image;
  image->size = size;
  image->clear = malloc(room);
  image->cipher = malloc(room);
  if (image->clear == NULL || image->cipher == NULL)
    abort();
  memset(image->clear, 0xFF, room);
  memset(image->cipher, 0xFF, room);
  for (uint32_t i = 0; i < size; i++)
    if (!(blank_page && i / page == size / page / 2) && i % 96 >= 32) /* some blank units everywhere */
      image->clear[i] = (uint8_t)(simflash_random() >> 9);

  uint8_t iv[16], tag[32], rubbish[IMAGE_HEADER_SIZE];
  for (unsigned i = 0; i < sizeof rubbish; i++)
    rubbish[i] = (uint8_t)(simflash_random() >> 9);
  memcpy(iv, rubbish, sizeof iv);
  memcpy(tag, rubbish + 16, sizeof tag);
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  int done = 0;
  assert_int_equal(EVP_EncryptInit_ex(cipher, EVP_aes_128_cbc(), NULL, key, iv), 1);
  EVP_CIPHER_CTX_set_padding(cipher, 0);
  assert_int_equal(EVP_EncryptUpdate(cipher, image->cipher, &done, image->clear, (int)size), 1);
  assert_int_equal(done, (int)size);
  EVP_CIPHER_CTX_free(cipher);

  const struct image_info info = {
      .image = IMAGE_NUMBER, .protocol = IMAGE_PROTOCOL, .version = image_count, .size = size, .partial_size = size};
  assert_int_equal(image_header_build(image->header, &info, tag, tag, iv), PC_OK);
  memcpy(image->header + IMAGE_SIGNED_SIZE, rubbish + IMAGE_SIGNED_SIZE, IMAGE_HEADER_SIZE - IMAGE_SIGNED_SIZE);
  return image;
}

void device_drop_images(void)
{
  while (image_count != 0) {
    struct device_image *image = images[--image_count];
    free(image->clear);
    free(image->cipher);
    free(image);
  }
}

/* The header as the device writes it. */
static void installed_header(uint8_t header[IMAGE_HEADER_SIZE], const struct device_image *image,
                             enum image_state state, const struct device_image *previous)
{
  memcpy(header, image->header, IMAGE_HEADER_SIZE);
  image_header_set_state(header, state);
  memset(header + IMAGE_AT_FINGERPRINT, state == IMAGE_STATE_NEW ? 0xFF : 0, 32);
  if (previous != NULL)
    memcpy(header + IMAGE_AT_FINGERPRINT, previous->header + IMAGE_AT_SIGNATURE, 32);
}

static uint32_t pages_of(const struct device_image *image)
{
  return (image->size + device.shape.page - 1) / device.shape.page;
}

void device_put_active(struct device_image *image)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  device.old = image;
  simflash_fill(ACTIVE_BASE, 0xFF, device.slot.active.size);
  simflash_fill(HEADER_BASE, 0xFF, device.shape.page);
  installed_header(header, image, IMAGE_STATE_VALID, NULL);
  simflash_load(HEADER_BASE, header, sizeof header);
  simflash_load(ACTIVE_BASE, image->clear, image->size);
}

void device_put_candidate(struct device_image *image, bool rubbish)
{
  device.candidate = image;
  simflash_fill(DOWNLOAD_BASE, rubbish ? 0x5A : 0xFF, device.slot.download.size);
  simflash_fill(DOWNLOAD_BASE, 0xFF, device.shape.page);
  simflash_load(DOWNLOAD_BASE, image->header, IMAGE_HEADER_SIZE);
  simflash_load(DOWNLOAD_BASE + device.shape.page, image->cipher, image->size);
}

/* The engine's services */

static pc_status journal_get(uint32_t *record)
{
  *record = device.journal.last;
  return PC_OK;
}

static pc_status journal_put(uint32_t record)
{
  device.records++;
  if (device.records == device.cut_at_record && !device.cut_after_record)
    simflash_cut(1, SIMFLASH_BEFORE);
  pc_status status = log_put(&device.journal, record);
  if (device.records == device.cut_at_record && device.cut_after_record)
    simflash_cut(1, SIMFLASH_BEFORE);
  return status;
}

static pc_status journal_confirm(void)
{
  return log_confirm(&device.journal);
}

static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  require(image == IMAGE_NUMBER, "decrypts with the key of another image");
  crypto_cbc_start(&cbc, key, iv);
  cbc_ready = true;
  return PC_OK;
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  require(cbc_ready, "decrypts without having set up AES after the reset");
  return crypto_cbc_decrypt(&cbc, from, to, size);
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  require(image == IMAGE_NUMBER, "reads the header of another image");
  return flash_read(&device.header_area, 0, header, IMAGE_HEADER_SIZE);
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  require(image == IMAGE_NUMBER, "writes the header of another image");
  pc_status status = flash_erase(&device.header_area, 0, device.shape.page);
  return status == PC_OK ? flash_program(&device.header_area, 0, header, IMAGE_HEADER_SIZE) : status;
}

static void progress(uint32_t percent)
{
  require(percent <= 100 && (device.progress_calls == 0 || percent > device.last_percent), "progress goes back");
  device.last_percent = percent;
  device.progress_calls++;
}

static const struct install_services services = {
    journal_get, journal_put, journal_confirm, decrypt_start, decrypt, header_read, header_write, NULL, progress};

/* The boot */

/* Whose authenticated header is this? NULL: nobody's. */
static const struct device_image *authenticate(const uint8_t header[IMAGE_HEADER_SIZE])
{
  for (unsigned i = 0; i < image_count; i++)
    if (memcmp(header, images[i]->header, IMAGE_AT_STATE) == 0)
      return images[i];
  return NULL;
}

static const struct device_image *header_at(const struct flash_area *area, uint32_t offset,
                                            uint8_t header[IMAGE_HEADER_SIZE])
{
  if (flash_read(area, offset, header, IMAGE_HEADER_SIZE) != PC_OK)
    return NULL;
  return authenticate(header);
}

/* True if flash reads (through the driver, weak cells and all) as these bytes. */
static bool reads_as(const struct flash_area *area, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
  uint8_t chunk[512];
  for (uint32_t at = 0; at < size; at += sizeof chunk) {
    uint32_t n = size - at < sizeof chunk ? size - at : (uint32_t)sizeof chunk;
    if (flash_read(area, offset + at, chunk, n) != PC_OK || memcmp(chunk, bytes + at, n) != 0)
      return false;
  }
  return true;
}

static const struct device_image *valid_active(void)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  const struct device_image *image = header_at(&device.header_area, 0, header);
  if (image == NULL || !reads_as(&device.slot.active, 0, image->clear, image->size) ||
      flash_is_blank(&device.slot.active, image->size, device.slot.active.size - image->size) != PC_OK)
    return NULL;
  return image;
}

void device_boot(void *unused)
{
  (void)unused;
  const uint32_t page = device.shape.page;
  uint8_t *buffer = malloc(device.shape.buffer); /* of its own, so that ASan sees its end; lost when the power goes */
  static uint8_t *lost;
  free(lost);
  lost = buffer;
  const struct install install = {&services, &device.slot, IMAGE_NUMBER, buffer, device.shape.buffer};
  uint8_t header[IMAGE_HEADER_SIZE];
  device.boots++;
  device.records = 0;
  device.progress_calls = 0;
  cbc_ready = false;
  memset(&cbc, 0xA5, sizeof cbc);
  require(log_open(&device.journal, &device.journal_area) == PC_OK, "journal does not open");

  const uint32_t record = device.journal.last;
  bool known = install_header(&install, record, header) == PC_OK && authenticate(header) != NULL;
  pc_status status = install_resume(&install, known ? header : NULL);
  require(status == PC_OK || status == PC_ERR_BLANK, "resume fails");
  if (status == PC_OK)
    return;

  const struct device_image *active = valid_active();
  const struct device_image *candidate = header_at(&device.slot.download, 0, header);
  if (candidate != NULL && reads_as(&device.slot.download, page, candidate->cipher, candidate->size)) {
    status = install_run(&install, header, active != NULL ? active->size : 0);
    require(status == PC_OK, "install fails");
    return;
  }
  require(active != NULL, "neither an image that boots nor one to install");
  if (device.rollback_wanted && active == device.candidate) {
    const struct device_image *backup = header_at(&device.slot.download, page, header);
    require(backup != NULL && reads_as(&device.slot.download, 2 * page, backup->clear, backup->size),
            "no image to roll back to");
    status = install_rollback(&install, header);
    require(status == PC_OK, "rollback fails");
  }
}

void device_settle(void)
{
  while (!simflash_run(device_boot, NULL))
    ;
}

/* Another boot does nothing; but if the very last record was torn, it may be written again, once. */
static void check_nothing_left(void)
{
  uint32_t done = 0;
  for (int i = 0; i < 2; i++) {
    const struct simflash_counts before = simflash_counts();
    require(simflash_run(device_boot, NULL), "power");
    done = simflash_counts().operations - before.operations;
    require(done <= 5 * 8 + 1 && simflash_counts().erases - before.erases <= 1,
            "something is done again at the next boot");
    if (done == 0)
      break;
  }
  require(done == 0, "something is done at every boot");
  require(device.journal.last == INSTALL_NONE, "the journal is not at its end");
}

static void check_active(const struct device_image *image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  require(simflash_equals(ACTIVE_BASE, image->clear, image->size), "active slot is not the image");
  require(simflash_equals(ACTIVE_BASE + image->size, NULL, device.slot.active.size - image->size),
          "active slot is not blank behind the image");
  require(simflash_equals(HEADER_BASE, header, IMAGE_HEADER_SIZE), "active header is wrong");
}

void device_check_installed(void)
{
  const uint32_t page = device.shape.page;
  uint8_t header[IMAGE_HEADER_SIZE];
  installed_header(header, device.candidate, IMAGE_STATE_NEW, device.old);
  check_nothing_left();
  check_active(device.candidate, header);
  require(simflash_equals(DOWNLOAD_BASE, NULL, page), "the candidate is still there");
  if (device.old != NULL) {
    installed_header(header, device.old, IMAGE_STATE_VALID, NULL);
    require(simflash_equals(DOWNLOAD_BASE + page, header, sizeof header), "old header is not in D[0]");
    require(simflash_equals(DOWNLOAD_BASE + page + (uint32_t)sizeof header, NULL, page - (uint32_t)sizeof header),
            "D[0] is not blank behind the old header");
    require(simflash_equals(DOWNLOAD_BASE + 2 * page, device.old->clear, pages_of(device.old) * page),
            "the old image is lost");
  }
}

void device_check_rolled_back(void)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  installed_header(header, device.old, IMAGE_STATE_VALID, NULL);
  check_nothing_left();
  check_active(device.old, header);
  require(simflash_equals(DOWNLOAD_BASE + device.shape.page, NULL, device.shape.page), "the backup is still announced");
}

void device_check_wear(uint32_t most)
{
  require(simflash_max_wear(ACTIVE_BASE, device.slot.active.size) <= most, "a page of the active slot wears");
  require(simflash_max_wear(DOWNLOAD_BASE, device.slot.download.size) <= most, "a page of the download slot wears");
  require(simflash_max_wear(HEADER_BASE, device.shape.page) <= most, "the header page wears");
  require(simflash_max_wear(device.journal_area.base, device.journal_area.size) <= most, "a journal page wears");
}
