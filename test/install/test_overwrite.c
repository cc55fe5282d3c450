/* Install without swap, natively: whatever the power does, and whenever, the new image ends in the active slot and the
 * download slot holds nothing but cipher text; and what the download slot turns into after it was verified changes
 * nothing that matters. The download slot has pages of its own size. */
#include "crypto/crypto.h"
#include "flash/log.h"
#include "install/install.h"
#include "test/support/simflash.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JOURNAL      0x10100000u
#define HEADER       0x20100000u
#define ACTIVE       0x30100000u
#define DOWNLOAD     0x40100000u
#define PAGE         512u
#define PAGES        6u
#define IMAGES       4u
#define JOURNAL_PAGE 512u

struct shape {
  const char *name;
  uint32_t unit, download_page, download_unit, buffer;
  uint32_t old_size, new_size; /* old 0: none */
};
static const struct shape shapes[] = {
    {"pages of 1 KiB, byte units", 8, 1024, 1, 512, 3 * PAGE, 4 * PAGE - 16},
    {"smaller pages, small buffer", 16, 256 * 2, 4, 64, 5 * PAGE, 2 * PAGE + 48},
    {"full slot", 32, 4096, 1, 1024, PAGES *PAGE, PAGES *PAGE},
    {"no old image", 8, 2048, 2, 256, 0, PAGE + 16},
};

struct image {
  uint32_t size;
  uint8_t clear[PAGES * PAGE], cipher[PAGES * PAGE], header[IMAGE_HEADER_SIZE];
  bool acceptable; /* signature, product and version are all right */
};
static struct image images[IMAGES];
static struct image *old, *candidate;
static struct install_slot slot;
static struct flash_area journal_area, header_area;
static struct log journal;
static const struct shape *shape;
static struct crypto_cbc cbc;
static const uint8_t key[16] = "an AES-128 key..";
static uint32_t cuts, records, boots, last_percent;
static void (*between)(void); /* what an attacker does between verification and installation, and before a resume */

static void require(bool ok, const char *what)
{
  if (!ok)
    fail_msg("%s: %s (boot %u)", shape->name, what, (unsigned)boots);
}

/* ---- the engine's services ---- */
static pc_status journal_get(uint32_t *record)
{
  *record = journal.last;
  return PC_OK;
}

static pc_status journal_put(uint32_t record)
{
  records++;
  return log_put(&journal, record);
}

static pc_status journal_confirm(void)
{
  return log_confirm(&journal);
}

static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  require(image == 1, "decrypts with the key of another image");
  crypto_cbc_start(&cbc, key, iv);
  return PC_OK;
}

static pc_status decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  return crypto_cbc_decrypt(&cbc, from, to, size);
}

static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  return flash_read(&header_area, 0, header, IMAGE_HEADER_SIZE);
}

static struct image *whose(const uint8_t header[IMAGE_HEADER_SIZE])
{
  for (unsigned i = 0; i < IMAGES; i++)
    if (images[i].size != 0 && memcmp(header, images[i].header, IMAGE_AT_STATE) == 0)
      return &images[i];
  return NULL;
}

static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  require(whose(header) != NULL, "a header that is not authentic becomes the active one");
  require(whose(header)->acceptable, "an older header becomes the active one");
  pc_status status = flash_erase(&header_area, 0, PAGE);
  return status == PC_OK ? flash_program(&header_area, 0, header, IMAGE_HEADER_SIZE) : status;
}

static pc_status judge(const uint8_t header[IMAGE_HEADER_SIZE])
{
  const struct image *image = whose(header);
  if (image == NULL)
    return PC_ERR_SIGNATURE;
  return image->acceptable ? PC_OK : PC_ERR_VERSION;
}

static void progress(uint32_t percent)
{
  require(percent <= 100 && percent > last_percent, "progress goes back");
  last_percent = percent;
}

static const struct install_services services = {journal_get, journal_put,  journal_confirm, decrypt_start, decrypt,
                                                 header_read, header_write, judge,           progress};

