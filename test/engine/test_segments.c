/* Images in two segments, natively: a slot joined of two kinds of flash, a patch that leaves the pages out of the
 * download slot that stay the same, its authentication, its install; the power cut at every operation of it all.
 * Engine, update core and install are the device's own; the boot between them is as short as can be. */
#include "delta/encoder.h"
#include "engine/internal.h"
#include "flash/joined.h"
#include "image/patch.h"
#include "install/sparse.h"
#include "loader/update_patch.h"
#include "test/engine/maker.h"
#include "test/engine/open_gate.h"
#include "test/support/simflash.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INSIDE_PAGE 512u
#define INSIDE      0x08000000u
#define HEADER_AT   INSIDE
#define JOURNAL_AT  (INSIDE + INSIDE_PAGE)
#define COUNTER_AT  (INSIDE + 3 * INSIDE_PAGE)
#define ACTIVE_AT   (INSIDE + 8 * INSIDE_PAGE)
#define STAGE_AT    (INSIDE + 20 * INSIDE_PAGE)
#define DOWNLOAD_AT (INSIDE + 24 * INSIDE_PAGE)
#define OUTSIDE     0x90000000u
#define OUTSIDE_2   0x90002000u
#define PAGE        1024u
#define FIRST       (3 * PAGE) /* room of the first segment, the second's offset */
#define SECOND      (5 * PAGE)
#define JOINED      0x0C000000u
#define PRODUCT     0x4C343936u
#define IMAGE_MAX   (FIRST + SECOND)

const struct joined_part joined_parts[] = {
    {ACTIVE_AT, FIRST, ACTIVE_AT, INSIDE_PAGE, &simflash_driver},
    {ACTIVE_AT + FIRST, SECOND, OUTSIDE, PAGE, &simflash_driver},
    {ACTIVE_AT + FIRST + SECOND, PAGE, STAGE_AT, INSIDE_PAGE, &simflash_driver},
    {JOINED, PAGE + FIRST, DOWNLOAD_AT, INSIDE_PAGE, &simflash_driver},
    {JOINED + PAGE + FIRST, SECOND, OUTSIDE_2, PAGE, &simflash_driver},
};
const uint32_t joined_count = 5, joined_page = PAGE;

#define AREA(at, pages) TEST_AREA(at, pages, INSIDE_PAGE)
const struct engine_board engine_board = {
    .images = 1,
    .product = PRODUCT,
    .accept_vendor = ENGINE_NO,
    .journal = AREA(JOURNAL_AT, 2),
    .counter = {AREA(COUNTER_AT, 2)},
    .own = {{(uintptr_t)secret_ram, sizeof secret_ram}},
    .image = {{.header = AREA(HEADER_AT, 1),
               .slots = {{&flash_joined, ACTIVE_AT, FIRST + SECOND, PAGE, 8},
                         {&flash_joined, JOINED, PAGE + FIRST + SECOND, PAGE, 8},
                         IMAGE_MAX,
                         FIRST},
               .encryption_key = engine_key_aes_1,
               .public_key = engine_key_pub_1}},
};
static const struct install_slot *const slot = &engine_board.image[0].slots;

/* ---------- images ---------- */

struct image {
  uint32_t size;
  uint8_t clear[IMAGE_MAX], cipher[IMAGE_MAX], header[IMAGE_HEADER_SIZE];
};
static struct image from, to;
static uint8_t file[16384];
static uint32_t file_size;

static void pack(struct image *image, uint32_t version, uint32_t size, uint32_t external)
{
  const struct image_info info = {.image = 1,
                                  .protocol = 2,
                                  .version = version,
                                  .size = size,
                                  .partial_size = size,
                                  .product = PRODUCT,
                                  .external = external};
  image->size = size;
  maker_pack(&info, image->clear, image->header, image->cipher);
}

