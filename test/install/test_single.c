/* Single slot, natively: a file arrives in pieces, and the power goes at any operation. Afterwards the device runs the
 * old image (as long as nothing was erased), or the new one, or it waits for a download; never anything else; and the
 * next download gets it going. The header of an image that never came whole raises no version. */
#include "install/single.h"

#include "crypto/crypto.h"
#include "flash/log.h"
#include "test/support/simflash.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define JOURNAL  0x10100000u
#define HEADER   0x20100000u
#define ACTIVE   0x30100000u
#define PAGE     512u
#define PAGES    6u
#define FILE_MAX (IMAGE_FILE_OFFSET + PAGES * PAGE)

struct image {
  uint32_t size;
  uint8_t clear[PAGES * PAGE], file[FILE_MAX];
  bool acceptable; /* signature, product and version are all right */
  bool broken;     /* the header is authentic, the cipher text is not what it names */
};
static struct image images[4];
static struct image *old, *incoming;
static struct flash_area active, journal_area, header_area;
static struct log journal;
static struct crypto_cbc cbc;
static const uint8_t key[16] = "an AES-128 key..";
static uint32_t cuts, piece;
static unsigned current_unit;

static void require(bool ok, const char *what)
{
  if (!ok)
    fail_msg("%s (unit %u)", what, current_unit);
}

/* ---- the engine ---- */
static pc_status journal_get(uint32_t *record)
{
  *record = journal.last;
  return PC_OK;
}

static pc_status journal_put(uint32_t record)
{
  return log_put(&journal, record);
}

static pc_status journal_confirm(void)
{
  return log_confirm(&journal);
}

static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  assert_int_equal(image, 1);
  crypto_cbc_start(&cbc, key, iv);
  return PC_OK;
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  return crypto_cbc_decrypt(&cbc, from, to, size);
}

static struct image *whose(const uint8_t header[IMAGE_HEADER_SIZE])
{
  for (unsigned i = 0; i < sizeof images / sizeof *images; i++)
    if (images[i].size != 0 && memcmp(header, images[i].file, IMAGE_AT_STATE) == 0)
      return &images[i];
  return NULL;
}

static pc_status judge(const uint8_t header[IMAGE_HEADER_SIZE])
{
  const struct image *image = whose(header);
  if (header[0] == 0xFF)
    return PC_ERR_BLANK;
  if (image == NULL)
    return PC_ERR_SIGNATURE;
  return image->acceptable ? PC_OK : PC_ERR_VERSION;
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  return flash_read(&header_area, 0, header, IMAGE_HEADER_SIZE);
}

static bool holds(const struct image *image)
{
  static uint8_t all[PAGES * PAGE];
  return flash_read(&active, 0, all, image->size) == PC_OK && memcmp(all, image->clear, image->size) == 0 &&
         flash_is_blank(&active, image->size, active.size - image->size) == PC_OK;
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  require(judge(header) == PC_OK && holds(whose(header)), "the header of an image that is not there becomes active");
  pc_status status = flash_erase(&header_area, 0, PAGE);
  return status == PC_OK ? flash_program(&header_area, 0, header, IMAGE_HEADER_SIZE) : status;
}

static pc_status verify(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  pc_status status = judge(header);
  return status != PC_OK ? status : holds(whose(header)) ? PC_OK : PC_ERR_TAG;
}

static const struct install_services services = {journal_get, journal_put,  journal_confirm, decrypt_start, decrypt,
                                                 header_read, header_write, judge,           NULL};
static const struct single_target target = {&services, &active, 1, verify, NULL};

/* ---- device ---- */
static struct image *make_image(unsigned n, uint32_t size)
{
  struct image *image = &images[n];
  uint8_t random[IMAGE_HEADER_SIZE];
  memset(image, 0, sizeof *image);
  image->size = size;
  image->acceptable = true;
  for (uint32_t i = 0; i < size; i++)
    image->clear[i] = i % 96 < 32 ? 0xFF : (uint8_t)(simflash_random() >> 9);
  for (unsigned i = 0; i < sizeof random; i++)
    random[i] = (uint8_t)(simflash_random() >> 9);
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int done = 0;
  memset(image->file, 0xFF, sizeof image->file);
  assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, random), 1);
  EVP_CIPHER_CTX_set_padding(ctx, 0);
  assert_int_equal(EVP_EncryptUpdate(ctx, image->file + IMAGE_FILE_OFFSET, &done, image->clear, (int)size), 1);
  EVP_CIPHER_CTX_free(ctx);
  const struct image_info info = {
      .image = 1, .protocol = IMAGE_PROTOCOL, .version = n, .size = size, .partial_size = size};
  assert_int_equal(image_header_build(image->file, &info, random + 16, random + 16, random), PC_OK);
  memcpy(image->file + IMAGE_SIGNED_SIZE, random + IMAGE_SIGNED_SIZE, IMAGE_SIGNATURE_SIZE);
  return image;
}