/* ---- device ---- */
static struct image *make_image(unsigned n, uint32_t size, bool acceptable)
{
  struct image *image = &images[n];
  uint8_t random[IMAGE_HEADER_SIZE];
  image->size = size;
  image->acceptable = acceptable;
  for (uint32_t i = 0; i < size; i++)
    image->clear[i] = i % 96 < 32 ? 0xFF : (uint8_t)(simflash_random() >> 9);
  for (unsigned i = 0; i < sizeof random; i++)
    random[i] = (uint8_t)(simflash_random() >> 9);
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int done = 0;
  assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, random), 1);
  EVP_CIPHER_CTX_set_padding(ctx, 0);
  assert_int_equal(EVP_EncryptUpdate(ctx, image->cipher, &done, image->clear, (int)size), 1);
  EVP_CIPHER_CTX_free(ctx);
  const struct image_info info = {
      .image = 1, .protocol = IMAGE_PROTOCOL, .version = n, .size = size, .partial_size = size};
  assert_int_equal(image_header_build(image->header, &info, random + 16, random + 16, random), PC_OK);
  memcpy(image->header + IMAGE_SIGNED_SIZE, random + IMAGE_SIGNED_SIZE, IMAGE_HEADER_SIZE - IMAGE_SIGNED_SIZE);
  return image;
}

static void put_candidate(const struct image *image)
{
  simflash_fill(DOWNLOAD, 0xFF, slot.download.size);
  simflash_load(DOWNLOAD, image->header, IMAGE_HEADER_SIZE);
  simflash_load(DOWNLOAD + shape->download_page, image->cipher, image->size);
}

static void prepare(const struct shape *s)
{
  shape = s;
  between = NULL;
  memset(images, 0, sizeof images);
  simflash_reset(1);
  const uint32_t dpage = s->download_page, dpages = 1 + (PAGES * PAGE + dpage - 1) / dpage;
  simflash_add(JOURNAL - JOURNAL_PAGE, 4, JOURNAL_PAGE, 8);
  simflash_add(HEADER - PAGE, 3, PAGE, s->unit);
  simflash_add(ACTIVE - PAGE, PAGES + 3, PAGE, s->unit); /* the stage, and one page more that is not ours */
  simflash_add(DOWNLOAD - dpage, dpages + 2, dpage, s->download_unit);
  journal_area = simflash_area(JOURNAL, 2 * JOURNAL_PAGE);
  header_area = simflash_area(HEADER, PAGE);
  slot.active = simflash_area(ACTIVE, PAGES * PAGE);
  slot.download = simflash_area(DOWNLOAD, dpages * dpage);
  slot.image_max = PAGES * PAGE;
  simflash_allow(JOURNAL, 2 * JOURNAL_PAGE);
  simflash_allow(HEADER, PAGE);
  simflash_allow(ACTIVE, (PAGES + 1) * PAGE);
  simflash_allow(DOWNLOAD, dpage); /* nothing but the header page is ever touched */
  old = s->old_size != 0 ? make_image(0, s->old_size, true) : NULL;
  candidate = make_image(1, s->new_size, true);
  if (old != NULL) {
    simflash_load(HEADER, old->header, IMAGE_HEADER_SIZE);
    simflash_load(ACTIVE, old->clear, old->size);
  } else {
    simflash_fill(HEADER, 0x5A, 40);
    simflash_fill(ACTIVE + 2 * PAGE, 0x5A, 40);
    simflash_fill(ACTIVE + 5 * PAGE, 0x5A, 40);
  }
  simflash_fill(ACTIVE + PAGES * PAGE, 0x33, 100); /* a stage of earlier times */
  put_candidate(candidate);
  simflash_clear_counts();
}

static bool reads_as(const struct flash_area *area, uint32_t offset, const uint8_t *bytes, uint32_t size)
{
  static uint8_t all[PAGES * PAGE];
  return flash_read(area, offset, all, size) == PC_OK && memcmp(all, bytes, size) == 0;
}

static const struct image *valid_active(void)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  if (flash_read(&header_area, 0, header, sizeof header) != PC_OK)
    return NULL;
  const struct image *image = whose(header);
  if (image == NULL || !reads_as(&slot.active, 0, image->clear, image->size) ||
      flash_is_blank(&slot.active, image->size, slot.active.size - image->size) != PC_OK)
    return NULL;
  return image;
}

static pc_status last_install;

