/* The card's applet, and what a power cut can do to it. */
#include "test/sfi/cardkit.h"

#include "sfi/card/apdu.h"
#include "sfi/licence/licence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct kit_disk disk;
static struct card_io io;
static struct card card;

static int setup(void **state)
{
  (void)state;
  kit_make_certificates();
  return 0;
}

static int fresh(void **state)
{
  (void)state;
  kit_disk_reset(&disk);
  kit_disk_io(&disk, &io);
  card_power_on(&card, &io);
  return 0;
}

static void opens(const uint8_t licence[SFI_LICENCE_SIZE], uint32_t left)
{
  static const uint8_t challenge[16];
  uint8_t key[16], nonce[12];
  struct sfi_licence info;
  assert_int_equal(
      sfi_licence_open(licence, SFI_LICENCE_SIZE, kit_device.private_key, kit_device.point, challenge, key, nonce),
      PC_OK);
  assert_memory_equal(key, kit_key, 16);
  assert_memory_equal(nonce, kit_nonce, 12);
  assert_int_equal(sfi_licence_parse(licence, SFI_LICENCE_SIZE, &info), PC_OK);
  assert_int_equal(info.left, left);
  assert_string_equal(info.identifier, "model7");
}

static void a_card_is_personalised_once_then_counts_down(void **state)
{
  (void)state;
  uint8_t answer[256], licence[SFI_LICENCE_SIZE];
  size_t got;
  assert_int_equal(kit_send(&card, 0x80, 0xCA, 1, NULL, 0, answer, &got), 0x9000);
  assert_int_equal(got, 2);
  assert_int_equal(answer[0], CARD_VIRGIN);
  assert_int_equal(kit_send(&card, 0x80, 0xCA, 2, NULL, 0, answer, &got), 0x6985);
  assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x6985);
  assert_int_equal(kit_personalise(&card, 3), 0x9000);
  for (unsigned restart = 0; restart < 2; restart++) {
    assert_int_equal(kit_personalise(&card, 100), 0x6985);
    card_power_on(&card, &io);
  }
  assert_int_equal(kit_send(&card, 0x80, 0xCA, 2, NULL, 0, answer, &got), 0x9000);
  assert_int_equal(got, 6);
  assert_memory_equal(answer, "model7", 6);
  for (uint32_t left = 3; left-- > 0;) {
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x9000);
    opens(licence, left);
    assert_int_equal(kit_left(&card), left);
    card_power_on(&card, &io);
    assert_int_equal(kit_left(&card), left);
  }
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x6983);
  assert_int_equal(kit_left(&card), 0);
}

static void only_certificates_of_the_maker_get_a_licence(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE];
  struct blob c = {malloc(kit_device.certificate_der.size + 1), kit_device.certificate_der.size};
  assert_int_equal(kit_personalise(&card, 10), 0x9000);
  assert_int_equal(kit_licence(&card, &kit_stranger.certificate_der, licence), 0x6982);
  assert_int_equal(kit_licence(&card, &kit_ca, licence), 0x6982); /* a CA is no device */
  assert_int_equal(kit_licence(&card, &kit_other_ca, licence), 0x6982);
  for (size_t at = 0; at < c.size; at += 3) { /* every third byte altered */
    memcpy(c.bytes, kit_device.certificate_der.bytes, c.size);
    c.bytes[at] ^= 1;
    unsigned sw = kit_licence(&card, &c, licence);
    assert_true(sw == 0x6982 || sw == 0x6A80);
  }
  memcpy(c.bytes, kit_device.certificate_der.bytes, c.size);
  for (c.size = 1; c.size < kit_device.certificate_der.size; c.size += 7)
    assert_int_equal(kit_licence(&card, &c, licence), 0x6A80);
  c.size = kit_device.certificate_der.size + 1;
  c.bytes[c.size - 1] = 0;
  assert_int_equal(kit_licence(&card, &c, licence), 0x6A80);
  free(c.bytes);
  assert_int_equal(kit_left(&card), 10);
  assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x9000);
}

