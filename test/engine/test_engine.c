/* The engine behind its gate, natively: what it authenticates, what it refuses, what it lets go. */
#include "engine/counter.h"
#include "portcullis/update.h"
#include "test/engine/maker.h"
#include "test/engine/open_gate.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE         2048u
#define BASE         0x08000000u
#define HEADER_AT    BASE
#define JOURNAL_AT   (BASE + PAGE)
#define COUNTER_AT   (BASE + 3 * PAGE)
#define ACTIVE_AT    (BASE + 8 * PAGE)
#define ACTIVE_PAGES 8u
#define DOWNLOAD_AT  (BASE + 24 * PAGE)
#define PRODUCT      0x4C343736u

#define AREA(at, pages) TEST_AREA(at, pages, PAGE)
const struct engine_board engine_board = {
    .images = 1,
    .product = PRODUCT,
    .accept_vendor = ENGINE_NO,
    .minimum = 0,
    .journal = AREA(JOURNAL_AT, 2),
    .counter = {AREA(COUNTER_AT, 2)},
    .own = {{(uintptr_t)secret_ram, sizeof secret_ram}},
    .image = {{.header = AREA(HEADER_AT, 1),
               .slots = {AREA(ACTIVE_AT, ACTIVE_PAGES), AREA(DOWNLOAD_AT, ACTIVE_PAGES + 2), ACTIVE_PAGES *PAGE, 0},
               .encryption_key = engine_key_aes_1,
               .public_key = engine_key_pub_1}},
};

static uint8_t clear_image[ACTIVE_PAGES * PAGE], cipher[ACTIVE_PAGES * PAGE], header[IMAGE_HEADER_SIZE];

static void reset(void)
{
  memset(&engine, 0, sizeof engine); /* what start-up code does */
  assert_true(engine_call(ENGINE_INIT, 0, 0, 0) == PC_OK);
}

static struct image_info image(uint32_t protocol, uint32_t version, uint32_t size)
{
  return (struct image_info){.image = 1,
                             .protocol = protocol,
                             .version = version,
                             .size = size,
                             .partial_size = size,
                             .product = protocol == 2 ? PRODUCT : 0};
}

static void pack(const struct image_info *info)
{
  for (uint32_t i = 0; i < info->size; i++)
    clear_image[i] = (uint8_t)(i * 7 + (i >> 8));
  maker_pack(info, clear_image, header, cipher);
}

/* As if installed: header in its page, clear image in the active slot. */
static void install(const struct image_info *info)
{
  pack(info);
  simflash_fill(HEADER_AT, 0xFF, PAGE);
  simflash_load(HEADER_AT, header, sizeof header);
  simflash_fill(ACTIVE_AT, 0xFF, ACTIVE_PAGES * PAGE);
  simflash_load(ACTIVE_AT, clear_image, info->size);
}

static void download(const struct image_info *info)
{
  pack(info);
  simflash_fill(DOWNLOAD_AT, 0xFF, (ACTIVE_PAGES + 2) * PAGE);
  simflash_load(DOWNLOAD_AT, header, sizeof header);
  simflash_load(DOWNLOAD_AT + PAGE, cipher, info->size);
}

/* A call that writes to flash, with the model's power on. */
struct call {
  uintptr_t service, a, b;
  pc_status status;
};

static void make_call(void *argument)
{
  struct call *call = argument;
  call->status = engine_call((uint32_t)call->service, call->a, call->b, 0);
}

static pc_status powered_call(uint32_t service, uintptr_t a, uintptr_t b)
{
  struct call call = {service, a, b, PC_ERR_FLOW};
  assert_true(simflash_run(make_call, &call));
  return call.status;
}

static void put_minimum(void *version)
{
  assert_true(counter_raise(1, *(uint32_t *)version) == PC_OK);
}

static pc_status verify(uint32_t source)
{
  uint32_t remaining = 1, old_size;
  pc_status status = engine_call(ENGINE_VERIFY_START, 1, source, (uintptr_t)&old_size);
  while (status == PC_OK && remaining != 0)
    status = engine_call(ENGINE_VERIFY_STEP, 1000, (uintptr_t)&remaining, 0);
  return status == PC_OK ? engine_call(ENGINE_VERIFY_END, 0, 0, 0) : status;
}