static void boot(void *unused)
{
  static uint8_t *buffer;
  uint8_t header[IMAGE_HEADER_SIZE];
  (void)unused;
  free(buffer);
  buffer = malloc(shape->buffer);
  const struct install install = {&services, &slot, 1, buffer, shape->buffer};
  boots++;
  records = last_percent = 0;
  memset(&cbc, 0xA5, sizeof cbc);
  require(log_open(&journal, &journal_area) == PC_OK, "journal does not open");
  const bool known = install_header(&install, journal.last, header) == PC_OK && whose(header) != NULL;
  if (between != NULL && INSTALL_RECORD_STEP(journal.last) != INSTALL_NONE)
    between();
  pc_status status = install_resume(&install, known ? header : NULL);
  require(status == PC_OK || status == PC_ERR_BLANK, "resume fails");
  if (status == PC_OK)
    return;
  last_install = PC_OK;
  if (flash_read(&slot.download, 0, header, sizeof header) == PC_OK && whose(header) != NULL &&
      judge(header) == PC_OK &&
      reads_as(&slot.download, slot.download.page, whose(header)->cipher, whose(header)->size)) {
    if (between != NULL) {
      between();
      (void)flash_read(&slot.download, 0, header, sizeof header);
    }
    last_install = install_run(&install, header, old != NULL ? old->size : 0);
    require(between != NULL || last_install == PC_OK, "install fails");
    return;
  }
  require(between != NULL || valid_active() != NULL, "neither an image that boots nor one to install");
}

static void check(uint32_t cuts_here)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  simflash_cut(0, SIMFLASH_BEFORE);
  (void)simflash_run(boot, NULL);
  /* Another boot does nothing; but if the very last record was torn, it may be written again, once. */
  uint32_t done = 1;
  for (int i = 0; i < 2 && done != 0; i++) {
    const uint32_t before = simflash_counts().operations;
    (void)simflash_run(boot, NULL);
    done = simflash_counts().operations - before;
  }
  require(done == 0, "something is done at every boot");
  require(journal.last == INSTALL_NONE, "the journal is not at its end");
  memcpy(header, candidate->header, sizeof header);
  image_header_set_state(header, IMAGE_STATE_NEW);
  memset(header + IMAGE_AT_FINGERPRINT, 0, 32);
  require(simflash_equals(HEADER, header, sizeof header), "active header is wrong");
  require(simflash_equals(ACTIVE, candidate->clear, candidate->size), "active slot is not the image");
  require(simflash_equals(ACTIVE + candidate->size, NULL, slot.active.size - candidate->size),
          "active slot is not blank behind the image");
  require(simflash_equals(DOWNLOAD, NULL, shape->download_page), "the candidate is still there");
  require(simflash_equals(DOWNLOAD + shape->download_page, candidate->cipher, candidate->size),
          "the download slot was written to");
  require(simflash_max_wear(ACTIVE, slot.active.size + PAGE) <= 1 + cuts_here, "a page of the active slot wears");
  require(simflash_max_wear(HEADER, PAGE) <= 1 + cuts_here, "the header page wears");
  require(simflash_max_wear(DOWNLOAD, shape->download_page) <= 1 + cuts_here, "the download header page wears");
  require(simflash_max_wear(JOURNAL, 2 * JOURNAL_PAGE) <= 2 + cuts_here, "a journal page wears");
}

static bool cut_boot(uint32_t nth, enum simflash_tear tear)
{
  simflash_cut(nth, tear);
  if (simflash_run(boot, NULL))
    return false;
  cuts++;
  return true;
}

static void begin_run(uint32_t seed)
{
  boots = 0;
  simflash_seed(seed);
  simflash_refuse_torn((int)(seed % 3) - 1);
}

/* ---- tests ---- */
static void costs_an_erase_a_page_and_what_clears_the_request(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    prepare(&shapes[i]);
    require(simflash_run(boot, NULL), "power");
    const uint32_t larger = shape->old_size > shape->new_size ? shape->old_size : shape->new_size;
    const uint32_t pages =
        old == NULL ? 4 : (larger + PAGE - 1) / PAGE;      /* without an old one: 2 and two that were not blank */
    assert_int_equal(simflash_counts().erases, pages + 4); /* stage, journal, active header, request */
    assert_true(records <= pages + 5);
    check(0);
  }
}

static void any_cut_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const uint32_t before = cuts;
    prepare(&shapes[i]);
    struct simflash_image *start = simflash_save();
    for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
      for (uint32_t nth = 1;; nth++) {
        simflash_restore(start);
        begin_run(nth * 7 + tear);
        bool cut = cut_boot(nth, (enum simflash_tear)tear);
        check(cut);
        if (!cut)
          break;
      }
    simflash_free(start);
    print_message("%s: %u cuts\n", shape->name, cuts - before);
  }
}

