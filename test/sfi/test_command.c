/* The command layer and the install behind it, natively: what a device on the simulator could not be asked as often. */
#include "sfi/crypto/crypto.h"
#include "test/sfi/target.h"
#include "test/support/simflash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sfi_install install;
static struct sfi_command command;
static uint8_t answers[4096];
static uint32_t answered;
static uint8_t licence[SFI_LICENCE_SIZE], image[16384];
static uint32_t image_size;

static void reply(void *ctx, uint8_t code, const uint8_t *data, uint32_t size)
{
  (void)ctx;
  assert_true(answered + 1 + size <= sizeof answers);
  answers[answered++] = code;
  memcpy(answers + answered, data != NULL ? data : answers, size);
  answered += size;
}
static const struct sfi_link line = {.reply = reply};

static void power_on(const struct sfi_target *target)
{
  sfi_install_start(&install, target);
  sfi_command_start(&command, target, &line, &install);
  sfi_command_byte(&command, 0x7F);
  answered = 0;
}

static int set_up(void **state)
{
  (void)state;
  test_target_new(8);
  test_licence(licence);
  image_size = test_image(image, 2, 1500);
  power_on(&test_keyed);
  return 0;
}

static void put(const void *bytes, uint32_t size)
{
  for (uint32_t i = 0; i < size; i++)
    sfi_command_byte(&command, ((const uint8_t *)bytes)[i]);
}

static void checked(const void *bytes, uint32_t size, uint8_t spoil)
{
  uint8_t sum = spoil;
  for (uint32_t i = 0; i < size; i++)
    sum ^= ((const uint8_t *)bytes)[i];
  put(bytes, size);
  put(&sum, 1);
}

static void packet(const void *bytes, uint32_t size, uint8_t spoil)
{
  uint8_t all[2 + 1024] = {(uint8_t)(size >> 8), (uint8_t)size};
  memcpy(all + 2, bytes, size);
  checked(all, size + 2, spoil);
}

/* The status; the data is at answers + 4 or so and not looked at. */
static unsigned special(uint8_t code, uint8_t low, const void *first, uint32_t first_size, const void *second,
                        uint32_t second_size)
{
  const uint8_t frame[] = {code, (uint8_t)~code}, opcode[] = {1, low};
  answered = 0;
  put(frame, 2);
  checked(opcode, 2, 0);
  packet(first, first_size, 0);
  if (code == 0x51)
    packet(second, second_size, 0);
  assert_true(answered >= 6);
  assert_int_equal(answers[answered - 1], SFI_ACK);
  return (unsigned)answers[answered - 3] << 8 | answers[answered - 2];
}

static unsigned chunk(uint32_t offset, const uint8_t *bytes, uint32_t size)
{
  const uint8_t at[4] = {0, 0, (uint8_t)(offset >> 8), (uint8_t)offset};
  return special(0x51, 0x13, at, 4, bytes, size);
}

static unsigned do_licence(void)
{
  return special(0x51, 0x10, "", 0, licence, sizeof licence);
}

/* As after do_licence(), without its elliptic curve, for tests that do it hundreds of times. */
static void licensed(void)
{
  assert_int_equal(install.state, SFI_IDLE);
  memcpy(install.key, test_key, sizeof install.key);
  memcpy(install.nonce, test_nonce, sizeof install.nonce);
  install.state = SFI_LICENSED;
}

/* The whole image as it lies there, a module's licence before a module; the first status that is not 0. */
static const uint8_t *module_licence;
static unsigned do_areas(void)
{
  unsigned status = special(0x50, 0x11, image, 28, "", 0);
  for (uint32_t at = 28; status == 0 && at < image_size;) {
    uint32_t size = (uint32_t)image[at + 4] | (uint32_t)image[at + 5] << 8;
    if (image[at] == SFI_MODULE && module_licence != NULL)
      status = special(0x51, 0x16, "", 0, module_licence, SFI_LICENCE_SIZE);
    if (status == 0)
      status = special(0x50, 0x12, image + at, 30, "", 0);
    for (uint32_t done = 0; status == 0 && done < size; done += 512) {
      status = chunk(done, image + at + 30 + done, size - done < 512 ? size - done : 512);
      while (done % 1024 == 0 && sfi_install_work(&install)) {
      }
    }
    at += 30 + size;
  }
  return status;
}

