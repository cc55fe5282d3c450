/* Every message of table 6 that flash, an image or the engine can cause, caused: the fault is put in, and the boot
 * after it says so. With the fault gone the device goes on. (The others: docs/messages.md.) */
#include "test/set/rig.h"

#include "map.h"
#include "portcullis/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define P MAP_FLASH_PAGE

static const struct rig_image *old, *new;
static uint32_t count;
static bool header_gone;

static bool within(uint32_t addr, uint32_t base, uint32_t size)
{
  return addr >= base && addr - base < size;
}

static void start(bool candidate)
{
  rig_reset(5);
  old = rig_image_make(1, 0x01000000, 2 * P);
  new = rig_image_make(1, 0x02000000, 3 * P - 16);
  rig_put_active(old);
  if (candidate)
    rig_put_candidate(new);
  count = 0;
  header_gone = false;
}

/* The boot that meets the fault ends in a reset, and the next one tells why. */
static void told(const char *message)
{
  char words[120];
  (void)snprintf(words, sizeof words, "Last execution status before Reboot was: %s\r\n", message);
  (void)snprintf(rig.note, sizeof rig.note, "%s", message);
  assert_int_equal(rig_boot(), RIG_RESET);
  rig.flash_fault = NULL;
  rig.engine_fault = NULL;
  (void)rig_boot();
  if (!rig_said(words))
    rig_fail("not told");
}

/* With the fault gone: one of the two runs. */
static void goes_on(const struct rig_image *image)
{
  assert_int_equal(rig_settle(12), RIG_RUNS);
  assert_ptr_equal(rig_active(1), image);
}

static bool erase_header(bool erase, uint32_t addr)
{
  return erase && within(addr, MAP_HEADER_BASE(1), P);
}

static bool write_header(bool erase, uint32_t addr)
{
  return !erase && within(addr, MAP_HEADER_BASE(1), P);
}

static bool write_active(bool erase, uint32_t addr)
{
  return !erase && within(addr, MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE);
}

static bool write_backup(bool erase, uint32_t addr)
{
  return !erase && within(addr, MAP_DOWNLOAD_BASE + P, MAP_DOWNLOAD_SIZE - P);
}

static bool erase_candidate(bool erase, uint32_t addr)
{
  return erase && addr == MAP_DOWNLOAD_BASE;
}

static bool erase_journal(bool erase, uint32_t addr)
{
  return erase && within(addr, MAP_JOURNAL_BASE, 2 * P);
}

static bool write_journal(bool erase, uint32_t addr)
{
  return !erase && within(addr, MAP_JOURNAL_BASE, 2 * P) && ++count > 4;
}

static bool write_end(bool erase, uint32_t addr)
{
  header_gone = header_gone || (erase && addr == MAP_DOWNLOAD_BASE);
  return header_gone && !erase && within(addr, MAP_JOURNAL_BASE, 2 * P);
}

static void the_install_meets_flash_that_fails(void **state)
{
  (void)state;
  static const struct {
    bool (*fault)(bool erase, uint32_t addr);
    const char *message;
  } faults[] = {{erase_header, "Header erasing error"},           {write_header, "Header validation error"},
                {write_active, "Error during swap process"},      {write_backup, "Backup copy error"},
                {erase_candidate, "Download slot erasing error"}, {erase_journal, "Trailer erasing error"},
                {write_journal, "Trailer update error"},          {write_end, "Magic tag update error"}};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    start(true);
    rig.flash_fault = faults[i].fault;
    told(faults[i].message);
    goes_on(new);
  }
}

/* A fault that stays: at most so many boots, and no image that nobody signed. */
static void the_fault_stays(void **state)
{
  (void)state;
  static bool (*const faults[])(bool, uint32_t) = {erase_header,    write_header,  write_active, write_backup,
                                                   erase_candidate, erase_journal, write_journal};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    for (int first = 0; first < 2; first++) {
      rig_reset(6);
      old = rig_image_make(1, 0x01000000, 2 * P);
      new = rig_image_make(1, 0x02000000, 3 * P - 16);
      if (first == 0)
        rig_put_active(old);
      rig_put_candidate(new);
      count = 0;
      (void)snprintf(rig.note, sizeof rig.note, "fault %zu, first %d", i, first);
      rig.flash_fault = faults[i];
      /* It ends: something runs, or the loader waits. */
      assert_int_not_equal(rig_settle(5), RIG_CUT);
      /* And when the fault is gone, an image can come in. */
      rig.flash_fault = NULL;
      (void)rig_settle(5);
      rig_put_candidate(rig_image_make(1, 0x03000000, P));
      assert_int_equal(rig_settle(5), RIG_RUNS);
    }
}