static pc_status candidate(const uint8_t *bytes)
{
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)bytes, 0, 0);
}

static int setup(void **state)
{
  (void)state;
  simflash_reset(1);
  simflash_add(BASE, 64, PAGE, 8);
  maker_new_keys();
  reset();
  return 0;
}

static void an_image_signed_by_openssl_is_authenticated_in_both_slots(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, 5 * PAGE + 48);
  uint32_t vectors = 0;
  install(&info);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_OK);
  assert_int_equal(vectors, ACTIVE_AT);
  reset();
  info.version = 0x01000001;
  download(&info);
  assert_true(verify(ENGINE_SOURCE_DOWNLOAD) == PC_OK);
}

static void a_flipped_bit_in_any_signed_byte_or_the_signature_is_refused(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE);
  pack(&info);
  assert_true(candidate(header) == PC_OK);
  for (unsigned i = 0; i < 192; i++) {
    uint8_t bit = (uint8_t)(1u << i % 8);
    header[i] ^= bit;
    assert_true(candidate(header) != PC_OK);
    header[i] ^= bit;
  }
  /* States and fingerprint are not signed: they change during the life of an image. */
  header[200] ^= 1;
  assert_true(candidate(header) == PC_OK);
  /* r or s of 0, and all ones */
  memset(header + 128, 0, 32);
  assert_true(candidate(header) == PC_ERR_SIGNATURE);
  memset(header + 128, 0xFF, 64);
  assert_true(candidate(header) == PC_ERR_SIGNATURE);
}

static void a_flipped_bit_anywhere_in_an_image_is_refused(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, 640);
  uint32_t vectors;
  for (uint32_t at = 0; at < info.size; at += 13) {
    uint8_t byte;
    install(&info);
    byte = (uint8_t)(clear_image[at] ^ 1u << at % 8);
    simflash_load(ACTIVE_AT + at, &byte, 1);
    assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_ERR_TAG);
    vectors = 0;
    assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_ERR_STATE);
    assert_int_not_equal(vectors, ACTIVE_AT);
    reset();
    download(&info);
    byte = (uint8_t)(cipher[at] ^ 1u << at % 8);
    simflash_load(DOWNLOAD_AT + PAGE + at, &byte, 1);
    assert_true(verify(ENGINE_SOURCE_DOWNLOAD) == PC_ERR_TAG);
  }
}

static void code_beyond_the_image_is_detected(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE + 32);
  static const uint32_t places[] = {PAGE + 32, PAGE + 47, 2 * PAGE, ACTIVE_PAGES * PAGE - 1};
  for (unsigned i = 0; i < 4; i++) {
    uint8_t byte = 0xFE;
    install(&info);
    simflash_load(ACTIVE_AT + places[i], &byte, 1);
    assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_ERR_NOT_BLANK);
    uint32_t vectors = 0;
    assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) != PC_OK);
    assert_int_not_equal(vectors, ACTIVE_AT);
    reset();
  }
}

static void nothing_is_launched_that_was_not_verified_to_the_end(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE);
  uint32_t vectors = 0, remaining = 0, old_size = 1;
  install(&info);
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_ERR_STATE);
  assert_int_not_equal(vectors, ACTIVE_AT);
  reset();
  assert_true(engine_call(ENGINE_VERIFY_START, 1, ENGINE_SOURCE_ACTIVE, (uintptr_t)&old_size) == PC_OK);
  assert_true(engine_call(ENGINE_VERIFY_STEP, 256, (uintptr_t)&remaining, 0) == PC_OK);
  assert_int_equal(remaining, PAGE - 256);
  assert_true(engine_call(ENGINE_VERIFY_END, 0, 0, 0) == PC_ERR_STATE);
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_ERR_STATE);
  reset();
  /* Verified, and then something was written: not verified any more. */
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(powered_call(ENGINE_HEADER_WRITE, 1, (uintptr_t)header) == PC_OK);
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_ERR_STATE);
  reset();
  /* A verified download is no verified active image. */
  download(&info);
  assert_true(verify(ENGINE_SOURCE_DOWNLOAD) == PC_OK);
  vectors = 0;
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_ERR_STATE);
  assert_int_not_equal(vectors, ACTIVE_AT);
}