static void installed(void)
{
  uint8_t clear[1500];
  for (uint32_t area = 1; area <= 2; area++) {
    for (uint32_t i = 0; i < sizeof clear; i++)
      clear[i] = test_clear(area, i);
    assert_true(test_flash_equals(0x08001000 + (area - 1) * 4096, clear, sizeof clear));
  }
}

static void nothing_left(void)
{
  static const struct sfi_stream none;
  assert_int_equal(install.state, SFI_IDLE);
  assert_memory_equal(&install.stream, &none, sizeof none);
  for (unsigned i = 0; i < 16; i++)
    assert_int_equal(install.key[i], 0);
  for (unsigned i = 0; i < sizeof install.pending; i++)
    assert_int_equal(install.pending[i], 0);
  assert_true(test_flash_equals(0x08001000, NULL, 8 * 2048));
}

static void an_image_installs(void **state)
{
  (void)state;
  assert_int_equal(do_licence(), 0);
  assert_int_equal(do_areas(), 0);
  assert_int_equal(special(0x50, 0x14, "", 0, "", 0), 0);
  installed();
  assert_true(command.finish);
  assert_int_equal(install.records.last.type, SFI_READY);
  assert_int_equal(install.records.copies, 2);
  assert_int_equal(install.records.last.count, 5);
  assert_int_equal(install.records.last.options[4], 0x0B0B0B0B);
  for (unsigned i = 0; i < 16; i++)
    assert_int_equal(install.key[i], 0);
}

/* A module: under its maker's key inside the image's, licensed by its maker. */
static int set_up_module(void **state)
{
  static uint8_t bytes[SFI_LICENCE_SIZE];
  (void)state;
  (void)set_up(state);
  test_module_licence(bytes);
  module_licence = bytes;
  image_size = test_module_image(image, 1500);
  return 0;
}

static int no_module(void **state)
{
  (void)state;
  module_licence = NULL;
  return 0;
}

static void a_module_installs_with_its_makers_licence(void **state)
{
  an_image_installs(state);
  assert_false(install.module.licensed);
  for (unsigned i = 0; i < 16; i++)
    assert_int_equal(install.module.key[i], 0);
}

static void a_module_without_its_makers_licence_or_altered_starts_over(void **state)
{
  const uint8_t *genuine = module_licence;
  const uint32_t module = 28 + 30 + 1500;
  uint8_t altered[SFI_LICENCE_SIZE], iv[12], was[16384];
  module_licence = NULL;
  licensed();
  assert_int_equal(do_areas(), SFI_MODULE_LICENCE);
  nothing_left();
  module_licence = licence; /* the image's own, not the module's */
  licensed();
  assert_int_equal(do_areas(), SFI_MODULE_TAG);
  nothing_left();
  memcpy(altered, genuine, sizeof altered);
  altered[190] ^= 1;
  module_licence = altered;
  licensed();
  assert_int_equal(do_areas(), SFI_LICENCE_TAG);
  assert_int_equal(install.state, SFI_OPEN); /* another one may be sent */
  assert_int_equal(special(0x50, 0x15, "", 0, "", 0), 0);
  module_licence = genuine;
  /* What the OEM could do: change the .smi and seal it anew under his own key. */
  memcpy(was, image, sizeof was);
  for (uint32_t at = 0; at < 58 + 64; at++) {
    uint8_t *cipher = image + module + 30;
    uint32_t size = 58 + 1500;
    sfi_iv(test_nonce, 2, iv);
    assert_int_equal(sfi_gcm_open(test_key, iv, image + module, 14, cipher, cipher, size, image + module + 14), PC_OK);
    cipher[at] ^= 0x20;
    assert_int_equal(sfi_gcm_seal(test_key, iv, image + module, 14, cipher, cipher, size, image + module + 14), PC_OK);
    licensed();
    unsigned status = do_areas();
    assert_true(status == SFI_MODULE_FORM || status == SFI_MODULE_TAG);
    nothing_left();
    for (unsigned i = 0; i < 16; i++)
      assert_int_equal(install.module.key[i], 0);
    memcpy(image, was, sizeof was);
  }
  a_module_installs_with_its_makers_licence(state);
}