static void malformed_personalisations_leave_the_card_virgin(void **state)
{
  (void)state;
  uint8_t bytes[2048] = {1, 2, 'a', 'b'};
  bytes[4 + 28 + 3] = 1; /* maximum 1 */
  memcpy(bytes + 36, kit_ca.bytes, kit_ca.size);
  const size_t size = 36 + kit_ca.size;
  for (size_t n = 1; n < size; n += n < 40 ? 1 : 29)
    assert_int_equal(kit_send(&card, 0x80, 0xD0, 0, bytes, n, NULL, NULL), 0x6A80);
  assert_int_equal(kit_send(&card, 0x80, 0xD0, 0, bytes, size + 1, NULL, NULL), 0x6A80);
  static const struct {
    unsigned at;
    uint8_t value;
  } wrong[] = {{0, 2}, {1, 0}, {1, 33}, {1, 255}, {2, '\n'}, {3, 0x80}, {35, 0}, {40, 0}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint8_t keep = bytes[wrong[i].at];
    bytes[wrong[i].at] = wrong[i].value;
    assert_int_equal(kit_send(&card, 0x80, 0xD0, 0, bytes, size, NULL, NULL), 0x6A80);
    bytes[wrong[i].at] = keep;
  }
  /* a device's certificate is no CA */
  memcpy(bytes + 36, kit_device.certificate_der.bytes, kit_device.certificate_der.size);
  assert_int_equal(kit_send(&card, 0x80, 0xD0, 0, bytes, 36 + kit_device.certificate_der.size, NULL, NULL), 0x6A80);
  assert_int_equal(disk.steps, 0);
  assert_int_equal(kit_personalise(&card, 0), 0x6A80);
  assert_int_equal(kit_personalise(&card, 1), 0x9000);
}

/* 8 bytes in a row of the key or nonce. */
static bool leaks(const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i + 8 <= size; i++) {
    for (size_t k = 0; k + 8 <= sizeof kit_key; k++)
      if (memcmp(bytes + i, kit_key + k, 8) == 0)
        return true;
    for (size_t k = 0; k + 8 <= sizeof kit_nonce; k++)
      if (memcmp(bytes + i, kit_nonce + k, 8) == 0)
        return true;
  }
  return false;
}

static void no_command_reads_the_key_back(void **state)
{
  (void)state;
  uint8_t answer[CARD_RESPONSE_MAX];
  assert_int_equal(kit_personalise(&card, 1000), 0x9000);
  /* Every class and instruction; those that the card knows with every P2, for P1 0 and 1. */
  for (unsigned cla = 0; cla < 256; cla++)
    for (unsigned ins = 0; ins < 256; ins++) {
      bool known =
          (cla == 0x00 || cla == 0x80 || cla == 0x90) && (ins == 0xA4 || ins == 0xCA || ins == 0xD0 || ins == 0x50);
      for (unsigned p = 0; p < (known ? 512u : 1u); p++) {
        const uint8_t command[] = {(uint8_t)cla, (uint8_t)ins, (uint8_t)(p >> 8), (uint8_t)p, 0};
        size_t n = card_command(&card, command, sizeof command, answer);
        assert_false(leaks(answer, n));
        assert_true(n == 2 || (cla == 0x80 && ins == 0xCA));
      }
      if (cla == 0x00 && ins == 0xA4) {
        static const uint8_t select[] = {0x00, 0xA4, 4, 0, 8, 0xF0, 'P', 'C', 'L', 'S', 'F', 'I', 1};
        card_command(&card, select, sizeof select, answer);
      }
    }
  uint8_t licence[SFI_LICENCE_SIZE], other[SFI_LICENCE_SIZE];
  assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x9000);
  assert_int_equal(kit_licence(&card, &kit_device.certificate_der, other), 0x9000);
  assert_false(leaks(licence, sizeof licence));
  /* a fresh ephemeral key each time */
  assert_memory_not_equal(licence + SFI_LICENCE_AT_EPHEMERAL, other + SFI_LICENCE_AT_EPHEMERAL, 64);
}

static unsigned part(uint8_t cla, uint8_t ins, const uint8_t *data, size_t size)
{
  uint8_t bytes[5 + 255] = {cla, ins, 0, 0, (uint8_t)size}, answer[CARD_RESPONSE_MAX];
  memcpy(bytes + 5, data, size);
  size_t n = card_command(&card, bytes, 5 + size, answer);
  return (unsigned)answer[n - 2] << 8 | answer[n - 1];
}