static void versions_only_go_up_and_products_match(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x02030004, PAGE);
  install(&info);
  static const struct {
    uint32_t protocol, version, product;
    pc_status expect;
  } cases[] = {{2, 0x02030004, PRODUCT, PC_OK},
               {2, 0x02030005, PRODUCT, PC_OK},
               {2, 0x02040000, 0, PC_OK},
               {2, 0xFFFFFFFF, PRODUCT, PC_OK},
               {2, 0x02030003, PRODUCT, PC_ERR_VERSION},
               {2, 0x01FFFFFF, PRODUCT, PC_ERR_VERSION},
               {2, 0, PRODUCT, PC_ERR_VERSION},
               {2, 0x03000000, PRODUCT + 1, PC_ERR_PRODUCT},
               {1, 0xFFFF, 0, PC_ERR_VERSION} /* protocol 1 after protocol 2 */};
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct image_info next = image(cases[i].protocol, cases[i].version, PAGE);
    next.product = cases[i].product;
    pack(&next);
    if (candidate(header) != cases[i].expect)
      fail_msg("case %u", i);
  }
  /* The vendor's images among themselves, and the step to ours. */
  info = image(1, 7, PAGE);
  install(&info);
  info.version = 6;
  pack(&info);
  assert_true(candidate(header) == PC_ERR_VERSION);
  info.version = 7;
  pack(&info);
  assert_true(candidate(header) == PC_OK);
  info = image(2, 0x00070000, PAGE);
  pack(&info);
  assert_true(candidate(header) == PC_OK);
}

static void without_an_active_image_the_stored_minimum_decides(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x00000001, PAGE);
  pack(&info);
  assert_true(candidate(header) == PC_OK);
  uint32_t minimum = 0x01020000;
  assert_true(simflash_run(put_minimum, &minimum));
  reset(); /* it survives */
  assert_true(candidate(header) == PC_ERR_VERSION);
  info.version = 0x0101FFFF;
  pack(&info);
  assert_true(candidate(header) == PC_ERR_VERSION);
  info.version = 0x01020000;
  pack(&info);
  assert_true(candidate(header) == PC_OK);
  /* A header in the active page that is not authentic does not count. */
  info.version = 0x05000000;
  install(&info);
  simflash_fill(HEADER_AT + 128, 0, 64);
  info.version = 0x01020000;
  pack(&info);
  assert_true(candidate(header) == PC_OK);
}

static void a_wiped_image_still_keeps_older_ones_out(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x05000000, PAGE);
  install(&info);
  simflash_fill(ACTIVE_AT, 0xFF, ACTIVE_PAGES * PAGE);
  info.version = 0x04000000;
  pack(&info);
  assert_true(candidate(header) == PC_ERR_VERSION);
}

static void services_are_locked_until_reset(void **state)
{
  (void)state;
  static const uint32_t locked[] = {
      ENGINE_HEADER_READ,     ENGINE_HEADER_WRITE,  ENGINE_JOURNAL_GET,  ENGINE_JOURNAL_PUT,
      ENGINE_JOURNAL_CONFIRM, ENGINE_DECRYPT_START, ENGINE_DECRYPT,      ENGINE_VERIFY_START,
      ENGINE_VERIFY_STEP,     ENGINE_VERIFY_END,    ENGINE_LAUNCH,       ENGINE_LOCK,
      ENGINE_SET_STATE,       ENGINE_RAISE_MINIMUM, ENGINE_HEADER_CHECK, ENGINE_INIT};
  struct image_info info = image(2, 0x01000000, PAGE);
  struct engine_image_info told;
  uint32_t vectors = 0, image_state = 0;
  install(&info);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
  assert_true(engine_call(ENGINE_LAUNCH, 1, (uintptr_t)&vectors, 0) == PC_OK);
  for (unsigned i = 0; i < sizeof locked / sizeof locked[0]; i++) {
    uint8_t buffer[IMAGE_HEADER_SIZE] = {0};
    assert_true(engine_call(locked[i], 1, (uintptr_t)buffer, 16) == PC_ERR_STATE);
  }
  /* What stays open */
  assert_true(engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&told, 0) == PC_OK);
  assert_int_equal(told.version, info.version);
  assert_int_equal(told.size, info.size);
  assert_memory_equal(told.tag, header + IMAGE_AT_TAG, 32);
  assert_true(engine_call(ENGINE_GET_STATE, 1, (uintptr_t)&image_state, 0) == PC_OK);
  assert_int_equal(image_state, IMAGE_STATE_NEW);
  assert_true(candidate(header) == PC_OK);
}

