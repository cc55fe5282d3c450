/* Swap and rollback without power cuts, and those with them that other boot loaders got wrong: what they leave, what
 * they cost, what they refuse. The exhaustive cuts are in test_cuts.c.
 */
#include "test/install/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct device_shape small = {512, 8, 7, 9, 2048, 8, 512};

static int drop_images(void **state)
{
  (void)state;
  device_drop_images();
  return 0;
}

/* Install `new_size` over `old_size` (0: none) and check all of it; counters then hold the cost. */
static void install(const struct device_shape *shape, uint32_t old_size, uint32_t new_size, uint32_t seed)
{
  device_drop_images();
  device_make(shape, seed);
  if (old_size != 0)
    device_put_active(device_image_make(old_size, seed % 2));
  device_put_candidate(device_image_make(new_size, seed / 2 % 2), true);
  simflash_clear_counts();
  device_settle();
  assert_int_equal(device.boots, 1);
  device_check_installed();
}

static uint32_t pages(uint32_t size, uint32_t page)
{
  return (size + page - 1) / page;
}

static void sizes_of_all_kinds_are_exchanged(void **state)
{
  (void)state;
  static const struct device_shape shapes[] = {
      {512, 8, 7, 9, 2048, 8, 512},   {512, 8, 9, 9, 2048, 8, 64},   {512, 16, 7, 9, 2048, 16, 16},
      {512, 32, 7, 9, 2048, 32, 256}, {512, 32, 7, 9, 4096, 32, 96}, {2048, 8, 7, 9, 2048, 8, 256},
      {2048, 8, 7, 9, 2048, 8, 2048}, {4096, 4, 7, 9, 256, 4, 1024}, {512, 2, 7, 9, 2048, 2, 512},
      {512, 1, 7, 9, 512, 1, 512},    {512, 8, 9, 9, 256, 8, 1024},  {131072, 32, 7, 9, 131072, 32, 2048},
  };
  for (unsigned s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    const uint32_t page = shapes[s].page, full = 7 * page;
    const uint32_t sizes[][2] = {{3 * page, 3 * page}, /* equal */
                                 {5 * page, 2 * page}, /* old larger */
                                 {2 * page, 5 * page}, /* new larger */
                                 {16, 16},             /* one block */
                                 {page, page},         /* one page */
                                 {full, full},         /* all that fits */
                                 {full, 16},
                                 {16, full},
                                 {2 * page + 16, 3 * page - 16}, /* partial last pages */
                                 {3 * page + 48, 3 * page - 48},
                                 {4 * page + 16, page + 32},
                                 {0, 3 * page}, /* no old image */
                                 {0, full},
                                 {0, 16}};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      if (page > 4096 && i % 5 != 0)
        continue;
      install(&shapes[s], sizes[i][0], sizes[i][1], s * 100 + i);
    }
  }
}

static void rubbish_in_the_active_slot_is_gone_after_a_first_install(void **state)
{
  (void)state;
  device_make(&small, 1);
  struct device_image *image = device_image_make(3 * 512 - 16, false);
  device_put_candidate(image, true);
  simflash_fill(ACTIVE_BASE, 0x33, 2 * 512);
  simflash_fill(ACTIVE_BASE + 5 * 512 + 511, 0x33, 1);
  simflash_fill(HEADER_BASE, 0x33, 512);
  simflash_clear_counts();
  device_settle();
  device_check_installed();
  assert_int_equal(simflash_max_wear(ACTIVE_BASE, device.slot.active.size), 1);
  assert_int_equal(simflash_wear(ACTIVE_BASE + 3 * 512), 0); /* blank: not erased */
}