static void long_data_may_come_in_parts(void **state)
{
  (void)state;
  uint8_t bytes[2048] = {0};
  const struct blob *c = &kit_device.certificate_der;
  memcpy(bytes + 16, c->bytes, c->size);
  size_t size = 16 + c->size;
  assert_int_equal(kit_personalise(&card, 10), 0x9000);
  for (size_t step = 1; step <= 255; step += step < 4 ? 1 : 83) {
    size_t at = 0;
    for (; size - at > step; at += step)
      assert_int_equal(part(0x90, 0x50, bytes + at, step), 0x9000);
    assert_int_equal(part(0x80, 0x50, bytes + at, size - at), 0x9000);
  }
  uint32_t left = kit_left(&card);
  /* another command in between, a reset, too much: the chain is gone */
  assert_int_equal(part(0x90, 0x50, bytes, 200), 0x9000);
  kit_left(&card);
  assert_int_equal(part(0x80, 0x50, bytes + 200, 255), 0x6A80);
  assert_int_equal(part(0x90, 0x50, bytes, 200), 0x9000);
  card_power_on(&card, &io);
  assert_int_equal(part(0x80, 0x50, bytes + 200, 255), 0x6A80);
  assert_int_equal(part(0x90, 0xD0, bytes, 200), 0x9000);
  assert_int_equal(part(0x80, 0x50, bytes + 200, 255), 0x6A80);
  for (unsigned i = 0; i < CARD_CHAIN_MAX / 255; i++)
    assert_int_equal(part(0x90, 0x50, bytes, 255), 0x9000);
  assert_int_equal(part(0x90, 0x50, bytes, 255), 0x6700);
  assert_int_equal(card.chain_size, 0);
  assert_int_equal(kit_left(&card), left);
}

static void apdu_lengths_follow_iso_7816(void **state)
{
  (void)state;
  static const struct {
    size_t size, data, expected;
    uint8_t bytes[12];
    bool ok;
  } cases[] = {
      {4, 0, 0, {0, 1, 2, 3}, true},
      {3, 0, 0, {0, 1, 2}, false},
      {5, 0, 9, {0, 1, 2, 3, 9}, true},
      {5, 0, 256, {0, 1, 2, 3, 0}, true},
      {7, 2, 0, {0, 1, 2, 3, 2, 7, 7}, true},
      {8, 2, 5, {0, 1, 2, 3, 2, 7, 7, 5}, true},
      {6, 0, 0, {0, 1, 2, 3, 2, 7}, false},
      {9, 0, 0, {0, 1, 2, 3, 2, 7, 7, 5, 5}, false},
      {6, 0, 0, {0, 1, 2, 3, 0, 0}, false},
      {7, 0, 256, {0, 1, 2, 3, 0, 1, 0}, true},
      {7, 0, 65536, {0, 1, 2, 3, 0, 0, 0}, true},
      {9, 2, 0, {0, 1, 2, 3, 0, 0, 2, 7, 7}, true},
      {11, 2, 65536, {0, 1, 2, 3, 0, 0, 2, 7, 7, 0, 0}, true},
      {10, 0, 0, {0, 1, 2, 3, 0, 0, 2, 7, 7, 0}, false},
      {8, 0, 0, {0, 1, 2, 3, 0, 0, 0, 7}, false},
      {8, 0, 0, {0, 1, 2, 3, 0, 0xFF, 0xFF, 7}, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct apdu apdu;
    assert_int_equal(apdu_parse(cases[i].bytes, cases[i].size, &apdu), cases[i].ok);
    if (cases[i].ok) {
      assert_int_equal(apdu.size, cases[i].data);
      assert_int_equal(apdu.expected, cases[i].expected);
    }
  }
}

static void a_damaged_state_is_never_used_nor_replaced(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE];
  assert_int_equal(kit_personalise(&card, 10), 0x9000);
  struct kit_inode *inode = &disk.inodes[disk.state_now], good = *inode;
  for (size_t at = 0; at < good.now_size; at += at < 80 ? 1 : 37) {
    inode->now[at] ^= 4;
    card_power_on(&card, &io);
    assert_int_equal(card.lifecycle, CARD_DAMAGED);
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x6581);
    assert_int_equal(kit_personalise(&card, 10), 0x6581);
    *inode = good;
  }
  for (inode->now_size = 0; inode->now_size < good.now_size; inode->now_size += 31) {
    card_power_on(&card, &io);
    assert_int_equal(card.lifecycle, CARD_DAMAGED);
  }
  *inode = good;
  card_power_on(&card, &io);
  assert_int_equal(kit_left(&card), 10);
}

/* ---- power cuts ---- */

#define MAXIMUM 2u