static void nothing_works_before_init(void **state)
{
  (void)state;
  memset(&engine, 0, sizeof engine);
  for (uint32_t service = 0; service < 0x100; service++)
    if (service != ENGINE_INIT)
      assert_true(engine_call(service, 1, (uintptr_t)header, 16) == PC_ERR_STATE);
}

static void pointers_into_the_engine_or_around_the_end_are_refused(void **state)
{
  (void)state;
  const uintptr_t own = (uintptr_t)secret_ram;
  static const uintptr_t null_and_wrapping[] = {0, UINTPTR_MAX, UINTPTR_MAX - 15, UINTPTR_MAX - 318};
  const uintptr_t inside[] = {own, own + 1, own + 63, own - 319, own - 1};
  struct image_info info = image(2, 0x01000000, PAGE);
  install(&info);
  for (unsigned i = 0; i < 4 + 5; i++) {
    uintptr_t at = i < 4 ? null_and_wrapping[i] : inside[i - 4];
    assert_true(candidate((const uint8_t *)at) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_HEADER_CHECK, at, 0, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_HEADER_READ, 1, at, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_HEADER_WRITE, 1, at, 0) == PC_ERR_PARAM);
  }
  for (unsigned i = 0; i < 3; i++) {
    uintptr_t at = (i == 0 ? 0 : i == 1 ? own : own + 60) & ~(uintptr_t)3;
    assert_true(engine_call(ENGINE_JOURNAL_GET, 0, at, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_GET_INFO, 1, at, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_GET_STATE, 1, at, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_VERIFY_STEP, 16, at, 0) == PC_ERR_PARAM);
    assert_true(engine_call(ENGINE_LAUNCH, 1, at, 0) == PC_ERR_PARAM);
  }
  /* Lengths that wrap, or reach in from below */
  uint8_t block[16] = {0};
  assert_true(engine_call(ENGINE_DECRYPT_START, 1, (uintptr_t)block, 0) == PC_OK);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, 16) == PC_OK);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, 15) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, 0) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, (uintptr_t)block, UINTPTR_MAX - 15) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_DECRYPT, own - 16, (uintptr_t)block, 32) == PC_ERR_PARAM);
  assert_true(engine_call(ENGINE_DECRYPT, (uintptr_t)block, own + 48, 16) == PC_ERR_PARAM);
  /* Images that are not there */
  for (uintptr_t n = 0; n < 6; n++)
    if (n != 1) {
      uint8_t buffer[IMAGE_HEADER_SIZE];
      struct engine_image_info told;
      assert_true(engine_call(ENGINE_HEADER_READ, n, (uintptr_t)buffer, 0) == PC_ERR_PARAM);
      assert_true(engine_call(ENGINE_VERIFY_START, n, ENGINE_SOURCE_ACTIVE, 0) == PC_ERR_PARAM);
      assert_true(engine_call(ENGINE_GET_INFO, n, (uintptr_t)&told, 0) == PC_ERR_PARAM);
      assert_true(engine_call(ENGINE_VALIDATE, n, 0, 0) == PC_ERR_PARAM);
    }
}

static void an_image_number_that_the_board_has_not_is_no_candidate(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE);
  info.image = 2;
  pack(&info);
  assert_true(candidate(header) == PC_ERR_FORMAT);
  info.image = 1;
  info.size = info.partial_size = (ACTIVE_PAGES + 1) * PAGE;
  memset(header, 0, sizeof header);
  uint8_t tag[32] = {0};
  assert_true(image_header_build(header, &info, tag, tag, tag) == PC_OK);
  maker_sign(header);
  assert_true(candidate(header) == PC_ERR_SIZE);
}