static void make_patch(void)
{
  struct delta_result delta;
  uint8_t tag[32], digest[32], iv[16];
  const struct delta_options options = {0x08000000, 0x08000000, 1, NULL, NULL};
  assert_int_equal(delta_make(from.clear, from.size, to.clear, to.size, &options, &delta), DELTA_MADE);
  assert_int_equal(delta.mode, DELTA_MODE_PATCH);
  struct patch_info p = {.image = 1, .size = (uint32_t)delta.size, .from_version = 0x01000000, .from_size = from.size};
  SHA256(from.clear, from.size, tag);
  SHA256(to.header, 128, digest);
  memset(iv, 0x5A, sizeof iv);
  memset(file, 0, sizeof file);
  assert_int_equal(patch_header_build(file, &p, tag, digest, iv), PC_OK);
  maker_sign(file);
  memcpy(file + PATCH_HEADER_SIZE, to.header, PATCH_TARGET_SIZE);
  file_size = PATCH_FILE_OFFSET + ((p.size + 15u) & ~15u);
  assert_in_range(file_size, 1, sizeof file);
  memcpy(file + PATCH_FILE_OFFSET, delta.bytes, delta.size);
  maker_encrypt(file + PATCH_FILE_OFFSET, iv, file_size - PATCH_FILE_OFFSET);
  delta_result_free(&delta);
}

/* From two segments to two, with what a test changes; pages 1 and 5 by default. */
static void two_editions(void)
{
  maker_new_keys();
  for (uint32_t i = 0; i < IMAGE_MAX; i++)
    from.clear[i] = (uint8_t)(i * i >> 5 ^ i * 7);
  memcpy(to.clear, from.clear, IMAGE_MAX);
  for (uint32_t i = 0; i < 40; i++) {
    to.clear[PAGE + 100 + i] ^= (uint8_t)(i + 1);
    to.clear[FIRST + 2 * PAGE + PAGE - 7] ^= (uint8_t)(i + 1);
  }
  pack(&from, 0x01000000, IMAGE_MAX - 512, FIRST);
}

static void load(uint32_t at_inside, uint32_t at_outside, const uint8_t *bytes, uint32_t size)
{
  simflash_load(at_inside, bytes, size < FIRST ? size : FIRST);
  if (size > FIRST)
    simflash_load(at_outside, bytes + FIRST, size - FIRST);
}

static void fill_flash(void)
{
  simflash_reset(3);
  simflash_add(INSIDE, 64, INSIDE_PAGE, 8);
  simflash_add(OUTSIDE, 16, PAGE, 1);
  simflash_load(HEADER_AT, from.header, sizeof from.header);
  load(ACTIVE_AT, OUTSIDE, from.clear, from.size);
  simflash_fill(DOWNLOAD_AT, 0x42, PAGE + FIRST); /* of earlier times */
  simflash_fill(OUTSIDE_2, 0x42, SECOND);
  simflash_clear_counts();
}

/* ---------- the application's side: a download ---------- */

static struct update update;
static pc_status received;

static pc_status judge(void *context, const uint8_t *header)
{
  (void)context;
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

static void restart(void)
{
  memset(&engine, 0, sizeof engine);
  assert_int_equal(engine_call(ENGINE_INIT, 0, 0, 0), PC_OK);
}

static void receive(void *unused)
{
  (void)unused;
  const struct update_target target = {&slot->download, 1, IMAGE_MAX, judge, NULL, NULL, &update_patch};
  restart();
  update_init(&update, &target);
  received = update_begin(&update, file_size);
  for (uint32_t at = 0; received == PC_OK && at < file_size; at += 48)
    received = update_write(&update, file + at, file_size - at < 48 ? file_size - at : 48);
  if (received == PC_OK)
    received = update_finish(&update);
  if (received == PC_OK)
    received = update_install(&update);
}

/* ---------- the boot loader's side ---------- */

static pc_status journal_get(uint32_t *record)
{
  return engine_call(ENGINE_JOURNAL_GET, 0, (uintptr_t)record, 0);
}
static pc_status journal_put(uint32_t record)
{
  return engine_call(ENGINE_JOURNAL_PUT, record, 0, 0);
}
static pc_status journal_confirm(void)
{
  return engine_call(ENGINE_JOURNAL_CONFIRM, 0, 0, 0);
}
static pc_status decrypt_start(uint32_t image, const uint8_t iv[16])
{
  return engine_call(ENGINE_DECRYPT_START, image, (uintptr_t)iv, 0);
}
static pc_status decrypt(const uint8_t *bytes, uint8_t *out, uint32_t size)
{
  return engine_call(ENGINE_DECRYPT, (uintptr_t)bytes, (uintptr_t)out, size);
}
static pc_status header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  return engine_call(ENGINE_HEADER_READ, image, (uintptr_t)header, 0);
}
static pc_status header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  return engine_call(ENGINE_HEADER_WRITE, image, (uintptr_t)header, 0);
}
static pc_status candidate(const uint8_t header[IMAGE_HEADER_SIZE])
{
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}
static const struct install_services services = {journal_get, journal_put,  journal_confirm, decrypt_start, decrypt,
                                                 header_read, header_write, candidate,       NULL};