static void prepare(uint32_t unit, uint32_t old_size, uint32_t new_size)
{
  current_unit = unit;
  memset(images, 0, sizeof images);
  simflash_reset(1);
  simflash_add(JOURNAL - PAGE, 4, PAGE, 8);
  simflash_add(HEADER - PAGE, 3, PAGE, unit);
  simflash_add(ACTIVE - PAGE, PAGES + 2, PAGE, unit);
  journal_area = simflash_area(JOURNAL, 2 * PAGE);
  header_area = simflash_area(HEADER, PAGE);
  active = simflash_area(ACTIVE, PAGES * PAGE);
  simflash_allow(JOURNAL, 2 * PAGE);
  simflash_allow(HEADER, PAGE);
  simflash_allow(ACTIVE, PAGES * PAGE);
  old = old_size != 0 ? make_image(0, old_size) : NULL;
  incoming = make_image(1, new_size);
  piece = 100;
  if (old != NULL) {
    simflash_load(HEADER, old->file, IMAGE_AT_STATE);
    simflash_load(ACTIVE, old->clear, old->size);
  }
  simflash_clear_counts();
}

static pc_status result;
static struct single s;

static void download(void *unused)
{
  (void)unused;
  const uint32_t size = IMAGE_FILE_OFFSET + incoming->size;
  uint8_t header[IMAGE_HEADER_SIZE];
  require(log_open(&journal, &journal_area) == PC_OK, "journal does not open");
  (void)single_resume(&target, header); /* as the boot loader does first, whatever comes of it */
  memset(&cbc, 0xA5, sizeof cbc);
  single_init(&s, &target);
  result = single_begin(&s, size);
  for (uint32_t at = 0; at < size && result == PC_OK; at += piece)
    result = single_data(&s, at, incoming->file + at, size - at < piece ? size - at : piece);
  if (result == PC_OK)
    result = single_end(&s);
}

/* What the boot loader finds after a reset: the image that runs, NULL: it waits for a download. */
static const struct image *running;

static void boot(void *unused)
{
  (void)unused;
  uint8_t header[IMAGE_HEADER_SIZE];
  running = NULL;
  require(log_open(&journal, &journal_area) == PC_OK, "journal does not open");
  if (single_resume(&target, header) != PC_OK)
    return;
  if (header_read(1, header) == PC_OK && judge(header) == PC_OK && holds(whose(header)))
    running = whose(header);
}

static void begin_run(uint32_t seed)
{
  simflash_seed(seed);
  simflash_refuse_torn((int)(seed % 3) - 1);
}

/* After `here` cuts: the state is lasting; and the next download puts it right. */
static void check(uint32_t here, bool old_may_run)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  simflash_cut(0, SIMFLASH_BEFORE);
  (void)simflash_run(boot, NULL);
  require(running == NULL || running == incoming || (old_may_run && running == old), "something else runs");
  const struct image *first = running;
  for (int i = 0; i < 4; i++) { /* torn cells read otherwise each time: what runs goes on to run */
    (void)simflash_run(boot, NULL);
    require(first == NULL || running == first, "what ran once does not run any more");
    if (running != NULL)
      first = running;
  }
  const bool had_old_header = old != NULL && flash_read(&header_area, 0, header, sizeof header) == PC_OK;
  if (running == NULL && had_old_header && whose(header) != NULL)
    require(whose(header) == old || holds(incoming), "a header without its image became active");
  if (running != incoming) {
    (void)simflash_run(download, NULL);
    require(result == PC_OK && single_complete(&s), "the next download fails");
    (void)simflash_run(boot, NULL);
    require(running == incoming, "the next download does not run");
  }
  require(journal.last == INSTALL_NONE, "the journal is not at its end");
  require(simflash_equals(ACTIVE, incoming->clear, incoming->size), "cells of the image are not sound");
  require(simflash_equals(ACTIVE + incoming->size, NULL, active.size - incoming->size), "the rest is not sound");
  require(simflash_max_wear(ACTIVE, active.size) <= 1 + 2 * here, "a page of the slot wears");
  require(simflash_max_wear(HEADER, PAGE) <= 2 + 2 * here, "the header page wears");
}

