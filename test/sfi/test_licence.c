/* Licences, and the cryptography under them. Built twice: with OpenSSL, and with the device's mbed TLS; a licence made
 * by one must open with the other, so both programs also open the same stored licence. */
#include "sfi/crypto/crypto.h"
#include "sfi/licence/licence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* NIST CAVS ECDH P-256, count 0: a private key, its public key, the other side's, the shared secret. */
static const char *const own_hex = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
static const char *const own_public_hex = "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
                                          "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141";
static const char *const peer_hex = "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
                                    "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
static const char *const shared_hex = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";

static void unhex(const char *text, uint8_t *to, size_t size)
{
  assert_int_equal(strlen(text), 2 * size);
  for (size_t i = 0; i < size; i++) {
    unsigned value;
    assert_int_equal(sscanf(text + 2 * i, "%2x", &value), 1);
    to[i] = (uint8_t)value;
  }
}

static uint8_t own[32], own_public[64], other_public[64];
static const uint8_t fw_key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t fw_nonce[12] = {21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
static const uint8_t challenge[16] = {0xC0, 0xC1, 0xC2};

/* The card's side uses the pair `own` as its ephemeral key, and the device is the same pair: ECDH does not mind. */
static void make(uint8_t licence[SFI_LICENCE_SIZE])
{
  struct sfi_licence info = {.left = 0x01020304, .identifier = "product 7"};
  memcpy(info.challenge, challenge, sizeof challenge);
  assert_int_equal(sfi_licence_seal(&info, own_public, own, own_public, fw_key, fw_nonce, licence), PC_OK);
}

static int setup(void **state)
{
  (void)state;
  unhex(own_hex, own, 32);
  unhex(own_public_hex, own_public, 64);
  unhex(peer_hex, other_public, 64);
  return 0;
}

static void gcm_matches_a_published_vector_and_refuses_every_change(void **state)
{
  (void)state;
  /* McGrew and Viega, test case 4 */
  uint8_t key[16], iv[12], clear[60], aad[20], wanted[60], tag[16], cipher[60], seen[16], back[60];
  unhex("feffe9928665731c6d6a8f9467308308", key, 16);
  unhex("cafebabefacedbaddecaf888", iv, 12);
  unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0d"
        "e657ba637b39",
        clear, 60);
  unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, 20);
  unhex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0a"
        "ac973d58e091",
        wanted, 60);
  unhex("5bc94fbc3221a5db94fae95ae7121a47", tag, 16);
  assert_int_equal(sfi_gcm_seal(key, iv, aad, 20, clear, cipher, 60, seen), PC_OK);
  assert_memory_equal(cipher, wanted, 60);
  assert_memory_equal(seen, tag, 16);
  assert_int_equal(sfi_gcm_open(key, iv, aad, 20, cipher, back, 60, tag), PC_OK);
  assert_memory_equal(back, clear, 60);
  static const uint8_t zeros[60];
  for (unsigned i = 0; i < 16; i++) {
    tag[i] ^= 1;
    assert_int_equal(sfi_gcm_open(key, iv, aad, 20, cipher, back, 60, tag), PC_ERR_TAG);
    assert_memory_equal(back, zeros, 60);
    tag[i] ^= 1;
  }
  aad[19] ^= 0x80;
  assert_int_equal(sfi_gcm_open(key, iv, aad, 20, cipher, back, 60, tag), PC_ERR_TAG);
  /* nothing to encrypt */
  assert_int_equal(sfi_gcm_seal(key, iv, aad, 20, clear, cipher, 0, seen), PC_OK);
  assert_int_equal(sfi_gcm_open(key, iv, aad, 20, cipher, back, 0, seen), PC_OK);
}

static void ecdh_matches_a_published_vector_and_refuses_points_off_the_curve(void **state)
{
  (void)state;
  uint8_t shared[32], wanted[32], bad[64], zero[32] = {0}, big[32];
  unhex(shared_hex, wanted, 32);
  assert_int_equal(sfi_ecdh(own, other_public, shared), PC_OK);
  assert_memory_equal(shared, wanted, 32);
  memcpy(bad, other_public, 64);
  bad[63] ^= 1;
  assert_int_equal(sfi_ecdh(own, bad, shared), PC_ERR_PARAM);
  memset(bad, 0, 64);
  assert_int_equal(sfi_ecdh(own, bad, shared), PC_ERR_PARAM);
  memset(bad, 0xFF, 64);
  assert_int_equal(sfi_ecdh(own, bad, shared), PC_ERR_PARAM);
  memset(big, 0xFF, 32);
  assert_int_equal(sfi_ecdh(zero, other_public, shared), PC_ERR_PARAM);
  assert_int_equal(sfi_ecdh(big, other_public, shared), PC_ERR_PARAM);
}