static pc_status verify(uint32_t source)
{
  uint32_t value;
  pc_status status = engine_call(ENGINE_VERIFY_START, 1, source, (uintptr_t)&value);
  for (value = 1; status == PC_OK && value != 0;)
    status = engine_call(ENGINE_VERIFY_STEP, 1024, (uintptr_t)&value, 0);
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

static pc_status booted, judged; /* the active image, the candidate */

static void boot(void *unused)
{
  static uint8_t buffer[256];
  const struct install job = {&services, slot, 1, buffer, sizeof buffer};
  uint8_t header[IMAGE_HEADER_SIZE];
  uint32_t record = INSTALL_NONE;
  (void)unused;
  restart();
  judged = PC_ERR_BLANK;
  assert_int_equal(journal_get(&record), PC_OK);
  if (INSTALL_RECORD_STEP(record) != INSTALL_NONE) {
    const bool known = install_header(&job, record, header) == PC_OK &&
                       engine_call(ENGINE_HEADER_CHECK, (uintptr_t)header, 0, 0) == PC_OK;
    const pc_status status = install_resume(&job, known ? header : NULL);
    assert_true(status == PC_OK || status == PC_ERR_BLANK);
  }
  if (update_asked(&slot->download) == PC_OK) {
    judged = verify(ENGINE_SOURCE_DOWNLOAD);
    if (judged == PC_OK) {
      assert_int_equal(flash_read(&slot->download, 0, header, sizeof header), PC_OK);
      assert_int_equal(install_run(&job, header, from.size), PC_OK);
    } else {
      assert_int_equal(update_drop(&slot->download), PC_OK);
    }
  }
  booted = verify(ENGINE_SOURCE_ACTIVE);
}

static bool active_is(const struct image *image)
{
  const uint32_t first = image->size < FIRST ? image->size : FIRST, second = image->size - first;
  return simflash_equals(HEADER_AT, image->header, IMAGE_AT_STATE) && simflash_equals(ACTIVE_AT, image->clear, first) &&
         simflash_equals(ACTIVE_AT + first, NULL, FIRST - first) &&
         simflash_equals(OUTSIDE, image->clear + first, second) &&
         simflash_equals(OUTSIDE + second, NULL, SECOND - second);
}

static void settle(void)
{
  simflash_cut(0, SIMFLASH_BEFORE);
  assert_true(simflash_run(boot, NULL));
  assert_int_equal(booted, PC_OK);
}

/* ---------- tests ---------- */

static void a_patch_writes_only_what_changes(void **state)
{
  (void)state;
  two_editions();
  pack(&to, 0x01010000, from.size, FIRST);
  make_patch();
  fill_flash();
  assert_true(simflash_run(receive, NULL));
  assert_int_equal(received, PC_OK);
  assert_int_equal(simflash_max_wear(OUTSIDE, SECOND), 0);
  for (uint32_t page = 0; page < 5; page++) /* page 2 of the second segment only */
    assert_int_equal(simflash_wear(OUTSIDE_2 + page * PAGE), page == 2);
  settle();
  assert_true(active_is(&to));
  for (uint32_t page = 0; page < 5; page++) {
    assert_int_equal(simflash_wear(OUTSIDE + page * PAGE), page == 2);
    assert_int_equal(simflash_wear(OUTSIDE_2 + page * PAGE), page == 2);
  }
  for (uint32_t page = 0; page < 6; page++)
    assert_int_equal(simflash_wear(ACTIVE_AT + page * INSIDE_PAGE), page / 2 == 1);
}

/* What goes to the slot is no clear text, and no two pages of it are encrypted alike. */
static void what_is_stored_is_encrypted(void **state)
{
  uint8_t stored[PAGE], other[PAGE];
  (void)state;
  two_editions();
  memset(to.clear, 0x11, PAGE); /* two pages with the same contents, apart */
  memset(to.clear + 2 * PAGE, 0x11, PAGE);
  memcpy(to.clear + PAGE, from.clear + PAGE, PAGE);
  pack(&to, 0x01010000, from.size, FIRST);
  make_patch();
  fill_flash();
  assert_true(simflash_run(receive, NULL));
  assert_int_equal(received, PC_OK);
  assert_int_equal(flash_read(&slot->download, PAGE, stored, PAGE), PC_OK);
  assert_int_equal(flash_read(&slot->download, 3 * PAGE, other, PAGE), PC_OK);
  assert_int_not_equal(memcmp(stored, other, PAGE), 0);
  for (uint32_t at = 0; at < PAGE; at += 16) {
    assert_int_not_equal(memcmp(stored + at, to.clear, 16), 0);
    assert_int_not_equal(memcmp(other + at, to.clear, 16), 0);
  }
  settle();
  assert_true(active_is(&to));
}

/* Sizes that change, a second segment that comes and goes, more runs than pages between them, a whole file. */
static void every_shape_installs(void **state)
{
  static const struct {
    uint32_t from, to;
  } shapes[] = {{IMAGE_MAX - 512, IMAGE_MAX}, {IMAGE_MAX, IMAGE_MAX - 1040}, {FIRST - 128, FIRST + 2000},
                {FIRST + 2000, FIRST - 128},  {FIRST + 16, FIRST + 16},      {2 * PAGE, 2 * PAGE - 16}};
  (void)state;
  for (unsigned i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
    const bool whole = i % 2 != 0;
    two_editions();
    pack(&from, 0x01000000, shapes[i / 2].from, shapes[i / 2].from > FIRST ? FIRST : 0);
    pack(&to, 0x01010000, shapes[i / 2].to, shapes[i / 2].to > FIRST ? FIRST : 0);
    if (whole) {
      memset(file, 0xFF, 512);
      memcpy(file, to.header, sizeof to.header);
      memcpy(file + 512, to.cipher, to.size);
      file_size = 512 + to.size;
    } else {
      make_patch();
    }
    fill_flash();
    assert_true(simflash_run(receive, NULL));
    assert_int_equal(received, PC_OK);
    settle();
    assert_true(active_is(&to));
    assert_true(simflash_max_wear(OUTSIDE, SECOND) <= 1);
    assert_true(simflash_max_wear(ACTIVE_AT, FIRST) <= 1);
  }
}

static void another_offset_is_refused(void **state)
{
  static const struct {
    uint32_t size, external;
    pc_status status;
  } bad[] = {{IMAGE_MAX, PAGE, PC_ERR_UNSUPPORTED},
             {IMAGE_MAX, FIRST + 16, PC_ERR_UNSUPPORTED},
             {IMAGE_MAX, FIRST - 16, PC_ERR_UNSUPPORTED},
             {IMAGE_MAX, 0, PC_ERR_SIZE},
             {FIRST + 16, 0, PC_ERR_SIZE},
             {IMAGE_MAX + 16, FIRST, PC_ERR_SIZE}};
  static const struct {
    uint32_t size, external;
  } good[] = {{IMAGE_MAX, FIRST}, {FIRST + 16, FIRST}, {FIRST, 0}, {16, 0}};
  (void)state;
  two_editions();
  fill_flash();
  restart();
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    static struct image image;
    const uint32_t size = bad[i].size < IMAGE_MAX ? bad[i].size : IMAGE_MAX;
    pack(&image, 0x01020000, size, bad[i].external);
    memcpy(image.header + IMAGE_AT_SIZE, &bad[i].size, 4);
    memcpy(image.header + IMAGE_AT_PARTIAL_SIZE, &bad[i].size, 4);
    maker_sign(image.header);
    assert_int_equal(judge(NULL, image.header), bad[i].status);
  }
  for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
    pack(&to, 0x01020000, good[i].size, good[i].external);
    assert_int_equal(judge(NULL, to.header), PC_OK);
  }
}