static void only_the_allowed_steps_between_states(void **state)
{
  (void)state;
  static const enum image_state all[] = {IMAGE_STATE_NEW, IMAGE_STATE_SELFTEST, IMAGE_STATE_VALID,
                                         IMAGE_STATE_VALID_ALL, IMAGE_STATE_INVALID};
  /* expected[from][to]: 1 a step, 2 already there, 3 written again as it is, 0 refused; in the order of all[]. */
  static const uint8_t expected[5][5] = {
      {2, 1, 0, 0, 1}, {0, 2, 1, 0, 1}, {0, 3, 1, 0, 0}, {0, 0, 0, 2, 0}, {0, 0, 0, 0, 2}};
  struct image_info info = image(2, 0x01000000, PAGE);
  for (unsigned from = 0; from < 5; from++)
    for (unsigned to = 0; to < 5; to++) {
      uint32_t now = 0;
      pack(&info);
      image_header_set_state(header, all[from]);
      simflash_fill(HEADER_AT, 0xFF, PAGE);
      simflash_load(HEADER_AT, header, sizeof header);
      pc_status status = powered_call(ENGINE_SET_STATE, 1, all[to]);
      assert_true((status == PC_OK) == (expected[from][to] != 0));
      assert_true(engine_call(ENGINE_GET_STATE, 1, (uintptr_t)&now, 0) == PC_OK);
      assert_int_equal(now, all[status == PC_OK && expected[from][to] != 3 ? to : from]);
    }
  /* The application's own word */
  for (unsigned from = 0; from < 5; from++) {
    pack(&info);
    image_header_set_state(header, all[from]);
    simflash_fill(HEADER_AT, 0xFF, PAGE);
    simflash_load(HEADER_AT, header, sizeof header);
    pc_status status = powered_call(ENGINE_VALIDATE, from % 2 == 0 ? 1 : 255, 0);
    assert_true(status == (from >= 1 && from <= 3 ? PC_OK : PC_ERR_STATE));
  }
}

static void a_torn_state_leaves_the_header_as_good_as_before(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE);
  install(&info);
  for (uint32_t unit = IMAGE_AT_STATE; unit < IMAGE_HEADER_SIZE; unit += 8)
    simflash_break(HEADER_AT + unit);
  assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
}

static void the_minimum_is_stored_only_for_a_verified_and_validated_image(void **state)
{
  (void)state;
  static const struct {
    uint32_t flags, minimum, stored;
    enum image_state state;
  } cases[] = {{IMAGE_FLAG_RAISE_MINIMUM, 0x01000000, 0, IMAGE_STATE_NEW},
               {IMAGE_FLAG_RAISE_MINIMUM, 0x01000000, 0, IMAGE_STATE_SELFTEST},
               {0, 0x01000000, 0, IMAGE_STATE_VALID},
               {IMAGE_FLAG_RAISE_MINIMUM, 0x01000000, 0x01000000, IMAGE_STATE_VALID},
               {IMAGE_FLAG_RAISE_MINIMUM, 0xFFFFFFFF, 0x02000000, IMAGE_STATE_VALID_ALL}, /* never above itself */
               {IMAGE_FLAG_RAISE_MINIMUM, 0x00000001, 0x02000000, IMAGE_STATE_VALID}};    /* and never down */
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct image_info info = image(2, 0x02000000, PAGE);
    info.flags = cases[i].flags;
    info.minimum = cases[i].minimum;
    install(&info);
    image_header_set_state(header, cases[i].state);
    simflash_fill(HEADER_AT, 0xFF, PAGE);
    simflash_load(HEADER_AT, header, sizeof header);
    reset();
    assert_true(engine_call(ENGINE_RAISE_MINIMUM, 1, 0, 0) == PC_ERR_STATE); /* not verified */
    assert_true(verify(ENGINE_SOURCE_ACTIVE) == PC_OK);
    assert_true(powered_call(ENGINE_RAISE_MINIMUM, 1, 0) == PC_OK);
    assert_int_equal(engine.minimum[0], cases[i].stored);
    reset();
    assert_int_equal(engine.minimum[0], cases[i].stored);
  }
}

static pc_status judge_in_engine(void *ctx, const uint8_t *bytes)
{
  (void)ctx;
  return candidate(bytes);
}