static void hkdf_matches_a_published_vector(void **state)
{
  (void)state;
  /* RFC 5869, A.1 */
  uint8_t ikm[22], salt[13], info[10], okm[42], wanted[42];
  memset(ikm, 0x0B, sizeof ikm);
  for (uint8_t i = 0; i < 13; i++)
    salt[i] = i;
  for (uint8_t i = 0; i < 10; i++)
    info[i] = (uint8_t)(0xF0 + i);
  unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", wanted, 42);
  assert_int_equal(sfi_hkdf(ikm, 22, salt, 13, info, 10, okm, 42), PC_OK);
  assert_memory_equal(okm, wanted, 42);
  assert_int_equal(sfi_hkdf(ikm, 22, salt, 13, info, 10, okm, 0), PC_ERR_PARAM);
  assert_int_equal(sfi_hkdf(ikm, 22, salt, 65, info, 10, okm, 42), PC_ERR_PARAM);
}

static void a_licence_gives_the_key_to_its_device(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE], key[16], nonce[12];
  struct sfi_licence info;
  make(licence);
  assert_int_equal(sfi_licence_open(licence, sizeof licence, own, own_public, challenge, key, nonce), PC_OK);
  assert_memory_equal(key, fw_key, 16);
  assert_memory_equal(nonce, fw_nonce, 12);
  assert_int_equal(sfi_licence_parse(licence, sizeof licence, &info), PC_OK);
  assert_int_equal(info.left, 0x01020304);
  assert_string_equal(info.identifier, "product 7");
}

/* The same bytes for both builds: GCM, ECDH and HKDF of both libraries agree on them. */
static void both_libraries_make_the_same_licence(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE], digest[32], wanted[32];
  make(licence);
  assert_int_equal(sfi_sha256(licence, sizeof licence, digest), PC_OK);
  unhex(LICENCE_DIGEST, wanted, 32);
  assert_memory_equal(digest, wanted, 32);
}

static void altered_foreign_and_replayed_licences_do_nothing(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE], key[16], nonce[12], later[16] = {0xC0, 0xC1, 0xC3}, wrong[32];
  static const uint8_t zeros[16];
  make(licence);
  for (unsigned i = 0; i < sizeof licence; i++)
    for (unsigned bit = 1; bit < 256; bit <<= i % 7 ? 4 : 1) {
      licence[i] ^= (uint8_t)bit;
      assert_int_not_equal(sfi_licence_open(licence, sizeof licence, own, own_public, challenge, key, nonce), PC_OK);
      assert_memory_equal(key, zeros, 16);
      assert_memory_equal(nonce, zeros, 12);
      licence[i] ^= (uint8_t)bit;
    }
  for (size_t size = 0; size < sizeof licence; size++)
    assert_int_equal(sfi_licence_open(licence, size, own, own_public, challenge, key, nonce), PC_ERR_FORMAT);
  assert_int_equal(sfi_licence_open(licence, sizeof licence, own, own_public, later, key, nonce), PC_ERR_STATE);
  assert_int_equal(sfi_licence_open(licence, sizeof licence, own, other_public, challenge, key, nonce), PC_ERR_PRODUCT);
  /* a clone: the certificate of one device, the private key of another */
  memcpy(wrong, own, 32);
  wrong[31] ^= 1;
  assert_int_equal(sfi_licence_open(licence, sizeof licence, wrong, own_public, challenge, key, nonce),
                   PC_ERR_SIGNATURE);
  assert_int_equal(sfi_licence_open(licence, sizeof licence, own, own_public, challenge, key, nonce), PC_OK);
}

static void identifiers_are_1_to_32_printable_characters(void **state)
{
  (void)state;
  uint8_t licence[SFI_LICENCE_SIZE];
  struct sfi_licence info = {.identifier = "12345678901234567890123456789012"};
  assert_int_equal(sfi_licence_seal(&info, own_public, own, own_public, fw_key, fw_nonce, licence), PC_OK);
  assert_int_equal(sfi_licence_parse(licence, sizeof licence, &info), PC_OK);
  assert_int_equal(strlen(info.identifier), 32);
  memset(&info, 0, sizeof info);
  assert_int_equal(sfi_licence_seal(&info, own_public, own, own_public, fw_key, fw_nonce, licence), PC_ERR_FORMAT);
  info.identifier[0] = '\n';
  assert_int_equal(sfi_licence_seal(&info, own_public, own, own_public, fw_key, fw_nonce, licence), PC_ERR_FORMAT);
  info.identifier[0] = 'a';
  uint8_t off[64];
  memset(off, 1, sizeof off);
  assert_int_equal(sfi_licence_seal(&info, off, own, own_public, fw_key, fw_nonce, licence), PC_ERR_PARAM);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gcm_matches_a_published_vector_and_refuses_every_change),
      cmocka_unit_test(ecdh_matches_a_published_vector_and_refuses_points_off_the_curve),
      cmocka_unit_test(hkdf_matches_a_published_vector),
      cmocka_unit_test(a_licence_gives_the_key_to_its_device),
      cmocka_unit_test(both_libraries_make_the_same_licence),
      cmocka_unit_test(altered_foreign_and_replayed_licences_do_nothing),
      cmocka_unit_test(identifiers_are_1_to_32_printable_characters),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}