/* Any single bit of the file: refused, and all is as before. */
static void no_altered_image_is_accepted(void **state)
{
  (void)state;
  uint32_t unprotected = 0;
  for (uint32_t at = 0; at < image_size; at += at < 64 ? 1 : 61) {
    image[at] ^= (uint8_t)(1u << (at % 8));
    licensed();
    unsigned status = do_areas();
    if (status == 0)
      status = special(0x50, 0x14, "", 0, "", 0);
    assert_int_not_equal(status, 0);
    if (install.state != SFI_IDLE) { /* shorter than announced: the host gives up */
      assert_true(status == SFI_WRONG_STATE || status == SFI_CHUNK_LENGTH || status == SFI_CHUNK_OFFSET);
      assert_int_equal(special(0x50, 0x15, "", 0, "", 0), 0);
      unprotected++;
    }
    nothing_left();
    assert_int_not_equal(install.records.last.type, SFI_READY);
    image[at] ^= (uint8_t)(1u << (at % 8));
  }
  assert_true(unprotected < 16); /* sizes only */
  an_image_installs(state);
}

static void a_licence_with_any_bit_changed_does_nothing(void **state)
{
  (void)state;
  for (uint32_t at = 0; at < sizeof licence; at += 3) {
    licence[at] ^= 0x10;
    unsigned status = do_licence();
    assert_true(status >= SFI_LICENCE_FORM && status <= SFI_LICENCE_TAG);
    assert_int_equal(status == SFI_LICENCE_DEVICE, at >= 44 && at < 76);
    assert_int_equal(status == SFI_LICENCE_REPLAY, at >= 76 && at < 92);
    nothing_left();
    licence[at] ^= 0x10;
  }
}

static void new_challenge(uint8_t challenge[16])
{
  memset(challenge, 0xC4, 16);
}

/* A device that can be installed again has a challenge: yesterday's licence is worth nothing. */
static void a_licence_for_another_challenge_does_nothing(void **state)
{
  struct sfi_target target = test_keyed;
  uint8_t old[SFI_LICENCE_SIZE], *identified = answers;
  (void)state;
  memcpy(old, licence, sizeof old);
  target.challenge = new_challenge;
  power_on(&target);
  assert_int_equal(special(0x50, 0x00, "", 0, "", 0), 0);
  while (identified < answers + answered - 16 && memcmp(identified, "\xC4\xC4\xC4\xC4", 4) != 0)
    identified++;
  assert_int_equal(identified[15], 0xC4); /* it tells which */
  assert_int_equal(do_licence(), SFI_LICENCE_REPLAY);
  nothing_left();
  test_licence_for(identified, licence);
  assert_int_equal(do_licence(), 0);
  memcpy(licence, old, sizeof old);
}

static void areas_cannot_change_places(void **state)
{
  (void)state;
  assert_int_equal(do_licence(), 0);
  assert_int_equal(special(0x50, 0x11, image, 28, "", 0), 0);
  assert_int_equal(special(0x50, 0x12, image + 28 + 1530, 30, "", 0), SFI_AREA_FORM);
  nothing_left();
  /* Numbered as wanted, but not made for that place. */
  assert_int_equal(do_licence(), 0);
  assert_int_equal(special(0x50, 0x11, image, 28, "", 0), 0);
  uint8_t descriptor[30];
  memcpy(descriptor, image + 28 + 1530, 30);
  descriptor[2] = 1;
  assert_int_equal(special(0x50, 0x12, descriptor, 30, "", 0), 0);
  assert_int_equal(chunk(0, image + 28 + 1530 + 30, 1024), 0);
  assert_int_equal(chunk(1024, image + 28 + 1530 + 30 + 1024, 476), SFI_AREA_TAG);
  nothing_left();
}

static void commands_in_the_wrong_state_change_nothing(void **state)
{
  static const struct {
    uint8_t code, low;
    uint32_t first;
  } all[] = {{0x51, 0x10, 0}, {0x50, 0x11, 28}, {0x50, 0x12, 30}, {0x51, 0x13, 4}, {0x50, 0x14, 0}, {0x51, 0x16, 0}};
  (void)state;
  for (unsigned at = 0; at < 4; at++) {
    set_up(NULL);
    if (at >= 1)
      assert_int_equal(do_licence(), 0);
    if (at >= 2)
      assert_int_equal(special(0x50, 0x11, image, 28, "", 0), 0);
    if (at >= 3)
      assert_int_equal(special(0x50, 0x12, image + 28, 30, "", 0), 0);
    for (unsigned i = 0; i < 6; i++) {
      if (i == at || (at == 2 && i >= 4))
        continue;
      assert_int_equal(special(all[i].code, all[i].low, image, all[i].first, licence, sizeof licence), SFI_WRONG_STATE);
      assert_int_equal(install.state, at);
    }
    if (at == 2)
      assert_int_equal(special(0x50, 0x14, "", 0, "", 0), SFI_INCOMPLETE);
  }
}