/* ---- tests ---- */
static void any_pieces_arrive(void **state)
{
  static const uint32_t pieces[] = {1, 7, 16, 63, 64, 65, 128, 320, 321, 1024, FILE_MAX};
  (void)state;
  for (uint32_t unit = 1; unit <= 32; unit *= 2)
    for (unsigned i = 0; i < sizeof pieces / sizeof *pieces; i++) {
      prepare(unit, 3 * PAGE, i % 2 ? PAGES * PAGE : 2 * PAGE + 16 * i);
      piece = pieces[i];
      require(simflash_run(download, NULL), "power");
      assert_int_equal(result, PC_OK);
      const uint32_t larger = incoming->size > old->size ? incoming->size : old->size;
      assert_int_equal(simflash_counts().erases, (larger + PAGE - 1) / PAGE + 2); /* the journal, the header */
      check(0, false);
    }
}

static pc_status try_header(uint32_t announced)
{
  uint8_t header[IMAGE_FILE_OFFSET];
  memcpy(header, incoming->file, sizeof header);
  single_init(&s, &target);
  pc_status status = single_begin(&s, announced);
  return status == PC_OK ? single_data(&s, 0, header, sizeof header) : status;
}

static void refused(void *unused)
{
  (void)unused;
  const uint32_t size = IMAGE_FILE_OFFSET + incoming->size;
  assert_int_equal(log_open(&journal, &journal_area), PC_OK);
  assert_int_equal(try_header(IMAGE_FILE_OFFSET + 8), PC_ERR_FORMAT);
  assert_int_equal(try_header(FILE_MAX + 1), PC_ERR_SIZE);
  assert_int_equal(try_header(0xFFFFFFFF), PC_ERR_SIZE);
  assert_int_equal(try_header(size + 16), PC_ERR_FORMAT);
  incoming->acceptable = false;
  assert_int_equal(try_header(size), PC_ERR_VERSION);
  incoming->acceptable = true;
  incoming->file[IMAGE_AT_MAGIC + 3] = '2'; /* authentic, but another image's */
  assert_int_equal(try_header(size), PC_ERR_PARAM);
  incoming->file[IMAGE_AT_MAGIC + 3] = '1';
  incoming->file[IMAGE_AT_PARTIAL_OFFSET] = 16;
  assert_int_equal(try_header(size), PC_ERR_UNSUPPORTED);
  incoming->file[IMAGE_AT_PARTIAL_OFFSET] = 0;
  incoming->file[IMAGE_AT_SIZE + 2] = 1; /* larger than the slot, whatever the engine said */
  incoming->file[IMAGE_AT_PARTIAL_SIZE + 2] = 1;
  assert_int_equal(try_header(size), PC_ERR_SIZE);
  memset(incoming->file, 0xFF, IMAGE_HEADER_SIZE);
  assert_int_equal(try_header(size), PC_ERR_FORMAT);
  assert_int_equal(single_data(&s, 0, incoming->file, 1), PC_ERR_STATE);
  assert_int_equal(single_end(&s), PC_ERR_STATE);
  assert_int_equal(simflash_counts().operations, 0);
}

static void a_refused_header_touches_nothing(void **state)
{
  (void)state;
  prepare(8, 2 * PAGE, 3 * PAGE);
  require(simflash_run(refused, NULL), "power");
}

static void broken_orders(void *unused)
{
  (void)unused;
  const uint32_t size = IMAGE_FILE_OFFSET + incoming->size;
  assert_int_equal(log_open(&journal, &journal_area), PC_OK);
  single_init(&s, &target);
  assert_int_equal(single_data(&s, 0, incoming->file, 16), PC_ERR_STATE);
  assert_int_equal(single_begin(&s, size), PC_OK);
  assert_int_equal(single_begin(&s, size), PC_ERR_STATE);
  assert_int_equal(single_data(&s, 16, incoming->file, 16), PC_ERR_TRANSFER);
  assert_int_equal(single_data(&s, 0, incoming->file, 16), PC_ERR_STATE);
  single_init(&s, &target);
  assert_int_equal(single_begin(&s, size), PC_OK);
  assert_int_equal(single_data(&s, 0, incoming->file, 300), PC_OK);
  assert_int_equal(single_end(&s), PC_ERR_TRANSFER);
  single_init(&s, &target);
  assert_int_equal(single_begin(&s, size), PC_OK);
  assert_int_equal(single_data(&s, 0, incoming->file, size), PC_OK);
  assert_int_equal(single_data(&s, size, incoming->file, 1), PC_ERR_TRANSFER); /* more than announced */
  assert_int_equal(single_end(&s), PC_ERR_STATE);
}

static void a_broken_transfer_leaves_a_device_that_waits(void **state)
{
  (void)state;
  prepare(8, 2 * PAGE, 3 * PAGE);
  require(simflash_run(broken_orders, NULL), "power");
  (void)simflash_run(boot, NULL);
  require(running == NULL, "something runs");
  check(1, false);
}