/* Promise 7. 112 pages: what the bench measures on the simulator; 238: the largest of the NUCLEO-L476RG. */
static void the_cost_of_a_swap_is_as_documented(void **state)
{
  (void)state;
  static const uint32_t count[] = {112, 238, 1};
  for (unsigned i = 0; i < 3; i++) {
    const uint32_t n = count[i];
    const struct device_shape shape = {2048, 8, 240, 240, 2048, 8, 2048};
    device_drop_images();
    device_make(&shape, i);
    struct device_image *old = device_image_make(n * 2048, false), *new = device_image_make(n * 2048, false);
    uint32_t moved = 0;
    for (uint32_t at = 0; at < n * 2048; at += 8) {
      static const uint8_t blank[8] = {255, 255, 255, 255, 255, 255, 255, 255};
      moved += (memcmp(old->clear + at, blank, 8) != 0) + (memcmp(new->clear + at, blank, 8) != 0);
    }
    device_put_active(old);
    device_put_candidate(new, true);
    simflash_clear_counts();
    device_settle();
    const struct simflash_counts counts = simflash_counts();
    /* A and D, the hole, both header pages, the journal */
    assert_int_equal(counts.erases, 2 * n + 1 + 2 + (n == 238 ? 2 : 1));
    device_check_wear(1);
    if (n == 112) {
      assert_true(counts.erases <= 228);
      assert_true(counts.programs <= moved + moved / 50);
    }
    assert_true(counts.programs <=
                moved + 2 * n + 80 + 16); /* records, headers, beginnings and ends of a journal page */
    assert_true(device.progress_calls <= 101 && device.last_percent == 100);
    print_message("swap of %u pages: %u erases, %u programs for %u units of data\n", n, counts.erases, counts.programs,
                  moved);
    device_check_installed();
  }
}

static void a_first_install_erases_each_page_once_and_leaves_the_download_slot(void **state)
{
  (void)state;
  install(&small, 0, 5 * 512, 1);
  assert_int_equal(simflash_counts().erases, 5 + 2 + 1);
  device_check_wear(1);
  assert_int_equal(simflash_max_wear(DOWNLOAD_BASE + 512, device.slot.download.size - 512), 0);
}

/* Runs from one starting point */
static struct simflash_image *start;

static void start_here(void)
{
  start = simflash_save();
}

static void start_again(uint32_t seed)
{
  simflash_restore(start);
  simflash_seed(seed);
  simflash_clear_counts();
  device.boots = 0;
  device.cut_at_record = 0;
  device.cut_after_record = false;
}

static void start_end(void)
{
  simflash_free(start);
  start = NULL;
}

/* The first boot ends at that record, whose page turn and writing are all before or all after. */
static bool cut_at_record(uint32_t number, bool after)
{
  device.cut_at_record = number;
  device.cut_after_record = after;
  bool whole = simflash_run(device_boot, NULL);
  device.cut_at_record = 0;
  return !whole;
}

static void a_reset_between_a_move_and_its_record_repeats_the_move_only(void **state)
{
  (void)state;
  static const uint32_t sizes[][2] = {{5 * 512, 5 * 512}, {2 * 512, 4 * 512 + 16}, {4 * 512 + 16, 512}, {0, 3 * 512}};
  for (unsigned i = 0; i < 4; i++) {
    device_drop_images();
    device_make(&small, i);
    if (sizes[i][0] != 0)
      device_put_active(device_image_make(sizes[i][0], false));
    device_put_candidate(device_image_make(sizes[i][1], false), true);
    start_here();
    start_again(0);
    device_settle();
    const uint32_t erases = simflash_counts().erases;
    for (uint32_t record = 1;; record++) {
      start_again(record);
      if (!cut_at_record(record, false))
        break;
      device_settle();
      assert_true(simflash_counts().erases <= erases + 2); /* a page and a journal page */
      device_check_wear(2);
      device_check_installed();
      start_again(record);
      if (!cut_at_record(record, true))
        continue; /* the last one: nothing follows */
      device_settle();
      assert_true(simflash_counts().erases <= erases + 2);
      device_check_wear(2);
      device_check_installed();
    }
    start_end();
  }
}

static void page_indices_have_more_than_eight_bits(void **state)
{
  (void)state;
  const struct device_shape shape = {512, 32, 302, 302, 2048, 8, 512};
  static const uint32_t sizes[][2] = {{300, 257}, {255, 300}, {256, 256}, {0, 300}, {300, 300}};
  for (unsigned i = 0; i < 5; i++)
    install(&shape, sizes[i][0] * 512, sizes[i][1] * 512, i);
  device_drop_images();
  device_make(&shape, 1);
  device_put_active(device_image_make(300 * 512, false));
  device_put_candidate(device_image_make(300 * 512, false), false);
  start_here();
  /* Page i is moved between records 2 + 2 (299 - i) and the next. */
  for (uint32_t page = 254; page <= 258; page++) {
    for (unsigned i = 0; i < 4; i++) {
      start_again(i);
      assert_true(cut_at_record(2 + 2 * (299 - page) + i / 2, i % 2));
      device_settle();
      device_check_wear(2);
      device_check_installed();
    }
  }
  start_end();
}