static void any_cut_of_the_download_is_survived(void **state)
{
  (void)state;
  two_editions();
  pack(&to, 0x01010000, from.size, FIRST);
  make_patch();
  for (uint32_t n = 1;; n++) {
    fill_flash();
    simflash_cut(n, (enum simflash_tear)(n % SIMFLASH_TEARS));
    const bool done = simflash_run(receive, NULL);
    settle();
    assert_true(active_is(&to) || active_is(&from));
    if (done)
      break;
    if (n % 4 == 0) { /* again, without a cut */
      assert_true(simflash_run(receive, NULL));
      settle();
      assert_true(active_is(&to));
    }
    n += n > 4 ? 2 : 0;
  }
}

static void any_cut_of_the_install_is_survived(void **state)
{
  uint32_t cuts = 0;
  (void)state;
  two_editions();
  pack(&to, 0x01010000, from.size, FIRST);
  make_patch();
  fill_flash();
  assert_true(simflash_run(receive, NULL));
  assert_int_equal(received, PC_OK);
  struct simflash_image *start = simflash_save();
  /* Programs of a page's units in the middle are all alike: of them every fifth. */
  for (unsigned tear = 0; tear < SIMFLASH_TEARS; tear++)
    for (uint32_t n = 1;; n += n % 128 < 12 || n % 128 > 116 ? 1 : 5) {
      simflash_restore(start);
      simflash_seed(n * 7 + tear);
      simflash_cut(n, (enum simflash_tear)tear);
      if (simflash_run(boot, NULL))
        break;
      cuts++;
      if (n % 3 == 0) { /* and again, while it recovers */
        simflash_cut(1 + n % 11, (enum simflash_tear)((tear + n) % SIMFLASH_TEARS));
        cuts += !simflash_run(boot, NULL);
      }
      settle();
      assert_true(active_is(&to));
      for (uint32_t page = 0; page < 5; page++) /* what stays has never been touched */
        assert_true(page == 2 || simflash_wear(OUTSIDE + page * PAGE) == 0);
    }
  simflash_free(start);
  print_message("power cuts tried: %u\n", (unsigned)cuts);
}