static void any_second_cut_during_recovery_is_survived(void **state)
{
  static const enum simflash_tear second[] = {SIMFLASH_TORN_WEAK, SIMFLASH_TORN_FLICKER, SIMFLASH_TORN_BITS,
                                              SIMFLASH_TORN_ECC, SIMFLASH_AFTER};
  (void)state;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const uint32_t before = cuts;
    prepare(&shapes[i]);
    struct simflash_image *start = simflash_save();
    begin_run(0);
    require(simflash_run(boot, NULL), "power");
    const uint32_t step = simflash_counts().operations / 24 + 1;
    for (uint32_t nth = 1;; nth += step) {
      simflash_restore(start);
      begin_run(nth);
      if (!cut_boot(nth, (enum simflash_tear)(1 + nth / step % (SIMFLASH_TEARS - 2))))
        break;
      struct simflash_image *torn = simflash_save();
      for (unsigned k = 0; k < 2; k++)
        for (uint32_t again = 1;; again++) {
          simflash_restore(torn);
          begin_run(again * 5 + k + nth);
          bool cut = cut_boot(again, second[(k + nth) % 5]);
          check(1 + cut);
          if (!cut)
            break;
        }
      simflash_free(torn);
    }
    simflash_free(start);
    print_message("%s, again during recovery: %u cuts\n", shape->name, cuts - before);
  }
}

static void any_number_of_cuts_is_survived(void **state)
{
  (void)state;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    prepare(&shapes[i]);
    struct simflash_image *start = simflash_save();
    for (uint32_t seed = 0; seed < 40; seed++) {
      simflash_restore(start);
      begin_run(seed);
      uint32_t here = 0;
      while (here < 200 &&
             cut_boot(1 + simflash_random() % 90, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS)))
        here++;
      check(here);
    }
    simflash_free(start);
  }
}

/* ---- a download slot that is exchanged under the boot loader's hands ---- */
static void exchange_for_an_older_one(void)
{
  put_candidate(&images[2]);
}

static void an_older_image_put_there_after_the_check_is_refused(void **state)
{
  (void)state;
  prepare(&shapes[0]);
  (void)make_image(2, 2 * PAGE, false);
  between = exchange_for_an_older_one;
  require(simflash_run(boot, NULL), "power");
  assert_int_equal(last_install, PC_ERR_VERSION);
  assert_int_equal(simflash_counts().erases, 0); /* nothing is lost */
  assert_ptr_equal(valid_active(), old);
}

/* Cut at any operation, then another image in the download slot: what ends in the active slot is never the older one,
 * whatever its header page looks like at that moment; header_write() would end the test. */
static void an_older_image_put_there_during_an_interruption_never_gets_its_header_in(void **state)
{
  (void)state;
  prepare(&shapes[0]);
  (void)make_image(2, 2 * PAGE, false);
  struct simflash_image *start = simflash_save();
  for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t nth = 1;; nth++) {
      simflash_restore(start);
      between = NULL;
      begin_run(nth + tear);
      bool cut = cut_boot(nth, (enum simflash_tear)tear);
      const bool begun =
          log_open(&journal, &journal_area) == PC_OK && INSTALL_RECORD_STEP(journal.last) > INSTALL_BEGIN;
      between = exchange_for_an_older_one;
      simflash_cut(0, SIMFLASH_BEFORE);
      for (int i = 0; cut && i < 3; i++)
        (void)simflash_run(boot, NULL);
      const struct image *now = valid_active();
      require(now == NULL || now->acceptable, "an older image stands in the active slot");
      if (tear != SIMFLASH_TORN_FLICKER && tear != SIMFLASH_TORN_WEAK) /* a record that is there and not there */
        require(!cut || begun || now == old || now == candidate, "the old image is lost although nothing had begun");
      if (!cut)
        break;
    }
  simflash_free(start);
}