/* The last byte that the device has sent, after the packets of a special command of which number `spoiled` (0: the
 * opcode) has a wrong check. */
static uint8_t spoiled_special(uint8_t code, uint8_t low, uint32_t first, unsigned spoiled)
{
  const uint8_t frame[] = {code, (uint8_t)~code}, opcode[] = {1, low};
  answered = 0;
  put(frame, 2);
  checked(opcode, 2, spoiled == 0 ? 1 : 0);
  if (spoiled >= 1)
    packet(image, first, spoiled == 1 ? 1 : 0);
  if (spoiled >= 2)
    packet(licence, sizeof licence, 1);
  return answers[answered - 1];
}

static void every_special_command_refuses_wrong_checks_and_lengths(void **state)
{
  static const struct {
    uint8_t code, low;
    uint32_t first;
  } all[] = {{0x50, 0x00, 0},  {0x50, 0x01, 2}, {0x50, 0x02, 0}, {0x51, 0x10, 0}, {0x50, 0x11, 28},
             {0x50, 0x12, 30}, {0x51, 0x13, 4}, {0x50, 0x14, 0}, {0x50, 0x15, 0}, {0x51, 0x16, 0}};
  static const uint32_t lengths[] = {0, 1, 2, 3, 4, 5, 27, 28, 29, 30, 31, 127, 128};
  (void)state;
  for (unsigned at = 0; at < 2; at++) {
    set_up(NULL);
    if (at == 1) {
      licensed();
      assert_int_equal(special(0x50, 0x11, image, 28, "", 0), 0);
      assert_int_equal(special(0x50, 0x12, image + 28, 30, "", 0), 0);
    }
    const uint32_t was = install.state;
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
      for (unsigned spoiled = 0; spoiled < (all[i].code == 0x51 ? 3 : 2); spoiled++)
        assert_int_equal(spoiled_special(all[i].code, all[i].low, all[i].first, spoiled), SFI_NACK);
      const uint8_t frame[] = {all[i].code, (uint8_t)~all[i].code}, opcode[] = {1, all[i].low};
      for (unsigned n = 129; n <= 0xFFFF; n += 0xFFFF - 129) { /* refused before it comes */
        const uint8_t length[] = {(uint8_t)(n >> 8), (uint8_t)n};
        put(frame, 2);
        checked(opcode, 2, 0);
        put(length, 2);
        assert_int_equal(answers[answered - 1], SFI_NACK);
      }
      for (unsigned n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        if (lengths[n] == all[i].first)
          continue;
        unsigned status = special(all[i].code, all[i].low, image, lengths[n], licence, 16);
        assert_true(status == SFI_WRONG_LENGTH || status == SFI_WRONG_STATE);
      }
      assert_int_equal(install.state, was);
      assert_false(sfi_command_in_frame(&command));
    }
  }
}

/* A standard command's packets with one wrong bit in the check of the last one. */
static void every_memory_command_refuses_wrong_checks(void **state)
{
  static const struct {
    uint8_t code;
    const char *packets[2];
    uint32_t sizes[2];
  } all[] = {{0x11, {"\x08\x00\x10\x00", NULL}, {4, 0}},
             {0x11, {"\x08\x00\x10\x00", "\x07"}, {4, 1}},
             {0x21, {"\x08\x00\x10\x00", NULL}, {4, 0}},
             {0x31, {"\x08\x00\x10\x00", NULL}, {4, 0}},
             {0x31, {"\x08\x00\x10\x00", "\x07programs"}, {4, 9}},
             {0x44, {"\x00\x00\x00\x02", NULL}, {4, 0}},
             {0x44, {"\xFF\xFF", NULL}, {2, 0}},
             {0x63, {"\x00\x02", NULL}, {2, 0}}};
  (void)state;
  test_target_new(8);
  power_on(&test_plain);
  for (unsigned code = 0; code < 0x100; code++) { /* complements */
    const uint8_t frame[] = {(uint8_t)code, (uint8_t)(~code ^ 0x10)};
    if (code == 0x7F)
      continue;
    put(frame, 2);
    assert_int_equal(answers[answered - 1], SFI_NACK);
    answered = 0;
  }
  for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
    const uint8_t frame[] = {all[i].code, (uint8_t)~all[i].code};
    const bool two = all[i].packets[1] != NULL, complement = two && all[i].sizes[1] == 1;
    answered = 0;
    put(frame, 2);
    checked(all[i].packets[0], all[i].sizes[0], two ? 0 : 1);
    if (two)
      checked(all[i].packets[1], all[i].sizes[1], complement ? 0xFE : 1);
    assert_int_equal(answers[answered - 1], SFI_NACK);
    assert_false(sfi_command_in_frame(&command));
    assert_false(command.finish);
    assert_true(test_flash_equals(0x08001000, NULL, 8 * 2048));
  }
}