static bool refuse_launch(uint32_t service)
{
  return service == ENGINE_LAUNCH;
}

static bool refuse_init(uint32_t service)
{
  return service == ENGINE_INIT;
}

static void the_engine_refuses(void **state)
{
  (void)state;
  start(false);
  rig.engine_fault = refuse_launch;
  told("SE lock cannot be set.");
  goes_on(old);
  start(false);
  rig.engine_fault = refuse_init;
  told("Unknown error.");
  goes_on(old);
}

static void the_state_cannot_be_written(void **state)
{
  (void)state;
  start(true);
  assert_int_equal(rig_boot(), RIG_RESET); /* installed; now it would be started */
  rig.flash_fault = write_header;
  told("Header validation error");
  assert_ptr_equal(rig_active(1), new); /* it ran, and does not validate itself */
  goes_on(old);
}

static void a_rollback_fails(void **state)
{
  (void)state;
  start(true);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  rig.flash_fault = write_active;
  told("Error during rollback process");
  goes_on(old);

  start(true);
  assert_int_equal(rig_settle(4), RIG_RUNS);
  const uint8_t byte = (uint8_t)(old->clear[100] ^ 1);
  simflash_load(MAP_DOWNLOAD_BASE + 2 * P + 100, &byte, 1);
  told("Backed-up firmware not identified");
  goes_on(new);
}

/* The manual's policy for an image that is not what was signed: its code goes, its header stays, for anti-rollback. */
static void wiped(const struct rig_image *image)
{
  assert_true(rig_active_blank(1));
  assert_true(simflash_equals(MAP_HEADER_BASE(1), image->header, IMAGE_AT_STATE));
  assert_int_equal(rig_settle(4), RIG_WAITS);
  rig_put_candidate(rig_image_make(1, image->version - 1, P)); /* an older one does not come in for it */
  told("Firmware version rejected (anti-rollback)");
  assert_int_equal(rig_settle(4), RIG_WAITS);
  rig_put_candidate(new);
  goes_on(new);
}

static void the_active_image_is_not_what_was_signed(void **state)
{
  (void)state;
  for (uint32_t at = 0; at < 2 * P; at += 2 * P - 1) {
    start(false);
    const uint8_t byte = (uint8_t)(old->clear[at] ^ 0x10);
    simflash_load(MAP_ACTIVE_BASE + at, &byte, 1);
    told("Firmware signature check error");
    wiped(old);
  }
  start(false);
  static const uint8_t code[16] = {0xFE, 0xE7};
  simflash_load(MAP_ACTIVE_BASE + MAP_ACTIVE_SIZE - 16, code, sizeof code);
  told("Additional code detected beyond firmware");
  wiped(old);

  start(false);
  simflash_break(MAP_ACTIVE_BASE + P);
  told("Flash error");
  wiped(old);
}

static void the_candidate_is_not_what_was_signed(void **state)
{
  (void)state;
  start(true);
  uint8_t byte = (uint8_t)(new->cipher[40] ^ 1);
  simflash_load(MAP_DOWNLOAD_BASE + P + 40, &byte, 1);
  told("Firmware decryption error");
  goes_on(old);

  start(true);
  byte = (uint8_t)(new->header[150] ^ 1);
  simflash_load(MAP_DOWNLOAD_BASE + 150, &byte, 1);
  told("Firmware header authentication error");
  goes_on(old);

  start(false);
  rig_put_candidate(rig_image_make(1, 0x00FFFFFF, P));
  told("Firmware version rejected (anti-rollback)");
  goes_on(old);

  start(true);
  simflash_break(MAP_DOWNLOAD_BASE + P);
  told("Flash error");
  goes_on(old);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_install_meets_flash_that_fails),
      cmocka_unit_test(the_fault_stays),
      cmocka_unit_test(the_engine_refuses),
      cmocka_unit_test(the_state_cannot_be_written),
      cmocka_unit_test(a_rollback_fails),
      cmocka_unit_test(the_active_image_is_not_what_was_signed),
      cmocka_unit_test(the_candidate_is_not_what_was_signed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