/* Authentic header, other body: wiped, and the old header still decides what may come next. */
static void an_image_that_does_not_authenticate_is_wiped(void **state)
{
  uint8_t header[IMAGE_AT_STATE];
  (void)state;
  prepare(8, 2 * PAGE, 3 * PAGE);
  incoming->file[IMAGE_FILE_OFFSET + 700] ^= 1;
  require(simflash_run(download, NULL), "power");
  assert_int_equal(result, PC_ERR_TAG);
  assert_false(single_complete(&s));
  assert_true(simflash_equals(ACTIVE, NULL, active.size));
  memcpy(header, old->file, sizeof header);
  assert_true(simflash_equals(HEADER, header, sizeof header));
  incoming->file[IMAGE_FILE_OFFSET + 700] ^= 1;
  check(1, false);
}

static const struct {
  uint32_t unit, old_size, new_size;
} scenarios[] = {
    {8, 2 * PAGE, 3 * PAGE + 16}, {32, 5 * PAGE, PAGE + 48}, {1, 0, PAGE / 2}, {16, PAGES *PAGE, PAGES *PAGE}};

static void any_cut_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    prepare(scenarios[i].unit, scenarios[i].old_size, scenarios[i].new_size);
    struct simflash_image *start = simflash_save();
    for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
      for (uint32_t nth = 1;; nth++) {
        simflash_restore(start);
        begin_run(nth * 7 + tear);
        simflash_cut(nth, (enum simflash_tear)tear);
        const bool cut = !simflash_run(download, NULL);
        cuts += cut;
        check(cut, simflash_wear(ACTIVE) + simflash_max_wear(ACTIVE, active.size) == 0);
        if (!cut)
          break;
      }
    simflash_free(start);
  }
}

/* The same image again: what lies half written in the slot is what its header names, as far as it goes. */
static void the_same_image_again_is_no_proof(void **state)
{
  (void)state;
  prepare(8, 2 * PAGE, 2 * PAGE);
  images[1] = images[0];
  images[0].size = 0;
  old = incoming = &images[1];
  struct simflash_image *start = simflash_save();
  for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t nth = 1;; nth++) {
      simflash_restore(start);
      begin_run(nth + tear * 3);
      simflash_cut(nth, (enum simflash_tear)tear);
      const bool cut = !simflash_run(download, NULL);
      cuts += cut;
      check(cut, true);
      if (!cut)
        break;
    }
  simflash_free(start);
}

static void any_second_cut_is_survived(void **state)
{
  static const enum simflash_tear second[] = {SIMFLASH_TORN_WEAK, SIMFLASH_TORN_FLICKER, SIMFLASH_TORN_BITS,
                                              SIMFLASH_TORN_ECC, SIMFLASH_AFTER};
  (void)state;
  for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    prepare(scenarios[i].unit, scenarios[i].old_size, scenarios[i].new_size);
    struct simflash_image *start = simflash_save();
    require(simflash_run(download, NULL), "power");
    const uint32_t step = simflash_counts().operations / 16 + 1;
    for (uint32_t nth = 1;; nth += step) {
      simflash_restore(start);
      begin_run(nth);
      simflash_cut(nth, (enum simflash_tear)(1 + nth / step % (SIMFLASH_TEARS - 2)));
      if (simflash_run(download, NULL))
        break;
      cuts++;
      struct simflash_image *torn = simflash_save();
      for (unsigned k = 0; k < 2; k++)
        for (uint32_t again = 1;; again++) {
          simflash_restore(torn);
          begin_run(again * 5 + k + nth);
          simflash_cut(again, second[(k + nth) % 5]);
          bool cut = !simflash_run(boot, NULL);
          if (!cut && running != incoming)
            cut = !simflash_run(download, NULL);
          cuts += cut;
          check(1 + cut, simflash_max_wear(ACTIVE, active.size) == 0);
          if (!cut)
            break;
        }
      simflash_free(torn);
    }
    simflash_free(start);
  }
}

static int report(void **state)
{
  (void)state;
  print_message("power cuts tried: %u\n", cuts);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_pieces_arrive),
      cmocka_unit_test(a_refused_header_touches_nothing),
      cmocka_unit_test(a_broken_transfer_leaves_a_device_that_waits),
      cmocka_unit_test(an_image_that_does_not_authenticate_is_wiped),
      cmocka_unit_test(any_cut_is_survived),
      cmocka_unit_test(the_same_image_again_is_no_proof),
      cmocka_unit_test(any_second_cut_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