/* The AES state is set up again: device.c refuses to decrypt when decrypt_start() was not called since the reset. */
static void a_resumed_swap_sets_up_aes_again(void **state)
{
  (void)state;
  device_make(&small, 1);
  device_put_active(device_image_make(5 * 512, false));
  device_put_candidate(device_image_make(5 * 512, false), false);
  start_here();
  for (uint32_t nth = 1;; nth += 7) {
    start_again(nth);
    simflash_cut(nth, SIMFLASH_TORN_BITS);
    if (simflash_run(device_boot, NULL))
      break;
    device_settle();
    device_check_installed();
  }
  simflash_cut(0, SIMFLASH_BEFORE);
  start_end();
}

/* What an earlier install left in the journal and in the slots never reaches into the next one. */
static void stale_journals_of_earlier_installs_do_not_matter(void **state)
{
  (void)state;
  for (uint32_t seed = 0; seed < 12; seed++) {
    const struct device_shape shape = {512, 8, 7, 9, seed % 2 ? 256 : 2048, 8, 512};
    device_drop_images();
    device_make(&shape, seed);
    struct device_image *old = device_image_make(16 * (1 + simflash_random() % (7 * 32)), false);
    device_put_active(old);
    for (unsigned i = 0; i < 8; i++) {
      struct device_image *new = device_image_make(16 * (1 + simflash_random() % (7 * 32)), false);
      device_put_candidate(new, true);
      device.boots = 0;
      simflash_clear_counts();
      const bool cut = simflash_random() % 3 != 0;
      if (cut)
        simflash_cut(1 + simflash_random() % 600, (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
      device_settle();
      simflash_cut(0, SIMFLASH_BEFORE);
      if (!cut)
        assert_int_equal(simflash_max_wear(ACTIVE_BASE, device.slot.active.size), 1);
      if (device.old != NULL)
        image_header_set_state(device.old->header, IMAGE_STATE_VALID);
      /* The header that was kept is the one that was active: state NEW, with its own predecessor's fingerprint. */
      assert_true(simflash_equals(ACTIVE_BASE, new->clear, new->size));
      assert_true(simflash_equals(ACTIVE_BASE + new->size, NULL, device.slot.active.size - new->size));
      assert_true(simflash_equals(DOWNLOAD_BASE + 2 * 512, old->clear, pages(old->size, 512) * 512));
      assert_true(simflash_equals(DOWNLOAD_BASE + 512, old->header, IMAGE_AT_STATE));
      assert_true(simflash_equals(HEADER_BASE + IMAGE_AT_FINGERPRINT, old->header + IMAGE_AT_SIGNATURE, 32));
      old = new;
    }
  }
}

/* One install, a hundred cuts, a journal that is full all the time: its pages turn in mid-swap again and again. */
static void a_hundred_cuts_in_one_install_are_survived(void **state)
{
  (void)state;
  uint32_t cuts = 0, runs = 0;
  for (uint32_t seed = 0; seed < 40; seed++) {
    const struct device_shape shape = {512, seed % 2 ? 8 : 32, 17, 17, seed % 4 < 2 ? 256 : 512, 8, 512};
    device_drop_images();
    device_make(&shape, seed);
    simflash_refuse_torn((int)(seed % 3) - 1);
    device_put_active(device_image_make((15 - seed % 4) * 512, false));
    device_put_candidate(device_image_make((12 + seed % 3) * 512 + 16, false), true);
    uint32_t here = 0;
    for (; here < 100; here++) {
      /* Sessions get long enough to get on, on average; most are not. */
      simflash_cut(1 + simflash_random() % (seed % 2 ? 56 : 21),
                   (enum simflash_tear)(simflash_random() % SIMFLASH_TEARS));
      if (simflash_run(device_boot, NULL))
        break;
    }
    simflash_cut(0, SIMFLASH_BEFORE);
    device_settle();
    device_check_wear(1 + here);
    device_check_installed();
    cuts += here;
    runs++;
  }
  print_message("%u cuts in %u installs\n", cuts, runs);
  assert_true(cuts > 90 * runs);
}

static void old_given_up(void)
{
  struct device_image *old = device.old;
  device.old = NULL; /* so that the check expects a fingerprint of zeros */
  device_check_installed();
  /* Nothing that authenticates stands in D[0]. */
  assert_false(simflash_equals(DOWNLOAD_BASE + 512, old->header, IMAGE_AT_STATE));
  device.old = old;
}

static void worn_cells_cost_an_erase_and_no_image(void **state)
{
  (void)state;
  for (uint32_t i = 0; i < 40; i++) {
    device_drop_images();
    device_make(&small, i);
    device_put_active(device_image_make(4 * 512, false));
    device_put_candidate(device_image_make(4 * 512, false), true);
    for (uint32_t n = 0; n < 4; n++) {
      simflash_worn(ACTIVE_BASE + n * 512 + simflash_random() % 512, 1 + i % 2);
      simflash_worn(DOWNLOAD_BASE + (n + 1) * 512 + simflash_random() % 512, 1 + i % 2);
    }
    device_settle();
    device_check_installed();
  }
}

static void an_old_page_that_cannot_be_read_or_kept_gives_up_the_old_image_only(void **state)
{
  (void)state;
  for (uint32_t i = 0; i < 5; i++) {
    device_drop_images();
    device_make(&small, i);
    device_put_active(device_image_make(4 * 512, false));
    device_put_candidate(device_image_make(3 * 512 + 16, false), true);
    start_here();
    for (uint32_t record = 1; record < 8; record++) {
      start_again(record);
      assert_true(cut_at_record(record, true));
      /* The cells die while the power is off. */
      if (i < 4)
        simflash_worn(DOWNLOAD_BASE + (1 + i) * 512 + 32, 9);
      else
        simflash_break(HEADER_BASE + 64);
      device_settle();
      if (simflash_equals(DOWNLOAD_BASE + 512, device.old->header, IMAGE_AT_STATE))
        device_check_installed(); /* it was copied before */
      else
        old_given_up();
    }
    start_end();
  }
}

/* Refusals */

static struct flash_area try_journal;
static struct log try_log;
static pc_status try_get(uint32_t *record)
{
  *record = try_log.last;
  return PC_OK;
}
static pc_status try_put(uint32_t record)
{
  return log_put(&try_log, record);
}
static pc_status try_confirm(void)
{
  return log_confirm(&try_log);
}
static pc_status try_iv(uint32_t image, const uint8_t iv[16])
{
  (void)image;
  (void)iv;
  return PC_OK;
}
static pc_status try_decrypt(const uint8_t *from, uint8_t *to, uint32_t size)
{
  memmove(to, from, size);
  return PC_OK;
}
static pc_status try_header_read(uint32_t image, uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  return flash_read(&device.header_area, 0, header, IMAGE_HEADER_SIZE);
}
static pc_status try_header_write(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE])
{
  (void)image;
  (void)header;
  return PC_OK;
}
static const struct install_services try_services = {
    try_get, try_put, try_confirm, try_iv, try_decrypt, try_header_read, try_header_write, NULL, NULL};

static struct attempt {
  struct install install;
  uint8_t header[IMAGE_HEADER_SIZE];
  bool no_header;
  uint32_t old_size, record;
  enum { RUN, ROLLBACK, RESUME } call;
  pc_status status;
} attempt;

static void try_it(void *unused)
{
  (void)unused;
  try_journal = device.journal_area;
  assert_int_equal(log_open(&try_log, &try_journal), PC_OK);
  switch (attempt.call) {
  case RUN:
    attempt.status = install_run(&attempt.install, attempt.header, attempt.old_size);
    break;
  case ROLLBACK:
    attempt.status = install_rollback(&attempt.install, attempt.header);
    break;
  case RESUME:
    try_log.last = attempt.record;
    attempt.status = install_resume(&attempt.install, attempt.no_header ? NULL : attempt.header);
    break;
  }
}

static void set(uint32_t at, uint32_t value)
{
  memcpy(attempt.header + at, &value, sizeof value);
}

static void refused(pc_status expected)
{
  const uint32_t before = simflash_counts().operations;
  assert_true(simflash_run(try_it, NULL));
  assert_int_equal(attempt.status, expected);
  assert_int_equal(simflash_counts().operations, before);
}

static void what_does_not_fit_is_refused_and_nothing_is_touched(void **state)
{
  (void)state;
  device_make(&small, 1);
  struct device_image *image = device_image_make(3 * 512, false);
  static uint8_t buffer[512];
  const struct install good = {&try_services, &device.slot, 1, buffer, sizeof buffer};
  static const uint32_t sizes[] = {0,          8,          15,         17,         7 * 512 + 16,
                                   8 * 512,    0x10000,    0x7FFFFFF0, 0x80000000, 0xFFFFFE00,
                                   0xFFFFFFF0, 0xFFFFFFFF, 0x80000010, 0xFFFFFF01};
  attempt = (struct attempt){.install = good};
  memcpy(attempt.header, image->header, IMAGE_HEADER_SIZE);
  for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (unsigned call = RUN; call <= RESUME; call++) {
      attempt.call = call == RUN ? RUN : call == ROLLBACK ? ROLLBACK : RESUME;
      attempt.record = INSTALL_RECORD(INSTALL_DONE, INSTALL_FLAG_KEEP_OLD, 1, 2);
      set(IMAGE_AT_SIZE, sizes[i]);
      set(IMAGE_AT_PARTIAL_SIZE, sizes[i]);
      refused(PC_ERR_PARAM);
    }
  }
  attempt.call = RUN;
  memcpy(attempt.header, image->header, IMAGE_HEADER_SIZE);
  static const uint32_t old[] = {7 * 512 + 1, 8 * 512, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  for (unsigned i = 0; i < sizeof old / sizeof old[0]; i++) {
    attempt.old_size = old[i];
    refused(PC_ERR_PARAM);
  }
  attempt.old_size = 0;
  static const uint32_t buffers[] = {0, 8, 24, 500};
  for (unsigned i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
    attempt.install.buffer_size = buffers[i];
    refused(PC_ERR_PARAM);
  }
  attempt.install = good;
  struct install_slot slot = device.slot;
  attempt.install.slot = &slot;
  slot.download.size = 512;
  refused(PC_ERR_PARAM);
  slot.download.size = 3 * 512;
  refused(PC_ERR_PARAM);
  slot.download.size = 4 * 512;
  attempt.old_size = 3 * 512;
  refused(PC_ERR_PARAM); /* no room for the hole */
  slot = device.slot;
  slot.download.page = 1024;
  refused(PC_ERR_PARAM);
  slot = device.slot;
  slot.active.page = slot.download.page = 256; /* a header does not fit a page */
  refused(PC_ERR_PARAM);
  attempt.install = good;
  attempt.old_size = 0; /* a partial image needs one to start from */
  set(IMAGE_AT_PARTIAL_OFFSET, 512);
  refused(PC_ERR_UNSUPPORTED);
  set(IMAGE_AT_PARTIAL_OFFSET, 0);
  set(IMAGE_AT_PARTIAL_SIZE, 512);
  refused(PC_ERR_UNSUPPORTED);
  attempt.old_size = 512 - 16; /* one that reaches as far as the range, if the new one is larger */
  set(IMAGE_AT_PARTIAL_OFFSET, 512);
  refused(PC_ERR_UNSUPPORTED);
  attempt.old_size = 3 * 512;
  set(IMAGE_AT_PARTIAL_OFFSET, 8); /* whole blocks and write units */
  refused(PC_ERR_UNSUPPORTED);
  set(IMAGE_AT_PARTIAL_OFFSET, 0xFFFFFFF0);
  refused(PC_ERR_UNSUPPORTED);
}

static void a_journal_that_says_nothing_is_not_resumed(void **state)
{
  (void)state;
  device_make(&small, 1);
  struct device_image *image = device_image_make(3 * 512, false);
  static uint8_t buffer[512];
  attempt = (struct attempt){.install = {&try_services, &device.slot, 1, buffer, sizeof buffer}, .call = RESUME};
  memcpy(attempt.header, image->header, IMAGE_HEADER_SIZE);
  attempt.record = INSTALL_NONE;
  refused(PC_ERR_BLANK);
  for (uint32_t step = INSTALL_END + 1; step < 16; step++) {
    attempt.record = INSTALL_RECORD(step, 0, 1, 0);
    refused(PC_ERR_BLANK);
  }
  for (uint32_t step = INSTALL_BEGIN; step <= INSTALL_END; step++) {
    attempt.record = INSTALL_RECORD(step, 0, 2, 0);
    refused(PC_ERR_BLANK);
  }
  attempt.record = INSTALL_RECORD(INSTALL_DONE, 0, 1, 7);
  refused(PC_ERR_BLANK);
  attempt.record = INSTALL_RECORD(INSTALL_COPIED, 1, 1, INSTALL_MAX_PAGES);
  refused(PC_ERR_BLANK);
  attempt.no_header = true;
  attempt.record = INSTALL_RECORD(INSTALL_KEPT, 1, 1, 0);
  refused(PC_ERR_STATE);
  /* Begun, or ended: withdrawn, so that it cannot be found again later. */
  attempt.record = INSTALL_RECORD(INSTALL_BEGIN, 1, 1, 7);
  assert_true(simflash_run(try_it, NULL));
  assert_int_equal(attempt.status, PC_ERR_BLANK);
  assert_int_equal(try_log.last, INSTALL_NONE);
}

/* A candidate page that cannot be read: an error, again at each reset, until somebody gives the install up. */
static void a_candidate_page_that_dies_is_an_error_and_can_be_given_up(void **state)
{
  (void)state;
  device_make(&small, 1);
  device_put_candidate(device_image_make(3 * 512, false), false);
  static uint8_t buffer[512];
  attempt = (struct attempt){.install = {&try_services, &device.slot, 1, buffer, sizeof buffer}, .call = RUN};
  memcpy(attempt.header, device.candidate->header, IMAGE_HEADER_SIZE);
  simflash_break(DOWNLOAD_BASE + 512 + 600);
  assert_true(simflash_run(try_it, NULL));
  assert_int_equal(attempt.status, PC_ERR_ECC);
  attempt.call = RESUME;
  for (int i = 0; i < 3; i++) {
    attempt.record = try_log.last;
    assert_int_equal(INSTALL_RECORD_STEP(attempt.record), INSTALL_COPIED);
    assert_true(simflash_run(try_it, NULL));
    assert_int_equal(attempt.status, PC_ERR_ECC);
  }
  device_put_candidate(device.candidate, false);
  attempt.call = RUN;
  assert_true(simflash_run(try_it, NULL));
  assert_int_equal(attempt.status, PC_OK);
  assert_int_equal(try_log.last, INSTALL_NONE);
}

/* Rollback */

static void a_rollback_brings_the_old_image_back_once(void **state)
{
  (void)state;
  static const uint32_t sizes[][2] = {
      {3 * 512, 3 * 512}, {5 * 512 + 16, 2 * 512}, {512 - 16, 5 * 512}, {7 * 512, 7 * 512}};
  for (unsigned i = 0; i < 4; i++) {
    install(&small, sizes[i][0], sizes[i][1], i * 4); /* no blank pages */
    simflash_clear_counts();
    device.rollback_wanted = true;
    device_settle();
    device_check_rolled_back();
    device_check_wear(1);
    const uint32_t most = pages(sizes[i][0] > sizes[i][1] ? sizes[i][0] : sizes[i][1], 512);
    assert_int_equal(simflash_counts().erases, most + 2 + 1); /* header page, D[0], journal */
    /* And forward again. */
    device_put_candidate(device.candidate, true);
    device.rollback_wanted = false;
    device_settle();
    device_check_installed();
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(sizes_of_all_kinds_are_exchanged, drop_images),
      cmocka_unit_test_teardown(rubbish_in_the_active_slot_is_gone_after_a_first_install, drop_images),
      cmocka_unit_test_teardown(the_cost_of_a_swap_is_as_documented, drop_images),
      cmocka_unit_test_teardown(a_first_install_erases_each_page_once_and_leaves_the_download_slot, drop_images),
      cmocka_unit_test_teardown(a_reset_between_a_move_and_its_record_repeats_the_move_only, drop_images),
      cmocka_unit_test_teardown(page_indices_have_more_than_eight_bits, drop_images),
      cmocka_unit_test_teardown(a_resumed_swap_sets_up_aes_again, drop_images),
      cmocka_unit_test_teardown(stale_journals_of_earlier_installs_do_not_matter, drop_images),
      cmocka_unit_test_teardown(a_hundred_cuts_in_one_install_are_survived, drop_images),
      cmocka_unit_test_teardown(worn_cells_cost_an_erase_and_no_image, drop_images),
      cmocka_unit_test_teardown(an_old_page_that_cannot_be_read_or_kept_gives_up_the_old_image_only, drop_images),
      cmocka_unit_test_teardown(what_does_not_fit_is_refused_and_nothing_is_touched, drop_images),
      cmocka_unit_test_teardown(a_journal_that_says_nothing_is_not_resumed, drop_images),
      cmocka_unit_test_teardown(a_candidate_page_that_dies_is_an_error_and_can_be_given_up, drop_images),
      cmocka_unit_test_teardown(a_rollback_brings_the_old_image_back_once, drop_images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