static void frames_that_are_not_right_are_refused_and_forgotten(void **state)
{
  static const uint8_t frame[] = {0x51, 0xAE}, opcode[] = {1, 0x10};
  (void)state;
  put("\x51\xAF", 2); /* complement */
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put(frame, 2);
  checked(opcode, 2, 4); /* check */
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put(frame, 2);
  checked("\x01\x99", 2, 0); /* no such opcode */
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put("\x50\xAF", 2);
  checked(opcode, 2, 0); /* of the other kind */
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put(frame, 2);
  checked(opcode, 2, 0);
  put("\x00\x81", 2); /* too long, refused before it comes */
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put(frame, 2);
  checked(opcode, 2, 0);
  packet("", 0, 0);
  put("\x04\x01", 2);
  assert_int_equal(answers[answered - 1], SFI_NACK);
  put(frame, 2);
  checked(opcode, 2, 0);
  packet("", 0, 0);
  packet(licence, sizeof licence, 1);
  assert_int_equal(answers[answered - 1], SFI_NACK);
  assert_int_equal(install.state, SFI_IDLE);
  put(frame, 2);
  assert_true(sfi_command_in_frame(&command));
  sfi_command_timeout(&command);
  assert_int_equal(answers[answered - 1], SFI_NACK);
  assert_false(sfi_command_in_frame(&command));
  assert_int_equal(do_licence(), 0);
}

static void endless_data_does_no_harm(void **state)
{
  (void)state;
  static const uint8_t fill[] = {0x00, 0xFF, 0x51, 0xAE, 0x50, 0x7F, 0x5A, 0x31};
  for (unsigned f = 0; f < sizeof fill; f++)
    for (unsigned i = 0; i < 100000; i++) {
      answered = 0;
      sfi_command_byte(&command, fill[(f + (i >> (f % 4))) % sizeof fill]);
    }
  sfi_command_timeout(&command);
  assert_int_equal(do_licence(), 0);
}

static void a_repeated_or_odd_chunk_changes_nothing(void **state)
{
  (void)state;
  assert_int_equal(do_licence(), 0);
  assert_int_equal(special(0x50, 0x11, image, 28, "", 0), 0);
  assert_int_equal(special(0x50, 0x12, image + 28, 30, "", 0), 0);
  assert_int_equal(chunk(0, image + 58, 512), 0);
  assert_int_equal(chunk(0, image + 58, 512), SFI_CHUNK_OFFSET);
  assert_int_equal(chunk(512, image + 58 + 512, 0), SFI_CHUNK_LENGTH);
  assert_int_equal(chunk(512, image + 58 + 512, 17), SFI_CHUNK_LENGTH);
  assert_int_equal(chunk(512, image + 58 + 512, 1000), SFI_CHUNK_LENGTH);
  assert_int_equal(chunk(512, image + 58 + 512, 988), 0);
}

static void a_plain_device_has_no_secure_install(void **state)
{
  (void)state;
  power_on(&test_plain);
  assert_int_equal(do_licence(), SFI_NO_KEY);
  assert_int_equal(special(0x50, 0x01, "\0\0", 2, "", 0), SFI_NO_KEY);
}