static void what_does_not_fit_is_refused_before_anything_is_touched(void **state)
{
  (void)state;
  prepare(&shapes[0]);
  static uint8_t buffer[512];
  const struct install install = {&services, &slot, 1, buffer, sizeof buffer};
  uint8_t header[IMAGE_HEADER_SIZE];
  static const uint32_t sizes[] = {0, 8, PAGES * PAGE + 16, 0xFFFFFFF0u, 0x80000000u};
  for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    memcpy(header, candidate->header, sizeof header);
    memcpy(header + IMAGE_AT_SIZE, &sizes[i], 4);
    memcpy(header + IMAGE_AT_PARTIAL_SIZE, &sizes[i], 4);
    assert_int_equal(install_run(&install, header, 0), PC_ERR_PARAM);
  }
  const uint32_t part = 16;
  memcpy(header, candidate->header, sizeof header);
  memcpy(header + IMAGE_AT_PARTIAL_OFFSET, &part, 4);
  assert_int_equal(install_run(&install, header, 0), PC_ERR_UNSUPPORTED);
  assert_int_equal(simflash_counts().operations, 0);
}

/* The last records torn in every way, nothing more to do as it seems, and the next candidate comes: it is installed. */
static void a_candidate_behind_a_torn_end_is_not_lost(void **state)
{
  (void)state;
  prepare(&shapes[0]);
  struct image *next = make_image(3, 2 * PAGE, true);
  struct simflash_image *start = simflash_save();
  begin_run(0);
  require(simflash_run(boot, NULL), "power");
  const uint32_t all = simflash_counts().operations;
  for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t seed = 0; seed < 200; seed++) {
      simflash_restore(start);
      begin_run(seed);
      require(cut_boot(all - seed % 3, (enum simflash_tear)tear), "the power did not go");
      simflash_cut(0, SIMFLASH_BEFORE);
      (void)simflash_run(boot, NULL);
      put_candidate(next);
      for (int i = 0; i < 3; i++)
        (void)simflash_run(boot, NULL);
      require(valid_active() == next, "the next candidate is lost");
    }
  simflash_free(start);
}

static uint32_t foreign_record;

static void meet_foreign_record(void *unused)
{
  static uint8_t buffer[512];
  const struct install install = {&services, &slot, 1, buffer, sizeof buffer};
  (void)unused;
  assert_int_equal(log_open(&journal, &journal_area), PC_OK);
  assert_int_equal(log_put(&journal, foreign_record), PC_OK);
  const uint32_t erases = simflash_counts().erases;
  assert_int_equal(install_resume(&install, candidate->header), PC_ERR_BLANK);
  assert_int_equal(simflash_counts().erases, erases);
}

static void records_of_another_mode_or_image_are_not_followed(void **state)
{
  (void)state;
  static const uint32_t foreign[] = {INSTALL_RECORD(INSTALL_DONE, INSTALL_FLAG_KEEP_OLD, 1, 2),
                                     INSTALL_RECORD(INSTALL_DONE, INSTALL_FLAG_ROLLBACK, 1, 2),
                                     INSTALL_RECORD(INSTALL_DONE, 0, 2, 2), INSTALL_RECORD(INSTALL_DONE, 0, 1, PAGES),
                                     INSTALL_RECORD(9, 0, 1, 0)};
  for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++) {
    prepare(&shapes[0]);
    foreign_record = foreign[i];
    require(simflash_run(meet_foreign_record, NULL), "power");
  }
}

static void worn_cells_are_tried_again(void **state)
{
  (void)state;
  prepare(&shapes[0]);
  simflash_worn(ACTIVE + 64, 2);
  simflash_worn(ACTIVE + PAGES * PAGE + 64, 2); /* the stage */
  require(simflash_run(boot, NULL), "power");
  check(3);
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
      cmocka_unit_test(costs_an_erase_a_page_and_what_clears_the_request),
      cmocka_unit_test(what_does_not_fit_is_refused_before_anything_is_touched),
      cmocka_unit_test(records_of_another_mode_or_image_are_not_followed),
      cmocka_unit_test(worn_cells_are_tried_again),
      cmocka_unit_test(an_older_image_put_there_after_the_check_is_refused),
      cmocka_unit_test(an_older_image_put_there_during_an_interruption_never_gets_its_header_in),
      cmocka_unit_test(a_candidate_behind_a_torn_end_is_not_lost),
      cmocka_unit_test(any_cut_is_survived),
      cmocka_unit_test(any_second_cut_during_recovery_is_survived),
      cmocka_unit_test(any_number_of_cuts_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
