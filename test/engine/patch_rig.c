/* See patch_rig.h. */
#include "test/engine/patch_rig.h"

#include "test/engine/maker.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AREA(at, pages) TEST_AREA(at, pages, PAGE)
const struct engine_board engine_board = {
    .images = 1,
    .product = PRODUCT,
    .accept_vendor = ENGINE_NO,
    .journal = AREA(JOURNAL_AT, 2),
    .counter = {AREA(COUNTER_AT, 2)},
    .own = {{(uintptr_t)secret_ram, sizeof secret_ram}},
    .image = {{.header = AREA(HEADER_AT, 1),
               .slots = {AREA(ACTIVE_AT, PAGES), AREA(DOWNLOAD_AT, DOWNLOAD_END), PAGES *PAGE, 0},
               .encryption_key = engine_key_aes_1,
               .public_key = engine_key_pub_1}},
};

/* ---------- images and files ---------- */

uint8_t from[FROM_SIZE], to[TO_SIZE], to_cipher[TO_SIZE];
uint8_t from_header[IMAGE_HEADER_SIZE], to_header[IMAGE_HEADER_SIZE];
uint8_t file[8192];
uint32_t file_size;

struct image_info info(uint32_t version, uint32_t size)
{
  return (struct image_info){
      .image = 1, .protocol = 2, .version = version, .size = size, .partial_size = size, .product = PRODUCT};
}

static void fill_images(void)
{
  for (uint32_t i = 0; i < FROM_SIZE; i++)
    from[i] = (uint8_t)(i * i >> 5 ^ i);
  memcpy(to, from, 2000);
  for (uint32_t i = 2000; i < 2112; i++)
    to[i] = (uint8_t)(i * 13);
  memcpy(to + 2112, from + 2000, FROM_SIZE - 2000);
}

/* A .sfbp into `file`. mode IMAGE: a compressed image, for any FROM. */
void make_patch(uint32_t mode)
{
  struct delta_result delta;
  uint8_t tag[32], digest[32], iv[16];
  const struct delta_options options = {0x08000000, 0x08000000, 1, NULL, NULL};
  const uint32_t size = mode == DELTA_MODE_IMAGE ? 0 : FROM_SIZE;
  assert_int_equal(delta_make(from, size, to, TO_SIZE, &options, &delta), DELTA_MADE);
  assert_int_equal(delta.mode, mode);
  struct patch_info p = {.image = 1, .size = (uint32_t)delta.size, .from_version = 0x01000000, .from_size = size};
  SHA256(from, FROM_SIZE, tag);
  SHA256(to_header, 128, digest);
  memset(iv, 0x5A, sizeof iv);
  memset(file, 0, sizeof file);
  assert_int_equal(patch_header_build(file, &p, tag, digest, iv), PC_OK);
  maker_sign(file);
  memcpy(file + PATCH_HEADER_SIZE, to_header, PATCH_TARGET_SIZE);
  file_size = PATCH_FILE_OFFSET + ((p.size + 15u) & ~15u);
  assert_in_range(file_size, 1, sizeof file);
  memcpy(file + PATCH_FILE_OFFSET, delta.bytes, delta.size);
  maker_encrypt(file + PATCH_FILE_OFFSET, iv, file_size - PATCH_FILE_OFFSET);
  delta_result_free(&delta);
}

void reset(void)
{
  memset(&engine, 0, sizeof engine);
  assert_int_equal(engine_call(ENGINE_INIT, 0, 0, 0), PC_OK);
}

static void fill_flash(void)
{
  simflash_reset(3);
  simflash_add(BASE, 64, PAGE, 8);
  simflash_load(HEADER_AT, from_header, sizeof from_header);
  simflash_load(ACTIVE_AT, from, FROM_SIZE);
  /* An old candidate, or kept image: it must not go before all has been judged. */
  simflash_fill(DOWNLOAD_AT, 0x42, DOWNLOAD_END * PAGE);
}

void pack(uint32_t from_version, uint32_t to_version)
{
  const struct image_info f = info(from_version, FROM_SIZE), t = info(to_version, TO_SIZE);
  uint8_t cipher[FROM_SIZE];
  fill_images();
  maker_pack(&f, from, from_header, cipher);
  maker_pack(&t, to, to_header, to_cipher);
  fill_flash();
}

static uint8_t made[sizeof file];
static uint32_t made_size;

int setup(void **state)
{
  (void)state;
  maker_new_keys();
  pack(0x01000000, 0x01010000);
  make_patch(DELTA_MODE_PATCH);
  memcpy(made, file, sizeof file);
  made_size = file_size;
  reset();
  return 0;
}

/* The same once more. */
void again(void)
{
  memcpy(file, made, sizeof file);
  file_size = made_size;
  fill_flash();
  reset();
}