/* Somebody with a clip on the flash, or an application: pages, table, and what stays in the active slot. */
static void what_was_altered_is_refused(void **state)
{
  static const uint32_t places[] = {DOWNLOAD_AT + SPARSE_AT_RUNS,      DOWNLOAD_AT + SPARSE_AT_RUNS + 4,
                                    DOWNLOAD_AT + SPARSE_AT_RUNS + 8,  DOWNLOAD_AT + SPARSE_AT_RUNS + 31,
                                    DOWNLOAD_AT + SPARSE_AT_RUNS + 32, DOWNLOAD_AT + 2 * PAGE,
                                    OUTSIDE_2 + 2 * PAGE + 5,          OUTSIDE + 5,
                                    ACTIVE_AT + 2 * PAGE + 9,          DOWNLOAD_AT + SPARSE_AT_MARK};
  (void)state;
  two_editions();
  pack(&to, 0x01010000, from.size, FIRST);
  make_patch();
  for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
    uint8_t unit[8];
    const uint32_t at = places[i] & ~7u;
    fill_flash();
    assert_true(simflash_run(receive, NULL));
    assert_int_equal(received, PC_OK);
    assert_int_equal(simflash_driver.read(at, unit, sizeof unit), PC_OK);
    unit[places[i] & 7u] ^= 0x10;
    simflash_load(at, unit, sizeof unit);
    assert_true(simflash_run(boot, NULL));
    assert_true(judged == PC_ERR_TAG || judged == PC_ERR_FORMAT);
    assert_int_equal(simflash_max_wear(OUTSIDE, SECOND), 0);
    unit[places[i] & 7u] ^= 0x10;
    if (at < DOWNLOAD_AT || (at >= OUTSIDE && at < OUTSIDE_2)) { /* put back, it is as if nothing had been */
      assert_int_equal(booted, PC_ERR_TAG);
      simflash_load(at, unit, sizeof unit);
    }
    settle();
    assert_true(active_is(&from));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_patch_writes_only_what_changes),
      cmocka_unit_test(what_is_stored_is_encrypted),
      cmocka_unit_test(every_shape_installs),
      cmocka_unit_test(another_offset_is_refused),
      cmocka_unit_test(any_cut_of_the_download_is_survived),
      cmocka_unit_test(any_cut_of_the_install_is_survived),
      cmocka_unit_test(what_was_altered_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
