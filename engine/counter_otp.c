/* Minimum versions in one-time programmable words: see counter.h.
 *
 * A record is two words: the version; and image << 30 | part << 28 | 28 bits of SHA-256 over key of the image, place,
 * image, part and version. The key keeps an application, which can program these words, from making records. The
 * largest version of the good records counts.
 *
 * Each raise writes three records, parts 0 to 2, one after the other in one session, in slots that follow the last one
 * that does not read blank. Only part 2 says that a value is stored for good; whatever has none is written again,
 * whole, at the next start of an image that asks for it. So, whatever power did and however torn slots flicker: where
 * part 2 is seen, part 1 was done before it was begun, in a slot that nothing had been begun in. (Part 0 may lie in a
 * slot that was begun, for another version, and read blank; that may go bad.) */
#include "engine/counter.h"

#include <stdbool.h>
#include <string.h>

#define RECORD   8u
#define PARTS    3u
#define CHECK    0x0FFFFFFFu
#define RESERVED (2u * PARTS) /* slots that an image which wants to raise must find free: a cut may cost some */

static uint32_t check_of(uint32_t image, uint32_t part, uint32_t place, uint32_t value)
{
  struct crypto_hash hash;
  uint8_t key[CRYPTO_KEY_SIZE], digest[CRYPTO_HASH_SIZE];
  const uint32_t words[4] = {place, image, part, value};
  uint32_t check;
  engine_slot(image)->encryption_key(key);
  crypto_hash_start(&hash);
  crypto_hash_add(&hash, key, sizeof key);
  crypto_hash_add(&hash, words, sizeof words);
  crypto_hash_end(&hash, digest);
  crypto_wipe(key, sizeof key);
  memcpy(&check, digest, sizeof check);
  return image << 30 | part << 28 | (check & CHECK);
}

struct record {
  uint32_t image, part, value;
};

static bool record_at(uint32_t place, struct record *record)
{
  uint32_t words[2];
  if (flash_read(&engine_board.otp, place, words, sizeof words) != PC_OK)
    return false;
  record->value = words[0];
  record->image = words[1] >> 30;
  record->part = words[1] >> 28 & 3u;
  return engine_slot(record->image) != NULL && words[1] == check_of(record->image, record->part, place, record->value);
}

/* The first slot behind everything that was ever written, as far as can be seen. */
static uint32_t first_free(void)
{
  uint32_t end = engine_board.otp.size;
  while (end != 0 && flash_is_blank(&engine_board.otp, end - RECORD, RECORD) == PC_OK)
    end -= RECORD;
  return end;
}

pc_status counter_open(void)
{
  const struct flash_area *otp = &engine_board.otp;
  if (otp->size < RESERVED * RECORD || otp->size % RECORD != 0 || otp->unit != RECORD)
    return PC_ERR_PARAM;
  const uint32_t end = first_free();
  for (uint32_t place = 0; place < end; place += RECORD) {
    struct record record;
    if (record_at(place, &record) && record.value > engine.minimum[record.image - 1])
      engine.minimum[record.image - 1] = record.value;
  }
  return PC_OK;
}

pc_status counter_raise(uint32_t image, uint32_t value)
{
  const uint32_t size = engine_board.otp.size;
  uint32_t place = first_free(), part = 0;
  for (uint32_t at = 0; at < place; at += RECORD) {
    struct record record;
    if (record_at(at, &record) && record.image == image && record.part == PARTS - 1u && record.value >= value)
      return PC_OK;
  }
  if (size - place < PARTS * RECORD)
    return PC_ERR_LOG_FULL;
  for (; part < PARTS && place < size; place += RECORD) {
    const uint32_t words[2] = {value, check_of(image, part, place, value)};
    part = flash_program(&engine_board.otp, place, words, RECORD) == PC_OK ? part + 1u : 0;
    if (part != 0 && value > engine.minimum[image - 1])
      engine.minimum[image - 1] = value;
  }
  return part == PARTS ? PC_OK : PC_ERR_LOG_FULL;
}

pc_status counter_accepts(const struct image_info *candidate)
{
  if (engine_wanted_minimum(candidate) <= engine.minimum[candidate->image - 1])
    return PC_OK;
  return engine_board.otp.size - first_free() >= RESERVED * RECORD ? PC_OK : PC_ERR_LOG_FULL;
}