/* Personalise if virgin, then take licences until the card refuses or the power goes. Number of licences that left. */
static unsigned drain(bool *personalised)
{
  uint8_t licence[SFI_LICENCE_SIZE];
  unsigned out = 0;
  card_power_on(&card, &io);
  if (card.lifecycle == CARD_VIRGIN && kit_personalise(&card, MAXIMUM) == 0x9000)
    *personalised = true;
  while (kit_licence(&card, &kit_device.certificate_der, licence) == 0x9000)
    out++;
  return out;
}

static void after_cut(unsigned outcome, bool personalised, unsigned out)
{
  kit_disk_power_back(&disk, outcome);
  card_power_on(&card, &io);
  assert_int_not_equal(card.lifecycle, CARD_DAMAGED);
  if (personalised)
    assert_int_equal(card.lifecycle, CARD_PERSONALISED);
  if (card.lifecycle == CARD_PERSONALISED) {
    assert_true(out + kit_left(&card) <= MAXIMUM);
    assert_true(out + kit_left(&card) + 1 >= MAXIMUM); /* and no more than the one in work is lost */
  }
}

static void a_power_cut_never_yields_a_free_licence(void **state)
{
  (void)state;
  bool personalised = false;
  assert_int_equal(drain(&personalised), MAXIMUM);
  const long all = disk.steps;
  assert_int_equal(all, 5 * (1 + MAXIMUM));
  unsigned cuts = 0;
  for (long cut = 0; cut <= all; cut++)
    for (unsigned outcome = 0; outcome < KIT_OUTCOMES; outcome++) {
      fresh(NULL);
      disk.cut = cut;
      personalised = false;
      unsigned out = drain(&personalised);
      after_cut(outcome, personalised, out);
      out += drain(&personalised);
      assert_true(out <= MAXIMUM);
      assert_true(personalised || card.lifecycle == CARD_PERSONALISED);
      cuts++;
    }
  print_message("%u cuts\n", cuts);
}

static void nor_does_a_second_cut_during_the_recovery(void **state)
{
  (void)state;
  unsigned cuts = 0;
  for (long cut = 0; cut < 5 * (1 + (long)MAXIMUM); cut++)
    for (long second = 0; second < 10; second++)
      for (unsigned outcome = 0; outcome < KIT_OUTCOMES; outcome += 1 + (unsigned)(cut + second) % 3) {
        fresh(NULL);
        disk.cut = cut;
        bool personalised = false;
        unsigned out = drain(&personalised);
        kit_disk_power_back(&disk, outcome);
        disk.cut = disk.steps + second;
        out += drain(&personalised);
        kit_disk_power_back(&disk, KIT_OUTCOMES - 1 - outcome);
        card_power_on(&card, &io);
        assert_int_not_equal(card.lifecycle, CARD_DAMAGED);
        if (card.lifecycle == CARD_PERSONALISED)
          assert_true(out + kit_left(&card) <= MAXIMUM);
        else
          assert_int_equal(out, 0);
        cuts++;
      }
  print_message("%u double cuts\n", cuts);
}

static void when_the_memory_fails_nothing_leaves(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE];
  memset(licence, 0, sizeof licence);
  for (long failing = 0; failing < 5; failing++) {
    fresh(NULL);
    assert_int_equal(kit_personalise(&card, 5), 0x9000);
    disk.cut = disk.steps + failing;
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x6581);
    disk.dead = false;
    disk.cut = -1;
    /* it stays silent until it is switched off: what it kept is not known */
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x6581);
    card_power_on(&card, &io);
    assert_in_range(kit_left(&card), 4, 5);
    assert_int_equal(kit_licence(&card, &kit_device.certificate_der, licence), 0x9000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_card_is_personalised_once_then_counts_down, fresh),
      cmocka_unit_test_setup(only_certificates_of_the_maker_get_a_licence, fresh),
      cmocka_unit_test_setup(malformed_personalisations_leave_the_card_virgin, fresh),
      cmocka_unit_test_setup(no_command_reads_the_key_back, fresh),
      cmocka_unit_test_setup(long_data_may_come_in_parts, fresh),
      cmocka_unit_test_setup(apdu_lengths_follow_iso_7816, fresh),
      cmocka_unit_test_setup(a_damaged_state_is_never_used_nor_replaced, fresh),
      cmocka_unit_test_setup(a_power_cut_never_yields_a_free_licence, fresh),
      cmocka_unit_test_setup(nor_does_a_second_cut_during_the_recovery, fresh),
      cmocka_unit_test_setup(when_the_memory_fails_nothing_leaves, fresh),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