static void a_keyed_device_refuses_the_memory_commands(void **state)
{
  static const uint8_t codes[] = {0x11, 0x21, 0x31, 0x43, 0x44, 0x63, 0x73, 0x82, 0x92, 0xA1, 0x03};
  (void)state;
  for (unsigned i = 0; i < sizeof codes; i++) {
    const uint8_t frame[] = {codes[i], (uint8_t)~codes[i]};
    answered = 0;
    put(frame, 2);
    assert_int_equal(answered, 1);
    assert_int_equal(answers[0], SFI_NACK);
    assert_false(sfi_command_in_frame(&command));
  }
}

static void a_record_with_any_bit_changed_is_not_there(void **state)
{
  struct sfi_record ready = {.type = (uint32_t)SFI_READY, .count = 5, .options = {1, 2, 3, 4, 5}};
  struct sfi_records records;
  uint8_t bytes[SFI_RECORD_SIZE];
  (void)state;
  sfi_records_read(test_keyed.records, &records);
  assert_int_equal(sfi_records_add(test_keyed.records, &records, &ready, 1), PC_OK);
  assert_int_equal(flash_read(test_keyed.records, 0, bytes, sizeof bytes), PC_OK);
  for (uint32_t bit = 0; bit < 8 * SFI_RECORD_SIZE; bit++) {
    assert_int_equal(flash_erase(test_keyed.records, 0, 2048), PC_OK);
    bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    assert_int_equal(flash_program(test_keyed.records, 0, bytes, sizeof bytes), PC_OK);
    bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    sfi_records_read(test_keyed.records, &records);
    assert_int_equal(records.last.type, 0);
    assert_int_equal(records.free, 1);
  }
}

/* ---- power cuts ---- */
static void install_all(void *ctx)
{
  (void)ctx;
  power_on(&test_keyed);
  if (install.records.last.type == (uint32_t)SFI_READY)
    return;
  licensed();
  assert_int_equal(do_areas(), 0);
  assert_int_equal(special(0x50, 0x14, "", 0, "", 0), 0);
}

static void start_only(void *ctx)
{
  sfi_records_read(test_keyed.records, ctx);
}

/* Cut at each flash operation, in each way: either it is ready, whole, and stays so, or it can be done again. */
static void power_cuts_lose_nothing(void **state)
{
  (void)state;
  for (int tear = 0; tear < SIMFLASH_TEARS; tear++) {
    for (uint32_t nth = 1;; nth += nth > 8 && nth < 380 ? 7 : 1) {
      struct sfi_records records;
      set_up(NULL);
      test_target_tears();
      simflash_seed(nth);
      simflash_cut(nth, (enum simflash_tear)tear);
      bool whole = simflash_run(install_all, NULL);
      simflash_cut(0, SIMFLASH_BEFORE);
      assert_true(simflash_run(start_only, &records));
      if (records.last.type == (uint32_t)SFI_READY) {
        installed();
      } else {
        assert_false(whole);
        assert_true(simflash_run(install_all, NULL));
        installed();
      }
      if (whole)
        break;
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(an_image_installs, set_up),
      cmocka_unit_test_setup(no_altered_image_is_accepted, set_up),
      cmocka_unit_test_setup_teardown(a_module_installs_with_its_makers_licence, set_up_module, no_module),
      cmocka_unit_test_setup_teardown(a_module_without_its_makers_licence_or_altered_starts_over, set_up_module,
                                      no_module),
      cmocka_unit_test_setup(a_licence_with_any_bit_changed_does_nothing, set_up),
      cmocka_unit_test_setup(a_licence_for_another_challenge_does_nothing, set_up),
      cmocka_unit_test_setup(areas_cannot_change_places, set_up),
      cmocka_unit_test_setup(commands_in_the_wrong_state_change_nothing, set_up),
      cmocka_unit_test_setup(every_special_command_refuses_wrong_checks_and_lengths, set_up),
      cmocka_unit_test_setup(every_memory_command_refuses_wrong_checks, set_up),
      cmocka_unit_test_setup(frames_that_are_not_right_are_refused_and_forgotten, set_up),
      cmocka_unit_test_setup(endless_data_does_no_harm, set_up),
      cmocka_unit_test_setup(a_repeated_or_odd_chunk_changes_nothing, set_up),
      cmocka_unit_test_setup(a_plain_device_has_no_secure_install, set_up),
      cmocka_unit_test_setup(a_keyed_device_refuses_the_memory_commands, set_up),
      cmocka_unit_test_setup(a_record_with_any_bit_changed_is_not_there, set_up),
      cmocka_unit_test_setup(power_cuts_lose_nothing, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