/* The start of a file with this header, as a loader gets it. */
static pc_status receive_start(const uint8_t *bytes, uint32_t image_size)
{
  struct update u;
  uint8_t file[IMAGE_FILE_OFFSET + 64];
  memset(file, 0xFF, sizeof file);
  memcpy(file, bytes, IMAGE_HEADER_SIZE);
  const struct flash_area *slot = &engine_board.image[0].slots.download;
  const struct update_target target = {slot, 1, slot->size - 2 * slot->page, judge_in_engine, NULL, NULL, NULL};
  update_init(&u, &target);
  pc_status status = update_begin(&u, IMAGE_FILE_OFFSET + image_size);
  for (uint32_t at = 0; status == PC_OK && at < sizeof file; at += 64)
    status = update_write(&u, file + at, 64);
  return status;
}

/* The model has no power here: an erase or a program would end this program. So nothing is touched for a bad header. */
static void no_mutated_header_erases_or_programs_anything(void **state)
{
  (void)state;
  struct image_info info = image(2, 0x01000000, PAGE);
  pack(&info);
  for (unsigned at = 0; at < IMAGE_AT_STATE; at++)
    for (unsigned kind = 0; kind < 3; kind++) {
      uint8_t was = header[at];
      header[at] = kind == 0   ? (uint8_t)(was ^ 1u << at % 8)
                   : kind == 1 ? (uint8_t)(was == 0 ? 1 : 0)
                               : (uint8_t)(was == 0xFF ? 0xFE : 0xFF);
      assert_true(receive_start(header, PAGE) != PC_OK);
      header[at] = was;
    }
  /* Every 32-bit field at its extremes. */
  static const uint32_t extremes[] = {0, 1, 15, 16, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF};
  for (unsigned at = 0; at < IMAGE_AT_SIGNATURE; at += 4)
    for (unsigned i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
      uint8_t was[4], now[4];
      memcpy(was, header + at, 4);
      for (unsigned b = 0; b < 4; b++)
        now[b] = (uint8_t)(extremes[i] >> 8 * b);
      if (memcmp(was, now, 4) == 0)
        continue;
      memcpy(header + at, now, 4);
      assert_true(receive_start(header, PAGE) != PC_OK);
      memcpy(header + at, was, 4);
    }
  struct simflash_counts counts = simflash_counts();
  assert_int_equal(counts.operations, 0);
}

static void constant_time_comparison_sees_every_bit(void **state)
{
  (void)state;
  uint8_t a[32] = {0}, b[32] = {0};
  assert_true(crypto_compare(a, b, 32, PC_ERR_TAG) == PC_OK);
  for (unsigned bit = 0; bit < 256; bit++) {
    b[bit / 8] = (uint8_t)(1u << bit % 8);
    assert_true(crypto_compare(a, b, 32, PC_ERR_TAG) == PC_ERR_TAG);
    b[bit / 8] = 0;
  }
  memset(b, 0xFF, sizeof b);
  assert_true(crypto_compare(a, b, 32, PC_ERR_TAG) == PC_ERR_TAG);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(an_image_signed_by_openssl_is_authenticated_in_both_slots, setup),
      cmocka_unit_test_setup(a_flipped_bit_in_any_signed_byte_or_the_signature_is_refused, setup),
      cmocka_unit_test_setup(a_flipped_bit_anywhere_in_an_image_is_refused, setup),
      cmocka_unit_test_setup(code_beyond_the_image_is_detected, setup),
      cmocka_unit_test_setup(nothing_is_launched_that_was_not_verified_to_the_end, setup),
      cmocka_unit_test_setup(versions_only_go_up_and_products_match, setup),
      cmocka_unit_test_setup(without_an_active_image_the_stored_minimum_decides, setup),
      cmocka_unit_test_setup(a_wiped_image_still_keeps_older_ones_out, setup),
      cmocka_unit_test_setup(services_are_locked_until_reset, setup),
      cmocka_unit_test_setup(nothing_works_before_init, setup),
      cmocka_unit_test_setup(pointers_into_the_engine_or_around_the_end_are_refused, setup),
      cmocka_unit_test_setup(an_image_number_that_the_board_has_not_is_no_candidate, setup),
      cmocka_unit_test_setup(only_the_allowed_steps_between_states, setup),
      cmocka_unit_test_setup(a_torn_state_leaves_the_header_as_good_as_before, setup),
      cmocka_unit_test_setup(the_minimum_is_stored_only_for_a_verified_and_validated_image, setup),
      cmocka_unit_test_setup(no_mutated_header_erases_or_programs_anything, setup),
      cmocka_unit_test(constant_time_comparison_sees_every_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
